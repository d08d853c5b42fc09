/* Flattened device trees, by libfdt. */
#ifndef BOOTCHECK_SYS_DEVTREE_H
#define BOOTCHECK_SYS_DEVTREE_H

#include <bootcheck/base/buf.h>
#include <bootcheck/base/err.h>

#define BC_DEVTREE_MAX ((size_t)16 << 20)
#define BC_FIT_MAX     ((size_t)256 << 20)

/* True when the bytes are a whole and valid device tree. BC_E_FORMAT. Hostile bytes are fine. */
bool bc_devtree_check(const void *data, size_t len, struct bc_err *err) BC_MUST_CHECK;
/* Applies an overlay to tree (which grows). BC_E_FORMAT: either is no device tree, or they do not fit: a label that
 * the base does not have (it was compiled without symbols, maybe). tree is then of no use. */
bool bc_devtree_overlay(
	struct bc_buf *tree, const void *overlay, size_t len, struct bc_err *err) BC_MUST_CHECK;

/* True when the bytes are a device tree that is a FIT image: it has /images and /configurations. Hostile bytes are
 * fine. */
bool bc_devtree_is_fit(const void *data, size_t len);
/* A kernel of a FIT image. */
struct bc_fit_kernel {
	uint64_t load, entry, data_bytes;
	const void *data; /* points into the FIT; NULL when it lies behind the tree, or nowhere */
	bool has_load, is_packed;
};
/* The kernel that bootm takes: `inside` is what follows the address, "#CONFIGURATION" or ":IMAGE"; NULL, or anything
 * else, stands for the default configuration. False when there is none. Hostile bytes are fine. */
bool bc_devtree_fit_kernel(
	const void *data, size_t len, const char *inside, struct bc_fit_kernel *out) BC_MUST_CHECK;

#endif
