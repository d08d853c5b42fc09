/* From cases to jobs: the emulator is there, the artifacts are built, the references are paths. */
#ifndef BOOTCHECK_CLI_JOBS_H
#define BOOTCHECK_CLI_JOBS_H

#include <bootcheck/build/build.h>
#include <bootcheck/plan/load.h>
#include <bootcheck/run/run.h>

struct bc_jobs {
	BC_VEC(struct bc_job);
};

/* One job for each case of the plan, in its order. What is missing on this host makes a job SKIP, what
 * could not be built makes it ERROR; both say why and what to do. False only when nothing can go on
 * (interrupted). `done` (may be NULL) holds the results of a run that is resumed; those that ended are taken
 * out of it. The caller releases with bc_jobs_release(); the plan must outlive the jobs. */
bool bc_jobs_make(const struct bc_plan *plan, struct bc_build *build, struct bc_run *done,
	struct bc_jobs *jobs, struct bc_err *err) BC_MUST_CHECK;
/* Fills in the paths of one case whose artifacts are built. */
bool bc_jobs_files(const struct bc_case *c, struct bc_build *build, struct bc_files *files,
	struct bc_err *err) BC_MUST_CHECK;
void bc_jobs_release(struct bc_jobs *jobs);
static inline void bc_jobs_cleanup(struct bc_jobs *jobs)
{
	bc_jobs_release(jobs);
}

#endif
