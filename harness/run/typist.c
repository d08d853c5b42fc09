#include <bootcheck/base/mem.h>
#include <bootcheck/run/typist.h>

/* A UART's FIFO has 16 bytes, and QEMU hands over no more than fit: what is lost is lost by readers that are
 * not there yet or busy. */
#define FIRST_WINDOW 32
#define MOST_WINDOW  256
/* Before an echo was measured, and the least and most that is waited for one. */
#define FIRST_DELAY_MS 1000.0
#define LEAST_DELAY_MS 250.0
#define MOST_DELAY_MS  4000.0
#define EAGER_TRIES    4
#define MOST_STUCK     5 /* tries that ended at the same byte */
#define ECHO_LEAST     6 /* bytes in common that make a line an echo */

static const char clear_line[] = {0x15}; /* Ctrl-U */

const char *bc_retype_name(enum bc_retype why)
{
	static const char *const names[] = {"silent", "lost", "garbled", "enter"};
	return names[why];
}

void bc_pace_init(struct bc_pace *pace, double scale)
{
	*pace = (struct bc_pace){.scale = scale, .window = FIRST_WINDOW};
}

static double greater(double a, double b)
{
	return a > b ? a : b;
}

/* The delay after which a piece is lost: as TCP does it, and never in a hurry. */
static uint64_t patience(const struct bc_typist *t)
{
	const struct bc_pace *p = t->pace;
	double ms = p->mean_ms > 0 ? p->mean_ms + 4 * p->spread_ms : FIRST_DELAY_MS;
	ms = greater(ms, LEAST_DELAY_MS) * (1 << (t->tries < 3 ? t->tries : 3));
	return (uint64_t)((ms < MOST_DELAY_MS ? ms : MOST_DELAY_MS) * p->scale);
}

static void learn(struct bc_pace *p, double ms)
{
	double off = p->mean_ms > 0 ? ms - p->mean_ms : 0;
	p->spread_ms = p->mean_ms > 0 ? 0.75 * p->spread_ms + 0.25 * greater(off, -off) : ms / 2;
	p->mean_ms = p->mean_ms > 0 ? p->mean_ms + 0.125 * off : greater(ms, 0.5);
}

void bc_typist_init(struct bc_typist *t, const struct bc_typist_options *options,
	const struct bc_typist_io *io, struct bc_pace *pace)
{
	*t = (struct bc_typist){.io = io, .pace = pace, .o = *options, .due_ms = UINT64_MAX};
	t->line = bc_strndup(options->line, options->len);
	t->o.line = t->line;
}

void bc_typist_release(struct bc_typist *t)
{
	free(t->line);
	*t = (struct bc_typist){.due_ms = UINT64_MAX};
}

static void finish(struct bc_typist *t, enum bc_typist_state state)
{
	t->state = state;
	t->due_ms = UINT64_MAX;
}

static void press_enter(struct bc_typist *t, uint64_t now_ms)
{
	if (!t->o.has_no_enter)
		t->io->send(t->io->ctx, "\n", 1);
	if (t->o.has_no_enter || t->o.ends_at_enter || t->is_blind) {
		finish(t, BC_TYPIST_DONE);
		return;
	}
	t->state = BC_TYPIST_ENTERED;
	t->due_ms = now_ms + patience(t);
}

/* The whole line at once, whatever comes back. */
static void type_blindly(struct bc_typist *t, uint64_t now_ms)
{
	t->is_blind = true;
	t->io->send(t->io->ctx, t->line, t->o.len);
	press_enter(t, now_ms);
}

static void send_more(struct bc_typist *t, uint64_t now_ms)
{
	/* The last byte goes alone: one that came twice before it shows as one too many. */
	size_t most = t->confirmed + 1 < t->o.len ? t->o.len - 1 : t->o.len;
	size_t end = t->confirmed + t->pace->window;
	if (end > most)
		end = most;
	if (end <= t->sent)
		return;
	t->io->send(t->io->ctx, t->line + t->sent, end - t->sent);
	t->sent = end;
	if (!t->flight) {
		t->flight = end;
		t->flight_ms = now_ms;
	}
	t->due_ms = now_ms + patience(t);
}

/* From the line's first byte, on an empty line. */
static void type_again(struct bc_typist *t, uint64_t now_ms)
{
	t->state = BC_TYPIST_TYPING;
	t->sent = t->wrapped = t->confirmed = t->flight = 0;
	t->is_foreign = t->is_torn = t->was_entered = t->takes_rest = false;
	send_more(t, now_ms);
}

void bc_typist_start(struct bc_typist *t, uint64_t now_ms)
{
	if (t->o.is_replay)
		t->sent = t->o.len;
	else if (t->o.echo == BC_ECHO_HIDDEN)
		type_blindly(t, now_ms);
	else if (!t->o.len)
		press_enter(t, now_ms);
	else
		type_again(t, now_ms);
}

