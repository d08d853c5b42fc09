/* Logins, consoles that want Enter, prompts that change. */
#include <bootcheck/run/run.h>

#include "session_test.h"

#define KERNEL "[    1.000000] Run /sbin/init as init process\r\n"
#define LATE   "[    1.500000] usb 1-1: late\r\n"

static void want_sent(const char *text)
{
	ck_assert_str_eq(rig.sent.data ? rig.sent.data : "", text);
}

START_TEST(name_and_password)
{
	add_map_step("login", "user", "root", "password", "secret", NULL);
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, KERNEL "\r\nvexpress lo" LATE "gin");
	want_sent("");
	say(2, ": ");
	/* The getty's echo, with a record in it. */
	want_sent("roo");
	say(3, "r[    1.600000] x\r\noo");
	want_sent("root");
	say(3, "t");
	want_sent("root\n");
	say(4, "\r\n");
	say(5,
		"Pass"
		"[    1.700000] x\r\n"
		"word: ");
	want_sent("root\nsecret\n");
	say(6, "\r\n\x1b[1;32mroot@vm\x1b[0m:~# \x1b[6n[    1.800000] last\r\n");
	ck_assert_int_eq(result(6)->verdict, BC_PASS);
	/* The cursor's place is not told: that would be typed at the shell. */
	want_sent("root\nsecret\n");
}
END_TEST

START_TEST(no_password_needed)
{
	add_step("login", "root", NULL);
	begin();
	say(1, "vexpress login: ");
	echo(2);
	say(3, "\r\nlast login: never\r\n# ");
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
	want_sent("root\n");
}
END_TEST

START_TEST(refused)
{
	add_map_step("login", "user", "root", "password", "wrong", NULL);
	begin();
	say(1, KERNEL "Login incorrect\r\nvexpress login: ");
	echo(2);
	say(3, "\r\nPassword: ");
	say(4, "\r\nLogin inco" LATE "rrect\r\nvexpress login: ");
	ck_assert_int_eq(result(4)->kind, BC_KIND_COMMAND);
	ck_assert_str_eq(result(4)->title, "Login incorrect: user \"root\"");
}
END_TEST

START_TEST(too_late)
{
	add_map_step("login", "user", "root", "password", "x", NULL);
	begin();
	say(1, "vexpress login: ");
	echo(2);
	say(3, "\r\nLogin timed out after 60 seconds\r\n");
	ck_assert_str_eq(result(3)->title, "Login timed out: user \"root\"");
}
END_TEST

START_TEST(a_password_that_the_case_has_not)
{
	add_step("login", "root", NULL);
	begin();
	say(1, "vexpress login: ");
	echo(2);
	say(3, "\r\nPassword: ");
	ck_assert_str_eq(
		result(3)->title, "\"root\" is asked for a password, and the case has none");
	want_sent("root\n");
}
END_TEST

START_TEST(refused_without_a_word)
{
	add_step("login", "root", NULL);
	begin();
	for (uint64_t ms = 1; ms < 10 && !bc_session_is_decided(rig.s); ms += 2) {
		say(ms, "\r\nvexpress login: ");
		echo(ms + 1);
	}
	ck_assert_str_eq(result(200)->title, "the login of \"root\" was refused without a word");
}
END_TEST

START_TEST(enter_exactly_once)
{
	add_step("activate", "console", NULL);
	begin();
	say(1, KERNEL "Please press Enter to act" LATE "ivate this console. ");
	ck_assert_str_eq(rig.sent.data, "\n");
	say(2, LATE);
	/* Shown again, by a second console: Enter was pressed. */
	say(3, "\r\nPlease press Enter to activate this console. ");
	ck_assert_str_eq(rig.sent.data, "\n");
	say(4, "\r\n/ # ");
	ck_assert_int_eq(result(4)->verdict, BC_PASS);
	ck_assert_str_eq(rig.sent.data, "\n");
}
END_TEST

START_TEST(enter_before_a_login)
{
	add_step("login", "root", NULL);
	begin();
	say(1, "Please press Enter to activate this console. ");
	ck_assert_str_eq(rig.sent.data, "\n");
	say(2, "\r\n");
	say(3, "vm login: ");
	say(4, "roo");
	say(5, "t");
	ck_assert_str_eq(rig.sent.data, "\nroot\n");
}
END_TEST

START_TEST(another_prompt)
{
	add_step("expect", "{prompt}", NULL);
	add_step("send", "PS1='new> '", NULL);
	add_step("prompt", "^new> $", NULL);
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "/ # ");
	echo(2);
	say(3, "\r\n/ # ");
	ck_assert(!bc_session_is_decided(rig.s));
	say(4, "\r\nnew> ");
	ck_assert_int_eq(result(4)->verdict, BC_PASS);
}
END_TEST

START_TEST(never_asked)
{
	add_step("login", "root", NULL);
	begin();
	say(1, "vexpress # ");
	bc_session_end(rig.s, 2, BC_END_EXIT, NULL);
	ck_assert_str_eq(result(2)->title, "the machine went away before \"login:\" came");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("step_login");
	TCase *tc = tcase_create("step_login");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, name_and_password);
	tcase_add_test(tc, no_password_needed);
	tcase_add_test(tc, refused);
	tcase_add_test(tc, too_late);
	tcase_add_test(tc, a_password_that_the_case_has_not);
	tcase_add_test(tc, refused_without_a_word);
	tcase_add_test(tc, enter_exactly_once);
	tcase_add_test(tc, enter_before_a_login);
	tcase_add_test(tc, another_prompt);
	tcase_add_test(tc, never_asked);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
