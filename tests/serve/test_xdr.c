#include <bootcheck/serve/xdr.h>

#include "../check_main.h"

START_TEST(what_is_put_is_read)
{
	BC_AUTO(bc_buf) out = {0};
	bc_xdr_put_u32(&out, 0x01020304);
	bc_xdr_put_u64(&out, 0x1122334455667788);
	bc_xdr_put_bool(&out, true);
	bc_xdr_put_opaque(&out, "abcde", 5);
	bc_xdr_put_fixed(&out, "xyz", 3);
	static const unsigned char bytes[] = {1, 2, 3, 4, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
		0x88, 0, 0, 0, 1, 0, 0, 0, 5, 'a', 'b', 'c', 'd', 'e', 0, 0, 0, 'x', 'y', 'z', 0};
	ck_assert_uint_eq(out.len, sizeof(bytes));
	ck_assert_mem_eq(out.data, bytes, sizeof(bytes));
	bc_xdr_set_u32(&out, 0, 9);
	bc_xdr_set_u32(&out, sizeof(bytes) - 3, 9); /* no room for a word: nothing */
	struct bc_xdr in = {(const unsigned char *)out.data, out.len, 0, false};
	size_t len;
	ck_assert_uint_eq(bc_xdr_u32(&in), 9);
	ck_assert_uint_eq(bc_xdr_u64(&in), 0x1122334455667788);
	ck_assert_uint_eq(bc_xdr_u32(&in), 1);
	ck_assert_mem_eq(bc_xdr_opaque(&in, 5, &len), "abcde", 5);
	ck_assert_uint_eq(len, 5);
	ck_assert_mem_eq(bc_xdr_fixed(&in, 3), "xyz", 3);
	ck_assert(!in.is_bad);
	ck_assert_uint_eq(in.pos, in.len);
	ck_assert_uint_eq(bc_xdr_u32(&in), 0);
	ck_assert(in.is_bad);
}
END_TEST

START_TEST(bad_stays_bad)
{
	static const unsigned char huge[] = {0xff, 0xff, 0xff, 0xff, 'a', 'b', 'c', 'd'};
	static const unsigned char unpadded[] = {0, 0, 0, 3, 'a', 'b', 'c'};
	static const unsigned char over[] = {0, 0, 0, 4, 'a', 'b', 'c', 'd'};
	size_t len = 7;
	struct bc_xdr in = {huge, sizeof(huge), 0, false};
	ck_assert_ptr_null(bc_xdr_opaque(&in, SIZE_MAX, &len));
	ck_assert_uint_eq(len, 0);
	ck_assert(in.is_bad);
	ck_assert_ptr_null(bc_xdr_fixed(&in, 0));
	in = (struct bc_xdr){unpadded, sizeof(unpadded), 0, false};
	ck_assert_ptr_null(bc_xdr_opaque(&in, 100, &len));
	ck_assert(in.is_bad);
	in = (struct bc_xdr){over, sizeof(over), 0, false};
	ck_assert_ptr_null(bc_xdr_opaque(&in, 3, &len));
	ck_assert(in.is_bad);
	in = (struct bc_xdr){over, sizeof(over), 0, false};
	ck_assert_ptr_null(bc_xdr_fixed(&in, SIZE_MAX));
	ck_assert(in.is_bad);
	in = (struct bc_xdr){over, 6, 0, false};
	ck_assert_uint_eq(bc_xdr_u64(&in) & 0xffffffff, 0);
	ck_assert(in.is_bad);
}
END_TEST

CHECK_MAIN("xdr", what_is_put_is_read, bad_stays_bad)
