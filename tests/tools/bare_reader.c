/* The lower bound that scripts/bench compares with: starts a QEMU, reads its serial console until a text
 * has come, kills it at once, and prints what that took as one line of JSON.
 *
 *   bare_reader [--pipe PATH | --socket] [--when TEXT --type LINE]… --until TEXT [--timeout SECONDS]
 *       -- qemu-system-arm …
 *
 * With --when and --type it is the least that can drive a boot loader: each line is typed the moment that
 * its text has come, and nothing is checked.
 *
 * --pipe creates the FIFOs PATH.in and PATH.out for `-chardev pipe,path=PATH`; --socket hands over a
 * socket pair as descriptor 3 for `-chardev socket,fd=3`. Exit status: 0 when TEXT came, 1 when not. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double cpu_ms(const struct rusage *use)
{
	return (double)(use->ru_utime.tv_sec + use->ru_stime.tv_sec) * 1e3 +
		(double)(use->ru_utime.tv_usec + use->ru_stime.tv_usec) / 1e3;
}

static int fail(const char *what)
{
	fprintf(stderr, "bare_reader: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Opened for reading and writing: neither side waits for the other, as QEMU does it too. */
static int open_fifo(const char *path, const char *suffix, char *full, size_t size)
{
	snprintf(full, size, "%s%s", path, suffix);
	if (mkfifo(full, 0600) != 0)
		fail(full);
	int fd = open(full, O_RDWR | O_CLOEXEC);
	return fd < 0 ? fail(full) : fd;
}

static pid_t start(char **argv, int keep)
{
	pid_t parent = getpid(), pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	if (keep >= 0)
		dup2(keep, 3);
	if (getppid() == parent)
		execvp(argv[0], argv);
	fail(argv[0]);
	_exit(127);
}

/* Reads until text has come; the end of the stream or the alarm ends it too. What came behind it is kept
 * for the next call. */
static int read_until(int fd, const char *text, size_t *bytes)
{
	static char data[1 << 17];
	static size_t len;
	size_t want = strlen(text), from = 0;
	for (;;) {
		const char *found = memmem(data + from, len - from, text, want);
		if (found) {
			len -= (size_t)(found + want - data);
			memmove(data, found + want, len);
			return 1;
		}
		/* Only the newest bytes can still be the beginning of the text. */
		if (len > sizeof(data) / 2) {
			memmove(data, data + len - want, want);
			len = want;
		}
		ssize_t n = read(fd, data + len, sizeof(data) / 2);
		if (n <= 0)
			return 0;
		*bytes += (size_t)n;
		from = len > want ? len - want : 0;
		len += (size_t)n;
	}
}

/* What is typed when. */
static struct {
	const char *when, *type;
} lines[32];
static size_t line_count;

static int drive(int fd, int writer, size_t *bytes)
{
	for (size_t i = 0; i < line_count; i++) {
		size_t len = strlen(lines[i].type);
		if (!read_until(fd, lines[i].when, bytes) ||
			write(writer, lines[i].type, len) != (ssize_t)len)
			return 0;
	}
	return 1;
}

static void on_alarm(int signum)
{
	(void)signum; /* only interrupts the read */
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"pipe", required_argument, NULL, 'p'},
		{"socket", no_argument, NULL, 's'}, {"until", required_argument, NULL, 'u'},
		{"timeout", required_argument, NULL, 't'}, {"when", required_argument, NULL, 'w'},
		{"type", required_argument, NULL, 'l'}, {NULL, 0, NULL, 0}};
	const char *pipe_path = NULL, *until = NULL;
	char in[4096], out[4096];
	unsigned limit_s = 120;
	int pair[2] = {-1, -1}, fd = -1;
	for (int c; (c = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
		if (c == 'p')
			pipe_path = optarg;
		else if (c == 'u')
			until = optarg;
		else if (c == 't')
			limit_s = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'w' && line_count < 32)
			lines[line_count].when = optarg;
		else if (c == 'l' && line_count < 32 && lines[line_count].when)
			lines[line_count++].type = optarg;
		else if (c != 's') /* a socket is what it takes without a pipe */
			return 2;
	}
	if (!until || !*until || strlen(until) > 4096 || !argv[optind]) {
		fprintf(stderr,
			"usage: bare_reader [--pipe PATH | --socket] --until TEXT -- ARGV\n");
		return 2;
	}
	int writer = -1;
	if (pipe_path) {
		writer = open_fifo(pipe_path, ".in", in, sizeof(in));
		fd = open_fifo(pipe_path, ".out", out, sizeof(out));
	} else if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
		fd = pair[0];
	} else {
		fail("socketpair");
	}
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_alarm}, NULL);
	alarm(limit_s);

	double begin = now_ms();
	pid_t pid = start(argv + optind, pair[1]);
	if (pair[1] >= 0)
		close(pair[1]);
	size_t bytes = 0;
	int found = drive(fd, pipe_path ? writer : fd, &bytes) && read_until(fd, until, &bytes);
	double seen = now_ms();
	kill(pid, SIGKILL);
	struct rusage own, child;
	int status;
	while (wait4(pid, &status, 0, &child) < 0 && errno == EINTR)
		;
	double end = now_ms();
	getrusage(RUSAGE_SELF, &own);
	if (pipe_path) {
		unlink(in);
		unlink(out);
		close(writer);
	}
	printf("{\"found\": %s, \"bytes\": %zu, \"wall_ms\": %.3f, \"end_ms\": %.3f, \"cpu_ms\": "
	       "%.3f, "
	       "\"qemu_cpu_ms\": %.3f, \"max_rss_kib\": %ld}\n",
		found ? "true" : "false", bytes, seen - begin, end - begin, cpu_ms(&own),
		cpu_ms(&child), own.ru_maxrss);
	return !found;
}
