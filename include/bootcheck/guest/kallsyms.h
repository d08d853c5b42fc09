/* The kernel's own symbol table, kallsyms, decoded from the guest's memory: which function an address is in,
 * when there is no System.map, and wherever the kernel was put. */
#ifndef BOOTCHECK_GUEST_KALLSYMS_H
#define BOOTCHECK_GUEST_KALLSYMS_H

#include <bootcheck/guest/ram.h>

#define BC_SYMBOL_MAX 512

struct bc_kallsyms {
	const struct bc_guest_ram *ram; /* borrowed */
	struct bc_guest_format format;
	/* Offsets of its tables. */
	uint64_t names, markers, token_table, token_index, addresses;
	uint32_t count;
	unsigned marker_size;
	enum {
		BC_KALLSYMS_ABSOLUTE, /* addresses */
		BC_KALLSYMS_RELATIVE, /* offsets from base */
		BC_KALLSYMS_PERCPU,   /* below 0: -1 - offset from base; otherwise an address */
		BC_KALLSYMS_PLACE,    /* offsets from the place of each */
	} kind;
	uint64_t
		base; /* PLACE: the address of the memory's first byte, as the kernel's own mapping has it */
};

/* Finds the tables by their form: 256 tokens and their index, then markers and names that fit each other, then
 * addresses in ascending order. The layouts of 4.6 to 6.3 and of 6.4 and later, absolute addresses, and those of 7.x,
 * which need VMCOREINFO, or init_nsproxy among the symbols, to tell where the kernel runs. */
bool bc_kallsyms_find(const struct bc_guest_ram *ram, struct bc_guest_format format,
	struct bc_kallsyms *symbols) BC_MUST_CHECK;
/* The symbol that address is in, and how far behind its start. False when it is in none: user space, a module,
 * or nothing. */
bool bc_kallsyms_name(const struct bc_kallsyms *symbols, uint64_t address, char name[BC_SYMBOL_MAX],
	uint64_t *offset) BC_MUST_CHECK;
/* Decodes one symbol; *type is nm's letter. */
bool bc_kallsyms_symbol(const struct bc_kallsyms *symbols, uint32_t index, char name[BC_SYMBOL_MAX],
	char *type, uint64_t *address) BC_MUST_CHECK;

#endif
