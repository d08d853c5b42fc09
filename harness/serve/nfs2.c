/* NFS version 2 (RFC 1094). */
#include <bootcheck/serve/nfs_proc.h>

#define MAX_DATA   8192
#define MAX_PATH   1024
#define BLOCK_SIZE 4096u

enum {
	NUL,
	GETATTR,
	SETATTR,
	ROOT,
	LOOKUP,
	READLINK,
	READ,
	WRITECACHE,
	WRITE,
	CREATE,
	REMOVE,
	RENAME,
	LINK,
	SYMLINK,
	MKDIR,
	RMDIR,
	READDIR,
	STATFS
};

/* Types, and the bits that a mode has for them. A pipe is a character device of number -1. */
static const struct {
	uint32_t type, mode;
} types[] = {
	[BC_ENTRY_FILE] = {1, 0100000},
	[BC_ENTRY_DIR] = {2, 0040000},
	[BC_ENTRY_LINK] = {5, 0120000},
	[BC_ENTRY_CHAR] = {4, 0020000},
	[BC_ENTRY_BLOCK] = {3, 0060000},
	[BC_ENTRY_FIFO] = {4, 0010000},
};

static uint32_t size_of(const struct bc_nfs_node *n)
{
	if (n->type == BC_ENTRY_LINK)
		return (uint32_t)strlen(n->target);
	if (n->type == BC_ENTRY_DIR)
		return BLOCK_SIZE;
	return n->size > INT32_MAX ? INT32_MAX : (uint32_t)n->size;
}

static uint32_t device_of(const struct bc_nfs_node *n)
{
	if (n->type == BC_ENTRY_FIFO)
		return UINT32_MAX;
	if (n->type != BC_ENTRY_CHAR && n->type != BC_ENTRY_BLOCK)
		return 0;
	/* As Linux packs both numbers into 32 bits; below 256 it is what everybody has always done. */
	return (n->minor & 0xff) | (n->major << 8) | ((n->minor & ~0xffu) << 12);
}

static void put_attributes(const struct bc_nfs_object *o, struct bc_buf *out)
{
	const struct bc_nfs_node *n = o->node;
	uint32_t size = size_of(n);
	const uint32_t words[] = {types[n->type].type, types[n->type].mode | n->mode, n->links,
		n->uid, n->gid, size, BLOCK_SIZE, device_of(n),
		(uint32_t)(((uint64_t)size + 511) / 512), BC_NFS_FSID, o->number + 1, BC_NFS_TIME,
		0, BC_NFS_TIME, 0, BC_NFS_TIME, 0};
	for (size_t i = 0; i < BC_LEN(words); i++)
		bc_xdr_put_u32(out, words[i]);
}

/* The object that a call begins with. There is one word for every handle that is of no use. */
static enum bc_nfs_status take_object(
	const struct bc_nfs *nfs, struct bc_xdr *in, struct bc_nfs_object *o)
{
	const unsigned char *handle = bc_xdr_fixed(in, BC_NFS_HANDLE);
	if (!handle)
		return BC_NFS_STALE;
	return bc_nfs_handle(nfs, handle, BC_NFS_HANDLE, o) == BC_NFS_OK ? BC_NFS_OK : BC_NFS_STALE;
}

static void lookup(
	struct bc_nfs *nfs, const struct bc_nfs_object *dir, struct bc_xdr *in, struct bc_buf *out)
{
	size_t len;
	struct bc_nfs_object found;
	const unsigned char *name = bc_xdr_opaque(in, MAX_PATH, &len);
	if (!name)
		return;
	enum bc_nfs_status status = bc_nfs_lookup(nfs, dir, name, len, &found);
	if (status == BC_NFS_NOENT)
		bc_nfs_note(nfs, "lookup", name, len, "there is no such file");
	bc_xdr_put_u32(out, status);
	if (status != BC_NFS_OK)
		return;
	bc_nfs_put_handle(nfs, found.number, out);
	put_attributes(&found, out);
}

