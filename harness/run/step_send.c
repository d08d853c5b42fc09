/* send: types text. */
#include <bootcheck/run/steps.h>

struct send {
	struct bc_buf bytes;
};

static const struct bc_field options[] = {
	{"enter", &bc_shape_bool, "Whether Enter is pressed after the text.", false, "yes"}, {0}};
extern const struct bc_variant bc_step_send_variant;
const struct bc_variant bc_step_send_variant = {"send",
	"Types text as it is; for a command whose output or exit status matters, use `run`.",
	&bc_shape_text, options};

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	struct send *s = state;
	(void)d;
	(void)err;
	bc_buf_adds(&s->bytes, bc_value_text(params, "send", ""));
	if (bc_value_bool(params, "enter", true))
		bc_buf_addc(&s->bytes, '\n');
	return true;
}

static void release(void *state)
{
	bc_buf_release(&((struct send *)state)->bytes);
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	struct send *s = state;
	bc_dialog_send(d, s->bytes.data, s->bytes.len);
	return BC_STEP_DONE;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	(void)state;
	(void)d;
	bc_buf_adds(out, "nothing");
}

extern const struct bc_step_kind bc_step_send;
const struct bc_step_kind bc_step_send = {&bc_step_send_variant, sizeof(struct send), false, init,
	release, start, NULL, NULL, NULL, describe};
