#include <bootcheck/plan/check.h>
#include <bootcheck/plan/merge.h>
#include <bootcheck/plan/scalar.h>

static const char *kind_name(const struct bc_value *value)
{
	switch (value->kind) {
	case BC_VALUE_SCALAR:
		return "a text";
	case BC_VALUE_SEQ:
		return "a list";
	case BC_VALUE_MAP:
		return "a map";
	case BC_VALUE_NULL:
		break;
	}
	return "nothing";
}

static void note_was(struct bc_finding *finding, const struct bc_value *value)
{
	if (value->was.file)
		bc_lint_note(finding, value->was, "also defined at this place, which it hides");
}

static bool require_kind(struct bc_check *check, const struct bc_value *value,
	enum bc_value_kind kind, const char *wanted)
{
	if (value->kind == kind)
		return true;
	struct bc_finding *f = bc_lint_error(check->lint, "bad-type", value->loc,
		"%s%s%s%s is needed here, not %s", value->key ? "'" : "",
		value->key ? value->key : "", value->key ? "': " : "", wanted, kind_name(value));
	note_was(f, value);
	return false;
}

/* The keys that may stand in a map, for suggestions. */
struct keys {
	BC_VEC(const char *);
};

static void add_fields(struct keys *keys, const struct bc_field *fields)
{
	for (const struct bc_field *f = fields; f && f->key; f++)
		bc_vec_push(keys, f->key);
}

static void report_unknown(struct bc_check *check, const struct bc_value *member, struct keys *keys)
{
	struct bc_finding *f = bc_lint_error(
		check->lint, "unknown-key", member->key_loc, "unknown key '%s'", member->key);
	bc_vec_push(keys, NULL);
	bc_lint_suggest(f, member->key, keys->items, "the keys");
	keys->len--;
}

static const struct bc_field *find_field(const struct bc_field *fields, const char *key)
{
	for (const struct bc_field *f = fields; f && f->key; f++)
		if (strcmp(f->key, key) == 0)
			return f;
	return NULL;
}

static struct bc_loc head_loc(const struct bc_value *map)
{
	return map->key_loc.file ? map->key_loc : map->loc;
}

static void check_required(
	struct bc_check *check, const struct bc_value *map, const struct bc_field *fields)
{
	for (const struct bc_field *f = fields; f && f->key && !check->lint->lacks_parts; f++) {
		if (!f->is_required || bc_value_get(map, f->key))
			continue;
		struct bc_loc loc = head_loc(map);
		bc_lint_hint(bc_lint_error(check->lint, "missing-key", loc,
				     "%s%s%s needs the key '%s'", map->key ? "'" : "",
				     map->key ? map->key : "this map", map->key ? "'" : "", f->key),
			"%s", f->doc);
	}
}

static void check_key(
	struct bc_check *check, const struct bc_value *member, const struct bc_shape *shape)
{
	if (!shape->name || bc_check_name(member->key))
		return;
	bc_lint_hint(
		bc_lint_error(check->lint, "bad-name", member->key_loc, "'%s' is no name for %s %s",
			member->key, strchr("aeiou", *shape->name) ? "an" : "a", shape->name),
		"letters, digits, '.', '_' and '-', starting with a letter or digit");
}

static void check_object(
	struct bc_check *check, struct bc_value *value, const struct bc_shape *shape)
{
	if (!require_kind(check, value, BC_VALUE_MAP, "a map"))
		return;
	struct keys keys = {0};
	add_fields(&keys, shape->fields);
	for (size_t i = 0; i < value->len; i++) {
		struct bc_value *member = value->items[i];
		const struct bc_field *field = find_field(shape->fields, member->key);
		if (field) {
			bc_check_value(check, member, field->shape);
		} else if (shape->item) {
			check_key(check, member, shape);
			bc_check_value(check, member, shape->item);
		} else {
			report_unknown(check, member, &keys);
		}
	}
	check_required(check, value, shape->fields);
	free(keys.items);
}