/* Bytes of the UTF-8 sequence that p begins with; 1 for what is none. */
static size_t utf8_len(const char *p, size_t len)
{
	unsigned char b = (unsigned char)*p;
	size_t n = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc2 ? 2 : 1;
	return n <= len ? n : 1;
}

static bool is_mask(const struct bc_typist *t, const char *shown, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (shown[i] != '*')
			return false;
	return len && t->o.echo == BC_ECHO_MAYBE && len <= t->sent - t->wrapped;
}

/* True when what is shown is the line from `wrapped` on, up to *end. A character that the reader cannot
 * show comes back as a question mark; a password as stars. */
static bool is_shown(const struct bc_typist *t, const char *shown, size_t len, size_t *end)
{
	size_t at = t->wrapped;
	for (size_t i = 0; i < len; i++) {
		if (at >= t->sent)
			return false;
		bool is_wild = t->o.is_replay && at - t->o.wild < t->o.wild_len;
		size_t n = utf8_len(t->line + at, t->sent - at);
		if (shown[i] == t->line[at] || is_wild) {
			at++;
		} else if (n > 1 && shown[i] == '?') {
			at += n;
		} else if (is_mask(t, shown, len)) {
			*end = t->wrapped + len;
			return true;
		} else {
			return false;
		}
	}
	*end = at;
	return true;
}

static void clear(struct bc_typist *t, uint64_t now_ms)
{
	t->io->send(t->io->ctx, clear_line, sizeof(clear_line));
	t->state = BC_TYPIST_CLEARING;
	t->due_ms = now_ms + patience(t);
}

static void note_stuck(struct bc_typist *t)
{
	t->stuck = t->stuck && t->stuck_at == t->confirmed ? t->stuck + 1 : 1;
	t->stuck_at = t->confirmed;
}

/* Something did not come back as it was typed. */
static void retype(struct bc_typist *t, enum bc_retype why, uint64_t now_ms)
{
	t->io->retype(t->io->ctx, why, t->confirmed);
	bool is_silent = why == BC_RETYPE_SILENT;
	t->pace->window = is_silent || t->pace->window < 2 ? 1 : t->pace->window / 2;
	t->flight = 0;
	if (why == BC_RETYPE_LOST)
		note_stuck(t);
	if (t->stuck >= MOST_STUCK) {
		finish(t, BC_TYPIST_REFUSED);
		return;
	}
	bool is_second = t->tries++ > 0;
	t->shown_before = t->shown;
	if (t->o.echo == BC_ECHO_MAYBE && is_second && !t->confirmed) {
		t->io->send(t->io->ctx, clear_line, sizeof(clear_line));
		type_blindly(t, now_ms);
		return;
	}
	clear(t, now_ms);
	/* Nothing is shown that could be cleared. */
	if (is_silent)
		type_again(t, now_ms);
}

static void on_progress(struct bc_typist *t, size_t end, uint64_t now_ms)
{
	bool is_more = end > t->confirmed;
	t->confirmed = end;
	if (!is_more || t->o.is_replay)
		return;
	if (t->flight && end >= t->flight) {
		learn(t->pace, (double)(now_ms - t->flight_ms));
		t->flight = 0;
		if (t->pace->window < MOST_WINDOW)
			t->pace->window *= 2;
	}
	t->due_ms = now_ms + patience(t);
	send_more(t, now_ms);
	if (t->confirmed == t->o.len)
		press_enter(t, now_ms);
}

static size_t prompt_len(const struct bc_typist *t, const struct bc_text *text)
{
	return t->io->prompt(t->io->ctx, text->data + text->start, text->len - text->start);
}

/* A reader that shows its prompt once more begins anew: the prompt belongs to no echo. */
static size_t skip_prompt(struct bc_typist *t, const struct bc_text *text)
{
	size_t n = prompt_len(t, text);
	if (n)
		t->wrapped = t->confirmed = 0;
	return n;
}

/* The line's beginning that was shown went away with a line of somebody else's. When that goes on and on,
 * typing waits for its turn. */
static void on_torn(struct bc_typist *t, uint64_t now_ms)
{
	t->is_torn = true;
	if (t->tries < EAGER_TRIES)
		retype(t, BC_RETYPE_GARBLED, now_ms);
}

/* In a recording the echo may be missing: what is no echo belongs to the next step. */
static void follow(
	struct bc_typist *t, const struct bc_text *text, bool is_ours, size_t end, size_t *consumed)
{
	if (is_ours)
		*consumed = text->is_line || end == t->o.len ? text->len : text->start;
	if (is_ours && text->is_line)
		t->wrapped = end;
	if (!is_ours || end == t->o.len)
		finish(t, BC_TYPIST_DONE);
}

