/* The one seam to jansson. A struct bc_json is a reference: _new functions give one to the caller,
 * setters and appenders take it over, getters lend it. */
#ifndef BOOTCHECK_SYS_JSON_H
#define BOOTCHECK_SYS_JSON_H

#include <bootcheck/base/buf.h>
#include <bootcheck/base/err.h>

struct bc_json;

struct bc_json *bc_json_new_object(void) BC_MUST_CHECK;
struct bc_json *bc_json_new_array(void) BC_MUST_CHECK;
/* A string; bytes that are not UTF-8, and NUL, become U+FFFD. NULL gives null. */
struct bc_json *bc_json_new_string(const char *text) BC_MUST_CHECK;
struct bc_json *bc_json_new_int(int64_t value) BC_MUST_CHECK;
struct bc_json *bc_json_new_bool(bool value) BC_MUST_CHECK;
struct bc_json *bc_json_new_real(double value) BC_MUST_CHECK;
/* Drops the caller's reference; NULL is fine. */
void bc_json_free(struct bc_json *json);
static inline void bc_json_ptr_cleanup(struct bc_json **json)
{
	bc_json_free(*json);
}
#define BC_AUTO_JSON __attribute__((cleanup(bc_json_ptr_cleanup))) struct bc_json

/* object[key] = value (taken). */
void bc_json_set(struct bc_json *object, const char *key, struct bc_json *value);
/* object[key] = text, left out when text is NULL. */
void bc_json_set_string(struct bc_json *object, const char *key, const char *text);
void bc_json_set_int(struct bc_json *object, const char *key, int64_t value);
void bc_json_set_bool(struct bc_json *object, const char *key, bool value);
/* Appends value (taken). */
void bc_json_append(struct bc_json *array, struct bc_json *value);

/* Parses one document; nesting deeper than 64 or a duplicate key is an error. BC_E_FORMAT with the
 * line and column. */
struct bc_json *bc_json_parse(const char *data, size_t len, struct bc_err *err) BC_MUST_CHECK;
/* Borrowed member, NULL if there is none or object is no object (NULL is fine). */
struct bc_json *bc_json_get(const struct bc_json *object, const char *key);
/* Member as text (borrowed), integer or boolean; the fallback when absent or of another type. */
const char *bc_json_get_string(const struct bc_json *object, const char *key, const char *fallback);
int64_t bc_json_get_int(const struct bc_json *object, const char *key, int64_t fallback);
bool bc_json_get_bool(const struct bc_json *object, const char *key, bool fallback);
/* Text of a string value, or NULL. */
const char *bc_json_string(const struct bc_json *json);
/* An integer value; the fallback for anything else (NULL is fine). */
int64_t bc_json_int(const struct bc_json *json, int64_t fallback);
/* Number of items; 0 for anything but an array. */
size_t bc_json_len(const struct bc_json *array);
/* Borrowed item, NULL out of range. */
struct bc_json *bc_json_at(const struct bc_json *array, size_t index);
/* True for an object. */
bool bc_json_is_object(const struct bc_json *json);
/* Calls fn for each member in insertion order. */
void bc_json_each(const struct bc_json *object,
	void (*fn)(void *ctx, const char *key, struct bc_json *value), void *ctx);

/* Appends the text: one line, or indented by two when pretty. Members keep their order. */
void bc_json_print(const struct bc_json *json, bool pretty, struct bc_buf *out);

#endif
