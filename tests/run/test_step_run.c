/* The run step: markers, statuses and output that arrive torn. */
#include "session_test.h"

/* Without its exit status the end marker was torn, by the end of the machine say. */
START_TEST(run_needs_a_status)
{
	char n[9];
	add_step("run", "false", NULL);
	begin();
	say(1, "/ # ");
	nonce(n);
	BC_AUTO_FREE char *out = bc_asprintf("...\r\nbc-begin-%s\r\nbc-end-%s", n, n);
	say(2, out);
	bc_session_end(rig.s, 3, BC_END_SHUTDOWN, NULL);
	ck_assert_int_eq(result(3)->verdict, BC_FAIL);
	ck_assert_str_eq(result(3)->title, "the exit status of `false` did not arrive");
}
END_TEST

/* The console cuts a line of 64 KiB anywhere, also inside the end marker. */
START_TEST(run_output_of_one_endless_line)
{
	char n[9];
	add_step("run", "cat blob", "status", "3", "output", "^x{9}", "not", "x$", NULL);
	begin();
	say(1, "/ # ");
	nonce(n);
	BC_AUTO_FREE char *x = bc_calloc(1, 65600);
	memset(x, 'x', (size_t)(65536 - 26 + _i));
	BC_AUTO_FREE char *out = bc_asprintf("...\r\nbc-begin-%s\r\n%sbc-end-%s 3\r\n", n, x, n);
	say(2, out);
	ck_assert(bc_session_is_decided(rig.s));
	/* The line ends behind the last x: `x$` matches, whatever was cut. */
	ck_assert_str_eq(result(2)->title, "`cat blob` printed something that matches \"x$\"");
}
END_TEST

START_TEST(run_cannot_vouch_for_output_it_did_not_keep)
{
	char n[9];
	add_step("run", "dmesg", "not", "disaster", NULL);
	begin();
	say(1, "/ # ");
	nonce(n);
	BC_AUTO_FREE char *head = bc_asprintf("...\r\nbc-begin-%s\r\n", n);
	say(2, head);
	for (int i = 0; i < 30000; i++)
		say(2, "just a line of forty bytes and some.....\r\n");
	BC_AUTO_FREE char *out = bc_asprintf("disaster\r\nbc-end-%s 0\r\n", n);
	say(3, out);
	ck_assert_int_eq(result(3)->verdict, BC_FAIL);
	ck_assert_int_eq(result(3)->kind, BC_KIND_COMMAND);
}
END_TEST

START_TEST(run_groups_what_cannot_be_followed_by_a_semicolon)
{
	static const char *const commands[] = {
		"true;", "sleep 9 &", "sleep 9 & ", "true # why", "true\nfalse"};
	add_step("run", commands[_i], NULL);
	begin();
	say(1, "/ # ");
	echo(1);
	/* The shell's second prompt, where a line is not the last one. */
	for (int i = 0; i < 2 && strpbrk(commands[_i], "#\n"); i++) {
		say(1, "> ");
		echo(1);
	}
	bool is_line = strpbrk(commands[_i], "#\n") == NULL;
	BC_AUTO_FREE char *group =
		bc_asprintf("; { %s%c}; echo", commands[_i], is_line ? ' ' : '\n');
	ck_assert_ptr_nonnull(strstr(rig.sent.data, group));
}
END_TEST

/* Without time stamps only the text tells: what shows nothing of the typed line may be the kernel's. */
START_TEST(a_panic_while_a_line_is_typed)
{
	static const char *const before[] = {"", "/ # echo 'bc-''begin\r\n", "\r\n"};
	add_step("run", "cat /proc/version", NULL);
	begin();
	say(1, "/ # ");
	say(2, before[_i]);
	ck_assert(!bc_session_is_decided(rig.s));
	say(3, "\r\nKernel panic - not syncing: Fatal exception\r\n");
	ck_assert(bc_session_is_decided(rig.s));
	say(4, "---[ end Kernel panic - not syncing: Fatal exception ]---\r\n");
	ck_assert(bc_session_is_done(rig.s));
	ck_assert_int_eq(result(4)->kind, BC_KIND_PANIC);
	ck_assert_uint_eq(result(4)->verdict_ms, 3);
}
END_TEST

