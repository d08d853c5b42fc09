/* Flattened device trees, by libfdt. */
#ifndef BOOTCHECK_SYS_DEVTREE_H
#define BOOTCHECK_SYS_DEVTREE_H

#include <bootcheck/base/buf.h>
#include <bootcheck/base/err.h>

#define BC_DEVTREE_MAX ((size_t)16 << 20)

/* True when the bytes are a whole and valid device tree. BC_E_FORMAT. Hostile bytes are fine. */
bool bc_devtree_check(const void *data, size_t len, struct bc_err *err) BC_MUST_CHECK;
/* Applies an overlay to tree (which grows). BC_E_FORMAT: either is no device tree, or they do not fit: a label that
 * the base does not have (it was compiled without symbols, maybe). tree is then of no use. */
bool bc_devtree_overlay(
	struct bc_buf *tree, const void *overlay, size_t len, struct bc_err *err) BC_MUST_CHECK;

#endif
