/* The cells of a case's matrix. */
#ifndef BOOTCHECK_PLAN_MATRIX_H
#define BOOTCHECK_PLAN_MATRIX_H

#include <bootcheck/plan/vars.h>

#define BC_MATRIX_MAX_CELLS 1024

struct bc_cell_pair {
	const char *key, *value; /* borrowed from the matrix's tree or the options */
	struct bc_loc loc;
	bool is_in_id; /* an axis, or a key of a cell that `include:` made */
};

struct bc_cell {
	BC_VEC(struct bc_cell_pair);
	bool is_included; /* made by `include:` */
};

struct bc_cells {
	BC_VEC(struct bc_cell);
};

/* Expands matrix (checked against its shape, variables filled in; NULL gives one empty cell): the
 * product of the axes, the first axis slowest; less what `exclude:` fits; then each entry of
 * `include:` adds its keys to the cells whose axes it does not contradict, or is a cell of its own when
 * there is none. An axis that `--set` names has that one value. Findings: [matrix-size], [bad-matrix],
 * [unknown-key]. False when there was an error; cells is then empty. */
bool bc_matrix_expand(
	struct bc_lint *lint, const struct bc_value *matrix, struct bc_cells *cells) BC_MUST_CHECK;
void bc_cells_release(struct bc_cells *cells);
static inline void bc_cells_cleanup(struct bc_cells *cells)
{
	bc_cells_release(cells);
}

/* Splits "KEY=VALUE" and gives the value of the last one of key, NULL if there is none. */
const char *bc_set_value(const struct bc_strs *sets, const char *key);

#endif
