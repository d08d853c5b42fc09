#include "../check_main.h"
#include "nfs_test.h"

static struct bc_nfs_tree *tree;
static struct bc_nfs nfs;
static struct bc_buf notes, reply;
static struct bc_xdr in; /* the reply's results */

static void add_note(void *ctx, const char *text)
{
	(void)ctx;
	bc_buf_addf(&notes, "%s\n", text);
}

static void setup(void)
{
	tree = test_tree();
	ck_assert_ptr_nonnull(tree);
	nfs = (struct bc_nfs){.tree = tree,
		.instance = "instance",
		.read_max = 4096,
		.read = test_read,
		.note = add_note};
}

static void teardown(void)
{
	bc_nfs_tree_free(tree);
	bc_buf_release(&notes);
	bc_buf_release(&reply);
}

/* Sends what test_call() began; the reply must be accepted with this status. */
static void answer(struct bc_buf *call, enum bc_rpc_status status)
{
	bc_buf_clear(&reply);
	reply.max = BC_NFS_REPLY_MAX;
	ck_assert(bc_nfs_answer(&nfs, call->data, call->len, &reply));
	in = (struct bc_xdr){(const unsigned char *)reply.data, reply.len, 0, false};
	ck_assert_uint_eq(bc_xdr_u32(&in), 0x1234);
	ck_assert_uint_eq(bc_xdr_u32(&in), 1);
	ck_assert_uint_eq(bc_xdr_u32(&in), 0);
	ck_assert_uint_eq(bc_xdr_u64(&in), 0);
	ck_assert_uint_eq(bc_xdr_u32(&in), status);
}

static void skip(size_t words)
{
	while (words--)
		(void)bc_xdr_u32(&in);
	ck_assert(!in.is_bad);
}

static void at_end(void)
{
	ck_assert(!in.is_bad);
	ck_assert_uint_eq(in.pos, in.len);
}

/* Mounts a path; the handle, or NULL with the status. */
static const unsigned char *mount(const char *path, uint32_t version, uint32_t *status)
{
	static unsigned char handle[32];
	BC_AUTO(bc_buf) call = {0};
	test_call(&call, MOUNT, version, 1, 0);
	bc_xdr_put_opaque(&call, path, strlen(path));
	answer(&call, BC_RPC_SUCCESS);
	*status = bc_xdr_u32(&in);
	if (*status)
		return NULL;
	if (version == 3)
		ck_assert_uint_eq(bc_xdr_u32(&in), 32);
	memcpy(handle, bc_xdr_fixed(&in, 32), 32);
	if (version == 3) {
		ck_assert_uint_eq(bc_xdr_u32(&in), 2);
		skip(2);
	}
	at_end();
	return handle;
}

static void put_handle(struct bc_buf *call, uint32_t version, const unsigned char *handle)
{
	if (version == 3)
		bc_xdr_put_u32(call, 32);
	bc_buf_add(call, handle, 32);
}

/* The handle of a path, by LOOKUP after LOOKUP. */
static void walk(uint32_t version, const char *path, unsigned char handle[32])
{
	uint32_t status;
	memcpy(handle, mount("/", version, &status), 32);
	while (*path) {
		size_t n = strcspn(path, "/");
		BC_AUTO(bc_buf) call = {0};
		test_call(&call, NFS, version, version == 3 ? 3 : 4, 0);
		put_handle(&call, version, handle);
		bc_xdr_put_opaque(&call, path, n);
		answer(&call, BC_RPC_SUCCESS);
		ck_assert_uint_eq(bc_xdr_u32(&in), 0);
		if (version == 3)
			ck_assert_uint_eq(bc_xdr_u32(&in), 32);
		memcpy(handle, bc_xdr_fixed(&in, 32), 32);
		skip(version == 3 ? 22 + 22 : 17);
		at_end();
		path += n + (path[n] == '/');
	}
}

