/* From case files to cases: read, merge, expand, check. The only way into the plan layer. */
#ifndef BOOTCHECK_PLAN_LOAD_H
#define BOOTCHECK_PLAN_LOAD_H

#include <bootcheck/model/case.h>
#include <bootcheck/model/schema.h>

/* What the command line composes: the parts of the format that other layers own, and the selection. */
struct bc_plan_options {
	const struct bc_variant *const *artifacts; /* artifact kinds, NULL-terminated */
	const struct bc_variant *const
		*sources; /* source kinds (url, path, apt, …), NULL-terminated */
	const struct bc_variant *const *steps; /* console steps, NULL-terminated */
	const char *const *detectors; /* ids and groups that `detect:` may name, NULL-terminated */
	struct bc_strs filters; /* globs over ids; a case is kept if one fits; empty keeps all */
	struct bc_strs labels;	/* "x": must have it, "!x": must not */
	struct bc_strs sets;	/* KEY=VALUE: overrides a variable */
	int shard, shards;	/* 1-based part of parts; 0, 0 = all */
};

struct bc_plan_files; /* the texts that places point into */

struct bc_plan {
	BC_VEC(struct bc_case *); /* sorted by file, then in the order of the matrix */
	struct bc_plan_files *files;
};

/* Loads every case that paths name: files, or folders that are searched for *.yaml and *.yml (a file
 * without `bootcheck:` and `name:`, such as a part for `use:`, is skipped there when it lies in a folder
 * called parts). All findings of all files go to diag; a case with errors is left out of the plan. NULL
 * only when the paths themselves cannot be read (BC_E_USAGE names the path and the nearest one), a folder
 * holds no case, or --set names a variable that no case has (BC_E_USAGE).
 * The options and what they point to must outlive the call only. The findings' places point into the
 * plan: render them before bc_plan_free(). The caller frees with bc_plan_free(). */
struct bc_plan *bc_plan_load(char *const *paths, size_t count,
	const struct bc_plan_options *options, struct bc_diag *diag,
	struct bc_err *err) BC_MUST_CHECK;
/* As bc_plan_load for one case whose text is given; nothing is read from the file system, so every
 * `use:` is a finding. name is shown in findings. */
struct bc_plan *bc_plan_load_text(const char *name, const char *data, size_t len,
	const struct bc_plan_options *options, struct bc_diag *diag,
	struct bc_err *err) BC_MUST_CHECK;
/* A bc_line_fn over the plan's files, for bc_diag_render(); ctx is the plan. */
const char *bc_plan_line(void *plan, const char *file, int line, size_t *len);
/* How many case files were read. */
size_t bc_plan_file_count(const struct bc_plan *plan);
/* Frees the plan, its cases and the texts; findings' places are dead afterwards. */
void bc_plan_free(struct bc_plan *plan);

/* The JSON Schema (draft 2020-12) of the case format, as in docs/case.schema.json. */
void bc_plan_schema(const struct bc_plan_options *options, struct bc_buf *out);

/* The reference part of bootcheck-case(5) in roff: every key and tag as an item. */
void bc_plan_manual(const struct bc_plan_options *options, struct bc_buf *out);

/* The top-level shape of a case, for the schema and the tests. */
extern const struct bc_shape bc_case_shape;

#endif
