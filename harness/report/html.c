/* A run as one page: no script, no other file, readable even where the style is not allowed. */
#include <inttypes.h>

#include <bootcheck/base/text.h>
#include <bootcheck/report/report.h>
#include <bootcheck/report/text.h>
#include <bootcheck/sys/fs.h>

#define MAX_CONSOLE  ((size_t)32 << 20) /* of a file that is read */
#define MAX_EMBEDDED ((size_t)16 << 20) /* of all consoles in the page */
#define HEAD_LINES   150
#define AROUND_LINES 150
#define TAIL_LINES   400
#define MAX_LINE     2000 /* bytes shown of a console's line */
#define MAX_PHASES   32

static const char style[] =
	":root{color-scheme:light dark;--bg:#fff;--fg:#1c1e21;--dim:#667;--line:#dde;--box:#f5f6f8;"
	"--pass:#197a3e;--fail:#c4232b;--known:#946200;--skip:#3b6ea5;--error:#8a3fa0;--mark:#"
	"ffe9a8}"
	"@media(prefers-color-scheme:dark){:root{--bg:#16181c;--fg:#dfe2e6;--dim:#9aa3ad;"
	"--line:#31353c;--box:#1f2228;--pass:#57c785;--fail:#ff7b7b;--known:#e0b050;--skip:#79aee8;"
	"--error:#cf8fe0;--mark:#5a4a12}}"
	"body{margin:0 auto;max-width:75rem;padding:1rem;background:var(--bg);color:var(--fg);"
	"font:15px/1.45 system-ui,sans-serif}h1{font-size:1.3rem;margin:.3rem 0}"
	"a{color:inherit}small,dt,.dim{color:var(--dim)}"
	"table{border-collapse:collapse;width:100%;margin:1rem 0}"
	"th{text-align:left;font-weight:600;color:var(--dim)}"
	"th,td{padding:.3rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}"
	"td.t{text-align:right;white-space:nowrap}td.c{overflow-wrap:anywhere}"
	"td:nth-child(2){min-width:13rem}"
	"svg{display:block;width:10rem;height:.8rem;margin-top:.35rem}"
	".pass{color:var(--pass)}.fail{color:var(--fail)}.known{color:var(--known)}"
	".skip{color:var(--skip)}.error{color:var(--error)}"
	"b.pass,b.fail,b.known,b.skip,b.error{text-transform:uppercase;font-size:.85em}"
	"article{border-top:1px solid var(--line);padding:.4rem 0 .8rem}"
	"article h2{font-size:1.05rem;margin:.5rem 0}h3{font-size:1rem;margin:.5rem 0}"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:.5rem 0}"
	"dd{margin:0;overflow-wrap:anywhere}summary{cursor:pointer}"
	"pre{background:var(--box);border:1px solid var(--line);border-radius:4px;padding:.6rem;"
	"overflow:auto;max-height:40rem;font:13px/1.4 ui-monospace,monospace;margin:.5rem 0}"
	"@media(max-width:50rem){th:nth-child(4),td:nth-child(4){display:none}"
	"td:nth-child(2){min-width:6rem}th,td{padding:.3rem}}"
	"mark{background:var(--mark);color:inherit}i{font-style:normal;color:var(--dim);"
	"user-select:none}";

struct page {
	const struct bc_run *run;
	struct bc_buf *out;
	uint64_t longest_ms; /* end of the last phase of all: the timelines' scale */
	size_t embedded;
};

static void add(struct page *p, const char *text)
{
	bc_buf_adds(p->out, text);
}

static void add_text(struct page *p, const char *text, size_t len)
{
	BC_AUTO(bc_buf) safe = {0};
	bc_escape_text(&safe, text, len, true);
	for (size_t i = 0; i < safe.len; i++) {
		switch (safe.data[i]) {
		case '<':
			add(p, "&lt;");
			break;
		case '>':
			add(p, "&gt;");
			break;
		case '&':
			add(p, "&amp;");
			break;
		case '"':
			add(p, "&quot;");
			break;
		case '\'':
			add(p, "&#39;");
			break;
		default:
			bc_buf_addc(p->out, safe.data[i]);
		}
	}
}

