/* The session: dialogs against a scripted console, verdicts from evidence. */

#include "session_test.h"

START_TEST(expect_in_order)
{
	add_step("expect", "one", NULL);
	add_step("expect", "two", NULL);
	begin();
	say(1, "two\none and ");
	ck_assert(!bc_session_is_decided(rig.s));
	say(2, "two");
	ck_assert(bc_session_is_done(rig.s));
	ck_assert_int_eq(result(2)->verdict, BC_PASS);
	ck_assert_int_eq(rig.verdicts, 1);
}
END_TEST

START_TEST(run_frames_its_output)
{
	char n[9];
	add_step("expect", "{prompt}", NULL);
	add_step("run", "uname -r", "output", "^6\\.1", NULL);
	begin();
	say(1, "/ # ");
	nonce(n);
	ck_assert_ptr_nonnull(strstr(rig.sent.data, "; uname -r; "));
	BC_AUTO_FREE char *out = bc_asprintf("bc-begin-%s\r\n6.1.0\r\nbc-end-%s 0\r\n/ # ", n, n);
	say(3, out);
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
}
END_TEST

START_TEST(run_sees_status_and_output_without_newline)
{
	char n[9];
	add_step("run", "printf x; false", "status", "0", NULL);
	begin();
	say(1, "/ # ");
	nonce(n);
	BC_AUTO_FREE char *out = bc_asprintf("...\r\nbc-begin-%s\r\nxbc-end-%s 1\r\n", n, n);
	say(2, out);
	ck_assert_int_eq(result(2)->verdict, BC_FAIL);
	ck_assert_int_eq(result(2)->kind, BC_KIND_COMMAND);
	ck_assert_str_eq(result(2)->title, "`printf x; false` ended with status 1, not 0: x");
}
END_TEST

START_TEST(run_notices_a_line_the_shell_refused)
{
	add_step("run", "if", NULL);
	begin();
	say(1, "/ # ");
	echo(1);
	say(2, "sh: syntax error\r\n/ # ");
	ck_assert_str_eq(result(2)->title, "the shell did not accept `if`");
}
END_TEST

START_TEST(kernel_line_inside_output_is_no_output)
{
	char n[9];
	add_step("run", "uname -r", "output", "^6\\.1\\.0$", NULL);
	begin();
	say(1, "[    1.000000] Linux version 6.1\r\n/ # ");
	nonce(n);
	BC_AUTO_FREE char *out =
		bc_asprintf("x\r\nbc-beg[    2.000000] late driver\r\nin-%s\r\n6.[    2.100000] "
			    "another\r\n1.0\r\nbc-end-%s [    2.200000] x\r\n0\r\n",
			n, n);
	say(2, out);
	ck_assert_int_eq(result(2)->verdict, BC_PASS);
	/* The begin marker, the output and the end marker were cut. */
	ck_assert_int_eq(rig.healed, 3);
	ck_assert_str_eq(result(2)->properties.items[0].name, "console.healed");
	ck_assert_str_eq(result(2)->properties.items[0].value, "3");
}
END_TEST

START_TEST(a_line_that_was_cut_too_often)
{
	add_step("expect", "^u+ end$", NULL);
	begin();
	say(1, "[    0.500000] x\r\n");
	for (int i = 0; i < BC_CONSOLE_SPANS + _i; i++) {
		BC_AUTO_FREE char *piece = bc_asprintf("u[    1.%06d] x\r\n", i + 1);
		say(1, piece);
	}
	say(2, " end\r\n");
	ck_assert_int_eq(result(2)->verdict, BC_PASS);
	ck_assert_str_eq(result(2)->properties.items[0].value, "1");
	ck_assert_uint_eq(result(2)->properties.len, 2);
	ck_assert_str_eq(result(2)->properties.items[1].name, "console.healed-incomplete");
}
END_TEST

/* Nothing was typed: what a line with a # begins with is no prompt. */
START_TEST(a_line_is_no_prompt)
{
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "# mounting the file systems of /etc/fstab\r\nStarting # services\r\n# \r\n");
	ck_assert(!bc_session_is_decided(rig.s));
	say(2, "/ # ");
	ck_assert_int_eq(result(2)->verdict, BC_PASS);
}
END_TEST

