/* MOUNT, versions 1 (RFC 1094), 2 and 3 (RFC 1813): from a path to the first handle. */
#include <bootcheck/serve/nfs_proc.h>

#define MAX_PATH 1024

enum { AUTH_NONE, AUTH_SYS };

static enum bc_nfs_status find(
	const struct bc_nfs *nfs, const unsigned char *path, size_t len, uint32_t *number)
{
	if (!bc_nfs_tree_path(nfs->tree, path, len, number))
		return BC_NFS_NOENT;
	const struct bc_nfs_node *node = &nfs->tree->nodes.items[*number];
	if (node->type != BC_ENTRY_DIR)
		return BC_NFS_NOTDIR;
	return node->is_exported ? BC_NFS_OK : BC_NFS_ACCES;
}

static void mount(struct bc_nfs *nfs, struct bc_rpc_call *call, struct bc_buf *out)
{
	size_t len;
	uint32_t number = 0;
	const unsigned char *path = bc_xdr_opaque(&call->args, MAX_PATH, &len);
	if (!path)
		return;
	enum bc_nfs_status status = find(nfs, path, len, &number);
	bc_nfs_note(nfs, "mount", path, len,
		status == BC_NFS_OK		 ? "granted"
			: status == BC_NFS_NOENT ? "refused, there is no such folder"
			: status == BC_NFS_ACCES ? "refused, it is not exported"
						 : "refused, it is no folder");
	bc_xdr_put_u32(out, status);
	if (status != BC_NFS_OK)
		return;
	if (call->version == 3)
		bc_xdr_put_u32(out, BC_NFS_HANDLE);
	bc_nfs_put_handle(nfs, number, out);
	if (call->version == 3) {
		bc_xdr_put_u32(out, 2);
		bc_xdr_put_u32(out, AUTH_SYS);
		bc_xdr_put_u32(out, AUTH_NONE);
	}
}

static void list_exports(const struct bc_nfs *nfs, struct bc_buf *out)
{
	for (size_t i = 0; nfs->exports && i < nfs->exports->len; i++) {
		bc_xdr_put_bool(out, true);
		bc_xdr_put_opaque(
			out, nfs->exports->items[i].at, strlen(nfs->exports->items[i].at));
		bc_xdr_put_bool(out, false); /* to everybody */
	}
	bc_xdr_put_bool(out, false);
}

/* Version 2's: limits of POSIX for a path. */
static void path_limits(struct bc_rpc_call *call, struct bc_buf *out)
{
	size_t len;
	(void)bc_xdr_opaque(&call->args, MAX_PATH, &len);
	static const uint32_t limits[] = {1, 0, 0, BC_NFS_NAME, MAX_PATH, 0};
	for (size_t i = 0; i < BC_LEN(limits); i++)
		bc_xdr_put_u32(out, limits[i]);
	bc_xdr_put_u32(out, 0); /* two shorts: a terminal's, and padding */
	bc_xdr_put_u32(out, 0);
	bc_xdr_put_u32(out, 0);
}

enum bc_rpc_status bc_mount_run(void *ctx, struct bc_rpc_call *call, struct bc_buf *out)
{
	enum { NUL, MNT, DUMP, UMNT, UMNTALL, EXPORT, EXPORTALL, PATHCONF };
	struct bc_nfs *nfs = ctx;
	switch (call->procedure) {
	case NUL:
	case UMNT:
	case UMNTALL:
		return BC_RPC_SUCCESS;
	case MNT:
		mount(nfs, call, out);
		return BC_RPC_SUCCESS;
	case DUMP: /* who mounted is not kept */
		bc_xdr_put_bool(out, false);
		return BC_RPC_SUCCESS;
	case EXPORT:
		list_exports(nfs, out);
		return BC_RPC_SUCCESS;
	case EXPORTALL:
		if (call->version == 3)
			return BC_RPC_PROC_UNAVAIL;
		list_exports(nfs, out);
		return BC_RPC_SUCCESS;
	case PATHCONF:
		if (call->version != 2)
			return BC_RPC_PROC_UNAVAIL;
		path_limits(call, out);
		return BC_RPC_SUCCESS;
	default:
		return BC_RPC_PROC_UNAVAIL;
	}
}
