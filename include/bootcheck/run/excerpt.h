/* The console's newest lines, for the excerpt of a verdict. */
#ifndef BOOTCHECK_RUN_EXCERPT_H
#define BOOTCHECK_RUN_EXCERPT_H

#include <bootcheck/base/buf.h>

#define BC_EXCERPT_LINES 256

struct bc_excerpt {
	struct {
		char *text;
		uint64_t number;
	} lines[BC_EXCERPT_LINES]; /* a ring; number % BC_EXCERPT_LINES is the place */
	uint64_t newest;	   /* number of the newest line, 0 = none */
};

/* Keeps a copy of a line (cut at 512 bytes). Numbers grow by one. */
void bc_excerpt_add(struct bc_excerpt *e, uint64_t number, const char *data, size_t len);
/* Appends the lines first..last that are still kept, printable, '\n' after each; of more than `most` the
 * middle is left out and said so. From the start of the decisive line's report on (its "cut here", if it has one),
 * lines of another caller are left out: where two processors report at once, one report is shown. */
void bc_excerpt_print(const struct bc_excerpt *e, uint64_t first, uint64_t decisive, uint64_t last,
	size_t most, struct bc_buf *out);
/* A line that is kept, "" if it is not. Borrowed. */
const char *bc_excerpt_line(const struct bc_excerpt *e, uint64_t number);
/* True if one of the lines that are kept ends with text. */
bool bc_excerpt_has(const struct bc_excerpt *e, const char *text, size_t len);
void bc_excerpt_release(struct bc_excerpt *e);

#endif
