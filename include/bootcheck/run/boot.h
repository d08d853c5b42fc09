/* One attempt: a machine, a session that judges it, a recording. */
#ifndef BOOTCHECK_RUN_BOOT_H
#define BOOTCHECK_RUN_BOOT_H

#include <bootcheck/run/journal.h>
#include <bootcheck/run/run.h>
#include <bootcheck/sys/loop.h>

struct bc_boot_run;

struct bc_boot_options {
	struct bc_loop *loop;
	const struct bc_job *job;
	struct bc_journal *journal;
	const char *run_dir;
	int number; /* 1-based attempt */
	double scale;
	const struct bc_watcher *watcher;
	/* The attempt is over; attempt is the callee's to keep. The boot may be freed from here on, not inside. */
	void (*done)(void *ctx, struct bc_boot_run *boot, struct bc_attempt *attempt);
	void *ctx;
};

/* Starts. A failure to start is an attempt with verdict ERROR as well, given through done() later, so that
 * there is one path. Never NULL. */
struct bc_boot_run *bc_boot_run_new(const struct bc_boot_options *options) BC_MUST_CHECK;
/* Ends it; the attempt becomes ERROR "interrupted" unless it was decided. done() follows. */
void bc_boot_run_cancel(struct bc_boot_run *boot);
void bc_boot_run_free(struct bc_boot_run *boot);
const struct bc_job *bc_boot_run_job(const struct bc_boot_run *boot);

#endif
