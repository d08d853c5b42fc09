/* VMCOREINFO: what a kernel with kexec or crash dumps writes about itself into a page of its memory. */
#ifndef BOOTCHECK_GUEST_VMCOREINFO_H
#define BOOTCHECK_GUEST_VMCOREINFO_H

#include <bootcheck/guest/ram.h>

struct bc_vmcoreinfo {
	char *text; /* KEY=VALUE lines, as the kernel wrote them; NULL = none found */
	char release[65];
};

/* The first such page. False when there is none: most kernels write it in an initcall, after the first
 * hundred lines of their log, and many are built without. The caller releases info. */
bool bc_vmcoreinfo_find(const struct bc_guest_ram *ram, struct bc_vmcoreinfo *info) BC_MUST_CHECK;
void bc_vmcoreinfo_release(struct bc_vmcoreinfo *info);
/* A value such as "SYMBOL(prb)" (hexadecimal) or "SIZE(prb_desc)" (decimal); false when it is not there. */
bool bc_vmcoreinfo_get(
	const struct bc_vmcoreinfo *info, const char *key, uint64_t *value) BC_MUST_CHECK;

#endif
