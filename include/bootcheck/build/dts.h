/* What the source of a device tree includes from the folders that it lies in: part of a key. */
#ifndef BOOTCHECK_BUILD_DTS_H
#define BOOTCHECK_BUILD_DTS_H

#include <bootcheck/build/node.h>

/* Calls fn for each name in an #include, an /include/ or an /incbin/ (is_data: what is in it is not read on). Comments
 * and conditions are not looked at, so that there may be more than are read. Hostile text is fine. */
void bc_dts_scan(const char *text, size_t len,
	void (*fn)(void *ctx, const char *name, bool is_data), void *ctx);

/* Sets a field of node for each file that source, a path, includes from its folder or, in what it includes, from that
 * of the includer. BC_E_IO; BC_E_LIMIT: too many, or too large. */
bool bc_dts_note(struct bc_node *node, const char *cache_dir, const char *source,
	struct bc_err *err) BC_MUST_CHECK;

#endif