/* The shell was faster than we: its prompt and what was typed ahead come in one piece. */
START_TEST(a_line_with_a_prompt_and_what_was_typed)
{
	add_step("send", "ls /etc/init.d", "echo", "no", NULL);
	add_step("expect", "{prompt}", NULL);
	add_step("expect", "^rcS$", NULL);
	begin();
	say(1, "Welcome to # 7\r\n/ # ls /etc/init.d\r\nrcS\r\n");
	ck_assert_int_eq(result(1)->verdict, BC_PASS);
}
END_TEST

START_TEST(prompt_behind_a_kernel_line)
{
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "[    1.000000] Run /init as init process\r\n/ #[    1.10");
	ck_assert(!bc_session_is_decided(rig.s));
	/* The record goes on, and may never end: the prompt is there. */
	say(2, "0000] late driver\r\n [    1.200000] later");
	ck_assert_int_eq(result(2)->verdict, BC_PASS);
}
END_TEST

START_TEST(reject_fails_a_line_but_not_an_echo)
{
	char n[9];
	struct bc_reject reject = {bc_strdup("VFS: Unable"), BC_STREAM_ANY, {0}};
	bc_vec_push(&rig.c.rejects, reject);
	add_step("run", "dmesg | grep 'VFS: Unable'", "status", "1", NULL);
	begin();
	say(1, "/ # ");
	nonce(n);
	ck_assert(!bc_session_is_decided(rig.s));
	BC_AUTO_FREE char *out = bc_asprintf("bc-begin-%s\r\nVFS: Unable to mount", n);
	say(3, out);
	ck_assert(!bc_session_is_decided(rig.s));
	say(4, " root fs\r\n");
	ck_assert_int_eq(result(4)->kind, BC_KIND_REJECTED);
	ck_assert_str_eq(result(4)->title, "VFS: Unable to mount root fs");
}
END_TEST

START_TEST(reject_waits_for_the_end_of_a_line_but_not_for_ever)
{
	struct bc_reject reject = {bc_strdup("(rescue> |0 errors?)$"), BC_STREAM_ANY, {0}};
	bc_vec_push(&rig.c.rejects, reject);
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "checked: 0 error");
	ck_assert_uint_eq(bc_session_deadline(rig.s), 301);
	say(2, "s of 12\r\ngrub rescue> ");
	ck_assert(!bc_session_is_decided(rig.s));
	bc_session_tick(rig.s, 301, BC_ACTIVITY_UNKNOWN);
	ck_assert(!bc_session_is_decided(rig.s));
	bc_session_tick(rig.s, 302, BC_ACTIVITY_UNKNOWN);
	ck_assert_int_eq(result(302)->kind, BC_KIND_REJECTED);
	ck_assert_str_eq(result(302)->title, "grub rescue> ");
}
END_TEST

START_TEST(a_line_that_a_reject_cannot_search_is_not_clean)
{
	struct bc_reject reject = {bc_strdup("(a+)+$"), BC_STREAM_ANY, {0}};
	bc_vec_push(&rig.c.rejects, reject);
	add_step("expect", "b", NULL);
	begin();
	say(1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\n");
	ck_assert_int_eq(result(1)->kind, BC_KIND_REJECTED);
}
END_TEST

START_TEST(no_step_passes_on_a_rejected_tail)
{
	struct bc_reject reject = {bc_strdup("rescue>"), BC_STREAM_ANY, {0}};
	bc_vec_push(&rig.c.rejects, reject);
	add_step("expect", "> $", NULL);
	begin();
	say(1, "grub rescue> ");
	ck_assert(!bc_session_is_decided(rig.s));
	bc_session_tick(rig.s, bc_session_deadline(rig.s), BC_ACTIVITY_UNKNOWN);
	ck_assert_int_eq(result(302)->kind, BC_KIND_REJECTED);
}
END_TEST

/* The prompt came while nobody looked, and nothing comes after it. */
START_TEST(wait_is_longer_than_a_step_and_the_prompt_stays)
{
	char n[9];
	add_step("wait", "60s", NULL);
	add_step("run", "true", NULL);
	rig.c.limits.boot = 90000;
	begin();
	say(1, "/ # ");
	bc_session_tick(rig.s, 30000, BC_ACTIVITY_IDLE);
	ck_assert(!bc_session_is_decided(rig.s));
	ck_assert_uint_eq(bc_session_deadline(rig.s), 60000);
	bc_session_tick(rig.s, 60000, BC_ACTIVITY_IDLE);
	nonce(n);
	BC_AUTO_FREE char *out = bc_asprintf("x\r\nbc-begin-%s\r\nbc-end-%s 0\r\n", n, n);
	say(60001, out);
	ck_assert_int_eq(result(60001)->verdict, BC_PASS);
}
END_TEST

START_TEST(rejected_line_is_titled_without_its_time_stamp)
{
	struct bc_reject reject = {bc_strdup("Failed to execute"), BC_STREAM_KERNEL, {0}};
	bc_vec_push(&rig.c.rejects, reject);
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "[    1.002000] Failed to execute /init (error -2)\r\n");
	ck_assert_str_eq(result(1)->title, "Failed to execute /init (error -2)");
}
END_TEST

