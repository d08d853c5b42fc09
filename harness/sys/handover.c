#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/wait.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/handover.h>

void bc_userns_map_init(struct bc_userns_map *map)
{
	snprintf(map->uid, sizeof(map->uid), "0 %u 1", (unsigned)geteuid());
	snprintf(map->gid, sizeof(map->gid), "0 %u 1", (unsigned)getegid());
}

/* In the child */

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

bool bc_userns_map_write(const struct bc_userns_map *map)
{
	/* Without privilege a user may map itself only, and only once groups cannot be dropped. */
	return put("/proc/self/setgroups", "deny") && put("/proc/self/uid_map", map->uid) &&
		put("/proc/self/gid_map", map->gid);
}

/* Control data with room for the descriptors, aligned as the kernel wants it. */
union control {
	char bytes[CMSG_SPACE(BC_HANDOVER_MAX * sizeof(int))];
	struct cmsghdr align;
};

static void reply(int to, struct bc_handover *h)
{
	union control control = {.bytes = {0}};
	struct iovec data = {h, sizeof(*h)};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	if (h->why)
		h->count = 0;
	if (h->count) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(h->count * sizeof(int));
		struct cmsghdr *c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(h->count * sizeof(int));
		memcpy(CMSG_DATA(c), h->fds, h->count * sizeof(int));
	}
	BC_IGNORE(sendmsg(to, &message, MSG_NOSIGNAL) >= 0);
}

/* In the parent */

static bool receive(int from, struct bc_handover *h)
{
	union control control = {.bytes = {0}};
	struct iovec data = {h, sizeof(*h)};
	struct msghdr message = {.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)};
	ssize_t n;
	do
		n = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*h))
		return false;
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	size_t got =
		c && c->cmsg_type == SCM_RIGHTS ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
	if (got != h->count)
		return false;
	if (got)
		memcpy(h->fds, CMSG_DATA(c), got * sizeof(int));
	return true;
}

bool bc_handover(bc_handover_fn *make, const void *ctx, struct bc_handover *h)
{
	int pair[2];
	*h = (struct bc_handover){0};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		h->why = errno;
		return false;
	}
	pid_t pid = fork();
	if (pid == 0) {
		errno = 0;
		bool ok = make(ctx, h);
		h->why = ok ? 0 : errno ? errno : EIO;
		reply(pair[1], h);
		_exit(0);
	}
	h->why = pid < 0 ? errno : 0;
	close(pair[1]);
	if (pid > 0) {
		if (!receive(pair[0], h))
			h->why = EIO;
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(pair[0]);
	if (h->why)
		h->count = 0;
	return !h->why;
}
