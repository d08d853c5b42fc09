#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>

#include "session_impl.h"

/* A guest that prints more than this is out of control. */
#define MAX_OUTPUT_BYTES ((uint64_t)64 << 20)

static size_t port_count(const struct bc_session *s)
{
	return s->kernel == s->shell ? 1 : 2;
}

/* Healed lines that are told of. */
#define MAX_HEALED 1000

/* Events and phases */

static void tell(struct bc_session *s, struct bc_session_event e)
{
	e.ms = s->now_ms;
	s->io.event(s->io.ctx, &e);
}

static void set_phase(struct bc_session *s, enum bc_phase_id phase)
{
	if (phase == s->phase)
		return;
	struct phase_time t = {phase, s->now_ms};
	s->phase = phase;
	if (s->phases.len < 64)
		bc_vec_push(&s->phases, t);
	tell(s, (struct bc_session_event){.kind = BC_SESSION_PHASE, .text = bc_phase_name(phase)});
}

/* Deciding */

/* A command that never ended: was it another boot that seemed to be its output? */
static bool decide_reset(struct bc_session *s, enum bc_fail_kind kind)
{
	bool is_open = kind == BC_KIND_MISSING || kind == BC_KIND_TIMEOUT ||
		kind == BC_KIND_HANG_IDLE || kind == BC_KIND_HANG_SPIN || kind == BC_KIND_EXITED;
	struct bc_detect *detect = s->shell->detect;
	if (!is_open || bc_dialog_claimed(s->dialog) != BC_CLAIM_OUTPUT ||
		!bc_detect_was_no_output(detect))
		return false;
	bc_session_decide_hit(s->shell, bc_detect_count(detect), "", 0);
	return s->is_decided;
}

void bc_session_decide(struct bc_session *s, enum bc_verdict verdict, enum bc_fail_kind kind,
	const char *title, const char *hint)
{
	if (s->is_decided || decide_reset(s, kind))
		return;
	char *silent = bc_session_silent_title(s, &kind, title ? title : "", &hint);
	s->is_decided = true;
	s->decided_ms = s->now_ms;
	s->verdict = verdict;
	s->kind = kind;
	s->title = silent ? silent : bc_strdup(title);
	s->hint = bc_strdup(hint);
	s->step = bc_dialog_step(s->dialog);
	if (!s->line && verdict != BC_PASS)
		s->line = s->port->console.lines;
	tell(s, (struct bc_session_event){.kind = BC_SESSION_VERDICT, .text = title});
}

void bc_session_decide_hit(struct port *port, size_t n, const char *line, size_t len)
{
	struct bc_session *s = port->s;
	const struct bc_hit *hit = bc_detect_hit(port->detect, n - 1);
	const struct known *known = bc_session_known(s, hit->title, line, len);
	if (known && !hit->is_fatal)
		return;
	s->hit = n;
	s->port = port;
	s->line = hit->line;
	s->is_collecting = hit->is_open;
	s->detector = bc_strdup(hit->detector->id);
	if (known)
		bc_session_decide(s, BC_KNOWN, BC_KIND_NONE, known->entry->reason, NULL);
	else
		bc_session_decide(s, BC_FAIL, hit->detector->kind, hit->title, hit->hint);
}

static void on_hit(struct port *port, const struct bc_console_line *line)
{
	struct bc_session *s = port->s;
	size_t n = bc_detect_count(port->detect);
	const struct bc_hit *hit = bc_detect_hit(port->detect, n - 1);
	const struct bc_detector *d = hit->detector;
	tell(s,
		(struct bc_session_event){.kind = BC_SESSION_DETECT,
			.text = hit->title,
			.id = d->id,
			.line = hit->line});
	if (s->is_decided || d->kind == BC_KIND_NONE)
		return;
	if (d->flags & BC_DETECT_AT_PROMPT) {
		s->at_prompt = n;
		s->at_prompt_port = port;
	} else {
		bc_session_decide_hit(port, n, line->data, line->len);
	}
}

