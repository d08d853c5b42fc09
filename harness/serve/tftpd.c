/* Debian's tftpd-hpa: in.tftpd in the boot's network namespace, with access to one folder.
 *
 * It is started as inetd would, with its socket as descriptor 0: the socket exists before it, so no
 * request is too early for it, and it needs no right to bind. It logs by syslog only: it gets a mount
 * namespace whose /dev holds nothing but a log socket that this process reads. It leaves a child for
 * each transfer: in a PID namespace of its own they all end with it. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <bootcheck/base/text.h>
#include <bootcheck/serve/probe.h>
#include <bootcheck/serve/service.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/proc.h>

#define TFTP_PORT     69
#define LOG_MAX_BYTES ((size_t)1 << 20)
/* Without requests for so long it ends by itself; longer than any boot. */
#define WAIT_S "864000"

/* For the child. */
struct setup {
	int log_socket; /* to be bound to the server's /dev/log */
	bool has_user;	/* it is in a user namespace */
};

struct tftpd {
	struct bc_service_env env;
	struct bc_proc *proc;
	struct bc_probe *probe;
	struct bc_watch *log_watch;
	struct setup setup;
	int log_fd;
	size_t logged;
	char last[256]; /* what it logged last */
};

static bool is_needed(const struct bc_case *c)
{
	return c->machine.net.tftp && c->machine.net.tftp_server == BC_TFTP_TFTPD;
}

static bool needs_netns(const struct bc_case *c)
{
	(void)c;
	return true;
}

/* In the child, before exec: system calls only. */

/* A /dev of its own with null and the log in it, put together elsewhere because it needs the host's null.
 * Where that is not allowed the server is started without. */
static bool make_dev(const struct setup *s)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};
	return unshare(CLONE_NEWNS) == 0 &&
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NOEXEC, "size=64k,mode=0755") == 0 &&
		mknod("/tmp/null", S_IFREG | 0666, 0) == 0 &&
		mount("/dev/null", "/tmp/null", NULL, MS_BIND, NULL) == 0 &&
		mount("/tmp", "/dev", NULL, MS_MOVE, NULL) == 0 &&
		bind(s->log_socket, (struct sockaddr *)&at, sizeof(at)) == 0;
}

/* The server drops its groups before it drops root, and gives up when it cannot. In a user namespace
 * that a user made without help, groups cannot be dropped: there it is told that they were. It has no
 * more rights with them than the user who runs bootcheck. */
static int pretend_setgroups(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setgroups, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
#ifdef SYS_setgroups32
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setgroups32, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
#endif
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = BC_LEN(code), .filter = code};
	bool ok = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
	return ok ? 0 : errno;
}

static int before_exec(void *ctx)
{
	static const char no_log[] = "what in.tftpd says is not recorded: it cannot be given a "
				     "/dev/log of its own here\n";
	const struct setup *s = ctx;
	if (!make_dev(s))
		BC_IGNORE(write(2, no_log, sizeof(no_log) - 1) > 0);
	return s->has_user ? pretend_setgroups() : 0;
}

/* What it logs */