static void add_string(struct page *p, const char *text)
{
	add_text(p, text, strnlen(text, 4096));
}

static void add_time(struct page *p, uint64_t ms)
{
	char time[32];
	bc_duration_format(ms, time, sizeof(time));
	add(p, time);
}

static void add_url(struct page *p, const char *path)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/=,+";
	/* A first component with a colon would be a scheme. */
	add(p, "./");
	for (; *path; path++) {
		if (strchr(plain, *path))
			bc_buf_addc(p->out, *path);
		else
			bc_buf_addf(p->out, "%%%02X", (unsigned)(unsigned char)*path);
	}
}

static void fact(struct page *p, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	add(p, "<dt>");
	add_string(p, name);
	add(p, "</dt><dd>");
	add_string(p, value);
	add(p, "</dd>");
}

static void fact_number(struct page *p, const char *name, int value)
{
	char text[16];
	snprintf(text, sizeof(text), "%d", value);
	fact(p, name, value ? text : NULL);
}

static void verdict(struct page *p, enum bc_verdict v)
{
	const char *name = bc_verdict_name(v);
	bc_buf_addf(p->out, "<b class=\"%s\">%s</b>", name, name);
}

static const char *phase_color(const char *name)
{
	static const char *const colors[][2] = {{"loader", "#8a6d5a"}, {"decompressor", "#7a8899"},
		{"kernel", "#c58b2a"}, {"init", "#3f7fbf"}, {"shell", "#3a9a63"}};
	for (size_t i = 0; i < BC_LEN(colors); i++)
		if (strcmp(colors[i][0], name) == 0)
			return colors[i][1];
	return "#999999";
}

/* The boot's phases as bars on a scale that all cases share. */
static void timeline(struct page *p, const struct bc_attempt *a)
{
	if (!a->phases.len || !p->longest_ms)
		return;
	add(p,
		"<svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" role=\"img\" "
		"aria-label=\"phases\">");
	for (size_t i = 0; i < a->phases.len && i < MAX_PHASES; i++) {
		const struct bc_phase *phase = &a->phases.items[i];
		double scale = 1000.0 / (double)p->longest_ms;
		double x = (double)phase->start_ms * scale, w = (double)phase->length_ms * scale;
		if (x > 1000)
			continue;
		bc_buf_addf(p->out,
			"<rect x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"10\" fill=\"%s\">", x,
			w > 1000 - x	? 1000 - x
				: w < 1 ? 1
					: w,
			phase_color(phase->name));
		add(p, "<title>");
		add_string(p, phase->name);
		add(p, " ");
		add_time(p, phase->length_ms);
		add(p, "</title></rect>");
	}
	add(p, "</svg>");
}

static void phases(struct page *p, const struct bc_attempt *a)
{
	if (!a->phases.len)
		return;
	add(p, "<dt>phases</dt><dd>");
	for (size_t i = 0; i < a->phases.len && i < MAX_PHASES; i++) {
		add(p, i ? " \xc2\xb7 " : "");
		add_string(p, a->phases.items[i].name);
		add(p, " ");
		add_time(p, a->phases.items[i].length_ms);
	}
	add(p, "</dd>");
}

static void row(struct page *p, const struct bc_result *r, size_t number)
{
	const struct bc_attempt *a = bc_report_attempt(r);
	enum bc_verdict v = bc_report_verdict(r);
	add(p, "<tr><td>");
	verdict(p, v);
	add(p, r->is_flaky ? " <small>flaky</small>" : "");
	bc_buf_addf(p->out, "</td><td class=\"c\"><a href=\"#case-%zu\">", number);
	add_string(p, r->id);
	add(p, "</a></td><td class=\"t\">");
	if (a && a->duration_ms)
		add_time(p, a->duration_ms);
	add(p, "</td><td>");
	if (a)
		timeline(p, a);
	add(p, "</td><td class=\"c\">");
	if (v != BC_PASS || (a && a->title))
		add_string(p, bc_report_title(a));
	add(p, "</td></tr>\n");
}

