/* Any text as QEMU's registers, and what is judged from it. */
#include <string.h>

#include <bootcheck/run/hang.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BC_AUTO_FREE char *text = bc_strndup((const char *)data, size);
	struct bc_hang_facts facts = {
		.status = "running", .busy = 1, .wanted = 1, .is_silence = size && *data % 2};
	struct bc_hang_finding finding;
	bc_hang_parse(text, &facts.samples);
	if (facts.samples.len > 64)
		__builtin_trap();
	bc_vec_each (s, &facts.samples)
		if (s->cpu >= 64)
			__builtin_trap();
	bc_hang_judge(&facts, &finding);
	if (!finding.joint || strlen(finding.what) >= sizeof(finding.what))
		__builtin_trap();
	free(facts.samples.items);
	return 0;
}