/* Begins a call about a path. */
static void about(struct bc_buf *call, uint32_t version, uint32_t procedure, const char *path)
{
	unsigned char handle[32];
	walk(version, path, handle);
	test_call(call, NFS, version, procedure, 0);
	put_handle(call, version, handle);
}

START_TEST(portmap_tells_the_ports)
{
	static const struct {
		uint32_t program, protocol, port;
	} asked[] = {{NFS, 17, 2049}, {NFS, 6, 2049}, {MOUNT, 17, 20048}, {PORTMAP, 6, 111},
		{NFS, 1, 0}, {100021, 17, 0}};
	for (size_t i = 0; i < BC_LEN(asked); i++) {
		BC_AUTO(bc_buf) call = {0};
		test_call(&call, PORTMAP, 2, 3, -1);
		bc_xdr_put_u32(&call, asked[i].program);
		bc_xdr_put_u32(&call, 2);
		bc_xdr_put_u32(&call, asked[i].protocol);
		bc_xdr_put_u32(&call, 0);
		answer(&call, BC_RPC_SUCCESS);
		ck_assert_uint_eq(bc_xdr_u32(&in), asked[i].port);
		at_end();
	}
	BC_AUTO(bc_buf) call = {0};
	test_call(&call, PORTMAP, 4, 3, -1); /* rpcbind */
	answer(&call, BC_RPC_PROG_MISMATCH);
	ck_assert_uint_eq(bc_xdr_u32(&in), 2);
	ck_assert_uint_eq(bc_xdr_u32(&in), 2);
	bc_buf_clear(&call);
	test_call(&call, NFS, 4, 0, -1);
	answer(&call, BC_RPC_PROG_MISMATCH);
	ck_assert_uint_eq(bc_xdr_u32(&in), 2);
	ck_assert_uint_eq(bc_xdr_u32(&in), 3);
}
END_TEST

START_TEST(folders_are_mounted)
{
	static const struct {
		const char *path;
		uint32_t status;
	} asked[] = {{"/", 0}, {"", 0}, {"/boot", 0}, {"boot/", 0}, {"//boot//./../boot", 0},
		{"/../../boot", 0}, {"/nothing", 2}, {"/boot/uImage", 20}, {"/boot/link/x", 2},
		{"/boot/uImage/..", 2}};
	for (uint32_t version = 1; version <= 3; version++)
		for (size_t i = 0; i < BC_LEN(asked); i++) {
			uint32_t status;
			(void)mount(asked[i].path, version, &status);
			ck_assert_msg(status == asked[i].status, "%s: %u", asked[i].path, status);
		}
	ck_assert_ptr_nonnull(strstr(notes.data, "mount /boot: granted"));
	ck_assert_ptr_nonnull(strstr(notes.data, "mount /nothing: refused, there is no such"));
	tree->nodes.items[BC_NFS_ROOT].is_exported = false;
	uint32_t status;
	(void)mount("/", 3, &status);
	ck_assert_uint_eq(status, 13);
}
END_TEST

