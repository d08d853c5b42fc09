#include <bootcheck/base/buf.h>

#include "../check_main.h"

START_TEST(grows_and_terminates)
{
	BC_AUTO(bc_buf) b = {0};
	for (int i = 0; i < 1000; i++)
		bc_buf_addf(&b, "%d,", i);
	ck_assert_uint_eq(strlen(b.data), b.len);
	ck_assert(strncmp(b.data, "0,1,2,", 6) == 0);
	bc_buf_drop(&b, 2);
	ck_assert(strncmp(b.data, "1,2,", 4) == 0);
	ck_assert_uint_eq(strlen(b.data), b.len);
	bc_buf_clear(&b);
	ck_assert_uint_eq(b.len, 0);
	ck_assert_str_eq(b.data, "");
}
END_TEST

START_TEST(keeps_its_maximum)
{
	BC_AUTO(bc_buf) b = {.max = 5};
	bc_buf_adds(&b, "abc");
	ck_assert(!b.overflow);
	bc_buf_adds(&b, "defg");
	ck_assert(b.overflow);
	ck_assert_str_eq(b.data, "abcde");
	ck_assert_ptr_null(bc_buf_reserve(&b, 1));
	bc_buf_clear(&b);
	ck_assert(!b.overflow);
	ck_assert_ptr_nonnull(bc_buf_reserve(&b, 5));
	ck_assert_ptr_null(bc_buf_reserve(&b, 6));
	bc_buf_release(&b);
	ck_assert_uint_eq(b.max, 5);
}
END_TEST

START_TEST(takes_any_bytes)
{
	BC_AUTO(bc_buf) b = {0};
	bc_buf_add(&b, "a\0b", 3);
	ck_assert_uint_eq(b.len, 3);
	ck_assert_int_eq(memcmp(b.data, "a\0b", 4), 0);
	bc_buf_add(&b, NULL, 0);
	ck_assert_uint_eq(b.len, 3);
	char *text = bc_buf_take(&b);
	ck_assert_int_eq(text[2], 'b');
	ck_assert_ptr_null(b.data);
	free(text);
	text = bc_buf_take(&b);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

CHECK_MAIN("buf", grows_and_terminates, keeps_its_maximum, takes_any_bytes)