/* What did not pass comes first. */
static void each_case(
	struct page *p, void (*fn)(struct page *p, const struct bc_result *r, size_t number))
{
	const struct bc_run *run = p->run;
	for (int bad = 1; bad >= 0; bad--)
		for (size_t i = 0; i < run->results.len; i++) {
			enum bc_verdict v = bc_report_verdict(&run->results.items[i]);
			if ((v == BC_FAIL || v == BC_ERROR) == (bad == 1))
				fn(p, &run->results.items[i], i + 1);
		}
}

/* The text with those of its bytes underlined that belong to a line which the kernel cut. at: the text's place in
 * console.log; *next: the first piece that may reach into it. */
static void healed_text(struct page *p, const struct bc_attempt *a, size_t *next, const char *text,
	size_t len, uint64_t at)
{
	size_t done = 0;
	while (*next < a->healed.len &&
		a->healed.items[*next].offset + a->healed.items[*next].len <= at)
		++*next;
	for (size_t i = *next; i < a->healed.len && a->healed.items[i].offset < at + len; i++) {
		const struct bc_piece *piece = &a->healed.items[i];
		size_t from = piece->offset > at ? (size_t)(piece->offset - at) : 0;
		size_t to = piece->offset + piece->len < at + len
			? (size_t)(piece->offset + piece->len - at)
			: len;
		if (from < done || to <= from)
			continue;
		add_text(p, text + done, from - done);
		add(p, "<u>");
		add_text(p, text + from, to - from);
		add(p, "</u>");
		done = to;
	}
	add_text(p, text + done, len - done);
}

/* One line of a console with its number; the one that decided is marked. */
static void console_line(struct page *p, const struct bc_attempt *a, size_t *piece,
	const char *line, size_t len, uint64_t at, size_t number)
{
	bool decides = a->line > 0 && number == (size_t)a->line;
	if (len && line[len - 1] == '\r')
		len--;
	bc_buf_addf(p->out, "<i>%6zu  </i>%s", number, decides ? "<mark>" : "");
	healed_text(p, a, piece, line, len < MAX_LINE ? len : MAX_LINE, at);
	add(p, len > MAX_LINE ? " [...]" : "");
	add(p, decides ? "</mark>\n" : "\n");
}

static void console_text(struct page *p, const struct bc_attempt *a, const struct bc_buf *text)
{
	size_t decisive = a->line > 0 ? (size_t)a->line : 0, piece = 0;
	size_t total = 0, number = 0, skipped = 0;
	for (size_t i = 0; i < text->len; i++)
		total += text->data[i] == '\n';
	total += text->len && text->data[text->len - 1] != '\n';
	const char *end = text->data + text->len;
	for (const char *line = text->data, *next; line < end; line = next) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((newline ? newline : end) - line);
		next = newline ? newline + 1 : end;
		number++;
		bool is_near = decisive && number + AROUND_LINES > decisive &&
			number < decisive + AROUND_LINES;
		if (number > HEAD_LINES && number + TAIL_LINES <= total && !is_near) {
			skipped++;
			continue;
		}
		if (skipped)
			bc_buf_addf(
				p->out, "<i>        [... %zu lines left out ...]</i>\n", skipped);
		skipped = 0;
		console_line(p, a, &piece, line, len, (uint64_t)(line - text->data), number);
	}
}

