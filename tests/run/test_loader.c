/* What a boot loader prints is not taken for what it does. */
#include "../check_main.h"
#include "session_test.h"

static const char banner[] = "\r\nU-Boot 2023.01 (Jan 01 2020)\r\n";

static void begin_at_prompt(void)
{
	begin();
	say(1, banner);
	say(1, "=> ");
	echo(1);
}

/* An examination whose result the test gives. */
static void never(void *ctx, enum bc_since since)
{
	(void)ctx;
	(void)since;
}

/* A loader that boots by itself has run none of the commands that were to be typed. */
START_TEST(commands_that_were_never_typed)
{
	setup();
	add_step("uboot", "tftp 0x62000000 no-such-file", NULL);
	add_step("uboot", "bootm 0x12345678", "boots", "true", NULL);
	begin();
	say(1, banner);
	say(2,
		"## Booting kernel from Legacy Image at 62000000 ...\r\n\r\nStarting kernel "
		"...\r\n");
	ck_assert_int_eq(result(2)->verdict, BC_FAIL);
	ck_assert_str_eq(result(2)->title,
		"the boot loader started a kernel before `tftp "
		"0x62000000 no-such-file` could be typed");
	teardown();
}
END_TEST

/* Names of images, and what scripts echo, start no kernel. */
START_TEST(words_that_start_nothing)
{
	static const char *const words[] = {"   Image Name:   Linux version 6.1.176\r\n",
		"Booting Linux via TFTP\r\n", "## about to say 'Starting kernel ...'\r\n",
		"kernel: Uncompressing Linux, maybe\r\n"};
	for (size_t i = 0; i < BC_LEN(words); i++) {
		setup();
		add_step("uboot", "bootm 62000000", "boots", "true", NULL);
		begin_at_prompt();
		say(2, words[i]);
		ck_assert_msg(!bc_session_is_decided(rig.s), "%s", words[i]);
		say(3, "Bad Data CRC\r\nERROR: can't get kernel image!\r\n=> ");
		ck_assert_int_eq(result(3)->verdict, BC_FAIL);
		ck_assert_ptr_nonnull(strstr(result(3)->title, "Bad Data CRC"));
		teardown();
	}
}
END_TEST

/* … and these do. */
START_TEST(words_that_start_a_kernel)
{
	static const char *const words[] = {"Starting kernel ...\r\n",
		"Uncompressing Linux... done, booting the kernel.\r\n",
		"Booting Linux on physical CPU 0x0\r\n", "Linux version 6.1.0 (x)\r\n",
		"[    0.000000] Linux version 6.1.0 (x)\r\n",
		"EFI stub: Booting Linux Kernel...\r\n"};
	for (size_t i = 0; i < BC_LEN(words); i++) {
		setup();
		add_step("uboot", "bootm 62000000", "boots", "true", NULL);
		begin_at_prompt();
		say(2, words[i]);
		ck_assert_msg(bc_session_is_decided(rig.s), "%s", words[i]);
		ck_assert_int_eq(result(2)->verdict, BC_PASS);
		teardown();
	}
}
END_TEST

/* U-Boot's own prompt may end as a shell's does. */
START_TEST(a_loaders_prompt_that_looks_like_a_shells)
{
	setup();
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, banner);
	say(2, "Wrong Image Format for bootm command\r\nVExpress# ");
	ck_assert(!bc_session_is_decided(rig.s));
	/* Once it has left, a prompt is a shell's. */
	say(3, "\r\nStarting kernel ...\r\n\r\n/ # ");
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
	teardown();
}
END_TEST

/* `name => value` at the start of a line is a script's output. */
START_TEST(output_that_begins_like_a_prompt)
{
	setup();
	add_step("uboot", "source 61000000", "boots", "true", NULL);
	begin_at_prompt();
	say(2, "kernel => 0x62000000\r\n=> hello\r\n");
	ck_assert(!bc_session_is_decided(rig.s));
	say(3, "Starting kernel ...\r\n");
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
	teardown();
}
END_TEST

/* The countdown was over, or there was none, and the boot command has run. */
START_TEST(autoboot_that_ran_and_came_back)
{
	setup();
	add_autoboot(" ");
	begin();
	say(1, banner);
	say(1, "Hit any key to stop autoboot:  0 ");
	say(2, "\r\ntrying\r\n=> ");
	ck_assert_int_eq(result(2)->verdict, BC_FAIL);
	ck_assert_str_eq(
		result(2)->title, "autoboot was not stopped: it printed \"trying\" and came back");
	teardown();
}
END_TEST

/* Without a countdown the prompt comes by itself. */
START_TEST(no_countdown)
{
	setup();
	add_autoboot(" ");
	begin();
	say(1, banner);
	say(1, "Net:   eth0\r\n=> ");
	ck_assert_int_eq(result(1)->verdict, BC_PASS);
	teardown();
}
END_TEST

