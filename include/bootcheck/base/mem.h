/* Memory that never fails: out of memory ends the program with a message. Therefore every size that
 * input drives must be bounded before it gets here. */
#ifndef BOOTCHECK_BASE_MEM_H
#define BOOTCHECK_BASE_MEM_H

#include <bootcheck/base/compat.h>

/* count × size bytes, zeroed; never NULL. The caller frees with free(). */
void *bc_calloc(size_t count, size_t size) BC_MUST_CHECK;
/* As realloc with an overflow check; never NULL for a non-zero size. */
void *bc_realloc(void *p, size_t count, size_t size) BC_MUST_CHECK;
/* A copy of text; NULL gives NULL. The caller frees. */
char *bc_strdup(const char *text) BC_MUST_CHECK;
/* A NUL-terminated copy of len bytes. The caller frees. */
char *bc_strndup(const char *data, size_t len) BC_MUST_CHECK;
/* printf into a new string. The caller frees. */
char *bc_asprintf(const char *fmt, ...) BC_PRINTF(1, 2) BC_MUST_CHECK;

/* A growable array: `struct bc_strs { BC_VEC(char *); }`. Zero initialised is empty. */
#define BC_VEC(type)                                                                               \
	type *items;                                                                               \
	size_t len;                                                                                \
	size_t cap
#define bc_vec_push(v, item)                                                                       \
	do {                                                                                       \
		if ((v)->len == (v)->cap) {                                                        \
			(v)->cap = (v)->cap ? (v)->cap * 2 : 8;                                    \
			(v)->items = bc_realloc((v)->items, (v)->cap, sizeof(*(v)->items));        \
		}                                                                                  \
		(v)->items[(v)->len++] = (item);                                                   \
	} while (0)
#define bc_vec_each(it, v)                                                                         \
	for (__typeof__((v)->items + 0) it = (v)->items; it && it < (v)->items + (v)->len; it++)

/* A list of strings that it owns. */
struct bc_strs {
	BC_VEC(char *);
};
/* Appends a copy of text. */
void bc_strs_add(struct bc_strs *list, const char *text);
/* Appends a formatted string. */
void bc_strs_addf(struct bc_strs *list, const char *fmt, ...) BC_PRINTF(2, 3);
/* True if the list holds text. */
bool bc_strs_has(const struct bc_strs *list, const char *text);
/* Appends NULL behind the last item without counting it, for execve; the items stay owned here. */
char **bc_strs_argv(struct bc_strs *list);
/* Frees the strings and the list, leaves it empty. */
void bc_strs_release(struct bc_strs *list);
static inline void bc_strs_cleanup(struct bc_strs *list)
{
	bc_strs_release(list);
}

#endif
