/* Fetching, against servers on the loopback that the test itself is: a thread that answers HTTP by the
 * request's path, and one that speaks TFTP. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <bootcheck/base/buf.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/digest.h>
#include <bootcheck/sys/fetch.h>
#include <bootcheck/sys/fs.h>

#include "../check_main.h"

#define BODY_LEN 100000

static char *dir, *file, *part, body[BODY_LEN], sum[BC_DIGEST_HEX];
static int http_fd, http_port, tftp_fd, tftp_port;
static atomic_int requests, ranged; /* seen by the HTTP server */
static pthread_t http_thread, tftp_thread;

static int listen_on(int type, int *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	if (type == SOCK_STREAM)
		ck_assert_int_eq(listen(fd, 8), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static void reply(int fd, const char *status, const char *headers, const char *data, size_t len)
{
	BC_AUTO(bc_buf) out = {0};
	bc_buf_addf(&out, "HTTP/1.1 %s\r\nConnection: close\r\n%s\r\n", status, headers);
	bc_buf_add(&out, data, len);
	for (size_t at = 0; at < out.len;) {
		ssize_t n = send(fd, out.data + at, out.len - at, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		at += (size_t)n;
	}
}

static void reply_range(int fd, size_t first)
{
	BC_AUTO_FREE char *headers = bc_asprintf("Content-Length: %zu\r\nAccept-Ranges: bytes\r\n"
						 "Content-Range: bytes %zu-%d/%d\r\n",
		BODY_LEN - first, first, BODY_LEN - 1, BODY_LEN);
	ranged++;
	reply(fd, "206 Partial Content", headers, body + first, BODY_LEN - first);
}

static void serve(int fd, const char *path, const char *range)
{
	static atomic_int busy_left = 2;
	const char *all = "Content-Length: 100000\r\nAccept-Ranges: bytes\r\n";
	size_t first = range ? strtoul(range, NULL, 10) : 0;
	if (strcmp(path, "/ok") == 0 && range)
		reply_range(fd, first);
	else if (strcmp(path, "/ok") == 0)
		reply(fd, "200 OK", all, body, BODY_LEN);
	else if (strcmp(path, "/busy") == 0 && busy_left-- > 0)
		reply(fd, "503 Service Unavailable", "Content-Length: 0\r\n", "", 0);
	else if (strcmp(path, "/busy") == 0)
		reply(fd, "200 OK", all, body, BODY_LEN);
	else if (strcmp(path, "/cut") == 0 && range) /* cuts once, then goes on where it was */
		reply_range(fd, first);
	else if (strcmp(path, "/cut") == 0 || strcmp(path, "/cut-always") == 0)
		reply(fd, "200 OK", all, body, BODY_LEN / 2);
	else if (strcmp(path, "/no-range") == 0)
		reply(fd, "200 OK", "Content-Length: 100000\r\n", body, BODY_LEN);
	else if (strcmp(path, "/wrong-range") == 0 && range)
		reply_range(fd, first + 1);
	else if (strcmp(path, "/wrong-range") == 0)
		reply(fd, "200 OK", all, body, BODY_LEN);
	else if (strcmp(path, "/endless") == 0)
		while (send(fd, range ? "" : "HTTP/1.1 200 OK\r\n\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
			       48, MSG_NOSIGNAL) > 0)
			;
	else if (strcmp(path, "/to-file") == 0)
		reply(fd, "302 Found", "Location: file:///etc/passwd\r\nContent-Length: 0\r\n", "",
			0);
	else if (strcmp(path, "/to-ok") == 0)
		reply(fd, "302 Found", "Location: /ok\r\nContent-Length: 0\r\n", "", 0);
	else if (strcmp(path, "/loop") == 0)
		reply(fd, "302 Found", "Location: /loop\r\nContent-Length: 0\r\n", "", 0);
	else if (strcmp(path, "/silent") == 0)
		poll(&(struct pollfd){.fd = fd, .events = POLLRDHUP}, 1, -1);
	else
		reply(fd, "404 Not Found", "Content-Length: 5\r\n", "gone\n", 5);
}

static void *http_server(void *ctx)
{
	(void)ctx;
	for (;;) {
		char head[8192] = "", path[256] = "";
		size_t len = 0;
		int fd = accept(http_fd, NULL, NULL);
		if (fd < 0)
			return NULL;
		while (!strstr(head, "\r\n\r\n") && len < sizeof(head) - 1) {
			ssize_t n = recv(fd, head + len, sizeof(head) - 1 - len, 0);
			if (n <= 0)
				break;
			len += (size_t)n;
		}
		requests++;
		const char *range = strstr(head, "Range: bytes=");
		if (sscanf(head, "GET %255s ", path) == 1)
			serve(fd, path, range ? range + 13 : NULL);
		shutdown(fd, SHUT_WR);
		while (recv(fd, head, sizeof(head), 0) > 0)
			;
		close(fd);
	}
}

/* RFC 1350, one transfer at a time, blocks of 512 bytes; options are not answered. */
static void *tftp_server(void *ctx)
{
	(void)ctx;
	char in[1024], out[516];
	struct sockaddr_in from;
	for (;;) {
		socklen_t size = sizeof(from);
		ssize_t n =
			recvfrom(tftp_fd, in, sizeof(in) - 1, 0, (struct sockaddr *)&from, &size);
		if (n < 4)
			return NULL;
		in[n] = '\0';
		bool is_request = in[1] == 1, is_known = strcmp(in + 2, "ok") == 0;
		if (is_request && !is_known) {
			memcpy(out, "\0\5\0\1File not found", 19);
			sendto(tftp_fd, out, 19, 0, (struct sockaddr *)&from, size);
			continue;
		}
		unsigned done = is_request
			? 0
			: (unsigned)((unsigned char)in[2] << 8 | (unsigned char)in[3]);
		size_t at = (size_t)done * 512, left = at <= BODY_LEN ? BODY_LEN - at : 0;
		if (at > BODY_LEN)
			continue; /* the acknowledgement of the last block */
		size_t len = left < 512 ? left : 512;
		out[0] = 0;
		out[1] = 3;
		out[2] = (char)((done + 1) >> 8);
		out[3] = (char)(done + 1);
		memcpy(out + 4, body + at, len);
		sendto(tftp_fd, out, len + 4, 0, (struct sockaddr *)&from, size);
	}
}

static void setup(void)
{
	struct bc_err err;
	dir = bc_fs_temp_dir(NULL, "fetch-", &err);
	ck_assert_msg(dir != NULL, "%s", err.message);
	file = bc_path_join(dir, "file");
	part = bc_path_join(dir, "file.part");
	for (size_t i = 0; i < BODY_LEN; i++)
		body[i] = (char)(i * 7 + i / 251);
	struct bc_digest *digest = bc_digest_new();
	bc_digest_add(digest, body, BODY_LEN);
	bc_digest_end(digest, sum);
	requests = ranged = 0;
	http_fd = listen_on(SOCK_STREAM, &http_port);
	tftp_fd = listen_on(SOCK_DGRAM, &tftp_port);
	ck_assert_int_eq(pthread_create(&http_thread, NULL, http_server, NULL), 0);
	ck_assert_int_eq(pthread_create(&tftp_thread, NULL, tftp_server, NULL), 0);
	/* The test must reach its own server. */
	setenv("no_proxy", "*", 1);
}

static void teardown(void)
{
	shutdown(http_fd, SHUT_RDWR);
	shutdown(tftp_fd, SHUT_RDWR);
	pthread_join(http_thread, NULL);
	pthread_join(tftp_thread, NULL);
	close(http_fd);
	close(tftp_fd);
	ck_assert(bc_fs_remove(dir, NULL));
	free(dir);
	free(file);
	free(part);
}

static void add_url(struct bc_strs *urls, const char *path)
{
	bc_strs_addf(urls, "http://127.0.0.1:%d%s", http_port, path);
}

static struct bc_fetch job(const struct bc_strs *urls)
{
	return (struct bc_fetch){
		.urls = urls, .path = file, .sha256 = sum, .attempts = 4, .backoff_ms = 1};
}

static bool fetch(const char *path, const char *sha256, struct bc_err *err)
{
	BC_AUTO(bc_strs) urls = {0};
	add_url(&urls, path);
	struct bc_fetch f = job(&urls);
	f.sha256 = sha256;
	*err = (struct bc_err){0};
	return bc_fetch_file(&f, err);
}

static void whole(void)
{
	char got[BC_DIGEST_HEX];
	ck_assert(bc_digest_file(file, got, NULL));
	ck_assert_str_eq(got, sum);
	ck_assert(!bc_fs_exists(part));
}

static void nothing_left(void)
{
	ck_assert(!bc_fs_exists(file));
	ck_assert(!bc_fs_exists(part));
}

START_TEST(gets_a_file)
{
	struct bc_err err;
	ck_assert_msg(fetch("/ok", sum, &err), "%s", err.message);
	whole();
	ck_assert_int_eq(requests, 1);
	ck_assert_msg(fetch("/to-ok", NULL, &err), "%s", err.message);
	whole();
}
END_TEST

START_TEST(not_found_is_final)
{
	struct bc_err err;
	ck_assert(!fetch("/nothing", sum, &err));
	ck_assert_int_eq(err.code, BC_E_CONTENT);
	ck_assert_ptr_nonnull(strstr(err.message, "/nothing"));
	ck_assert_ptr_nonnull(strstr(err.message, "404"));
	ck_assert_int_eq(requests, 1);
	nothing_left();
}
END_TEST

START_TEST(busy_passes)
{
	struct bc_err err;
	ck_assert_msg(fetch("/busy", sum, &err), "%s", err.message);
	ck_assert_int_eq(requests, 3);
	whole();
}
END_TEST

START_TEST(a_cut_transfer_goes_on)
{
	struct bc_err err;
	ck_assert_msg(fetch("/cut", sum, &err), "%s", err.message);
	ck_assert_int_eq(requests, 2);
	ck_assert_int_eq(ranged, 1);
	whole();
}
END_TEST

/* Without a sum nobody would see that the halves are of two files. */
START_TEST(without_a_sum_nothing_is_continued)
{
	struct bc_err err;
	ck_assert(!fetch("/cut", NULL, &err));
	ck_assert_int_eq(ranged, 0);
	ck_assert_int_eq(requests, 4);
	ck_assert_ptr_nonnull(strstr(err.message, "4 attempts"));
	nothing_left();
}
END_TEST

START_TEST(an_earlier_part_is_continued)
{
	struct bc_err err;
	ck_assert(bc_fs_write(part, body, 70000, NULL));
	ck_assert_msg(fetch("/ok", sum, &err), "%s", err.message);
	ck_assert_int_eq(ranged, 1);
	whole();
}
END_TEST

START_TEST(a_part_that_may_be_continued_is_kept)
{
	BC_AUTO(bc_strs) urls = {0};
	struct bc_err err = {0};
	add_url(&urls, "/cut-always");
	struct bc_fetch f = job(&urls);
	f.attempts = 1;
	ck_assert(!bc_fetch_file(&f, &err));
	ck_assert_int_eq(err.code, BC_E_NET);
	ck_assert_int_eq(bc_fs_size(part), BODY_LEN / 2);
	ck_assert(!bc_fs_exists(file));
}
END_TEST

static const char *const deaf[] = {"/no-range", "/wrong-range"};

START_TEST(a_server_that_ignores_ranges)
{
	struct bc_err err;
	ck_assert(bc_fs_write(part, body, 70000, NULL));
	ck_assert_msg(fetch(deaf[_i], sum, &err), "%s", err.message);
	whole();
}
END_TEST

/* A part of something else is found out by the sum, and costs one more request. */
START_TEST(a_wrong_part_is_thrown_away)
{
	struct bc_err err;
	ck_assert(bc_fs_write(part, body + 1, 70000, NULL));
	ck_assert_msg(fetch("/ok", sum, &err), "%s", err.message);
	ck_assert_int_eq(requests, 2);
	whole();
}
END_TEST

START_TEST(wrong_checksum)
{
	struct bc_err err;
	BC_AUTO_FREE char *other = bc_strdup(sum);
	other[0] = other[0] == '0' ? '1' : '0';
	ck_assert(!fetch("/ok", other, &err));
	ck_assert_int_eq(err.code, BC_E_CHECKSUM);
	ck_assert_ptr_nonnull(strstr(err.message, other));
	ck_assert_ptr_nonnull(strstr(err.message, sum));
	ck_assert_int_eq(requests, 1);
	nothing_left();
	ck_assert(!fetch("/ok", "12", &err));
	ck_assert_int_eq(err.code, BC_E_CASE);
}
END_TEST

START_TEST(endless_body)
{
	BC_AUTO(bc_strs) urls = {0};
	struct bc_err err = {0};
	add_url(&urls, "/endless");
	struct bc_fetch f = job(&urls);
	f.max_bytes = 1 << 20;
	ck_assert(!bc_fetch_file(&f, &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
	nothing_left();
	bc_strs_release(&urls);
	add_url(&urls, "/ok");
	f.max_bytes = BODY_LEN - 1;
	ck_assert(!bc_fetch_file(&f, &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
	f.max_bytes = BODY_LEN;
	ck_assert_msg(bc_fetch_file(&f, &err), "%s", err.message);
}
END_TEST

START_TEST(redirects_stay_in_the_web)
{
	struct bc_err err;
	ck_assert(!fetch("/to-file", NULL, &err));
	ck_assert_int_eq(err.code, BC_E_CONTENT);
	ck_assert_int_eq(requests, 1);
	nothing_left();
	ck_assert(!fetch("/loop", NULL, &err));
	ck_assert_int_eq(err.code, BC_E_CONTENT);
	ck_assert_int_le(requests, 12);
}
END_TEST

START_TEST(mirrors_in_order)
{
	BC_AUTO(bc_strs) urls = {0};
	struct bc_err err = {0};
	add_url(&urls, "/nothing");
	add_url(&urls, "/ok");
	struct bc_fetch f = job(&urls);
	ck_assert_msg(bc_fetch_file(&f, &err), "%s", err.message);
	whole();
	unlink(file);
	free(urls.items[1]);
	urls.items[1] = bc_asprintf("http://127.0.0.1:%d/never", http_port);
	ck_assert(!bc_fetch_file(&f, &err));
	ck_assert_int_eq(err.code, BC_E_CONTENT);
	ck_assert_ptr_nonnull(strstr(err.message, "/nothing"));
	ck_assert_ptr_nonnull(strstr(err.message, "/never"));
	/* One that cannot be reached may have it. */
	for (int i = 0; i < 2; i++) {
		free(urls.items[i]);
		urls.items[i] = bc_strdup("http://127.0.0.1:1/x");
		f.attempts = 1;
		ck_assert(!bc_fetch_file(&f, &err));
		ck_assert_int_eq(err.code, BC_E_NET);
		free(urls.items[i]);
		urls.items[i] = bc_asprintf("http://127.0.0.1:%d/never", http_port);
	}
}
END_TEST

START_TEST(nobody_listens)
{
	BC_AUTO(bc_strs) urls = {0};
	struct bc_err err = {0};
	int port, fd = listen_on(SOCK_STREAM, &port);
	close(fd);
	bc_strs_addf(&urls, "http://127.0.0.1:%d/x", port);
	struct bc_fetch f = job(&urls);
	f.attempts = 2;
	ck_assert(!bc_fetch_file(&f, &err));
	ck_assert_int_eq(err.code, BC_E_NET);
	ck_assert_ptr_nonnull(strstr(err.message, "2 attempts"));
	nothing_left();
}
END_TEST

START_TEST(a_silent_server)
{
	BC_AUTO(bc_strs) urls = {0};
	struct bc_err err = {0};
	add_url(&urls, "/silent");
	struct bc_fetch f = job(&urls);
	f.attempts = 1;
	f.stall_ms = 1000;
	ck_assert(!bc_fetch_file(&f, &err));
	ck_assert_int_eq(err.code, BC_E_NET);
}
END_TEST

static void *cancel_soon(void *ctx)
{
	while (!requests)
		usleep(1000);
	*(volatile int *)ctx = 1;
	return NULL;
}

START_TEST(is_cancelled_in_the_middle)
{
	BC_AUTO(bc_strs) urls = {0};
	struct bc_err err = {0};
	volatile int cancelled = 0;
	pthread_t thread;
	add_url(&urls, "/silent");
	struct bc_fetch f = job(&urls);
	f.cancelled = &cancelled;
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, (void *)&cancelled), 0);
	uint64_t start = bc_clock_ms();
	ck_assert(!bc_fetch_file(&f, &err));
	ck_assert_int_eq(err.code, BC_E_CANCELLED);
	ck_assert_uint_lt(bc_clock_ms() - start, 5000);
	pthread_join(thread, NULL);
}
END_TEST

/* RLIMIT_FSIZE makes write() fail as a full disk does, but with EFBIG: what this shows is that a write
 * that fails is an error with the file's name and the reason, and that the room is given back. */
START_TEST(a_disk_that_takes_no_more)
{
	struct bc_err err;
	struct rlimit limit;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = 50000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert(!fetch("/ok", sum, &err));
	ck_assert_int_eq(err.code, BC_E_IO);
	ck_assert_int_eq(err.sys_errno, EFBIG);
	ck_assert_ptr_nonnull(strstr(err.message, part));
	ck_assert_int_eq(requests, 1);
	nothing_left();
}
END_TEST

START_TEST(tftp_and_file)
{
	BC_AUTO(bc_strs) urls = {0};
	struct bc_err err = {0};
	bc_strs_addf(&urls, "tftp://127.0.0.1:%d/ok", tftp_port);
	struct bc_fetch f = job(&urls);
	/* TFTP cannot start in the middle. */
	ck_assert(bc_fs_write(part, body, 30000, NULL));
	ck_assert_msg(bc_fetch_file(&f, &err), "%s", err.message);
	whole();
	BC_AUTO_FREE char *source = bc_path_join(dir, "source");
	ck_assert_int_eq(rename(file, source), 0);
	bc_strs_release(&urls);
	bc_strs_addf(&urls, "tftp://127.0.0.1:%d/none", tftp_port);
	ck_assert(!bc_fetch_file(&f, &err));
	ck_assert_int_eq(err.code, BC_E_CONTENT);
	bc_strs_release(&urls);
	bc_strs_addf(&urls, "file://%s", source);
	ck_assert_msg(bc_fetch_file(&f, &err), "%s", err.message);
	whole();
	bc_strs_release(&urls);
	bc_strs_addf(&urls, "file://%s/none", dir);
	unlink(file);
	ck_assert(!bc_fetch_file(&f, &err));
	ck_assert_int_eq(err.code, BC_E_CONTENT);
	nothing_left();
}
END_TEST

START_TEST(knows_its_schemes)
{
	ck_assert(bc_fetch_knows("http://x") && bc_fetch_knows("HTTPS://x"));
	ck_assert(bc_fetch_knows("ftp://x") && bc_fetch_knows("tftp://x"));
	ck_assert(bc_fetch_knows("file:///x"));
	ck_assert(!bc_fetch_knows("gopher://x") && !bc_fetch_knows("/x") && !bc_fetch_knows(""));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("fetch");
	TCase *t = tcase_create("all");
	const TTest *const all[] = {gets_a_file, not_found_is_final, busy_passes,
		a_cut_transfer_goes_on, without_a_sum_nothing_is_continued,
		an_earlier_part_is_continued, a_part_that_may_be_continued_is_kept,
		a_wrong_part_is_thrown_away, wrong_checksum, endless_body,
		redirects_stay_in_the_web, mirrors_in_order, nobody_listens, a_silent_server,
		is_cancelled_in_the_middle, a_disk_that_takes_no_more, tftp_and_file,
		knows_its_schemes};
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < BC_LEN(all); i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, a_server_that_ignores_ranges, 0, (int)BC_LEN(deaf));
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN_OF(suite)
