/* activate: the Enter that BusyBox's init wants before it starts a shell. */
#include <bootcheck/run/steps.h>

struct activate {
	struct bc_pattern *at;
	bool is_pressed;
};

#define QUESTION "Please press Enter to activate this console"

static const char *const whats[] = {"console", NULL};
static const struct bc_shape head = {.type = BC_T_WORD, .words = whats};
static const struct bc_field options[] = {
	{"at", &bc_shape_pattern, "What the console shows when it waits for Enter.", false,
		QUESTION},
	{0}};
extern const struct bc_variant bc_step_activate_variant;
const struct bc_variant bc_step_activate_variant = {"activate",
	"Waits until the console asks for Enter, presses it once, and waits for the shell's "
	"prompt.",
	&head, options};

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	struct activate *a = state;
	(void)d;
	a->at = bc_pattern_new(bc_value_text(params, "at", QUESTION), err);
	return a->at != NULL;
}

static void release(void *state)
{
	bc_pattern_free(((struct activate *)state)->at);
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	(void)state;
	(void)d;
	return BC_STEP_WAIT;
}

static enum bc_step_state text(
	void *state, struct bc_dialog *d, const struct bc_text *t, size_t *consumed)
{
	struct activate *a = state;
	if (t->stream == BC_STREAM_KERNEL)
		return BC_STEP_WAIT;
	if (a->is_pressed)
		return bc_dialog_match_prompt(d, BC_PROMPT_SHELL, t, consumed) ? BC_STEP_DONE
									       : BC_STEP_WAIT;
	if (bc_pattern_find(a->at, t->data, t->len, t->start, 0, NULL, 0) != BC_MATCH_YES)
		return BC_STEP_WAIT;
	*consumed = t->len;
	a->is_pressed = true;
	bc_dialog_send(d, "\n", 1);
	return BC_STEP_WAIT;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	const struct activate *a = state;
	(void)d;
	if (a->is_pressed)
		bc_buf_adds(out, "the shell prompt after Enter");
	else
		bc_buf_addf(out, "\"%s\"", bc_pattern_text(a->at));
}

extern const struct bc_step_kind bc_step_activate;
const struct bc_step_kind bc_step_activate = {&bc_step_activate_variant, sizeof(struct activate),
	false, init, release, start, text, NULL, NULL, describe, NULL, false, NULL};
