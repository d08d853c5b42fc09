/* QEMU's lists, or any bytes that a program of that name prints. */
#include <bootcheck/base/mem.h>
#include <bootcheck/sys/emulator.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BC_AUTO_FREE char *text = bc_strndup((const char *)data, size);
	BC_AUTO(bc_emulator)
	e = {.name = bc_strdup("qemu-system-ppc64"), .arch = bc_strdup("ppc64")};
	struct bc_err err;
	if (!bc_emulator_parse_version(&e, text)) {
		e.version = bc_strdup("1");
		e.package = bc_strdup("");
	}
	bc_emulator_parse_machines(&e, text);
	bc_emulator_parse_cpus(&e, text);
	if (e.machines.len > 4096 || e.cpus.len > 4096)
		abort();
	/* Whatever was listed is known. */
	bc_vec_each (m, &e.machines)
		if (!bc_emulator_check_machine(&e, m->name, &err))
			abort();
	bc_vec_each (c, &e.cpus)
		if (!bc_emulator_check_cpu(&e, c->name, &err))
			abort();
	return 0;
}