START_TEST(silence_is_told_by_the_processors)
{
	static const enum bc_activity activity[] = {
		BC_ACTIVITY_UNKNOWN, BC_ACTIVITY_IDLE, BC_ACTIVITY_SPINNING};
	static const enum bc_fail_kind kinds[] = {
		BC_KIND_TIMEOUT, BC_KIND_HANG_IDLE, BC_KIND_HANG_SPIN};
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1000, "[    0.000000] Booting Linux\r\n");
	ck_assert_uint_eq(bc_session_deadline(rig.s), 21000);
	bc_session_tick(rig.s, 20999, activity[_i]);
	ck_assert(!bc_session_is_decided(rig.s));
	bc_session_tick(rig.s, 21000, activity[_i]);
	ck_assert_int_eq(result(21000)->kind, kinds[_i]);
	ck_assert_ptr_nonnull(strstr(
		result(21000)->title, "after \"Booting Linux\", waiting for the shell prompt"));
}
END_TEST

START_TEST(limits)
{
	add_step("expect", "login:", NULL);
	begin();
	for (uint64_t ms = 0; ms < 30000; ms += 1000) {
		say(ms, "tick\n");
		bc_session_tick(rig.s, ms, BC_ACTIVITY_UNKNOWN);
		ck_assert(!bc_session_is_decided(rig.s));
	}
	bc_session_tick(rig.s, 30000, BC_ACTIVITY_UNKNOWN);
	ck_assert_int_eq(result(30000)->kind, BC_KIND_TIMEOUT);
	ck_assert_str_eq(result(30000)->title, "timeout: \"login:\" did not come within 30.0 s");
}
END_TEST

START_TEST(the_end_before_the_prompt)
{
	static const struct {
		enum bc_end end;
		enum bc_fail_kind kind;
		const char *title;
	} ends[] = {{BC_END_SHUTDOWN, BC_KIND_EXITED,
			    "the guest powered off before the shell prompt came"},
		{BC_END_RESET, BC_KIND_RESET_LOOP,
			"unexpected reboot before the shell prompt came"},
		{BC_END_RECORD, BC_KIND_MISSING, "missing: the shell prompt"}};
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "[    0.000000] Booting Linux\r\n");
	bc_session_end(rig.s, 2, ends[_i].end, NULL);
	ck_assert_int_eq(result(2)->kind, ends[_i].kind);
	ck_assert_str_eq(result(2)->title, ends[_i].title);
}
END_TEST

START_TEST(power_off)
{
	add_step("power", "off", NULL);
	begin();
	say(1, "/ # ");
	echo(1);
	ck_assert_str_eq(rig.sent.data, "poweroff -f\n");
	say(2, "[    2.000000] reboot: Power down\r\n");
	ck_assert(!bc_session_is_decided(rig.s));
	bc_session_end(rig.s, 3, BC_END_SHUTDOWN, NULL);
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
}
END_TEST

