/* A boot that ends in the boot loader, or right behind it; and limits of phases. */
#include <bootcheck/base/text.h>

#include "session_impl.h"

#define MAX_COMPLAINTS 4 /* in a hint */

void bc_session_follow_jump(struct bc_session *s, const struct bc_console_line *line)
{
	static const char jump[] = "Starting kernel ...";
	bool is_blank = true;
	for (size_t i = 0; is_blank && i < line->len; i++)
		is_blank = line->data[i] == ' ';
	if (is_blank)
		return;
	bool is_jump = s->phase == BC_PHASE_DECOMPRESSOR &&
		memmem(line->data, line->len, jump, sizeof(jump) - 1) != NULL;
	s->jumped_at = is_jump ? line->number : 0;
}

char *bc_session_silent_title(
	struct bc_session *s, enum bc_fail_kind *kind, const char *title, const char **hint)
{
	static const char told[] = " after \"Starting kernel ...\"";
	bool is_limit = *kind == BC_KIND_TIMEOUT || *kind == BC_KIND_HANG_IDLE ||
		*kind == BC_KIND_HANG_SPIN;
	if (!s->jumped_at || !is_limit || !bc_detect_is_on(&s->c->detect_off, "silent-kernel"))
		return NULL;
	const struct bc_detector *d = bc_detector_find("silent-kernel");
	const char *again = strstr(title, told);
	int before = again ? (int)(again - title) : 0;
	*kind = d->kind;
	*hint = *hint ? *hint : d->advice;
	s->line = s->jumped_at;
	free(s->detector);
	s->detector = bc_strdup(d->id);
	return bc_asprintf(
		"%s: %.*s%s", d->title, before, title, again ? again + sizeof(told) - 1 : title);
}

/* What else the loader complained of, for a hint. */
static void list_complaints(
	const struct bc_detect *detect, const struct bc_hit *first, struct bc_buf *out)
{
	const struct bc_hit *hit = first;
	for (int n = 0; n < MAX_COMPLAINTS; n++) {
		hit = bc_detect_complaint(detect, "loader", hit->line + 1);
		if (!hit)
			return;
		bc_buf_addf(out, "%s%s", n ? ", " : "then it said: ", hit->title);
	}
}

void bc_session_decide_stranded(struct bc_session *s)
{
	const struct bc_detector *d = bc_detector_find("autoboot");
	const struct bc_hit *hit = bc_detect_complaint(s->shell->detect, "loader", 0);
	BC_AUTO(bc_buf) hint = {.max = 1024};
	BC_AUTO_FREE char *title = bc_asprintf(
		"%s%s%s", d->title, hit ? ": " : "", hit ? hit->title : ", and did not say why");
	if (hit)
		list_complaints(s->shell->detect, hit, &hint);
	bc_buf_addf(&hint, "%s%s", hint.len ? "; " : "",
		hit && hit->hint && !hint.len ? hit->hint : d->advice);
	if (hit)
		s->line = hit->line;
	free(s->detector);
	s->detector = bc_strdup(d->id);
	bc_session_decide(s, BC_FAIL, d->kind, title, hint.data);
}

const struct bc_hit *bc_session_complaint(const struct bc_session *s)
{
	if (s->phase > BC_PHASE_LOADER)
		return NULL;
	return bc_detect_complaint_since(
		s->shell->detect, "loader", bc_dialog_typed_line(s->dialog));
}

bool bc_session_is_stranded(struct bc_session *s, const struct bc_text *tail)
{
	/* One that is back after its jump is stranded, too. */
	return !s->is_decided && s->phase <= BC_PHASE_DECOMPRESSOR &&
		bc_detect_is_on(&s->c->detect_off, "autoboot") && !s->c->detect_none &&
		bc_dialog_is_stranded(s->dialog, tail);
}

/* The limit of the phase that runs; 0 = none. */
static uint64_t phase_limit(const struct bc_session *s)
{
	const struct bc_limits *l = &s->c->limits;
	const uint64_t limits[] = {0, l->loader, l->decompressor, l->kernel, l->init, 0, 0};
	return (uint64_t)((double)limits[s->phase] * s->scale);
}

uint64_t bc_session_phase_ends_at(const struct bc_session *s)
{
	uint64_t limit = phase_limit(s);
	return limit && s->phases.len ? s->phases.items[s->phases.len - 1].start_ms + limit
				      : UINT64_MAX;
}

void bc_session_decide_phase(
	struct bc_session *s, const char *last_words, const char *seen, const char *hint)
{
	char limit[32];
	bc_duration_format(phase_limit(s), limit, sizeof(limit));
	BC_AUTO_FREE char *title = bc_asprintf(
		"timeout: the %s phase did not end within its limit of %s; the last line was "
		"\"%s\"%s%s%s",
		bc_phase_name(s->phase), limit, last_words, *seen ? " (" : "", seen,
		*seen ? ")" : "");
	bc_session_decide(s, BC_FAIL, BC_KIND_TIMEOUT, title, hint);
}