static void console(struct page *p, const struct bc_attempt *a)
{
	BC_AUTO_FREE char *path = bc_report_file(p->run, a, "console.log");
	BC_AUTO(bc_buf) text = {0};
	if (!path || p->embedded > MAX_EMBEDDED || !bc_fs_read(path, MAX_CONSOLE, &text, NULL) ||
		!text.len)
		return;
	size_t before = p->out->len;
	add(p, "<details><summary>console");
	add(p,
		a->healed.len ? " <small>(<u>underlined</u>: what belongs to a line that the "
				"kernel cut)</small>"
			      : "");
	add(p, "</summary><pre>");
	console_text(p, a, &text);
	add(p, "</pre></details>\n");
	p->embedded += p->out->len - before;
}

/* The dialog as a person would have seen it, without the markers that frame it. */
static void dialog(struct page *p, const struct bc_attempt *a)
{
	if (!a->dialog.len)
		return;
	bc_buf_addf(p->out, "<details%s><summary>dialog</summary><pre>",
		a->verdict == BC_FAIL ? " open" : "");
	for (size_t i = 0; i < a->dialog.len; i++) {
		const struct bc_exchange *e = &a->dialog.items[i];
		bc_buf_addf(p->out, "<i>%6d  </i><b>%s", e->step, bc_report_reader(e));
		add_string(p, e->typed ? e->typed : "");
		add(p, "</b>");
		if (e->status > 0)
			bc_buf_addf(p->out, "<i>  [status %d]</i>", e->status);
		add(p, "\n");
		for (const char *line = e->output; line && *line;) {
			size_t n = strcspn(line, "\n");
			add(p, "<i>        </i>");
			add_text(p, line, n < MAX_LINE ? n : MAX_LINE);
			add(p, "\n");
			line += n + (line[n] == '\n');
		}
	}
	add(p, "</pre></details>\n");
}

static void files(struct page *p, const struct bc_attempt *a)
{
	static const char *const names[] = {"console.log", "console.cast", "qemu.sh", "qemu.log",
		"guest-dmesg.txt", "registers.txt"};
	bool has_any = false;
	for (size_t i = 0; i < BC_LEN(names); i++) {
		BC_AUTO_FREE char *path = bc_report_file(p->run, a, names[i]);
		if (!path)
			continue;
		BC_AUTO_FREE char *relative = bc_report_relative(path, p->run->dir);
		add(p, has_any ? " \xc2\xb7 " : "<dt>files</dt><dd>");
		has_any = true;
		add(p, "<a href=\"");
		add_url(p, relative);
		bc_buf_addf(p->out, "\">%s</a>", names[i]);
	}
	add(p, has_any ? "</dd>" : "");
}

/* The line that has the title is marked. */
static void excerpt(struct page *p, const struct bc_attempt *a)
{
	if (!a->excerpt || !*a->excerpt)
		return;
	BC_AUTO(bc_buf) text = {0};
	bc_report_excerpt(&text, a->excerpt, 16384);
	add(p, "<pre>");
	for (char *line = text.data, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		bool is_hit = a->title && *a->title && strstr(line, a->title);
		add(p, is_hit ? "<mark>" : "");
		add_text(p, line, strlen(line));
		add(p, is_hit ? "</mark>\n" : "\n");
	}
	add(p, "</pre>\n");
}

static void attempt(struct page *p, const struct bc_attempt *a)
{
	add(p, "<h3 class=\"");
	add(p, bc_verdict_name(a->verdict));
	add(p, "\">");
	add_string(p, bc_report_title(a));
	add(p, "</h3>\n<dl>");
	fact(p, a->verdict == BC_ERROR ? "error" : "kind",
		a->verdict == BC_FAIL || a->verdict == BC_ERROR ? bc_report_type(a) : NULL);
	fact(p, "hint", a->hint);
	fact(p, "detector", a->detector);
	fact_number(p, "step", a->step);
	fact_number(p, "console line", a->line);
	if (a->verdict_ms) {
		add(p, "<dt>verdict after</dt><dd>");
		add_time(p, a->verdict_ms);
		add(p, "</dd>");
	}
	phases(p, a);
	bc_vec_each (property, &a->properties)
		fact(p, property->name, property->value);
	files(p, a);
	add(p, "</dl>\n");
	dialog(p, a);
	excerpt(p, a);
	console(p, a);
}

