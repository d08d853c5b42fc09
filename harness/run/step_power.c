/* power: the guest powers itself off, or the plug is pulled, or the reset button pressed. */
#include <bootcheck/run/steps.h>

/* A machine without a power switch says so on the console and stays: this long after its last words it
 * counts as off. */
#define HALTED_AFTER_MS 1500

struct power {
	enum { OFF, CUT, RESET } action;
	char *command;
	bool is_typed, said_off;
};

static const char *const actions[] = {"off", "cut", "reset", NULL};
static const struct bc_shape head = {.type = BC_T_WORD, .words = actions};
static const struct bc_field options[] = {
	{"command", &bc_shape_text, "What is typed at the shell's prompt for `off`.", false,
		"poweroff -f"},
	{0}};
extern const struct bc_variant bc_step_power_variant;
const struct bc_variant bc_step_power_variant = {"power",
	"off: the guest powers itself off, from its shell; cut: the machine is stopped at once; "
	"reset: its reset "
	"button is pressed, and the next steps see it boot again.",
	&head, options};

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	struct power *p = state;
	const char *word = bc_value_text(params, "power", "off");
	(void)d;
	(void)err;
	p->action = strcmp(word, "cut") == 0 ? CUT : strcmp(word, "reset") == 0 ? RESET : OFF;
	p->command = bc_strdup(bc_value_text(params, "command", "poweroff -f"));
	return true;
}

static void release(void *state)
{
	free(((struct power *)state)->command);
}

static void type(struct power *p, struct bc_dialog *d)
{
	p->is_typed = true;
	bc_dialog_typed(d, p->command);
	bc_dialog_type(d, p->command, &(struct bc_typing){.reader = BC_PROMPT_SHELL});
}

static enum bc_step_state typed(void *state, struct bc_dialog *d)
{
	(void)state;
	bc_dialog_claim(d, BC_CLAIM_NONE);
	return BC_STEP_WAIT;
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	struct power *p = state;
	if (p->action == OFF) {
		if (bc_dialog_at_prompt(d, BC_PROMPT_SHELL))
			type(p, d);
		return BC_STEP_WAIT;
	}
	bc_dialog_power(d, p->action == CUT ? BC_POWER_CUT : BC_POWER_RESET);
	return BC_STEP_DONE;
}

static bool says_off(const struct bc_text *t)
{
	static const char *const last_words[] = {
		"reboot: Power down", "reboot: System halted", "Power off not available"};
	for (size_t i = 0; i < BC_LEN(last_words); i++)
		if (memmem(t->data, t->len, last_words[i], strlen(last_words[i])))
			return true;
	return false;
}

static enum bc_step_state text(
	void *state, struct bc_dialog *d, const struct bc_text *t, size_t *consumed)
{
	struct power *p = state;
	if (!p->is_typed) {
		if (bc_dialog_match_prompt(d, BC_PROMPT_SHELL, t, consumed))
			type(p, d);
		return BC_STEP_WAIT;
	}
	if (t->is_line)
		bc_dialog_claim(d, BC_CLAIM_NONE);
	if (!p->said_off && t->is_line && t->stream != BC_STREAM_USER && says_off(t)) {
		p->said_off = true;
		if (bc_dialog_is_replay(d))
			return BC_STEP_DONE;
		bc_dialog_wake(d, HALTED_AFTER_MS);
	}
	return BC_STEP_WAIT;
}

static enum bc_step_state wake(void *state, struct bc_dialog *d)
{
	(void)d;
	return ((struct power *)state)->said_off ? BC_STEP_DONE : BC_STEP_WAIT;
}

static enum bc_step_state machine(void *state, struct bc_dialog *d, enum bc_machine_event event)
{
	const struct power *p = state;
	if (!p->is_typed)
		return BC_STEP_WAIT;
	if (event == BC_EVENT_OFF)
		return BC_STEP_DONE;
	return bc_dialog_fail(
		d, BC_KIND_EXITED, "the guest reset the machine instead of powering it off");
}

/* A machine that was stopped or reset at its prompt may go on in the prompt's line. */
static enum bc_sign sign(const void *state, const struct bc_text *t)
{
	const struct power *p = state;
	bool is_there = p->action == OFF ? bc_dialog_shows(t, p->command) : t->start > 0;
	return is_there ? BC_SIGN_SEEN : BC_SIGN_MISSING;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	const struct power *p = state;
	(void)d;
	bc_buf_adds(out, p->is_typed ? "the power-off" : "the shell prompt to power off from");
}

extern const struct bc_step_kind bc_step_power;
const struct bc_step_kind bc_step_power = {&bc_step_power_variant, sizeof(struct power), true, init,
	release, start, text, wake, machine, describe, typed, true, sign};