static void on_typing(
	struct bc_typist *t, uint64_t now_ms, const struct bc_text *text, size_t *consumed)
{
	size_t end = 0, from = text->start, len = text->len;
	/* bash ends a full row with a space and a lone CR. */
	size_t trimmed = text->is_line && len > from && text->data[len - 1] == ' ' ? len - 1 : len;
	if (t->is_torn) {
		*consumed = text->is_line ? len : from;
		return;
	}
	bool is_ours = is_shown(t, text->data + from, len - from, &end) ||
		is_shown(t, text->data + from, trimmed - from, &end);
	if (t->o.is_replay && t->o.ends_at_enter) {
		follow(t, text, is_ours, end, consumed);
		return;
	}
	size_t skip = is_ours ? 0 : skip_prompt(t, text);
	if (skip) {
		from += skip;
		*consumed = text->is_line ? len : from;
		is_ours = is_shown(t, text->data + from, len - from, &end);
	}
	if (text->is_line)
		*consumed = len;
	t->is_foreign = !is_ours && !text->is_line;
	if (!is_ours) {
		/* A line that came while nothing was shown yet stands before the echo. */
		if (text->is_line && t->confirmed && !t->o.is_replay)
			on_torn(t, now_ms);
		else if (text->is_line)
			t->wrapped = t->confirmed = 0;
		return;
	}
	on_progress(t, end, now_ms);
	if (text->is_line)
		t->wrapped = end;
	if (t->o.is_replay && text->is_line && end == t->o.len)
		finish(t, BC_TYPIST_DONE);
}

static bool is_blank(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (data[i] != ' ')
			return false;
	return true;
}

static void on_clearing(
	struct bc_typist *t, uint64_t now_ms, const struct bc_text *text, size_t *consumed)
{
	size_t n = text->len - text->start;
	const char *shown = text->data + text->start;
	if (text->is_line) {
		*consumed = text->len;
		/* Enter was taken after all: editors clear a line without ending it. */
		if (t->was_entered)
			finish(t, BC_TYPIST_DONE);
		return;
	}
	bool is_said = n >= 2 && memcmp(shown + n - 2, "^U", 2) == 0;
	bool is_clear = !n || is_said || t->takes_rest || prompt_len(t, text) == n;
	if (!is_clear || (n && is_blank(shown, n)))
		return;
	*consumed = text->len;
	type_again(t, now_ms);
}

void bc_typist_text(
	struct bc_typist *t, uint64_t now_ms, const struct bc_text *text, size_t *consumed)
{
	if (text->stream == BC_STREAM_KERNEL)
		return;
	t->shown = text->is_line ? 0 : text->len - text->start;
	switch (t->state) {
	case BC_TYPIST_TYPING:
		on_typing(t, now_ms, text, consumed);
		break;
	case BC_TYPIST_CLEARING:
		on_clearing(t, now_ms, text, consumed);
		break;
	case BC_TYPIST_ENTERED:
		if (text->is_line) {
			/* An echo that fills its row ended with it: what comes now is the output. */
			if (t->wrapped < t->o.len || text->start == text->len)
				*consumed = text->len;
			finish(t, BC_TYPIST_DONE);
		}
		break;
	case BC_TYPIST_DONE:
	case BC_TYPIST_REFUSED:
		break;
	}
	if (t->state == BC_TYPIST_DONE && !t->o.is_replay && !text->is_line && !t->is_foreign)
		*consumed = text->len;
}

uint64_t bc_typist_deadline(const struct bc_typist *t)
{
	return t->due_ms;
}

void bc_typist_tick(struct bc_typist *t, uint64_t now_ms)
{
	if (now_ms < t->due_ms)
		return;
	if (t->state == BC_TYPIST_TYPING) {
		retype(t,
			t->is_foreign || t->is_torn ? BC_RETYPE_GARBLED
				: t->confirmed	    ? BC_RETYPE_LOST
						    : BC_RETYPE_SILENT,
			now_ms);
	} else if (t->state == BC_TYPIST_CLEARING) {
		/* Whoever is busy will read one of them. */
		t->clears++;
		t->takes_rest = t->shown < t->shown_before;
		clear(t, now_ms);
	} else if (t->state == BC_TYPIST_ENTERED) {
		t->io->retype(t->io->ctx, BC_RETYPE_ENTER, t->confirmed);
		t->tries++;
		/* An Enter too many repeats U-Boot's last command; a shell shows its prompt once more. */
		if (t->o.enter_repeats) {
			t->was_entered = true;
			clear(t, now_ms);
			return;
		}
		t->io->send(t->io->ctx, "\n", 1);
		t->due_ms = now_ms + patience(t);
	}
}

bool bc_typist_is_echo(const struct bc_typist *t, const struct bc_text *text)
{
	const char *shown = text->data + text->start;
	size_t len = text->len - text->start;
	size_t need = len < ECHO_LEAST ? len : ECHO_LEAST;
	if (need > t->o.len)
		need = t->o.len;
	for (size_t i = 0; i + need <= len; i++)
		if (memmem(t->line, t->o.len, shown + i, need))
			return true;
	return false;
}
