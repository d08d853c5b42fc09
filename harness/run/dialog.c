#include <stdarg.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>

#include "dialog_impl.h"

static const struct bc_step_kind *find_kind(const char *tag)
{
	for (const struct bc_step_kind *const *k = bc_step_kinds; *k; k++)
		if (strcmp((*k)->variant->tag, tag) == 0)
			return *k;
	return NULL;
}

static bool add_step(struct bc_dialog *d, const struct bc_step *s, double scale, struct bc_err *err)
{
	struct step step = {.kind = find_kind(s->kind)};
	if (!step.kind)
		return bc_fail(err, BC_E_INTERNAL, 0, "no step is called %s", s->kind);
	step.state = bc_calloc(1, step.kind->size);
	uint64_t limit = s->limit_ms ? s->limit_ms : d->c->limits.step;
	step.limit_ms = (uint64_t)((double)limit * scale);
	bc_vec_push(&d->steps, step);
	if (step.kind->init(step.state, d, s->params, err))
		return true;
	return bc_err_at(err, s->loc.file, s->loc.line, s->loc.col);
}

struct bc_dialog *bc_dialog_new(const struct bc_case *c, const struct bc_session_io *io,
	double scale, bool is_replay, struct bc_err *err)
{
	struct bc_dialog *d = bc_calloc(1, sizeof(*d));
	d->c = c;
	d->io = io;
	d->is_replay = is_replay;
	d->wake_ms = UINT64_MAX;
	d->at_prompt = BC_PROMPTS;
	bc_pace_init(&d->pace, scale);
	d->prompts[BC_PROMPT_SHELL] = bc_pattern_new(c->prompt, err);
	bool ok = d->prompts[BC_PROMPT_SHELL] != NULL;
	if (ok) {
		d->prompts[BC_PROMPT_LOADER] = bc_pattern_new(c->loader.prompt, err);
		ok = d->prompts[BC_PROMPT_LOADER] != NULL;
	}
	for (size_t i = 0; ok && i < c->rejects.len; i++) {
		struct bc_pattern *p = bc_pattern_new(c->rejects.items[i].pattern, err);
		ok = p != NULL;
		if (ok)
			bc_dialog_reject(d, p, c->rejects.items[i].stream);
	}
	for (size_t i = 0; ok && i < c->steps.len; i++)
		ok = add_step(d, &c->steps.items[i], scale, err);
	if (ok)
		return d;
	bc_dialog_free(d);
	return NULL;
}

void bc_dialog_free(struct bc_dialog *d)
{
	if (!d)
		return;
	bc_vec_each (s, &d->steps) {
		s->kind->release(s->state);
		free(s->state);
	}
	free(d->steps.items);
	bc_vec_each (r, &d->rejects)
		bc_pattern_free(r->pattern);
	free(d->rejects.items);
	for (size_t i = 0; i < BC_PROMPTS; i++)
		bc_pattern_free(d->prompts[i]);
	bc_typist_release(&d->typist);
	free(d->title);
	free(d->hint);
	free(d->detector);
	free(d);
}

static struct step *running(const struct bc_dialog *d)
{
	return d->is_started && !d->is_failed && d->at < d->steps.len ? &d->steps.items[d->at]
								      : NULL;
}

static void tell(struct bc_dialog *d, const char *state)
{
	d->io->event(d->io->ctx,
		&(struct bc_session_event){.kind = BC_SESSION_STEP,
			.ms = d->now_ms,
			.number = (int)d->at + 1,
			.text = d->steps.items[d->at].kind->variant->tag,
			.state = state});
}

/* Takes the outcome of one call of a step. True if the next step runs now. */
static bool advance(struct bc_dialog *d, enum bc_step_state state)
{
	if (state == BC_STEP_FAILED) {
		tell(d, "failed");
		d->is_failed = true;
		return false;
	}
	if (state == BC_STEP_WAIT)
		return false;
	tell(d, "done");
	d->at++;
	d->wake_ms = UINT64_MAX;
	d->is_typing = false;
	return true;
}

/* Starts the step at `at`, and those after it as long as they are done at once. */
static void start_steps(struct bc_dialog *d)
{
	for (struct step *s; (s = running(d));) {
		d->started_ms = d->now_ms;
		tell(d, "start");
		if (!advance(d, s->kind->start(s->state, d)))
			return;
	}
}

void bc_dialog_start(struct bc_dialog *d, uint64_t now_ms)
{
	d->now_ms = now_ms;
	d->is_started = true;
	start_steps(d);
}

/* The running step takes text, or the line that it types does. */
static enum bc_step_state offer(
	struct bc_dialog *d, struct step *s, const struct bc_text *text, size_t *consumed)
{
	if (!d->is_typing)
		return s->kind->text ? s->kind->text(s->state, d, text, consumed) : BC_STEP_WAIT;
	if (bc_dialog_feed_typist(d, text, consumed))
		return s->kind->typed ? s->kind->typed(s->state, d) : BC_STEP_DONE;
	return bc_dialog_is_refused(d) ? BC_STEP_FAILED : BC_STEP_WAIT;
}

