/* The reports. Each takes a whole run and writes one file atomically, or prints. */
#ifndef BOOTCHECK_REPORT_REPORT_H
#define BOOTCHECK_REPORT_REPORT_H

#include <bootcheck/base/buf.h>
#include <bootcheck/model/progress.h>

/* JUnit XML into out: valid XML 1.0 whatever the guest printed. Attachments are paths relative to
 * base_dir (the folder where the file will stand; NULL = the run's folder). */
bool bc_report_junit(const struct bc_run *run, const char *base_dir, struct bc_buf *out,
	struct bc_err *err) BC_MUST_CHECK;
/* TAP 14 with YAML blocks. */
void bc_report_tap(const struct bc_run *run, struct bc_buf *out);
/* results.json (docs/results.schema.json). */
void bc_report_json(const struct bc_run *run, struct bc_buf *out);
/* index.html: the run as one page that needs no other file and no script. It quotes the consoles of the
 * attempts (long ones shortened) and links to the attempts' files relative to the run's folder. */
void bc_report_html(const struct bc_run *run, struct bc_buf *out);
/* GitHub workflow commands (::error file=…) and the Markdown of a step summary. */
void bc_report_github(const struct bc_run *run, struct bc_buf *annotations, struct bc_buf *summary);
/* The summary at the end of a run on a terminal: failures with cause and excerpt, counts, time. */
void bc_report_summary(const struct bc_run *run, bool color, struct bc_buf *out);

/* Live progress. On a tty a block of status lines (case, phase, last console line, elapsed) is kept
 * below the finished ones; elsewhere one plain line per event that matters. */
struct bc_terminal;
struct bc_terminal *bc_terminal_new(int fd, bool is_tty, bool color, bool quiet) BC_MUST_CHECK;
/* A bc_progress_fn; ctx is the terminal. */
void bc_terminal_progress(void *terminal, const struct bc_progress *progress);
/* Redraws the status lines (elapsed times); call it a few times a second. Nothing when not a tty. */
void bc_terminal_tick(struct bc_terminal *terminal);
/* Removes the status lines and frees. */
void bc_terminal_free(struct bc_terminal *terminal);

#endif
