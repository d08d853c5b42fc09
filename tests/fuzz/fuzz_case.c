/* Any bytes as a case file: YAML, variables, matrix, checks, and the case that comes out. */
#include <assert.h>
#include <stdint.h>

#include <bootcheck/build/build.h>
#include <bootcheck/plan/load.h>
#include <bootcheck/run/steps.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 itself leaks 512 bytes on some flow maps that do not parse (corpus: leak). */
const char *__lsan_default_suppressions(void)
{
	return "leak:libfyaml.so\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bc_plan_options options = {
		.artifacts = bc_artifact_variants,
		.sources = bc_source_variants,
		.steps = bc_step_variants,
	};
	BC_AUTO(bc_diag) diag = {0};
	BC_AUTO(bc_buf) text = {0};
	struct bc_err err = {0};
	struct bc_plan *plan =
		bc_plan_load_text("fuzz.yaml", (const char *)data, size, &options, &diag, &err);
	assert(plan);
	bc_diag_render(&diag, &text, false, bc_plan_line, plan);
	/* No case without a finding for why, and none that a broken rule let through. */
	assert(plan->len > 0 || diag.errors > 0);
	for (size_t i = 0; i < plan->len; i++) {
		const struct bc_case *c = plan->items[i];
		assert(c->name && c->machine.arch && c->machine.model);
		assert(c->machine.console < c->machine.uarts);
	}
	bc_plan_free(plan);
	return 0;
}
