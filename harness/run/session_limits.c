/* How long a boot may take: silence, phases, steps, the whole. */
#include <bootcheck/base/text.h>

#include "session_impl.h"

/* A report that is being printed is never collected for longer than this. */
#define REPORT_MAX_MS 3000

uint64_t bc_session_scaled(const struct bc_session *s, uint64_t ms)
{
	return (uint64_t)((double)ms * s->scale);
}

static uint64_t silence_at(const struct bc_session *s)
{
	if (!s->c->limits.silence || s->is_examined || bc_dialog_may_be_silent(s->dialog))
		return UINT64_MAX;
	return s->last_byte_ms + bc_session_scaled(s, s->c->limits.silence);
}

static uint64_t boot_at(const struct bc_session *s)
{
	if (!s->c->limits.boot || bc_dialog_has_prompt(s->dialog))
		return UINT64_MAX;
	return bc_session_scaled(s, s->c->limits.boot);
}

static uint64_t total_at(const struct bc_session *s)
{
	return s->c->limits.total ? bc_session_scaled(s, s->c->limits.total) : UINT64_MAX;
}

static uint64_t collected_at(const struct bc_session *s)
{
	uint64_t quiet = s->last_byte_ms + REPORT_QUIET_MS, most = s->decided_ms + REPORT_MAX_MS;
	return quiet < most ? quiet : most;
}

/* A line that matches a reject before its end is rejected when it ends; a prompt never does. A loader's prompt
 * that stays is where the boot ended. */
static uint64_t doubt_ends_at(const struct bc_session *s)
{
	return s->is_doubtful || s->is_stranded ? s->last_byte_ms + REPORT_QUIET_MS : UINT64_MAX;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t bc_session_deadline(const struct bc_session *s)
{
	if (s->is_decided)
		return s->is_collecting ? collected_at(s) : UINT64_MAX;
	uint64_t limits = least(
		least(silence_at(s), boot_at(s)), least(total_at(s), bc_session_phase_ends_at(s)));
	return least(least(limits, doubt_ends_at(s)), bc_dialog_deadline(s->dialog));
}

/* The newest line that says something. */
static const char *last_line(const struct bc_excerpt *e)
{
	for (uint64_t n = e->newest; n && e->newest - n < BC_EXCERPT_LINES; n--) {
		const char *text = bc_excerpt_line(e, n);
		if (*text && !bc_session_is_chatter(text, strlen(text)))
			return text;
	}
	return "";
}

/* The text that comes last on the console, for a title: a line, or the open tail. */
void bc_session_last_words(const struct bc_session *s, struct bc_buf *out)
{
	if (s->last_record) {
		size_t n = strlen(s->last_record);
		bc_escape_text(out, s->last_record, n > 120 ? 120 : n, false);
		return;
	}
	const char *text = bc_console_last_words(&s->shell->console);
	if (!*text || bc_session_is_chatter(text, strlen(text)))
		text = last_line(&s->shell->excerpt);
	if (!*text)
		text = last_line(&s->kernel->excerpt);
	size_t len = strlen(text), skip = bc_printk_prefix(text, len, NULL);
	len -= skip;
	bc_escape_text(out, text + skip, len > 120 ? 120 : len, false);
}

static void decide_late(struct bc_session *s, uint64_t limit_ms, const char *which)
{
	char limit[32];
	BC_AUTO(bc_buf) title = {.max = 1024}, last = {.max = 512}, what = {.max = 400};
	bc_duration_format(limit_ms, limit, sizeof(limit));
	bc_session_last_words(s, &last);
	bc_dialog_describe(s->dialog, &what);
	bc_buf_addf(&title,
		"timeout: %s did not come within the %s limit of %s; the last line was \"%s\"",
		what.data ? what.data : "the end", which, limit, last.data ? last.data : "");
	bc_session_decide(s, BC_FAIL, BC_KIND_TIMEOUT, title.data, NULL);
}

static void decide_phase(struct bc_session *s)
{
	BC_AUTO(bc_buf) last = {.max = 512};
	bc_session_last_words(s, &last);
	bc_session_decide_phase(s, last.data ? last.data : "");
}

static void on_silence(struct bc_session *s, enum bc_activity activity)
{
	static const enum bc_fail_kind kinds[] = {
		BC_KIND_TIMEOUT, BC_KIND_HANG_IDLE, BC_KIND_HANG_SPIN};
	s->is_examined = true;
	if (s->examine)
		s->examine(s->examine_ctx);
	else
		bc_session_silence(
			s, s->now_ms, &(struct bc_silence){.kind = kinds[activity], .what = ""});
}

void bc_session_tick(struct bc_session *s, uint64_t now_ms, enum bc_activity activity)
{
	s->now_ms = now_ms;
	if (s->is_decided) {
		if (s->is_collecting && now_ms >= collected_at(s))
			s->is_collecting = false;
		return;
	}
	if (s->is_stranded && now_ms >= doubt_ends_at(s)) {
		bc_session_decide_stranded(s);
		return;
	}
	if (now_ms >= doubt_ends_at(s)) {
		struct bc_text text = bc_session_tail(s);
		s->is_doubtful = false;
		if (bc_session_rejects(s->shell, &text))
			return;
	}
	if (now_ms >= silence_at(s))
		on_silence(s, activity);
	else if (now_ms >= boot_at(s))
		decide_late(s, bc_session_scaled(s, s->c->limits.boot), "boot");
	else if (now_ms >= total_at(s))
		decide_late(s, bc_session_scaled(s, s->c->limits.total), "total");
	else if (now_ms >= bc_session_phase_ends_at(s))
		decide_phase(s);
	else
		bc_dialog_tick(s->dialog, now_ms);
	bc_session_follow_dialog(s);
	/* A step that begins now may have waited for what is on the screen already. */
	bc_session_offer_tail(s);
}
