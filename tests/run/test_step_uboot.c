/* The uboot step: autoboot, prompts, statuses, commands that do not come back. */
#include <bootcheck/run/run.h>

#include "session_test.h"

static void begin_at_prompt(void)
{
	begin();
	say(1, "\r\nU-Boot 2023.01 (Jan 01 2020)\r\n\r\n=> ");
	echo(1);
}

/* Answers the question for the exit status, and shows the prompt again. */
static void answer(int status)
{
	echo(2);
	BC_AUTO_FREE char *out =
		bc_asprintf("bc-%.8s-%d\r\n=> ", typed_last("echo bc-") + 8, status);
	say(2, out);
	echo(2);
}

START_TEST(autoboot_is_stopped_when_it_can_be)
{
	add_autoboot(" ");
	begin();
	say(1, "\r\nU-Boot 2023.01\r\nNet:   eth0\r\nHit any key to stop auto");
	ck_assert_uint_eq(rig.sent.len, 0);
	say(2, "boot:  2 ");
	ck_assert_str_eq(rig.sent.data, " ");
	say(3, "\b\b\b 1 \b\b\b 0 \r\n=> ");
	ck_assert_str_eq(rig.sent.data, " ");
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
}
END_TEST

START_TEST(autoboot_that_went_on)
{
	add_autoboot("x");
	begin();
	say(1, "U-Boot 2023.01\r\nHit any key to stop autoboot:  2 ");
	say(2, "\b\b\b 0 \r\nStarting kernel ...\r\n");
	ck_assert_str_eq(result(2)->title, "autoboot was not stopped");
}
END_TEST

START_TEST(status_and_output)
{
	add_step("uboot", "tftp 0x62000000 uImage", "output", "^Bytes transferred = 4660 ", NULL);
	add_step("uboot", "false", "status", "1", NULL);
	begin_at_prompt();
	ck_assert_str_eq(rig.sent.data, "tftp 0x62000000 uImage\n");
	say(2, "Loading: #\r\ndone\r\nBytes transferred = 4660 (1234 hex)\r\n=> ");
	answer(0);
	ck_assert(!bc_session_is_decided(rig.s));
	ck_assert_ptr_nonnull(strstr(rig.sent.data, "false\n"));
	say(3, "=> ");
	answer(1);
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
}
END_TEST

START_TEST(wrong_output)
{
	add_step("uboot", "version", "output", "^U-Boot 2022", NULL);
	begin_at_prompt();
	say(2, "U-Boot 2023.01\r\n=> ");
	answer(0);
	ck_assert_str_eq(result(2)->title,
		"`version` printed \"U-Boot 2023.01\", which does not match \"^U-Boot 2022\"");
}
END_TEST

/* The title is what U-Boot said, not a number. */
START_TEST(a_failed_command_is_titled_by_its_words)
{
	add_step("uboot", "frobnicate", NULL);
	begin_at_prompt();
	say(2, "Unknown command 'frobnicate' - try 'help'\r\n=> ");
	answer(1);
	ck_assert_int_eq(result(2)->kind, BC_KIND_COMMAND);
	ck_assert_ptr_nonnull(strstr(result(2)->title, "Unknown command 'frobnicate'"));
	ck_assert_str_eq(result(2)->detector, "uboot-command");
}
END_TEST

START_TEST(a_failed_command_without_words)
{
	add_step("uboot", "test 1 -eq 2", NULL);
	begin_at_prompt();
	say(2, "=> ");
	answer(1);
	ck_assert_str_eq(result(2)->title, "`test 1 -eq 2` ended with status 1, not 0");
}
END_TEST

/* U-Boot without hush or without echo tells no status: what it printed decides. */
START_TEST(no_status)
{
	add_step("uboot", "version", NULL);
	begin_at_prompt();
	say(2, "U-Boot 2023.01\r\n=> ");
	echo(2);
	say(2, _i ? "bc-$?\r\n=> " : "Unknown command 'echo' - try 'help'\r\n=> ");
	ck_assert_int_eq(result(2)->verdict, BC_PASS);
}
END_TEST

START_TEST(a_command_that_boots)
{
	add_step("uboot", "bootm 62000000", "boots", _i ? "true" : "false", NULL);
	begin_at_prompt();
	say(2,
		"## Booting kernel from Legacy Image at 62000000 ...\r\n\r\nStarting kernel "
		"...\r\n");
	ck_assert_int_eq(result(2)->verdict, _i ? BC_PASS : BC_FAIL);
	if (!_i)
		ck_assert_str_eq(result(2)->title, "`bootm 62000000` started a kernel");
}
END_TEST

