/* The server behind real sockets, in a network namespace of its own. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <bootcheck/base/text.h>
#include <bootcheck/serve/nfs_server.h>
#include <bootcheck/sys/fs.h>

#include "../check_main.h"
#include "nfs_test.h"

static char *dir, *tree;
static struct bc_netns *ns;
static struct bc_loop *loop;
static struct bc_nfs_server *server;
static struct bc_export export = {.below = (char *)"", .at = (char *)"/"};
static struct bc_exports exports = {.items = &export, .len = 1};

static int failures;
static char failure[1024];
static void on_failed(void *ctx, const struct bc_err *err)
{
	(void)ctx;
	failures++;
	snprintf(failure, sizeof(failure), "%s", err->message);
}

static void setup(void)
{
	struct bc_err err = {0};
	dir = bc_fs_temp_dir(NULL, "nfs-", &err);
	ck_assert_ptr_nonnull(dir);
	tree = bc_path_join(dir, "tree");
	BC_AUTO_FREE char *sub = bc_path_join(tree, "sub");
	BC_AUTO_FREE char *file = bc_path_join(sub, "file");
	ck_assert(bc_fs_mkdirs(sub, 0755, &err) && bc_fs_write(file, "hello", 5, &err));
	/* Each 4 KiB of it end in their number. */
	BC_AUTO_FREE char *large = bc_path_join(tree, "large");
	BC_AUTO_FREE char *content = bc_calloc(1, 16 * 4096);
	for (int i = 0; i < 16; i++)
		content[(i + 1) * 4096 - 1] = (char)i;
	ck_assert(bc_fs_write(large, content, 16 * 4096, &err));
	failures = 0;
	export.root = tree;
	ns = bc_netns_new(&err);
	if (!ns) {
		ck_assert_int_eq(err.code, BC_E_MISSING);
		return; /* this host has none; test_netns says so */
	}
	loop = bc_loop_new();
	struct bc_nfs_server_options options = {
		.loop = loop, .exports = &exports, .ns = ns, .log_fd = -1, .failed = on_failed};
	server = bc_nfs_server_new(&options, &err);
	ck_assert_msg(server != NULL, "%s", err.message);
}

static void teardown(void)
{
	bc_nfs_server_free(server);
	bc_loop_free(loop);
	bc_netns_free(ns);
	ck_assert(bc_fs_remove(dir, NULL));
	free(dir);
	free(tree);
}

