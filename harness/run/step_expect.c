/* expect: a pattern on the console, or a prompt. */
#include <bootcheck/run/steps.h>

struct expect {
	struct bc_pattern *pattern; /* NULL: a prompt */
	enum bc_prompt prompt;
	enum bc_stream stream;
};

static const char *const prompts[] = {"shell", "loader", NULL};
static const struct bc_shape prompt_shape = {.type = BC_T_WORD, .words = prompts};
static const struct bc_field prompt_fields[] = {
	{"prompt", &prompt_shape,
		"Whose prompt: shell, as the case's `prompt` describes it, or loader, as "
		"`loader.prompt` does.",
		true, NULL},
	{0}};
static const struct bc_shape prompt_object = {.type = BC_T_OBJECT, .fields = prompt_fields};
static const struct bc_shape *const heads[] = {&bc_shape_pattern, &prompt_object, NULL};
static const struct bc_shape head = {.type = BC_T_EITHER, .either = heads};
static const struct bc_field options[] = {
	{"in", &bc_shape_stream,
		"Which writer's text is searched: the kernel's, userspace's or any.", false, "any"},
	{0}};
extern const struct bc_variant bc_step_expect_variant;
const struct bc_variant bc_step_expect_variant = {"expect",
	"Waits until a line, or the unfinished end of the console, matches.", &head, options};

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	struct expect *e = state;
	const char *text = bc_value_text(params, "expect", NULL);
	(void)d;
	e->stream = bc_stream_parse(bc_value_text(params, "in", "any"));
	const struct bc_value *prompt = bc_value_get(params, "expect");
	bool is_loader = strcmp(bc_value_text(prompt, "prompt", "shell"), "loader") == 0;
	e->prompt = is_loader ? BC_PROMPT_LOADER : BC_PROMPT_SHELL;
	if (!text)
		return true;
	e->pattern = bc_pattern_new(text, err);
	return e->pattern != NULL;
}

static void release(void *state)
{
	bc_pattern_free(((struct expect *)state)->pattern);
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	const struct expect *e = state;
	/* A prompt that was already seen, with nothing typed since, is still there. */
	return !e->pattern && bc_dialog_at_prompt(d, e->prompt) ? BC_STEP_DONE : BC_STEP_WAIT;
}

static enum bc_step_state text(
	void *state, struct bc_dialog *d, const struct bc_text *t, size_t *consumed)
{
	struct expect *e = state;
	struct bc_span span;
	if (!e->pattern)
		return bc_dialog_match_prompt(d, e->prompt, t, consumed) ? BC_STEP_DONE
									 : BC_STEP_WAIT;
	if (!bc_stream_fits(e->stream, t->stream))
		return BC_STEP_WAIT;
	switch (bc_pattern_find(e->pattern, t->data, t->len, t->start, 0, &span, 1)) {
	case BC_MATCH_YES:
		*consumed = span.end;
		return BC_STEP_DONE;
	case BC_MATCH_LIMIT:
		bc_dialog_hint(d, "write the pattern without nested repetition, e.g. (a+)+");
		return bc_dialog_fail(d, BC_KIND_MISSING,
			"the pattern \"%s\" ran into its matching limit",
			bc_pattern_text(e->pattern));
	case BC_MATCH_NO:
	case BC_MATCH_PARTIAL:
		break;
	}
	return BC_STEP_WAIT;
}

/* Behind a prompt somebody may print, also the text that is awaited; or the line ends there. */
static enum bc_sign sign(const void *state, const struct bc_text *t)
{
	const struct expect *e = state;
	if (!e->pattern)
		return BC_SIGN_NONE;
	bool is_there = t->start == t->len ||
		(bc_stream_fits(e->stream, t->stream) &&
			bc_pattern_find(e->pattern, t->data, t->len, t->start, 0, NULL, 0) ==
				BC_MATCH_YES);
	is_there &= t->start > 0;
	return is_there ? BC_SIGN_SEEN : BC_SIGN_MISSING;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	const struct expect *e = state;
	(void)d;
	if (e->pattern)
		bc_buf_addf(out, "\"%s\"", bc_pattern_text(e->pattern));
	else
		bc_buf_addf(out, "the %s prompt",
			e->prompt == BC_PROMPT_LOADER ? "boot loader's" : "shell");
}

extern const struct bc_step_kind bc_step_expect;
const struct bc_step_kind bc_step_expect = {&bc_step_expect_variant, sizeof(struct expect), false,
	init, release, start, text, NULL, NULL, describe, NULL, false, sign};
