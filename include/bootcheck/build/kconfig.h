/* Configurations in the kernel's format (.config, defconfig, fragments): text in, text out. Shared by the
 * kernel, BusyBox and U-Boot. A later assignment of an option wins, as in merge_config.sh. */
#ifndef BOOTCHECK_BUILD_KCONFIG_H
#define BOOTCHECK_BUILD_KCONFIG_H

#include <bootcheck/base/buf.h>
#include <bootcheck/base/err.h>
#include <bootcheck/base/mem.h>
#include <bootcheck/model/value.h>

#define BC_KCONFIG_MAX	    ((size_t)8 << 20) /* bytes of one file */
#define BC_KCONFIG_NAME_MAX 128

/* One assignment. */
struct bc_koption {
	char *name;  /* without CONFIG_ */
	char *value; /* as written: "y", "m", "n" (also for `# CONFIG_X is not set`), "0x60003000",
			"\"text\"" with its quotes */
	char *file;  /* where it was written, for messages; may be NULL */
	unsigned line;
};

/* In the order of the text, each name once: a later assignment replaces an earlier one. Zero initialised is
 * empty. */
struct bc_kconfig {
	BC_VEC(struct bc_koption);
};

/* Adds the assignments of a text; file is a name for messages. BC_E_FORMAT with file and line for a line
 * that is neither an assignment, a comment nor empty. BC_E_LIMIT. */
bool bc_kconfig_parse(struct bc_kconfig *config, const char *file, const char *text, size_t len,
	struct bc_err *err) BC_MUST_CHECK;
/* Sets one option; copies. */
void bc_kconfig_set(struct bc_kconfig *config, const char *name, const char *value,
	const char *file, unsigned line);
/* The value, NULL when it is not assigned (which the tools read as n). */
const char *bc_kconfig_get(const struct bc_kconfig *config, const char *name);
/* Appends the text in the kernel's format: `CONFIG_X=v`, or `# CONFIG_X is not set` for n. */
void bc_kconfig_print(const struct bc_kconfig *config, struct bc_buf *out);
void bc_kconfig_release(struct bc_kconfig *config);
static inline void bc_kconfig_cleanup(struct bc_kconfig *config)
{
	bc_kconfig_release(config);
}

/* Adds the options of a map of a case (`config: {STATIC: y, PREFIX: "./_install"}`): y, m, n and numbers as
 * they are, other text quoted unless it is already. BC_E_CASE at the place. */
bool bc_kconfig_from_value(
	struct bc_kconfig *config, const struct bc_value *map, struct bc_err *err) BC_MUST_CHECK;

/* Compares what was wanted with what the tool made of it. True when all survived. Otherwise BC_E_CASE whose
 * message names the first option, its file and line and what was chosen instead ("fixtures/x.config:12:
 * CONFIG_SQUASHFS=y did not survive: the configuration of the kernel has it off"), and how many more there
 * are; each goes to `report` (may be NULL), one line each. source (may be NULL) is the root of the source
 * tree: its Kconfig files say whether the option exists at all (did-you-mean) and what it depends on, which
 * goes into the lines and the hint. `whose` is "the kernel", "BusyBox", "U-Boot". */
bool bc_kconfig_verify(const struct bc_kconfig *wanted, const struct bc_kconfig *got,
	const char *whose, const char *source, struct bc_buf *report,
	struct bc_err *err) BC_MUST_CHECK;

#endif
