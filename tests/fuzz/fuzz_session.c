/* Serial bytes through a whole session: steps, detectors, verdict. */
#include <bootcheck/base/mem.h>
#include <bootcheck/run/run.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bc_case *make_case(void)
{
	struct bc_loc nowhere = {0};
	struct bc_case *c = bc_calloc(1, sizeof(*c));
	c->id = bc_strdup("fuzz");
	c->prompt = bc_strdup("^[^ ]* ?[#$] $");
	c->loader =
		(struct bc_loader){bc_strdup(BC_LOADER_PROMPT), bc_strdup(BC_LOADER_AUTOBOOT), 512};
	c->limits =
		(struct bc_limits){.boot = 60000, .silence = 20000, .total = 120000, .step = 30000};
	static const char *const steps[][2] = {{"uboot", "bootm 62000000"}, {"expect", "login"},
		{"send", "root"}, {"run", "uname"}, {"power", "off"}};
	for (size_t i = 0; i < BC_LEN(steps); i++) {
		struct bc_step step = {.kind = bc_strdup(steps[i][0]),
			.params = bc_value_new(BC_VALUE_MAP, nowhere)};
		bc_value_set(step.params, steps[i][0], nowhere,
			bc_value_new_scalar(steps[i][1], nowhere));
		bc_vec_push(&c->steps, step);
	}
	return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	if (size > 1 << 20)
		return 0;
	struct bc_case *c = make_case();
	struct bc_attempt attempt = {0};
	struct bc_err err;
	if (!bc_run_replay(c, text, size, 13, &attempt, &err))
		abort();
	bc_attempt_release(&attempt);
	bc_case_free(c);
	return 0;
}