/* A known problem that showed itself, NULL if none did. */
static const struct known *used_known(const struct bc_session *s)
{
	bc_vec_each (k, &s->known)
		if (k->is_used)
			return k;
	return NULL;
}

/* The dialog may have come to its end or failed. */
void bc_session_follow_dialog(struct bc_session *s)
{
	if (s->is_decided)
		return;
	if (s->at_prompt && bc_dialog_has_prompt(s->dialog)) {
		bc_session_decide_hit(s->at_prompt_port, s->at_prompt, "", 0);
		s->at_prompt = 0;
	}
	if (s->is_decided)
		return;
	if (bc_dialog_is_failed(s->dialog)) {
		s->detector = bc_strdup(bc_dialog_detector(s->dialog));
		bc_session_decide(s, BC_FAIL, bc_dialog_kind(s->dialog), bc_dialog_title(s->dialog),
			bc_dialog_hint_text(s->dialog));
	} else if (bc_dialog_is_done(s->dialog)) {
		const struct known *known = used_known(s);
		bc_session_decide(s, known ? BC_KNOWN : BC_PASS, BC_KIND_NONE,
			known ? known->entry->reason : NULL, NULL);
	}
	if (bc_dialog_has_prompt(s->dialog) && !s->saw_prompt) {
		s->saw_prompt = true;
		if (s->phase < BC_PHASE_SHELL)
			set_phase(s, BC_PHASE_SHELL);
	}
	if (bc_dialog_take_reset(s->dialog)) {
		for (size_t i = 0; i < port_count(s); i++) {
			bc_detect_reset(s->ports[i].detect);
			bc_console_reset_stamps(&s->ports[i].console);
		}
		set_phase(s, BC_PHASE_NONE);
		s->is_resetting = true;
		bc_dialog_in_uboot(s->dialog, false);
	}
}

bool bc_session_rejects(struct port *port, const struct bc_text *text)
{
	struct bc_session *s = port->s;
	const char *pattern = s->is_decided ? NULL : bc_dialog_rejects(s->dialog, text);
	if (!pattern)
		return false;
	BC_AUTO(bc_buf) title = {.max = 1024};
	size_t skip = bc_printk_prefix(text->data, text->len, NULL), len = text->len - skip;
	bc_escape_text(&title, text->data + skip, len > 200 ? 200 : len, false);
	if (bc_session_known(s, title.data, text->data, text->len))
		return false;
	BC_AUTO_FREE char *hint = bc_asprintf("the case rejects \"%s\"", pattern);
	const char *told = bc_dialog_hint_text(s->dialog);
	s->line = text->line;
	s->port = port;
	bc_session_decide(s, BC_FAIL, BC_KIND_REJECTED, title.data, told ? told : hint);
	return true;
}

/* Text */

/* Where the kernel has a port of its own, the port says who writes. */
static enum bc_stream stream_of(const struct port *port, enum bc_stream stream)
{
	const struct bc_session *s = port->s;
	if (s->kernel == s->shell)
		return stream;
	return port == s->kernel ? BC_STREAM_KERNEL : BC_STREAM_USER;
}

/* May the detectors see this line? Userspace's text at a shell is not the kernel's word; a line that may be
 * either's is, unless it shows what was typed. */
static bool is_for_detectors(
	const struct port *port, enum bc_stream stream, const struct bc_console_line *line)
{
	const struct bc_dialog *d = port->s->dialog;
	if (port != port->s->shell || stream == BC_STREAM_KERNEL ||
		bc_dialog_claimed(d) == BC_CLAIM_NONE)
		return true;
	return stream == BC_STREAM_ANY && !bc_dialog_is_echo(d, line->data, line->len);
}

static enum bc_author author_of(const struct port *port, const struct bc_console_line *line)
{
	if (line->stream != BC_STREAM_USER || !port->console.has_user)
		return BC_AUTHOR_UNKNOWN;
	return bc_console_is_exact(&port->console) ? BC_AUTHOR_USER : BC_AUTHOR_TEXT;
}

