/* Live progress. The cursor rests in the line below the block of status lines, visible, in column one:
 * whatever ends the process leaves a usable terminal. Each drawing is one write. */
#include <inttypes.h>
#include <poll.h>
#include <strings.h>

#include <sys/ioctl.h>

#include <bootcheck/base/text.h>
#include <bootcheck/report/report.h>
#include <bootcheck/report/text.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>

#define REDRAW_MS 100
#define NARROW	  50 /* columns below which a status line is only time and name */
#define MAX_ABOVE ((size_t)1 << 20)

/* Something that runs: a boot or a build. */
struct slot {
	char *id;
	char *title; /* of a build */
	bool is_build, has_worked;
	uint64_t start_ms;
	char phase[32], text[512]; /* escaped, cut */
	uint64_t done, total;	   /* bytes of a download */
	uint64_t rate, rate_ms, rate_done;
};

struct bc_terminal {
	int fd;
	bool is_tty, color, quiet, utf8;
	struct {
		BC_VEC(struct slot);
	} slots;
	struct bc_buf above; /* finished lines that are not written yet */
	struct {
		BC_VEC(size_t);
	} drawn; /* columns of each status line on the screen */
	uint64_t drawn_ms;
	bool is_dirty;
};

static bool locale_is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	for (size_t i = 0; i < BC_LEN(names); i++) {
		const char *value = getenv(names[i]);
		if (value && *value)
			return strcasestr(value, "UTF-8") || strcasestr(value, "utf8");
	}
	return false;
}

struct bc_terminal *bc_terminal_new(int fd, bool is_tty, bool color, bool quiet)
{
	struct bc_terminal *t = bc_calloc(1, sizeof(*t));
	t->fd = fd;
	t->is_tty = is_tty;
	t->color = color;
	t->quiet = quiet;
	t->utf8 = !is_tty || locale_is_utf8();
	t->above.max = MAX_ABOVE;
	return t;
}

static void write_out(const struct bc_terminal *t, const struct bc_buf *out)
{
	/* A terminal that went away is no reason to stop a run. */
	if (out->len && !bc_fs_write_all(t->fd, out->data, out->len, NULL))
		return;
}

static void paint(const struct bc_terminal *t, struct bc_buf *out, const char *code)
{
	if (t->color)
		bc_buf_adds(out, code);
}

static const char *word_paint(const char *word)
{
	static const struct {
		const char *word, *code;
	} paints[] = {{"PASS", "\033[32m"}, {"FAIL", "\033[1;31m"}, {"KNOWN", "\033[33m"},
		{"SKIP", "\033[36m"}, {"ERROR", "\033[35m"}, {"RETRY", "\033[33m"},
		{"NOTE", "\033[33m"}};
	for (size_t i = 0; i < BC_LEN(paints); i++)
		if (strcmp(paints[i].word, word) == 0)
			return paints[i].code;
	return "\033[2m";
}

static const char *glyph(const char *word)
{
	if (strcmp(word, "PASS") == 0)
		return "\xe2\x9c\x93 ";
	return strcmp(word, "FAIL") == 0 || strcmp(word, "ERROR") == 0 ? "\xe2\x9c\x97 " : "  ";
}

static void size_of(const struct bc_terminal *t, size_t *columns, size_t *rows)
{
	struct winsize size = {0};
	(void)ioctl(t->fd, TIOCGWINSZ, &size);
	*columns = size.ws_col ? size.ws_col : 80;
	*rows = size.ws_row ? size.ws_row : 24;
}

/* "12.3 s", "2:03"; always tenths, so that a running time keeps its place. */
static void format_time(uint64_t ms, char *out, size_t size)
{
	if (ms < 60000)
		snprintf(out, size, "%u.%u s", (unsigned)(ms / 1000), (unsigned)(ms % 1000 / 100));
	else
		snprintf(out, size, "%" PRIu64 ":%02u", ms / 60000, (unsigned)(ms % 60000 / 1000));
}

/* The columns that every line shares: glyph, word, time. Returns their width. */
static size_t grid(
	const struct bc_terminal *t, struct bc_buf *out, const char *word, const uint64_t *ms)
{
	char time[32] = "";
	if (ms)
		format_time(*ms, time, sizeof(time));
	bool has_glyph = t->is_tty && t->utf8;
	paint(t, out, word_paint(word));
	bc_buf_adds(out, has_glyph ? glyph(word) : "");
	bc_buf_adds(out, word);
	paint(t, out, "\033[0m");
	bc_buf_addf(out, "%*s%7s  ", (int)(6 - strlen(word)), "", time);
	return 15 + (has_glyph ? 2 : 0);
}

