/* fork and exec by hand rather than uv_spawn: the kernel must be told, before exec, to kill the child
 * with its parent (PR_SET_PDEATHSIG), and libuv has no place for that. Between fork and exec only
 * async-signal-safe calls are made. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>
#include <bootcheck/sys/proc.h>

extern char **environ;

/* What the child reports through the close-on-exec pipe when it could not exec. */
struct failure {
	int why;
};

static void die(int report, int why)
{
	struct failure f = {why};
	ssize_t n = write(report, &f, sizeof(f));
	(void)n;
	_exit(127);
}

static pid_t guard_parent; /* in the guard process only */

static void on_guard_signal(int signum)
{
	(void)signum;
	/* Ours died: SIGKILL for the group, us included. Otherwise the group got this signal too. */
	if (getppid() != guard_parent)
		kill(0, SIGKILL);
}

/* The guard: waits for the child, passes its end on. It holds no descriptors. */
static void guard(pid_t child, pid_t parent)
{
	struct sigaction act = {.sa_handler = on_guard_signal};
	guard_parent = parent;
	prctl(PR_SET_NAME, "child-guard"); /* so that `pkill bootcheck` leaves it to do its work */
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	syscall(SYS_close_range, 0u, ~0u, 0u);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		kill(0, SIGKILL);
	int status;
	for (;;) {
		pid_t done = waitpid(child, &status, 0);
		if (done == child || (done < 0 && errno != EINTR))
			break;
	}
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		kill(getpid(), WTERMSIG(status));
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

static void move_fd(int fd, int to, int report)
{
	if (fd == to)
		fcntl(fd, F_SETFD, 0);
	else if (dup2(fd, to) < 0)
		die(report, errno);
}

static void child(
	const struct bc_spawn *spawn, const char *program, int fds[3], int report, pid_t parent)
{
	sigset_t none;
	setpgid(0, 0);
	for (int s = 1; s < NSIG; s++)
		if (s != SIGKILL && s != SIGSTOP)
			signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Before prctl: entering a user namespace makes the kernel forget the death signal. */
	for (size_t i = 0; i < spawn->enter_count; i++)
		if (setns(spawn->enter[i], 0) != 0)
			die(report, errno);
	if (spawn->is_tree) {
		pid_t self = getpid();
		if (spawn->has_own_pids && unshare(CLONE_NEWPID) != 0)
			die(report, errno);
		pid_t pid = fork();
		if (pid < 0)
			die(report, errno);
		if (pid > 0)
			guard(pid, parent);
		/* Inside of a PID namespace the guard has no number. */
		parent = spawn->has_own_pids ? 0 : self;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127); /* it died before prctl */
	for (int i = 0; i < 3; i++)
		move_fd(fds[i], i, report);
	syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
	for (size_t i = 0; i < spawn->keep_count; i++)
		fcntl(spawn->keep[i], F_SETFD, 0);
	if (spawn->cwd && chdir(spawn->cwd) != 0)
		die(report, errno);
	int why = spawn->before_exec ? spawn->before_exec(spawn->ctx) : 0;
	if (why)
		die(report, why);
	execve(program, spawn->argv, spawn->env ? spawn->env : environ);
	die(report, errno);
}

/* Descriptors for 0, 1, 2, all above 2 so that none is written over; -1 becomes /dev/null. */
static bool prepare_fds(const struct bc_spawn *spawn, int fds[3], struct bc_err *err)
{
	const int wanted[3] = {spawn->in, spawn->out, spawn->err};
	for (int i = 0; i < 3; i++) {
		int fd = wanted[i] >= 0 ? wanted[i] : open("/dev/null", O_RDWR | O_CLOEXEC);
		fds[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
		int why = errno;
		if (wanted[i] < 0 && fd >= 0)
			close(fd);
		if (fds[i] < 0) {
			while (i-- > 0)
				close(fds[i]);
			return bc_fail(err, BC_E_IO, why, "cannot open the child's descriptors");
		}
	}
	return true;
}

static bool missing(const char *program, struct bc_err *err)
{
	(void)bc_fail(err, BC_E_MISSING, 0, "%s is not installed", program);
	const char *package = bc_host_package(program);
	if (package)
		(void)bc_err_hint(err, "apt-get install %s", package);
	return false;
}

bool bc_proc_spawn(const struct bc_spawn *spawn, pid_t *pid, struct bc_err *err)
{
	BC_AUTO_FREE char *program = bc_host_find(spawn->argv[0]);
	if (!program)
		return missing(spawn->argv[0], err);
	int fds[3], report[2];
	if (!prepare_fds(spawn, fds, err))
		return false;
	pid_t parent = getpid(), started = -1;
	int why = 0;
	if (pipe2(report, O_CLOEXEC) != 0) {
		why = errno;
	} else {
		started = fork();
		why = errno;
		if (started == 0)
			child(spawn, program, fds, report[1], parent);
		close(report[1]);
	}
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	if (started < 0)
		return bc_fail(err, BC_E_IO, why, "cannot start %s", program);
	(void)setpgid(started, started); /* whoever comes first, so that kill(-pid) always works */
	struct failure f = {0};
	ssize_t n;
	do
		n = read(report[0], &f, sizeof(f));
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (n == (ssize_t)sizeof(f)) {
		while (waitpid(started, NULL, 0) < 0 && errno == EINTR)
			;
		return bc_fail(err, BC_E_IO, f.why, "cannot start %s", program);
	}
	*pid = started;
	return true;
}

static uint64_t ms_of(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_usec / 1000u;
}

static void fill_exit(struct bc_exit *e, int status, const struct rusage *use)
{
	e->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	e->signum = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	e->user_ms = ms_of(use->ru_utime);
	e->system_ms = ms_of(use->ru_stime);
	e->max_rss_bytes = (uint64_t)use->ru_maxrss << 10;
}

struct bc_proc {
	pid_t pid; /* 0 once reaped */
	int fd;	   /* pidfd: readable when the child can be reaped */
	struct bc_watch *watch;
	bc_proc_fn *fn;
	void *ctx;
};

static bool reap(struct bc_proc *proc, int options, struct bc_exit *e)
{
	int status;
	struct rusage use;
	pid_t done;
	do
		done = wait4(proc->pid, &status, options, &use);
	while (done < 0 && errno == EINTR);
	if (done != proc->pid)
		return false;
	proc->pid = 0;
	fill_exit(e, status, &use);
	return true;
}

static void on_exit_ready(void *ctx, int events)
{
	struct bc_proc *proc = ctx;
	struct bc_exit e;
	(void)events;
	if (!proc->pid || !reap(proc, WNOHANG, &e))
		return;
	bc_watch_start(proc->watch, 0);
	proc->fn(proc->ctx, &e);
}

struct bc_proc *bc_proc_new(struct bc_loop *loop, const struct bc_spawn *spawn, bc_proc_fn *fn,
	void *ctx, struct bc_err *err)
{
	pid_t pid;
	if (!bc_proc_spawn(spawn, &pid, err))
		return NULL;
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0) {
		int why = errno;
		kill(-pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return bc_fail_null(err, BC_E_IO, why, "cannot watch the child process");
	}
	struct bc_proc *proc = bc_calloc(1, sizeof(*proc));
	proc->pid = pid;
	proc->fd = fd;
	proc->fn = fn;
	proc->ctx = ctx;
	proc->watch = bc_watch_new(loop, fd, on_exit_ready, proc);
	bc_watch_start(proc->watch, BC_READABLE);
	return proc;
}

pid_t bc_proc_pid(const struct bc_proc *proc)
{
	return proc->pid;
}

void bc_proc_kill(struct bc_proc *proc, int signum)
{
	if (proc->pid)
		kill(-proc->pid, signum);
}

void bc_proc_close(struct bc_proc *proc)
{
	if (!proc)
		return;
	struct bc_exit e;
	if (proc->pid) {
		kill(-proc->pid, SIGKILL);
		(void)reap(proc, 0, &e);
	}
	bc_watch_close(proc->watch);
	close(proc->fd);
	free(proc);
}
