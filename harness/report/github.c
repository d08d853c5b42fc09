/* GitHub Actions: workflow commands for annotations, and the Markdown of a step summary. */
#include <bootcheck/base/text.h>
#include <bootcheck/report/report.h>
#include <bootcheck/report/text.h>

#define MAX_ANNOTATIONS 10  /* GitHub shows no more of a step */
#define MAX_ROWS	500 /* a step summary ends at 1 MiB */
#define MAX_DETAILS	50
#define MAX_CELL	300  /* columns */
#define MAX_EXCERPT	8000 /* bytes */

/* %-escapes: '%' and line ends everywhere, ':' and ',' in a property. */
static void command_text(struct bc_buf *out, const char *text, size_t max, bool is_property)
{
	BC_AUTO(bc_buf) safe = {0};
	bc_report_excerpt(&safe, text, max);
	for (size_t i = 0; i < safe.len; i++) {
		char c = safe.data[i];
		if (c == '%' || c == '\n' || c == '\r' || (is_property && (c == ':' || c == ',')))
			bc_buf_addf(out, "%%%02X", (unsigned)c);
		else
			bc_buf_addc(out, c);
	}
}

static void annotation(struct bc_buf *out, const struct bc_result *r)
{
	const struct bc_attempt *a = bc_report_attempt(r);
	bc_buf_adds(out, "::error ");
	if (r->file && *r->file) {
		bc_buf_adds(out, "file=");
		command_text(out, r->file, 1000, true);
		bc_buf_adds(out, ",line=1,");
	}
	BC_AUTO_FREE char *title = bc_asprintf("%.500s: %.100s", r->id, bc_report_type(a));
	BC_AUTO(bc_buf) message = {0};
	bc_buf_adds(out, "title=");
	command_text(out, title, 1000, true);
	bc_buf_adds(out, "::");
	bc_buf_adds(&message, bc_report_title(a));
	if (a && a->hint && *a->hint)
		bc_buf_addf(&message, "\nhint: %s", a->hint);
	command_text(out, message.data, 4000, false);
	bc_buf_addc(out, '\n');
}

static bool is_bad(const struct bc_result *r)
{
	enum bc_verdict v = bc_report_verdict(r);
	return v == BC_FAIL || v == BC_ERROR;
}

static void annotations(const struct bc_run *run, struct bc_buf *out)
{
	size_t bad = 0;
	bc_vec_each (r, &run->results)
		if (is_bad(r) && bad++ < MAX_ANNOTATIONS)
			annotation(out, r);
	if (bad > MAX_ANNOTATIONS)
		bc_buf_addf(out, "::notice title=bootcheck::%zu more cases did not pass\n",
			bad - MAX_ANNOTATIONS);
}

/* Markdown in a table's cell: HTML as entities, everything that Markdown acts on escaped. */
static void cell(struct bc_buf *out, const char *text)
{
	BC_AUTO(bc_buf) safe = {0};
	(void)bc_columns_cut(&safe, text, MAX_CELL, true);
	for (size_t i = 0; i < safe.len; i++) {
		char c = safe.data[i];
		if (c == '<')
			bc_buf_adds(out, "&lt;");
		else if (c == '>')
			bc_buf_adds(out, "&gt;");
		else if (c == '&')
			bc_buf_adds(out, "&amp;");
		else if (c == '@') /* mentions nobody */
			bc_buf_adds(out, "&#64;");
		else if (strchr("\\`*_[]#|~$", c))
			bc_buf_addf(out, "\\%c", c);
		else
			bc_buf_addc(out, c);
	}
}

static void html(struct bc_buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '<')
			bc_buf_adds(out, "&lt;");
		else if (*text == '>')
			bc_buf_adds(out, "&gt;");
		else if (*text == '&')
			bc_buf_adds(out, "&amp;");
		else
			bc_buf_addc(out, *text);
	}
}

