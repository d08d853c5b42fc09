/* What came of a session: the verdict as the case sees it, its words, the decisive lines. */
#include <bootcheck/base/text.h>
#include <bootcheck/run/outcome.h>

#include "session_impl.h"

#define EXCERPT_BEFORE 8
#define EXCERPT_MOST   60

static void fill_phases(const struct bc_session *s, uint64_t now_ms, struct bc_attempt *a)
{
	for (size_t i = 0; i < s->phases.len; i++) {
		const struct phase_time *t = &s->phases.items[i];
		uint64_t end = i + 1 < s->phases.len ? t[1].start_ms : now_ms;
		struct bc_phase phase = {
			bc_strdup(bc_phase_name(t->phase)), t->start_ms, end - t->start_ms};
		bc_vec_push(&a->phases, phase);
	}
}

static void add_place(const struct bc_session *s, struct bc_attempt *a)
{
	BC_AUTO_FREE char *place =
		bc_asprintf("uart%d.log:%llu", s->c->machine.kernel, (unsigned long long)s->line);
	bc_property_add(&a->properties, "console.line", place);
}

/* A kernel that panics and runs on was told so, or nothing; one that was told to restart could not. */
static bool is_told_to_stay(const char *cmdline)
{
	bool stays = true;
	for (const char *at = cmdline; at && (at = strstr(at, "panic=")); at++)
		if (at == cmdline || at[-1] == ' ')
			stays = strtol(at + 6, NULL, 0) == 0;
	return stays;
}

/* A failure that no console showed says so; of an oops that ended in a panic both are told. */
static char *title_of(const struct bc_session *s, const struct bc_hit *hit)
{
	const char *where =
		bc_session_has_output(s) ? "that the console did not show" : "on a silent console";
	if (!s->is_from_memory)
		return bc_strdup(hit->title);
	if (!s->memory_panic)
		return bc_asprintf("%s, %s", hit->title, where);
	bool is_panic = bc_has_prefix(hit->title, BC_PANIC_TEXT);
	bool is_zero = s->was_running && is_told_to_stay(s->c->boot.cmdline);
	return bc_asprintf("panic%s %s: %s%s%s%s", is_zero ? " with panic=0" : "", where,
		is_panic ? hit->title + sizeof(BC_PANIC_TEXT) - 1 : s->memory_panic,
		is_panic ? "" : " (", is_panic ? "" : hit->title, is_panic ? "" : ")");
}

void bc_session_result(struct bc_session *s, uint64_t now_ms, struct bc_attempt *a)
{
	const struct bc_hit *hit = s->hit ? bc_detect_hit(s->port->detect, s->hit - 1) : NULL;
	bool from_hit = hit && s->verdict == BC_FAIL;
	/* Its report may have told only later that this is a known problem. */
	const struct known *known = from_hit ? bc_session_known(s, hit->title, "", 0) : NULL;
	a->verdict = known ? BC_KNOWN : s->verdict;
	a->kind = known						   ? BC_KIND_NONE
		: from_hit && s->is_from_memory && s->memory_panic ? BC_KIND_PANIC
								   : s->kind;
	a->title = known   ? bc_strdup(known->entry->reason)
		: from_hit ? title_of(s, hit)
			   : bc_strdup(s->title);
	a->hint = bc_strdup(from_hit ? hit->hint : s->hint);
	const struct bc_hit *clue = bc_detect_clue(s->kernel->detect);
	if (clue && !a->hint && a->verdict == BC_FAIL)
		a->hint = bc_asprintf("the console said before: %s%s%s", clue->title,
			clue->hint ? "; " : "", clue->hint ? clue->hint : "");
	a->detector = bc_strdup(s->detector);
	a->error_code = s->verdict == BC_ERROR ? bc_strdup(bc_code_name(s->error)) : NULL;
	a->step = s->step;
	/* Reports show the dialog's console; where the kernel has another, the line is one of that log's. */
	bool is_from_memory = s->memory_line && s->line >= s->memory_line &&
		(s->port == s->kernel || s->shell == s->kernel);
	if (is_from_memory)
		a->line = 0; /* no line of any console */
	else if (s->port == s->shell)
		a->line = s->line > INT32_MAX ? INT32_MAX : (int)s->line;
	else
		add_place(s, a);
	a->verdict_ms = s->decided_ms;
	if (s->verdict != BC_PASS || s->c->outcome.verdict != BC_PASS) {
		BC_AUTO(bc_buf) text = {.max = 16384};
		uint64_t last = hit && hit->last > s->line ? hit->last : s->line;
		uint64_t first = s->line > EXCERPT_BEFORE ? s->line - EXCERPT_BEFORE : 1;
		bc_excerpt_print(&s->port->excerpt, first, s->line, last, EXCERPT_MOST, &text);
		a->excerpt = text.len ? bc_buf_take(&text) : NULL;
	}
	/* An error of the harness is never what a case is about. */
	if (a->verdict != BC_ERROR)
		bc_outcome_judge(&s->c->outcome, a);
	fill_phases(s, now_ms, a);
	if (s->healed) {
		char count[32];
		snprintf(count, sizeof(count), "%llu", (unsigned long long)s->healed);
		bc_property_add(&a->properties, "console.healed", count);
		if (s->is_healed_partly)
			bc_property_add(&a->properties, "console.healed-incomplete", "true");
	}
	bc_vec_each (k, &s->known)
		if (!k->is_used)
			bc_property_add(&a->properties,
				k->is_over ? "known.expired" : "known.unmatched",
				k->entry->pattern);
}
