#include <bootcheck/run/steps.h>

extern const struct bc_step_kind bc_step_expect, bc_step_reject, bc_step_send, bc_step_run,
	bc_step_power, bc_step_wait, bc_step_serve, bc_step_uboot;
extern const struct bc_step_kind bc_step_login, bc_step_activate, bc_step_prompt;
extern const struct bc_variant bc_step_login_variant, bc_step_activate_variant,
	bc_step_prompt_variant;
extern const struct bc_variant bc_step_expect_variant, bc_step_reject_variant, bc_step_send_variant,
	bc_step_run_variant, bc_step_power_variant, bc_step_wait_variant, bc_step_serve_variant,
	bc_step_uboot_variant;

const struct bc_step_kind *const bc_step_kinds[] = {
	&bc_step_expect,
	&bc_step_run,
	&bc_step_send,
	&bc_step_login,
	&bc_step_activate,
	&bc_step_prompt,
	&bc_step_uboot,
	&bc_step_power,
	&bc_step_wait,
	&bc_step_reject,
	&bc_step_serve,
	NULL,
};

const struct bc_variant *const bc_step_variants[] = {
	&bc_step_expect_variant,
	&bc_step_run_variant,
	&bc_step_send_variant,
	&bc_step_login_variant,
	&bc_step_activate_variant,
	&bc_step_prompt_variant,
	&bc_step_uboot_variant,
	&bc_step_power_variant,
	&bc_step_wait_variant,
	&bc_step_reject_variant,
	&bc_step_serve_variant,
	NULL,
};

static const char *const streams[] = {"any", "kernel", "user", NULL};
const struct bc_shape bc_shape_stream = {.type = BC_T_WORD, .words = streams};

enum bc_stream bc_stream_parse(const char *word)
{
	if (strcmp(word, "kernel") == 0)
		return BC_STREAM_KERNEL;
	return strcmp(word, "user") == 0 ? BC_STREAM_USER : BC_STREAM_ANY;
}

bool bc_stream_fits(enum bc_stream wanted, enum bc_stream is)
{
	return wanted == BC_STREAM_ANY || is == BC_STREAM_ANY || wanted == is;
}
