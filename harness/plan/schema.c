/* The JSON Schema of one case file, from the tables. A file may inherit by `use:` what it does not say,
 * so only what a list holds, which is never merged, has required keys here; the parser knows the rest. */
#include <bootcheck/plan/check.h>
#include <bootcheck/plan/merge.h>
#include <bootcheck/sys/json.h>

#define VARIABLE     "\\$\\{"
#define NAME_PATTERN "^[A-Za-z0-9_][A-Za-z0-9._-]*$|" VARIABLE
#define NUMBER	     "[0-9]+(\\.[0-9]{1,6})?"
#define SIZE_PATTERN "^(0|" NUMBER " ?([KMGT](iB)?|B))$|" VARIABLE
#define TIME_PATTERN "^(0|" NUMBER " ?(ms|s|min|h))$|" VARIABLE
#define DATE_PATTERN "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$|" VARIABLE

struct schema {
	const struct bc_plan_options *options;
	struct bc_json *defs;
	int in_list; /* > 0: what is here is never merged */
};

static struct bc_json *shape_json(struct schema *s, const struct bc_shape *shape);

static struct bc_json *types(const char *first, const char *second, const char *third)
{
	struct bc_json *list = bc_json_new_array();
	const char *const all[] = {first, second, third};
	for (size_t i = 0; i < BC_LEN(all) && all[i]; i++)
		bc_json_append(list, bc_json_new_string(all[i]));
	return list;
}

static struct bc_json *string_json(const char *pattern)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set_string(json, "type", "string");
	bc_json_set_string(json, "pattern", pattern);
	return json;
}

static struct bc_json *any_of(struct bc_json *first, struct bc_json *second)
{
	struct bc_json *json = bc_json_new_object(), *list = bc_json_new_array();
	bc_json_append(list, first);
	bc_json_append(list, second);
	bc_json_set(json, "anyOf", list);
	return json;
}

static struct bc_json *text_json(const char *pattern)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set(json, "type", types("string", "number", pattern ? NULL : "boolean"));
	bc_json_set_string(json, "pattern", pattern);
	return json;
}

static struct bc_json *int_json(const struct bc_shape *shape)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set_string(json, "type", "integer");
	bc_json_set_int(json, "minimum", shape->min);
	bc_json_set_int(json, "maximum", shape->max);
	return any_of(json, string_json("^0[xX]?[0-9a-fA-F]+$|" VARIABLE));
}

static struct bc_json *unit_json(const char *pattern)
{
	struct bc_json *zero = bc_json_new_object();
	bc_json_set_int(zero, "const", 0);
	return any_of(string_json(pattern), zero);
}

/* YAML 1.1 readers, as some editors are, take these words for booleans. */
static void append_boolean(struct bc_json *list, const char *word)
{
	if (strcmp(word, "off") == 0 || strcmp(word, "no") == 0)
		bc_json_append(list, bc_json_new_bool(false));
	if (strcmp(word, "on") == 0 || strcmp(word, "yes") == 0)
		bc_json_append(list, bc_json_new_bool(true));
}

static struct bc_json *words_json(const char *const *words)
{
	struct bc_json *json = bc_json_new_object(), *list = bc_json_new_array();
	for (size_t i = 0; words[i]; i++) {
		bc_json_append(list, bc_json_new_string(words[i]));
		append_boolean(list, words[i]);
	}
	bc_json_set(json, "enum", list);
	return any_of(json, string_json(VARIABLE));
}

static struct bc_json *bool_json(void)
{
	struct bc_json *json = bc_json_new_object(), *list = bc_json_new_array();
	bc_json_append(list, bc_json_new_bool(true));
	bc_json_append(list, bc_json_new_bool(false));
	for (const char *const *w = (const char *const[]){"yes", "no", "on", "off", NULL}; *w; w++)
		bc_json_append(list, bc_json_new_string(*w));
	bc_json_set(json, "enum", list);
	return any_of(json, string_json(VARIABLE));
}

static struct bc_json *null_json(void)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set_string(json, "type", "null");
	return json;
}

static struct bc_json *field_json(struct schema *s, const struct bc_field *field)
{
	struct bc_json *json = bc_json_new_object(), *list = bc_json_new_array();
	bc_json_set_string(json, "description", field->doc);
	bc_json_set_string(json, "default", field->deflt);
	bc_json_append(list, shape_json(s, field->shape));
	if (!s->in_list)
		bc_json_append(list, null_json());
	bc_json_set(json, "anyOf", list);
	return json;
}

static void add_fields(struct schema *s, const struct bc_field *fields, struct bc_json *properties,
	struct bc_json *required)
{
	for (const struct bc_field *f = fields; f && f->key; f++) {
		bc_json_set(properties, f->key, field_json(s, f));
		if (f->is_required && s->in_list)
			bc_json_append(required, bc_json_new_string(f->key));
	}
}

static struct bc_json *object_json(struct schema *s, const struct bc_shape *shape)
{
	struct bc_json *json = bc_json_new_object(), *properties = bc_json_new_object(),
		       *required = bc_json_new_array();
	bc_json_set_string(json, "type", "object");
	bc_json_set_string(json, "description", shape->doc);
	add_fields(s, shape->fields, properties, required);
	bc_json_set(json, "properties", properties);
	bc_json_set(json, "required", required);
	bc_json_set(json, "additionalProperties",
		shape->item ? shape_json(s, shape->item) : bc_json_new_bool(false));
	return json;
}