START_TEST(an_echo_with_the_words_of_a_panic)
{
	add_step("run", "grep 'Kernel panic - not syncing: Fatal exception' log", NULL);
	begin();
	say(1, "/ # ");
	/* Torn by the terminal's width. */
	say(2, "echo 'bc-\r\nKernel panic - not syncing: Fatal exception' log; echo\r\n");
	ck_assert(!bc_session_is_decided(rig.s));
	echo(3);
	ck_assert(!bc_session_is_decided(rig.s));
}
END_TEST

/* ash ends a row that is full before Enter is pressed, and shows nothing for Enter: the next line is the output. */
START_TEST(an_echo_that_fills_its_row)
{
	char n[9];
	add_step("run", "df", "output", "^all of it$", NULL);
	begin();
	say(1, "/ # ");
	while (rig.echoed < rig.sent.len) {
		char c = rig.sent.data[rig.echoed++];
		if (c == '\n')
			continue;
		bool is_full = c == '?';
		say(1, (const char[]){c, is_full ? '\r' : '\0', '\r', '\n', '\0'});
	}
	ck_assert_int_eq(rig.sent.data[rig.sent.len - 1], '\n');
	memcpy(n, typed_last("begin-") + 6, 8);
	n[8] = '\0';
	BC_AUTO_FREE char *out =
		bc_asprintf("bc-begin-%s\r\nall of it\r\nbc-end-%s 0\r\n/ # ", n, n);
	for (const char *p = out; *p; p++)
		say(2, (const char[]){*p, '\0'});
	ck_assert(bc_session_is_decided(rig.s));
	ck_assert_int_eq(result(2)->verdict, BC_PASS);
}
END_TEST

/* `set -x`: the shell shows each echo of ours before it runs it. */
START_TEST(a_shell_that_traces)
{
	static const struct {
		const char *out, *want; /* %s: the nonce */
		int status;
	} t[] = {
		{"+ echo bc-begin-%s\r\nbc-begin-%s\r\n+ b\r\naabb\r\n"
		 "+ echo bc-end-%s 3\r\nbc-end-%s 3\r\n",
			"\\A\\+ b\naabb\n\\z", 3},
		/* Output without a line end, and a nested shell's trace. */
		{"++ echo bc-begin-%s\r\nbc-begin-%s\r\naabb++ echo bc-end-%s 0\r\nbc-end-%s 0\r\n",
			"\\Aaabb\\z", 0},
		/* Another PS4. */
		{"sh:1: echo bc-begin-%s\r\nbc-begin-%s\r\nx\r\nsh:1: echo bc-end-%s "
		 "0\r\nbc-end-%s 0\r\n",
			"\\Ax\n\\z", 0},
		/* `set -x` itself; and nobody traces: the words are the command's. */
		{"...\r\nbc-begin-%s\r\nx\r\n+ echo bc-end-%s 0\r\nbc-end-%s 0\r\n", "\\Ax\n\\z",
			0},
		{"...\r\nbc-begin-%s\r\necho bc-end-%s 0\r\n", "\\Aecho \\z", 0},
	};
	char n[9], status[2] = {(char)('0' + t[_i].status), '\0'};
	add_step("run", "b", "output", t[_i].want, "status", status, NULL);
	begin();
	say(1, "[    1.000000] Run /init as init process\r\n/ # ");
	nonce(n);
	BC_AUTO(bc_buf) out = {0};
	for (const char *p = t[_i].out; *p; p++)
		if (*p == '%')
			bc_buf_adds(&out, n), p++;
		else
			bc_buf_addc(&out, *p);
	say(2, out.data);
	ck_assert(bc_session_is_decided(rig.s));
	ck_assert_msg(result(2)->verdict == BC_PASS, "%s", rig.attempt.title);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("step_run");
	TCase *tc = tcase_create("step_run");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, run_needs_a_status);
	tcase_add_loop_test(tc, run_output_of_one_endless_line, 0, 28);
	tcase_add_test(tc, run_cannot_vouch_for_output_it_did_not_keep);
	tcase_add_loop_test(tc, run_groups_what_cannot_be_followed_by_a_semicolon, 0, 5);
	tcase_add_loop_test(tc, a_panic_while_a_line_is_typed, 0, 3);
	tcase_add_test(tc, an_echo_with_the_words_of_a_panic);
	tcase_add_test(tc, an_echo_that_fills_its_row);
	tcase_add_loop_test(tc, a_shell_that_traces, 0, 5);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
