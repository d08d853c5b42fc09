/* What the Kconfig files of a source tree say of one option. For messages only: this is no Kconfig parser, it
 * looks for definitions and their dependencies. */
#ifndef BOOTCHECK_BUILD_KCONFIG_SCAN_H
#define BOOTCHECK_BUILD_KCONFIG_SCAN_H

#include <bootcheck/build/kconfig.h>

struct bc_kconfig_symbol {
	bool is_known; /* some Kconfig file defines it */
	char *text; /* for the user: where, what it depends on and which of that is off; or the nearest
			  name of one that is not known. NULL = nothing to say */
};
void bc_kconfig_symbol_release(struct bc_kconfig_symbol *symbol);
static inline void bc_kconfig_symbol_cleanup(struct bc_kconfig_symbol *symbol)
{
	bc_kconfig_symbol_release(symbol);
}

/* Reads every Kconfig*, Config.in and Config.src below root (bounded: 20,000 files of 1 MiB). got says which
 * of the dependencies are off. False when root holds no such file. */
bool bc_kconfig_scan(const char *root, const char *name, const struct bc_kconfig *got,
	struct bc_kconfig_symbol *symbol);

/* The same for the text of one file: fills symbol when the file defines name, and adds the names of other
 * options to `others` (may be NULL). `file` is for the message. */
void bc_kconfig_scan_text(const char *file, const char *text, size_t len, const char *name,
	const struct bc_kconfig *got, struct bc_kconfig_symbol *symbol, struct bc_strs *others);

#endif