/* Told of the first ones, so that a report can show where each byte stood. */
static void note_healed(struct port *port, const struct bc_console_line *line)
{
	struct bc_session *s = port->s;
	if (line->span_count < 2 || line->stream == BC_STREAM_KERNEL || port != s->shell)
		return;
	s->healed_pieces += line->span_count;
	s->is_healed_partly |=
		line->is_partial || s->healed == MAX_HEALED || s->healed_pieces > BC_HEALED_PIECES;
	if (s->healed++ < MAX_HEALED)
		tell(s,
			(struct bc_session_event){.kind = BC_SESSION_HEALED,
				.line = line->number,
				.spans = line->spans,
				.span_count = line->span_count,
				.is_partial = line->is_partial});
}

struct bc_text bc_session_tail(const struct bc_session *s)
{
	const struct bc_console *c = &s->shell->console;
	const struct bc_buf *tail = bc_console_tail(c);
	return (struct bc_text){tail->data, tail->len, c->user.consumed, false,
		stream_of(s->shell, bc_console_tail_stream(c)), c->lines + 1};
}

void bc_session_offer_tail(struct bc_session *s)
{
	struct bc_console *c = &s->shell->console;
	s->is_doubtful = s->is_stranded = false;
	bool is_typing = bc_dialog_is_typing(s->dialog);
	if (s->is_decided || (c->user.consumed >= c->user.text.len && !is_typing))
		return;
	struct bc_text text = bc_session_tail(s);
	/* No step may pass on text that is about to be rejected. */
	s->is_doubtful = s->now_ms < s->last_byte_ms + REPORT_QUIET_MS &&
		bc_dialog_rejects(s->dialog, &text) != NULL;
	if (s->is_doubtful || s->late != ON_TIME)
		return;
	/* Bytes that may begin a record may as well be an echo, and more comes only when that is seen. */
	BC_AUTO(bc_buf) joined = {0};
	if (is_typing && c->held.len && !bc_writer_has_control(c->held.data, c->held.len)) {
		bc_buf_add(&joined, text.data, text.len);
		bc_buf_add(&joined, c->held.data, c->held.len);
		text.data = joined.data;
		text.len = joined.len;
	}
	size_t consumed = bc_dialog_text(s->dialog, s->now_ms, text);
	if (consumed > c->user.text.len)
		consumed = c->user.text.len;
	if (consumed > c->user.consumed)
		c->user.consumed = consumed;
	/* The line that decides is the one that this text is of, though it has not come to its end. */
	if (text.len && bc_dialog_is_failed(s->dialog))
		s->line = text.line;
	bc_session_follow_dialog(s);
	s->is_stranded = consumed < text.len && bc_session_is_stranded(s, &text);
}

/* before: the phase that the line was printed in. */
static void look_for_failures(
	struct port *port, const struct bc_console_line *line, enum bc_phase_id before)
{
	struct bc_session *s = port->s;
	enum bc_author author = author_of(port, line);
	bool is_output = port == s->shell && bc_dialog_claimed(s->dialog) == BC_CLAIM_OUTPUT;
	if (!is_output)
		bc_detect_end_output(port->detect);
	if (is_for_detectors(port, stream_of(port, line->stream), line)) {
		if (bc_detect_line_of(
			    port->detect, line->data, line->len, line->number, before, author))
			on_hit(port, line);
	} else if (is_output && author != BC_AUTHOR_USER) {
		bc_detect_output(port->detect, line->data, line->len, line->number);
	}
}

/* After a reset the last lines of before may still be on their way: they begin nothing. */
static void follow_phase(struct bc_session *s, const struct bc_console_line *line)
{
	s->is_resetting &= !bc_phase_is_start(line);
	if (s->is_resetting)
		return;
	set_phase(s, bc_phase_after(s->phase, line));
	if (s->phase > BC_PHASE_LOADER)
		bc_dialog_in_uboot(s->dialog, false);
	else if (s->phase == BC_PHASE_LOADER && bc_phase_is_uboot(line))
		bc_dialog_in_uboot(s->dialog, true);
}

