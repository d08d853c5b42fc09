/* Variables: `vars:`, the cell of the matrix, `--set`; and ${name} in the texts of a case. */
#ifndef BOOTCHECK_PLAN_VARS_H
#define BOOTCHECK_PLAN_VARS_H

#include <bootcheck/plan/files.h>

#define BC_VARS_MAX_TEXT  ((size_t)64 << 10) /* of one expanded text */
#define BC_VARS_MAX_TOTAL ((size_t)8 << 20)  /* of all expanded texts of one case */

struct bc_var {
	const char *name;
	const char *text; /* as written; borrowed */
	struct bc_loc loc;
	bool is_axis, is_used;
	char *value; /* expanded; NULL until it is asked for */
	enum { BC_VAR_NEW, BC_VAR_BUSY, BC_VAR_DONE } state;
};

struct bc_vars {
	BC_VEC(struct bc_var);
	const struct bc_value *artifacts; /* map whose names may be referred to; NULL = none */
	size_t total;			  /* bytes expanded so far */
};

/* Adds a variable, or gives the one of this name another text. text and name are borrowed. */
void bc_vars_set(
	struct bc_vars *vars, const char *name, const char *text, struct bc_loc loc, bool is_axis);
/* NULL if there is none of that name. */
struct bc_var *bc_vars_find(struct bc_vars *vars, const char *name);
/* Replaces ${name} in every scalar of the tree, but for references to artifacts and `$${`. Findings:
 * [unknown-reference], [bad-reference], [variable-cycle], [too-long]. */
void bc_vars_expand(struct bc_vars *vars, struct bc_lint *lint, struct bc_value *tree);
void bc_vars_release(struct bc_vars *vars);
static inline void bc_vars_cleanup(struct bc_vars *vars)
{
	bc_vars_release(vars);
}

#endif
