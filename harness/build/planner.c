/* From what a case says to nodes. */
#include <stdarg.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/graph.h>
#include <bootcheck/sys/fs.h>

#define DEPTH_MAX 64 /* artifacts that need artifacts */

struct bc_planner {
	struct bc_build *build;
	const struct bc_case *c;
	const char *artifact;
	bool wants_tree, wants_source;
	size_t added; /* nodes, new or not, for their origins */
};

/* How deep planning is, over all planners of this call. */
static _Thread_local int depth;

bool bc_planner_fail(struct bc_err *err, struct bc_loc loc, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	(void)bc_fail(err, BC_E_CASE, 0, "%s", text);
	return bc_err_at(err, loc.file, loc.line, loc.col);
}

const struct bc_case *bc_planner_case(const struct bc_planner *planner)
{
	return planner->c;
}

const char *bc_planner_artifact(const struct bc_planner *planner)
{
	return planner->artifact;
}

bool bc_planner_wants_tree(const struct bc_planner *planner)
{
	return planner->wants_tree;
}

void bc_planner_want_source(struct bc_planner *planner, bool wants)
{
	planner->wants_source = wants;
}

bool bc_planner_wants_source(const struct bc_planner *planner)
{
	return planner->wants_source;
}

static void add_spec(struct bc_digest *digest, const char *label, const struct bc_node *node)
{
	bc_digest_field(digest, label, node->spec);
}

/* What makes two nodes one: all that is known of them before anybody was asked. */
static void compute_spec(struct bc_node *node, const char *identity)
{
	struct bc_digest *digest = bc_digest_new();
	bc_digest_field(digest, "identity", identity);
	bc_digest_field(digest, "kind", node->kind->name);
	bc_vec_each (f, &node->fields)
		bc_digest_field(digest, f->label, f->text);
	bc_vec_each (i, &node->inputs) {
		add_spec(digest, i->label, i->node);
		bc_digest_field(digest, "member", i->member ? i->member : "");
	}
	bc_digest_end(digest, node->spec);
}

struct bc_node *bc_planner_add(struct bc_planner *planner, struct bc_node *node)
{
	return bc_planner_add_as(planner, node, "");
}

struct bc_node *bc_planner_add_as(
	struct bc_planner *planner, struct bc_node *node, const char *identity)
{
	struct bc_build *build = planner->build;
	BC_AUTO_FREE char *origin =
		bc_asprintf("%s#%s#%s/%zu", planner->c->file ? planner->c->file : "",
			planner->c->id, planner->artifact, planner->added++);
	compute_spec(node, identity);
	bc_vec_each (other, &build->nodes) {
		if (strcmp((*other)->spec, node->spec) != 0)
			continue;
		bc_node_free(node);
		bc_strs_add(&(*other)->origins, origin);
		return *other;
	}
	bc_strs_add(&node->origins, origin);
	bc_vec_push(&build->nodes, node);
	return node;
}

static const struct bc_recipe *find_recipe(const char *tag)
{
	for (const struct bc_recipe *const *r = bc_recipes; *r; r++)
		if (strcmp((*r)->variant->tag, tag) == 0)
			return *r;
	return NULL;
}

struct bc_node *bc_planner_source(
	struct bc_planner *planner, const struct bc_value *map, bool want_tree, struct bc_err *err)
{
	const struct bc_recipe *recipe = NULL;
	for (size_t i = 0; map && !recipe && i < map->len; i++)
		recipe = map->items[i]->key ? find_recipe(map->items[i]->key) : NULL;
	if (!recipe) {
		(void)bc_planner_fail(err, map ? map->loc : (struct bc_loc){0},
			"this names no source that can be built");
		return NULL;
	}
	bool before = planner->wants_tree;
	planner->wants_tree = want_tree;
	struct bc_node *node = recipe->plan(planner, map, err);
	planner->wants_tree = before;
	return node;
}

static const struct bc_artifact *find_artifact(const struct bc_case *c, const char *name)
{
	bc_vec_each (a, &c->artifacts)
		if (strcmp(a->name, name) == 0)
			return a;
	return NULL;
}

