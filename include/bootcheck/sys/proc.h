/* Child processes: argv vectors, no shell, killed with their parent whatever kills the parent. */
#ifndef BOOTCHECK_SYS_PROC_H
#define BOOTCHECK_SYS_PROC_H

#include <sys/types.h>

#include <bootcheck/base/buf.h>
#include <bootcheck/base/err.h>
#include <bootcheck/sys/loop.h>

/* What the child gets. Every other descriptor is closed, signals are at their defaults, it leads its
 * own process group, and the kernel kills it (SIGKILL) when the parent dies. */
struct bc_spawn {
	char *const *argv; /* NULL-terminated; argv[0] is looked up in PATH unless it has a slash */
	char *const *env;  /* NULL-terminated "K=V"; NULL = the parent's */
	const char *cwd;   /* NULL = the parent's */
	int in, out, err;  /* descriptors for 0, 1, 2; -1 = /dev/null */
	const int *keep;   /* further descriptors that the child inherits under the same number */
	size_t keep_count;
	const int *enter; /* namespaces that the child enters first, in order; as for setns(2) */
	size_t enter_count;
	bool has_own_pids; /* with is_tree: the child is the first process of a PID namespace, so that no
				   child of its own outlives it, whatever that does to its group */
	/* Called in the child last before exec. Between fork and exec, async-signal-safe calls only. Returns 0
	 * or the errno that bc_proc_spawn() is to fail with. May be NULL. */
	int (*before_exec)(void *ctx);
	void *ctx;
	bool is_tree; /* the child will have children of its own that must die with us too: a guard
				   process stays between us and it and kills the whole group */
};

struct bc_exit {
	int code;		     /* exit status, -1 if a signal ended it */
	int signum;		     /* 0 if it exited */
	uint64_t user_ms, system_ms; /* processor time, with reaped children */
	uint64_t max_rss_bytes;
};

/* Starts a child. Call it from a thread that outlives the child. Failures of exec are reported here:
 * BC_E_MISSING when the program is not there, BC_E_IO otherwise. */
bool bc_proc_spawn(const struct bc_spawn *spawn, pid_t *pid, struct bc_err *err) BC_MUST_CHECK;

struct bc_proc;
typedef void bc_proc_fn(void *ctx, const struct bc_exit *status);
/* Starts a child and calls fn in the loop when it has been reaped. The object is freed by
 * bc_proc_close(). */
struct bc_proc *bc_proc_new(struct bc_loop *loop, const struct bc_spawn *spawn, bc_proc_fn *fn,
	void *ctx, struct bc_err *err) BC_MUST_CHECK;
pid_t bc_proc_pid(const struct bc_proc *proc);
/* Sends signum to the child's whole process group; nothing once it was reaped. */
void bc_proc_kill(struct bc_proc *proc, int signum);
/* Frees. A child still there is killed (SIGKILL, whole group) and reaped. NULL is fine. */
void bc_proc_close(struct bc_proc *proc);

/* A command that is waited for, for worker threads. It has the umask 022, whatever ours is. stdout goes to `output` when that is not NULL
 * (bounded by its maximum, the rest is thrown away), else to log_fd; stderr to log_fd (-1: dropped).
 * After timeout_ms (0 = none), or once *cancelled (may be NULL), the group gets SIGTERM and 2 s later
 * SIGKILL. BC_E_COMMAND when it did not exit with 0 (the message names the program and the status,
 * err->sys_errno is 0), BC_E_LIMIT on the timeout, BC_E_CANCELLED, BC_E_MISSING. */
struct bc_command {
	char *const *argv;
	char *const *env; /* NULL = the parent's */
	const char *cwd;
	const void *input; /* written to stdin; NULL = /dev/null */
	size_t input_len;
	const char *input_path; /* stdin is this file; instead of `input` */
	struct bc_buf *output;
	int log_fd;
	uint64_t timeout_ms;
	const volatile int *cancelled;
	/* Called with every piece of stdout when not NULL, besides `output`. */
	void (*on_output)(void *ctx, const char *data, size_t len);
	void *ctx;
};
bool bc_command_run(
	const struct bc_command *command, struct bc_exit *status, struct bc_err *err) BC_MUST_CHECK;

#endif
