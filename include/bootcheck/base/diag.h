/* Findings from reading cases: many, located, sorted, rendered like a compiler's. */
#ifndef BOOTCHECK_BASE_DIAG_H
#define BOOTCHECK_BASE_DIAG_H

#include <bootcheck/base/buf.h>
#include <bootcheck/base/mem.h>

/* A place in a source file. The file name is owned by whoever read the file and outlives the place. */
struct bc_loc {
	const char *file; /* NULL = no place */
	int line, col;	  /* 1-based, 0 = none */
	int span;	  /* bytes to underline, 0 = 1 */
};

enum bc_severity { BC_SEV_ERROR, BC_SEV_WARNING, BC_SEV_NOTE };

struct bc_diag_note {
	struct bc_loc loc;
	char *text;
};

struct bc_finding {
	enum bc_severity severity;
	const char *check; /* stable name, such as "unknown-key"; static */
	struct bc_loc loc;
	char *message;
	char *hint; /* may be NULL */
	struct {
		BC_VEC(struct bc_diag_note);
	} notes;
	size_t order; /* of arrival, keeps sorting stable */
};

/* Zero initialised is an empty list. */
struct bc_diag {
	BC_VEC(struct bc_finding *);
	size_t errors, warnings;
};

/* Adds a finding; the list owns it. check is static text. At most 1000 are kept. Never NULL. */
struct bc_finding *bc_diag_add(struct bc_diag *diag, enum bc_severity severity, const char *check,
	struct bc_loc loc, const char *fmt, ...) BC_PRINTF(5, 6);
/* Sets the hint. */
void bc_finding_hint(struct bc_finding *finding, const char *fmt, ...) BC_PRINTF(2, 3);
/* Adds a note with a place of its own, such as "also defined here". */
void bc_finding_note(struct bc_finding *finding, struct bc_loc loc, const char *fmt, ...)
	BC_PRINTF(3, 4);
/* Orders by file, line, column, arrival. */
void bc_diag_sort(struct bc_diag *diag);

/* Gives the text of a line (no newline, not terminated; *len bytes) or NULL. */
typedef const char *bc_line_fn(void *ctx, const char *file, int line, size_t *len);
/* Renders all findings: `file:line:col: error: message [check]`, the line, a caret, `hint:`, notes.
 * line_fn may be NULL. Text from outside is escaped. */
void bc_diag_render(
	const struct bc_diag *diag, struct bc_buf *out, bool color, bc_line_fn *line_fn, void *ctx);
/* Frees all. */
void bc_diag_release(struct bc_diag *diag);
static inline void bc_diag_cleanup(struct bc_diag *diag)
{
	bc_diag_release(diag);
}

#endif
