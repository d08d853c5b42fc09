/* A neutral tree of what a case file says, every node with its place. The plan layer makes it from
 * YAML, merges, interpolates and checks it against a schema (schema.h); artifact kinds and console
 * steps then read their parameters from it. */
#ifndef BOOTCHECK_MODEL_VALUE_H
#define BOOTCHECK_MODEL_VALUE_H

#include <bootcheck/base/diag.h>

enum bc_value_kind { BC_VALUE_NULL, BC_VALUE_SCALAR, BC_VALUE_SEQ, BC_VALUE_MAP };

struct bc_value {
	enum bc_value_kind kind;
	struct bc_loc loc;     /* of the value */
	bool is_quoted;	       /* a scalar in quotes: never a number or boolean */
	char *text;	       /* scalar: NUL-terminated UTF-8; otherwise NULL */
	char *key;	       /* set when the node is a member of a map */
	struct bc_loc key_loc; /* of the key */
	unsigned shares;       /* owners besides the first, of this node as a root */
	struct bc_loc was;     /* where a later file's value hid another one; file NULL = nowhere */
	BC_VEC(struct bc_value *); /* members of a sequence or map, in file order */
};

/* A new node; kind decides what may be filled in. The caller frees with bc_value_free. */
struct bc_value *bc_value_new(enum bc_value_kind kind, struct bc_loc loc) BC_MUST_CHECK;
/* A scalar with a copy of text. */
struct bc_value *bc_value_new_scalar(const char *text, struct bc_loc loc) BC_MUST_CHECK;
/* A deep copy; NULL gives NULL. Places still point to the same file names. */
struct bc_value *bc_value_clone(const struct bc_value *value) BC_MUST_CHECK;
/* The same tree for one more owner, who frees it too; NULL gives NULL. Nobody changes it any more. Owners are in one
 * thread. */
struct bc_value *bc_value_share(const struct bc_value *value) BC_MUST_CHECK;
/* Frees the whole tree, once its last owner does; NULL is fine. */
void bc_value_free(struct bc_value *value);
static inline void bc_value_ptr_cleanup(struct bc_value **value)
{
	bc_value_free(*value);
}
#define BC_AUTO_VALUE __attribute__((cleanup(bc_value_ptr_cleanup))) struct bc_value

/* Appends to a sequence; takes item. */
void bc_value_append(struct bc_value *seq, struct bc_value *item);
/* Sets a member of a map, replacing and freeing one of the same key in its place; takes item. */
void bc_value_set(
	struct bc_value *map, const char *key, struct bc_loc key_loc, struct bc_value *item);
/* The member called key, or NULL (also when map is NULL or no map). */
struct bc_value *bc_value_get(const struct bc_value *map, const char *key);
/* The text of a scalar member, or fallback when it is not there. Borrowed. */
const char *bc_value_text(const struct bc_value *map, const char *key, const char *fallback);
/* A checked boolean member (true/false/yes/no/on/off), or fallback. */
bool bc_value_bool(const struct bc_value *map, const char *key, bool fallback);
/* A checked integer member, or fallback. */
int64_t bc_value_int(const struct bc_value *map, const char *key, int64_t fallback);
/* A checked size member in bytes, or fallback. */
uint64_t bc_value_size(const struct bc_value *map, const char *key, uint64_t fallback);
/* A checked duration member in ms, or fallback. */
uint64_t bc_value_ms(const struct bc_value *map, const char *key, uint64_t fallback);
/* How many items a list has; one that is not written as a sequence is a list of one, NULL has none. */
size_t bc_value_count(const struct bc_value *list);
/* Its item i, NULL behind the last. */
const struct bc_value *bc_value_at(const struct bc_value *list, size_t i);
/* True when one of its items is this text. */
bool bc_value_lists(const struct bc_value *list, const char *text);
/* Appends a canonical text form (JSON with the maps' keys in file order): equal text means equal
 * value. Used in artifact keys and for `--json`. */
void bc_value_print(const struct bc_value *value, struct bc_buf *out);

#endif
