/* What `run`, `report` and `merge` do alike with the outcome of a run. */
#ifndef BOOTCHECK_CLI_REPORTS_H
#define BOOTCHECK_CLI_REPORTS_H

#include <bootcheck/base/buf.h>
#include <bootcheck/base/err.h>
#include <bootcheck/model/result.h>

/* Writes junit.xml, results.json and index.html into the run's folder, each atomically. */
bool bc_cli_reports_write(const struct bc_run *run, struct bc_err *err) BC_MUST_CHECK;
/* Writes one more JUnit file ("-" = stdout). Attachments are named as seen from base; NULL = from the
 * folder of file (the working folder for "-"), "/" = by absolute paths. */
bool bc_cli_reports_junit(const struct bc_run *run, const char *file, const char *base,
	struct bc_err *err) BC_MUST_CHECK;
/* Prints GitHub's annotations to stdout and appends the Markdown to the file that GITHUB_STEP_SUMMARY
 * names; without it the Markdown is printed too if print_summary. */
bool bc_cli_reports_github(
	const struct bc_run *run, bool print_summary, struct bc_err *err) BC_MUST_CHECK;
/* Writes text to stdout with as few writes as possible. */
bool bc_cli_print(const struct bc_buf *text, struct bc_err *err) BC_MUST_CHECK;
/* The same for text that quotes a guest: under GitHub Actions, which takes commands from whatever a step
 * prints ("::add-path::…"), it stands between a pair of stop-commands with a random word. */
bool bc_cli_print_guest(const struct bc_buf *text, struct bc_err *err) BC_MUST_CHECK;
/* The two lines around such text; the same word again on the second call. NULL when this is not GitHub
 * Actions. The caller frees. */
char *bc_cli_github_guard(bool begin) BC_MUST_CHECK;

#endif
