/* From a checked tree to a case, and the rules that look at more than one key. */
#ifndef BOOTCHECK_PLAN_READ_H
#define BOOTCHECK_PLAN_READ_H

#include <bootcheck/plan/files.h>
#include <bootcheck/plan/matrix.h>

/* The case that tree says; tree has no findings that are errors. The caller frees with
 * bc_case_free(). */
struct bc_case *bc_case_read(const struct bc_lint *lint, const struct bc_plan_file *file,
	const struct bc_value *tree, const struct bc_cell *cell) BC_MUST_CHECK;

/* [console-index], [no-steps], [outcome-pass], [reject-expect], [known-expired], [artifact-cycle], and those of
 * bc_memory_check(). */
void bc_rules_check(struct bc_lint *lint, const struct bc_case *c);
/* [bad-export], [nfs-slots]. */
void bc_rules_nfs(struct bc_lint *lint, const struct bc_case *c);
/* Adds the names of all artifacts that the case needs: those that it names outside of `artifacts`, and
 * what these name. */
void bc_rules_used(const struct bc_value *tree, struct bc_strs *used);

#endif
