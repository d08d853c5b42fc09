/* Logins, consoles that want Enter, prompts that change. */
#include <bootcheck/run/run.h>

#include "session_test.h"

#define KERNEL "[    1.000000] Run /sbin/init as init process\r\n"
#define LATE   "[    1.500000] usb 1-1: late\r\n"

static void want_sent(const char *text)
{
	ck_assert_str_eq(rig.sent.data ? rig.sent.data : "", text);
}

/* A question that stays open is answered. */
static void settle(uint64_t ms)
{
	bc_session_tick(rig.s, ms + 50, BC_ACTIVITY_UNKNOWN);
}

START_TEST(name_and_password)
{
	add_map_step("login", "user", "root", "password", "secret", NULL);
	add_step("expect", "{prompt}", NULL);
	begin();
	say(100, KERNEL "\r\nvexpress lo" LATE "gin");
	want_sent("");
	say(200, ":");
	settle(140);
	want_sent("");
	say(210, " ");
	settle(200);
	/* The getty's echo, with a record in it. */
	want_sent("roo");
	say(300, "r[    1.600000] x\r\noo");
	want_sent("root");
	say(300, "t");
	want_sent("root\n");
	say(400, "\r\n");
	say(500,
		"Pass"
		"[    1.700000] x\r\n"
		"word: ");
	want_sent("root\nsecret\n");
	say(600, "\r\n\x1b[1;32mroot@vm\x1b[0m:~# \x1b[6n[    1.800000] last\r\n");
	ck_assert_int_eq(result(600)->verdict, BC_PASS);
	/* The cursor's place is not told: that would be typed at the shell. */
	want_sent("root\nsecret\n");
}
END_TEST

START_TEST(no_password_needed)
{
	add_step("login", "root", NULL);
	begin();
	say(100, "vexpress login: ");
	settle(100);
	echo(200);
	say(300, "\r\nlast login: never\r\n# ");
	ck_assert_int_eq(result(300)->verdict, BC_PASS);
	want_sent("root\n");
}
END_TEST

/* What a login tells once it has succeeded is no question, in whatever pieces it comes. */
START_TEST(last_login_in_pieces)
{
	static const char *const lasts[] = {
		"Last login:", "Last login: ", "Last failed login:", "last login:"};
	add_map_step("login", "user", "root", "password", _i / 4 ? "secret" : NULL, NULL);
	begin();
	say(100, "vexpress login: ");
	settle(100);
	echo(200);
	say(300, "\r\n");
	if (_i / 4)
		say(300, "Password: ");
	say(400, "\r\n");
	say(400, lasts[_i % 4]);
	settle(500);
	say(600, "Tue Nov 25 10:00:00 UTC 2025 on ttyAMA0\r\n# ");
	ck_assert_int_eq(result(600)->verdict, BC_PASS);
	want_sent(_i / 4 ? "root\nsecret\n" : "root\n");
}
END_TEST

/* agetty --autologin: nobody is asked. */
START_TEST(an_automatic_login)
{
	static const char line[] = "vexpress login: root (automatic login)\r\n\r\n# ";
	add_step("login", _i / 2 ? "user" : "root", NULL);
	begin();
	say(50, _i % 2 ? KERNEL : "");
	for (const char *p = line; *p; p++)
		say(100, (const char[]){*p, '\0'});
	settle(200);
	want_sent("");
	ck_assert_int_eq(bc_session_is_decided(rig.s), _i < 2);
}
END_TEST

/* The kernel's line, which nothing tells from userspace's, ends the question's. */
START_TEST(a_question_that_the_kernel_cut)
{
	add_step("login", "root", NULL);
	begin();
	say(100, "vexpress login: ");
	say(110, "random: crng init done\r\n");
	settle(100);
	echo(200);
	want_sent("root\n");
}
END_TEST

