/* A silent machine: what was found out, and what its kernel's log says. */
#include "../check_main.h"
#include "session_test.h"

static int examined;

static void on_silence(void *ctx, enum bc_since since)
{
	(void)ctx;
	ck_assert_int_eq(since, BC_SINCE_OUTPUT);
	examined++;
}

static void start(void)
{
	setup();
	examined = 0;
	add_step("expect", "{prompt}", NULL);
	begin();
	bc_session_examine(rig.s, on_silence, NULL);
}

static void record(uint64_t us, unsigned level, const char *text)
{
	static uint64_t seq;
	struct bc_guest_record r = {.seq = seq++,
		.ts_ns = us * 1000,
		.level = level,
		.text = text,
		.len = strlen(text)};
	bc_session_memory(rig.s, 30000, &r);
}

static void records_end(void)
{
	bc_session_memory(rig.s, 30000, NULL);
}

static void found(enum bc_fail_kind kind, const char *what, const char *joint)
{
	bc_session_silence(rig.s, 31000, &(struct bc_silence){kind, what, joint, "as seen"});
}

static void want(enum bc_fail_kind kind, const char *title)
{
	const struct bc_attempt *a = result(32000);
	ck_assert_int_eq(a->verdict, BC_FAIL);
	ck_assert_int_eq(a->kind, kind);
	ck_assert_str_eq(a->title, title);
}

START_TEST(a_silence_waits_for_its_examination)
{
	start();
	say(1000, "[    0.100000] Booting Linux\r\n");
	ck_assert_uint_eq(bc_session_deadline(rig.s), 21000);
	bc_session_tick(rig.s, 21000, BC_ACTIVITY_UNKNOWN);
	ck_assert_int_eq(examined, 1);
	ck_assert(bc_session_is_examined(rig.s));
	ck_assert(!bc_session_is_decided(rig.s));
	ck_assert_uint_gt(bc_session_deadline(rig.s), 21000);
	/* Output ends it, and the answer comes too late. */
	say(21500, "[    0.200000] more\r\n");
	ck_assert(!bc_session_is_examined(rig.s));
	found(BC_KIND_HANG_IDLE, "idle in do_idle", " after ");
	ck_assert(!bc_session_is_decided(rig.s));
	bc_session_tick(rig.s, 41500, BC_ACTIVITY_UNKNOWN);
	ck_assert_int_eq(examined, 2);
	found(BC_KIND_HANG_IDLE, "idle in do_idle", " after ");
	want(BC_KIND_HANG_IDLE,
		"idle in do_idle after \"more\", waiting for the shell prompt (silence limit 20.0 "
		"s)");
	ck_assert_str_eq(rig.attempt.hint, "as seen");
	teardown();
}
END_TEST

START_TEST(a_silent_console_has_its_words_in_memory)
{
	start();
	bc_session_tick(rig.s, 20000, BC_ACTIVITY_UNKNOWN);
	record(1000, 5, "Linux version 6.1.0");
	record(3000000, 6, "Run /init as init process");
	record(3000100, 7, "  with arguments:");
	record(17000000, 6, "amba 100e5000.watchdog: deferred probe pending");
	records_end();
	found(BC_KIND_HANG_IDLE, "idle in do_idle", " after ");
	want(BC_KIND_HANG_IDLE,
		"idle in do_idle after \"Run /init as init process\", waiting for the "
		"shell prompt (silence limit 20.0 s)");
	ck_assert_int_eq(rig.attempt.line, 0);
	ck_assert_ptr_nonnull(
		strstr(rig.attempt.excerpt, "[    3.000000] Run /init as init process"));
	ck_assert_ptr_nonnull(strstr(rig.attempt.excerpt, "out of the guest's memory"));
	ck_assert_ptr_null(strstr(rig.attempt.excerpt, "with arguments"));
	teardown();
}
END_TEST

START_TEST(a_noted_error_is_what_a_spinning_kernel_says)
{
	start();
	bc_session_tick(rig.s, 20000, BC_ACTIVITY_UNKNOWN);
	record(0, 4, "\nError: invalid dtb and unrecognized/unsupported machine ID\n");
	record(0, 4, "\nPlease check your kernel config and/or bootloader.\n");
	records_end();
	found(BC_KIND_HANG_SPIN, "spinning in dump_machine_table", ": ");
	want(BC_KIND_HANG_SPIN,
		"spinning in dump_machine_table: \"Error: invalid dtb and unrecognized/unsupported "
		"machine ID\", waiting for the shell prompt (silence limit 20.0 s)");
	teardown();
}
END_TEST

START_TEST(a_panic_in_memory_is_the_verdict)
{
	start();
	bc_session_tick(rig.s, 20000, BC_ACTIVITY_UNKNOWN);
	record(0, 0, "Kernel panic - not syncing: Attempted to kill the idle task!");
	record(0, 0, "---[ end Kernel panic - not syncing: Attempted to kill the idle task! ]---");
	records_end();
	ck_assert(bc_session_is_decided(rig.s));
	found(BC_KIND_HANG_SPIN, "spinning in panic", ": ");
	want(BC_KIND_PANIC,
		"panic with panic=0 on a silent console: Attempted to kill the idle task!");
	ck_assert_int_eq(rig.attempt.line, 0);
	teardown();
}
END_TEST

