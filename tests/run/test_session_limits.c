/* A boot that is late: the machine is looked at before the verdict. */
#include "../check_main.h"
#include "session_test.h"

static int examined;
static enum bc_since since;

static void on_late(void *ctx, enum bc_since what)
{
	(void)ctx;
	examined++;
	since = what;
}

/* The case's console ticks until the limit passes at `at` ms. */
static void tick_until(uint64_t at)
{
	begin();
	bc_session_examine(rig.s, on_late, NULL);
	for (uint64_t ms = 0; ms < at; ms += 1000) {
		say(ms, "tick\n");
		bc_session_tick(rig.s, ms, BC_ACTIVITY_UNKNOWN);
		ck_assert_int_eq(examined, 0);
	}
	ck_assert_uint_eq(bc_session_deadline(rig.s), at);
	bc_session_tick(rig.s, at, BC_ACTIVITY_UNKNOWN);
	ck_assert_int_eq(examined, 1);
	ck_assert(bc_session_is_examined(rig.s));
	ck_assert(!bc_session_is_decided(rig.s));
	ck_assert_uint_eq(bc_session_deadline(rig.s), UINT64_MAX);
}

static void found(uint64_t ms)
{
	bc_session_silence(rig.s, ms,
		&(struct bc_silence){
			BC_KIND_HANG_SPIN, "spinning in vfs_read", ": ", "as it was seen"});
}

static void start(void)
{
	setup();
	examined = 0;
	add_step("expect", "login:", NULL);
}

START_TEST(each_limit_is_looked_into)
{
	static const char *const titles[] = {"timeout: \"login:\" did not come within the boot "
					     "limit of 10.0 s; the last line was "
					     "\"tick\" (spinning in vfs_read)",
		"timeout: \"login:\" did not come within the total limit of 10.0 s; the last line "
		"was "
		"\"tick\" (spinning in vfs_read)",
		"timeout: the kernel phase did not end within its limit of 10.0 s; the last line "
		"was "
		"\"tick\" (spinning in vfs_read)",
		"timeout: \"login:\" did not come within 10.0 s (spinning in vfs_read)"};
	static const enum bc_since sinces[] = {
		BC_SINCE_START, BC_SINCE_START, BC_SINCE_PHASE, BC_SINCE_STEP};
	setup();
	examined = 0;
	struct bc_limits *l = &rig.c.limits;
	uint64_t *const limits[] = {&l->boot, &l->total, &l->kernel, &l->step};
	*limits[_i] = 10000;
	add_step("expect", "login:", NULL);
	begin();
	bc_session_examine(rig.s, on_late, NULL);
	say(0, "Linux version 6.1\r\n");
	for (uint64_t ms = 0; ms < 10000; ms += 1000)
		say(ms, "tick\n");
	bc_session_tick(rig.s, 10000, BC_ACTIVITY_UNKNOWN);
	ck_assert_int_eq(examined, 1);
	ck_assert_int_eq(since, sinces[_i]);
	found(11000);
	const struct bc_attempt *a = result(11000);
	ck_assert_int_eq(a->verdict, BC_FAIL);
	ck_assert_int_eq(a->kind, BC_KIND_TIMEOUT);
	ck_assert_str_eq(a->title, titles[_i]);
	ck_assert_str_eq(a->hint, "as it was seen");
	teardown();
}
END_TEST

START_TEST(what_comes_while_it_is_looked_at_is_late)
{
	start();
	tick_until(30000);
	for (int i = 0; i < 32; i++)
		say(30500, "00000000\n");
	say(30500, "login: ");
	ck_assert(bc_session_is_examined(rig.s));
	ck_assert(!bc_session_is_decided(rig.s));
	/* Samples of a guest that prints say nothing. */
	found(31000);
	ck_assert_str_eq(result(31000)->title, "timeout: \"login:\" did not come within 30.0 s");
	ck_assert_ptr_null(rig.attempt.hint);
	teardown();
}
END_TEST

START_TEST(a_panic_that_comes_then_is_the_verdict)
{
	start();
	tick_until(30000);
	say(30500, "[    9.000000] Kernel panic - not syncing: Oops\r\n");
	ck_assert_int_eq(result(30500)->kind, BC_KIND_PANIC);
	found(31000);
	ck_assert_int_eq(result(31000)->kind, BC_KIND_PANIC);
	teardown();
}
END_TEST

/* A command's limit passes because the machine has started again. */
START_TEST(a_reset_under_a_command)
{
	char n[9];
	setup();
	add_step("run", "x", NULL);
	begin();
	say(1,
		"[    0.000000] Linux version 6.1.0\r\n[    0.100000] a\r\n[    0.900000] b\r\n"
		"[    1.300000] Run /init as init process\r\n/ # ");
	nonce(n);
	BC_AUTO_FREE char *begun = bc_asprintf("bc-begin-%s\r\n", n);
	say(2, begun);
	say(3, "[    0.000000] Linux version 6.1.0\r\n[    0.100400] a\r\n[    0.900500] b\r\n");
	ck_assert(!bc_session_is_decided(rig.s));
	bc_session_tick(rig.s, 30010, BC_ACTIVITY_UNKNOWN);
	ck_assert_int_eq(result(30010)->kind, BC_KIND_RESET_LOOP);
	ck_assert_str_eq(result(30010)->detector, "unexpected-reset");
	teardown();
}
END_TEST

START_TEST(the_machine_may_end_meanwhile)
{
	start();
	tick_until(30000);
	bc_session_end(rig.s, 30500, BC_END_EXIT, NULL);
	ck_assert_str_eq(result(31000)->title, "timeout: \"login:\" did not come within 30.0 s");
	teardown();
}
END_TEST

START_TEST(a_host_that_is_too_slow_is_an_error)
{
	struct bc_err err = {0};
	start();
	tick_until(30000);
	(void)bc_fail(&err, BC_E_COMMAND, 0, "this host is too slow");
	bc_session_error(rig.s, 31000, &err);
	ck_assert_int_eq(result(31000)->verdict, BC_ERROR);
	teardown();
}
END_TEST

/* A silence is being looked at when the limit passes: one look is enough, and output does not end it any more. */
START_TEST(one_look_for_both)
{
	start();
	begin();
	bc_session_examine(rig.s, on_late, NULL);
	say(9500, "tick\n");
	bc_session_tick(rig.s, 29500, BC_ACTIVITY_UNKNOWN);
	ck_assert_int_eq(examined, 1);
	ck_assert_int_eq(since, BC_SINCE_OUTPUT);
	bc_session_tick(rig.s, 30000, BC_ACTIVITY_UNKNOWN);
	ck_assert_int_eq(examined, 1);
	say(30100, "tick\n");
	ck_assert(bc_session_is_examined(rig.s));
	found(30500);
	ck_assert_str_eq(result(31000)->title,
		"timeout: \"login:\" did not come within 30.0 s (spinning in vfs_read)");
	teardown();
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("session and limits");
	TCase *tc = tcase_create("all");
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, each_limit_is_looked_into, 0, 4);
	tcase_add_test(tc, what_comes_while_it_is_looked_at_is_late);
	tcase_add_test(tc, a_panic_that_comes_then_is_the_verdict);
	tcase_add_test(tc, a_reset_under_a_command);
	tcase_add_test(tc, the_machine_may_end_meanwhile);
	tcase_add_test(tc, a_host_that_is_too_slow_is_an_error);
	tcase_add_test(tc, one_look_for_both);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN_OF(make_suite)