static int dial(int type, uint16_t port)
{
	struct bc_err err = {0};
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = bc_netns_socket(ns, type, INADDR_LOOPBACK, 0, &err);
	ck_assert_msg(fd >= 0, "%s", err.message);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int waiting;
static void on_client(void *ctx, int events)
{
	(void)ctx, (void)events;
	waiting = 0;
	bc_loop_stop(loop);
}

/* Runs the server until the client has something to read, then reads it. */
static ssize_t receive(int fd, void *data, size_t size)
{
	struct bc_watch *watch = bc_watch_new(loop, fd, on_client, NULL);
	bc_watch_start(watch, BC_READABLE);
	waiting = 1;
	while (waiting)
		bc_loop_run(loop);
	bc_watch_close(watch);
	return recv(fd, data, size, MSG_DONTWAIT);
}

static void put_mount(struct bc_buf *call)
{
	test_call(call, MOUNT, 3, 1, 0);
	bc_xdr_put_opaque(call, "/", 1);
}

/* The status of READ of sub/file over datagrams; the bytes go to data. */
static uint32_t read_file(int fd, char data[5])
{
	unsigned char reply[2048], handle[32];
	size_t at = 24 + 8; /* the reply's head, a status and a length before the handle */
	static const char *const names[] = {"sub", "file"};
	BC_AUTO(bc_buf) call = {0};
	put_mount(&call);
	ck_assert(send(fd, call.data, call.len, 0) > 0);
	ck_assert_int_gt(receive(fd, reply, sizeof(reply)), (int)at + 32);
	memcpy(handle, reply + at, 32);
	for (size_t i = 0; i < 2; i++) {
		bc_buf_clear(&call);
		test_call(&call, NFS, 3, 3, 0);
		bc_xdr_put_opaque(&call, handle, 32);
		bc_xdr_put_opaque(&call, names[i], strlen(names[i]));
		ck_assert(send(fd, call.data, call.len, 0) > 0);
		ck_assert_int_gt(receive(fd, reply, sizeof(reply)), (int)at + 32);
		memcpy(handle, reply + at, 32);
	}
	bc_buf_clear(&call);
	test_call(&call, NFS, 3, 6, 0);
	bc_xdr_put_opaque(&call, handle, 32);
	bc_xdr_put_u64(&call, 0);
	bc_xdr_put_u32(&call, 4096);
	ck_assert(send(fd, call.data, call.len, 0) > 0);
	ssize_t n = receive(fd, reply, sizeof(reply));
	ck_assert_int_ge(n, 28);
	/* a status, attributes, how many, whether that is all, a length */
	if (n >= 24 + 4 + 88 + 12 + 5)
		memcpy(data, reply + 24 + 4 + 88 + 12, 5);
	return (uint32_t)reply[26] << 8 | reply[27];
}

START_TEST(datagrams_and_real_files)
{
	char data[5] = "";
	if (!ns)
		return;
	int fd = dial(SOCK_DGRAM, 2049);
	ck_assert_uint_eq(read_file(fd, data), 0);
	ck_assert_mem_eq(data, "hello", 5);
	ck_assert_int_eq(failures, 0);
	close(fd);
}
END_TEST

/* What cannot be read here is not the guest's fault, and is told once. */
START_TEST(files_that_cannot_be_read)
{
	char data[5] = "";
	if (!ns)
		return;
	BC_AUTO_FREE char *file = bc_path_join(tree, "sub/file");
	ck_assert_int_eq(unlink(file), 0);
	int fd = dial(SOCK_DGRAM, 2049);
	ck_assert_uint_eq(read_file(fd, data), 5);
	ck_assert_uint_eq(read_file(fd, data), 5);
	close(fd);
	ck_assert_int_eq(failures, 1);
	ck_assert_msg(
		strstr(failure, "sub/file") && strstr(failure, "No such file"), "%s", failure);
}
END_TEST

START_TEST(a_link_put_in_later_leads_nowhere)
{
	char data[5] = "";
	if (!ns)
		return;
	/* The folder of the host changes under the server: what lies outside stays outside. */
	BC_AUTO_FREE char *sub = bc_path_join(tree, "sub");
	BC_AUTO_FREE char *outside = bc_path_join(dir, "outside");
	ck_assert_int_eq(rename(sub, outside), 0);
	ck_assert_int_eq(symlink("../outside", sub), 0);
	int fd = dial(SOCK_DGRAM, 2049);
	ck_assert_uint_eq(read_file(fd, data), 5);
	close(fd);
}
END_TEST

START_TEST(streams_in_pieces)
{
	unsigned char reply[256];
	if (!ns)
		return;
	BC_AUTO(bc_buf) bytes = {0};
	for (int i = 0; i < 2; i++) {
		size_t at = bc_rpc_mark_begin(&bytes);
		put_mount(&bytes);
		bc_rpc_mark_end(&bytes, at);
	}
	int fd = dial(SOCK_STREAM, 20048);
	ck_assert_int_eq(send(fd, bytes.data, 11, 0), 11);
	ck_assert_int_eq(send(fd, bytes.data + 11, bytes.len - 11, 0), (int)bytes.len - 11);
	size_t one = 4 + 24 + 8 + 32 + 12, have = 0;
	while (have < 2 * one) {
		ssize_t n = receive(fd, reply + have, sizeof(reply) - have);
		ck_assert_int_gt(n, 0);
		have += (size_t)n;
	}
	ck_assert_uint_eq(have, 2 * one);
	ck_assert_mem_eq(reply, "\x80\0\0\x4c\0\0\x12\x34", 8);
	ck_assert_mem_eq(reply + one, reply, one);
	close(fd);
}
END_TEST

/* Reads `size` bytes. */
static void receive_all(int fd, unsigned char *data, size_t size)
{
	for (size_t have = 0; have < size;) {
		ssize_t n = receive(fd, data + have, size - have);
		ck_assert_int_gt(n, 0);
		have += (size_t)n;
	}
}

/* The handle of a file in the root, over a stream. */
static void get_handle(int fd, const char *name, unsigned char handle[32])
{
	unsigned char reply[512];
	BC_AUTO(bc_buf) bytes = {0};
	size_t at = bc_rpc_mark_begin(&bytes);
	put_mount(&bytes);
	bc_rpc_mark_end(&bytes, at);
	ck_assert(send(fd, bytes.data, bytes.len, 0) > 0);
	receive_all(fd, reply, 4 + 24 + 8 + 32 + 12);
	bc_buf_clear(&bytes);
	at = bc_rpc_mark_begin(&bytes);
	test_call(&bytes, NFS, 3, 3, 0);
	bc_xdr_put_opaque(&bytes, reply + 4 + 24 + 8, 32);
	bc_xdr_put_opaque(&bytes, name, strlen(name));
	bc_rpc_mark_end(&bytes, at);
	ck_assert(send(fd, bytes.data, bytes.len, 0) > 0);
	receive_all(fd, reply, 4 + 24 + 8 + 32 + 2 * 88);
	memcpy(handle, reply + 4 + 24 + 8, 32);
}

/* Hundreds of calls at once, each for more than a reply has: every reply is whole, and none is lost. */
START_TEST(a_burst_of_reads)
{
	enum { CALLS = 400, GOT = 4096, REPLY = 24 + 4 + 88 + 12 + GOT };
	unsigned char handle[32];
	static unsigned char reply[4 + REPLY];
	if (!ns)
		return;
	int fd = dial(SOCK_STREAM, 2049);
	get_handle(fd, "large", handle);
	BC_AUTO(bc_buf) bytes = {.max = (size_t)1 << 20};
	for (uint64_t i = 0; i < CALLS; i++) {
		size_t at = bc_rpc_mark_begin(&bytes);
		test_call(&bytes, NFS, 3, 6, 0);
		bc_xdr_put_opaque(&bytes, handle, 32);
		bc_xdr_put_u64(&bytes, i % 8 * GOT);
		bc_xdr_put_u32(&bytes, 32768);
		bc_rpc_mark_end(&bytes, at);
	}
	ck_assert_int_eq(send(fd, bytes.data, bytes.len, 0), (int)bytes.len);
	for (uint64_t i = 0; i < CALLS; i++) {
		receive_all(fd, reply, sizeof(reply));
		ck_assert_mem_eq(reply, "\x80\0\x10\x80\0\0\x12\x34", 8);
		ck_assert_uint_eq(reply[4 + REPLY - 1], i % 8);
	}
	close(fd);
}
END_TEST

/* A client that has said all that it has to say still gets its answers. */
START_TEST(half_closed)
{
	unsigned char reply[256];
	if (!ns)
		return;
	BC_AUTO(bc_buf) bytes = {0};
	for (int i = 0; i < 3; i++) {
		size_t at = bc_rpc_mark_begin(&bytes);
		put_mount(&bytes);
		bc_rpc_mark_end(&bytes, at);
	}
	int fd = dial(SOCK_STREAM, 20048);
	ck_assert_int_eq(send(fd, bytes.data, bytes.len, 0), (int)bytes.len);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	size_t one = 4 + 24 + 8 + 32 + 12;
	receive_all(fd, reply, 3 * one);
	ck_assert_mem_eq(reply + 2 * one, reply, one);
	ck_assert_int_eq(receive(fd, reply, sizeof(reply)), 0);
	close(fd);
}
END_TEST

START_TEST(what_is_no_stream_of_calls_is_hung_up_on)
{
	static const char *const bad[] = {
		"\x7f\xff\xff\xff", "\x80\0\0\4abcd", "\x80\0\0\x0c\0\0\0\1\0\0\0\1\0\0\0\2"};
	static const size_t lengths[] = {4, 8, 16};
	char data[8];
	if (!ns)
		return;
	for (size_t i = 0; i < BC_LEN(bad); i++) {
		int fd = dial(SOCK_STREAM, 111);
		ck_assert(send(fd, bad[i], lengths[i], 0) > 0);
		ssize_t n = receive(fd, data, sizeof(data));
		ck_assert_msg(n == 0 || (n < 0 && errno == ECONNRESET), "%zu: %zd", i, n);
		close(fd);
	}
}
END_TEST

/* One call; how many bytes of the answer came. */
static ssize_t ask(int fd)
{
	char data[8];
	BC_AUTO(bc_buf) bytes = {0};
	size_t at = bc_rpc_mark_begin(&bytes);
	put_mount(&bytes);
	bc_rpc_mark_end(&bytes, at);
	ck_assert_int_eq(send(fd, bytes.data, bytes.len, MSG_NOSIGNAL), (int)bytes.len);
	return receive(fd, data, sizeof(data));
}

START_TEST(clients_have_a_bound)
{
	int fds[32], fd;
	if (!ns)
		return;
	for (size_t i = 0; i < BC_LEN(fds); i++) {
		fds[i] = dial(SOCK_STREAM, 2049);
		ck_assert_int_eq(ask(fds[i]), 8);
	}
	/* One more is hung up on; when places are free again, a new one is served. */
	fd = dial(SOCK_STREAM, 2049);
	ck_assert_int_le(ask(fd), 0);
	close(fd);
	for (size_t i = 0; i < BC_LEN(fds); i++)
		close(fds[i]);
	fd = dial(SOCK_DGRAM, 2049);
	BC_AUTO(bc_buf) call = {0};
	put_mount(&call);
	ck_assert(send(fd, call.data, call.len, 0) > 0);
	char data[8];
	ck_assert_int_eq(receive(fd, data, sizeof(data)), 8);
	close(fd);
	fd = dial(SOCK_STREAM, 111);
	ck_assert_int_eq(ask(fd), 8);
	close(fd);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("nfs_server");
	TCase *t = tcase_create("all");
	tcase_add_checked_fixture(t, setup, teardown);
	const TTest *const all[] = {datagrams_and_real_files, a_link_put_in_later_leads_nowhere,
		files_that_cannot_be_read, a_burst_of_reads, half_closed, streams_in_pieces,
		what_is_no_stream_of_calls_is_hung_up_on, clients_have_a_bound};
	for (size_t i = 0; i < BC_LEN(all); i++)
		tcase_add_test(t, all[i]);
	tcase_set_timeout(t, 20);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN_OF(suite)
