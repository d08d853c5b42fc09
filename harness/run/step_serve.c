/* serve: takes one of the boot's servers away, so that a case can show what the guest does then. */
#include <bootcheck/run/steps.h>
#include <bootcheck/serve/services.h>

struct serve {
	char *stop;
};

static const struct bc_shape service = {.type = BC_T_WORD, .words = bc_service_names};
static const struct bc_field fields[] = {
	{"stop", &service, "The server that answers nothing from now on.", true, NULL},
	{0},
};
static const struct bc_shape head = {.type = BC_T_OBJECT, .fields = fields};
extern const struct bc_variant bc_step_serve_variant;
const struct bc_variant bc_step_serve_variant = {"serve",
	"Stops a server of the boot, in the middle of a transfer or before it.", &head, NULL};

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	(void)d;
	(void)err;
	((struct serve *)state)->stop =
		bc_strdup(bc_value_text(bc_value_get(params, "serve"), "stop", ""));
	return true;
}

static void release(void *state)
{
	free(((struct serve *)state)->stop);
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	bc_dialog_serve_stop(d, ((struct serve *)state)->stop);
	return BC_STEP_DONE;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	(void)d;
	bc_buf_addf(out, "the end of the %s server", ((const struct serve *)state)->stop);
}

extern const struct bc_step_kind bc_step_serve;
const struct bc_step_kind bc_step_serve = {&bc_step_serve_variant, sizeof(struct serve), false,
	init, release, start, NULL, NULL, NULL, describe, NULL, false, NULL};