START_TEST(a_boot_that_comes_back)
{
	add_step("uboot", "run bootcmd", "boots", "true", NULL);
	begin_at_prompt();
	say(2, _i ? "Wrong Image Format for bootm command\r\n=> " : "done\r\n=> ");
	if (_i)
		ck_assert_ptr_nonnull(strstr(result(2)->title, "Wrong Image Format"));
	else
		ck_assert_str_eq(result(2)->title, "`run bootcmd` came back without a boot");
}
END_TEST

/* A prompt too many, before the echo, during the question, behind the answer: nothing shifts. */
START_TEST(stale_prompts)
{
	add_step("uboot", "version", "output", "^U-Boot 2023", NULL);
	add_step("uboot", "setenv a b", NULL);
	begin();
	say(1, "U-Boot 2023.01\r\n=> \r\n=> ");
	if (_i > 0)
		say(1, "\r\n=> ");
	echo(1);
	say(2, "U-Boot 2023.01\r\n=> ");
	if (_i > 1)
		say(2, "\r\n=> ");
	answer(0);
	if (_i > 2)
		say(2, "\r\n=> ");
	echo(3);
	say(3, "=> ");
	answer(0);
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
	ck_assert_ptr_null(strstr(rig.sent.data, "\n\n"));
}
END_TEST

static void expect_refusal(const char *command, const char *message)
{
	struct bc_session_io io = {.send = on_send, .power = on_power, .event = on_event};
	struct bc_err err = {0};
	add_step("uboot", command, NULL);
	rig.s = bc_session_new(&rig.c, &io, 1, false, &err);
	ck_assert_ptr_null(rig.s);
	ck_assert_int_eq(err.code, BC_E_CASE);
	ck_assert_ptr_nonnull(strstr(err.message, message));
}

START_TEST(a_line_that_does_not_fit_is_refused)
{
	char command[600];
	memset(command, 'x', 513);
	command[513] = '\0';
	expect_refusal(
		command, "has 513 bytes, and a line of the boot loader's console at most 512");
}
END_TEST

START_TEST(an_empty_command_is_refused)
{
	expect_refusal(_i ? "" : " ", "would repeat U-Boot's last one");
}
END_TEST

/* Nothing was typed, and the loader is back at its prompt: its first complaint is the title. */
START_TEST(autoboot_that_failed)
{
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "U-Boot 2023.01\r\nHit any key to stop autoboot:  0 \r\n");
	say(2, "TFTP error: 'File not found' (1)\r\nNot retrying...\r\n");
	say(3, "Wrong Image Format for bootm command\r\nERROR: can't get kernel image!\r\n=> ");
	ck_assert(!bc_session_is_decided(rig.s));
	ck_assert_uint_eq(bc_session_deadline(rig.s), 303);
	bc_session_tick(rig.s, 303, BC_ACTIVITY_IDLE);
	ck_assert_int_eq(result(303)->kind, BC_KIND_LOADER);
	ck_assert_str_eq(
		result(303)->title, "autoboot failed: U-Boot: TFTP error: 'File not found' (1)");
	ck_assert_str_eq(result(303)->detector, "autoboot");
	ck_assert_ptr_nonnull(strstr(result(303)->hint, "can't get kernel image!"));
}
END_TEST

/* Whoever types, or waits for that prompt, wants to be there. */
START_TEST(a_prompt_that_is_wanted)
{
	add_step("expect", "Hit any key", NULL);
	if (_i)
		add_step("send", "x", "enter", "no", NULL);
	else
		add_step("expect", "=> $", NULL);
	add_step("expect", "later", NULL);
	begin();
	say(1, "U-Boot 2023.01\r\nHit any key to stop autoboot:  1 ");
	say(2, "\b\b\b 0 \r\n=> ");
	bc_session_tick(rig.s, 2000, BC_ACTIVITY_IDLE);
	ck_assert(!bc_session_is_decided(rig.s));
}
END_TEST