/* One finished line. The name is never cut, what follows it only on a tty. */
static void say(struct bc_terminal *t, const char *word, const uint64_t *ms, const char *id,
	const char *text)
{
	struct bc_buf *out = &t->above;
	size_t columns = 0, rows = 0, used, start;
	size_of(t, &columns, &rows);
	if (t->is_tty && columns < NARROW) {
		paint(t, out, word_paint(word));
		bc_buf_adds(out, word);
		paint(t, out, "\033[0m");
		bc_buf_addc(out, ' ');
		used = strlen(word) + 1;
	} else {
		used = grid(t, out, word, ms);
	}
	start = out->len;
	bc_escape_text(out, id, strlen(id), false);
	used += bc_columns(out->data + start, out->len - start);
	size_t room = !t->is_tty ? 2000 : columns > used + 12 ? columns - used - 3 : 0;
	if (text && *text && room) {
		bc_buf_adds(out, *id ? "  " : "");
		(void)bc_columns_cut(out, text, room, t->utf8);
	}
	bc_buf_addc(out, '\n');
	if (t->is_tty)
		return;
	/* A CI log may take "##[command]" anywhere in a line for a command to itself. */
	for (char *p = out->data; (p = strstr(p, "##["));)
		*p = '.';
	write_out(t, out);
	bc_buf_clear(out);
}

static void add_download(struct bc_buf *out, const struct slot *s)
{
	char done[32], total[32], rate[32];
	bc_size_format(s->done, done, sizeof(done));
	bc_size_format(s->total, total, sizeof(total));
	bc_size_format(s->rate, rate, sizeof(rate));
	bc_buf_addf(out, "%s of %s", done, total);
	if (s->rate)
		bc_buf_addf(out, ", %s/s", rate);
	bc_buf_adds(out, "  ");
}

/* Draws one status line of at most `columns`; returns the columns it took. */
static size_t status(const struct bc_terminal *t, struct bc_buf *out, const struct slot *s,
	size_t columns, size_t pad)
{
	uint64_t ms = bc_clock_ms() - s->start_ms;
	if (columns < NARROW) {
		char time[32];
		format_time(ms, time, sizeof(time));
		size_t used = strlen(time) + 1;
		if (columns <= used)
			return bc_columns_cut(out, s->id, columns, t->utf8);
		bc_buf_addf(out, "%s ", time);
		return used + bc_columns_cut(out, s->id, columns - used, t->utf8);
	}
	size_t used = grid(t, out, s->is_build ? "BUILD" : "RUN", &ms);
	size_t name = bc_columns_cut(out, s->id, pad, t->utf8);
	bc_buf_addf(out, "%*s", (int)(pad - name + 2), "");
	used += pad + 2;
	BC_AUTO(bc_buf) text = {0};
	if (s->total)
		add_download(&text, s);
	if (s->phase[0])
		bc_buf_addf(&text, "%s  ", s->phase);
	bc_buf_adds(&text, s->text);
	if (!text.len || used >= columns)
		return used;
	paint(t, out, "\033[2m");
	used += bc_columns_cut(out, text.data, columns - used, t->utf8);
	paint(t, out, "\033[0m");
	return used;
}

/* Puts the cursor at the first status line. A terminal made narrower has wrapped the lines. */
static void rewind_block(struct bc_terminal *t, struct bc_buf *out, size_t columns)
{
	size_t rows = 0;
	bc_vec_each (drawn, &t->drawn)
		rows += *drawn > columns ? (*drawn + columns - 1) / columns : 1;
	t->drawn.len = 0;
	bc_buf_addc(out, '\r');
	if (rows)
		bc_buf_addf(out, "\033[%zuA", rows);
}

static size_t name_width(const struct bc_terminal *t, size_t columns)
{
	size_t pad = 0;
	bc_vec_each (s, &t->slots) {
		size_t n = bc_columns(s->id, strlen(s->id));
		pad = n > pad ? n : pad;
	}
	return pad > columns / 3 ? columns / 3 : pad;
}

