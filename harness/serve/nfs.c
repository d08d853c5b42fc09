/* Portmap, the dispatch of the programs, and what they share. */
#include <bootcheck/base/text.h>
#include <bootcheck/serve/nfs_proc.h>

enum { PORTMAP = 100000, NFS = 100003, MOUNT = 100005 };
enum { TCP = 6, UDP = 17 };

static const char magic[4] = {'B', 'C', 'n', 'f'};

/* Handles: the magic, the instance, the number, zeros. */

struct bc_nfs_object bc_nfs_object(const struct bc_nfs *nfs, uint32_t number)
{
	return (struct bc_nfs_object){number, &nfs->tree->nodes.items[number]};
}

void bc_nfs_put_handle(const struct bc_nfs *nfs, uint32_t number, struct bc_buf *out)
{
	static const char rest[BC_NFS_HANDLE - 16];
	bc_buf_add(out, magic, 4);
	bc_buf_add(out, nfs->instance, 8);
	bc_xdr_put_u32(out, number);
	bc_buf_add(out, rest, sizeof(rest));
}

enum bc_nfs_status bc_nfs_handle(const struct bc_nfs *nfs, const unsigned char *data, size_t len,
	struct bc_nfs_object *object)
{
	if (len != BC_NFS_HANDLE || memcmp(data, magic, 4) != 0)
		return BC_NFS_BADHANDLE;
	struct bc_xdr in = {data, len, 12, false};
	uint32_t number = bc_xdr_u32(&in);
	for (size_t i = 16; i < len; i++)
		if (data[i])
			return BC_NFS_BADHANDLE;
	if (memcmp(data + 4, nfs->instance, 8) != 0 || number >= nfs->tree->nodes.len)
		return BC_NFS_STALE;
	*object = bc_nfs_object(nfs, number);
	return BC_NFS_OK;
}

/* Files and folders */

enum bc_nfs_status bc_nfs_lookup(const struct bc_nfs *nfs, const struct bc_nfs_object *folder,
	const unsigned char *name, size_t len, struct bc_nfs_object *found)
{
	uint32_t number;
	if (folder->node->type != BC_ENTRY_DIR)
		return BC_NFS_NOTDIR;
	if (len > BC_NFS_NAME)
		return BC_NFS_NAMETOOLONG;
	if (!bc_nfs_tree_lookup(nfs->tree, folder->number, name, len, &number))
		return BC_NFS_NOENT;
	*found = bc_nfs_object(nfs, number);
	return BC_NFS_OK;
}

enum bc_nfs_status bc_nfs_read(struct bc_nfs *nfs, const struct bc_nfs_object *file,
	uint64_t offset, uint32_t count, struct bc_buf *out, uint32_t *got)
{
	size_t n = 0;
	*got = 0;
	if (file->node->type != BC_ENTRY_FILE)
		return file->node->type == BC_ENTRY_DIR ? BC_NFS_ISDIR : BC_NFS_INVAL;
	if (offset >= file->node->size)
		return BC_NFS_OK;
	if (count > BC_NFS_READ_MAX)
		count = BC_NFS_READ_MAX;
	if (count > file->node->size - offset)
		count = (uint32_t)(file->node->size - offset);
	char *room = bc_buf_reserve(out, count + 3u);
	if (!room || !nfs->read(nfs->ctx, file->number, offset, room, count, &n))
		return BC_NFS_IO;
	memset(room + n, 0, 3);
	out->len += (n + 3) & ~(size_t)3;
	*got = (uint32_t)n;
	return BC_NFS_OK;
}

bool bc_nfs_entry(const struct bc_nfs *nfs, const struct bc_nfs_object *folder, uint64_t place,
	const char **name, uint32_t *number)
{
	if (place < 2) {
		*name = place ? ".." : ".";
		*number = place ? folder->node->parent : folder->number;
		return true;
	}
	if (place - 2 >= folder->node->count)
		return false;
	const struct bc_nfs_name *n =
		&nfs->tree->names.items[folder->node->first + (size_t)(place - 2)];
	*name = n->name;
	*number = n->node;
	return true;
}

