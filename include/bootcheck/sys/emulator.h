/* What an installed QEMU can do, in its own words: `-version`, `-M help`, `-cpu help`. */
#ifndef BOOTCHECK_SYS_EMULATOR_H
#define BOOTCHECK_SYS_EMULATOR_H

#include <bootcheck/base/err.h>
#include <bootcheck/base/mem.h>

struct bc_emulator_machine {
	char *name;
	char *summary;	/* without QEMU's marks; may be "" */
	char *alias_of; /* NULL = none */
	bool is_default, is_deprecated;
};

struct bc_emulator_cpu {
	char *name;
	char *summary; /* may be "" */
};

struct bc_emulator {
	char *path;
	char *name;    /* "qemu-system-arm" */
	char *arch;    /* "arm" */
	char *version; /* "7.2.22" */
	char *package; /* what follows it: "Debian 1:7.2+dfsg-7"; may be "" */
	struct {
		BC_VEC(struct bc_emulator_machine);
	} machines; /* in QEMU's order */
	struct {
		BC_VEC(struct bc_emulator_cpu);
	} cpus; /* of all machines: QEMU does not tell them apart */
};

/* Fills emulator (zeroed by the caller) from the program at path. The answer is kept in cache_dir (NULL:
 * bc_fs_cache_dir()) for as long as the program's size, times and inode stay the same, so that a second
 * call starts no process. BC_E_MISSING, BC_E_COMMAND with QEMU's own complaint, BC_E_LIMIT after 20 s,
 * BC_E_FORMAT when the program is no QEMU. The caller releases. */
bool bc_emulator_load(const char *path, const char *cache_dir, struct bc_emulator *emulator,
	struct bc_err *err) BC_MUST_CHECK;
void bc_emulator_release(struct bc_emulator *emulator);
static inline void bc_emulator_cleanup(struct bc_emulator *emulator)
{
	bc_emulator_release(emulator);
}

/* True if model ("virt", "virt,gic-version=3") names a machine. Otherwise BC_E_CASE; the hint has the
 * nearest name. */
bool bc_emulator_check_machine(
	const struct bc_emulator *emulator, const char *model, struct bc_err *err) BC_MUST_CHECK;
/* The same for -cpu. "host" and, with PowerPC, a PVR in hexadecimal always pass; PowerPC takes no
 * notice of case. */
bool bc_emulator_check_cpu(
	const struct bc_emulator *emulator, const char *cpu, struct bc_err *err) BC_MUST_CHECK;

/* Parsers of QEMU's output; any bytes are fine, what does not look like an entry is passed over. At most
 * 4096 entries with names of up to 128 bytes are taken. */
bool bc_emulator_parse_version(struct bc_emulator *emulator, const char *text) BC_MUST_CHECK;
void bc_emulator_parse_machines(struct bc_emulator *emulator, const char *text);
void bc_emulator_parse_cpus(struct bc_emulator *emulator, const char *text);

#endif