static void row(struct bc_buf *out, const struct bc_result *r)
{
	static const char *const marks[] = {"\xe2\x9c\x85 pass", "\xe2\x9d\x8c **fail**",
		"\xe2\x9a\xa0\xef\xb8\x8f known", "\xe2\x8f\xad\xef\xb8\x8f skip",
		"\xf0\x9f\x92\xa5 **error**"};
	const struct bc_attempt *a = bc_report_attempt(r);
	enum bc_verdict v = bc_report_verdict(r);
	char time[32] = "";
	if (a && a->duration_ms)
		bc_duration_format(a->duration_ms, time, sizeof(time));
	bc_buf_addf(out, "| %s%s | ", marks[v], r->is_flaky ? ", flaky" : "");
	cell(out, r->id);
	bc_buf_addf(out, " | %s | ", time);
	if (v != BC_PASS || (a && a->title))
		cell(out, bc_report_title(a));
	if ((v == BC_SKIP || v == BC_KNOWN) && a && a->hint && *a->hint) {
		bc_buf_adds(out, ": ");
		cell(out, a->hint);
	}
	bc_buf_adds(out, " |\n");
}

/* <pre> needs no Markdown escapes, only HTML's. */
static void details(struct bc_buf *out, const struct bc_result *r)
{
	const struct bc_attempt *a = bc_report_attempt(r);
	if (!a || !a->excerpt || !*a->excerpt)
		return;
	BC_AUTO(bc_buf) text = {0};
	BC_AUTO(bc_buf) id = {0};
	bc_report_excerpt(&text, a->excerpt, MAX_EXCERPT);
	(void)bc_columns_cut(&id, r->id, MAX_CELL, true);
	bc_buf_adds(out, "\n<details><summary>");
	html(out, id.data ? id.data : "");
	bc_buf_adds(out, "</summary>\n\n<pre>\n");
	/* A blank line would end the HTML block, and Markdown would begin inside of it. */
	for (char *p = text.data, *next; p; p = next) {
		next = strchr(p, '\n');
		if (next)
			*next++ = '\0';
		html(out, *p ? p : " ");
		bc_buf_addc(out, '\n');
	}
	bc_buf_adds(out, "</pre>\n</details>\n");
}

static void step_summary(const struct bc_run *run, struct bc_buf *out)
{
	struct bc_counts n = bc_run_count(run);
	char time[32];
	bc_duration_format(run->duration_ms, time, sizeof(time));
	bc_buf_addf(out, "### bootcheck: %zu passed, %zu failed", n.pass, n.fail);
	const struct {
		size_t count;
		const char *word;
	} rest[] = {
		{n.error, "errors"}, {n.known, "known"}, {n.skip, "skipped"}, {n.flaky, "flaky"}};
	for (size_t i = 0; i < BC_LEN(rest); i++)
		if (rest[i].count)
			bc_buf_addf(out, ", %zu %s", rest[i].count, rest[i].word);
	bc_buf_addf(out, " in %s%s\n\n", time, run->is_finished ? "" : ", interrupted");
	bc_buf_adds(out, "| Verdict | Case | Time | Cause |\n| --- | --- | ---: | --- |\n");
	/* What did not pass comes first, and is what stays when rows are left out. */
	size_t rows = 0;
	for (int bad = 1; bad >= 0; bad--)
		bc_vec_each (r, &run->results)
			if (is_bad(r) == (bad == 1) && rows++ < MAX_ROWS)
				row(out, r);
	if (rows > MAX_ROWS)
		bc_buf_addf(out, "\n%zu more cases are not shown.\n", rows - MAX_ROWS);
	size_t shown = 0;
	bc_vec_each (r, &run->results)
		if (is_bad(r) && shown++ < MAX_DETAILS)
			details(out, r);
}

void bc_report_github(const struct bc_run *run, struct bc_buf *out, struct bc_buf *summary)
{
	annotations(run, out);
	step_summary(run, summary);
}