static void read_link(const struct bc_nfs_object *o, struct bc_buf *out)
{
	bool is_link = o->node->type == BC_ENTRY_LINK;
	bc_xdr_put_u32(out, is_link ? BC_NFS_OK : BC_NFS_INVAL);
	if (!is_link)
		return;
	size_t len = strlen(o->node->target);
	bc_xdr_put_opaque(out, o->node->target, len < MAX_PATH ? len : MAX_PATH);
}

static void read_file(
	struct bc_nfs *nfs, const struct bc_nfs_object *o, struct bc_xdr *in, struct bc_buf *out)
{
	uint32_t offset = bc_xdr_u32(in), count = bc_xdr_u32(in), got;
	size_t start = out->len;
	(void)bc_xdr_u32(in);
	if (in->is_bad)
		return;
	bc_xdr_put_u32(out, BC_NFS_OK);
	put_attributes(o, out);
	size_t at = out->len;
	bc_xdr_put_u32(out, 0);
	enum bc_nfs_status status =
		bc_nfs_read(nfs, o, offset, count < MAX_DATA ? count : MAX_DATA, out, &got);
	bc_xdr_set_u32(out, at, got);
	if (status == BC_NFS_OK)
		return;
	out->len = start;
	bc_xdr_put_u32(out, status);
}

static void read_dir(
	struct bc_nfs *nfs, const struct bc_nfs_object *dir, struct bc_xdr *in, struct bc_buf *out)
{
	uint32_t place = bc_xdr_u32(in), count = bc_xdr_u32(in), number;
	const char *name;
	if (in->is_bad)
		return;
	bc_xdr_put_u32(out, dir->node->type == BC_ENTRY_DIR ? BC_NFS_OK : BC_NFS_NOTDIR);
	if (dir->node->type != BC_ENTRY_DIR)
		return;
	/* The words after the entries are part of what the client has room for. */
	size_t limit = out->len + (count < MAX_DATA ? count : MAX_DATA), first = out->len;
	while (bc_nfs_entry(nfs, dir, place, &name, &number)) {
		size_t len = strlen(name);
		if (out->len + 16 + ((len + 3) & ~(size_t)3) + 8 > limit && out->len > first)
			break;
		place++;
		bc_xdr_put_bool(out, true);
		bc_xdr_put_u32(out, number + 1);
		bc_xdr_put_opaque(out, name, len);
		bc_xdr_put_u32(out, place);
	}
	bc_xdr_put_bool(out, false);
	bc_xdr_put_bool(out, !bc_nfs_entry(nfs, dir, place, &name, &number));
}

static void put_statfs(struct bc_buf *out)
{
	static const uint32_t words[] = {BC_NFS_OK, MAX_DATA, BLOCK_SIZE, 1 << 20, 0, 0};
	for (size_t i = 0; i < BC_LEN(words); i++)
		bc_xdr_put_u32(out, words[i]);
}

/* A procedure that begins with a handle which is good. */
static void run(struct bc_nfs *nfs, struct bc_rpc_call *call, const struct bc_nfs_object *o,
	struct bc_buf *out)
{
	switch (call->procedure) {
	case GETATTR:
		bc_xdr_put_u32(out, BC_NFS_OK);
		put_attributes(o, out);
		break;
	case LOOKUP:
		lookup(nfs, o, &call->args, out);
		break;
	case READLINK:
		read_link(o, out);
		break;
	case READ:
		read_file(nfs, o, &call->args, out);
		break;
	case READDIR:
		read_dir(nfs, o, &call->args, out);
		break;
	case STATFS:
		put_statfs(out);
		break;
	default: /* all others write */
		bc_xdr_put_u32(out, BC_NFS_ROFS);
		break;
	}
}

enum bc_rpc_status bc_nfs2_run(struct bc_nfs *nfs, struct bc_rpc_call *call, struct bc_buf *out)
{
	struct bc_nfs_object o;
	if (call->procedure == NUL || call->procedure == ROOT || call->procedure == WRITECACHE)
		return BC_RPC_SUCCESS; /* two that were never used */
	if (call->procedure > STATFS)
		return BC_RPC_PROC_UNAVAIL;
	enum bc_nfs_status status = take_object(nfs, &call->args, &o);
	if (status == BC_NFS_OK)
		run(nfs, call, &o, out);
	else
		bc_xdr_put_u32(out, status);
	return BC_RPC_SUCCESS;
}
