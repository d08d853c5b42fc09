/* The main() that every test program shares: one suite, fork mode from CK_FORK (on by default). */
#ifndef CHECK_MAIN_H
#define CHECK_MAIN_H

#include <check.h>

#define CHECK_MAIN(suite_name, ...)                                                                \
	int main(void)                                                                             \
	{                                                                                          \
		const TTest *const all[] = {__VA_ARGS__};                                          \
		Suite *suite = suite_create(suite_name);                                           \
		TCase *tcase = tcase_create("all");                                                \
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)                          \
			tcase_add_test(tcase, all[i]);                                             \
		tcase_set_timeout(tcase, 60);                                                      \
		suite_add_tcase(suite, tcase);                                                     \
		SRunner *runner = srunner_create(suite);                                           \
		srunner_run_all(runner, CK_NORMAL);                                                \
		int failed = srunner_ntests_failed(runner);                                        \
		srunner_free(runner);                                                              \
		return failed != 0;                                                                \
	}

/* For suites with fixtures or loops: build is a function that returns the Suite. */
#define CHECK_MAIN_OF(build)                                                                       \
	int main(void)                                                                             \
	{                                                                                          \
		SRunner *runner = srunner_create(build());                                         \
		srunner_run_all(runner, CK_NORMAL);                                                \
		int failed = srunner_ntests_failed(runner);                                        \
		srunner_free(runner);                                                              \
		return failed != 0;                                                                \
	}

#endif
