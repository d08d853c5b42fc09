#include <bootcheck/base/text.h>
#include <bootcheck/run/transcript.h>

/* Of the transcript: of one command's output, and of all of them. */
#define MAX_ANSWER    ((size_t)8 << 10)
#define MAX_ANSWERS   ((size_t)512 << 10)
#define MAX_EXCHANGES 1000

/* [[offset, length], …] in console.log. */
static struct bc_json *places(const struct bc_session_event *e)
{
	struct bc_json *list = bc_json_new_array();
	for (size_t i = 0; i < e->span_count; i++) {
		struct bc_json *place = bc_json_new_array();
		bc_json_append(place, bc_json_new_int((int64_t)e->spans[i].offset));
		bc_json_append(place, bc_json_new_int((int64_t)e->spans[i].len));
		bc_json_append(list, place);
	}
	return list;
}

/* What came back is kept up to a bound, each answer and all of them. */
static void add_answer(
	struct bc_transcript *t, struct bc_json *line, const char *data, size_t len, int status)
{
	BC_AUTO(bc_buf) text = {0};
	size_t head = len > MAX_ANSWER ? MAX_ANSWER / 2 : len, tail = len > head ? head / 2 : 0;
	if (t->answer_bytes > MAX_ANSWERS)
		return;
	bc_escape_text(&text, data, head, true);
	if (len > head)
		bc_buf_addf(&text, "\n[... %zu bytes left out ...]\n", len - head - tail);
	bc_escape_text(&text, data + len - tail, tail, true);
	t->answer_bytes += text.len;
	bc_json_set_string(line, "output", text.len ? text.data : "");
	if (t->attempt->dialog.len) {
		struct bc_exchange *last = &t->attempt->dialog.items[t->attempt->dialog.len - 1];
		free(last->output);
		last->output = bc_strdup(text.len ? text.data : "");
		last->status = status;
	}
}

static struct bc_json *dialog_line(struct bc_transcript *t, const struct bc_session_event *e)
{
	bool is_typed = e->kind == BC_SESSION_TYPED;
	struct bc_json *line =
		bc_journal_line(is_typed ? "typed" : "answer", t->case_id, t->number);
	bc_json_set_int(line, "step", e->number);
	if (is_typed) {
		BC_AUTO(bc_buf) text = {.max = MAX_ANSWER};
		bc_escape_text(&text, e->text, strnlen(e->text, MAX_ANSWER / 4), true);
		bc_json_set_string(line, "name", e->id);
		bc_json_set_string(line, "text", text.len ? text.data : "");
		if (t->attempt->dialog.len < MAX_EXCHANGES)
			bc_vec_push(&t->attempt->dialog,
				((struct bc_exchange){.step = e->number,
					.kind = bc_strdup(e->id),
					.typed = bc_strdup(text.len ? text.data : ""),
					.status = -1,
					.ms = e->ms}));
		return line;
	}
	add_answer(t, line, e->text, e->len, e->status);
	if (e->status >= 0)
		bc_json_set_int(line, "status", e->status);
	return line;
}

static void add_healed(struct bc_transcript *t, const struct bc_session_event *e)
{
	for (size_t i = 0; i < e->span_count && t->attempt->healed.len < BC_HEALED_PIECES; i++)
		bc_vec_push(&t->attempt->healed,
			((struct bc_piece){e->spans[i].offset, e->spans[i].len}));
}

void bc_transcript_event(struct bc_transcript *t, const struct bc_session_event *e)
{
	struct bc_json *line = NULL;
	switch (e->kind) {
	case BC_SESSION_LINE:
		return;
	case BC_SESSION_PHASE:
		line = bc_journal_line("phase", t->case_id, t->number);
		bc_json_set_string(line, "phase", e->text);
		break;
	case BC_SESSION_STEP:
		line = bc_journal_line("step", t->case_id, t->number);
		bc_json_set_int(line, "step", e->number);
		bc_json_set_string(line, "name", e->text);
		bc_json_set_string(line, "state", e->state);
		break;
	case BC_SESSION_RETYPE:
		line = bc_journal_line("retype", t->case_id, t->number);
		bc_json_set_int(line, "step", e->number);
		bc_json_set_string(line, "text", e->text);
		bc_json_set_int(line, "confirmed", (int64_t)e->len);
		bc_json_set_string(line, "why", e->state);
		break;
	case BC_SESSION_TYPED:
	case BC_SESSION_ANSWER:
		line = dialog_line(t, e);
		break;
	case BC_SESSION_DETECT:
		line = bc_journal_line("detect", t->case_id, t->number);
		bc_json_set_string(line, "detector", e->id);
		bc_json_set_string(line, "title", e->text);
		bc_json_set_int(line, "line", (int64_t)e->line);
		break;
	case BC_SESSION_HEALED:
		line = bc_journal_line("healed", t->case_id, t->number);
		bc_json_set_int(line, "line", (int64_t)e->line);
		bc_json_set(line, "bytes", places(e));
		if (e->is_partial)
			bc_json_set_bool(line, "incomplete", true);
		add_healed(t, e);
		break;
	case BC_SESSION_VERDICT:
		line = bc_journal_line("verdict", t->case_id, t->number);
		break;
	}
	bc_json_set_int(line, "ms", (int64_t)e->ms);
	bc_journal_write(t->journal, line);
}
