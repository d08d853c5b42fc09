/* NFS version 3 (RFC 1813). */
#include <bootcheck/serve/nfs_proc.h>

#define MAX_HANDLE 64
#define MAX_NAME   1024 /* longer ones are no names at all */
#define BLOCK_SIZE 4096u
#define MAX_DIR	   ((uint32_t)8 << 10) /* bytes of a listing */

enum {
	NUL,
	GETATTR,
	SETATTR,
	LOOKUP,
	ACCESS,
	READLINK,
	READ,
	WRITE,
	CREATE,
	MKDIR,
	SYMLINK,
	MKNOD,
	REMOVE,
	RMDIR,
	RENAME,
	LINK,
	READDIR,
	READDIRPLUS,
	FSSTAT,
	FSINFO,
	PATHCONF,
	COMMIT
};

static const uint32_t types[] = {
	[BC_ENTRY_FILE] = 1,
	[BC_ENTRY_DIR] = 2,
	[BC_ENTRY_BLOCK] = 3,
	[BC_ENTRY_CHAR] = 4,
	[BC_ENTRY_LINK] = 5,
	[BC_ENTRY_FIFO] = 7,
};

static void put_attributes(const struct bc_nfs_object *o, struct bc_buf *out)
{
	const struct bc_nfs_node *n = o->node;
	bool is_device = n->type == BC_ENTRY_CHAR || n->type == BC_ENTRY_BLOCK;
	uint64_t size = n->type == BC_ENTRY_LINK ? strlen(n->target)
		: n->type == BC_ENTRY_DIR	 ? BLOCK_SIZE
						 : n->size;
	bc_xdr_put_u32(out, types[n->type]);
	bc_xdr_put_u32(out, n->mode);
	bc_xdr_put_u32(out, n->links);
	bc_xdr_put_u32(out, n->uid);
	bc_xdr_put_u32(out, n->gid);
	bc_xdr_put_u64(out, size);
	bc_xdr_put_u64(out, size);
	bc_xdr_put_u32(out, is_device ? n->major : 0);
	bc_xdr_put_u32(out, is_device ? n->minor : 0);
	bc_xdr_put_u64(out, BC_NFS_FSID);
	bc_xdr_put_u64(out, (uint64_t)o->number + 1);
	for (int i = 0; i < 3; i++) {
		bc_xdr_put_u32(out, BC_NFS_TIME);
		bc_xdr_put_u32(out, 0);
	}
}

/* Attributes that may be left out, but are not. */
static void put_post_op(const struct bc_nfs_object *o, struct bc_buf *out)
{
	bc_xdr_put_bool(out, true);
	put_attributes(o, out);
}

static enum bc_nfs_status take_object(
	const struct bc_nfs *nfs, struct bc_xdr *in, struct bc_nfs_object *o)
{
	size_t len;
	const unsigned char *handle = bc_xdr_opaque(in, MAX_HANDLE, &len);
	return handle ? bc_nfs_handle(nfs, handle, len, o) : BC_NFS_BADHANDLE;
}

static void lookup(
	struct bc_nfs *nfs, const struct bc_nfs_object *dir, struct bc_xdr *in, struct bc_buf *out)
{
	size_t len;
	struct bc_nfs_object found;
	const unsigned char *name = bc_xdr_opaque(in, MAX_NAME, &len);
	if (!name)
		return;
	enum bc_nfs_status status = bc_nfs_lookup(nfs, dir, name, len, &found);
	bc_xdr_put_u32(out, status);
	if (status == BC_NFS_OK) {
		bc_xdr_put_u32(out, BC_NFS_HANDLE);
		bc_nfs_put_handle(nfs, found.number, out);
		put_post_op(&found, out);
	}
	put_post_op(dir, out);
}

static void access_of(struct bc_rpc_call *call, const struct bc_nfs_object *o, struct bc_buf *out)
{
	enum { MAY_READ = 1, MAY_LOOKUP = 2, MAY_EXECUTE = 0x20 };
	uint32_t asked = bc_xdr_u32(&call->args), granted = 0;
	if (bc_nfs_may(o->node, call, 4))
		granted |= MAY_READ;
	if (bc_nfs_may(o->node, call, 1))
		granted |= o->node->type == BC_ENTRY_DIR ? MAY_LOOKUP : MAY_EXECUTE;
	bc_xdr_put_u32(out, BC_NFS_OK);
	put_post_op(o, out);
	bc_xdr_put_u32(out, asked & granted);
}

