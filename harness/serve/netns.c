/* A namespace is made, and entered for a socket, by a child that passes descriptors back over a socket
 * pair and is gone: a process with threads cannot enter a user namespace, and nobody has to stay behind
 * to keep the namespace. The child makes system calls only. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/serve/netns.h>
#include <bootcheck/sys/fs.h>

#define MAX_FDS 2

struct bc_netns {
	int fds[MAX_FDS]; /* the user namespace, if there is one, then the network's */
	size_t count;
};

/* The child's answer; descriptors come with it. */
struct answer {
	int why; /* errno, 0 = done */
	enum stage { STAGE_UNSHARE, STAGE_MAP, STAGE_LOOPBACK, STAGE_ENTER, STAGE_SOCKET } stage;
	size_t count;
};

static const char *const stages[] = {
	[STAGE_UNSHARE] = "cannot make a network namespace",
	[STAGE_MAP] = "cannot map this user into a namespace",
	[STAGE_LOOPBACK] = "cannot bring up the loopback of a network namespace",
	[STAGE_ENTER] = "cannot enter the network namespace",
	[STAGE_SOCKET] = "cannot open a socket",
};

/* In the child */

struct request {
	const struct bc_netns *ns; /* to be entered; NULL: to be made */
	bool makes_user;
	char uid_map[32], gid_map[32];
	int type;
	struct sockaddr_in address; /* to bind to, unless the family is 0 */
};

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	int why = errno;
	close(fd);
	errno = why;
	return ok;
}

static bool raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0)
		return false;
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static bool make(const struct request *r, struct answer *a, int fds[MAX_FDS])
{
	a->stage = STAGE_UNSHARE;
	if (unshare(CLONE_NEWNET | (r->makes_user ? CLONE_NEWUSER : 0)) != 0)
		return false;
	a->stage = STAGE_MAP;
	/* Without privilege a user may map itself only, and only once groups cannot be dropped. */
	if (r->makes_user &&
		(!put("/proc/self/setgroups", "deny") || !put("/proc/self/uid_map", r->uid_map) ||
			!put("/proc/self/gid_map", r->gid_map)))
		return false;
	a->stage = STAGE_LOOPBACK;
	if (!raise_loopback())
		return false;
	a->stage = STAGE_ENTER;
	if (r->makes_user) {
		fds[a->count] = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
		if (fds[a->count++] < 0)
			return false;
	}
	fds[a->count] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return fds[a->count++] >= 0;
}

static bool open_socket(const struct request *r, struct answer *a, int fds[MAX_FDS])
{
	const int on = 1;
	a->stage = STAGE_ENTER;
	for (size_t i = 0; i < r->ns->count; i++)
		if (setns(r->ns->fds[i], 0) != 0)
			return false;
	a->stage = STAGE_SOCKET;
	fds[0] = socket(AF_INET, r->type | SOCK_CLOEXEC, 0);
	if (fds[0] < 0)
		return false;
	a->count = 1;
	if (!r->address.sin_family)
		return true;
	/* A port that was a server's a moment ago is free again. A datagram port never lingers, and with the
	 * option two servers could share one. */
	if ((r->type & SOCK_STREAM) == SOCK_STREAM)
		setsockopt(fds[0], SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(fds[0], (const struct sockaddr *)&r->address, sizeof(r->address)) == 0;
}

/* Control data with room for the descriptors, aligned as the kernel wants it. */
union control {
	char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
	struct cmsghdr align;
};

static void reply(int to, struct answer *a, const int fds[MAX_FDS])
{
	union control control = {.bytes = {0}};
	struct iovec data = {a, sizeof(*a)};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	if (a->why)
		a->count = 0;
	if (a->count) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(a->count * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(a->count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, a->count * sizeof(int));
	}
	BC_IGNORE(sendmsg(to, &message, MSG_NOSIGNAL) >= 0);
}

/* In the parent */

static bool receive(int from, struct answer *a, int fds[MAX_FDS])
{
	union control control = {.bytes = {0}};
	struct iovec data = {a, sizeof(*a)};
	struct msghdr message = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	ssize_t n;
	do
		n = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*a))
		return false;
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	size_t got =
		c && c->cmsg_type == SCM_RIGHTS ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	if (got != a->count)
		return false;
	if (got)
		memcpy(fds, CMSG_DATA(c), got * sizeof(int));
	return true;
}

