/* A command that is waited for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/proc.h>

#define KILL_AFTER_MS 2000 /* between SIGTERM and SIGKILL */
#define LOOK_EVERY_MS 50   /* how soon a cancelled flag, which has no descriptor, is seen */

enum stop { STOP_NO, STOP_TIMEOUT, STOP_CANCELLED };

static void take_output(const struct bc_command *command, const char *data, size_t len)
{
	if (command->output)
		bc_buf_add(command->output, data, len);
	if (command->on_output)
		command->on_output(command->ctx, data, len);
}

/* Feeds stdin and drains stdout until the child closed its end, or was told to stop. */
static enum stop pump(const struct bc_command *command, pid_t pid, int *in, int out)
{
	uint64_t start = bc_clock_ms(), asked = 0;
	size_t sent = 0;
	enum stop stop = STOP_NO;
	bool is_open = out >= 0;
	for (;;) {
		if (*in >= 0 && sent == command->input_len) {
			close(*in);
			*in = -1;
		}
		/* Without a pipe to drain, the loop still turns to see the end and the limits. */
		if (!is_open) {
			siginfo_t info = {0};
			if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) != 0 ||
				info.si_pid)
				return stop;
		}
		struct pollfd p[2] = {{.fd = is_open ? out : -1, .events = POLLIN},
			{.fd = *in, .events = POLLOUT}};
		poll(p, 2, is_open ? LOOK_EVERY_MS : 2);
		if (p[1].revents) {
			ssize_t n = write(*in, (const char *)command->input + sent,
				command->input_len - sent);
			sent = n > 0 ? sent + (size_t)n
				     : (errno == EAGAIN ? sent : command->input_len);
		}
		if (p[0].revents) {
			char piece[65536];
			ssize_t n = read(out, piece, sizeof(piece));
			if (n > 0)
				take_output(command, piece, (size_t)n);
			else if (n == 0 || errno != EINTR)
				is_open = false;
		}
		uint64_t now = bc_clock_ms();
		if (!asked && command->cancelled && *command->cancelled)
			stop = STOP_CANCELLED;
		else if (!asked && command->timeout_ms && now - start >= command->timeout_ms)
			stop = STOP_TIMEOUT;
		if (stop && !asked) {
			asked = now;
			kill(-pid, SIGTERM);
		} else if (asked && now - asked >= KILL_AFTER_MS) {
			kill(-pid, SIGKILL);
			is_open = false;
		}
	}
}

static bool judge(const struct bc_command *command, enum stop stop, const struct bc_exit *e,
	struct bc_err *err)
{
	const char *name = bc_path_base(command->argv[0]);
	if (stop == STOP_CANCELLED)
		return bc_fail(err, BC_E_CANCELLED, 0, "%s was interrupted", name);
	if (stop == STOP_TIMEOUT)
		return bc_fail(err, BC_E_LIMIT, 0, "%s did not end within %llu ms", name,
			(unsigned long long)command->timeout_ms);
	if (e->signum)
		return bc_fail(err, BC_E_COMMAND, 0, "%s was killed by signal %d", name, e->signum);
	if (e->code != 0)
		return bc_fail(err, BC_E_COMMAND, 0, "%s ended with exit status %d", name, e->code);
	return true;
}

/* The modes of what a tool makes get into what it packs: they are not the caller's choice. */
static int set_umask(void *ctx)
{
	(void)ctx;
	umask(022);
	return 0;
}

bool bc_command_run(const struct bc_command *command, struct bc_exit *status, struct bc_err *err)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1};
	bool wants_output = command->output || command->on_output;
	if (command->cancelled && *command->cancelled)
		return bc_fail(err, BC_E_CANCELLED, 0, "interrupted");
	if ((command->input && pipe2(in, O_CLOEXEC) != 0) ||
		(wants_output && pipe2(out, O_CLOEXEC) != 0)) {
		int why = errno;
		for (int i = 0; i < 2; i++)
			if (in[i] >= 0)
				close(in[i]);
		return bc_fail(err, BC_E_IO, why, "cannot create a pipe");
	}
	BC_AUTO_FD file = -1;
	if (command->input_path && (file = open(command->input_path, O_RDONLY | O_CLOEXEC)) < 0) {
		int why = errno;
		if (out[0] >= 0)
			close(out[0]);
		if (out[1] >= 0)
			close(out[1]);
		return bc_fail(err, BC_E_IO, why, "cannot read %s", command->input_path);
	}
	struct bc_spawn spawn = {.argv = command->argv,
		.env = command->env,
		.cwd = command->cwd,
		.in = file >= 0 ? file : in[0],
		.out = wants_output ? out[1] : command->log_fd,
		.err = command->log_fd,
		.before_exec = set_umask,
		.is_tree = true};
	pid_t pid;
	bool started = bc_proc_spawn(&spawn, &pid, err);
	if (in[0] >= 0)
		close(in[0]);
	if (out[1] >= 0)
		close(out[1]);
	enum stop stop = STOP_NO;
	if (started) {
		if (in[1] >= 0)
			(void)fcntl(in[1], F_SETFL, O_NONBLOCK);
		stop = pump(command, pid, &in[1], out[0]);
	}
	if (in[1] >= 0)
		close(in[1]);
	if (out[0] >= 0)
		close(out[0]);
	if (!started)
		return false;
	/* It is a zombie now, so its group's number is still its own: end whatever it left behind. */
	kill(-pid, SIGKILL);
	int raw;
	struct rusage use;
	while (wait4(pid, &raw, 0, &use) < 0 && errno == EINTR)
		;
	struct bc_exit e = {.code = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1,
		.signum = WIFSIGNALED(raw) ? WTERMSIG(raw) : 0,
		.user_ms = (uint64_t)use.ru_utime.tv_sec * 1000u +
			(uint64_t)use.ru_utime.tv_usec / 1000u,
		.system_ms = (uint64_t)use.ru_stime.tv_sec * 1000u +
			(uint64_t)use.ru_stime.tv_usec / 1000u,
		.max_rss_bytes = (uint64_t)use.ru_maxrss << 10};
	if (status)
		*status = e;
	return judge(command, stop, &e, err);
}