/* A line of userspace's with these words is none once it goes on. */
START_TEST(a_line_that_begins_like_a_question)
{
	add_step("login", "root", NULL);
	begin();
	say(100, KERNEL "auth login: ");
	say(110, "disabled\r\n");
	settle(100);
	want_sent("");
	say(200, "vexpress login: ");
	settle(200);
	echo(300);
	want_sent("root\n");
}
END_TEST

START_TEST(refused)
{
	add_map_step("login", "user", "root", "password", "wrong", NULL);
	begin();
	say(100, KERNEL "Login incorrect\r\nvexpress login: ");
	settle(100);
	echo(200);
	say(300, "\r\nPassword: ");
	say(400, "\r\nLogin inco" LATE "rrect\r\nvexpress login: ");
	ck_assert_int_eq(result(400)->kind, BC_KIND_COMMAND);
	ck_assert_str_eq(result(400)->title, "Login incorrect: user \"root\"");
}
END_TEST

START_TEST(too_late)
{
	add_map_step("login", "user", "root", "password", "x", NULL);
	begin();
	say(100, "vexpress login: ");
	settle(100);
	echo(200);
	say(300, "\r\nLogin timed out after 60 seconds\r\n");
	ck_assert_str_eq(result(300)->title, "Login timed out: user \"root\"");
}
END_TEST

START_TEST(a_password_that_the_case_has_not)
{
	add_step("login", "root", NULL);
	begin();
	say(100, "vexpress login: ");
	settle(100);
	echo(200);
	say(300, "\r\nPassword: ");
	ck_assert_str_eq(
		result(300)->title, "\"root\" is asked for a password, and the case has none");
	want_sent("root\n");
}
END_TEST

START_TEST(refused_without_a_word)
{
	add_step("login", "root", NULL);
	begin();
	for (uint64_t ms = 100; ms < 1000 && !bc_session_is_decided(rig.s); ms += 100) {
		say(ms, "\r\nvexpress login: ");
		settle(ms);
		echo(ms + 50);
	}
	ck_assert_str_eq(result(1000)->title, "the login of \"root\" was refused without a word");
}
END_TEST

START_TEST(enter_exactly_once)
{
	add_step("activate", "console", NULL);
	begin();
	say(100, KERNEL "Please press Enter to act" LATE "ivate this console. ");
	ck_assert_str_eq(rig.sent.data, "\n");
	say(200, LATE);
	/* Shown again, by a second console: Enter was pressed. */
	say(300, "\r\nPlease press Enter to activate this console. ");
	ck_assert_str_eq(rig.sent.data, "\n");
	say(400, "\r\n/ # ");
	ck_assert_int_eq(result(400)->verdict, BC_PASS);
	ck_assert_str_eq(rig.sent.data, "\n");
}
END_TEST

START_TEST(enter_before_a_login)
{
	add_step("login", "root", NULL);
	begin();
	say(100, "Please press Enter to activate this console. ");
	ck_assert_str_eq(rig.sent.data, "\n");
	say(200, "\r\n");
	say(300, "vm login: ");
	settle(300);
	say(400, "roo");
	say(500, "t");
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
	say(100, "/ # ");
	echo(200);
	say(300, "\r\n/ # ");
	ck_assert(!bc_session_is_decided(rig.s));
	say(400, "\r\nnew> ");
	ck_assert_int_eq(result(400)->verdict, BC_PASS);
}
END_TEST

START_TEST(never_asked)
{
	add_step("login", "root", NULL);
	begin();
	say(100, "vexpress # ");
	bc_session_end(rig.s, 200, BC_END_EXIT, NULL);
	ck_assert_str_eq(result(200)->title, "the machine went away before \"login:\" came");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("step_login");
	TCase *tc = tcase_create("step_login");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, name_and_password);
	tcase_add_test(tc, no_password_needed);
	tcase_add_loop_test(tc, last_login_in_pieces, 0, 8);
	tcase_add_loop_test(tc, an_automatic_login, 0, 4);
	tcase_add_test(tc, a_question_that_the_kernel_cut);
	tcase_add_test(tc, a_line_that_begins_like_a_question);
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
