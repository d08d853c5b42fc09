#include <errno.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <bootcheck/base/text.h>
#include <bootcheck/serve/nfs.h>
#include <bootcheck/serve/nfs_server.h>

#define MAX_CLIENTS   32
#define MAX_DATAGRAM  65536
#define MAX_LOG_LINES 1000
#define FILES	      16 /* kept open */
#define TURNS	      64 /* datagrams, or pieces of a stream, before others get a turn */
/* Replies that wait for their turn; a client whose calls come faster is not read until some are gone. */
#define MAX_WAITING ((size_t)256 << 10)
/* What is read of a stream at once, and the shortest call with its mark: that many replies come of it at most. */
#define PIECE	    2048
#define CALL_MIN    44
#define MAX_AT_ONCE ((PIECE / CALL_MIN + 1) * (BC_NFS_REPLY_MAX + 4))

/* QEMU's user network throws whatever a stream has at the guest's card at once, and the receive FIFO of a
 * lan9118 holds 10 KiB: what does not fit is lost, and comes again after a second. Two replies of this size
 * fit, and a client can be told to have no more than two calls under way. */
#define READ_MAX ((uint32_t)4096)

struct port {
	struct bc_nfs_server *server;
	int datagram, listener; /* -1 = closed */
	struct bc_watch *datagram_watch, *listener_watch;
};

struct client {
	struct bc_nfs_server *server;
	int fd;
	struct bc_watch *watch;
	struct bc_rpc_stream in;
	struct bc_buf out;
	bool is_broken;
	bool has_ended; /* it sends nothing any more, and waits for its answers */
};

struct open_file {
	uint32_t node;
	int fd; /* -1 = none */
	uint64_t used;
};

struct bc_nfs_server {
	struct bc_nfs_server_options o;
	struct bc_nfs_tree *tree;
	struct bc_nfs nfs;
	struct port ports[3];
	struct client *clients[MAX_CLIENTS];
	struct open_file files[FILES];
	uint64_t uses;
	int lines;
	bool has_failed;
};

/* Files and the log */

static int file_of(struct bc_nfs_server *s, uint32_t node)
{
	struct open_file *oldest = s->files;
	for (size_t i = 0; i < FILES; i++) {
		struct open_file *f = &s->files[i];
		if (f->fd >= 0 && f->node == node) {
			f->used = ++s->uses;
			return f->fd;
		}
		if (f->used < oldest->used)
			oldest = f;
	}
	int fd = bc_nfs_node_open(&s->tree->nodes.items[node]);
	if (fd < 0)
		return -1;
	if (oldest->fd >= 0)
		close(oldest->fd);
	*oldest = (struct open_file){node, fd, ++s->uses};
	return fd;
}

static void note(void *ctx, const char *text)
{
	struct bc_nfs_server *s = ctx;
	if (s->o.log_fd < 0 || s->lines++ >= MAX_LOG_LINES)
		return;
	BC_AUTO(bc_buf) line = {.max = 4096};
	bc_buf_addf(&line, "%s\n", text);
	BC_IGNORE(write(s->o.log_fd, line.data, line.len) < 0);
}

/* The client only hears of an input/output error: what is wrong here is for the log, and no verdict on the guest. */
static void cannot_read(struct bc_nfs_server *s, uint32_t node, int why)
{
	const char *path = s->tree->nodes.items[node].source;
	struct bc_err err = {0};
	BC_AUTO(bc_buf) name = {.max = 2048};
	bc_escape_text(&name, path, strlen(path), false);
	(void)bc_fail(&err, BC_E_IO, why, "cannot read %s, which is served over NFS",
		name.data ? name.data : "");
	note(s, err.message);
	if (s->has_failed || !s->o.failed)
		return;
	s->has_failed = true;
	(void)bc_err_hint(&err, "what is served must be readable for the user who runs bootcheck");
	s->o.failed(s->o.ctx, &err);
}

static bool read_file(
	void *ctx, uint32_t node, uint64_t offset, void *data, size_t len, size_t *got)
{
	int fd = file_of(ctx, node);
	ssize_t n = -1;
	if (fd >= 0)
		do
			n = pread(fd, data, len, (off_t)offset);
		while (n < 0 && errno == EINTR);
	if (n < 0)
		cannot_read(ctx, node, errno);
	*got = n > 0 ? (size_t)n : 0;
	return n >= 0;
}

/* Datagrams */

static void on_datagram(void *ctx, int events)
{
	struct port *p = ctx;
	char data[MAX_DATAGRAM];
	(void)events;
	for (int turns = 0; turns < TURNS; turns++) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(p->datagram, data, sizeof(data), MSG_DONTWAIT,
			(struct sockaddr *)&from, &size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return;
		BC_AUTO(bc_buf) out = {.max = BC_NFS_REPLY_MAX};
		if (!bc_nfs_answer(&p->server->nfs, data, (size_t)n, &out))
			continue;
		/* A datagram that is lost is asked for again. */
		BC_IGNORE(sendto(p->datagram, out.data, out.len, MSG_DONTWAIT | MSG_NOSIGNAL,
				  (const struct sockaddr *)&from, size) < 0);
	}
}

/* Streams */

static void client_free(struct client *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		if (c->server->clients[i] == c)
			c->server->clients[i] = NULL;
	bc_watch_close(c->watch);
	bc_rpc_stream_release(&c->in);
	bc_buf_release(&c->out);
	close(c->fd);
	free(c);
}

static void wait_for_more(struct client *c)
{
	int events = !c->has_ended && c->out.len < MAX_WAITING ? BC_READABLE : 0;
	if (c->out.len)
		events |= BC_WRITABLE;
	bc_watch_start(c->watch, events | BC_HALF_OPEN);
}

