#include <bootcheck/base/mem.h>
#include <bootcheck/serve/rpc.h>

#include "../check_main.h"

static enum bc_rpc_status echo(void *ctx, struct bc_rpc_call *call, struct bc_buf *out)
{
	uint32_t *uid = ctx;
	*uid = call->uid;
	switch (call->procedure) {
	case 0:
		return BC_RPC_SUCCESS;
	case 1:
		bc_xdr_put_u32(out, bc_xdr_u32(&call->args));
		return BC_RPC_SUCCESS;
	case 2:
		bc_xdr_put_u32(out, 7); /* must not be seen */
		return BC_RPC_SYSTEM_ERR;
	default:
		return BC_RPC_PROC_UNAVAIL;
	}
}

static const struct bc_rpc_program programs[] = {{5, 2, 3, echo}, {0}};

/* Calls with these words, the first of which is an xid; compares with those. Lengths in words; 0 = no reply. */
static uint32_t seen_uid;
static void check(const uint32_t *call, size_t n, const uint32_t *reply, size_t m)
{
	BC_AUTO(bc_buf) in = {0};
	BC_AUTO(bc_buf) out = {.max = 4096};
	for (size_t i = 0; i < n; i++)
		bc_xdr_put_u32(&in, call[i]);
	ck_assert_int_eq(bc_rpc_answer(programs, &seen_uid, in.data, in.len, &out), m > 0);
	struct bc_xdr got = {(const unsigned char *)out.data, out.len, 0, false};
	for (size_t i = 0; i < m; i++)
		ck_assert_msg(bc_xdr_u32(&got) == reply[i], "word %zu", i);
	ck_assert_uint_eq(out.len, m * 4);
}
#define WORDS(...)                                                                                 \
	(const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)
#define CHECK(call, ...) check(call, WORDS(__VA_ARGS__))

START_TEST(calls_are_answered)
{
	CHECK(WORDS(9, 0, 2, 5, 3, 1, 0, 0, 0, 0, 77), 9, 1, 0, 0, 0, 0, 77);
	ck_assert_uint_eq(seen_uid, 65534);
	CHECK(WORDS(9, 0, 2, 5, 2, 0, 0, 0, 0, 0), 9, 1, 0, 0, 0, 0);
	/* AUTH_SYS: stamp, name, uid, gid, one group */
	CHECK(WORDS(9, 0, 2, 5, 2, 0, 1, 24, 0, 0, 1000, 100, 1, 4, 0, 0), 9, 1, 0, 0, 0, 0);
	ck_assert_uint_eq(seen_uid, 1000);
}
END_TEST

START_TEST(what_is_wrong_is_said)
{
	/* no such program, versions 2 to 3, no such procedure, garbage, a failure */
	CHECK(WORDS(9, 0, 2, 6, 3, 1, 0, 0, 0, 0), 9, 1, 0, 0, 0, 1);
	CHECK(WORDS(9, 0, 2, 5, 4, 1, 0, 0, 0, 0), 9, 1, 0, 0, 0, 2, 2, 3);
	CHECK(WORDS(9, 0, 2, 5, 1, 1, 0, 0, 0, 0), 9, 1, 0, 0, 0, 2, 2, 3);
	CHECK(WORDS(9, 0, 2, 5, 3, 3, 0, 0, 0, 0), 9, 1, 0, 0, 0, 3);
	CHECK(WORDS(9, 0, 2, 5, 3, 1, 0, 0, 0, 0), 9, 1, 0, 0, 0, 4);
	CHECK(WORDS(9, 0, 2, 5, 3, 2, 0, 0, 0, 0), 9, 1, 0, 0, 0, 5);
	/* another RPC version; credentials of a kind that is not known, too long, too many groups, cut off */
	CHECK(WORDS(9, 0, 3, 5, 3, 1, 0, 0, 0, 0), 9, 1, 1, 0, 2, 2);
	CHECK(WORDS(9, 0, 2, 5, 3, 1, 6, 0, 0, 0), 9, 1, 1, 1, 2);
	CHECK(WORDS(9, 0, 2, 5, 3, 1, 0, 404, 0, 0), 9, 1, 1, 1, 1);
	CHECK(WORDS(9, 0, 2, 5, 2, 0, 1, 20, 0, 0, 0, 0, 17, 0, 0), 9, 1, 1, 1, 1);
	CHECK(WORDS(9, 0, 2, 5, 2, 0, 1, 16, 0, 0, 0, 0, 0, 0), 9, 1, 1, 1, 1);
}
END_TEST

START_TEST(what_is_no_call_is_dropped)
{
	check(WORDS(9), NULL, 0);
	check(WORDS(9, 0), NULL, 0);
	check(WORDS(9, 1, 0, 0, 0, 0), NULL, 0); /* a reply */
	check(WORDS(9, 7, 2, 5, 3, 1, 0, 0, 0, 0), NULL, 0);
}
END_TEST

static void add_record(void *ctx, const void *data, size_t len)
{
	bc_buf_addc(ctx, '<');
	bc_buf_add(ctx, data, len);
	bc_buf_addc(ctx, '>');
}

START_TEST(records_come_in_any_pieces)
{
	static const char bytes[] = "\x80\0\0\3abc"
				    "\0\0\0\2de\0\0\0\0\x80\0\0\1f"
				    "\x80\0\0\0"
				    "\x80\0\0\2gh";
	for (size_t piece = 1; piece < sizeof(bytes); piece++) {
		struct bc_rpc_stream s = {0};
		BC_AUTO(bc_buf) got = {0};
		for (size_t i = 0; i < sizeof(bytes) - 1; i += piece) {
			size_t n = sizeof(bytes) - 1 - i;
			ck_assert(bc_rpc_stream_push(
				&s, bytes + i, n < piece ? n : piece, add_record, &got));
		}
		ck_assert_str_eq(got.data, "<abc><def><gh>");
		bc_rpc_stream_release(&s);
	}
}
END_TEST

START_TEST(a_record_has_a_bound)
{
	struct bc_rpc_stream s = {0};
	BC_AUTO(bc_buf) got = {0};
	ck_assert(!bc_rpc_stream_push(&s, "\x7f\xff\xff\xff", 4, add_record, &got));
	bc_rpc_stream_release(&s);
	/* Fragment after fragment: the sum counts. */
	s = (struct bc_rpc_stream){0};
	char *kib = bc_calloc(1, 1028);
	kib[2] = 4;
	size_t count = 0;
	while (count < 200 && bc_rpc_stream_push(&s, kib, 1028, add_record, &got))
		count++;
	ck_assert_uint_eq(count, BC_RPC_RECORD_MAX / 1024);
	ck_assert_uint_eq(got.len, 0);
	bc_rpc_stream_release(&s);
	free(kib);
}
END_TEST

START_TEST(a_mark_is_written_over)
{
	BC_AUTO(bc_buf) out = {0};
	bc_buf_adds(&out, "x");
	size_t at = bc_rpc_mark_begin(&out);
	bc_buf_adds(&out, "reply");
	bc_rpc_mark_end(&out, at);
	ck_assert_uint_eq(out.len, 10);
	ck_assert_mem_eq(out.data, "x\x80\0\0\5reply", 10);
}
END_TEST

CHECK_MAIN("rpc", calls_are_answered, what_is_wrong_is_said, what_is_no_call_is_dropped,
	records_come_in_any_pieces, a_record_has_a_bound, a_mark_is_written_over)
