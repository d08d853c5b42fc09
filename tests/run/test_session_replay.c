/* A recording, judged like a boot. */
#include <bootcheck/run/run.h>

#include "../check_main.h"
#include "session_test.h"

/* What stands before the first prompt of a recording is no echo of a command. */
START_TEST(replay_rejects_before_the_prompt)
{
	static const char log[] =
		"BAD\r\n/ # echo\r\nbc-begin-deadbeef\r\nout\r\nbc-end-deadbeef 0\r\n";
	struct bc_err err = {0};
	struct bc_reject reject = {bc_strdup("BAD"), BC_STREAM_ANY, {0}};
	if (_i)
		bc_vec_push(&rig.c.rejects, reject);
	else
		free(reject.pattern);
	add_step("run", "uname", "output", "^out$", NULL);
	ck_assert(bc_run_replay(&rig.c, log, sizeof(log) - 1, 0, &rig.attempt, &err));
	ck_assert_int_eq(rig.attempt.verdict, _i ? BC_FAIL : BC_PASS);
}
END_TEST

/* A prompt, a record behind it, and a step for each, however the bytes were cut. */
START_TEST(replay_keeps_the_order_of_two_writers)
{
	static const char log[] =
		"[    1.000000] Run /init as init process\r\n[    1.100000] flood 1\r\n"
		"/ # [    1.200000] flood 2\r\necho 'bc-''begin-deadbeef'; x\r\n"
		"bc-begin-deadbeef\r\n[    1.300000] flood 3\r\nbc-end-deadbeef 7\r\n"
		"/ # echo\r\nbc-begin-deadbee1\r\nbc-end-deadbee1 0\r\n/ # ";
	struct bc_err err = {0};
	add_step("expect", "{prompt}", NULL);
	add_step("expect", "flood", "in", "kernel", NULL);
	add_step("run", "x", "status", "7", NULL);
	add_step("run", "echo", NULL);
	ck_assert(bc_run_replay(&rig.c, log, sizeof(log) - 1, (size_t)_i, &rig.attempt, &err));
	ck_assert_msg(rig.attempt.verdict == BC_PASS, "%s", rig.attempt.title);
}
END_TEST

START_TEST(two_ports_replayed)
{
	static const char shell[] = "/ # x\r\n/ # ",
			  kernel[] = "[    1.000000] a\r\n[    2.000000] b\r\n";
	struct bc_recording r = {shell, kernel, sizeof(shell) - 1, sizeof(kernel) - 1,
		"uart0 18\nconsole 7\nuart0 18\nconsole 4\n", 0};
	struct bc_err err = {0};
	add_step("expect", "] a", "in", "kernel", NULL);
	add_step("expect", "x", "in", "user", NULL);
	add_step("expect", "] b", "in", "kernel", NULL);
	add_step("expect", "{prompt}", NULL);
	rig.c.machine.console = 1;
	ck_assert(bc_run_replay_ports(&rig.c, &r, &rig.attempt, &err));
	ck_assert_int_eq(rig.attempt.verdict, BC_PASS);
	/* Without the order, the kernel's port comes first: b is over when x comes. */
	bc_attempt_release(&rig.attempt);
	r.order = "console nonsense";
	ck_assert(bc_run_replay_ports(&rig.c, &r, &rig.attempt, &err));
	ck_assert_str_eq(rig.attempt.title, "missing: \"] b\"");
}
END_TEST

#define INIT "[    1.000000] Run /init as init process\r\n"
#define ECHO "echo 'bc-''begin-deadbeef'; true; echo 'bc-''end-deadbeef' $?\r\n"
#define RUN  ECHO "bc-begin-deadbeef\r\nbc-end-deadbeef 0\r\n"