static void check_map(struct bc_check *check, struct bc_value *value, const struct bc_shape *shape)
{
	if (!require_kind(check, value, BC_VALUE_MAP, "a map"))
		return;
	for (size_t i = 0; i < value->len; i++) {
		check_key(check, value->items[i], shape);
		bc_check_value(check, value->items[i], shape->item);
	}
}

/* Makes a list of the single value, in its place. */
static void wrap(struct bc_value *value)
{
	struct bc_value *item = bc_calloc(1, sizeof(*item));
	*item = *value;
	item->key = NULL;
	item->key_loc = item->was = (struct bc_loc){0};
	value->kind = BC_VALUE_SEQ;
	value->text = NULL;
	value->is_quoted = false;
	value->items = NULL;
	value->len = value->cap = 0;
	bc_value_append(value, item);
}

static void check_list(struct bc_check *check, struct bc_value *value, const struct bc_shape *shape)
{
	if (value->kind != BC_VALUE_SEQ)
		wrap(value);
	for (size_t i = 0; i < value->len; i++)
		bc_check_value(check, value->items[i], shape->item);
}

static bool fits(const struct bc_shape *shape, enum bc_value_kind kind)
{
	switch (shape->type) {
	case BC_T_OBJECT:
	case BC_T_MAP:
	case BC_T_TAGGED:
		return kind == BC_VALUE_MAP;
	case BC_T_LIST:
		return kind == BC_VALUE_SEQ;
	case BC_T_ANY:
		return true;
	case BC_T_EITHER:
		for (size_t i = 0; shape->either[i]; i++)
			if (fits(shape->either[i], kind))
				return true;
		return false;
	case BC_T_TEXT:
	case BC_T_NAME:
	case BC_T_BOOL:
	case BC_T_INT:
	case BC_T_SIZE:
	case BC_T_DURATION:
	case BC_T_DATE:
	case BC_T_PATTERN:
	case BC_T_REF:
	case BC_T_WORD:
		break;
	}
	return kind == BC_VALUE_SCALAR;
}

static void check_either(
	struct bc_check *check, struct bc_value *value, const struct bc_shape *shape)
{
	for (size_t i = 0; shape->either[i]; i++) {
		if (fits(shape->either[i], value->kind)) {
			bc_check_value(check, value, shape->either[i]);
			return;
		}
	}
	BC_AUTO(bc_buf) wanted = {0};
	for (size_t i = 0; shape->either[i]; i++)
		bc_buf_addf(&wanted, "%s%s", i ? " or " : "",
			fits(shape->either[i], BC_VALUE_SCALAR)	       ? "a text"
				: fits(shape->either[i], BC_VALUE_MAP) ? "a map"
								       : "a list");
	(void)require_kind(check, value, BC_VALUE_NULL, wanted.data);
}

static const char *variant_word(const struct bc_shape *shape)
{
	if (!shape->name)
		return "entry";
	return strcmp(shape->name, "artifact") == 0  ? "kind of artifact"
		: strcmp(shape->name, "source") == 0 ? "kind of source"
						     : "step";
}

static void report_no_tag(struct bc_check *check, const struct bc_value *value,
	const struct bc_shape *shape, const struct bc_variant *const *variants)
{
	struct keys tags = {0};
	for (size_t i = 0; variants[i]; i++)
		bc_vec_push(&tags, variants[i]->tag);
	bc_vec_push(&tags, NULL);
	bool has_key = value->kind == BC_VALUE_MAP && value->len;
	const char *word = has_key		 ? value->items[0]->key
		: value->kind == BC_VALUE_SCALAR ? value->text
						 : "";
	struct bc_loc loc = has_key ? value->items[0]->key_loc : value->loc;
	struct bc_finding *f = value->kind == BC_VALUE_MAP
		? bc_lint_error(check->lint, "unknown-kind", loc, "%s%s%s is no %s",
			  has_key ? "'" : "", has_key ? word : "an empty map", has_key ? "'" : "",
			  variant_word(shape))
		: bc_lint_error(check->lint, "bad-type", loc,
			  "a map such as `%s: …` is needed here, not %s",
			  variants[0] ? variants[0]->tag : "", kind_name(value));
	bc_lint_suggest(f, word, tags.items, "the kinds");
	free(tags.items);
}

