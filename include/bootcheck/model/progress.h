/* What a run tells whoever watches it. The run and build layers call, the report layer's terminal
 * listens; the command line joins the two. */
#ifndef BOOTCHECK_MODEL_PROGRESS_H
#define BOOTCHECK_MODEL_PROGRESS_H

#include <bootcheck/model/result.h>

enum bc_progress_kind {
	BC_PROGRESS_BUILD_START, /* text: what ("apt busybox-static:armhf"), id: artifact's name */
	BC_PROGRESS_BUILD_STEP,	 /* text: what goes on; done/total bytes when total > 0 */
	BC_PROGRESS_BUILD_END,	 /* text: "hit", "found" (resolved), "built", "needs" (what
				    failed and was told), or the error */
	BC_PROGRESS_BUILD_SUM,	 /* text: what was built and what was there, once all is done */
	BC_PROGRESS_START,	 /* id: case; number: attempt (1-based) */
	BC_PROGRESS_PHASE,	 /* text: phase */
	BC_PROGRESS_LINE,	 /* text: the console's newest line, escaped */
	BC_PROGRESS_STEP,	 /* text: the step as the case writes it */
	BC_PROGRESS_ATTEMPT,	 /* attempt: its outcome; more attempts follow */
	BC_PROGRESS_END,	 /* result: the case's outcome */
	BC_PROGRESS_NOTE,	 /* text: a warning about the run itself */
};

struct bc_progress {
	enum bc_progress_kind kind;
	const char *id;	  /* case id or artifact name */
	const char *text; /* may be NULL; all borrowed for the call */
	int number;
	uint64_t done, total; /* bytes */
	uint64_t elapsed_ms;  /* of this case or build */
	const struct bc_attempt *attempt;
	const struct bc_result *result;
};

/* Called from one thread at a time. */
typedef void bc_progress_fn(void *ctx, const struct bc_progress *progress);

struct bc_watcher {
	bc_progress_fn *fn; /* NULL = nobody watches */
	void *ctx;
};

static inline void bc_watcher_tell(
	const struct bc_watcher *watcher, const struct bc_progress *progress)
{
	if (watcher && watcher->fn)
		watcher->fn(watcher->ctx, progress);
}

#endif
