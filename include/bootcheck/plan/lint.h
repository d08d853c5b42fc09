/* Where the plan layer's findings go: one list for all files, each finding once. */
#ifndef BOOTCHECK_PLAN_LINT_H
#define BOOTCHECK_PLAN_LINT_H

#include <bootcheck/plan/load.h>

/* One load. Zero initialised but for diag, options and files, which outlive it. */
struct bc_lint {
	struct bc_diag *diag;
	const struct bc_plan_options *options;
	struct bc_plan_files *files;
	/* What is not there because of an earlier error must not be reported as well. */
	bool lacks_parts; /* a file of `use:` could not be used */
	bool lacks_vars; /* so that some ${name} cannot be filled in: such texts are not looked at */
	size_t errors; /* also those that the list already had: another cell or case met them again */
};

/* Adds an error or a warning. NULL when the list already holds this check, place and message: a part
 * that ten cases use, or a cell of a matrix, must not say the same ten times. */
struct bc_finding *bc_lint_error(struct bc_lint *lint, const char *check, struct bc_loc loc,
	const char *fmt, ...) BC_PRINTF(4, 5);
struct bc_finding *bc_lint_warn(struct bc_lint *lint, const char *check, struct bc_loc loc,
	const char *fmt, ...) BC_PRINTF(4, 5);

/* As bc_finding_hint and bc_finding_note; nothing for a finding that is NULL. */
#define bc_lint_hint(finding, ...)                                                                 \
	do {                                                                                       \
		struct bc_finding *bc_f_ = (finding);                                              \
		if (bc_f_)                                                                         \
			bc_finding_hint(bc_f_, __VA_ARGS__);                                       \
	} while (0)
#define bc_lint_note(finding, ...)                                                                 \
	do {                                                                                       \
		struct bc_finding *bc_f_ = (finding);                                              \
		if (bc_f_)                                                                         \
			bc_finding_note(bc_f_, __VA_ARGS__);                                       \
	} while (0)

/* "did you mean 'x'?" when a candidate is near, else the list of them ("one of a, b, c"), when it is
 * short enough. what is the plural of what they are; candidates ends with NULL. */
void bc_lint_suggest(struct bc_finding *finding, const char *word, const char *const *candidates,
	const char *what);

#endif
