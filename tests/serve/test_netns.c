/* Network namespaces: as root, and as a user that the host lets make them. */
#include <errno.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <bootcheck/serve/netns.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/proc.h>

#include "../check_main.h"

#define NOBODY 65534

static struct sockaddr_in at(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* The namespace, or NULL where the host does not allow one: then with a code that is a reason to skip. */
static struct bc_netns *make(void)
{
	struct bc_err err = {0};
	struct bc_netns *ns = bc_netns_new(&err);
	if (!ns) {
		ck_assert_msg(err.code == BC_E_MISSING, "%s", err.message);
		ck_assert_msg(err.hint[0], "%s", err.message);
		fprintf(stderr, "not looked at: %s\n", err.message);
	}
	return ns;
}

/* A datagram on a port that only root may have, from one socket inside to another: the loopback is up. */
static void exchange(const struct bc_netns *ns)
{
	struct bc_err err = {0};
	int server = bc_netns_socket(ns, SOCK_DGRAM, INADDR_ANY, 69, &err);
	ck_assert_msg(server >= 0, "%s", err.message);
	int client = bc_netns_socket(ns, SOCK_DGRAM, INADDR_LOOPBACK, 0, &err);
	ck_assert_msg(client >= 0, "%s", err.message);
	struct sockaddr_in to = at(69);
	char data[8] = "";
	ck_assert_int_eq(sendto(client, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)), 5);
	ck_assert_int_eq(recv(server, data, sizeof(data), 0), 5);
	ck_assert_mem_eq(data, "hello", 5);
	/* Nobody else can have the port, and it is free again afterwards. */
	ck_assert_int_lt(bc_netns_socket(ns, SOCK_DGRAM, INADDR_ANY, 69, &err), 0);
	ck_assert_int_eq(err.code, BC_E_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "port 69"));
	close(server);
	server = bc_netns_socket(ns, SOCK_DGRAM, INADDR_ANY, 69, &err);
	ck_assert_int_ge(server, 0);
	close(server);
	close(client);
}

/* The interfaces that a child sees which was started inside. */
static void look_inside(const struct bc_netns *ns)
{
	char *argv[] = {"cat", "/proc/net/dev", NULL};
	int pipe_fds[2], status;
	struct bc_err err = {0};
	BC_AUTO(bc_buf) text = {.max = 65536};
	ck_assert_int_eq(pipe(pipe_fds), 0);
	struct bc_spawn spawn = {.argv = argv, .in = -1, .out = pipe_fds[1], .err = -1};
	spawn.enter = bc_netns_fds(ns, &spawn.enter_count);
	pid_t pid;
	ck_assert_msg(bc_proc_spawn(&spawn, &pid, &err), "%s", err.message);
	close(pipe_fds[1]);
	char data[4096];
	for (ssize_t n; (n = read(pipe_fds[0], data, sizeof(data))) > 0;)
		bc_buf_add(&text, data, (size_t)n);
	close(pipe_fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_ptr_nonnull(strstr(text.data, "lo:"));
	ck_assert_ptr_null(strstr(text.data, "eth"));
}

static void check_all(bool has_user)
{
	struct bc_netns *ns = make();
	if (!ns)
		return;
	size_t count;
	(void)bc_netns_fds(ns, &count);
	ck_assert_uint_eq(count, has_user ? 2 : 1);
	ck_assert(bc_netns_has_user(ns) == has_user);
	exchange(ns);
	look_inside(ns);
	/* Two are two: the same port is free in the other. */
	struct bc_netns *other = make();
	struct bc_err err;
	int a = bc_netns_socket(ns, SOCK_STREAM, INADDR_ANY, 111, &err);
	int b = bc_netns_socket(other, SOCK_STREAM, INADDR_ANY, 111, &err);
	ck_assert(a >= 0 && b >= 0);
	close(a);
	close(b);
	bc_netns_free(other);
	bc_netns_free(ns);
}

START_TEST(as_it_is)
{
	struct bc_netns *ns = make();
	bool has_user = ns && bc_netns_has_user(ns);
	bc_netns_free(ns);
	check_all(has_user);
	/* No child is left. */
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(as_an_ordinary_user)
{
	if (getuid() != 0)
		return; /* the test above was that */
	pid_t pid = fork();
	if (pid == 0) {
		if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
			_exit(3);
		/* As after exec: otherwise /proc/self is root's. */
		prctl(PR_SET_DUMPABLE, 1);
		check_all(true);
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
}
END_TEST

START_TEST(the_hosts_own_network)
{
	struct bc_err err = {0};
	int fd = bc_netns_socket(NULL, SOCK_DGRAM | SOCK_NONBLOCK, INADDR_LOOPBACK, 0, &err);
	ck_assert_msg(fd >= 0, "%s", err.message);
	struct sockaddr_in bound;
	socklen_t len = sizeof(bound);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&bound, &len), 0);
	ck_assert_uint_ne(bound.sin_port, 0);
	close(fd);
}
END_TEST

CHECK_MAIN("netns", as_it_is, as_an_ordinary_user, the_hosts_own_network)