/* A step before waited for the very text that the key is for. */
START_TEST(the_countdown_was_expected_before)
{
	setup();
	add_step("expect", "Hit any key to stop autoboot", NULL);
	add_autoboot(" ");
	begin();
	say(1, banner);
	say(1, "Hit any key to stop autoboot:  2 ");
	say(2, "\b\b\b 1 ");
	ck_assert_str_eq(rig.sent.data, " ");
	say(3, "\b\b\b 0 \r\n=> ");
	ck_assert_int_eq(result(3)->verdict, BC_PASS);
	teardown();
}
END_TEST

/* After a reset the kernel's last records of before may still come. */
START_TEST(records_that_a_reset_overtook)
{
	setup();
	add_step("expect", "{prompt}", NULL);
	add_step("power", "reset", NULL);
	add_autoboot(" ");
	begin();
	say(1, "[    0.000000] Linux version 6.1.0 (x)\r\n/ # ");
	say(2, "[    9.000001] noise: 1\r\n[    9.000002] noise: 2\r\n");
	ck_assert(!bc_session_is_decided(rig.s));
	say(3, banner);
	say(3, "Hit any key to stop autoboot:  2 ");
	say(4, "\b\b\b 0 \r\n=> ");
	ck_assert_int_eq(result(4)->verdict, BC_PASS);
	teardown();
}
END_TEST

/* A wait at the loader's prompt, for the step behind it. */
START_TEST(a_wait_at_the_prompt)
{
	setup();
	add_step("wait", "2s", NULL);
	add_step("uboot", "version", NULL);
	begin();
	say(1, banner);
	say(1, "=> ");
	bc_session_tick(rig.s, 1500, BC_ACTIVITY_IDLE);
	ck_assert(!bc_session_is_decided(rig.s));
	bc_session_tick(rig.s, 2001, BC_ACTIVITY_IDLE);
	ck_assert_int_eq(strncmp(rig.sent.data, "versi", 5), 0);
	teardown();
}
END_TEST

/* What it complained of is what a reset and a limit are for; what it said before the command is not. */
START_TEST(complaints_are_told)
{
	for (int is_late = 0; is_late < 2; is_late++) {
		setup();
		add_step("uboot", "bootm 62000000", "boots", "true", NULL);
		begin();
		say(1, banner);
		say(1,
			"*** Warning - bad CRC, using default environment\r\nTFTP error: 'old' "
			"(1)\r\n=> ");
		echo(1);
		say(2, "FDT and ATAGS support not compiled in\r\n");
		if (is_late)
			bc_session_tick(rig.s, 100000, BC_ACTIVITY_SPINNING);
		else
			bc_session_end(rig.s, 3, BC_END_RESET, NULL);
		const char *title = result(100000)->title;
		ck_assert_msg(strstr(title, "U-Boot: FDT and ATAGS support not compiled in"), "%s",
			title);
		ck_assert_ptr_null(strstr(title, "spinning"));
		ck_assert_ptr_null(strstr(title, "old"));
		teardown();
	}
}
END_TEST

/* A PC's firmware is a loader, too: behind it a kernel without a console may stand, and samples tell where. */
START_TEST(a_silent_kernel_behind_firmware)
{
	setup();
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1, "SeaBIOS (version 1.16.2)\r\n");
	bc_session_examine(rig.s, never, NULL);
	rig.c.limits.silence = 0;
	bc_session_tick(rig.s, 400000, BC_ACTIVITY_SPINNING);
	bc_session_silence(rig.s, 401000,
		&(struct bc_silence){.kind = BC_KIND_HANG_IDLE, .what = "idle in do_idle"});
	ck_assert_ptr_nonnull(strstr(result(401000)->title, "idle in do_idle"));
	teardown();
}
END_TEST

/* Each with U-Boot's own words. */
START_TEST(last_words_of_a_loader)
{
	static const struct {
		const char *said, *title;
	} cases[] = {
		{"ERROR: new format image overwritten - must RESET the board to recover.\r\n",
			"U-Boot gave up: new format image overwritten"},
		{"ERROR: image is not a fdt - must RESET the board to recover.\r\n",
			"U-Boot gave up: image is not a fdt"},
		{"\"Synchronous Abort\" handler, esr 0x96000004\r\n",
			"U-Boot: \"Synchronous Abort\" handler"},
		{"MMC read: dev # 0, block # 0, count 1 ... data abort\r\n", "U-Boot: data abort"},
	};
	for (size_t i = 0; i < BC_LEN(cases); i++) {
		setup();
		add_step("uboot", "bootm 62000000", "boots", "true", NULL);
		begin_at_prompt();
		say(2, "   Loading Kernel Image\r\n");
		say(2, cases[i].said);
		ck_assert_str_eq(result(2)->title, cases[i].title);
		teardown();
	}
}
END_TEST

CHECK_MAIN("loader", commands_that_were_never_typed, words_that_start_nothing,
	words_that_start_a_kernel, a_loaders_prompt_that_looks_like_a_shells,
	output_that_begins_like_a_prompt, autoboot_that_ran_and_came_back, no_countdown,
	the_countdown_was_expected_before, records_that_a_reset_overtook, a_wait_at_the_prompt,
	complaints_are_told, a_silent_kernel_behind_firmware, last_words_of_a_loader)
