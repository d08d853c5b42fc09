/* serve: a server is stopped in its turn, and the dialog goes on. */
#include "session_test.h"

START_TEST(a_server_is_stopped)
{
	add_step("expect", "Loading: #", NULL);
	add_step("serve", "{stop}", NULL);
	add_step("expect", "Retry count", NULL);
	begin();
	say(1, "TFTP from server\nLoading: ");
	ck_assert_uint_eq(rig.sent.len, 0);
	say(2, "##");
	ck_assert_str_eq(rig.sent.data, "<stop tftp>");
	say(3, "\nRetry count exceeded");
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
	ck_assert_str_eq(rig.sent.data, "<stop tftp>");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("step_serve");
	TCase *tc = tcase_create("step_serve");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_server_is_stopped);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
