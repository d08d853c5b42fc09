#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/wait.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/proc.h>

#include "../check_main.h"

static bool run(
	const char *script, struct bc_command *command, struct bc_exit *e, struct bc_err *err)
{
	char *argv[] = {"sh", "-c", (char *)script, NULL};
	command->argv = argv;
	*err = (struct bc_err){0};
	return bc_command_run(command, e, err);
}

START_TEST(commands_give_output_and_status)
{
	BC_AUTO(bc_buf) out = {0};
	struct bc_command command = {.output = &out, .log_fd = -1, .cwd = "/usr"};
	struct bc_exit e;
	struct bc_err err;
	ck_assert_msg(run("pwd; echo error >&2", &command, &e, &err), "%s", err.message);
	ck_assert_str_eq(out.data, "/usr\n");
	ck_assert_int_eq(e.code, 0);
	ck_assert(!run("exit 7", &command, &e, &err));
	ck_assert_int_eq(err.code, BC_E_COMMAND);
	ck_assert_ptr_nonnull(strstr(err.message, "sh ended with exit status 7"));
	ck_assert_int_eq(e.code, 7);
	ck_assert(!run("kill -9 $$", &command, &e, &err));
	ck_assert_int_eq(e.signum, SIGKILL);
	ck_assert_ptr_nonnull(strstr(err.message, "signal 9"));
}
END_TEST

START_TEST(commands_take_input)
{
	BC_AUTO(bc_buf) out = {0};
	size_t len = 300000; /* more than a pipe holds, both ways */
	BC_AUTO_FREE char *text = bc_calloc(len, 1);
	memset(text, 'x', len);
	struct bc_command command = {.output = &out, .log_fd = -1, .input = text, .input_len = len};
	struct bc_exit e;
	struct bc_err err;
	ck_assert_msg(run("cat", &command, &e, &err), "%s", err.message);
	ck_assert_uint_eq(out.len, len);
	/* A child that does not read its input is no error. */
	signal(SIGPIPE, SIG_IGN);
	ck_assert_msg(run("exec true", &command, &e, &err), "%s", err.message);
}
END_TEST

START_TEST(output_is_bounded)
{
	BC_AUTO(bc_buf) out = {.max = 1000};
	struct bc_command command = {.output = &out, .log_fd = -1};
	struct bc_exit e;
	struct bc_err err;
	ck_assert(run("head -c 1000000 /dev/zero", &command, &e, &err));
	ck_assert_uint_eq(out.len, 1000);
	ck_assert(out.overflow);
}
END_TEST

START_TEST(a_missing_program)
{
	char *argv[] = {"qemu-system-arm", NULL};
	struct bc_command command = {.argv = argv, .log_fd = -1};
	struct bc_exit e;
	struct bc_err err;
	setenv("PATH", "/nonexistent", 1);
	ck_assert(!bc_command_run(&command, &e, &err));
	ck_assert_int_eq(err.code, BC_E_MISSING);
	ck_assert_ptr_nonnull(strstr(err.message, "qemu-system-arm"));
	ck_assert_ptr_nonnull(strstr(err.hint, "apt-get install qemu-system-arm"));
}
END_TEST

START_TEST(what_cannot_be_executed)
{
	BC_AUTO_FREE char *path = bc_asprintf("%s/script-%d", getenv("TMPDIR") ?: "/tmp", getpid());
	ck_assert(bc_fs_write(path, "no program\n", 11, NULL));
	ck_assert_int_eq(chmod(path, 0755), 0);
	char *argv[] = {path, NULL};
	struct bc_command command = {.argv = argv, .log_fd = -1};
	struct bc_exit e;
	struct bc_err err;
	ck_assert(!bc_command_run(&command, &e, &err));
	ck_assert_int_eq(err.code, BC_E_IO);
	ck_assert_int_eq(err.sys_errno, ENOEXEC);
	unlink(path);
}
END_TEST

