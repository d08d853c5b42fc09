/* wait: lets the guest run for a while; what it prints is still judged. */
#include <bootcheck/base/text.h>
#include <bootcheck/run/steps.h>

struct wait {
	uint64_t ms;
};

extern const struct bc_variant bc_step_wait_variant;
const struct bc_variant bc_step_wait_variant = {"wait",
	"Lets the guest run for this long; what it prints is still judged.", &bc_shape_duration,
	NULL};

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	(void)d;
	(void)err;
	((struct wait *)state)->ms = bc_value_ms(params, "wait", 0);
	return true;
}

static void release(void *state)
{
	(void)state;
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	const struct wait *w = state;
	if (bc_dialog_is_replay(d))
		return BC_STEP_DONE;
	bc_dialog_wake(d, w->ms);
	return BC_STEP_WAIT;
}

static enum bc_step_state wake(void *state, struct bc_dialog *d)
{
	(void)state;
	(void)d;
	return BC_STEP_DONE;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	char text[32];
	(void)d;
	bc_duration_format(((const struct wait *)state)->ms, text, sizeof(text));
	bc_buf_addf(out, "the end of a wait of %s", text);
}

extern const struct bc_step_kind bc_step_wait;
const struct bc_step_kind bc_step_wait = {&bc_step_wait_variant, sizeof(struct wait), true, init,
	release, start, NULL, wake, NULL, describe, NULL, true, NULL};
