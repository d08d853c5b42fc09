/* TAP 14 (testanything.org), one test point a case; the diagnosis in a YAML block. */
#include <inttypes.h>

#include <bootcheck/base/text.h>
#include <bootcheck/report/report.h>
#include <bootcheck/report/text.h>

#define MAX_TEXT ((size_t)16 << 10)

/* Descriptions and reasons: '#' would begin a directive, '\' escapes. */
static void description(struct bc_buf *out, const char *text)
{
	BC_AUTO(bc_buf) safe = {0};
	bc_escape_text(&safe, text, strnlen(text, 4096), false);
	for (size_t i = 0; i < safe.len; i++) {
		if (safe.data[i] == '#' || safe.data[i] == '\\')
			bc_buf_addc(out, '\\');
		bc_buf_addc(out, safe.data[i]);
	}
}

/* A double-quoted YAML scalar: what bc_escape_text leaves needs only these two escapes. */
static void scalar(struct bc_buf *out, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	BC_AUTO(bc_buf) safe = {0};
	bc_report_excerpt(&safe, text, MAX_TEXT);
	bc_buf_addf(out, "  %s: \"", key);
	for (size_t i = 0; i < safe.len; i++) {
		if (safe.data[i] == '\n') {
			bc_buf_adds(out, "\\n");
			continue;
		}
		if (safe.data[i] == '"' || safe.data[i] == '\\')
			bc_buf_addc(out, '\\');
		bc_buf_addc(out, safe.data[i]);
	}
	bc_buf_adds(out, "\"\n");
}

/* A literal block; its indentation is told, since the first line may begin with blanks. */
static void block(struct bc_buf *out, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	BC_AUTO(bc_buf) safe = {0};
	bc_report_excerpt(&safe, text, MAX_TEXT);
	bc_buf_addf(out, "  %s: |2-\n", key);
	for (char *p = safe.data, *next; p; p = next) {
		next = strchr(p, '\n');
		if (next)
			*next++ = '\0';
		bc_buf_addf(out, "%s%s\n", *p ? "    " : "", p);
	}
}

static void number(struct bc_buf *out, const char *key, uint64_t value)
{
	if (value)
		bc_buf_addf(out, "  %s: %" PRIu64 "\n", key, value);
}

static void diagnosis(struct bc_buf *out, const struct bc_attempt *a)
{
	bc_buf_adds(out, "  ---\n");
	scalar(out, "message", bc_report_title(a));
	scalar(out, "severity", a->verdict == BC_FAIL ? "fail" : bc_verdict_name(a->verdict));
	if (a->verdict == BC_FAIL || a->verdict == BC_ERROR || a->verdict == BC_KNOWN)
		scalar(out, a->verdict == BC_ERROR ? "error" : "kind",
			a->verdict == BC_KNOWN && a->kind ? bc_kind_name(a->kind)
							  : bc_report_type(a));
	scalar(out, "detector", a->detector);
	scalar(out, "phase", bc_report_phase(a));
	number(out, "step", (uint64_t)a->step);
	number(out, "line", (uint64_t)a->line);
	number(out, "verdict_ms", a->verdict_ms);
	number(out, "duration_ms", a->duration_ms);
	scalar(out, "hint", a->hint);
	scalar(out, "dir", a->dir);
	block(out, "console", a->excerpt);
	bc_buf_adds(out, "  ...\n");
}

static void directive(struct bc_buf *out, const char *word, const struct bc_attempt *a)
{
	bc_buf_addf(out, " # %s ", word);
	description(out, bc_report_title(a));
	if (a && a->hint && *a->hint) {
		bc_buf_adds(out, ": ");
		description(out, a->hint);
	}
}

void bc_report_tap(const struct bc_run *run, struct bc_buf *out)
{
	bc_buf_addf(out, "TAP version 14\n1..%zu\n", run->results.len);
	for (size_t i = 0; i < run->results.len; i++) {
		const struct bc_result *r = &run->results.items[i];
		const struct bc_attempt *a = bc_report_attempt(r);
		enum bc_verdict v = bc_report_verdict(r);
		bool is_ok = v == BC_PASS || v == BC_SKIP;
		bc_buf_addf(out, "%s %zu - ", is_ok ? "ok" : "not ok", i + 1);
		description(out, r->id);
		if (v == BC_SKIP)
			directive(out, "SKIP", a);
		if (v == BC_KNOWN)
			directive(out, "TODO", a);
		bc_buf_addc(out, '\n');
		if (!is_ok && a)
			diagnosis(out, a);
		else if (v == BC_PASS && a && a->duration_ms)
			bc_buf_addf(
				out, "  ---\n  duration_ms: %" PRIu64 "\n  ...\n", a->duration_ms);
	}
	if (!run->is_finished)
		bc_buf_adds(out, "# the run was interrupted\n");
}
