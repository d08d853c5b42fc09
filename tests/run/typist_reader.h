/* A reader that a typist types at: a line editor that loses, doubles or delays what it is told to, on a console
 * where somebody else writes too. Shared by the unit test and the fuzz target. */
#ifndef TYPIST_READER_H
#define TYPIST_READER_H

#include <bootcheck/base/mem.h>
#include <bootcheck/run/console.h>
#include <bootcheck/run/typist.h>

enum editor {
	UBOOT,	/* erases with backspaces; Enter on an empty line repeats the last one */
	ASH,	/* wraps at 80 columns, draws the line again, asks for the cursor's place */
	TTY,	/* canonical mode */
	BASH,	/* ends a full row with a space and a lone CR */
	SILENT, /* no echo, canonical */
	MASKED, /* stars */
	EDITORS
};

enum fault { NONE, LOSE, DOUBLE, DELAY, EAT, STAMPED, UNSTAMPED, PROMPT_AGAIN, FAULTS };

struct reader {
	enum editor editor;
	enum fault fault;
	size_t at;    /* number of the byte that it happens at */
	size_t count; /* bytes it happens to: LOSE, EAT */
	const char *prompt;
	const char *noise; /* of somebody else, a byte before each that is read; NULL = none */
	size_t noise_len;

	size_t received;
	struct bc_buf line, ran; /* ran: each line that Enter was pressed on, with '\n' */
	size_t column;
	struct bc_buf held; /* DELAY: output that does not come out yet */
	bool is_held;

	struct bc_console console;
	struct bc_typist typist;
	struct bc_pace pace;
	struct bc_typist_io io;
	uint64_t now_ms;
	int retypes;
	struct bc_buf inbox; /* typed, not yet read */
};

static void offer_line(void *ctx, const struct bc_console_line *line)
{
	struct reader *r = ctx;
	struct bc_text text = {
		line->data, line->len, line->consumed, true, line->stream, line->number};
	size_t consumed = text.start;
	bc_typist_text(&r->typist, r->now_ms, &text, &consumed);
}

static void offer_tail(struct reader *r)
{
	struct bc_console *c = &r->console;
	BC_AUTO(bc_buf) tail = {0};
	bc_buf_add(&tail, c->user.text.data ? c->user.text.data : "", c->user.text.len);
	if (!bc_writer_has_control(c->held.data ? c->held.data : "", c->held.len))
		bc_buf_add(&tail, c->held.data ? c->held.data : "", c->held.len);
	struct bc_text text = {tail.data ? tail.data : "", tail.len, c->user.consumed, false,
		bc_console_tail_stream(c), c->lines + 1};
	size_t consumed = text.start;
	bc_typist_text(&r->typist, r->now_ms, &text, &consumed);
	if (consumed > c->user.text.len)
		consumed = c->user.text.len;
	if (consumed > c->user.consumed)
		c->user.consumed = consumed;
}

static void show(struct reader *r, const char *data, size_t len)
{
	if (r->is_held) {
		bc_buf_add(&r->held, data, len);
		return;
	}
	for (size_t i = 0; i < len; i++) {
		bc_console_push(&r->console, data + i, 1);
		offer_tail(r);
	}
}

static void tick(struct reader *r, uint64_t ms)
{
	r->now_ms = ms > r->now_ms ? ms : r->now_ms;
	bc_typist_tick(&r->typist, r->now_ms);
	offer_tail(r);
}

static void print(struct reader *r, const char *text)
{
	show(r, text, strlen(text));
}

/* At once, as one echo. */
static void show_char(struct reader *r, char c, int times)
{
	char out[16];
	size_t n = 0;
	if (r->editor == SILENT)
		return;
	for (int i = 0; i < times; i++) {
		out[n++] = r->editor == MASKED ? '*' : c;
		if (++r->column < 80 || (r->editor != ASH && r->editor != BASH))
			continue;
		r->column = 0;
		out[n++] = r->editor == ASH ? '\r' : ' ';
		out[n++] = '\r';
		if (r->editor == ASH)
			out[n++] = '\n';
	}
	bool was_held = r->is_held;
	if (times > 1 && !was_held) {
		/* The typist sees both or none. */
		r->is_held = true;
		show(r, out, n);
		r->is_held = false;
		bc_console_push(&r->console, r->held.data, r->held.len - 1);
		char last = r->held.data[r->held.len - 1];
		bc_buf_clear(&r->held);
		show(r, &last, 1);
		return;
	}
	show(r, out, n);
}

static void show_prompt(struct reader *r)
{
	r->column = strlen(r->prompt);
	print(r, r->prompt);
	if (r->editor == ASH)
		print(r, "\033[6n");
}