/* One message: "<30>Nov 25 20:10:11 in.tftpd[1]: RRQ from 127.0.0.1 filename uImage". */
static void take_line(struct tftpd *t, const char *text, size_t len)
{
	const char *end = len && *text == '<' ? memchr(text, '>', len < 6 ? len : 6) : NULL;
	if (end) {
		len -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\0'))
		len--;
	BC_AUTO(bc_buf) line = {.max = 4096};
	bc_escape_text(&line, text, len, false);
	const char *message = line.data ? strstr(line.data, "]: ") : NULL;
	snprintf(t->last, sizeof(t->last), "%s",
		message		    ? message + 3
			: line.data ? line.data
				    : "");
	bc_buf_addc(&line, '\n');
	if (t->logged + line.len > LOG_MAX_BYTES)
		return;
	t->logged += line.len;
	BC_IGNORE(bc_fs_write_all(t->log_fd, line.data, line.len, NULL));
}

static void on_log(void *ctx, int events)
{
	struct tftpd *t = ctx;
	char data[4096];
	(void)events;
	for (int turns = 0; turns < 64; turns++) {
		ssize_t n = recv(t->setup.log_socket, data, sizeof(data), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		take_line(t, data, (size_t)n);
	}
}

/* Life */

static void on_ended(void *ctx, const struct bc_exit *status)
{
	struct tftpd *t = ctx;
	struct bc_err err = {0};
	on_log(t, 0);
	(void)bc_fail(&err, BC_E_COMMAND, 0, "in.tftpd %s %d during the boot%s%s",
		status->signum ? "was killed by signal" : "ended with exit status",
		status->signum ? status->signum : status->code, *t->last ? "; it last said: " : "",
		t->last);
	(void)bc_err_hint(&err, "tftp.log in the case's folder has what it said");
	t->env.failed(t->env.ctx, &err);
}

static void on_probed(void *ctx, const struct bc_err *err)
{
	struct tftpd *t = ctx;
	on_log(t, 0);
	if (err) {
		struct bc_err told = *err;
		(void)bc_err_hint(&told, "tftp.log in the case's folder has what in.tftpd said");
		t->env.failed(t->env.ctx, &told);
	} else {
		t->env.ready(t->env.ctx);
	}
}

static bool open_log(struct tftpd *t, struct bc_err *err)
{
	BC_AUTO_FREE char *path = bc_path_join(t->env.dir, "tftp.log");
	t->log_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	if (t->log_fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot write %s", path);
	t->setup.log_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->setup.log_socket < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create a socket");
	t->log_watch = bc_watch_new(t->env.loop, t->setup.log_socket, on_log, t);
	bc_watch_start(t->log_watch, BC_READABLE);
	return true;
}

static void stop(void *service)
{
	struct tftpd *t = service;
	on_log(t, 0);
	bc_probe_free(BC_TAKE(t->probe));
	bc_proc_close(BC_TAKE(t->proc));
}

static void release(void *service)
{
	struct tftpd *t = service;
	bc_probe_free(t->probe);
	bc_proc_close(t->proc);
	bc_watch_close(t->log_watch);
	if (t->setup.log_socket >= 0)
		close(t->setup.log_socket);
	if (t->log_fd >= 0)
		close(t->log_fd);
	free(t);
}

static bool launch(struct tftpd *t, struct bc_err *err)
{
	const char *folder = t->env.files->tftp;
	BC_AUTO_FD port = bc_netns_socket(t->env.ns, SOCK_DGRAM, INADDR_LOOPBACK, TFTP_PORT, err);
	if (port < 0 || !open_log(t, err))
		return false;
	t->setup.has_user = bc_netns_has_user(t->env.ns);
	/* Its root is this user there, and nobody else exists. */
	char *argv[] = {"in.tftpd", "-v", "-v", "-t", WAIT_S, "-u",
		t->setup.has_user ? "root" : "nobody", "-s", (char *)folder, NULL};
	struct bc_spawn spawn = {.argv = argv,
		.cwd = "/",
		.in = port,
		.out = -1,
		.err = t->log_fd,
		.is_tree = true,
		.has_own_pids = true,
		.before_exec = before_exec,
		.ctx = &t->setup};
	spawn.enter = bc_netns_fds(t->env.ns, &spawn.enter_count);
	t->proc = bc_proc_new(t->env.loop, &spawn, on_ended, t, err);
	return t->proc != NULL;
}

static void *start(const struct bc_service_env *env, struct bc_err *err)
{
	struct tftpd *t = bc_calloc(1, sizeof(*t));
	t->env = *env;
	t->log_fd = t->setup.log_socket = -1;
	struct bc_probe_options probe = {.loop = env->loop,
		.ns = env->ns,
		.base = "tftp://127.0.0.1/",
		.folder = env->files->tftp,
		.scratch = env->dir,
		.is_other_user = !bc_netns_has_user(env->ns),
		.done = on_probed,
		.ctx = t};
	if (launch(t, err))
		t->probe = bc_probe_new(&probe, err);
	if (t->probe)
		return t;
	release(t);
	return NULL;
}

static void by_hand(const struct bc_case *c, const struct bc_files *files, struct bc_buf *out)
{
	(void)c;
	bc_buf_adds(out, "in.tftpd -4 -L -u nobody -s ");
	bc_escape_shell(out, files->tftp);
	bc_buf_adds(out, " &\n");
}

extern const struct bc_service_kind bc_service_tftpd;
const struct bc_service_kind bc_service_tftpd = {
	.name = "tftp",
	.is_needed = is_needed,
	.needs_netns = needs_netns,
	.has_own_pids = true,
	.program = "in.tftpd",
	.start = start,
	.stop = stop,
	.free = release,
	.by_hand = by_hand,
};
