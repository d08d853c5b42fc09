/* reject: from this step on, a line that matches fails the boot. */
#include <bootcheck/run/steps.h>

struct reject {
	struct bc_pattern *pattern;
	enum bc_stream stream;
};

static const struct bc_field options[] = {
	{"in", &bc_shape_stream,
		"Which writer's text is searched: the kernel's, userspace's or any.", false, "any"},
	{0}};
extern const struct bc_variant bc_step_reject_variant;
const struct bc_variant bc_step_reject_variant = {
	"reject", "From here on, a line that matches fails the boot.", &bc_shape_pattern, options};

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	struct reject *r = state;
	(void)d;
	r->pattern = bc_pattern_new(bc_value_text(params, "reject", ""), err);
	r->stream = bc_stream_parse(bc_value_text(params, "in", "any"));
	return r->pattern != NULL;
}

static void release(void *state)
{
	bc_pattern_free(((struct reject *)state)->pattern);
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	struct reject *r = state;
	bc_dialog_reject(d, BC_TAKE(r->pattern), r->stream);
	return BC_STEP_DONE;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	(void)state;
	(void)d;
	bc_buf_adds(out, "nothing");
}

extern const struct bc_step_kind bc_step_reject;
const struct bc_step_kind bc_step_reject = {&bc_step_reject_variant, sizeof(struct reject), false,
	init, release, start, NULL, NULL, NULL, describe, NULL, false, NULL};