/* False: the client is gone. */
static bool flush(struct client *c)
{
	while (c->out.len) {
		ssize_t n = send(c->fd, c->out.data, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		bc_buf_drop(&c->out, (size_t)n);
	}
	return true;
}

static void on_record(void *ctx, const void *data, size_t len)
{
	struct client *c = ctx;
	BC_AUTO(bc_buf) reply = {.max = BC_NFS_REPLY_MAX};
	size_t at = bc_rpc_mark_begin(&reply);
	/* Who sends what is no call on a stream has lost its place in it. */
	if (c->is_broken || !bc_nfs_answer(&c->server->nfs, data, len, &reply)) {
		c->is_broken = true;
		return;
	}
	bc_rpc_mark_end(&reply, at);
	/* Never a part of a reply: the stream would be out of step. */
	if (reply.len > c->out.max - c->out.len)
		c->is_broken = true;
	else
		bc_buf_add(&c->out, reply.data, reply.len);
}

/* False: the client is gone, or sent what cannot be read. */
static bool take(struct client *c)
{
	char data[PIECE];
	for (int turns = 0; turns < TURNS && c->out.len < MAX_WAITING; turns++) {
		ssize_t n = recv(c->fd, data, sizeof(data), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		c->has_ended = n == 0;
		if (c->has_ended)
			return true;
		if (!bc_rpc_stream_push(&c->in, data, (size_t)n, on_record, c) || c->is_broken)
			return false;
	}
	return true;
}

static void on_client(void *ctx, int events)
{
	struct client *c = ctx;
	bool is_open = true;
	if (!c->has_ended && events & (BC_READABLE | BC_HANGUP))
		is_open = take(c);
	/* Who has said all that there is to say still hears the answers. */
	if (is_open && flush(c) && !(c->has_ended && !c->out.len))
		wait_for_more(c);
	else
		client_free(c);
}

static void on_listener(void *ctx, int events)
{
	struct port *p = ctx;
	struct bc_nfs_server *s = p->server;
	(void)events;
	int fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	for (size_t i = 0; i < MAX_CLIENTS; i++) {
		if (s->clients[i])
			continue;
		struct client *c = s->clients[i] = bc_calloc(1, sizeof(*c));
		c->server = s;
		c->fd = fd;
		c->out.max = MAX_WAITING + MAX_AT_ONCE;
		c->watch = bc_watch_new(s->o.loop, fd, on_client, c);
		wait_for_more(c);
		return;
	}
	close(fd);
}

/* Start and end */

static bool open_port(struct bc_nfs_server *s, struct port *p, uint16_t number, struct bc_err *err)
{
	p->datagram =
		bc_netns_socket(s->o.ns, SOCK_DGRAM | SOCK_NONBLOCK, INADDR_LOOPBACK, number, err);
	if (p->datagram < 0)
		return false;
	p->listener =
		bc_netns_socket(s->o.ns, SOCK_STREAM | SOCK_NONBLOCK, INADDR_LOOPBACK, number, err);
	if (p->listener < 0)
		return false;
	if (listen(p->listener, MAX_CLIENTS) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot listen on port %d", (int)number);
	p->datagram_watch = bc_watch_new(s->o.loop, p->datagram, on_datagram, p);
	p->listener_watch = bc_watch_new(s->o.loop, p->listener, on_listener, p);
	bc_watch_start(p->datagram_watch, BC_READABLE);
	bc_watch_start(p->listener_watch, BC_READABLE);
	return true;
}

static bool start(struct bc_nfs_server *s, struct bc_err *err)
{
	static const uint16_t standard[3] = {BC_PORTMAP_PORT, BC_NFS_PORT, BC_MOUNT_PORT};
	s->tree = bc_nfs_tree_new(s->o.exports, err);
	if (!s->tree)
		return false;
	s->nfs = (struct bc_nfs){.tree = s->tree,
		.exports = s->o.exports,
		.read_max = READ_MAX,
		.read = read_file,
		.note = note,
		.ctx = s};
	if (getrandom(s->nfs.instance, sizeof(s->nfs.instance), 0) !=
		(ssize_t)sizeof(s->nfs.instance))
		return bc_fail(err, BC_E_IO, errno, "no random numbers");
	for (size_t i = 0; i < BC_LEN(s->ports); i++)
		if (!open_port(s, &s->ports[i], s->o.ports[i] ? s->o.ports[i] : standard[i], err))
			return false;
	return true;
}

struct bc_nfs_server *bc_nfs_server_new(
	const struct bc_nfs_server_options *options, struct bc_err *err)
{
	struct bc_nfs_server *s = bc_calloc(1, sizeof(*s));
	s->o = *options;
	for (size_t i = 0; i < FILES; i++)
		s->files[i].fd = -1;
	for (size_t i = 0; i < BC_LEN(s->ports); i++)
		s->ports[i] = (struct port){.server = s, .datagram = -1, .listener = -1};
	if (start(s, err))
		return s;
	bc_nfs_server_free(s);
	return NULL;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void bc_nfs_server_free(struct bc_nfs_server *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < MAX_CLIENTS; i++)
		client_free(s->clients[i]);
	for (size_t i = 0; i < BC_LEN(s->ports); i++) {
		bc_watch_close(s->ports[i].datagram_watch);
		bc_watch_close(s->ports[i].listener_watch);
		close_fd(s->ports[i].datagram);
		close_fd(s->ports[i].listener);
	}
	for (size_t i = 0; i < FILES; i++)
		close_fd(s->files[i].fd);
	bc_nfs_tree_free(s->tree);
	free(s);
}
