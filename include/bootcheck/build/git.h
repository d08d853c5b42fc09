/* git, run so that what it gives depends on the repository alone. */
#ifndef BOOTCHECK_BUILD_GIT_H
#define BOOTCHECK_BUILD_GIT_H

#include <bootcheck/base/buf.h>
#include <bootcheck/base/err.h>

struct bc_git {
	const volatile int *cancelled;
	int log_fd;	     /* for what it complains of; -1 = nowhere */
	uint64_t limit_ms;   /* 0 = none */
	bool talks;	     /* to a server, which it may take the user's configuration to reach */
	const char *git_dir; /* the repository; NULL = found from a -C of args */
	const char *objects, *index, *work_tree; /* of git_dir, when they are elsewhere; or NULL */
};

/* Runs git with these arguments, which end with NULL, and appends what it prints to output (may be NULL). No variable
 * GIT_… of the caller counts, and of his configuration only that of the repository, unless it talks to a server.
 * BC_E_MISSING, BC_E_COMMAND, BC_E_LIMIT, BC_E_CANCELLED. */
bool bc_git_run(const struct bc_git *git, const char *const *args, struct bc_buf *output,
	struct bc_err *err) BC_MUST_CHECK;

#endif
