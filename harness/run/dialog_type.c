/* Lines that the dialog types for its steps. */
#include <sys/random.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/clock.h>

#include "dialog_impl.h"

static void type_bytes(void *ctx, const char *data, size_t len)
{
	bc_dialog_send(ctx, data, len);
}

static void on_retype(void *ctx, enum bc_retype why, size_t confirmed)
{
	struct bc_dialog *d = ctx;
	d->io->event(d->io->ctx,
		&(struct bc_session_event){.kind = BC_SESSION_RETYPE,
			.ms = d->now_ms,
			.number = (int)d->at + 1,
			.text = d->typist.line,
			.len = confirmed,
			.state = bc_retype_name(why)});
}

static size_t find_prompt(void *ctx, const char *data, size_t len)
{
	struct bc_dialog *d = ctx;
	return bc_dialog_prompt_len(d, d->reader, data, len);
}

/* The beginning of the line, for whole lines that show it. Ctrl-U takes it back. */
static void keep_typed(struct bc_dialog *d, const char *data, size_t len)
{
	size_t n = strlen(d->typed);
	for (size_t i = 0; i < len; i++) {
		bool is_end = data[i] == '\n' || data[i] == '\r';
		if (d->has_typed_line || data[i] == 0x15)
			n = 0;
		d->has_typed_line = is_end;
		if (!is_end && data[i] != 0x15 && n + 1 < sizeof(d->typed))
			d->typed[n++] = data[i];
	}
	d->typed[n] = '\0';
}

void bc_dialog_send(struct bc_dialog *d, const char *data, size_t len)
{
	d->at_prompt = BC_PROMPTS;
	d->has_typed = true;
	keep_typed(d, data, len);
	if (!d->is_replay)
		d->io->send(d->io->ctx, data, len);
}

void bc_dialog_new_nonce(struct bc_dialog *d)
{
	uint32_t bits;
	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits))
		bits = (uint32_t)bc_clock_ns();
	/* The last byte counts, so that no two of a boot are the same. */
	snprintf(d->nonce, sizeof(d->nonce), "%06x%02x", bits >> 8, d->nonces++ & 0xff);
}

const char *bc_dialog_nonce(struct bc_dialog *d)
{
	return d->nonce;
}

void bc_dialog_type(struct bc_dialog *d, const char *line, const struct bc_typing *how)
{
	const char *nonce = *d->nonce ? strstr(line, d->nonce) : NULL;
	struct bc_typist_options o = {.line = line,
		.len = strlen(line),
		.echo = how->echo,
		.ends_at_enter = how->ends_at_enter,
		.enter_repeats = how->reader == BC_PROMPT_LOADER,
		.is_replay = d->is_replay,
		.wild = nonce ? (size_t)(nonce - line) : 0,
		.wild_len = nonce ? strlen(d->nonce) : 0};
	d->typist_io = (struct bc_typist_io){type_bytes, on_retype, find_prompt, d};
	d->reader = how->reader;
	bc_typist_release(&d->typist);
	bc_typist_init(&d->typist, &o, &d->typist_io, &d->pace);
	d->claim = BC_CLAIM_ECHO;
	d->at_prompt = BC_PROMPTS;
	if (d->is_replay && !how->is_followed)
		d->typist.state = BC_TYPIST_DONE;
	else
		bc_typist_start(&d->typist, d->now_ms);
	d->is_typing = d->typist.state != BC_TYPIST_DONE;
}

static bool is_out(struct bc_dialog *d)
{
	if (d->typist.state != BC_TYPIST_DONE)
		return false;
	d->is_typing = false;
	return true;
}

bool bc_dialog_is_typed(const struct bc_dialog *d)
{
	return !d->is_typing;
}

bool bc_dialog_is_secret(const struct bc_dialog *d)
{
	static const char *const words[] = {"password", "passphrase", "passcode", "pin:"};
	for (size_t i = 0; i < BC_LEN(words); i++)
		if (strcasestr(d->open, words[i]))
			return true;
	return false;
}

bool bc_dialog_feed_typist(struct bc_dialog *d, const struct bc_text *text, size_t *consumed)
{
	bc_typist_text(&d->typist, d->now_ms, text, consumed);
	return is_out(d);
}

bool bc_dialog_tick_typist(struct bc_dialog *d)
{
	bc_typist_tick(&d->typist, d->now_ms);
	return is_out(d);
}

bool bc_dialog_is_refused(struct bc_dialog *d)
{
	const struct bc_typist *t = &d->typist;
	if (!d->is_typing || t->state != BC_TYPIST_REFUSED)
		return false;
	(void)bc_dialog_fail(d, BC_KIND_COMMAND,
		"the console takes %zu of the %zu bytes of `%.80s%s`", t->stuck_at, t->o.len,
		t->line, t->o.len > 80 ? "..." : "");
	bc_dialog_hint(
		d, "retyped %d times; the journal's `retype` lines say what came back", t->tries);
	return true;
}

void bc_dialog_describe_typing(const struct bc_dialog *d, struct bc_buf *out)
{
	const struct bc_typist *t = &d->typist;
	bc_buf_addf(out, "the echo of `%.80s%s`", t->line, t->o.len > 80 ? "..." : "");
	if (t->state == BC_TYPIST_CLEARING && t->clears > 1)
		bc_buf_adds(out, " (Ctrl-U does not clear the line)");
	else if (t->tries)
		bc_buf_addf(out, " (typed %d times)", t->tries + 1);
}

/* Where a recording's echo begins and ends is not followed: all of it may be echo. */
bool bc_dialog_is_echo(const struct bc_dialog *d, const char *data, size_t len)
{
	struct bc_text text = {.data = data, .len = len, .is_line = true};
	return d->claim == BC_CLAIM_ECHO && (d->is_replay || bc_typist_is_echo(&d->typist, &text));
}

bool bc_dialog_is_typing(const struct bc_dialog *d)
{
	return d->is_typing;
}

static void tell(struct bc_dialog *d, struct bc_session_event e)
{
	e.ms = d->now_ms;
	e.number = (int)d->at + 1;
	d->io->event(d->io->ctx, &e);
}

uint64_t bc_dialog_typed_line(const struct bc_dialog *d)
{
	return d->typed_line;
}

void bc_dialog_typed(struct bc_dialog *d, const char *text)
{
	d->typed_line = d->line;
	tell(d,
		(struct bc_session_event){.kind = BC_SESSION_TYPED,
			.text = text,
			.id = d->steps.items[d->at].kind->variant->tag});
}

void bc_dialog_answered(struct bc_dialog *d, const char *output, size_t len, int status)
{
	tell(d,
		(struct bc_session_event){.kind = BC_SESSION_ANSWER,
			.text = output ? output : "",
			.len = len,
			.status = status});
}
