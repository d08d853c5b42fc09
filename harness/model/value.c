#include <bootcheck/base/text.h>
#include <bootcheck/model/value.h>

struct bc_value *bc_value_new(enum bc_value_kind kind, struct bc_loc loc)
{
	struct bc_value *v = bc_calloc(1, sizeof(*v));
	v->kind = kind;
	v->loc = loc;
	return v;
}

struct bc_value *bc_value_new_scalar(const char *text, struct bc_loc loc)
{
	struct bc_value *v = bc_value_new(BC_VALUE_SCALAR, loc);
	v->text = bc_strdup(text);
	return v;
}

struct bc_value *bc_value_clone(const struct bc_value *value)
{
	if (!value)
		return NULL;
	struct bc_value *copy = bc_calloc(1, sizeof(*copy));
	*copy = *value;
	copy->shares = 0;
	copy->text = bc_strdup(value->text);
	copy->key = bc_strdup(value->key);
	copy->cap = value->len;
	copy->items = value->len ? bc_calloc(value->len, sizeof(*copy->items)) : NULL;
	for (size_t i = 0; i < value->len; i++)
		copy->items[i] = bc_value_clone(value->items[i]);
	return copy;
}

struct bc_value *bc_value_share(const struct bc_value *value)
{
	struct bc_value *same = (struct bc_value *)(uintptr_t)value;
	if (same)
		same->shares++;
	return same;
}

void bc_value_free(struct bc_value *value)
{
	if (!value)
		return;
	if (value->shares) {
		value->shares--;
		return;
	}
	for (size_t i = 0; i < value->len; i++)
		bc_value_free(value->items[i]);
	free(value->items);
	free(value->text);
	free(value->key);
	free(value);
}

void bc_value_append(struct bc_value *seq, struct bc_value *item)
{
	bc_vec_push(seq, item);
}

void bc_value_set(
	struct bc_value *map, const char *key, struct bc_loc key_loc, struct bc_value *item)
{
	char *copy = bc_strdup(key);
	free(item->key);
	item->key = copy;
	item->key_loc = key_loc;
	for (size_t i = 0; i < map->len; i++) {
		if (strcmp(map->items[i]->key, copy) != 0)
			continue;
		if (map->items[i] != item)
			bc_value_free(map->items[i]);
		map->items[i] = item;
		return;
	}
	bc_vec_push(map, item);
}

struct bc_value *bc_value_get(const struct bc_value *map, const char *key)
{
	if (!map || map->kind != BC_VALUE_MAP)
		return NULL;
	for (size_t i = 0; i < map->len; i++)
		if (strcmp(map->items[i]->key, key) == 0)
			return map->items[i];
	return NULL;
}

static const struct bc_value *scalar(const struct bc_value *map, const char *key)
{
	const struct bc_value *v = bc_value_get(map, key);
	return v && v->kind == BC_VALUE_SCALAR ? v : NULL;
}

const char *bc_value_text(const struct bc_value *map, const char *key, const char *fallback)
{
	const struct bc_value *v = scalar(map, key);
	return v ? v->text : fallback;
}

size_t bc_value_count(const struct bc_value *list)
{
	if (!list)
		return 0;
	return list->kind == BC_VALUE_SEQ ? list->len : 1;
}

const struct bc_value *bc_value_at(const struct bc_value *list, size_t i)
{
	if (i >= bc_value_count(list))
		return NULL;
	return list->kind == BC_VALUE_SEQ ? list->items[i] : list;
}

bool bc_value_lists(const struct bc_value *list, const char *text)
{
	const struct bc_value *item;
	for (size_t i = 0; (item = bc_value_at(list, i)); i++)
		if (item->text && strcmp(item->text, text) == 0)
			return true;
	return false;
}

bool bc_value_bool(const struct bc_value *map, const char *key, bool fallback)
{
	const struct bc_value *v = scalar(map, key);
	if (!v)
		return fallback;
	return strcmp(v->text, "true") == 0 || strcmp(v->text, "yes") == 0 ||
		strcmp(v->text, "on") == 0;
}

int64_t bc_value_int(const struct bc_value *map, const char *key, int64_t fallback)
{
	const struct bc_value *v = scalar(map, key);
	int64_t n;
	return v && bc_number_parse(v->text, &n) ? n : fallback;
}

uint64_t bc_value_size(const struct bc_value *map, const char *key, uint64_t fallback)
{
	const struct bc_value *v = scalar(map, key);
	uint64_t n;
	return v && bc_size_parse(v->text, &n) ? n : fallback;
}

uint64_t bc_value_ms(const struct bc_value *map, const char *key, uint64_t fallback)
{
	const struct bc_value *v = scalar(map, key);
	uint64_t n;
	return v && bc_duration_parse(v->text, &n) ? n : fallback;
}

static void print_string(const char *text, struct bc_buf *out)
{
	bc_buf_addc(out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			bc_buf_addf(out, "\\%c", *p);
		else if ((unsigned char)*p < 0x20)
			bc_buf_addf(out, "\\u%04x", *p);
		else
			bc_buf_addc(out, *p);
	}
	bc_buf_addc(out, '"');
}

void bc_value_print(const struct bc_value *value, struct bc_buf *out)
{
	if (!value || value->kind == BC_VALUE_NULL) {
		bc_buf_adds(out, "null");
	} else if (value->kind == BC_VALUE_SCALAR) {
		print_string(value->text, out);
	} else {
		bool is_map = value->kind == BC_VALUE_MAP;
		bc_buf_addc(out, is_map ? '{' : '[');
		for (size_t i = 0; i < value->len; i++) {
			if (i)
				bc_buf_addc(out, ',');
			if (is_map) {
				print_string(value->items[i]->key, out);
				bc_buf_addc(out, ':');
			}
			bc_value_print(value->items[i], out);
		}
		bc_buf_addc(out, is_map ? '}' : ']');
	}
}