bool bc_nfs_may(const struct bc_nfs_node *node, const struct bc_rpc_call *call, unsigned bits)
{
	bool in_group = call->gid == node->gid;
	for (size_t i = 0; i < call->group_count; i++)
		in_group |= call->groups[i] == node->gid;
	/* root reads all, and executes what anybody may execute */
	if (call->uid == 0)
		return bits != 1 || node->type == BC_ENTRY_DIR || (node->mode & 0111);
	unsigned shift = call->uid == node->uid ? 6 : in_group ? 3 : 0;
	return ((node->mode >> shift) & bits) == bits;
}

void bc_nfs_note(
	struct bc_nfs *nfs, const char *what, const void *name, size_t len, const char *why)
{
	BC_AUTO(bc_buf) text = {.max = 2048};
	if (!nfs->note)
		return;
	bc_buf_addf(&text, "%s ", what);
	bc_escape_text(&text, name, len, false);
	bc_buf_addf(&text, ": %s", why);
	nfs->note(nfs->ctx, text.data);
}

/* Portmap */

struct mapping {
	uint32_t program, version, port;
};
static const struct mapping mappings[] = {
	{PORTMAP, 2, BC_PORTMAP_PORT},
	{MOUNT, 1, BC_MOUNT_PORT},
	{MOUNT, 2, BC_MOUNT_PORT},
	{MOUNT, 3, BC_MOUNT_PORT},
	{NFS, 2, BC_NFS_PORT},
	{NFS, 3, BC_NFS_PORT},
};

static void get_port(struct bc_xdr *in, struct bc_buf *out)
{
	uint32_t program = bc_xdr_u32(in);
	(void)bc_xdr_u32(in); /* whatever version: a wrong one is told by the program itself */
	uint32_t protocol = bc_xdr_u32(in), port = 0;
	(void)bc_xdr_u32(in);
	for (size_t i = 0; i < BC_LEN(mappings); i++)
		if (mappings[i].program == program && (protocol == TCP || protocol == UDP))
			port = mappings[i].port;
	bc_xdr_put_u32(out, port);
}

static void dump_ports(struct bc_buf *out)
{
	static const uint32_t protocols[] = {UDP, TCP};
	for (size_t i = 0; i < BC_LEN(mappings); i++)
		for (size_t p = 0; p < BC_LEN(protocols); p++) {
			bc_xdr_put_bool(out, true);
			bc_xdr_put_u32(out, mappings[i].program);
			bc_xdr_put_u32(out, mappings[i].version);
			bc_xdr_put_u32(out, protocols[p]);
			bc_xdr_put_u32(out, mappings[i].port);
		}
	bc_xdr_put_bool(out, false);
}

static enum bc_rpc_status portmap_run(void *ctx, struct bc_rpc_call *call, struct bc_buf *out)
{
	enum { NUL, SET, UNSET, GETPORT, DUMP };
	(void)ctx;
	switch (call->procedure) {
	case NUL:
		return BC_RPC_SUCCESS;
	case SET:
	case UNSET:
		bc_xdr_put_bool(out, false);
		return BC_RPC_SUCCESS;
	case GETPORT:
		get_port(&call->args, out);
		return BC_RPC_SUCCESS;
	case DUMP:
		dump_ports(out);
		return BC_RPC_SUCCESS;
	default:
		return BC_RPC_PROC_UNAVAIL;
	}
}

static enum bc_rpc_status nfs_run(void *ctx, struct bc_rpc_call *call, struct bc_buf *out)
{
	return call->version == 2 ? bc_nfs2_run(ctx, call, out) : bc_nfs3_run(ctx, call, out);
}

static const struct bc_rpc_program programs[] = {
	{PORTMAP, 2, 2, portmap_run},
	{MOUNT, 1, 3, bc_mount_run},
	{NFS, 2, 3, nfs_run},
	{0},
};

bool bc_nfs_answer(struct bc_nfs *nfs, const void *data, size_t len, struct bc_buf *out)
{
	return bc_rpc_answer(programs, nfs, data, len, out);
}