START_TEST(files_are_read)
{
	for (uint32_t version = 2; version <= 3; version++) {
		static const uint32_t offsets[] = {0, 9000, 9999, 10000, 20000};
		static const uint32_t counts[] = {1024, 1000, 1, 0, 0};
		for (size_t i = 0; i < BC_LEN(offsets); i++) {
			BC_AUTO(bc_buf) call = {0};
			about(&call, version, 6, i % 2 ? "boot/uImage" : "boot/twin");
			if (version == 3)
				bc_xdr_put_u32(&call, 0);
			bc_xdr_put_u32(&call, offsets[i]);
			bc_xdr_put_u32(&call, 1024);
			bc_xdr_put_u32(&call, 0);
			answer(&call, BC_RPC_SUCCESS);
			ck_assert_uint_eq(bc_xdr_u32(&in), 0);
			skip(version == 3 ? 22 : 17);
			if (version == 3) {
				ck_assert_uint_eq(bc_xdr_u32(&in), counts[i]);
				ck_assert_uint_eq(bc_xdr_u32(&in), offsets[i] + 1024 >= 10000);
			}
			size_t len;
			const unsigned char *data = bc_xdr_opaque(&in, 1024, &len);
			ck_assert_uint_eq(len, counts[i]);
			for (size_t k = 0; k < len; k++)
				ck_assert_uint_eq(data[k], (unsigned char)(offsets[i] + k));
			at_end();
		}
		BC_AUTO(bc_buf) call = {0};
		about(&call, version, 6, "boot");
		for (int i = 0; i < 4; i++)
			bc_xdr_put_u32(&call, 0);
		answer(&call, BC_RPC_SUCCESS);
		ck_assert_uint_eq(bc_xdr_u32(&in), 21);
	}
	/* However much is asked for, and whatever cannot be read. */
	BC_AUTO(bc_buf) call = {0};
	about(&call, 3, 6, "boot/uImage");
	bc_xdr_put_u64(&call, 0);
	bc_xdr_put_u32(&call, UINT32_MAX);
	answer(&call, BC_RPC_SUCCESS);
	skip(23);
	/* FSINFO's bound, and not all of the file */
	ck_assert_uint_eq(bc_xdr_u32(&in), 4096);
	ck_assert_uint_eq(bc_xdr_u32(&in), 0);
}
END_TEST

static bool fail_read(
	void *ctx, uint32_t node, uint64_t offset, void *data, size_t len, size_t *got)
{
	(void)ctx, (void)node, (void)offset, (void)data, (void)len, (void)got;
	return false;
}

START_TEST(a_file_that_is_gone_is_an_error)
{
	nfs.read = fail_read;
	for (uint32_t version = 2; version <= 3; version++) {
		BC_AUTO(bc_buf) call = {0};
		about(&call, version, 6, "boot/uImage");
		bc_xdr_put_u64(&call, 0);
		bc_xdr_put_u64(&call, 10ull << 32);
		answer(&call, BC_RPC_SUCCESS);
		ck_assert_uint_eq(bc_xdr_u32(&in), 5);
		if (version == 3) {
			skip(22);
			at_end();
		}
	}
}
END_TEST

START_TEST(attributes_are_those_of_the_listing)
{
	BC_AUTO(bc_buf) call = {0};
	about(&call, 3, 1, "dev/console");
	answer(&call, BC_RPC_SUCCESS);
	static const uint32_t console[] = {0, 4, 0600, 1, 0, 0, 0, 0, 0, 0, 300, 70000};
	for (size_t i = 0; i < BC_LEN(console); i++)
		ck_assert_msg(bc_xdr_u32(&in) == console[i], "word %zu", i);
	skip(10);
	at_end();
	bc_buf_clear(&call);
	about(&call, 3, 1, "root/secret");
	answer(&call, BC_RPC_SUCCESS);
	static const uint32_t secret[] = {0, 1, 0640, 1, 7, 7, 0, 5};
	for (size_t i = 0; i < BC_LEN(secret); i++)
		ck_assert_msg(bc_xdr_u32(&in) == secret[i], "word %zu", i);
	static const struct {
		const char *path;
		uint32_t words[8];
	} old[] = {
		{"dev/console", {4, 0020600, 1, 0, 0, 0, 4096, 0x11112c70}},
		{"dev/disk", {3, 0060660, 1, 0, 0, 0, 4096, 0x11112c70}},
		{"dev/pipe", {4, 0010600, 1, 0, 0, 0, 4096, UINT32_MAX}},
		{"boot/twin", {1, 0100644, 2, 0, 0, 10000, 4096, 0}},
		{"boot/link", {5, 0120777, 1, 0, 0, 6, 4096, 0}},
		{"", {2, 0040755, 6, 0, 0, 4096, 4096, 0}},
	};
	for (size_t i = 0; i < BC_LEN(old); i++) {
		bc_buf_clear(&call);
		about(&call, 2, 1, old[i].path);
		answer(&call, BC_RPC_SUCCESS);
		ck_assert_uint_eq(bc_xdr_u32(&in), 0);
		for (size_t k = 0; k < 8; k++) {
			uint32_t word = bc_xdr_u32(&in);
			ck_assert_msg(
				word == old[i].words[k], "%s, word %zu: %x", old[i].path, k, word);
		}
		skip(9);
		at_end();
	}
}
END_TEST

