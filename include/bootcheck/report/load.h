/* Reads a run back from its journal, so that any report can be made again. */
#ifndef BOOTCHECK_REPORT_LOAD_H
#define BOOTCHECK_REPORT_LOAD_H

#include <bootcheck/model/result.h>

/* Reads dir/events.jsonl (docs/run-folder.md). A torn last line is dropped. Cases without an end get
 * is_done = false and one ERROR attempt "interrupted before a verdict". BC_E_IO, BC_E_FORMAT with the
 * line. The caller releases with bc_run_release(). */
bool bc_report_load(const char *dir, struct bc_run *run, struct bc_err *err) BC_MUST_CHECK;

#endif