static void draw(struct bc_terminal *t, bool is_last)
{
	size_t columns = 0, rows = 0;
	BC_AUTO(bc_buf) out = {0};
	if (t->quiet && !t->above.len)
		return;
	size_of(t, &columns, &rows);
	if (t->drawn.len || !t->quiet)
		rewind_block(t, &out, columns);
	if (t->above.len || is_last) {
		bc_buf_adds(&out, t->quiet ? "" : "\033[J");
		bc_buf_add(&out, t->above.data ? t->above.data : "", t->above.len);
		bc_buf_clear(&t->above);
	}
	size_t count = t->quiet || is_last ? 0 : t->slots.len, room = rows > 2 ? rows - 2 : 1;
	size_t shown = count > room ? room - 1 : count, pad = name_width(t, columns);
	for (size_t i = 0; i < shown; i++) {
		bc_vec_push(&t->drawn, status(t, &out, &t->slots.items[i], columns - 1, pad));
		bc_buf_adds(&out, "\033[K\n");
	}
	if (shown < count) {
		bc_buf_addf(&out, "+ %zu more\033[K\n", count - shown);
		bc_vec_push(&t->drawn, (size_t)8);
	}
	if (!t->quiet && !is_last)
		bc_buf_adds(&out, "\033[J");
	write_out(t, &out);
	t->drawn_ms = bc_clock_ms();
	t->is_dirty = false;
}

/* Draws unless it was done a moment ago, or the terminal takes no bytes (Ctrl-S): a boot must not wait
 * for it. What is left is drawn by the next event or tick. */
static void refresh(struct bc_terminal *t)
{
	t->is_dirty = true;
	if (!t->is_tty || bc_clock_ms() - t->drawn_ms < REDRAW_MS)
		return;
	struct pollfd p = {.fd = t->fd, .events = POLLOUT};
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT))
		draw(t, false);
}

static struct slot *find_slot(struct bc_terminal *t, const char *id, bool is_build)
{
	bc_vec_each (s, &t->slots)
		if (s->is_build == is_build && strcmp(s->id, id) == 0)
			return s;
	return NULL;
}

static void slot_release(struct slot *s)
{
	free(s->id);
	free(s->title);
}

static void remove_slot(struct bc_terminal *t, struct slot *s)
{
	slot_release(s);
	size_t at = (size_t)(s - t->slots.items);
	memmove(s, s + 1, (--t->slots.len - at) * sizeof(*s));
}

/* Takes no more than fits: the newest line may be megabytes long and is drawn in one row at most. */
static void set_text(char *to, size_t size, const char *text)
{
	snprintf(to, size, "%.*s", (int)size - 1, text ? text : "");
}

static struct slot *add_slot(
	struct bc_terminal *t, const struct bc_progress *p, const char *id, bool is_build)
{
	struct slot *s = is_build ? NULL : find_slot(t, id, false);
	uint64_t now = bc_clock_ms();
	if (!s) {
		bc_vec_push(&t->slots, ((struct slot){.id = bc_strdup(id), .is_build = is_build}));
		s = &t->slots.items[t->slots.len - 1];
	}
	s->start_ms = now - p->elapsed_ms; /* may wrap, and back when it is subtracted */
	s->phase[0] = s->text[0] = '\0';
	if (is_build) {
		/* A node without an artifact's name has its title for an id. */
		s->title = bc_strdup(p->text && strcmp(p->text, id) != 0 ? p->text : "");
		set_text(s->text, sizeof(s->text), s->title);
	}
	return s;
}

static void on_download(struct slot *s, const struct bc_progress *p)
{
	uint64_t now = bc_clock_ms();
	s->done = p->done;
	s->total = p->total;
	if (!s->rate_ms || p->done < s->rate_done) {
		s->rate_ms = now;
		s->rate_done = p->done;
	} else if (now - s->rate_ms >= 500) {
		uint64_t fresh = (p->done - s->rate_done) * 1000 / (now - s->rate_ms);
		s->rate = s->rate ? (s->rate + fresh) / 2 : fresh;
		s->rate_ms = now;
		s->rate_done = p->done;
	}
}

