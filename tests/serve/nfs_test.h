/* A tree to serve and calls made by hand. */
#ifndef NFS_TEST_H
#define NFS_TEST_H

#include <bootcheck/serve/nfs.h>

enum { PORTMAP = 100000, NFS = 100003, MOUNT = 100005 };

/* The content of every file: its offsets' low bytes. */
BC_UNUSED static bool test_read(
	void *ctx, uint32_t node, uint64_t offset, void *data, size_t len, size_t *got)
{
	(void)ctx;
	(void)node;
	for (size_t i = 0; i < len; i++)
		((unsigned char *)data)[i] = (unsigned char)(offset + i);
	*got = len;
	return true;
}

static void test_add(struct bc_tree *tree, enum bc_entry_type type, const char *path, unsigned mode,
	uint64_t size, const char *target)
{
	struct bc_entry e = {
		.type = type, .path = path, .mode = mode, .size = size, .target = target};
	if (type == BC_ENTRY_CHAR || type == BC_ENTRY_BLOCK) {
		e.major = 300;
		e.minor = 70000;
	}
	if (strcmp(path, "root/secret") == 0)
		e.uid = e.gid = 7;
	bc_tree_add(tree, &e, NULL, NULL);
}

BC_UNUSED static struct bc_nfs_tree *test_tree(void)
{
	BC_AUTO(bc_tree) tree = {0};
	test_add(&tree, BC_ENTRY_FILE, "boot/uImage", 0644, 10000, NULL);
	test_add(&tree, BC_ENTRY_LINK, "boot/link", 0777, 0, "uImage");
	test_add(&tree, BC_ENTRY_CHAR, "dev/console", 0600, 0, NULL);
	test_add(&tree, BC_ENTRY_BLOCK, "dev/disk", 0660, 0, NULL);
	test_add(&tree, BC_ENTRY_FIFO, "dev/pipe", 0600, 0, NULL);
	test_add(&tree, BC_ENTRY_FILE, "root/secret", 0640, 5, NULL);
	for (int i = 0; i < 300; i++) {
		BC_AUTO_FREE char *path = bc_asprintf("many/file-%03d", i);
		test_add(&tree, BC_ENTRY_FILE, path, 0644, 1, NULL);
	}
	struct bc_entry hard = {.type = BC_ENTRY_LINK,
		.path = "boot/twin",
		.is_hard = true,
		.target = "boot/uImage"};
	bc_tree_add(&tree, &hard, NULL, NULL);
	return bc_nfs_tree_of(&tree, NULL);
}

/* The head of a call with AUTH_SYS credentials of this user, or AUTH_NONE for -1. */
BC_UNUSED static void test_call(
	struct bc_buf *out, uint32_t program, uint32_t version, uint32_t procedure, int uid)
{
	bc_xdr_put_u32(out, 0x1234);
	bc_xdr_put_u32(out, 0);
	bc_xdr_put_u32(out, 2);
	bc_xdr_put_u32(out, program);
	bc_xdr_put_u32(out, version);
	bc_xdr_put_u32(out, procedure);
	bc_xdr_put_u32(out, uid < 0 ? 0 : 1);
	bc_xdr_put_u32(out, uid < 0 ? 0 : 24);
	if (uid >= 0) {
		bc_xdr_put_u32(out, 0);
		bc_xdr_put_opaque(out, "a", 1);
		bc_xdr_put_u32(out, (uint32_t)uid);
		bc_xdr_put_u32(out, (uint32_t)uid);
		bc_xdr_put_u32(out, 0);
	}
	bc_xdr_put_u64(out, 0);
}

#endif
