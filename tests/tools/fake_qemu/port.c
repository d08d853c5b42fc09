/* Character devices: what QEMU's chardevs do, without ever blocking for good. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <bootcheck/sys/clock.h>

#include "fake.h"

/* QEMU's key=value list: a copy of key's value, or NULL. */
static char *option(const char *list, const char *key)
{
	size_t n = strlen(key);
	for (const char *p = list; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (strncmp(p, key, n) == 0 && p[n] == '=')
			return bc_strndup(p + n + 1, strcspn(p + n + 1, ","));
	return NULL;
}

static int open_fifo(const char *path, const char *suffix)
{
	BC_AUTO_FREE char *full = bc_asprintf("%s%s", path, suffix);
	int fd = open(full, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		fake_die(strerror(errno), full);
	return fd;
}

void fake_add_chardev(const char *spec)
{
	BC_AUTO_FREE char *id = option(spec, "id");
	BC_AUTO_FREE char *path = option(spec, "path");
	BC_AUTO_FREE char *fd = option(spec, "fd");
	int64_t number = -1;
	if (!id || fake.chardev_count == FAKE_MAX_PORTS)
		fake_die("bad chardev", spec);
	struct fake_port *p = &fake.chardevs[fake.chardev_count++];
	*p = (struct fake_port){.in = -1, .out = -1, .input = {.max = FAKE_MAX_BYTES}};
	snprintf(p->id, sizeof(p->id), "%s", id);
	if (bc_has_prefix(spec, "pipe,")) {
		if (!path)
			fake_die("no path", spec);
		p->in = open_fifo(path, ".in");
		p->out = open_fifo(path, ".out");
	} else if (bc_has_prefix(spec, "socket,")) {
		if (!fd || !bc_number_parse(fd, &number) || fcntl((int)number, F_GETFD) < 0)
			fake_die("no such descriptor", spec);
		p->in = p->out = (int)number;
	}
	if (p->in >= 0)
		(void)fcntl(p->in, F_SETFL, O_NONBLOCK);
	if (p->out >= 0)
		(void)fcntl(p->out, F_SETFL, O_NONBLOCK);
}

struct fake_port *fake_chardev(const char *id)
{
	for (size_t i = 0; i < fake.chardev_count; i++)
		if (strcmp(fake.chardevs[i].id, id) == 0)
			return &fake.chardevs[i];
	fake_die("no such chardev", id);
}

struct fake_port *fake_current(void)
{
	return fake.current < fake.serial_count ? fake.serial[fake.current] : NULL;
}

static void echo(struct fake_port *p, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool is_end = data[i] == '\n' || data[i] == '\r';
		fake_write(p, is_end ? "\r\n" : data + i, is_end ? 2 : 1);
	}
}

static void take_input(struct fake_port *p)
{
	char data[4096];
	ssize_t n = read(p->in, data, sizeof(data));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		if (p == fake.control)
			exit(1); /* whoever started us is gone */
		p->in = -1;
		return;
	}
	if (p == fake.control) {
		fake_qmp_input(data, (size_t)n);
		return;
	}
	bc_buf_add(&p->input, data, (size_t)n);
	if (fake.echo)
		echo(p, data, (size_t)n);
}

void fake_serve(uint64_t until_ms, int writable)
{
	for (;;) {
		struct pollfd p[FAKE_MAX_PORTS + 2];
		struct fake_port *who[FAKE_MAX_PORTS + 2];
		nfds_t n = 0;
		if (fake.control) {
			who[n] = fake.control;
			p[n++] = (struct pollfd){.fd = fake.control->in, .events = POLLIN};
		}
		for (size_t i = 0; i < fake.serial_count; i++) {
			if (!fake.serial[i] || fake.serial[i]->in < 0)
				continue;
			who[n] = fake.serial[i];
			p[n++] = (struct pollfd){.fd = fake.serial[i]->in, .events = POLLIN};
		}
		nfds_t inputs = n;
		if (writable >= 0)
			p[n++] = (struct pollfd){.fd = writable, .events = POLLOUT};
		uint64_t now = bc_clock_ms();
		int wait = until_ms == FAKE_FOREVER ? -1
			: until_ms > now	    ? (int)(until_ms - now)
						    : 0;
		int ready = poll(p, n, wait);
		for (nfds_t i = 0; ready > 0 && i < inputs; i++)
			if (p[i].revents)
				take_input(who[i]);
		bool is_over = writable >= 0	   ? ready > 0 && p[inputs].revents
			: until_ms == FAKE_FOREVER ? ready > 0
						   : bc_clock_ms() >= until_ms;
		if (is_over)
			return;
	}
}

void fake_write(struct fake_port *p, const char *data, size_t len)
{
	static bool is_waiting; /* an echo while another write waits goes out at once or is lost */
	for (size_t at = 0; p && p->out >= 0 && at < len;) {
		size_t piece = fake.split && fake.split < len - at ? fake.split : len - at;
		uint64_t now = bc_clock_ns();
		ssize_t n = write(p->out, data + at, piece);
		if (n > 0) {
			fake.last_write_ns = now;
			at += (size_t)n;
			if (fake.split && fake.split_ms && at < len && !is_waiting) {
				is_waiting = true;
				fake_serve(bc_clock_ms() + fake.split_ms, -1);
				is_waiting = false;
			}
		} else if (errno == EAGAIN && !is_waiting) {
			is_waiting = true;
			fake_serve(FAKE_FOREVER, p->out);
			is_waiting = false;
		} else if (errno != EINTR) {
			return; /* as QEMU: nobody reads, the bytes are gone */
		}
	}
}
