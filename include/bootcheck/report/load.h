/* Reads a run back from its journal, so that any report can be made again. */
#ifndef BOOTCHECK_REPORT_LOAD_H
#define BOOTCHECK_REPORT_LOAD_H

#include <bootcheck/model/result.h>

/* Bounds of a journal; more is BC_E_LIMIT. */
#define BC_JOURNAL_MAX_BYTES	((size_t)256 << 20)
#define BC_JOURNAL_MAX_LINE	((size_t)8 << 20)
#define BC_JOURNAL_MAX_CASES	100000
#define BC_JOURNAL_MAX_ATTEMPTS 10000 /* of one case */

/* Reads dir/events.jsonl (docs/run-folder.md). A torn last line is dropped, and so is a torn line before
 * a further `run-start` (a run that was taken up again). Unknown kinds and members are ignored, the later
 * of two lines about one attempt counts. Cases without an end get is_done = false and a last ERROR
 * attempt "interrupted before a verdict" (error_code "interrupted") behind the attempts that ended.
 * BC_E_IO; BC_E_FORMAT and BC_E_LIMIT with the file and line. The caller releases with
 * bc_run_release(). */
bool bc_report_load(const char *dir, struct bc_run *run, struct bc_err *err) BC_MUST_CHECK;
/* The same from bytes in memory; run->dir is dir. */
bool bc_report_parse(const char *dir, const char *data, size_t len, struct bc_run *run,
	struct bc_err *err) BC_MUST_CHECK;

#endif