static void on_line(void *ctx, const struct bc_console_line *line)
{
	struct port *port = ctx;
	struct bc_session *s = port->s;
	bc_excerpt_add(&port->excerpt, line->number, line->data, line->len);
	note_healed(port, line);
	/* The detectors look at a line in the phase that it was printed in, which it may end. */
	enum bc_phase_id before = s->phase;
	follow_phase(s, line);
	port->console.has_user |= s->phase >= BC_PHASE_INIT;
	bc_session_follow_jump(s, line);
	tell(s,
		(struct bc_session_event){.kind = BC_SESSION_LINE,
			.text = line->data,
			.len = line->len,
			.line = line->number});
	enum bc_stream stream = stream_of(port, line->stream);
	look_for_failures(port, line, before);
	if (s->is_decided)
		return;
	struct bc_text text = {line->data, line->len, line->consumed, true, stream, line->number};
	if (bc_session_rejects(port, &text))
		return;
	/* What userspace wrote before the kernel cut its line comes first. */
	if (port == s->shell && line->stream == BC_STREAM_KERNEL)
		bc_session_offer_tail(s);
	if (s->is_decided || s->late != ON_TIME)
		return;
	bc_dialog_text(s->dialog, s->now_ms, text);
	bc_session_follow_dialog(s);
}

/* Life */

static void open_port(struct bc_session *s, struct port *port)
{
	BC_AUTO(bc_strs) all = {0};
	port->s = s;
	bc_console_init(&port->console, on_line, port);
	port->console.expects_stamps = bc_boot_has_printk_time(&s->c->boot);
	if (s->c->detect_none)
		for (const struct bc_detector *const *d = bc_detector_list(); *d; d++)
			bc_strs_add(&all, (*d)->id);
	port->detect = bc_detect_new(s->c->detect_none ? &all : &s->c->detect_off);
}

static void close_port(struct port *port)
{
	bc_console_release(&port->console);
	bc_detect_free(port->detect);
	bc_excerpt_release(&port->excerpt);
}

struct bc_session *bc_session_new(const struct bc_case *c, const struct bc_session_io *io,
	double scale, bool is_replay, struct bc_err *err)
{
	struct bc_session *s = bc_calloc(1, sizeof(*s));
	s->c = c;
	s->io = *io;
	s->scale = scale;
	s->is_replay = is_replay;
	s->shell = s->port = &s->ports[0];
	s->kernel = &s->ports[c->machine.kernel == c->machine.console ? 0 : 1];
	for (size_t i = 0; i < BC_LEN(s->ports); i++)
		open_port(s, &s->ports[i]);
	s->dialog = bc_dialog_new(c, &s->io, scale, is_replay, err);
	if (s->dialog && bc_session_load_known(s, err))
		return s;
	bc_session_free(s);
	return NULL;
}

void bc_session_free(struct bc_session *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < BC_LEN(s->ports); i++)
		close_port(&s->ports[i]);
	bc_dialog_free(s->dialog);
	bc_vec_each (k, &s->known)
		bc_pattern_free(k->pattern);
	free(s->known.items);
	free(s->phases.items);
	free(s->title);
	free(s->hint);
	free(s->detector);
	bc_buf_release(&s->unseen);
	free(s->last_record);
	free(s->memory_panic);
	free(s);
}

void bc_session_start(struct bc_session *s)
{
	s->is_started = true;
	bc_dialog_start(s->dialog, 0);
	bc_session_follow_dialog(s);
}

static void push(struct port *port, uint64_t now_ms, const char *data, size_t len)
{
	struct bc_session *s = port->s;
	s->now_ms = now_ms;
	s->last_byte_ms = now_ms;
	s->is_examined &= s->late != ON_TIME;
	port->console.now_ms = now_ms;
	bc_console_push(&port->console, data, len);
	bc_session_offer_tail(s);
	if (port->console.offset > MAX_OUTPUT_BYTES && !s->is_replay)
		bc_session_decide(s, BC_FAIL, BC_KIND_REJECTED,
			"console flood: more than 64 MiB of output", NULL);
	bool is_open = false;
	for (size_t i = 0; i < port_count(s); i++)
		is_open |= bc_detect_is_open(s->ports[i].detect);
	s->is_collecting &= is_open;
}

