/* The end of a run on a terminal: what went wrong first, the counts last. */
#include <bootcheck/base/text.h>
#include <bootcheck/report/index.h>
#include <bootcheck/report/report.h>
#include <bootcheck/report/text.h>

#define MAX_LINES  12  /* of an excerpt */
#define MAX_WIDTH  160 /* columns of an excerpt's line */
#define MAX_SHOWN  50  /* cases told in full */
#define MAX_REASON 200 /* columns of a reason */

static const char *const words[] = {"PASS ", "FAIL ", "KNOWN", "SKIP ", "ERROR"};
static const char *const paints[] = {"\033[32m", "\033[1;31m", "\033[33m", "\033[36m", "\033[35m"};

static void paint(struct bc_buf *out, bool color, const char *code)
{
	if (color)
		bc_buf_adds(out, code);
}

static void add_line(struct bc_buf *out, const char *text, size_t width)
{
	(void)bc_columns_cut(out, text, width, true);
}

static void head(struct bc_buf *out, const struct bc_result *r, bool color)
{
	enum bc_verdict v = bc_report_verdict(r);
	paint(out, color, paints[v]);
	bc_buf_adds(out, words[v]);
	paint(out, color, "\033[0m");
	bc_buf_adds(out, " ");
	paint(out, color, "\033[1m");
	bc_escape_text(out, r->id, strlen(r->id), false);
	paint(out, color, "\033[0m");
}

/* "panic, phase kernel, 1.9 s after the start, attempt 2 of 2" */
static void circumstances(struct bc_buf *out, const struct bc_result *r, const struct bc_attempt *a)
{
	bc_buf_addf(out, "  %s", bc_report_type(a));
	const char *phase = bc_report_phase(a);
	if (phase) {
		bc_buf_adds(out, ", phase ");
		add_line(out, phase, 40);
	}
	if (a->step)
		bc_buf_addf(out, ", step %d", a->step);
	if (a->verdict_ms) {
		char time[32];
		bc_duration_format(a->verdict_ms, time, sizeof(time));
		bc_buf_addf(out, ", %s after the start", time);
	}
	if (r->attempts.len > 1)
		bc_buf_addf(out, ", attempt %zu of %zu", (size_t)(a - r->attempts.items) + 1,
			r->attempts.len);
}

struct lines {
	BC_VEC(char *);
};

static void lines_cleanup(struct lines *lines)
{
	free(lines->items);
}

/* The title as the console may have it. */
static const char *plain_title(const struct bc_attempt *a)
{
	static const char head[] = "U-Boot: ";
	return bc_has_prefix(a->title, head) ? a->title + sizeof(head) - 1 : a->title;
}

/* Shows at most MAX_LINES around the line that has the title, or the last ones; that line stands out. Where a
 * command failed, the dialog says more than the console with the markers that frame it. */
static void excerpt(struct bc_buf *out, const struct bc_attempt *a, bool color)
{
	BC_AUTO(bc_buf) dialog = {.max = 1 << 20};
	if (a->kind == BC_KIND_COMMAND)
		bc_report_dialog(&dialog, a);
	BC_AUTO_FREE char *copy = bc_strdup(dialog.len ? dialog.data : a->excerpt);
	__attribute__((cleanup(lines_cleanup))) struct lines lines = {0};
	for (char *p = copy, *next; p; p = next) {
		next = strchr(p, '\n');
		if (next)
			*next++ = '\0';
		if (*p || (next && lines.len))
			bc_vec_push(&lines, p);
	}
	size_t hit = SIZE_MAX;
	for (size_t i = 0; a->title && *a->title && i < lines.len; i++)
		if (strstr(lines.items[i], plain_title(a)))
			hit = i;
	size_t end = lines.len;
	if (hit != SIZE_MAX && hit + MAX_LINES / 3 < end)
		end = hit + MAX_LINES / 3 < MAX_LINES ? MAX_LINES : hit + MAX_LINES / 3;
	if (end > lines.len)
		end = lines.len;
	size_t from = end > MAX_LINES ? end - MAX_LINES : 0;
	if (from < end)
		bc_buf_addc(out, '\n');
	for (size_t i = from; i < end; i++) {
		bc_buf_adds(out, "        ");
		paint(out, color, i == hit ? "\033[1m" : "\033[2m");
		add_line(out, lines.items[i], MAX_WIDTH);
		paint(out, color, "\033[0m");
		bc_buf_addc(out, '\n');
	}
	if (from < end)
		bc_buf_addc(out, '\n');
}

/* Where to look: the console with its line, else the attempt's folder; from here if it is below. */
static void place(struct bc_buf *out, const struct bc_run *run, const struct bc_attempt *a)
{
	BC_AUTO_FREE char *console = bc_report_file(run, a, "console.log");
	BC_AUTO_FREE char *folder = console ? NULL : bc_report_file(run, a, "");
	const char *path = console ? console : folder;
	if (!path)
		return;
	BC_AUTO_FREE char *relative = bc_report_relative(path, ".");
	if (!bc_has_prefix(relative, "../"))
		path = relative;
	bc_buf_adds(out, "      ");
	bc_escape_text(out, path, strlen(path), false);
	if (console && a->line)
		bc_buf_addf(out, ":%d", a->line);
	bc_buf_addc(out, '\n');
}