START_TEST(a_kernel_that_says_nothing)
{
	static const char *const told[] = {"", "\r\n", "Uncompressing Linux... done\r\n"};
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "U-Boot 2023.01\r\n\r\nStarting kernel ...\r\n\r\n");
	say(2, told[_i]);
	bc_session_tick(rig.s, 20002, BC_ACTIVITY_SPINNING);
	ck_assert_int_eq(result(20002)->kind, _i == 2 ? BC_KIND_HANG_SPIN : BC_KIND_SILENT);
	if (_i == 2)
		return;
	ck_assert_str_eq(result(20002)->title,
		"nothing after \"Starting kernel ...\": spinning hang, waiting for the shell "
		"prompt (silence limit 20.0 s)");
	ck_assert_str_eq(result(20002)->detector, "silent-kernel");
	ck_assert_ptr_nonnull(strstr(result(20002)->hint, "console="));
}
END_TEST

START_TEST(limits_of_phases)
{
	static const char *const lines[] = {"U-Boot 2023.01\r\n", "Uncompressing Linux...\r\n",
		"[    0.000000] Linux version 6.1\r\n",
		"[    1.000000] Run /init as init process\r\n"};
	static const char *const names[] = {"loader", "decompressor", "kernel", "init"};
	add_step("expect", "{prompt}", NULL);
	rig.c.limits.loader = rig.c.limits.decompressor = rig.c.limits.kernel = rig.c.limits.init =
		5000;
	begin();
	for (int i = 0; i <= _i; i++)
		say((uint64_t)i * 4000, lines[i]);
	uint64_t end = (uint64_t)_i * 4000 + 5000;
	ck_assert_uint_eq(bc_session_deadline(rig.s), end);
	bc_session_tick(rig.s, end, BC_ACTIVITY_UNKNOWN);
	BC_AUTO_FREE char *title = bc_asprintf(
		"timeout: the %s phase did not end within its limit of 5.0 s; the last line was ",
		names[_i]);
	ck_assert_int_eq(result(end)->kind, BC_KIND_TIMEOUT);
	ck_assert_msg(
		strncmp(result(end)->title, title, strlen(title)) == 0, "%s", rig.attempt.title);
	ck_assert_str_eq(rig.attempt.phases.items[rig.attempt.phases.len - 1].name, names[_i]);
	ck_assert_uint_eq(rig.attempt.phases.items[0].length_ms, _i ? 4000 : 5000);
}
END_TEST

/* The recording of such a dialog, in pieces of any size, is judged the same. */
START_TEST(replay)
{
	static const char console[] =
		"\r\nU-Boot 2023.01\r\nHit any key to stop autoboot:  2 \b\b\b 0 \r\n"
		"=> vers\b\b\b\b    \b\b\b\bversion\r\nU-Boot 2023.01\r\n=> echo "
		"bc-0123abcd-$?\r\nbc-0123abcd-0\r\n=> bootm 62000000\r\nStarting kernel "
		"...\r\n\r\n[    0.000000] Booting Linux on physical CPU 0x0\r\n/ # ";
	struct bc_err err;
	add_autoboot(" ");
	add_step("uboot", "version", "output", "^U-Boot 2023", NULL);
	add_step("uboot", "bootm 62000000", NULL);
	add_step("expect", "{prompt}", NULL);
	ck_assert(bc_run_replay(&rig.c, console, strlen(console), (size_t)_i, &rig.attempt, &err));
	ck_assert_msg(rig.attempt.verdict == BC_PASS, "%s", rig.attempt.title);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("step_uboot");
	TCase *tc = tcase_create("step_uboot");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, autoboot_is_stopped_when_it_can_be);
	tcase_add_test(tc, autoboot_that_went_on);
	tcase_add_test(tc, status_and_output);
	tcase_add_test(tc, wrong_output);
	tcase_add_test(tc, a_failed_command_is_titled_by_its_words);
	tcase_add_test(tc, a_failed_command_without_words);
	tcase_add_loop_test(tc, no_status, 0, 2);
	tcase_add_loop_test(tc, a_command_that_boots, 0, 2);
	tcase_add_loop_test(tc, a_boot_that_comes_back, 0, 2);
	tcase_add_loop_test(tc, stale_prompts, 0, 4);
	tcase_add_test(tc, a_line_that_does_not_fit_is_refused);
	tcase_add_loop_test(tc, an_empty_command_is_refused, 0, 2);
	tcase_add_test(tc, autoboot_that_failed);
	tcase_add_loop_test(tc, a_prompt_that_is_wanted, 0, 2);
	tcase_add_loop_test(tc, a_kernel_that_says_nothing, 0, 3);
	tcase_add_loop_test(tc, limits_of_phases, 0, 4);
	tcase_add_loop_test(tc, replay, 0, 20);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