static void *no_artifact(
	const struct bc_case *c, const char *name, struct bc_loc loc, struct bc_err *err)
{
	BC_AUTO(bc_strs) names = {0};
	bc_vec_each (a, &c->artifacts)
		bc_strs_add(&names, a->name);
	const char *near = bc_suggest(name, (const char *const *)bc_strs_argv(&names));
	(void)bc_planner_fail(err, loc, "there is no artifact '%s'", name);
	if (near)
		(void)bc_err_hint(err, "did you mean '%s'?", near);
	return NULL;
}

static struct bc_target *find_target(
	struct bc_build *build, const struct bc_case *c, const char *name)
{
	bc_vec_each (t, &build->targets)
		if (t->c == c && strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

struct bc_node *bc_graph_plan(struct bc_build *build, const struct bc_case *c, const char *name,
	struct bc_loc loc, struct bc_err *err)
{
	const struct bc_target *known = find_target(build, c, name);
	if (known && known->node)
		return known->node;
	if (known || depth >= DEPTH_MAX) {
		(void)bc_planner_fail(err, loc, "the artifact '%s' is made from itself", name);
		return NULL;
	}
	const struct bc_artifact *a = find_artifact(c, name);
	if (!a)
		return no_artifact(c, name, loc, err);
	const struct bc_recipe *recipe = find_recipe(a->kind);
	if (!recipe) {
		(void)bc_planner_fail(
			err, a->loc, "artifacts of the kind '%s' cannot be built", a->kind);
		return NULL;
	}
	struct bc_planner planner = {.build = build, .c = c, .artifact = a->name};
	size_t index = build->targets.len;
	bc_vec_push(&build->targets, ((struct bc_target){.c = c, .name = a->name}));
	depth++;
	struct bc_node *node = recipe->plan(&planner, a->params, err);
	depth--;
	if (!node) {
		if (err && !err->file[0])
			(void)bc_err_at(err, a->loc.file, a->loc.line, a->loc.col);
		/* Whoever asks again gets the same error, not a cycle. */
		for (size_t i = index; i < build->targets.len; i++)
			if (!build->targets.items[i].node)
				build->targets.items[i].name = "";
		return NULL;
	}
	build->targets.items[index].node = node;
	if (!node->artifact)
		node->artifact = bc_strdup(a->name);
	return node;
}

char *bc_case_path(const struct bc_case *c, const char *text)
{
	BC_AUTO_FREE char *dir = c->file ? bc_path_dir(c->file) : NULL;
	const char *const folders[] = {c->root, dir};
	for (size_t i = 0; i < BC_LEN(folders); i++) {
		if (!folders[i])
			continue;
		BC_AUTO_FREE char *joined = bc_path_join(folders[i], text);
		if (bc_fs_exists(joined))
			return bc_fs_absolute(joined);
	}
	return c->root || c->file || !bc_fs_exists(text) ? NULL : bc_fs_absolute(text);
}

struct ref {
	char *name, *member;
	size_t count;
};

static bool take_ref(void *ctx, const char *name, const char *member)
{
	struct ref *ref = ctx;
	if (ref->count++)
		return true;
	ref->name = bc_strdup(name);
	ref->member = bc_strdup(member);
	return true;
}

struct bc_node *bc_planner_ref(struct bc_planner *planner, const char *text, struct bc_loc loc,
	char **member, struct bc_err *err)
{
	struct ref ref = {0};
	struct bc_node *node = NULL;
	*member = NULL;
	bool is_closed = bc_refs_each(text, take_ref, &ref);
	if (!is_closed || ref.count > 1 ||
		(ref.count && (!bc_has_prefix(text, "${") || !bc_has_suffix(text, "}")))) {
		(void)bc_planner_fail(err, loc, "'%s' is neither a path nor one reference", text);
		(void)bc_err_hint(err, "a member is written inside: ${artifact:path/inside}");
	} else if (ref.count) {
		node = bc_graph_plan(planner->build, planner->c, ref.name, loc, err);
		if (node)
			*member = BC_TAKE(ref.member);
	} else {
		struct bc_value *map = bc_value_new(BC_VALUE_MAP, loc);
		bc_value_set(map, "path", loc, bc_value_new_scalar(text, loc));
		node = bc_planner_source(planner, map, false, err);
		bc_value_free(map);
	}
	free(ref.name);
	free(ref.member);
	return node;
}
