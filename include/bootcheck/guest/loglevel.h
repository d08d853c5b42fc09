/* console_loglevel of a guest's kernel, found without symbols: /proc/sys/kernel/printk has an entry in a table of the
 * kernel's, which names the four numbers. */
#ifndef BOOTCHECK_GUEST_LOGLEVEL_H
#define BOOTCHECK_GUEST_LOGLEVEL_H

#include <bootcheck/guest/ram.h>

/* Looks in the kernel's data around the offset `near`; delta: virtual address minus offset of the kernel's image. The offset
 * of console_printk[4], 0 if it was not found: a kernel without CONFIG_SYSCTL. */
uint64_t bc_guest_loglevel_find(const struct bc_guest_ram *ram, struct bc_guest_format format,
	uint64_t near, uint64_t delta);
/* The level now: records below it are printed. -1 if what is there makes no sense. */
int bc_guest_loglevel_read(
	const struct bc_guest_ram *ram, struct bc_guest_format format, uint64_t at);

#endif