static void keep_open_line(struct bc_dialog *d, const struct bc_text *text)
{
	size_t most = sizeof(d->open) - 1, n = text->len < most ? text->len : most;
	if (text->is_line)
		n = 0;
	if (n)
		memcpy(d->open, text->data + text->len - n, n);
	d->open[n] = '\0';
}

size_t bc_dialog_text(struct bc_dialog *d, uint64_t now_ms, struct bc_text text)
{
	d->now_ms = now_ms;
	keep_open_line(d, &text);
	d->line = text.line;
	for (struct step *s; (s = running(d));) {
		bool was_typing = d->is_typing;
		size_t consumed = text.start;
		enum bc_step_state state = offer(d, s, &text, &consumed);
		bool is_used = consumed > text.start;
		if (is_used)
			text.start = consumed;
		if (advance(d, state))
			start_steps(d);
		else if (was_typing == d->is_typing || (!is_used && d->is_typing) ||
			(is_used && text.start >= text.len))
			break;
	}
	return text.start;
}

bool bc_dialog_machine(struct bc_dialog *d, uint64_t now_ms, enum bc_machine_event event)
{
	struct step *s = running(d);
	d->now_ms = now_ms;
	if (!s || !s->kind->machine)
		return false;
	enum bc_step_state state = s->kind->machine(s->state, d, event);
	if (advance(d, state))
		start_steps(d);
	return state != BC_STEP_WAIT;
}

/* A step that is to be woken may end by itself, however long it waits. */
static uint64_t limit_at(const struct bc_dialog *d, const struct step *s)
{
	bool is_open = !s->limit_ms || (d->wake_ms != UINT64_MAX && s->kind->ends_itself);
	return is_open ? UINT64_MAX : d->started_ms + s->limit_ms;
}

uint64_t bc_dialog_limit(const struct bc_dialog *d)
{
	const struct step *s = running(d);
	return s ? limit_at(d, s) : UINT64_MAX;
}

uint64_t bc_dialog_deadline(const struct bc_dialog *d)
{
	const struct step *s = running(d);
	if (!s)
		return UINT64_MAX;
	uint64_t limit = limit_at(d, s), wake = d->wake_ms < limit ? d->wake_ms : limit;
	uint64_t due = d->is_typing ? bc_typist_deadline(&d->typist) : UINT64_MAX;
	return due < wake ? due : wake;
}

void bc_dialog_end_late(struct bc_dialog *d, uint64_t now_ms, const char *seen)
{
	const struct step *s = running(d);
	char limit[32];
	BC_AUTO(bc_buf) what = {.max = 400};
	d->now_ms = now_ms;
	if (!s)
		return;
	bc_duration_format(s->limit_ms, limit, sizeof(limit));
	bc_dialog_describe(d, &what);
	(void)advance(d,
		bc_dialog_fail(d, BC_KIND_TIMEOUT, "timeout: %s did not come within %s%s%s%s",
			what.data, limit, *seen ? " (" : "", seen, *seen ? ")" : ""));
}

void bc_dialog_tick(struct bc_dialog *d, uint64_t now_ms)
{
	struct step *s = running(d);
	enum bc_step_state state = BC_STEP_WAIT;
	d->now_ms = now_ms;
	if (!s)
		return;
	if (now_ms >= d->wake_ms) {
		d->wake_ms = UINT64_MAX;
		state = s->kind->wake(s->state, d);
	} else if (d->is_typing) {
		if (bc_dialog_tick_typist(d))
			state = s->kind->typed ? s->kind->typed(s->state, d) : BC_STEP_DONE;
		else if (bc_dialog_is_refused(d))
			state = BC_STEP_FAILED;
	}
	if (advance(d, state))
		start_steps(d);
}

bool bc_dialog_is_done(const struct bc_dialog *d)
{
	return d->is_started && !d->is_failed && d->steps.len && d->at == d->steps.len;
}

bool bc_dialog_is_failed(const struct bc_dialog *d)
{
	return d->is_failed;
}

enum bc_fail_kind bc_dialog_kind(const struct bc_dialog *d)
{
	return d->kind;
}

const char *bc_dialog_title(const struct bc_dialog *d)
{
	return d->title;
}

const char *bc_dialog_hint_text(const struct bc_dialog *d)
{
	return d->hint;
}

const char *bc_dialog_detector(const struct bc_dialog *d)
{
	return d->detector;
}

int bc_dialog_step(const struct bc_dialog *d)
{
	return d->at < d->steps.len ? (int)d->at + 1 : 0;
}

