#include <bootcheck/base/mem.h>

#include "../check_main.h"

START_TEST(lists_of_strings)
{
	BC_AUTO(bc_strs) list = {0};
	for (int i = 0; i < 100; i++)
		bc_strs_addf(&list, "item %d", i);
	ck_assert_uint_eq(list.len, 100);
	ck_assert(bc_strs_has(&list, "item 99"));
	ck_assert(!bc_strs_has(&list, "item"));
	char **argv = bc_strs_argv(&list);
	ck_assert_uint_eq(list.len, 100);
	ck_assert_ptr_null(argv[100]);
	bc_strs_add(&list, "more");
	ck_assert_str_eq(list.items[100], "more");
	size_t seen = 0;
	bc_vec_each (item, &list)
		seen += strlen(*item) > 0;
	ck_assert_uint_eq(seen, 101);
}
END_TEST

START_TEST(handing_over)
{
	char *copy = bc_strndup("abc", 2);
	char *taken = BC_TAKE(copy);
	ck_assert_ptr_null(copy);
	ck_assert_str_eq(taken, "ab");
	free(taken);
	ck_assert_ptr_null(bc_strdup(NULL));
}
END_TEST

/* Out of memory ends the program with a message, also when the size overflows. */
START_TEST(too_much_ends_the_program)
{
	volatile size_t count = SIZE_MAX / 2;
	free(bc_realloc(NULL, count, 4));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mem");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, lists_of_strings);
	tcase_add_test(tcase, handing_over);
	tcase_add_test_raise_signal(tcase, too_much_ends_the_program, 6);
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
