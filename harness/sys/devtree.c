#include <libfdt.h>
#include <string.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/sys/devtree.h>

/* dtc has written version 17 since 2006. libfdt 1.6 runs into a null pointer over names in older ones. */
static int check(const void *data, size_t len)
{
	if (len > BC_DEVTREE_MAX || len < FDT_V17_SIZE || fdt_magic(data) != FDT_MAGIC)
		return -FDT_ERR_BADMAGIC;
	if (fdt_version(data) != 17)
		return -FDT_ERR_BADVERSION;
	return fdt_check_full(data, len);
}

bool bc_devtree_check(const void *data, size_t len, struct bc_err *err)
{
	int rc = check(data, len);
	return rc == 0 ||
		bc_fail(err, BC_E_FORMAT, 0, "this is no valid device tree: %s", fdt_strerror(rc));
}

/* Room for the tree and all that the overlay may add to it. */
static bool open_into(struct bc_buf *tree, size_t more, struct bc_err *err)
{
	size_t room = tree->len + more + 4096;
	char *data = bc_calloc(1, room);
	int rc = fdt_open_into(tree->data, data, (int)room);
	if (rc != 0) {
		free(data);
		return bc_fail(
			err, BC_E_FORMAT, 0, "this is no valid device tree: %s", fdt_strerror(rc));
	}
	bc_buf_clear(tree);
	bc_buf_add(tree, data, room);
	free(data);
	return true;
}

bool bc_devtree_overlay(struct bc_buf *tree, const void *overlay, size_t len, struct bc_err *err)
{
	if (!bc_devtree_check(tree->data, tree->len, err) || !bc_devtree_check(overlay, len, err) ||
		!open_into(tree, 2 * len, err))
		return false;
	/* libfdt writes into both. */
	char *copy = bc_calloc(1, len);
	memcpy(copy, overlay, len);
	int rc = fdt_overlay_apply(tree->data, copy);
	free(copy);
	if (rc == -FDT_ERR_NOTFOUND || rc == -FDT_ERR_BADPHANDLE || rc == -FDT_ERR_BADOVERLAY) {
		bool has_symbols = fdt_path_offset(tree->data, "/__symbols__") >= 0;
		(void)bc_fail(err, BC_E_FORMAT, 0, "the overlay does not fit the tree: %s",
			fdt_strerror(rc));
		return bc_err_hint(err, "it names a label or a node that the tree does not have%s",
			has_symbols ? "" : "; the tree has no symbols at all (dtc -@)");
	}
	if (rc == 0)
		rc = fdt_pack(tree->data);
	if (rc != 0)
		return bc_fail(
			err, BC_E_FORMAT, 0, "cannot apply the overlay: %s", fdt_strerror(rc));
	tree->len = fdt_totalsize(tree->data);
	return true;
}