static void read_link(const struct bc_nfs_object *o, struct bc_buf *out)
{
	bool is_link = o->node->type == BC_ENTRY_LINK;
	bc_xdr_put_u32(out, is_link ? BC_NFS_OK : BC_NFS_INVAL);
	put_post_op(o, out);
	if (is_link)
		bc_xdr_put_opaque(out, o->node->target, strlen(o->node->target));
}

static void read_file(
	struct bc_nfs *nfs, const struct bc_nfs_object *o, struct bc_xdr *in, struct bc_buf *out)
{
	uint64_t offset = bc_xdr_u64(in);
	uint32_t count = bc_xdr_u32(in), got;
	size_t start = out->len;
	if (in->is_bad)
		return;
	bc_xdr_put_u32(out, BC_NFS_OK);
	put_post_op(o, out);
	size_t at = out->len;
	for (int i = 0; i < 3; i++)
		bc_xdr_put_u32(out, 0);
	/* A client that asks for more than FSINFO allows gets less, and asks again. */
	uint32_t most = nfs->read_max && nfs->read_max < count ? nfs->read_max : count;
	enum bc_nfs_status status = bc_nfs_read(nfs, o, offset, most, out, &got);
	if (status != BC_NFS_OK) {
		out->len = start;
		bc_xdr_put_u32(out, status);
		put_post_op(o, out);
		return;
	}
	bc_xdr_set_u32(out, at, got);
	bc_xdr_set_u32(out, at + 4, offset >= o->node->size || o->node->size - offset <= got);
	bc_xdr_set_u32(out, at + 8, got);
}

/* One entry of a listing; with its attributes and handle for READDIRPLUS. */
static void put_entry(struct bc_nfs *nfs, const char *name, uint32_t number, uint64_t cookie,
	bool is_plus, struct bc_buf *out)
{
	bc_xdr_put_bool(out, true);
	bc_xdr_put_u64(out, (uint64_t)number + 1);
	bc_xdr_put_opaque(out, name, strlen(name));
	bc_xdr_put_u64(out, cookie);
	if (!is_plus)
		return;
	struct bc_nfs_object o = bc_nfs_object(nfs, number);
	put_post_op(&o, out);
	bc_xdr_put_bool(out, true);
	bc_xdr_put_u32(out, BC_NFS_HANDLE);
	bc_nfs_put_handle(nfs, number, out);
}

static void refuse_dir(
	const struct bc_nfs_object *dir, enum bc_nfs_status status, struct bc_buf *out)
{
	bc_xdr_put_u32(out, status);
	put_post_op(dir, out);
}

/* READDIR and READDIRPLUS. The tree does not change, so that a place is a good cookie for good. */
static void read_dir(struct bc_nfs *nfs, const struct bc_nfs_object *dir, struct bc_rpc_call *call,
	struct bc_buf *out)
{
	bool is_plus = call->procedure == READDIRPLUS;
	uint64_t place = bc_xdr_u64(&call->args);
	(void)bc_xdr_u64(&call->args); /* the cookies' verifier: always 0 */
	if (is_plus)
		(void)bc_xdr_u32(&call->args); /* a hint on the names alone */
	uint32_t room = bc_xdr_u32(&call->args), number;
	const char *name;
	size_t start = out->len;
	if (call->args.is_bad)
		return;
	if (dir->node->type != BC_ENTRY_DIR) {
		refuse_dir(dir, BC_NFS_NOTDIR, out);
		return;
	}
	if (place > dir->node->count + 2) {
		refuse_dir(dir, BC_NFS_BAD_COOKIE, out);
		return;
	}
	size_t limit = start + (room < MAX_DIR ? room : MAX_DIR);
	bc_xdr_put_u32(out, BC_NFS_OK);
	put_post_op(dir, out);
	bc_xdr_put_u64(out, 0);
	size_t first = out->len;
	while (bc_nfs_entry(nfs, dir, place, &name, &number)) {
		size_t before = out->len;
		put_entry(nfs, name, number, place + 1, is_plus, out);
		if (out->len + 8 > limit) {
			out->len = before;
			break;
		}
		place++;
	}
	bool is_end = !bc_nfs_entry(nfs, dir, place, &name, &number);
	if (out->len == first && !is_end) {
		out->len = start;
		refuse_dir(dir, BC_NFS_TOOSMALL, out);
		return;
	}
	bc_xdr_put_bool(out, false);
	bc_xdr_put_bool(out, is_end);
}

