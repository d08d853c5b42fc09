#include <jansson.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/json.h>

/* struct bc_json is json_t by another name: the type is never completed. */
static json_t *in(const struct bc_json *json)
{
	return (json_t *)(uintptr_t)json;
}

static struct bc_json *out(json_t *json)
{
	if (!json)
		abort(); /* only out of memory: strings were made valid before */
	return (struct bc_json *)json;
}

struct bc_json *bc_json_new_object(void)
{
	return out(json_object());
}

struct bc_json *bc_json_new_array(void)
{
	return out(json_array());
}

struct bc_json *bc_json_new_string(const char *text)
{
	if (!text)
		return out(json_null());
	json_t *plain = json_string(text);
	if (plain)
		return out(plain);
	BC_AUTO(bc_buf) valid = {0};
	for (size_t i = 0, len = strlen(text); i < len;) {
		int n = bc_utf8_next(text + i, len - i, NULL);
		bc_buf_add(&valid, n ? text + i : "\xef\xbf\xbd", n ? (size_t)n : 3);
		i += n ? (size_t)n : 1;
	}
	return out(json_stringn(valid.data ? valid.data : "", valid.len));
}

struct bc_json *bc_json_new_int(int64_t value)
{
	return out(json_integer(value));
}

struct bc_json *bc_json_new_bool(bool value)
{
	return out(json_boolean(value));
}

struct bc_json *bc_json_new_real(double value)
{
	return out(json_real(value));
}

void bc_json_free(struct bc_json *json)
{
	json_decref(in(json));
}

void bc_json_set(struct bc_json *object, const char *key, struct bc_json *value)
{
	if (json_object_set_new_nocheck(in(object), key, in(value)) != 0)
		abort();
}

void bc_json_set_string(struct bc_json *object, const char *key, const char *text)
{
	if (text)
		bc_json_set(object, key, bc_json_new_string(text));
}

void bc_json_set_int(struct bc_json *object, const char *key, int64_t value)
{
	bc_json_set(object, key, bc_json_new_int(value));
}

void bc_json_set_bool(struct bc_json *object, const char *key, bool value)
{
	bc_json_set(object, key, bc_json_new_bool(value));
}

void bc_json_append(struct bc_json *array, struct bc_json *value)
{
	if (json_array_append_new(in(array), in(value)) != 0)
		abort();
}

/* jansson's own bound on nesting is 2048; recursion over our trees wants a smaller one. */
static bool is_too_deep(const char *data, size_t len)
{
	int depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (data[i] == '\\')
				i++;
			else if (data[i] == '"')
				in_string = false;
		} else if (data[i] == '"') {
			in_string = true;
		} else if (data[i] == '{' || data[i] == '[') {
			if (++depth > 64)
				return true;
		} else if (data[i] == '}' || data[i] == ']') {
			depth--;
		}
	}
	return false;
}

struct bc_json *bc_json_parse(const char *data, size_t len, struct bc_err *err)
{
	json_error_t why;
	if (is_too_deep(data, len))
		return bc_fail_null(err, BC_E_LIMIT, 0, "JSON is nested deeper than 64 levels");
	json_t *json = json_loadb(data, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
	if (json)
		return (struct bc_json *)json;
	(void)bc_fail(err, BC_E_FORMAT, 0, "not JSON: %s", why.text);
	if (err) {
		err->line = why.line;
		err->col = why.column;
	}
	return NULL;
}

struct bc_json *bc_json_get(const struct bc_json *object, const char *key)
{
	return (struct bc_json *)json_object_get(in(object), key);
}

const char *bc_json_get_string(const struct bc_json *object, const char *key, const char *fallback)
{
	const char *text = json_string_value(json_object_get(in(object), key));
	return text ? text : fallback;
}

int64_t bc_json_get_int(const struct bc_json *object, const char *key, int64_t fallback)
{
	const json_t *v = json_object_get(in(object), key);
	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

bool bc_json_get_bool(const struct bc_json *object, const char *key, bool fallback)
{
	const json_t *v = json_object_get(in(object), key);
	return json_is_boolean(v) ? json_is_true(v) : fallback;
}

const char *bc_json_string(const struct bc_json *json)
{
	return json_string_value(in(json));
}

int64_t bc_json_int(const struct bc_json *json, int64_t fallback)
{
	return json_is_integer(in(json)) ? json_integer_value(in(json)) : fallback;
}

size_t bc_json_len(const struct bc_json *array)
{
	return json_array_size(in(array));
}

struct bc_json *bc_json_at(const struct bc_json *array, size_t index)
{
	return (struct bc_json *)json_array_get(in(array), index);
}

bool bc_json_is_object(const struct bc_json *json)
{
	return json_is_object(in(json));
}

void bc_json_each(const struct bc_json *object,
	void (*fn)(void *ctx, const char *key, struct bc_json *value), void *ctx)
{
	const char *key;
	json_t *value;
	json_object_foreach(in(object), key, value) fn(ctx, key, (struct bc_json *)value);
}

static int add_piece(const char *data, size_t len, void *ctx)
{
	bc_buf_add(ctx, data, len);
	return 0;
}

void bc_json_print(const struct bc_json *json, bool pretty, struct bc_buf *text)
{
	size_t flags = JSON_ENCODE_ANY | (pretty ? JSON_INDENT(2) : JSON_COMPACT);
	if (json_dump_callback(in(json), add_piece, text, flags) != 0)
		abort();
}