static uint32_t access_as(int uid, const char *path)
{
	unsigned char handle[32];
	BC_AUTO(bc_buf) call = {0};
	walk(3, path, handle);
	test_call(&call, NFS, 3, 4, uid);
	put_handle(&call, 3, handle);
	bc_xdr_put_u32(&call, 0x3f);
	answer(&call, BC_RPC_SUCCESS);
	skip(23);
	uint32_t granted = bc_xdr_u32(&in);
	at_end();
	return granted;
}

START_TEST(access_goes_by_mode_and_owner_and_never_writes)
{
	ck_assert_uint_eq(access_as(0, "root/secret"), 1);
	ck_assert_uint_eq(access_as(7, "root/secret"), 1);
	ck_assert_uint_eq(access_as(8, "root/secret"), 0);
	ck_assert_uint_eq(access_as(-1, "root/secret"), 0);
	ck_assert_uint_eq(access_as(8, "boot"), 3);
	ck_assert_uint_eq(access_as(8, "boot/uImage"), 1);
}
END_TEST

/* Lists a folder in pieces of `room` bytes; returns how many names there were. */
static size_t list(uint32_t version, uint32_t procedure, const char *path, uint32_t room)
{
	uint64_t cookie = 0;
	size_t count = 0;
	char last[256] = "";
	for (int calls = 0; calls < 1000; calls++) {
		BC_AUTO(bc_buf) call = {0};
		about(&call, version, procedure, path);
		if (version == 2) {
			bc_xdr_put_u32(&call, (uint32_t)cookie);
		} else {
			bc_xdr_put_u64(&call, cookie);
			bc_xdr_put_u64(&call, 0);
		}
		if (procedure == 17)
			bc_xdr_put_u32(&call, room);
		bc_xdr_put_u32(&call, room);
		answer(&call, BC_RPC_SUCCESS);
		if (bc_xdr_u32(&in))
			return 0;
		size_t start = in.pos;
		if (version == 3)
			skip(22 + 2);
		while (bc_xdr_u32(&in)) {
			size_t len;
			if (version == 3)
				(void)bc_xdr_u32(&in);
			(void)bc_xdr_u32(&in);
			const char *name = (const char *)bc_xdr_opaque(&in, 255, &len);
			BC_AUTO_FREE char *text = bc_strndup(name, len);
			ck_assert(count < 3 || strcmp(text, last) > 0);
			snprintf(last, sizeof(last), "%s", text);
			cookie = version == 3 ? bc_xdr_u64(&in) : bc_xdr_u32(&in);
			if (procedure == 17)
				skip(22 + 2 + 8);
			count++;
		}
		bool is_end = bc_xdr_u32(&in);
		at_end();
		ck_assert_uint_le(in.pos - start, room);
		if (is_end)
			return count;
	}
	ck_abort_msg("the list has no end");
	return 0;
}

