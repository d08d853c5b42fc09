/* System.map: a kernel's symbols as its build wrote them. */
#ifndef BOOTCHECK_GUEST_SYSMAP_H
#define BOOTCHECK_GUEST_SYSMAP_H

#include <bootcheck/base/err.h>
#include <bootcheck/guest/kallsyms.h>

struct bc_sysmap {
	struct {
		BC_VEC(struct bc_sysmap_symbol);
	} symbols; /* by address; of one address in the file's order */
	char *text;
};

struct bc_sysmap_symbol {
	uint64_t address;
	const char *name; /* NUL-terminated, in the map's text */
	char type;	  /* nm's letter */
};

/* Reads `address type name` lines; others are passed over. BC_E_FORMAT when there are fewer than a kernel has
 * (Debian ships a stub of one line). The caller releases map. */
bool bc_sysmap_parse(
	struct bc_sysmap *map, const char *data, size_t len, struct bc_err *err) BC_MUST_CHECK;
void bc_sysmap_release(struct bc_sysmap *map);
/* As bc_kallsyms_name(); shift is what KASLR added to the addresses of the build. */
bool bc_sysmap_name(const struct bc_sysmap *map, uint64_t shift, uint64_t address,
	char name[BC_SYMBOL_MAX], uint64_t *offset) BC_MUST_CHECK;
/* A symbol's address in the build; false when there is none. */
bool bc_sysmap_address(
	const struct bc_sysmap *map, const char *name, uint64_t *address) BC_MUST_CHECK;

#endif
