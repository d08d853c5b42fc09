/* Names to numbers: gives each new text the next number. A balanced tree, so that no choice of names
 * makes it slow. */
#ifndef BOOTCHECK_REPORT_INDEX_H
#define BOOTCHECK_REPORT_INDEX_H

#include <bootcheck/base/compat.h>

/* Zero initialised is empty. */
struct bc_index {
	void *root;
	size_t len; /* texts in it */
};

/* The number of text (0, 1, … in the order of arrival); adds a copy of it when it is new. */
size_t bc_index_add(struct bc_index *index, const char *text);
/* Frees; the index is empty and reusable. */
void bc_index_release(struct bc_index *index);
static inline void bc_index_cleanup(struct bc_index *index)
{
	bc_index_release(index);
}

#endif