static const struct bc_field step_fields[] = {
	{"limit", &bc_shape_duration,
		"How long the step may take; the case's `limits.step` when not given.", false,
		NULL},
	{0},
};

const struct bc_field *bc_shape_common(const struct bc_shape *shape)
{
	return shape->name && strcmp(shape->name, "step") == 0 ? step_fields : NULL;
}

static void check_option(struct bc_check *check, struct bc_value *member,
	const struct bc_shape *shape, const struct bc_variant *variant)
{
	const struct bc_field *common = bc_shape_common(shape);
	const struct bc_field *field = find_field(variant->options, member->key);
	if (!field)
		field = find_field(common, member->key);
	if (field) {
		bc_check_value(check, member, field->shape);
		return;
	}
	const struct bc_variant *const *variants = bc_shape_variants(check->lint->options, shape);
	for (size_t i = 0; variants[i]; i++) {
		if (strcmp(variants[i]->tag, member->key) != 0)
			continue;
		struct bc_finding *f = bc_lint_error(check->lint, "two-kinds", member->key_loc,
			"'%s' beside '%s': one entry is of one kind", member->key, variant->tag);
		note_was(f, member);
		return;
	}
	struct keys keys = {0};
	add_fields(&keys, variant->options);
	add_fields(&keys, common);
	report_unknown(check, member, &keys);
	free(keys.items);
}

static void check_tagged(
	struct bc_check *check, struct bc_value *value, const struct bc_shape *shape)
{
	const struct bc_variant *const *variants = bc_shape_variants(check->lint->options, shape);
	if (!variants) {
		(void)require_kind(check, value, BC_VALUE_MAP, "a map");
		return;
	}
	const struct bc_variant *variant = NULL;
	struct bc_value *tag = bc_shape_tag(value, variants, &variant);
	if (!tag) {
		report_no_tag(check, value, shape, variants);
		return;
	}
	int depth = check->artifact_depth;
	if (shape->name && strcmp(shape->name, "artifact") == 0)
		check->artifact_depth++;
	if (variant->head)
		bc_check_value(check, tag, variant->head);
	for (size_t i = 0; i < value->len; i++)
		if (value->items[i] != tag)
			check_option(check, value->items[i], shape, variant);
	check_required(check, value, variant->options);
	check->artifact_depth = depth;
}

void bc_check_value(struct bc_check *check, struct bc_value *value, const struct bc_shape *shape)
{
	if (shape->type == BC_T_ANY)
		return;
	if (value->kind == BC_VALUE_NULL) {
		struct bc_finding *f = bc_lint_error(check->lint, "empty-value", head_loc(value),
			"%s%s%s has no value", value->key ? "'" : "",
			value->key ? value->key : "this entry", value->key ? "'" : "");
		bc_lint_hint(f,
			"an empty value removes what `use:` brought, and nothing was "
			"brought; an empty text is written ''");
		return;
	}
	switch (shape->type) {
	case BC_T_OBJECT:
		check_object(check, value, shape);
		return;
	case BC_T_MAP:
		check_map(check, value, shape);
		return;
	case BC_T_LIST:
		check_list(check, value, shape);
		return;
	case BC_T_EITHER:
		check_either(check, value, shape);
		return;
	case BC_T_TAGGED:
		check_tagged(check, value, shape);
		return;
	case BC_T_ANY:
	case BC_T_TEXT:
	case BC_T_NAME:
	case BC_T_BOOL:
	case BC_T_INT:
	case BC_T_SIZE:
	case BC_T_DURATION:
	case BC_T_DATE:
	case BC_T_PATTERN:
	case BC_T_REF:
	case BC_T_WORD:
		break;
	}
	if (require_kind(check, value, BC_VALUE_SCALAR, bc_scalar_wanted(shape)))
		bc_scalar_check(check, value, shape);
}
