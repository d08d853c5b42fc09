/* Which of the loaded cases are wanted. */
#ifndef BOOTCHECK_PLAN_SELECT_H
#define BOOTCHECK_PLAN_SELECT_H

#include <bootcheck/plan/load.h>

/* True if text fits glob: '*' is any text, '?' any byte, all else itself. Brackets are plain bytes,
 * since ids have them. Linear in time. */
bool bc_glob_match(const char *glob, const char *text);
/* Frees and removes the cases that options do not select. A filter fits the id or the name alone. All
 * labels must be there ("!x": must not). Shard i of n is every n-th of what is left, from the i-th on:
 * shards of one selection are disjoint, complete, and differ by at most one case. */
void bc_plan_select(struct bc_plan *plan, const struct bc_plan_options *options);

#endif