/* A machine without a power switch: the kernel's last words are enough, a little later. */
START_TEST(power_off_without_a_switch)
{
	add_step("power", "off", NULL);
	begin();
	say(1, "/ # ");
	echo(1);
	say(10, "[    2.000000] reboot: System halted\r\n");
	bc_session_tick(rig.s, bc_session_deadline(rig.s), BC_ACTIVITY_IDLE);
	ck_assert_int_eq(result(2000)->verdict, BC_PASS);
}
END_TEST

START_TEST(expected_failure)
{
	rig.c.outcome = (struct bc_outcome){BC_FAIL, BC_KIND_EXITED, bc_strdup("powered off"), {0}};
	add_step("expect", "{prompt}", NULL);
	begin();
	bc_session_end(rig.s, 2, _i ? BC_END_SHUTDOWN : BC_END_RESET, NULL);
	ck_assert_int_eq(result(2)->verdict, _i ? BC_PASS : BC_FAIL);
	if (_i)
		ck_assert_str_eq(result(2)->title,
			"failed as expected: the guest powered off before the shell prompt came");
	else
		ck_assert_int_eq(result(2)->kind, BC_KIND_RESET_LOOP);
}
END_TEST

START_TEST(expected_failure_that_boots)
{
	rig.c.outcome = (struct bc_outcome){BC_FAIL, BC_KIND_PANIC, NULL, {0}};
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "/ # ");
	ck_assert_int_eq(result(1)->verdict, BC_FAIL);
	ck_assert_str_eq(result(1)->title, "expected panic, got a boot without one");
}
END_TEST

/* A case without steps waits for its failure; it is never done by itself. */
START_TEST(expected_failure_without_steps)
{
	rig.c.outcome = (struct bc_outcome){BC_FAIL, BC_KIND_PANIC, NULL, {0}};
	begin();
	ck_assert(!bc_session_is_decided(rig.s));
	say(1, "[    1.000000] Linux version 6.1\r\n");
	ck_assert(!bc_session_is_decided(rig.s));
	ck_assert_uint_eq(bc_session_deadline(rig.s), 20001);
	say(2, "[    1.000000] Kernel panic - not syncing: Fatal exception\r\n");
	bc_session_end(rig.s, 3, BC_END_RESET, NULL);
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
}
END_TEST

START_TEST(panic_decides_and_is_collected)
{
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1000,
		"[    1.000000] Kernel panic - not syncing: VFS: Unable to mount root fs on "
		"unknown-block(0,0)\r\n");
	ck_assert(bc_session_is_decided(rig.s));
	ck_assert(!bc_session_is_done(rig.s));
	say(1001, "[    1.000010] CPU: 0 PID: 1 Comm: swapper/0 Not tainted 6.1.0\r\n");
	say(1002,
		"[    1.000020] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs "
		"on unknown-block(0,0) ]---\r\n");
	ck_assert(bc_session_is_done(rig.s));
	ck_assert_int_eq(result(1002)->kind, BC_KIND_PANIC);
	ck_assert_ptr_nonnull(
		strstr(result(1002)->title, "VFS: Unable to mount root fs on unknown-block(0,0)"));
	ck_assert_ptr_nonnull(strstr(result(1002)->excerpt, "Comm: swapper/0"));
	ck_assert_uint_eq(result(1002)->verdict_ms, 1000);
}
END_TEST

START_TEST(panic_without_an_end_is_over_when_it_is_quiet)
{
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1000, "[    1.000000] Kernel panic - not syncing: Fatal exception\r\n");
	uint64_t deadline = bc_session_deadline(rig.s);
	ck_assert(deadline > 1000 && deadline <= 2000);
	bc_session_tick(rig.s, deadline, BC_ACTIVITY_SPINNING);
	ck_assert(bc_session_is_done(rig.s));
}
END_TEST

START_TEST(known_problem)
{
	struct bc_known known = {bc_strdup("Fatal exception"), bc_strdup("reported upstream"),
		_i ? bc_strdup("2020-01-01") : NULL, {0}};
	bc_vec_push(&rig.c.known, known);
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "[    1.000000] Kernel panic - not syncing: Fatal exception\r\n");
	bc_session_end(rig.s, 2, BC_END_RESET, NULL);
	/* An entry past its day no longer counts. */
	ck_assert_int_eq(result(2)->verdict, _i ? BC_FAIL : BC_KNOWN);
	if (!_i)
		ck_assert_str_eq(result(2)->title, "reported upstream");
}
END_TEST