START_TEST(folders_are_listed_in_pieces)
{
	static const uint32_t rooms[] = {512, 1024, 4096, 8192};
	for (size_t i = 0; i < BC_LEN(rooms); i++) {
		ck_assert_uint_eq(list(2, 16, "many", rooms[i]), 302);
		ck_assert_uint_eq(list(3, 16, "many", rooms[i]), 302);
		ck_assert_uint_eq(list(3, 17, "many", rooms[i]), 302);
	}
	ck_assert_uint_eq(list(2, 16, "", 4096), 6);
	ck_assert_uint_eq(list(3, 17, "", 4096), 6);
	/* too small; no folder; a cookie from nowhere */
	ck_assert_uint_eq(list(3, 16, "many", 40), 0);
	ck_assert_uint_eq(list(3, 16, "boot/uImage", 4096), 0);
	BC_AUTO(bc_buf) call = {0};
	about(&call, 3, 16, "boot");
	bc_xdr_put_u64(&call, UINT64_MAX);
	bc_xdr_put_u64(&call, 0);
	bc_xdr_put_u32(&call, 4096);
	answer(&call, BC_RPC_SUCCESS);
	ck_assert_uint_eq(bc_xdr_u32(&in), 10003);
	bc_buf_clear(&call);
	about(&call, 2, 16, "boot");
	bc_xdr_put_u32(&call, UINT32_MAX);
	bc_xdr_put_u32(&call, 4096);
	answer(&call, BC_RPC_SUCCESS);
	ck_assert_uint_eq(bc_xdr_u32(&in), 0);
	ck_assert_uint_eq(bc_xdr_u32(&in), 0);
	ck_assert_uint_eq(bc_xdr_u32(&in), 1);
}
END_TEST

START_TEST(names_lead_nowhere_else)
{
	static const struct {
		const char *name;
		uint32_t status;
	} asked[] = {{"nope", 2}, {"a/b", 2}, {"", 2}, {"../dev", 2}};
	BC_AUTO_FREE char *endless = bc_calloc(1, 301);
	memset(endless, 'x', 300);
	for (uint32_t version = 2; version <= 3; version++) {
		uint32_t procedure = version == 3 ? 3 : 4;
		for (size_t i = 0; i < BC_LEN(asked) + 2; i++) {
			bool is_named = i < BC_LEN(asked);
			const char *name = is_named ? asked[i].name : endless;
			BC_AUTO(bc_buf) call = {0};
			about(&call, version, procedure,
				i > BC_LEN(asked) ? "boot/uImage" : "boot");
			bc_xdr_put_opaque(&call, name, strlen(name));
			answer(&call, BC_RPC_SUCCESS);
			ck_assert_uint_eq(bc_xdr_u32(&in),
				is_named		     ? asked[i].status
					: i == BC_LEN(asked) ? 63
							     : 20);
			if (version == 3)
				skip(22);
			at_end();
		}
		unsigned char handle[32], root[32];
		walk(version, "boot/../../..", handle);
		walk(version, "", root);
		ck_assert_mem_eq(handle, root, 32);
	}
	ck_assert_ptr_nonnull(strstr(notes.data, "lookup nope: there is no such file"));
}
END_TEST

START_TEST(bad_handles_are_refused)
{
	unsigned char handle[32];
	for (int what = 0; what < 5; what++) {
		walk(3, "boot", handle);
		static const size_t places[] = {4, 12, 0, 31, 31};
		handle[places[what]] ^= 0xff;
		BC_AUTO(bc_buf) call = {0};
		test_call(&call, NFS, 3, 1, 0);
		put_handle(&call, 3, handle);
		answer(&call, BC_RPC_SUCCESS);
		ck_assert_uint_eq(bc_xdr_u32(&in), what < 2 ? 70 : 10001);
		at_end();
		bc_buf_clear(&call);
		test_call(&call, NFS, 2, 1, 0);
		put_handle(&call, 2, handle);
		answer(&call, BC_RPC_SUCCESS);
		ck_assert_uint_eq(bc_xdr_u32(&in), 70);
	}
	BC_AUTO(bc_buf) call = {0};
	test_call(&call, NFS, 3, 1, 0);
	bc_xdr_put_opaque(&call, "short", 5);
	answer(&call, BC_RPC_SUCCESS);
	ck_assert_uint_eq(bc_xdr_u32(&in), 10001);
	bc_buf_clear(&call);
	test_call(&call, NFS, 3, 1, 0);
	bc_xdr_put_u32(&call, 65);
	answer(&call, BC_RPC_GARBAGE_ARGS);
}
END_TEST

