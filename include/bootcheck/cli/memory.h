/* The memory maps of boot loaders, with what the built artifacts know of sizes. */
#ifndef BOOTCHECK_CLI_MEMORY_H
#define BOOTCHECK_CLI_MEMORY_H

#include <bootcheck/cli/jobs.h>
#include <bootcheck/plan/memory.h>

/* The map of a case; artifacts that are not built have no sizes. The caller releases. */
void bc_cli_memory_read(const struct bc_plan *plan, const struct bc_case *c, struct bc_build *build,
	struct bc_memory *memory);
/* Gives every job that is ready the warnings about its memory map. */
void bc_cli_memory_warn(const struct bc_plan *plan, struct bc_build *build, struct bc_jobs *jobs);

#endif