/* As 5.10 with the real-time patches prints it. */
START_TEST(a_panic_may_say_why_in_a_record_of_its_own)
{
	start();
	bc_session_tick(rig.s, 20000, BC_ACTIVITY_UNKNOWN);
	record(0, 0, "Kernel panic - not syncing: ");
	record(0, 0, "Attempted to kill the idle task!");
	record(0, 0, "---[ end Kernel panic - not syncing: Attempted to kill the idle task! ]---");
	records_end();
	want(BC_KIND_PANIC,
		"panic with panic=0 on a silent console: Attempted to kill the idle task!");
	teardown();
	/* The same on the console. */
	start();
	say(1,
		"[    1.000000] Kernel panic - not syncing: \r\n"
		"[    1.000001] Attempted to kill init! exitcode=0x00000300\r\n"
		"[    1.000002] CPU: 0 PID: 1 Comm: init Not tainted 5.10.0-32-rt-armmp #1\r\n");
	ck_assert_int_eq(result(2)->kind, BC_KIND_PANIC);
	ck_assert_str_eq(result(2)->title,
		"Kernel panic - not syncing: Attempted to kill init! exitcode=ADDR");
	teardown();
}
END_TEST

/* It was told to restart and could not: that is no panic=0. */
START_TEST(a_panic_that_cannot_restart)
{
	start();
	rig.c.boot.cmdline = bc_strdup("console=ttyAMA0 panic=0 oops=panic panic=-1");
	bc_session_tick(rig.s, 20000, BC_ACTIVITY_UNKNOWN);
	record(0, 0, "Kernel panic - not syncing: Attempted to kill the idle task!");
	records_end();
	want(BC_KIND_PANIC, "panic on a silent console: Attempted to kill the idle task!");
	teardown();
}
END_TEST

START_TEST(a_reset_has_its_panic_in_memory)
{
	start();
	bc_session_end(rig.s, 5000, BC_END_RESET, NULL);
	ck_assert(bc_session_is_decided(rig.s));
	record(0, 0, "Kernel panic - not syncing: Attempted to kill the idle task!");
	records_end();
	want(BC_KIND_PANIC, "panic on a silent console: Attempted to kill the idle task!");
	teardown();
}
END_TEST

START_TEST(what_the_console_showed_is_not_shown_again)
{
	start();
	say(1000, "[    0.100000] Booting Linux\r\n[    0.200000] Kernel panic - not for us\r\n");
	say(2000, "[    0.300000] all is well here\r\nlogin: ");
	bc_session_tick(rig.s, 22000, BC_ACTIVITY_UNKNOWN);
	record(100000, 6, "Booting Linux");
	record(200000, 6, "BUG: sleeping function called from invalid context at x.c:1");
	record(300000, 6, "all is well here");
	records_end();
	found(BC_KIND_HANG_IDLE, "idle in do_idle", " after ");
	want(BC_KIND_HANG_IDLE,
		"idle in do_idle after \"login: \", waiting for the shell prompt "
		"(silence limit 20.0 s)");
	teardown();
}
END_TEST

START_TEST(without_stamps_the_texts_tell)
{
	start();
	say(1000, "Booting Linux on physical CPU 0x0\r\nconsole is up\r\n");
	bc_session_tick(rig.s, 21000, BC_ACTIVITY_UNKNOWN);
	record(100000, 6, "Booting Linux on physical CPU 0x0");
	record(200000, 6, "BUG: sleeping function called from invalid context at x.c:1");
	record(300000, 6, "console is up");
	record(400000, 0, "Kernel panic - not syncing: Oops");
	records_end();
	want(BC_KIND_PANIC, "panic with panic=0 that the console did not show: Oops");
	teardown();
}
END_TEST

START_TEST(a_certain_verdict_stays)
{
	start();
	say(1000, "[    0.100000] Kernel panic - not syncing: first\r\n");
	bc_session_end(rig.s, 5000, BC_END_EXIT, NULL);
	record(200000, 0, "Kernel panic - not syncing: second");
	records_end();
	ck_assert_int_eq(result(6000)->kind, BC_KIND_PANIC);
	ck_assert_ptr_nonnull(strstr(rig.attempt.title, "first"));
	ck_assert_int_eq(rig.attempt.line, 1);
	teardown();
}
END_TEST

CHECK_MAIN("session and memory", a_silence_waits_for_its_examination,
	a_silent_console_has_its_words_in_memory, a_noted_error_is_what_a_spinning_kernel_says,
	a_panic_in_memory_is_the_verdict, a_panic_may_say_why_in_a_record_of_its_own,
	a_panic_that_cannot_restart, a_reset_has_its_panic_in_memory,
	what_the_console_showed_is_not_shown_again, without_stamps_the_texts_tell,
	a_certain_verdict_stays)