static void one_case(struct page *p, const struct bc_result *r, size_t number)
{
	enum bc_verdict v = bc_report_verdict(r);
	bc_buf_addf(p->out, "<article id=\"case-%zu\"><h2>", number);
	verdict(p, v);
	add(p, " ");
	add_string(p, r->id);
	add(p, "</h2>\n");
	if (r->summary && *r->summary) {
		add(p, "<p>");
		add_string(p, r->summary);
		add(p, "</p>\n");
	}
	if (r->file) {
		add(p, "<small>");
		add_string(p, r->file);
		for (size_t i = 0; i < r->labels.len; i++) {
			add(p, " \xc2\xb7 ");
			add_string(p, r->labels.items[i]);
		}
		add(p, "</small>\n");
	}
	for (size_t i = 0; i < r->attempts.len; i++) {
		if (r->attempts.len > 1)
			bc_buf_addf(p->out, "<p class=\"dim\">attempt %zu of %zu</p>\n", i + 1,
				r->attempts.len);
		attempt(p, &r->attempts.items[i]);
	}
	add(p, "</article>\n");
}

static void heading(struct page *p)
{
	const struct bc_run *run = p->run;
	struct bc_counts n = bc_run_count(run);
	add(p, "<h1>bootcheck ");
	add_string(p, run->id ? run->id : "");
	add(p, "</h1>\n<p>");
	const struct {
		size_t count;
		const char *class, *word;
	} counts[] = {{n.pass, "pass", "passed"}, {n.fail, "fail", "failed"},
		{n.error, "error", n.error == 1 ? "error" : "errors"}, {n.known, "known", "known"},
		{n.skip, "skip", "skipped"}};
	bool has_any = false;
	for (size_t i = 0; i < BC_LEN(counts); i++)
		if (counts[i].count) {
			bc_buf_addf(p->out, "%s<span class=\"%s\">%zu %s</span>",
				has_any ? ", " : "", counts[i].class, counts[i].count,
				counts[i].word);
			has_any = true;
		}
	add(p, has_any ? " in " : "no cases in ");
	add_time(p, run->duration_ms);
	add(p, run->is_finished ? "</p>\n<dl>" : ", interrupted</p>\n<dl>");
	fact(p, "started", run->started);
	fact(p, "host", run->host);
	fact(p, "bootcheck", run->version);
	bc_vec_each (property, &run->properties)
		fact(p, property->name, property->value);
	add(p, "</dl>\n");
}

/* Of the attempts that the table shows. */
static uint64_t longest(const struct bc_run *run)
{
	uint64_t longest_ms = 0;
	bc_vec_each (r, &run->results) {
		const struct bc_attempt *a = bc_report_attempt(r);
		for (size_t i = 0; a && i < a->phases.len; i++) {
			uint64_t end = a->phases.items[i].start_ms + a->phases.items[i].length_ms;
			longest_ms = end > longest_ms ? end : longest_ms;
		}
	}
	return longest_ms;
}

void bc_report_html(const struct bc_run *run, struct bc_buf *out)
{
	struct page p = {.run = run, .out = out};
	p.longest_ms = longest(run);
	add(&p,
		"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
		"<meta name=\"viewport\" content=\"width=device-width\"/>\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'unsafe-inline'\"/>\n<title>bootcheck ");
	add_string(&p, run->id ? run->id : "");
	add(&p, "</title>\n<style>");
	add(&p, style);
	add(&p, "</style></head>\n<body>\n");
	heading(&p);
	add(&p,
		"<table><thead><tr><th>verdict</th><th>case</th><th>time</th><th>phases</th>"
		"<th>cause</th></tr></thead><tbody>\n");
	each_case(&p, row);
	add(&p, "</tbody></table>\n");
	each_case(&p, one_case);
	add(&p, "</body></html>\n");
}