static void on_build(struct bc_terminal *t, const struct bc_progress *p, const char *id)
{
	struct slot *s = find_slot(t, id, true);
	if (p->kind == BC_PROGRESS_BUILD_START) {
		(void)add_slot(t, p, id, true);
		return;
	}
	if (!s)
		s = add_slot(t, p, id, true);
	if (p->kind == BC_PROGRESS_BUILD_STEP) {
		if (!s->has_worked && !t->is_tty && !t->quiet)
			say(t, "BUILD", NULL, id, *s->title ? s->title : p->text);
		s->has_worked = true;
		set_text(s->text, sizeof(s->text), p->text ? p->text : s->title);
		on_download(s, p);
		return;
	}
	const char *text = p->text ? p->text : "";
	bool is_idle = strcmp(text, "hit") == 0 || strcmp(text, "found") == 0 ||
		strcmp(text, "needs") == 0;
	if (!t->quiet && strcmp(text, "built") == 0)
		say(t, "BUILT", &p->elapsed_ms, id, s->title);
	else if (!t->quiet && !is_idle)
		say(t, "ERROR", &p->elapsed_ms, id, text);
	remove_slot(t, s);
}

static void verdict_word(enum bc_verdict verdict, char word[8])
{
	snprintf(word, 8, "%s", bc_verdict_name(verdict));
	for (char *c = word; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c - 'a' + 'A');
}

static void on_end(struct bc_terminal *t, const struct bc_progress *p, const char *id)
{
	struct slot *s = find_slot(t, id, false);
	if (s)
		remove_slot(t, s);
	if (!p->result)
		return;
	enum bc_verdict v = bc_report_verdict(p->result);
	if (t->quiet && v != BC_FAIL && v != BC_ERROR)
		return;
	const struct bc_attempt *a = bc_report_attempt(p->result);
	uint64_t ms = p->elapsed_ms ? p->elapsed_ms : a ? a->duration_ms : 0;
	const char *text =
		v == BC_PASS ? (p->result->is_flaky ? "flaky" : NULL) : bc_report_title(a);
	char word[8];
	verdict_word(v, word);
	say(t, word, v == BC_SKIP && !ms ? NULL : &ms, id, text);
}

static void on_attempt(struct bc_terminal *t, const struct bc_progress *p, const char *id)
{
	if (t->quiet || !p->attempt)
		return;
	char word[8];
	verdict_word(p->attempt->verdict, word);
	BC_AUTO_FREE char *text =
		bc_asprintf("attempt %d: %s: %.400s", p->number, word, bc_report_title(p->attempt));
	uint64_t ms = p->elapsed_ms ? p->elapsed_ms : p->attempt->duration_ms;
	say(t, "RETRY", &ms, id, text);
}

static void on_start(struct bc_terminal *t, const struct bc_progress *p, const char *id)
{
	(void)add_slot(t, p, id, false);
	if (t->is_tty || t->quiet)
		return;
	char attempt[32] = "";
	if (p->number > 1)
		snprintf(attempt, sizeof(attempt), "attempt %d", p->number);
	say(t, "START", NULL, id, attempt);
}

void bc_terminal_progress(void *terminal, const struct bc_progress *p)
{
	struct bc_terminal *t = terminal;
	const char *id = p->id ? p->id : "";
	struct slot *s;
	switch (p->kind) {
	case BC_PROGRESS_BUILD_START:
	case BC_PROGRESS_BUILD_STEP:
	case BC_PROGRESS_BUILD_END:
		on_build(t, p, id);
		break;
	case BC_PROGRESS_BUILD_SUM:
		if (!t->quiet)
			say(t, "STORE", NULL, p->text, NULL);
		break;
	case BC_PROGRESS_START:
		on_start(t, p, id);
		break;
	case BC_PROGRESS_PHASE:
		if ((s = find_slot(t, id, false)))
			set_text(s->phase, sizeof(s->phase), p->text);
		break;
	case BC_PROGRESS_LINE:
	case BC_PROGRESS_STEP:
		if ((s = find_slot(t, id, false)))
			set_text(s->text, sizeof(s->text), p->text);
		break;
	case BC_PROGRESS_ATTEMPT:
		on_attempt(t, p, id);
		break;
	case BC_PROGRESS_END:
		on_end(t, p, id);
		break;
	case BC_PROGRESS_NOTE:
		if (!t->quiet)
			say(t, "NOTE", NULL, id, p->text);
		break;
	}
	refresh(t);
}

void bc_terminal_tick(struct bc_terminal *t)
{
	if (t->is_tty && (t->is_dirty || t->slots.len))
		refresh(t);
}

void bc_terminal_free(struct bc_terminal *t)
{
	if (!t)
		return;
	if (t->is_tty && (t->drawn.len || t->above.len))
		draw(t, true);
	bc_vec_each (s, &t->slots)
		slot_release(s);
	free(t->slots.items);
	free(t->drawn.items);
	bc_buf_release(&t->above);
	free(t);
}
