/* Cases for the tests of the build layer: the artifacts are written as JSON. */
#ifndef TESTS_BUILD_HELPER_H
#define TESTS_BUILD_HELPER_H

#include <stdlib.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/build.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/json.h>

static struct bc_value *value_of(const struct bc_json *json);

static void add_member(void *ctx, const char *key, struct bc_json *value)
{
	bc_value_set(ctx, key, (struct bc_loc){0}, value_of(value));
}

static struct bc_value *value_of(const struct bc_json *json)
{
	struct bc_loc loc = {.file = "case.yaml", .line = 1, .col = 1};
	if (bc_json_is_object(json)) {
		struct bc_value *map = bc_value_new(BC_VALUE_MAP, loc);
		bc_json_each(json, add_member, map);
		return map;
	}
	const char *text = bc_json_string(json);
	if (text)
		return bc_value_new_scalar(text, loc);
	BC_AUTO(bc_buf) out = {0};
	bc_json_print(json, false, &out);
	if (out.data[0] != '[')
		return bc_value_new_scalar(out.data, loc);
	struct bc_value *seq = bc_value_new(BC_VALUE_SEQ, loc);
	for (size_t i = 0; i < bc_json_len(json); i++)
		bc_value_append(seq, value_of(bc_json_at(json, i)));
	return seq;
}

/* artifacts: {"name": {"kind": …, options}, …}. options: texts that refer to them, NULL at the end. */
BC_UNUSED static struct bc_case *new_case(
	const char *root, const char *artifacts, const char *const *options)
{
	struct bc_err err;
	struct bc_case *c = bc_calloc(1, sizeof(*c));
	BC_AUTO_JSON *json = bc_json_parse(artifacts, strlen(artifacts), &err);
	if (!json) {
		fprintf(stderr, "%s: %s\n", err.message, artifacts);
		abort();
	}
	c->id = bc_strdup("case");
	c->name = bc_strdup("case");
	c->root = bc_strdup(root);
	c->machine.arch = bc_strdup("arm");
	BC_AUTO_VALUE *map = value_of(json);
	for (size_t i = 0; i < map->len; i++) {
		struct bc_value *params = bc_value_clone(map->items[i]);
		bc_vec_push(&c->artifacts,
			((struct bc_artifact){.name = bc_strdup(map->items[i]->key),
				.kind = bc_strdup(params->items[0]->key),
				.params = params,
				.loc = {.file = "case.yaml", .line = 1, .col = 1}}));
	}
	for (; *options; options++)
		bc_strs_add(&c->machine.options, *options);
	return c;
}

#endif
