/* From the paths of the command line to case files. */
#ifndef BOOTCHECK_PLAN_SEARCH_H
#define BOOTCHECK_PLAN_SEARCH_H

#include <bootcheck/plan/files.h>

#define BC_SEARCH_MAX_FILES 10000
#define BC_SEARCH_MAX_DEPTH 32

/* Adds the case files that paths name, sorted, normalised, each once: a file is taken as it is, a folder is
 * searched for *.yaml and *.yml. Not entered: folders called parts (unless a path names one), hidden
 * ones, and symbolic links to folders. BC_E_USAGE when a path is not there (with the nearest one) or a
 * folder holds no such file, BC_E_IO when a folder cannot be read, BC_E_LIMIT over
 * BC_SEARCH_MAX_FILES. */
bool bc_search_cases(
	char *const *paths, size_t count, struct bc_strs *found, struct bc_err *err) BC_MUST_CHECK;
/* True for a file of a folder called parts that has neither `bootcheck:` nor `name:`. */
bool bc_search_is_part(const struct bc_plan_file *file);

#endif