void bc_dialog_describe(const struct bc_dialog *d, struct bc_buf *out)
{
	if (!d->steps.len)
		bc_buf_adds(out, "a failure");
	else if (d->is_typing)
		bc_dialog_describe_typing(d, out);
	else if (d->at < d->steps.len)
		d->steps.items[d->at].kind->describe(d->steps.items[d->at].state, d, out);
}

bool bc_dialog_may_be_silent(const struct bc_dialog *d)
{
	if (d->at >= d->steps.len)
		return d->steps.len > 0;
	return d->steps.items[d->at].kind->may_be_silent;
}

enum bc_claim bc_dialog_claimed(const struct bc_dialog *d)
{
	return d->claim;
}

bool bc_dialog_take_reset(struct bc_dialog *d)
{
	bool was_reset = d->was_reset;
	d->was_reset = false;
	return was_reset;
}

bool bc_dialog_has_prompt(const struct bc_dialog *d)
{
	return d->has_prompt;
}

const char *bc_dialog_rejects(struct bc_dialog *d, const struct bc_text *text)
{
	if (d->claim == BC_CLAIM_ECHO && text->stream != BC_STREAM_KERNEL)
		return NULL;
	bc_vec_each (r, &d->rejects) {
		if (!bc_stream_fits(r->stream, text->stream))
			continue;
		enum bc_match match =
			bc_pattern_find(r->pattern, text->data, text->len, 0, 0, NULL, 0);
		/* A line that could not be searched to its end is not known to be clean. */
		bool is_unknown = match == BC_MATCH_LIMIT && text->is_line;
		if (is_unknown)
			bc_dialog_hint(d,
				"the reject \"%s\" ran into its matching limit on this line",
				bc_pattern_text(r->pattern));
		if (match == BC_MATCH_YES || is_unknown)
			return bc_pattern_text(r->pattern);
	}
	return NULL;
}

/* What steps call. */

enum bc_step_state bc_dialog_fail(struct bc_dialog *d, enum bc_fail_kind kind, const char *fmt, ...)
{
	BC_AUTO(bc_buf) title = {.max = 1024}, safe = {.max = 2048};
	va_list args;
	va_start(args, fmt);
	bc_buf_vaddf(&title, fmt, args);
	va_end(args);
	bc_escape_text(&safe, title.data, title.len, false);
	free(d->title);
	d->title = bc_buf_take(&safe);
	d->kind = kind;
	return BC_STEP_FAILED;
}

void bc_dialog_hint(struct bc_dialog *d, const char *fmt, ...)
{
	BC_AUTO(bc_buf) hint = {.max = 1024};
	va_list args;
	va_start(args, fmt);
	bc_buf_vaddf(&hint, fmt, args);
	va_end(args);
	free(d->hint);
	d->hint = bc_buf_take(&hint);
}

bool bc_dialog_knows_failure(const struct bc_dialog *d, const char *output, size_t len)
{
	struct bc_hit hit;
	bool is_known =
		bc_detect_text(&d->c->detect_off, "loader", BC_PHASE_LOADER, output, len, &hit);
	if (is_known)
		bc_hit_release(&hit);
	return is_known;
}

bool bc_dialog_fail_by_output(struct bc_dialog *d, enum bc_fail_kind kind, const char *output,
	size_t len, const char *command)
{
	struct bc_hit hit;
	if (!bc_detect_text(&d->c->detect_off, "loader", BC_PHASE_LOADER, output, len, &hit))
		return false;
	(void)bc_dialog_fail(d, kind, "%s", hit.title);
	bc_dialog_hint(
		d, "`%s` said so%s%s", command, hit.hint ? "; " : "", hit.hint ? hit.hint : "");
	free(d->detector);
	d->detector = bc_strdup(hit.detector->id);
	bc_hit_release(&hit);
	return true;
}

void bc_dialog_wake(struct bc_dialog *d, uint64_t ms)
{
	d->wake_ms = d->now_ms + ms;
}

void bc_dialog_power(struct bc_dialog *d, enum bc_power action)
{
	d->at_prompt = BC_PROMPTS;
	d->has_typed &= action != BC_POWER_RESET;
	d->was_reset |= action == BC_POWER_RESET;
	if (!d->is_replay)
		d->io->power(d->io->ctx, action);
}

void bc_dialog_serve_stop(struct bc_dialog *d, const char *name)
{
	if (!d->is_replay)
		d->io->serve(d->io->ctx, name);
}

void bc_dialog_reject(struct bc_dialog *d, struct bc_pattern *pattern, enum bc_stream stream)
{
	struct reject r = {pattern, stream};
	bc_vec_push(&d->rejects, r);
}

void bc_dialog_claim(struct bc_dialog *d, enum bc_claim claim)
{
	d->claim = claim;
}

const struct bc_loader *bc_dialog_loader(const struct bc_dialog *d)
{
	return &d->c->loader;
}

bool bc_dialog_is_replay(const struct bc_dialog *d)
{
	return d->is_replay;
}
