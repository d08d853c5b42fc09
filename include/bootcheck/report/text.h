/* What the reports share: which attempt tells a result's story, and text cut to size. */
#ifndef BOOTCHECK_REPORT_TEXT_H
#define BOOTCHECK_REPORT_TEXT_H

#include <bootcheck/base/buf.h>
#include <bootcheck/model/result.h>

/* The verdict that counts: ERROR for a case that was interrupted. */
enum bc_verdict bc_report_verdict(const struct bc_result *result);
/* The newest attempt with the result's verdict, else the newest; NULL when there is none. */
const struct bc_attempt *bc_report_attempt(const struct bc_result *result);
/* The attempt's title, or what there is to say without one. Never NULL; borrowed. */
const char *bc_report_title(const struct bc_attempt *attempt);
/* "panic", "hang-idle", … of a FAIL, the error code of an ERROR, otherwise the verdict's name. */
const char *bc_report_type(const struct bc_attempt *attempt);
/* The phase that the boot had reached, without "off"; NULL when none. Borrowed. */
const char *bc_report_phase(const struct bc_attempt *attempt);
/* Whose prompt something was typed at, as a prompt: "=> ", "# ", or "". */
const char *bc_report_reader(const struct bc_exchange *exchange);
/* Appends what was typed and what came back, a line each. */
void bc_report_dialog(struct bc_buf *out, const struct bc_attempt *attempt);
/* The path of a file in the attempt's folder; NULL if it is not there. The caller frees. */
char *bc_report_file(
	const struct bc_run *run, const struct bc_attempt *attempt, const char *name) BC_MUST_CHECK;
/* path as seen from the folder base, both taken as text; base NULL or "/" gives an absolute path. The
 * caller frees. */
char *bc_report_relative(const char *path, const char *base) BC_MUST_CHECK;

/* Columns that valid UTF-8 takes on a terminal: wide characters 2, combining ones 0. */
size_t bc_columns(const char *text, size_t len);
/* Appends text escaped (bc_escape_text, newlines too; a tab becomes a blank) and cut to so many
 * columns, an ellipsis at the end if something is missing. Without utf8 every character outside ASCII
 * becomes '?'. Returns the columns written. */
size_t bc_columns_cut(struct bc_buf *out, const char *text, size_t columns, bool utf8);
/* Appends text escaped, newlines kept; of more than max bytes only head and tail, at whole lines where
 * possible, with a note between. */
void bc_report_excerpt(struct bc_buf *out, const char *text, size_t max);

#endif
