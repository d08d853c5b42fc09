/* Values against their shapes. */
#ifndef BOOTCHECK_PLAN_CHECK_H
#define BOOTCHECK_PLAN_CHECK_H

#include <bootcheck/plan/lint.h>

struct bc_check {
	struct bc_lint *lint;
	const struct bc_value *artifacts; /* the case's, for references; NULL = none */
	int artifact_depth;		  /* > 0 inside of an artifact: `$${` stays for the build */
};

/* Checks value against shape and brings it into its final form: a single item of a LIST becomes a
 * list, a REF that starts with ./ or ../ becomes absolute (from the file that wrote it), and `$${`
 * becomes `${` where the build does not do it. Findings: [unknown-key], [missing-key], [empty-value],
 * [bad-type], [bad-unit], [bad-number], [bad-range], [bad-value], [bad-name], [bad-date],
 * [bad-pattern], [bad-reference], [misplaced-reference], [unknown-kind], [two-kinds],
 * [unknown-detector]. */
void bc_check_value(struct bc_check *check, struct bc_value *value, const struct bc_shape *shape);

/* Fields that every entry of a TAGGED shape may have besides its own (`limit` of a step), or NULL. */
const struct bc_field *bc_shape_common(const struct bc_shape *shape);

/* Tests of a text alone. */
bool bc_check_name(const char *text);
/* YYYY-MM-DD that is in the calendar. */
bool bc_check_date(const char *text);

#endif
