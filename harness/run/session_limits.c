/* How long a boot may take: silence, phases, steps, the whole. */
#include <bootcheck/base/text.h>

#include "session_impl.h"

/* A report that is being printed is never collected for longer than this. */
#define REPORT_MAX_MS 3000
/* A panic says where it ends: before that it is the host that has no processor for the guest. */
#define PANIC_QUIET_MS 1000
/* More bytes than this in the second of an examination, and the guest is busy with printing them. */
#define MAX_CHATTER 256

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
	uint64_t wait = s->kind == BC_KIND_PANIC ? PANIC_QUIET_MS : REPORT_QUIET_MS;
	uint64_t quiet = s->last_byte_ms + wait, most = s->decided_ms + REPORT_MAX_MS;
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
	if (s->late != ON_TIME)
		return doubt_ends_at(s);
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

static uint64_t output(const struct bc_session *s)
{
	return s->ports[0].console.offset + s->ports[1].console.offset;
}

static void decide_limit(struct bc_session *s, uint64_t limit_ms, const char *which,
	const char *last, const char *seen, const char *hint)
{
	char limit[32];
	BC_AUTO(bc_buf) title = {.max = 1024}, what = {.max = 400};
	bc_duration_format(bc_session_scaled(s, limit_ms), limit, sizeof(limit));
	bc_dialog_describe(s->dialog, &what);
	bc_buf_addf(&title,
		"timeout: %s did not come within the %s limit of %s; the last line was "
		"\"%s\"%s%s%s",
		what.data ? what.data : "the end", which, limit, last, *seen ? " (" : "", seen,
		*seen ? ")" : "");
	bc_session_decide(s, BC_FAIL, BC_KIND_TIMEOUT, title.data, hint);
}

void bc_session_decide_late(struct bc_session *s, const struct bc_silence *found)
{
	BC_AUTO(bc_buf) last = {.max = 512};
	/* Samples of a guest that prints say where it prints. */
	bool is_telling = found && *found->what && output(s) < s->late_offset + MAX_CHATTER;
	const char *seen = is_telling ? found->what : "";
	const char *hint = is_telling && found->hint && *found->hint ? found->hint : NULL;
	/* U-Boot always polls, so that samples say nothing of it; what it said does. (A PC's firmware is a loader, too, and
	 * may have started a kernel without a console.) */
	const struct bc_hit *complaint = bc_session_complaint(s);
	if (bc_dialog_is_in_uboot(s->dialog)) {
		seen = complaint ? complaint->title : "";
		hint = complaint ? complaint->hint : NULL;
	}
	bc_session_last_words(s, &last);
	const char *words = last.data ? last.data : "";
	switch (s->late) {
	case ON_TIME:
		return;
	case LATE_BOOT:
		decide_limit(s, s->c->limits.boot, "boot", words, seen, hint);
		return;
	case LATE_TOTAL:
		decide_limit(s, s->c->limits.total, "total", words, seen, hint);
		return;
	case LATE_PHASE:
		bc_session_decide_phase(s, words, seen, hint);
		return;
	case LATE_STEP:
		bc_dialog_end_late(s->dialog, s->now_ms, seen);
		if (hint && !bc_dialog_hint_text(s->dialog))
			bc_dialog_hint(s->dialog, "%s", hint);
		bc_session_follow_dialog(s);
		return;
	}
}

static void examine(struct bc_session *s, enum bc_since since)
{
	if (!s->is_examined)
		s->examine(s->examine_ctx, since);
	s->is_examined = true;
}

static void on_silence(struct bc_session *s, enum bc_activity activity)
{
	static const enum bc_fail_kind kinds[] = {
		BC_KIND_TIMEOUT, BC_KIND_HANG_IDLE, BC_KIND_HANG_SPIN};
	if (s->examine) {
		examine(s, BC_SINCE_OUTPUT);
		return;
	}
	s->is_examined = true;
	bc_session_silence(s, s->now_ms, &(struct bc_silence){.kind = kinds[activity], .what = ""});
}

/* The limit that has passed, and since when it ran. */
static enum late late_by(const struct bc_session *s, enum bc_since *since)
{
	*since = BC_SINCE_START;
	if (s->now_ms >= boot_at(s))
		return LATE_BOOT;
	if (s->now_ms >= total_at(s))
		return LATE_TOTAL;
	*since = BC_SINCE_PHASE;
	if (s->now_ms >= bc_session_phase_ends_at(s))
		return LATE_PHASE;
	*since = BC_SINCE_STEP;
	return s->now_ms >= bc_dialog_limit(s->dialog) ? LATE_STEP : ON_TIME;
}

static void on_late(struct bc_session *s, enum late which, enum bc_since since)
{
	s->late = which;
	s->late_offset = output(s);
	if (s->examine)
		examine(s, since);
	else
		bc_session_decide_late(s, NULL);
}

/* The limits, then the step that waits for its time. */
static void look_at_clock(struct bc_session *s, enum bc_activity activity)
{
	enum bc_since since;
	if (s->late != ON_TIME)
		return;
	if (s->now_ms >= silence_at(s)) {
		on_silence(s, activity);
		return;
	}
	enum late which = late_by(s, &since);
	if (which != ON_TIME)
		on_late(s, which, since);
	else
		bc_dialog_tick(s->dialog, s->now_ms);
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
	look_at_clock(s, activity);
	bc_session_follow_dialog(s);
	/* A step that begins now may have waited for what is on the screen already. */
	bc_session_offer_tail(s);
}