/* What only the report's later lines tell can be known as well. */
START_TEST(known_by_its_function)
{
	struct bc_known known = {bc_strdup("in bad_fn"), bc_strdup("reported upstream"), NULL, {0}};
	bc_vec_push(&rig.c.known, known);
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1,
		"[    1.000000] Unable to handle kernel NULL pointer dereference at virtual "
		"address 00000000\r\n"
		"[    1.000010] Internal error: Oops: 5 [#1] SMP ARM\r\n"
		"[    1.000020] PC is at bad_fn+0x10/0x40\r\n");
	bc_session_end(rig.s, 2, BC_END_RESET, NULL);
	ck_assert_int_eq(result(2)->verdict, BC_KNOWN);
	ck_assert_str_eq(result(2)->title, "reported upstream");
}
END_TEST

START_TEST(userspace_may_say_panic)
{
	char n[9];
	add_step("run", "cat log", NULL);
	begin();
	say(1, "[    1.000000] Run /init as init process\r\n/ # ");
	nonce(n);
	BC_AUTO_FREE char *out =
		bc_asprintf("echo\r\nbc-begin-%s\r\nKernel panic - not syncing: just text\r\n[    "
			    "0.500000] BUG: old\r\nbc-end-%s 0\r\n",
			n, n);
	say(2, out);
	ck_assert_int_eq(result(2)->verdict, BC_PASS);
}
END_TEST

/* A shell that the kernel fell back to is no boot; one that was asked for is. */
START_TEST(fallback_to_a_shell)
{
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "[    0.100000] Linux version 6.1\r\n");
	if (_i)
		say(1, "[    1.000000] Run /sbin/init as init process\r\n");
	say(2, "[    1.100000] Run /bin/sh as init process\r\n/ # ");
	ck_assert_int_eq(result(2)->verdict, _i ? BC_FAIL : BC_PASS);
	if (_i)
		ck_assert_str_eq(
			result(2)->title, "no init could be run: the kernel fell back to /bin/sh");
}
END_TEST

START_TEST(reset_on_request)
{
	add_step("expect", "{prompt}", NULL);
	add_step("power", "reset", NULL);
	add_step("expect", "second", NULL);
	begin();
	say(1,
		"[    0.000000] Linux version 6.1 (x) #1\r\n[    5.000000] Run /init as init "
		"process\r\n/ # ");
	ck_assert_str_eq(rig.sent.data, "<reset>");
	/* The same banner again, and stamps from zero: no unexpected reboot, and the kernel's words. */
	say(2, "\r\n[    0.000000] Linux version 6.1 (x) #1\r\n[    1.000000] second\r\n");
	ck_assert_int_eq(result(2)->verdict, BC_PASS);
}
END_TEST

START_TEST(flood)
{
	add_step("expect", "never", NULL);
	begin();
	BC_AUTO_FREE char *data = bc_calloc(1 << 20, 1);
	memset(data, 'x', (1 << 20) - 1);
	data[1 << 10] = '\n';
	for (int i = 0; i < 65 && !bc_session_is_decided(rig.s); i++)
		bc_session_bytes(rig.s, 1, data, 1 << 20);
	ck_assert_str_eq(result(1)->title, "console flood: more than 64 MiB of output");
}
END_TEST

/* The kernel on a port of its own. */
static void begin_two_ports(void)
{
	rig.c.machine.uarts = 2;
	rig.c.machine.kernel = 0;
	rig.c.machine.console = 1;
	begin();
}

static void kernel_says(uint64_t ms, const char *text)
{
	bc_session_kernel_bytes(rig.s, ms, text, strlen(text));
}

START_TEST(two_ports_are_both_judged)
{
	add_step("expect", "late driver", "in", "kernel", NULL);
	add_step("expect", "{prompt}", NULL);
	add_step("expect", "from rcS", "in", "kernel", NULL);
	begin_two_ports();
	/* What looks like the kernel's on the shell's port is userspace's, and the other way round. */
	say(1, "[    9.000000] late driver\r\n");
	kernel_says(2, "[    1.000000] Run /sbin/init as init process\r\n[    1.1");
	say(3, "/ # ");
	ck_assert(!bc_session_is_decided(rig.s));
	kernel_says(4, "00000] late driver\r\n/ # ");
	kernel_says(5, "from rcS\r\n");
	ck_assert_int_eq(result(5)->verdict, BC_PASS);
}
END_TEST

