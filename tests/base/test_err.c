#include <errno.h>

#include <bootcheck/base/err.h>

#include "../check_main.h"

START_TEST(fills_message_and_reason)
{
	struct bc_err err;
	ck_assert(!bc_fail(&err, BC_E_IO, ENOENT, "cannot open %s", "x.yaml"));
	ck_assert_int_eq(err.code, BC_E_IO);
	ck_assert_int_eq(err.sys_errno, ENOENT);
	ck_assert_str_eq(err.message, "cannot open x.yaml: No such file or directory");
	ck_assert_str_eq(err.hint, "");
	ck_assert_int_eq(err.line, 0);
	ck_assert_ptr_null(bc_fail_null(&err, BC_E_NET, 0, "gone"));
	ck_assert_str_eq(err.message, "gone");
}
END_TEST

START_TEST(adds_hint_place_and_context)
{
	struct bc_err err;
	(void)bc_fail(&err, BC_E_CASE, 0, "bad");
	(void)bc_err_hint(&err, "use %d", 7);
	(void)bc_err_at(&err, "a.yaml", 3, 9);
	(void)bc_err_prefix(&err, "case %s", "x");
	ck_assert_str_eq(err.message, "case x: bad");
	ck_assert_str_eq(err.hint, "use 7");
	ck_assert_str_eq(err.file, "a.yaml");
	ck_assert_int_eq(err.line, 3);
	ck_assert_int_eq(err.col, 9);
	/* The arguments may come out of the error that is filled. */
	(void)bc_fail(&err, BC_E_INTERNAL, 0, "again: %s", err.message);
	ck_assert_str_eq(err.message, "again: case x: bad");
}
END_TEST

START_TEST(cuts_long_text)
{
	struct bc_err err;
	char text[4000];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)bc_fail(&err, BC_E_IO, ENOSPC, "%s", text);
	ck_assert_uint_lt(strlen(err.message), sizeof(err.message));
	ck_assert_ptr_nonnull(strstr(err.message, "No space left on device"));
	(void)bc_err_prefix(&err, "%s", text);
	(void)bc_err_hint(&err, "%s", text);
	(void)bc_err_at(&err, text, 1, 1);
	ck_assert_uint_eq(strlen(err.hint), sizeof(err.hint) - 1);
	ck_assert_uint_eq(strlen(err.file), sizeof(err.file) - 1);
}
END_TEST

START_TEST(nobody_wants_it)
{
	ck_assert(!bc_fail(NULL, BC_E_IO, EPERM, "x"));
	ck_assert(!bc_err_hint(NULL, "x"));
	ck_assert(!bc_err_at(NULL, "x", 1, 1));
	ck_assert(!bc_err_prefix(NULL, "x"));
}
END_TEST

START_TEST(codes_have_names)
{
	for (int code = BC_E_NONE; code <= BC_E_INTERNAL; code++)
		for (int other = code + 1; other <= BC_E_INTERNAL; other++)
			ck_assert_str_ne(bc_code_name((enum bc_code)code),
				bc_code_name((enum bc_code)other));
	ck_assert_str_eq(bc_code_name(BC_E_CHECKSUM), "checksum");
}
END_TEST

CHECK_MAIN("err", fills_message_and_reason, adds_hint_place_and_context, cuts_long_text,
	nobody_wants_it, codes_have_names)