/* What stands behind a prompt in its line tells it from a line with a # or a $. */
static const struct {
	const char *log, *tag, *head, *key, *value;
	bool has_prompt;
} whole_lines[] = {
	{"# mounting the file systems of /etc/fstab\r\n", NULL, NULL, NULL, NULL, false},
	{"Starting # services\r\nstopped here\r\n", NULL, NULL, NULL, NULL, false},
	{"Price: 5 $ off\r\n$ is our sign\r\n", NULL, NULL, NULL, NULL, false},
	{"Starting # services\r\n/ # ", NULL, NULL, NULL, NULL, true},
	{"/ # \r\n", NULL, NULL, NULL, NULL, false},
	{"Starting # services\r\n", "expect", "stopped", NULL, NULL, false},
	{"Starting # services\r\nstopped\r\n", "expect", "stopped", NULL, NULL, false},
	{"/ # \r\neth0: up\r\n", "expect", "eth0", NULL, NULL, true},
	{"/ # eth0: up\r\n", "expect", "eth0", NULL, NULL, true},
	{"Starting # services\r\n" RUN, "run", "true", NULL, NULL, true},
	{"Starting services\r\n" RUN, "run", "true", NULL, NULL, false},
	{"# a remark\r\n", "run", "true", NULL, NULL, false},
	{"/ # " RUN, "run", "true", NULL, NULL, true},
	/* Wrapped, and typed twice. */
	{"/ # echo 'b\r\nc-''begin-deadbeef'; true\r\nbc-begin-deadbeef\r\nbc-end-deadbeef 0\r\n",
		"run", "true", NULL, NULL, true},
	{"/ # cho 'bc^U/ # " RUN, "run", "true", NULL, NULL, true},
	/* A kernel whose records cannot be told from the user's text. */
	{"/ # random: crng init done\r\n" RUN, "run", "true", NULL, NULL, true},
	{"/ # ls\r\n", "send", "ls", NULL, NULL, true},
	{"# tools\r\n", "send", "ls", NULL, NULL, false},
	{"/ # \r\n", "send", "\x03", NULL, NULL, true},
	{"/ # \r\n", "send", "", NULL, NULL, true},
	{"/ # xyz\r\n", "send", "xy", "enter", "no", true},
	{"/ # poweroff -f\r\n[    2.000000] reboot: Power down\r\n", "power", "off", NULL, NULL,
		true},
	{"# no poweroff\r\n[    2.000000] reboot: Power down\r\n", "power", "off", NULL, NULL,
		false},
	{"/ # \r\nU-Boot 2023.01\r\n", "power", "reset", NULL, NULL, true},
};

START_TEST(a_whole_line_with_a_prompt)
{
	BC_AUTO_FREE char *log = bc_asprintf(INIT "%s", whole_lines[_i].log);
	struct bc_err err = {0};
	free(rig.c.prompt);
	rig.c.prompt = bc_strdup("^[^#$]{0,80}[#$] $");
	add_step("expect", "{prompt}", NULL);
	if (whole_lines[_i].tag)
		add_step(whole_lines[_i].tag, whole_lines[_i].head, whole_lines[_i].key,
			whole_lines[_i].value, NULL);
	ck_assert(bc_run_replay(&rig.c, log, strlen(log), 0, &rig.attempt, &err));
	ck_assert_msg(rig.attempt.verdict == (whole_lines[_i].has_prompt ? BC_PASS : BC_FAIL),
		"%s: %s", whole_lines[_i].log, rig.attempt.title ? rig.attempt.title : "passed");
	if (!whole_lines[_i].has_prompt)
		ck_assert_int_eq(rig.attempt.step, 1);
}
END_TEST

/* Another case's recording goes on where this case ends. */
START_TEST(more_was_typed_than_the_case_types)
{
	static const char log[] = INIT "/ # " RUN "# a remark\r\n/ # reboot\r\n";
	struct bc_err err = {0};
	add_step("run", "true", NULL);
	add_step("expect", "{prompt}", NULL);
	ck_assert(
		bc_run_replay(&rig.c, log, sizeof(log) - 1 - (_i ? 12 : 0), 0, &rig.attempt, &err));
	ck_assert_int_eq(rig.attempt.verdict, _i ? BC_FAIL : BC_PASS);
}
END_TEST

