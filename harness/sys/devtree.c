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

/* A FIT is larger than a device tree may be here: images lie in it. */
static bool is_whole(const void *data, size_t len)
{
	return len >= FDT_V17_SIZE && len <= BC_FIT_MAX && fdt_magic(data) == FDT_MAGIC &&
		fdt_version(data) == 17 && fdt_check_full(data, len) == 0;
}

bool bc_devtree_is_fit(const void *data, size_t len)
{
	return is_whole(data, len) && fdt_path_offset(data, "/images") >= 0 &&
		fdt_path_offset(data, "/configurations") >= 0;
}

/* A text property, NULL when it is none. */
static const char *text_of(const void *fdt, int node, const char *name)
{
	int n = 0;
	const char *text = node < 0 ? NULL : fdt_getprop(fdt, node, name, &n);
	return text && n > 0 && strnlen(text, (size_t)n) < (size_t)n ? text : NULL;
}

/* An address of one or two cells. */
static bool address_of(const void *fdt, int node, const char *name, uint64_t *out)
{
	int n = 0;
	const fdt32_t *cells = fdt_getprop(fdt, node, name, &n);
	if (!cells || (n != 4 && n != 8))
		return false;
	*out = fdt32_ld(cells);
	if (n == 8)
		*out = *out << 32 | fdt32_ld(cells + 1);
	return true;
}

static int image_node(const void *fdt, const char *inside)
{
	int images = fdt_path_offset(fdt, "/images");
	if (inside && *inside == ':')
		return fdt_subnode_offset(fdt, images, inside + 1);
	int configurations = fdt_path_offset(fdt, "/configurations");
	const char *name =
		inside && *inside == '#' ? inside + 1 : text_of(fdt, configurations, "default");
	/* More overlays may be named behind the configuration: "#conf#overlay". */
	int config = name
		? fdt_subnode_offset_namelen(fdt, configurations, name, (int)strcspn(name, "#"))
		: fdt_first_subnode(fdt, configurations);
	const char *image = text_of(fdt, config, "kernel");
	return image ? fdt_subnode_offset(fdt, images, image) : -1;
}

bool bc_devtree_fit_kernel(
	const void *data, size_t len, const char *inside, struct bc_fit_kernel *out)
{
	int node = bc_devtree_is_fit(data, len) ? image_node(data, inside) : -1;
	if (node < 0)
		return false;
	int n = 0;
	uint64_t external = 0;
	const char *compression = text_of(data, node, "compression");
	const void *content = fdt_getprop(data, node, "data", &n);
	out->has_load = address_of(data, node, "load", &out->load);
	if (!address_of(data, node, "entry", &out->entry))
		out->entry = out->load;
	if (!content && address_of(data, node, "data-size", &external))
		out->data_bytes = external;
	else
		out->data_bytes = content && n > 0 ? (uint64_t)n : 0;
	out->data = content && n > 0 ? content : NULL;
	out->is_packed = compression && strcmp(compression, "none") != 0;
	return true;
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