static void put_fsstat(const struct bc_nfs_object *o, struct bc_buf *out)
{
	bc_xdr_put_u32(out, BC_NFS_OK);
	put_post_op(o, out);
	/* Bytes and files: in all, free, and free for this user. */
	static const uint64_t words[] = {(uint64_t)1 << 32, 0, 0, 1 << 20, 0, 0};
	for (size_t i = 0; i < BC_LEN(words); i++)
		bc_xdr_put_u64(out, words[i]);
	bc_xdr_put_u32(out, UINT32_MAX); /* nothing of it will change */
}

static void put_fsinfo(const struct bc_nfs *nfs, const struct bc_nfs_object *o, struct bc_buf *out)
{
	enum { HAS_LINK = 1, HAS_SYMLINK = 2, IS_HOMOGENEOUS = 8 };
	const uint32_t sizes[] = {nfs->read_max, nfs->read_max, 1024, 4096, 4096, 1024, MAX_DIR};
	bc_xdr_put_u32(out, BC_NFS_OK);
	put_post_op(o, out);
	for (size_t i = 0; i < BC_LEN(sizes); i++)
		bc_xdr_put_u32(out, sizes[i]);
	bc_xdr_put_u64(out, INT64_MAX);
	bc_xdr_put_u32(out, 1); /* times are whole seconds */
	bc_xdr_put_u32(out, 0);
	bc_xdr_put_u32(out, HAS_LINK | HAS_SYMLINK | IS_HOMOGENEOUS);
}

static void put_pathconf(const struct bc_nfs_object *o, struct bc_buf *out)
{
	/* The most links, the longest name; names are not cut, owners are not given away, case counts and
	 * is kept. */
	static const uint32_t words[] = {32000, BC_NFS_NAME, 1, 1, 0, 1};
	bc_xdr_put_u32(out, BC_NFS_OK);
	put_post_op(o, out);
	for (size_t i = 0; i < BC_LEN(words); i++)
		bc_xdr_put_u32(out, words[i]);
}

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
	case ACCESS:
		access_of(call, o, out);
		break;
	case READLINK:
		read_link(o, out);
		break;
	case READ:
		read_file(nfs, o, &call->args, out);
		break;
	case READDIR:
	case READDIRPLUS:
		read_dir(nfs, o, call, out);
		break;
	case FSSTAT:
		put_fsstat(o, out);
		break;
	case FSINFO:
		put_fsinfo(nfs, o, out);
		break;
	default:
		put_pathconf(o, out);
		break;
	}
}

/* How many words follow the status when a procedure failed: attributes that may be left out, and are. The
 * ones that write have two for each folder or file that they would have changed.*/
static const struct {
	int failed;
	bool writes;
} shapes[] = {
	[NUL] = {0, false},
	[GETATTR] = {0, false},
	[SETATTR] = {2, true},
	[LOOKUP] = {1, false},
	[ACCESS] = {1, false},
	[READLINK] = {1, false},
	[READ] = {1, false},
	[WRITE] = {2, true},
	[CREATE] = {2, true},
	[MKDIR] = {2, true},
	[SYMLINK] = {2, true},
	[MKNOD] = {2, true},
	[REMOVE] = {2, true},
	[RMDIR] = {2, true},
	[RENAME] = {4, true},
	[LINK] = {3, true},
	[READDIR] = {1, false},
	[READDIRPLUS] = {1, false},
	[FSSTAT] = {1, false},
	[FSINFO] = {1, false},
	[PATHCONF] = {1, false},
	[COMMIT] = {2, true},
};

enum bc_rpc_status bc_nfs3_run(struct bc_nfs *nfs, struct bc_rpc_call *call, struct bc_buf *out)
{
	struct bc_nfs_object o;
	if (call->procedure == NUL)
		return BC_RPC_SUCCESS;
	if (call->procedure >= BC_LEN(shapes))
		return BC_RPC_PROC_UNAVAIL;
	enum bc_nfs_status status = take_object(nfs, &call->args, &o);
	if (status == BC_NFS_OK && shapes[call->procedure].writes)
		status = BC_NFS_ROFS;
	if (status == BC_NFS_OK) {
		run(nfs, call, &o, out);
		return BC_RPC_SUCCESS;
	}
	bc_xdr_put_u32(out, status);
	for (int i = 0; i < shapes[call->procedure].failed; i++)
		bc_xdr_put_bool(out, false);
	return BC_RPC_SUCCESS;
}