static void failure(
	struct bc_buf *out, const struct bc_run *run, const struct bc_result *r, bool color)
{
	const struct bc_attempt *a = bc_report_attempt(r);
	head(out, r, color);
	if (a)
		circumstances(out, r, a);
	bc_buf_adds(out, "\n      ");
	paint(out, color, "\033[1m");
	const char *title = bc_report_title(a);
	bc_escape_text(out, title, strnlen(title, 1000), false);
	paint(out, color, "\033[0m");
	bc_buf_addc(out, '\n');
	if (!a)
		return;
	if (a->excerpt && *a->excerpt)
		excerpt(out, a, color);
	if (a->hint && *a->hint) {
		bc_buf_adds(out, "      hint: ");
		bc_escape_text(out, a->hint, strnlen(a->hint, 1000), false);
		bc_buf_addc(out, '\n');
	}
	place(out, run, a);
}

/* One line for what is no failure but should be seen: known ones, flaky passes, skips. */
static void remark(struct bc_buf *out, const struct bc_result *r, bool color)
{
	const struct bc_attempt *a = bc_report_attempt(r);
	head(out, r, color);
	bc_buf_adds(out, "  ");
	if (bc_report_verdict(r) == BC_PASS) {
		size_t bad = 0;
		const struct bc_attempt *last = NULL;
		bc_vec_each (each, &r->attempts) {
			bad += each->verdict != BC_PASS;
			last = each->verdict != BC_PASS ? each : last;
		}
		bc_buf_addf(out, "flaky: %zu of %zu attempts did not pass: ", bad, r->attempts.len);
		a = last;
	}
	add_line(out, bc_report_title(a), MAX_REASON);
	if (a && a->hint && *a->hint && bc_report_verdict(r) != BC_PASS) {
		bc_buf_adds(out, ": ");
		add_line(out, a->hint, MAX_REASON);
	}
	bc_buf_addc(out, '\n');
}

/* "missing qemu-system-ppc64: apt-get install qemu-system-ppc" */
static char *reason(const struct bc_result *r)
{
	const struct bc_attempt *a = bc_report_attempt(r);
	BC_AUTO(bc_buf) text = {0};
	add_line(&text, bc_report_title(a), MAX_REASON);
	if (a && a->hint && *a->hint) {
		bc_buf_adds(&text, ": ");
		add_line(&text, a->hint, MAX_REASON);
	}
	return bc_buf_take(&text);
}

/* The one reason of all skips, or NULL when there are several. The caller frees. */
static char *common_reason(const struct bc_run *run)
{
	char *common = NULL;
	bc_vec_each (r, &run->results) {
		if (bc_report_verdict(r) != BC_SKIP)
			continue;
		BC_AUTO_FREE char *this = reason(r);
		if (!common) {
			common = BC_TAKE(this);
		} else if (strcmp(common, this) != 0) {
			free(common);
			return NULL;
		}
	}
	return common;
}

static void count(struct bc_buf *out, size_t n, const char *word, const char *code, bool color)
{
	if (!n)
		return;
	bc_buf_adds(out, out->len && out->data[out->len - 1] != '\n' ? ", " : "");
	paint(out, color, code);
	bc_buf_addf(out, "%zu %s", n, word);
	paint(out, color, "\033[0m");
}

static void counts(struct bc_buf *out, const struct bc_run *run, const char *skips, bool color)
{
	struct bc_counts n = bc_run_count(run);
	char time[32];
	bc_duration_format(run->duration_ms, time, sizeof(time));
	BC_AUTO(bc_buf) line = {0};
	count(&line, n.pass, "passed", paints[BC_PASS], color);
	if (n.flaky)
		bc_buf_addf(&line, " (%zu flaky)", n.flaky);
	count(&line, n.fail, "failed", paints[BC_FAIL], color);
	count(&line, n.error, n.error == 1 ? "error" : "errors", paints[BC_ERROR], color);
	count(&line, n.known, "known", paints[BC_KNOWN], color);
	count(&line, n.skip, "skipped", paints[BC_SKIP], color);
	if (n.skip && skips)
		bc_buf_addf(&line, " (%s)", skips);
	bc_buf_adds(out, line.len ? line.data : "no cases");
	bc_buf_addf(out, " in %s%s\n", time, run->is_finished ? "" : ", interrupted");
}

/* Of an interrupted run: a case that was not even begun. */
static bool is_unreached(const struct bc_result *r)
{
	const struct bc_attempt *a = bc_result_last(r);
	return !r->is_done && (!a || (r->attempts.len == 1 && !a->dir && !a->phases.len));
}

void bc_report_summary(const struct bc_run *run, bool color, struct bc_buf *out)
{
	BC_AUTO_FREE char *skips = common_reason(run);
	size_t remarks = 0, shown = 0, hidden = 0, unreached = 0;
	bc_vec_each (r, &run->results) {
		enum bc_verdict v = bc_report_verdict(r);
		if (v != BC_FAIL && v != BC_ERROR)
			continue;
		if (is_unreached(r)) {
			unreached++;
		} else if (shown++ < MAX_SHOWN) {
			failure(out, run, r, color);
			if (!bc_has_suffix(out->data, "\n\n"))
				bc_buf_addc(out, '\n');
		} else {
			hidden++;
		}
	}
	if (hidden)
		bc_buf_addf(out, "and %zu more that did not pass\n\n", hidden);
	if (unreached)
		bc_buf_addf(out, "The run was interrupted before it came to %zu case%s.\n\n",
			unreached, unreached == 1 ? "" : "s");
	bc_vec_each (r, &run->results) {
		enum bc_verdict v = bc_report_verdict(r);
		if (v == BC_KNOWN || (v == BC_SKIP && !skips) || (v == BC_PASS && r->is_flaky)) {
			if (remarks++ < MAX_SHOWN)
				remark(out, r, color);
		}
	}
	if (remarks > MAX_SHOWN)
		bc_buf_addf(out, "and %zu more like these\n", remarks - MAX_SHOWN);
	if (remarks)
		bc_buf_addc(out, '\n');
	counts(out, run, skips, color);
}
