/* The NFS server's answers, over datagrams and over a stream. The first byte chooses. */
#include "../serve/nfs_test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_record(void *ctx, const void *data, size_t len)
{
	BC_AUTO(bc_buf) out = {.max = BC_NFS_REPLY_MAX};
	size_t at = bc_rpc_mark_begin(&out);
	BC_IGNORE(bc_nfs_answer(ctx, data, len, &out));
	bc_rpc_mark_end(&out, at);
	if (out.len > BC_NFS_REPLY_MAX || out.len % 4)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bc_nfs_tree *tree;
	if (!tree)
		tree = test_tree();
	struct bc_nfs nfs = {
		.tree = tree, .instance = "instance", .read_max = 4096, .read = test_read};
	if (!size)
		return 0;
	if (data[0] & 1) {
		on_record(&nfs, data + 1, size - 1);
		return 0;
	}
	struct bc_rpc_stream s = {0};
	BC_IGNORE(bc_rpc_stream_push(&s, data + 1, size - 1, on_record, &nfs));
	bc_rpc_stream_release(&s);
	return 0;
}