/* Has a child do it. False with *a saying why; the descriptors are the caller's on success. */
static bool ask(const struct request *r, struct answer *a, int fds[MAX_FDS])
{
	int pair[2];
	*a = (struct answer){0};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		a->why = errno;
		return false;
	}
	pid_t pid = fork();
	if (pid == 0) {
		bool ok = r->ns ? open_socket(r, a, fds) : make(r, a, fds);
		a->why = ok ? 0 : errno ? errno : EIO;
		reply(pair[1], a, fds);
		_exit(0);
	}
	a->why = pid < 0 ? errno : 0;
	close(pair[1]);
	if (pid > 0) {
		if (!receive(pair[0], a, fds))
			a->why = EIO;
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(pair[0]);
	return !a->why;
}

/* The interface */

/* What a host that forbids namespaces answers with: a policy, a limit, a kernel without them. */
static bool is_forbidden(int why)
{
	return why == EPERM || why == EACCES || why == ENOSPC || why == EUSERS || why == EINVAL ||
		why == ENOSYS;
}

static void advise(struct bc_err *err)
{
	char value[16] = "";
	static const char *const switches[] = {
		"kernel/unprivileged_userns_clone", "kernel/apparmor_restrict_unprivileged_userns"};
	static const char closed[] = {'0', '1'};
	for (size_t i = 0; i < BC_LEN(switches); i++) {
		char path[96];
		snprintf(path, sizeof(path), "/proc/sys/%s", switches[i]);
		BC_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || read(fd, value, sizeof(value) - 1) < 1 || value[0] != closed[i])
			continue;
		(void)bc_err_hint(err, "root allows it by: sysctl -w %s=%c",
			i ? "kernel.apparmor_restrict_unprivileged_userns"
			  : "kernel.unprivileged_userns_clone",
			closed[1 - i]);
		return;
	}
	(void)bc_err_hint(err,
		"a container needs CAP_SYS_ADMIN or user namespaces for it; on a "
		"host see user.max_user_namespaces");
}

struct bc_netns *bc_netns_new(struct bc_err *err)
{
	struct request r = {0};
	struct answer a;
	int fds[MAX_FDS] = {-1, -1};
	bool ok = ask(&r, &a, fds);
	if (!ok && a.stage == STAGE_UNSHARE && a.why == EPERM) {
		r.makes_user = true;
		snprintf(r.uid_map, sizeof(r.uid_map), "0 %u 1", (unsigned)geteuid());
		snprintf(r.gid_map, sizeof(r.gid_map), "0 %u 1", (unsigned)getegid());
		ok = ask(&r, &a, fds);
	}
	if (!ok) {
		bool is_absent = is_forbidden(a.why);
		(void)bc_fail(
			err, is_absent ? BC_E_MISSING : BC_E_IO, a.why, "%s", stages[a.stage]);
		if (is_absent && err)
			advise(err);
		return NULL;
	}
	struct bc_netns *ns = bc_calloc(1, sizeof(*ns));
	memcpy(ns->fds, fds, sizeof(fds));
	ns->count = a.count;
	return ns;
}

void bc_netns_free(struct bc_netns *ns)
{
	if (!ns)
		return;
	for (size_t i = 0; i < ns->count; i++)
		close(ns->fds[i]);
	free(ns);
}

const int *bc_netns_fds(const struct bc_netns *ns, size_t *count)
{
	*count = ns->count;
	return ns->fds;
}

bool bc_netns_has_user(const struct bc_netns *ns)
{
	return ns->count > 1;
}

int bc_netns_client(const struct bc_netns *ns, int type, struct bc_err *err)
{
	static const struct bc_netns host = {.count = 0};
	struct request r = {.ns = ns ? ns : &host, .type = type};
	struct answer a;
	int fds[MAX_FDS] = {-1, -1};
	if (ask(&r, &a, fds))
		return fds[0];
	(void)bc_fail(err, BC_E_IO, a.why, "%s", stages[a.stage]);
	return -1;
}

int bc_netns_socket(
	const struct bc_netns *ns, int type, uint32_t address, uint16_t port, struct bc_err *err)
{
	static const struct bc_netns host = {.count = 0};
	struct request r = {.ns = ns ? ns : &host,
		.type = type,
		.address = {.sin_family = AF_INET,
			.sin_port = htons(port),
			.sin_addr.s_addr = htonl(address)}};
	struct answer a;
	int fds[MAX_FDS] = {-1, -1};
	if (ask(&r, &a, fds))
		return fds[0];
	(void)bc_fail(err, BC_E_IO, a.why, "%s on port %u", stages[a.stage], (unsigned)port);
	return -1;
}
