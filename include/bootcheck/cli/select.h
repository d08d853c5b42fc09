/* Which cases a command works on: the options that run, list and build share. */
#ifndef BOOTCHECK_CLI_SELECT_H
#define BOOTCHECK_CLI_SELECT_H

#include <argp.h>

#include <bootcheck/plan/load.h>

struct bc_select {
	struct bc_plan_options options;
	struct bc_strs paths; /* empty: cases/ */
};

/* Sets the tables that the other layers bring; everything else is empty. Release with
 * bc_select_release(). */
void bc_select_init(struct bc_select *select);
void bc_select_release(struct bc_select *select);
static inline void bc_select_cleanup(struct bc_select *select)
{
	bc_select_release(select);
}

/* A child parser for --filter, --label, --set, --shard and the arguments PATH…; its input is a
 * struct bc_select. In the command's parser: `case ARGP_KEY_INIT: state->child_inputs[0] = select;`
 * and arguments that it does not want go on with ARGP_ERR_UNKNOWN. */
extern const struct argp bc_select_argp;

/* Reads the cases without printing. NULL as bc_plan_load(). */
struct bc_plan *bc_select_open(
	struct bc_select *select, struct bc_diag *diag, struct bc_err *err) BC_MUST_CHECK;
/* Reads the cases and prints what is to say about them to stderr. BC_EXIT_OK with *plan (the caller
 * frees with bc_plan_free()), which holds at least one case; otherwise the exit code, and no plan:
 * BC_EXIT_USAGE when a case has an error, a path is not there, or nothing is selected. */
int bc_select_load(struct bc_select *select, struct bc_plan **plan) BC_MUST_CHECK;

/* Prints findings with their lines, and a count of them, to `to`. */
void bc_select_print(struct bc_plan *plan, const struct bc_diag *diag, FILE *to);

#endif
