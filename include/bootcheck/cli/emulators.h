/* The emulators that cases name, each asked once: are they there, do they know the machine and CPU? */
#ifndef BOOTCHECK_CLI_EMULATORS_H
#define BOOTCHECK_CLI_EMULATORS_H

#include <bootcheck/model/case.h>
#include <bootcheck/sys/emulator.h>

struct bc_emulators {
	BC_VEC(struct bc_emulators_entry *);
};

/* The program that runs the machine: its `qemu:` or qemu-system-<arch>. The caller frees. */
char *bc_emulators_program(const struct bc_machine *machine) BC_MUST_CHECK;
/* The emulator of that name or path, lent until the release; NULL as bc_emulator_load() says. */
const struct bc_emulator *bc_emulators_get(
	struct bc_emulators *emulators, const char *program, struct bc_err *err) BC_MUST_CHECK;
/* True when the case's emulator is here and has its machine and CPU. BC_E_MISSING (no emulator) with
 * the package to install; BC_E_CASE with the place in the case file and the nearest name; otherwise as
 * bc_emulator_load(). */
bool bc_emulators_check(
	struct bc_emulators *emulators, const struct bc_case *c, struct bc_err *err) BC_MUST_CHECK;
void bc_emulators_release(struct bc_emulators *emulators);
static inline void bc_emulators_cleanup(struct bc_emulators *emulators)
{
	bc_emulators_release(emulators);
}

#endif
