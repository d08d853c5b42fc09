/* prompt: the shell's prompt looks different from here on. */
#include <bootcheck/run/steps.h>

struct prompt {
	struct bc_pattern *pattern;
};

extern const struct bc_variant bc_step_prompt_variant;
const struct bc_variant bc_step_prompt_variant = {"prompt",
	"From here on the shell's prompt matches this pattern: another user, another PS1.",
	&bc_shape_pattern, NULL};

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	struct prompt *p = state;
	(void)d;
	p->pattern = bc_pattern_new(bc_value_text(params, "prompt", ""), err);
	return p->pattern != NULL;
}

static void release(void *state)
{
	bc_pattern_free(((struct prompt *)state)->pattern);
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	struct prompt *p = state;
	bc_dialog_set_prompt(d, BC_PROMPT_SHELL, BC_TAKE(p->pattern));
	return BC_STEP_DONE;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	(void)state;
	(void)d;
	bc_buf_adds(out, "nothing");
}

extern const struct bc_step_kind bc_step_prompt;
const struct bc_step_kind bc_step_prompt = {&bc_step_prompt_variant, sizeof(struct prompt), false,
	init, release, start, NULL, NULL, NULL, describe, NULL, false, NULL};
