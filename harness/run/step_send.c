/* send: types text. */
#include <bootcheck/run/steps.h>

struct send {
	const char *text; /* borrowed from the case */
	bool has_enter;
	enum { AUTO, WATCHED, UNWATCHED } watch;
};

static const char *const echoes[] = {"auto", "yes", "no", NULL};
static const struct bc_shape echo = {.type = BC_T_WORD, .words = echoes};
static const struct bc_field options[] = {
	{"enter", &bc_shape_bool, "Whether Enter is pressed after the text.", false, "yes"},
	{"echo", &echo,
		"Whether the text comes back on the console: `yes` waits for it and types again "
		"what was lost, `no` types without looking, `auto` does not look where a password "
		"is asked for, and types without looking where nothing comes back.",
		false, "auto"},
	{0}};
extern const struct bc_variant bc_step_send_variant;
const struct bc_variant bc_step_send_variant = {"send",
	"Types text as it is; for a command whose output or exit status matters, use `run`.",
	&bc_shape_text, options};

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	struct send *s = state;
	const char *word = bc_value_text(params, "echo", "auto");
	(void)d;
	(void)err;
	s->text = bc_value_text(params, "send", "");
	s->has_enter = bc_value_bool(params, "enter", true);
	s->watch = strcmp(word, "auto") == 0	      ? AUTO
		: bc_value_bool(params, "echo", true) ? WATCHED
						      : UNWATCHED;
	return true;
}

static void release(void *state)
{
	(void)state;
}

static enum bc_step_state typed(void *state, struct bc_dialog *d)
{
	(void)state;
	bc_dialog_claim(d, BC_CLAIM_NONE);
	return BC_STEP_DONE;
}

/* Keys and lines of several are not watched. */
static bool is_line(const struct send *s)
{
	if (!s->has_enter || !*s->text)
		return false;
	for (const char *p = s->text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	return true;
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	struct send *s = state;
	bool is_hidden = s->watch == UNWATCHED || (s->watch == AUTO && bc_dialog_is_secret(d));
	bc_dialog_typed(d, is_hidden ? "(not shown)" : s->text);
	if (!is_line(s)) {
		bc_dialog_send(d, s->text, strlen(s->text));
		if (s->has_enter)
			bc_dialog_send(d, "\n", 1);
		return BC_STEP_DONE;
	}
	struct bc_typing how = {.reader = BC_PROMPT_SHELL,
		.echo = is_hidden	      ? BC_ECHO_HIDDEN
			: s->watch == WATCHED ? BC_ECHO_SHOWN
					      : BC_ECHO_MAYBE,
		.ends_at_enter = true,
		.is_followed = !is_hidden};
	bc_dialog_type(d, s->text, &how);
	return bc_dialog_is_typed(d) ? typed(s, d) : BC_STEP_WAIT;
}

static enum bc_sign sign(const void *state, const struct bc_text *t)
{
	const struct send *s = state;
	const char *shown = s->watch == UNWATCHED || !s->has_enter ? "" : s->text;
	return bc_dialog_shows(t, shown) ? BC_SIGN_SEEN : BC_SIGN_MISSING;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	(void)state;
	(void)d;
	bc_buf_adds(out, "nothing");
}

extern const struct bc_step_kind bc_step_send;
const struct bc_step_kind bc_step_send = {&bc_step_send_variant, sizeof(struct send), false, init,
	release, start, NULL, NULL, NULL, describe, typed, false, sign};