START_TEST(nothing_is_written)
{
	/* how many words come behind the status */
	static const int third[] = {[2] = 2,
		[7] = 2,
		[8] = 2,
		[9] = 2,
		[10] = 2,
		[11] = 2,
		[12] = 2,
		[13] = 2,
		[14] = 4,
		[15] = 3,
		[21] = 2};
	for (uint32_t p = 0; p < BC_LEN(third); p++) {
		if (!third[p])
			continue;
		BC_AUTO(bc_buf) call = {0};
		about(&call, 3, p, "boot");
		answer(&call, BC_RPC_SUCCESS);
		ck_assert_uint_eq(bc_xdr_u32(&in), 30);
		skip((size_t)third[p]);
		at_end();
	}
	static const uint32_t second[] = {2, 8, 9, 10, 11, 12, 13, 14, 15};
	for (size_t i = 0; i < BC_LEN(second); i++) {
		BC_AUTO(bc_buf) call = {0};
		about(&call, 2, second[i], "boot");
		answer(&call, BC_RPC_SUCCESS);
		ck_assert_uint_eq(bc_xdr_u32(&in), 30);
		at_end();
	}
	BC_AUTO(bc_buf) call = {0};
	test_call(&call, NFS, 3, 22, 0);
	answer(&call, BC_RPC_PROC_UNAVAIL);
	bc_buf_clear(&call);
	test_call(&call, NFS, 2, 18, 0);
	answer(&call, BC_RPC_PROC_UNAVAIL);
}
END_TEST

START_TEST(links_limits_and_sizes)
{
	BC_AUTO(bc_buf) call = {0};
	size_t len;
	about(&call, 3, 5, "boot/link");
	answer(&call, BC_RPC_SUCCESS);
	skip(23);
	ck_assert_mem_eq(bc_xdr_opaque(&in, 100, &len), "uImage", 6);
	at_end();
	bc_buf_clear(&call);
	about(&call, 2, 5, "boot/link");
	answer(&call, BC_RPC_SUCCESS);
	skip(1);
	ck_assert_mem_eq(bc_xdr_opaque(&in, 100, &len), "uImage", 6);
	at_end();
	bc_buf_clear(&call);
	about(&call, 3, 5, "boot");
	answer(&call, BC_RPC_SUCCESS);
	ck_assert_uint_eq(bc_xdr_u32(&in), 22);
	static const struct {
		uint32_t version, procedure, words;
	} fixed[] = {{3, 18, 1 + 22 + 13}, {3, 19, 1 + 22 + 12}, {3, 20, 1 + 22 + 6}, {2, 17, 6}};
	for (size_t i = 0; i < BC_LEN(fixed); i++) {
		bc_buf_clear(&call);
		about(&call, fixed[i].version, fixed[i].procedure, "");
		answer(&call, BC_RPC_SUCCESS);
		ck_assert_uint_eq(in.len - in.pos, fixed[i].words * 4);
		ck_assert_uint_eq(bc_xdr_u32(&in), 0);
		if (fixed[i].procedure == 19) {
			skip(22);
			ck_assert_uint_eq(bc_xdr_u32(&in), 4096);
		}
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("nfs");
	TCase *t = tcase_create("all");
	tcase_add_checked_fixture(t, setup, teardown);
	const TTest *const all[] = {portmap_tells_the_ports, folders_are_mounted, files_are_read,
		a_file_that_is_gone_is_an_error, attributes_are_those_of_the_listing,
		access_goes_by_mode_and_owner_and_never_writes, folders_are_listed_in_pieces,
		names_lead_nowhere_else, bad_handles_are_refused, nothing_is_written,
		links_limits_and_sizes};
	for (size_t i = 0; i < BC_LEN(all); i++)
		tcase_add_test(t, all[i]);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN_OF(suite)