/* The answers stand behind their questions, and the login tells of the last one. */
START_TEST(a_login_replayed)
{
	static const char *const logs[] = {INIT
		"vm login: root\r\nPassword: \r\nLast login: Tue Nov 25\r\n/ # " RUN,
		INIT "vm login: root (automatic login)\r\n\r\n/ # " RUN};
	struct bc_err err = {0};
	add_map_step("login", "user", "root", "password", "secret", NULL);
	add_step("run", "true", NULL);
	ck_assert(bc_run_replay(
		&rig.c, logs[_i / 3], strlen(logs[_i / 3]), (size_t)(_i % 3), &rig.attempt, &err));
	ck_assert_msg(rig.attempt.verdict == BC_PASS, "%s", rig.attempt.title);
}
END_TEST

#define LINE(time, text) "[    " time "] " text "\r\n"
#define BANNER		 LINE("0.000000", "Booting Linux") LINE("0.000000", "Linux version 6.1.0")
#define FIRST                                                                                      \
	BANNER LINE("0.100000", "a") LINE("1.200000", "b")                                         \
		LINE("2.300000", "Run /i as init process")
#define AGAIN                                                                                      \
	BANNER LINE("0.100500", "a") LINE("1.200700", "b")                                         \
		LINE("2.300000", "Run /i as init process")
#define COMMAND                                                                                    \
	"/ # echo 'bc-''begin-deadbeef'; x; echo 'bc-''end-deadbeef' $?\r\nbc-begin-deadbeef\r\n"

/* Another boot in what seems to be a command's output: an old log, as long as the command ends. */
START_TEST(a_reset_under_a_command)
{
	static const struct {
		const char *log;
		enum bc_fail_kind kind;
	} logs[] = {{FIRST COMMAND AGAIN "/ # ", BC_KIND_RESET_LOOP},
		{FIRST COMMAND AGAIN "bc-end-deadbeef 0\r\n/ # ", BC_KIND_NONE},
		{FIRST COMMAND FIRST, BC_KIND_MISSING},
		{FIRST COMMAND LINE("2.500000", "reboot: Restarting system") AGAIN,
			BC_KIND_MISSING}};
	struct bc_err err = {0};
	add_step("run", "x", NULL);
	ck_assert(bc_run_replay(&rig.c, logs[_i].log, strlen(logs[_i].log), 0, &rig.attempt, &err));
	ck_assert_int_eq(rig.attempt.kind, logs[_i].kind);
	if (rig.attempt.kind == BC_KIND_RESET_LOOP)
		ck_assert_int_eq(rig.attempt.line, 9);
}
END_TEST

/* The log that the first command printed is none of the second one's. */
START_TEST(a_log_before_a_command_that_never_ends)
{
	static const char log[] = FIRST COMMAND AGAIN "bc-end-deadbeef 0\r\n/ # " COMMAND "y\r\n";
	struct bc_err err = {0};
	add_step("run", "x", NULL);
	add_step("run", "x", NULL);
	ck_assert(bc_run_replay(&rig.c, log, sizeof(log) - 1, 0, &rig.attempt, &err));
	ck_assert_int_eq(rig.attempt.kind, BC_KIND_MISSING);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("session and recordings");
	TCase *tc = tcase_create("all");
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, replay_rejects_before_the_prompt, 0, 2);
	tcase_add_loop_test(tc, replay_keeps_the_order_of_two_writers, 0, 8);
	tcase_add_test(tc, two_ports_replayed);
	tcase_add_loop_test(tc, a_whole_line_with_a_prompt, 0, (int)BC_LEN(whole_lines));
	tcase_add_loop_test(tc, more_was_typed_than_the_case_types, 0, 2);
	tcase_add_loop_test(tc, a_login_replayed, 0, 6);
	tcase_add_loop_test(tc, a_reset_under_a_command, 0, 4);
	tcase_add_test(tc, a_log_before_a_command_that_never_ends);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN_OF(make_suite)