static void kill_line(struct reader *r)
{
	BC_AUTO(bc_buf) out = {0};
	size_t n = r->line.len;
	bc_buf_clear(&r->line);
	if (r->editor == UBOOT) {
		for (size_t i = 0; i < n; i++)
			bc_buf_addc(&out, '\b');
		for (size_t i = 0; i < n; i++)
			bc_buf_addc(&out, ' ');
		for (size_t i = 0; i < n; i++)
			bc_buf_addc(&out, '\b');
	} else if (r->editor == TTY || r->editor == MASKED) {
		for (size_t i = 0; i < n; i++)
			bc_buf_adds(&out, "\b \b");
	} else if (r->editor == BASH || r->editor == ASH) {
		if (!n)
			return;
		if (r->column < n)
			bc_buf_adds(&out, "\033[1A");
		bc_buf_addf(&out, "\r%s\033[J", r->prompt);
		r->column = strlen(r->prompt);
	}
	if (r->editor == UBOOT || r->editor == TTY)
		r->column = r->column > n ? r->column - n : 0;
	show(r, out.data ? out.data : "", out.len);
}

static void enter(struct reader *r)
{
	/* U-Boot's: the newest line that ran. */
	if (!r->line.len && r->editor == UBOOT && r->ran.len) {
		bc_buf_adds(&r->line, "(again)");
	}
	bc_buf_add(&r->ran, r->line.data ? r->line.data : "", r->line.len);
	bc_buf_addc(&r->ran, '\n');
	bc_buf_clear(&r->line);
	print(r, "\r\n");
	/* The command runs, and the prompt comes back. */
	if (r->typist.state != BC_TYPIST_DONE || r->editor == UBOOT)
		show_prompt(r);
}

static void read_byte(struct reader *r, char c)
{
	size_t n = r->received++;
	bool is_hit = n >= r->at && n < r->at + r->count;
	int times = 1;
	if (n < r->noise_len && r->noise[n])
		show(r, r->noise + n, 1);
	if (n == r->at && r->fault == STAMPED)
		print(r, "[    3.141592] late: driver\r\n");
	if (n == r->at && r->fault == UNSTAMPED)
		print(r, "late: driver is here\r\n");
	if (n == r->at && r->fault == PROMPT_AGAIN && !r->line.len) {
		print(r, "\r\n");
		show_prompt(r);
	}
	if (n == r->at && r->fault == DELAY)
		r->is_held = true;
	if (is_hit && (r->fault == LOSE || r->fault == EAT))
		return;
	if (is_hit && r->fault == DOUBLE && c != '\n' && c != 0x15)
		times = 2;
	if (c == '\n') {
		enter(r);
	} else if (c == 0x15) {
		kill_line(r);
	} else {
		for (int i = 0; i < times; i++)
			bc_buf_addc(&r->line, c);
		show_char(r, c, times);
	}
}

static void take(void *ctx, const char *data, size_t len)
{
	struct reader *r = ctx;
	bc_buf_add(&r->inbox, data, len);
}

static void count_retype(void *ctx, enum bc_retype why, size_t confirmed)
{
	struct reader *r = ctx;
	(void)why;
	(void)confirmed;
	r->retypes++;
}

static size_t find_reader_prompt(void *ctx, const char *data, size_t len)
{
	const struct reader *r = ctx;
	size_t n = strlen(r->prompt);
	return len >= n && memcmp(data, r->prompt, n) == 0 ? n : 0;
}

static void reader_release(struct reader *r)
{
	bc_typist_release(&r->typist);
	bc_console_release(&r->console);
	bc_buf_release(&r->line);
	bc_buf_release(&r->ran);
	bc_buf_release(&r->held);
	bc_buf_release(&r->inbox);
}

static void reader_start(struct reader *r, const struct bc_typist_options *options)
{
	r->prompt = r->editor == UBOOT			     ? "=> "
		: r->editor == SILENT || r->editor == MASKED ? "Password: "
							     : "/ # ";
	r->count = r->count ? r->count : 1;
	bc_console_init(&r->console, offer_line, r);
	bc_pace_init(&r->pace, 1);
	r->io = (struct bc_typist_io){take, count_retype, find_reader_prompt, r};
	bc_typist_init(&r->typist, options, &r->io, &r->pace);
	/* The prompt is there and consumed before anything is typed. */
	print(r, "[    1.000000] Run /init as init process\r\n");
	r->typist.state = BC_TYPIST_REFUSED;
	show_prompt(r);
	r->console.user.consumed = r->console.user.text.len;
	r->typist.state = BC_TYPIST_TYPING;
	bc_typist_start(&r->typist, r->now_ms);
}

/* Reads what is typed and lets time pass until the line is out; false if it never is. */
static bool reader_run(struct reader *r, int most_ticks)
{
	while (r->typist.state < BC_TYPIST_DONE || r->inbox.len) {
		if (r->inbox.len) {
			char c = r->inbox.data[0];
			bc_buf_drop(&r->inbox, 1);
			r->now_ms++;
			read_byte(r, c);
			continue;
		}
		if (most_ticks-- <= 0)
			return false;
		uint64_t due = bc_typist_deadline(&r->typist);
		if (due == UINT64_MAX)
			return false;
		/* What was held comes late, but before the typist gives it up, or after. */
		if (r->is_held) {
			r->is_held = false;
			BC_AUTO(bc_buf) late = r->held;
			r->held = (struct bc_buf){0};
			if (r->at % 2)
				tick(r, due);
			show(r, late.data ? late.data : "", late.len);
			continue;
		}
		tick(r, due);
	}
	return r->typist.state == BC_TYPIST_DONE;
}

#endif