void bc_session_bytes(struct bc_session *s, uint64_t now_ms, const char *data, size_t len)
{
	push(s->shell, now_ms, data, len);
}

void bc_session_kernel_bytes(struct bc_session *s, uint64_t now_ms, const char *data, size_t len)
{
	push(s->kernel, now_ms, data, len);
}

void bc_session_follow(struct bc_session *s, const struct bc_console_ring *ring)
{
	bc_console_follow(&s->kernel->console, ring);
}

bool bc_session_is_following(const struct bc_session *s)
{
	return s->kernel->console.pending != NULL;
}

void bc_session_other_bytes(struct bc_session *s, uint64_t now_ms)
{
	s->now_ms = now_ms;
	s->last_byte_ms = now_ms;
	s->is_examined &= s->late != ON_TIME;
}

/* The end of the stream */

/* complaint: what a loader said, of a boot that ends in it; or NULL. */
static void decide_end(
	struct bc_session *s, enum bc_end end, const char *text, const struct bc_hit *complaint)
{
	BC_AUTO(bc_buf) title = {.max = 1024}, what = {.max = 400};
	bc_dialog_describe(s->dialog, &what);
	const char *wanted = what.data ? what.data : "the end";
	enum bc_fail_kind kind = BC_KIND_EXITED;
	switch (end) {
	case BC_END_SHUTDOWN:
		bc_buf_addf(&title, "the guest powered off before %s came", wanted);
		break;
	case BC_END_RESET:
		kind = complaint ? BC_KIND_LOADER : BC_KIND_RESET_LOOP;
		if (complaint)
			bc_buf_addf(&title, "%s, and the machine was reset before %s came",
				complaint->title, wanted);
		else
			bc_buf_addf(&title, "unexpected reboot before %s came", wanted);
		break;
	case BC_END_EXIT:
		bc_buf_addf(&title, "the machine went away before %s came%s%s", wanted,
			text ? ": " : "", text ? text : "");
		break;
	case BC_END_RECORD:
		kind = BC_KIND_MISSING;
		bc_buf_addf(&title, "missing: %s", wanted);
		break;
	}
	const char *hint = complaint && kind == BC_KIND_LOADER ? complaint->hint : NULL;
	if (hint)
		s->line = complaint->line;
	bc_session_decide(s, BC_FAIL, kind, title.data, hint);
}

void bc_session_end(struct bc_session *s, uint64_t now_ms, enum bc_end end, const char *text)
{
	if (s->is_ended)
		return;
	s->now_ms = now_ms;
	s->is_ended = true;
	for (size_t i = port_count(s); i-- > 0;)
		bc_console_finish(&s->ports[i].console);
	const struct bc_hit *complaint = bc_session_complaint(s);
	if (!s->is_decided && (end == BC_END_SHUTDOWN || end == BC_END_RESET)) {
		bc_dialog_machine(
			s->dialog, now_ms, end == BC_END_SHUTDOWN ? BC_EVENT_OFF : BC_EVENT_RESET);
		bc_session_follow_dialog(s);
		set_phase(s, BC_PHASE_OFF);
	}
	if (!s->is_decided && s->is_stranded && end == BC_END_RECORD)
		bc_session_decide_stranded(s);
	if (!s->is_decided && s->late != ON_TIME)
		bc_session_decide_late(s, NULL);
	if (!s->is_decided)
		decide_end(s, end, text, complaint);
	s->is_collecting = false;
}

bool bc_session_is_decided(const struct bc_session *s)
{
	return s->is_decided;
}

bool bc_session_is_failing(const struct bc_session *s)
{
	return s->is_decided && s->verdict != BC_PASS;
}

bool bc_session_is_done(const struct bc_session *s)
{
	return s->is_decided && !s->is_collecting;
}

void bc_session_error(struct bc_session *s, uint64_t now_ms, const struct bc_err *err)
{
	if (s->is_decided)
		return;
	s->now_ms = now_ms;
	s->error = err->code;
	bc_session_decide(s, BC_ERROR, BC_KIND_NONE, err->message, err->hint[0] ? err->hint : NULL);
}
