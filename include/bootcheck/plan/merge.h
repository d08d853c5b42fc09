/* `use:`: what a file inherits from others. */
#ifndef BOOTCHECK_PLAN_MERGE_H
#define BOOTCHECK_PLAN_MERGE_H

#include <bootcheck/plan/files.h>

#define BC_USE_MAX_DEPTH 16
#define BC_USE_MAX_FILES 256 /* that one case reads, counting a part each time it is used */

/* The variants of a TAGGED shape: its own, or those of the options by its name. NULL when nobody gave
 * them: then any tag is taken. */
const struct bc_variant *const *bc_shape_variants(
	const struct bc_plan_options *options, const struct bc_shape *shape);
/* The member of map that names one of variants, the first in the file's order; *variant (may be NULL)
 * becomes it. NULL if there is none. */
struct bc_value *bc_shape_tag(const struct bc_value *map, const struct bc_variant *const *variants,
	const struct bc_variant **variant);

/* Lays over (taken) on top of base (taken, may be NULL) and gives the result. Maps merge key by key; a list, a
 * scalar, or a map that is another variant of a TAGGED shape, replaces what was there and remembers it
 * in `was`; a null removes it. shape may be NULL. The caller frees. */
struct bc_value *bc_merge(struct bc_value *base, struct bc_value *over,
	const struct bc_shape *shape, const struct bc_plan_options *options) BC_MUST_CHECK;

/* The tree of file with all that its `use:` names merged below it, without the key `use`. NULL when
 * the file has no tree. Findings: [use-missing], [use-cycle], [use-depth], [bad-use], and those of the
 * parts' YAML. The caller frees. */
struct bc_value *bc_merge_uses(struct bc_lint *lint, const struct bc_plan_file *file) BC_MUST_CHECK;

#endif