static struct bc_json *map_json(struct schema *s, const struct bc_shape *shape)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set_string(json, "type", "object");
	if (shape->name)
		bc_json_set(json, "propertyNames", string_json(NAME_PATTERN));
	struct bc_json *item = shape_json(s, shape->item);
	bc_json_set(json, "additionalProperties", s->in_list ? item : any_of(item, null_json()));
	return json;
}

static struct bc_json *list_json(struct schema *s, const struct bc_shape *shape)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set_string(json, "type", "array");
	s->in_list++;
	bc_json_set(json, "items", shape_json(s, shape->item));
	struct bc_json *both = any_of(json, shape_json(s, shape->item));
	s->in_list--;
	return both;
}

static struct bc_json *variant_json(
	struct schema *s, const struct bc_shape *shape, const struct bc_variant *variant)
{
	struct bc_json *json = bc_json_new_object(), *properties = bc_json_new_object(),
		       *required = bc_json_new_array();
	bc_json_set_string(json, "title", variant->tag);
	bc_json_set_string(json, "description", variant->doc);
	bc_json_set(properties, variant->tag,
		variant->head ? shape_json(s, variant->head) : bc_json_new_object());
	/* Outside of lists the tag may come from a part, and only an option be said here. */
	if (s->in_list)
		bc_json_append(required, bc_json_new_string(variant->tag));
	add_fields(s, variant->options, properties, required);
	add_fields(s, bc_shape_common(shape), properties, required);
	bc_json_set(json, "properties", properties);
	bc_json_set(json, "required", required);
	bc_json_set(json, "additionalProperties", bc_json_new_bool(false));
	return json;
}

/* "step", or for variants without a name "one-of-tree-file"; the caller frees. Inside of lists other
 * keys are required, which makes another definition. */
static char *def_name(const struct schema *s, const struct bc_shape *shape)
{
	BC_AUTO(bc_buf) name = {0};
	bc_buf_adds(&name, shape->name ? shape->name : "one-of");
	for (size_t i = 0; !shape->name && shape->variants[i]; i++)
		bc_buf_addf(&name, "-%s", shape->variants[i]->tag);
	if (s->in_list && shape->name && strcmp(shape->name, "step") != 0)
		bc_buf_adds(&name, "-item");
	return bc_buf_take(&name);
}

static struct bc_json *tagged_json(struct schema *s, const struct bc_shape *shape)
{
	struct bc_json *json = bc_json_new_object();
	const struct bc_variant *const *variants = bc_shape_variants(s->options, shape);
	bc_json_set_string(json, "type", "object");
	if (!variants)
		return json;
	BC_AUTO_FREE char *name = def_name(s, shape);
	BC_AUTO_FREE char *ref = bc_asprintf("#/$defs/%s", name);
	if (!bc_json_get(s->defs, name)) {
		/* Put there before its content is made, so that a shape that holds itself ends. */
		bc_json_set(s->defs, name, bc_json_new_object());
		struct bc_json *list = bc_json_new_array();
		for (size_t i = 0; variants[i]; i++)
			bc_json_append(list, variant_json(s, shape, variants[i]));
		bc_json_set_string(bc_json_get(s->defs, name), "type", "object");
		bc_json_set(bc_json_get(s->defs, name), s->in_list ? "oneOf" : "anyOf", list);
	}
	bc_json_free(json);
	json = bc_json_new_object();
	bc_json_set_string(json, "$ref", ref);
	return json;
}

static struct bc_json *either_json(struct schema *s, const struct bc_shape *shape)
{
	struct bc_json *json = bc_json_new_object(), *list = bc_json_new_array();
	for (size_t i = 0; shape->either[i]; i++)
		bc_json_append(list, shape_json(s, shape->either[i]));
	bc_json_set(json, "anyOf", list);
	return json;
}

static struct bc_json *shape_json(struct schema *s, const struct bc_shape *shape)
{
	switch (shape->type) {
	case BC_T_TEXT:
	case BC_T_PATTERN:
		return text_json(NULL);
	case BC_T_NAME:
		return text_json(NAME_PATTERN);
	case BC_T_BOOL:
		return bool_json();
	case BC_T_INT:
		return int_json(shape);
	case BC_T_SIZE:
		return unit_json(SIZE_PATTERN);
	case BC_T_DURATION:
		return unit_json(TIME_PATTERN);
	case BC_T_DATE:
		return string_json(DATE_PATTERN);
	case BC_T_REF:
		return text_json(".");
	case BC_T_WORD:
		return words_json(shape->words);
	case BC_T_OBJECT:
		return object_json(s, shape);
	case BC_T_LIST:
		return list_json(s, shape);
	case BC_T_MAP:
		return map_json(s, shape);
	case BC_T_TAGGED:
		return tagged_json(s, shape);
	case BC_T_EITHER:
		return either_json(s, shape);
	case BC_T_ANY:
		break;
	}
	return bc_json_new_object();
}

void bc_plan_schema(const struct bc_plan_options *options, struct bc_buf *out)
{
	struct schema s = {.options = options, .defs = bc_json_new_object()};
	BC_AUTO_JSON *root = object_json(&s, &bc_case_shape);
	bc_json_set_string(root, "$schema", "https://json-schema.org/draft/2020-12/schema");
	bc_json_set_string(root, "title", "bootcheck case");
	bc_json_set(root, "$defs", s.defs);
	bc_json_print(root, true, out);
	bc_buf_addc(out, '\n');
}
