/* Boots: cases whose artifacts are there become attempts, verdicts and a journal. */
#ifndef BOOTCHECK_RUN_RUN_H
#define BOOTCHECK_RUN_RUN_H

#include <bootcheck/model/case.h>
#include <bootcheck/model/files.h>
#include <bootcheck/model/progress.h>
#include <bootcheck/run/journal.h>

/* One case to run. */
struct bc_job {
	const struct bc_case *c;
	enum {
		BC_JOB_READY,
		BC_JOB_SKIP,
		BC_JOB_ERROR,
		BC_JOB_DONE
	} state;		    /* DONE: `previous` stands */
	struct bc_err why;	    /* SKIP, ERROR */
	struct bc_files files;	    /* READY */
	struct bc_strs warnings;    /* READY: what is known before the boot to be wrong with it */
	struct bc_result *previous; /* DONE: from a run that is resumed; taken */
};

struct bc_run_options {
	const char *dir;       /* the run's folder; exists */
	const char *id;	       /* its name */
	int jobs;	       /* boots at once, ≥ 1 */
	uint64_t memory_bytes; /* for all guests together, 0 = no limit */
	int repeat;	       /* boots of each case, ≥ 1 */
	int retries;	       /* further boots after one that did not pass */
	bool fail_fast;	       /* start nothing more after a FAIL */
	double scale;	       /* of every limit; 1 = as written */
	bool is_cancelled; /* interrupted before it began: start nothing, report what is there */
	struct bc_watcher watcher;
	void (*after_case)(
		void *ctx, const struct bc_run *run); /* after each case's end; may be NULL */
	void (*tick)(void *ctx);		      /* a few times a second; may be NULL */
	void *ctx;
};

/* Begins a run before anything is built: opens dir/events.jsonl, writes what the run is made of, and gives run a
 * result for each case, in their order. NULL with BC_E_IO or BC_E_USAGE. The caller frees the journal and releases
 * run. */
struct bc_journal *bc_run_begin(struct bc_case *const *cases, size_t count,
	const struct bc_run_options *options, struct bc_run *run, struct bc_err *err) BC_MUST_CHECK;

/* Runs the jobs, one for each result of run, writes to the journal and each case's files, fills run. SIGINT and
 * SIGTERM end it: what was decided stays, the rest is not done, *interrupted is the signal's number. BC_E_IO when the
 * journal cannot be written. */
bool bc_run_all(struct bc_journal *journal, struct bc_job *jobs, size_t count,
	const struct bc_run_options *options, struct bc_run *run, int *interrupted,
	struct bc_err *err) BC_MUST_CHECK;

/* Judges a recorded console (raw bytes): the same session without a machine. chunk: bytes per push, 0 =
 * all at once. attempt receives the outcome; the caller releases it. */
bool bc_run_replay(const struct bc_case *c, const char *data, size_t len, size_t chunk,
	struct bc_attempt *attempt, struct bc_err *err) BC_MUST_CHECK;

/* The same with the kernel's records that were read beside it (run/records.h), as a file's text. */
bool bc_run_replay_records(const struct bc_case *c, const char *data, size_t len,
	const struct bc_buf *records, struct bc_attempt *attempt, struct bc_err *err) BC_MUST_CHECK;

/* What a boot with a port of the kernel's own leaves: what each port printed, and serial.order. */
struct bc_recording {
	const char *console, *kernel;
	size_t console_len, kernel_len;
	const char *order; /* its text; "" = the kernel's port first. Nonsense in it ends it. */
	int uart;	   /* the kernel's */
};
/* The same for two ports. */
bool bc_run_replay_ports(const struct bc_case *c, const struct bc_recording *recording,
	struct bc_attempt *attempt, struct bc_err *err) BC_MUST_CHECK;

/* The emulator's argv for a case, to be shown: with by_hand the serial console is on the terminal, otherwise
 * as bootcheck starts it, with `pipes` as the folder of the serial ports' FIFOs and QMP on descriptor
 * qmp_fd. */
void bc_qemu_argv(const struct bc_case *c, const struct bc_files *files, bool by_hand,
	const char *pipes, int qmp_fd, int ram_fd, struct bc_strs *argv);

#endif
