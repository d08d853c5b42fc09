/* A namespace is made, and entered for a socket, by a child that hands descriptors over. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/serve/netns.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/handover.h>

struct bc_netns {
	int fds[BC_HANDOVER_MAX]; /* the user namespace, if there is one, then the network's */
	size_t count;
};

/* How far the child came. */
enum stage { STAGE_UNSHARE, STAGE_MAP, STAGE_LOOPBACK, STAGE_ENTER, STAGE_SOCKET, STAGE_PIDS };

static const char *const stages[] = {
	[STAGE_UNSHARE] = "cannot make a network namespace",
	[STAGE_MAP] = "cannot map this user into a namespace",
	[STAGE_LOOPBACK] = "cannot bring up the loopback of a network namespace",
	[STAGE_ENTER] = "cannot enter the network namespace",
	[STAGE_SOCKET] = "cannot open a socket",
	[STAGE_PIDS] = "cannot make a PID namespace",
};

/* In the child */

struct request {
	const struct bc_netns *ns; /* to be entered; NULL: to be made */
	bool makes_user;
	bool makes_pids; /* is entered, and a PID namespace made there */
	struct bc_userns_map map;
	int type;
	struct sockaddr_in address; /* to bind to, unless the family is 0 */
};

static bool raise_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0)
		return false;
	request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
	return ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

static bool make(const struct request *r, struct bc_handover *h)
{
	h->stage = STAGE_UNSHARE;
	if (unshare(CLONE_NEWNET | (r->makes_user ? CLONE_NEWUSER : 0)) != 0)
		return false;
	h->stage = STAGE_MAP;
	if (r->makes_user && !bc_userns_map_write(&r->map))
		return false;
	h->stage = STAGE_LOOPBACK;
	if (!raise_loopback())
		return false;
	h->stage = STAGE_ENTER;
	if (r->makes_user) {
		h->fds[h->count] = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
		if (h->fds[h->count++] < 0)
			return false;
	}
	h->fds[h->count] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	return h->fds[h->count++] >= 0;
}

static bool enter(const struct request *r, struct bc_handover *h)
{
	h->stage = STAGE_ENTER;
	for (size_t i = 0; i < r->ns->count; i++)
		if (setns(r->ns->fds[i], 0) != 0)
			return false;
	return true;
}

static bool make_pids(const struct request *r, struct bc_handover *h)
{
	if (!enter(r, h))
		return false;
	h->stage = STAGE_PIDS;
	return unshare(CLONE_NEWPID) == 0;
}

static bool open_socket(const struct request *r, struct bc_handover *h)
{
	const int on = 1;
	if (!enter(r, h))
		return false;
	h->stage = STAGE_SOCKET;
	h->fds[0] = socket(AF_INET, r->type | SOCK_CLOEXEC, 0);
	if (h->fds[0] < 0)
		return false;
	h->count = 1;
	if (!r->address.sin_family)
		return true;
	/* A port that was a server's a moment ago is free again. A datagram port never lingers, and with the
	 * option two servers could share one. */
	if ((r->type & SOCK_STREAM) == SOCK_STREAM)
		setsockopt(h->fds[0], SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(h->fds[0], (const struct sockaddr *)&r->address, sizeof(r->address)) == 0;
}

static bool serve(const void *ctx, struct bc_handover *h)
{
	const struct request *r = ctx;
	return r->makes_pids ? make_pids(r, h) : r->ns ? open_socket(r, h) : make(r, h);
}

/* The interface */

/* What a host that forbids namespaces answers with: a policy, a limit, a kernel without them. */
static bool is_forbidden(int why)
{
	return why == EPERM || why == EACCES || why == ENOSPC || why == EUSERS || why == EINVAL ||
		why == ENOSYS;
}

static void advise(struct bc_err *err, const char *kind)
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
		"host see user.max_%s_namespaces",
		kind);
}

static bool refused(const struct bc_handover *h, struct bc_err *err)
{
	bool is_absent = is_forbidden(h->why);
	(void)bc_fail(err, is_absent ? BC_E_MISSING : BC_E_IO, h->why, "%s", stages[h->stage]);
	if (is_absent && err)
		advise(err, h->stage == STAGE_PIDS ? "pid" : "user");
	return false;
}

bool bc_netns_check_pids(const struct bc_netns *ns, struct bc_err *err)
{
	struct request r = {.ns = ns, .makes_pids = true};
	struct bc_handover h;
	return bc_handover(serve, &r, &h) || refused(&h, err);
}

struct bc_netns *bc_netns_new(struct bc_err *err)
{
	struct request r = {0};
	struct bc_handover h;
	bool ok = bc_handover(serve, &r, &h);
	if (!ok && h.stage == STAGE_UNSHARE && h.why == EPERM) {
		r.makes_user = true;
		bc_userns_map_init(&r.map);
		ok = bc_handover(serve, &r, &h);
	}
	if (!ok) {
		(void)refused(&h, err);
		return NULL;
	}
	struct bc_netns *ns = bc_calloc(1, sizeof(*ns));
	memcpy(ns->fds, h.fds, sizeof(h.fds));
	ns->count = h.count;
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
	struct bc_handover h;
	if (bc_handover(serve, &r, &h))
		return h.fds[0];
	(void)bc_fail(err, BC_E_IO, h.why, "%s", stages[h.stage]);
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
	struct bc_handover h;
	if (bc_handover(serve, &r, &h))
		return h.fds[0];
	(void)bc_fail(err, BC_E_IO, h.why, "%s on port %u", stages[h.stage], (unsigned)port);
	return -1;
}