START_TEST(a_limit_ends_the_whole_group)
{
	BC_AUTO(bc_buf) out = {0};
	struct bc_command command = {.output = &out, .log_fd = -1, .timeout_ms = 200};
	struct bc_exit e;
	struct bc_err err;
	uint64_t start = bc_clock_ms();
	/* The grandchild holds the pipe: only if it dies too does the call return at once. */
	ck_assert(!run("sleep 100 & echo $!; wait", &command, &e, &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
	ck_assert_uint_lt(bc_clock_ms() - start, 10000);
	pid_t pid = (pid_t)strtol(out.data, NULL, 10);
	ck_assert_int_gt(pid, 1);
	/* It is an orphan now; init reaps it when it likes. */
	for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++) {
		BC_AUTO_FREE char *path = bc_asprintf("/proc/%d/stat", pid);
		BC_AUTO(bc_buf) stat = {0};
		if (!bc_fs_read(path, 4096, &stat, NULL) || strstr(stat.data, ") Z "))
			return;
		poll(NULL, 0, 10);
	}
	ck_assert_int_ne(kill(pid, 0), 0);
}
END_TEST

START_TEST(a_cancelled_command)
{
	volatile int cancelled = 1;
	struct bc_command command = {.log_fd = -1, .cancelled = &cancelled};
	struct bc_exit e;
	struct bc_err err;
	ck_assert(!run("sleep 100", &command, &e, &err));
	ck_assert_int_eq(err.code, BC_E_CANCELLED);
}
END_TEST

START_TEST(a_child_inherits_what_it_is_given)
{
	BC_AUTO(bc_buf) out = {0};
	struct bc_exit e;
	struct bc_err err;
	char *env[] = {"ONLY=this", "PATH=/usr/bin:/bin", NULL};
	BC_AUTO_FD leak = open("/dev/null", O_RDONLY);
	ck_assert_int_ge(leak, 0);
	struct bc_command command = {.output = &out, .log_fd = -1, .env = env};
	ck_assert(run("echo $ONLY$HOME; ls /proc/self/fd | wc -l", &command, &e, &err));
	/* 0, 1, 2 and the one that ls reads the folder with */
	ck_assert_str_eq(out.data, "this\n4\n");
}
END_TEST

struct ended {
	struct bc_loop *loop;
	struct bc_exit e;
	int calls;
};

static void on_end(void *ctx, const struct bc_exit *e)
{
	struct ended *ended = ctx;
	ended->e = *e;
	ended->calls++;
	bc_loop_stop(ended->loop);
}

START_TEST(a_child_in_the_loop)
{
	struct bc_loop *loop = bc_loop_new();
	struct ended ended = {.loop = loop};
	struct bc_err err;
	char *argv[] = {"sh", "-c", "trap '' TERM; while :; do sleep 1; done", NULL};
	struct bc_spawn spawn = {.argv = argv, .in = -1, .out = -1, .err = -1};
	struct bc_proc *proc = bc_proc_new(loop, &spawn, on_end, &ended, &err);
	ck_assert_msg(proc != NULL, "%s", err.message);
	ck_assert_int_eq(getpgid(bc_proc_pid(proc)), bc_proc_pid(proc));
	bc_proc_kill(proc, SIGKILL);
	bc_loop_run(loop);
	ck_assert_int_eq(ended.calls, 1);
	ck_assert_int_eq(ended.e.signum, SIGKILL);
	bc_proc_kill(proc, SIGKILL); /* reaped: nothing is hit */
	bc_proc_close(proc);
	bc_loop_free(loop);
}
END_TEST

START_TEST(closing_ends_a_living_child)
{
	struct bc_loop *loop = bc_loop_new();
	struct ended ended = {.loop = loop};
	struct bc_err err;
	char *argv[] = {"sleep", "100", NULL};
	struct bc_spawn spawn = {.argv = argv, .in = -1, .out = -1, .err = -1};
	struct bc_proc *proc = bc_proc_new(loop, &spawn, on_end, &ended, &err);
	ck_assert_ptr_nonnull(proc);
	pid_t pid = bc_proc_pid(proc);
	bc_proc_close(proc);
	ck_assert_int_eq(kill(pid, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
	ck_assert_int_eq(ended.calls, 0);
	bc_loop_free(loop);
}
END_TEST

/* A parent dies by SIGKILL; its child, and with is_tree its grandchild too, must be gone. They hold the
 * write end of a pipe, whose end of file is the event that is awaited. */
static void dies_with_its_parent(bool is_tree)
{
	int held[2], ready[2], status;
	char c;
	ck_assert_int_eq(pipe(held), 0);
	ck_assert_int_eq(pipe(ready), 0);
	pid_t parent = fork();
	ck_assert_int_ge(parent, 0);
	if (parent == 0) {
		char *argv[] = {"sh", "-c",
			is_tree ? "sleep 100 & echo; wait" : "echo; exec sleep 100", NULL};
		int keep[] = {held[1]};
		struct bc_spawn spawn = {.argv = argv,
			.in = -1,
			.out = ready[1],
			.err = -1,
			.keep = keep,
			.keep_count = 1,
			.is_tree = is_tree};
		pid_t pid;
		if (!bc_proc_spawn(&spawn, &pid, NULL))
			_exit(1);
		pause();
	}
	close(held[1]);
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	kill(parent, SIGKILL);
	ck_assert_int_eq(waitpid(parent, &status, 0), parent);
	struct pollfd p = {.fd = held[0], .events = POLLIN};
	ck_assert_int_eq(poll(&p, 1, 10000), 1);
	ck_assert_int_eq(read(held[0], &c, 1), 0);
	close(held[0]);
	close(ready[0]);
}

START_TEST(a_child_dies_with_its_parent)
{
	dies_with_its_parent(false);
}
END_TEST

START_TEST(a_tree_dies_with_its_parent)
{
	dies_with_its_parent(true);
}
END_TEST

CHECK_MAIN("proc", commands_give_output_and_status, commands_take_input, output_is_bounded,
	a_missing_program, what_cannot_be_executed, a_limit_ends_the_whole_group,
	a_cancelled_command, a_child_inherits_what_it_is_given, a_child_in_the_loop,
	closing_ends_a_living_child, a_child_dies_with_its_parent, a_tree_dies_with_its_parent)