START_TEST(a_prompt_on_the_kernels_port_is_none)
{
	add_step("expect", "{prompt}", NULL);
	begin_two_ports();
	kernel_says(1, "[    1.000000] Linux\r\n/ # ");
	kernel_says(2, "x\r\n/ # \r\n");
	ck_assert(!bc_session_is_decided(rig.s));
	say(3, "/ # ");
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
}
END_TEST

START_TEST(a_panic_on_the_kernels_port)
{
	char n[9];
	add_step("run", "cat", NULL);
	begin_two_ports();
	kernel_says(1, "[    1.000000] Linux version 6.1\r\n");
	say(2, "/ # ");
	nonce(n);
	BC_AUTO_FREE char *out = bc_asprintf("..\r\nbc-begin-%s\r\n"
					     "[    3.000000] Kernel panic - not syncing: no\r\n",
		n);
	say(3, out);
	ck_assert(!bc_session_is_decided(rig.s));
	kernel_says(4, "[    2.000000] Kernel panic - not syncing: Oops\r\n");
	ck_assert_int_eq(result(4)->kind, BC_KIND_PANIC);
	ck_assert_int_eq(result(4)->line, 0);
	ck_assert_str_eq(result(4)->properties.items[0].name, "console.line");
	ck_assert_str_eq(result(4)->properties.items[0].value, "uart0.log:2");
	ck_assert_ptr_nonnull(strstr(result(4)->excerpt, "Linux version 6.1"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("session");
	TCase *tc = tcase_create("session");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, expect_in_order);
	tcase_add_test(tc, run_frames_its_output);
	tcase_add_test(tc, run_sees_status_and_output_without_newline);
	tcase_add_test(tc, run_notices_a_line_the_shell_refused);
	tcase_add_test(tc, kernel_line_inside_output_is_no_output);
	tcase_add_loop_test(tc, a_line_that_was_cut_too_often, 0, 2);
	tcase_add_test(tc, a_line_is_no_prompt);
	tcase_add_test(tc, a_line_with_a_prompt_and_what_was_typed);
	tcase_add_test(tc, prompt_behind_a_kernel_line);
	tcase_add_test(tc, reject_fails_a_line_but_not_an_echo);
	tcase_add_test(tc, reject_waits_for_the_end_of_a_line_but_not_for_ever);
	tcase_add_test(tc, a_line_that_a_reject_cannot_search_is_not_clean);
	tcase_add_test(tc, no_step_passes_on_a_rejected_tail);
	tcase_add_test(tc, wait_is_longer_than_a_step_and_the_prompt_stays);
	tcase_add_test(tc, rejected_line_is_titled_without_its_time_stamp);
	tcase_add_loop_test(tc, silence_is_told_by_the_processors, 0, 3);
	tcase_add_test(tc, limits);
	tcase_add_loop_test(tc, the_end_before_the_prompt, 0, 3);
	tcase_add_test(tc, power_off);
	tcase_add_test(tc, power_off_without_a_switch);
	tcase_add_loop_test(tc, expected_failure, 0, 2);
	tcase_add_test(tc, expected_failure_that_boots);
	tcase_add_test(tc, expected_failure_without_steps);
	tcase_add_test(tc, panic_decides_and_is_collected);
	tcase_add_test(tc, panic_without_an_end_is_over_when_it_is_quiet);
	tcase_add_loop_test(tc, known_problem, 0, 2);
	tcase_add_test(tc, known_by_its_function);
	tcase_add_test(tc, userspace_may_say_panic);
	tcase_add_loop_test(tc, fallback_to_a_shell, 0, 2);
	tcase_add_test(tc, reset_on_request);
	tcase_add_test(tc, flood);
	tcase_add_test(tc, two_ports_are_both_judged);
	tcase_add_test(tc, a_prompt_on_the_kernels_port_is_none);
	tcase_add_test(tc, a_panic_on_the_kernels_port);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
