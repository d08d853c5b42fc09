#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/digest.h>
#include <bootcheck/sys/fetch.h>
#include <bootcheck/sys/fs.h>

#include "libcurl.h"

#define RETRY_AFTER_MAX_S 30 /* longer pauses that a server asks for are cut to this */

/* How an attempt ended. */
enum end {
	END_DONE,
	END_AGAIN,   /* may pass */
	END_RESTART, /* at once, from the first byte */
	END_NEXT,    /* this address will not do it */
	END_STOP,    /* no address will */
};

struct transfer {
	const struct bc_fetch *job;
	const char *url;
	char *part; /* path of the partial file */
	int fd;
	CURL *curl;
	struct bc_digest *digest;
	uint64_t have;	     /* bytes in the file, all in the digest */
	uint64_t limit;	     /* bytes */
	uint64_t asked;	     /* first byte that was asked for, 0 = all */
	bool is_checked;     /* the server's answer to `asked` was looked at */
	bool can_resume;     /* this server takes ranges */
	bool is_refused;     /* the last answer was no, of a server that was reached */
	int64_t range_start; /* of the answer's Content-Range, -1 = none */
	int64_t range_total; /* size of the whole file by Content-Range, -1 = not said */
	enum { STOP_NONE, STOP_SIZE, STOP_DISK, STOP_RANGE } stop; /* why we broke it off */
	int disk_errno;
	char reason[CURL_ERROR_SIZE];
};

static const char *const schemes[] = {"http://", "https://", "ftp://", "tftp://", "file://"};

bool bc_fetch_knows(const char *url)
{
	for (size_t i = 0; i < BC_LEN(schemes); i++)
		if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
			return true;
	return false;
}

static bool is_cancelled(const struct bc_fetch *job)
{
	return job->cancelled && *job->cancelled;
}

static void reset_digest(struct transfer *t)
{
	bc_digest_free(t->digest);
	t->digest = bc_digest_new();
}

static bool restart(struct transfer *t)
{
	t->have = 0;
	reset_digest(t);
	return ftruncate(t->fd, 0) == 0;
}

/* The server may answer a request for the rest with the whole file, or with another part. */
static bool check_range(struct transfer *t)
{
	long status = 0;
	char *scheme = NULL;
	t->is_checked = true;
	if (!t->asked)
		return true;
	bc_curl.curl_easy_getinfo(t->curl, CURLINFO_SCHEME, &scheme);
	if (!scheme || strncasecmp(scheme, "http", 4) != 0)
		return true;
	bc_curl.curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 206 && t->range_start == (int64_t)t->asked)
		return true;
	if (status == 200)
		return restart(t);
	t->stop = STOP_RANGE;
	return false;
}

static size_t on_data(char *data, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	size_t len = size * count;
	if (!t->is_checked && !check_range(t))
		return 0;
	if (len > t->limit - t->have) {
		t->stop = STOP_SIZE;
		return 0;
	}
	struct bc_err err;
	if (lseek(t->fd, (off_t)t->have, SEEK_SET) < 0 ||
		!bc_fs_write_all(t->fd, data, len, &err)) {
		t->disk_errno = errno;
		t->stop = STOP_DISK;
		return 0;
	}
	bc_digest_add(t->digest, data, len);
	t->have += len;
	return len;
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
	struct transfer *t = ctx;
	size_t len = size * count;
	BC_AUTO_FREE char *line = bc_strndup(data, len < 1024 ? len : 1024);
	long long first, total;
	if (strncasecmp(line, "HTTP/", 5) == 0) {
		t->range_start = t->range_total = -1;
		t->can_resume = false;
	} else if (strncasecmp(line, "accept-ranges:", 14) == 0) {
		t->can_resume = strcasestr(line + 14, "bytes") != NULL;
	} else if (strncasecmp(line, "content-range:", 14) == 0) {
		const char *slash = strchr(line, '/');
		if (sscanf(line + 14, " bytes %lld-", &first) == 1 && first >= 0)
			t->range_start = first;
		if (slash && sscanf(slash + 1, "%lld", &total) == 1 && total >= 0)
			t->range_total = total;
		t->can_resume = true;
	}
	return len;
}

static int on_curl_progress(
	void *ctx, curl_off_t total, curl_off_t done, curl_off_t up_total, curl_off_t up_done)
{
	struct transfer *t = ctx;
	(void)done;
	(void)up_total;
	(void)up_done;
	if (is_cancelled(t->job))
		return 1;
	if (t->job->on_progress)
		t->job->on_progress(t->job->ctx, t->have,
			total > 0 ? (uint64_t)total +
					(t->is_checked && t->range_start >= 0 ? t->asked : 0)
				  : 0);
	return 0;
}

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	const struct bc_fetch *job = ctx;
	(void)purpose;
	if (address->family != AF_INET)
		return CURL_SOCKET_BAD;
	int fd = job->open_socket(job->ctx, address->socktype);
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static void set_options(struct transfer *t)
{
	const struct bc_fetch *job = t->job;
	CURL *c = t->curl;
	long connect_ms = job->connect_ms ? (long)job->connect_ms : 15000;
	long stall_s = job->stall_ms ? ((long)job->stall_ms + 999) / 1000 : 30;
	bc_curl.curl_easy_reset(c);
	bc_curl.curl_easy_setopt(c, CURLOPT_URL, t->url);
	bc_curl.curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https,ftp,tftp,file");
	bc_curl.curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	bc_curl.curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	bc_curl.curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
	bc_curl.curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	bc_curl.curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	bc_curl.curl_easy_setopt(c, CURLOPT_USERAGENT, "bootcheck/" BC_VERSION);
	bc_curl.curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connect_ms);
	bc_curl.curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	bc_curl.curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, stall_s);
	bc_curl.curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->limit);
	bc_curl.curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 262144L);
	bc_curl.curl_easy_setopt(c, CURLOPT_TFTP_BLKSIZE, 1428L);
	bc_curl.curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->reason);
	bc_curl.curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_data);
	bc_curl.curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	bc_curl.curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	bc_curl.curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	bc_curl.curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_curl_progress);
	bc_curl.curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
	bc_curl.curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	if (job->open_socket) {
		bc_curl.curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket);
		bc_curl.curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, job);
		bc_curl.curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	}
}

static bool is_passing(CURLcode code, long status)
{
	if (code == CURLE_HTTP_RETURNED_ERROR)
		return status == 408 || status == 429 || status >= 500;
	static const CURLcode passing[] = {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY,
		CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT,
		CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_SSL_CONNECT_ERROR,
		CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_FTP_ACCEPT_TIMEOUT, CURLE_FTP_CANT_GET_HOST};
	for (size_t i = 0; i < BC_LEN(passing); i++)
		if (code == passing[i])
			return true;
	return false;
}

/* What keeps one from any server, besides what may pass: then the address may well be right. */
static bool is_cut_off(CURLcode code, long status)
{
	return is_passing(code, status) || code == CURLE_PROXY ||
		code == CURLE_PEER_FAILED_VERIFICATION ||
		(code == CURLE_HTTP_RETURNED_ERROR && status == 407);
}

static enum end broken_off(struct transfer *t, struct bc_err *err)
{
	switch (t->stop) {
	case STOP_SIZE:
		(void)bc_fail(err, BC_E_LIMIT, 0, "%s is larger than the limit of %llu bytes",
			t->url, (unsigned long long)t->limit);
		return END_NEXT;
	case STOP_DISK:
		(void)bc_fail(err, BC_E_IO, t->disk_errno, "cannot write %s", t->part);
		t->can_resume = false; /* gives the room back */
		return END_STOP;
	case STOP_RANGE:
		snprintf(t->reason, sizeof(t->reason), "the server sent another part of the file");
		return END_RESTART;
	case STOP_NONE:
		break;
	}
	return END_AGAIN;
}

/* One request. */
static enum end try_once(struct transfer *t, struct bc_err *err)
{
	char range[32];
	t->stop = STOP_NONE;
	t->is_checked = t->is_refused = false;
	t->can_resume = strncasecmp(t->url, "ftp:", 4) == 0;
	t->range_start = t->range_total = -1;
	t->reason[0] = '\0';
	/* TFTP cannot start in the middle, and libcurl would not say so. */
	if (strncasecmp(t->url, "tftp:", 5) == 0 && t->have && !restart(t)) {
		(void)bc_fail(err, BC_E_IO, errno, "cannot write %s", t->part);
		return END_STOP;
	}
	t->asked = t->have;
	set_options(t);
	snprintf(range, sizeof(range), "%llu-", (unsigned long long)t->asked);
	if (t->asked)
		bc_curl.curl_easy_setopt(t->curl, CURLOPT_RANGE, range);
	CURLcode code = bc_curl.curl_easy_perform(t->curl);
	if (code == CURLE_OK)
		return END_DONE;
	if (is_cancelled(t->job)) {
		(void)bc_fail(err, BC_E_CANCELLED, 0, "interrupted while fetching %s", t->url);
		return END_STOP;
	}
	if (t->stop)
		return broken_off(t, err);
	long status = 0;
	bc_curl.curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (!t->reason[0])
		snprintf(t->reason, sizeof(t->reason), "%s", bc_curl.curl_easy_strerror(code));
	if (code == CURLE_FILESIZE_EXCEEDED) {
		t->stop = STOP_SIZE;
		return broken_off(t, err);
	}
	if (t->asked &&
		(status == 416 || code == CURLE_RANGE_ERROR || code == CURLE_FTP_COULDNT_USE_REST ||
			code == CURLE_BAD_DOWNLOAD_RESUME))
		return END_RESTART;
	t->is_refused = !is_cut_off(code, status);
	return is_passing(code, status) ? END_AGAIN : END_NEXT;
}

static void note(const struct bc_fetch *job, const char *fmt, ...) BC_PRINTF(2, 3);
static void note(const struct bc_fetch *job, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	if (!job->on_note)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	job->on_note(job->ctx, text);
}

/* Waits before the next attempt; false when interrupted. */
static bool pause_for(struct transfer *t, unsigned attempt)
{
	uint64_t ms = (uint64_t)(t->job->backoff_ms ? t->job->backoff_ms : 500)
		<< (attempt < 8 ? attempt : 8);
	curl_off_t asked = 0;
	if (bc_curl.curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &asked) == CURLE_OK &&
		asked > 0) {
		asked = asked > RETRY_AFTER_MAX_S ? RETRY_AFTER_MAX_S : asked;
		ms = (uint64_t)asked * 1000u > ms ? (uint64_t)asked * 1000u : ms;
	}
	uint64_t until = bc_clock_ms() + ms;
	while (bc_clock_ms() < until) {
		if (is_cancelled(t->job))
			return false;
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	return !is_cancelled(t->job);
}

/* The sum of what came. A partial file of an earlier try may be of something else: when it was
 * continued, one more try from the start decides. */
static enum end check_sum(struct transfer *t, bool was_resumed, struct bc_err *err)
{
	char sum[BC_DIGEST_HEX];
	if (!t->job->sha256)
		return END_DONE;
	bc_digest_end(BC_TAKE(t->digest), sum);
	if (strcasecmp(sum, t->job->sha256) == 0)
		return END_DONE;
	reset_digest(t);
	if (was_resumed)
		return END_RESTART;
	t->can_resume = false;
	(void)bc_fail(err, BC_E_CHECKSUM, 0, "%s has the sha256 %s, but %s is expected", t->url,
		sum, t->job->sha256);
	(void)bc_err_hint(err,
		"the file was replaced, or the sum is wrong: when this file is the right one, "
		"write "
		"its sum into the case");
	return END_NEXT;
}

/* All attempts at one address. *err comes in empty; it is filled unless this ends with END_DONE. */
static enum end try_url(struct transfer *t, struct bc_err *err)
{
	unsigned most = t->job->attempts ? t->job->attempts : 4, made = 0;
	bool may_restart = true;
	for (;;) {
		bool was_resumed = t->have > 0;
		enum end end = try_once(t, err);
		if (end == END_DONE)
			end = check_sum(t, was_resumed, err);
		if (end == END_RESTART && may_restart && restart(t)) {
			may_restart = false;
			note(t->job, "%s: starting again from the first byte", t->url);
			continue;
		}
		if (end == END_DONE || end == END_STOP)
			return end;
		made++;
		if (end == END_AGAIN && made < most) {
			note(t->job, "%s: %s; trying again", t->url, t->reason);
			/* Bytes that no sum will check later are not continued. */
			bool keep = t->can_resume && t->job->sha256;
			if ((keep || restart(t)) && pause_for(t, made - 1))
				continue;
			(void)bc_fail(
				err, BC_E_CANCELLED, 0, "interrupted while fetching %s", t->url);
			return END_STOP;
		}
		if (err->code == BC_E_NONE)
			(void)bc_fail(err, t->is_refused ? BC_E_CONTENT : BC_E_NET, 0,
				"cannot fetch %s: %s (%u %s)", t->url, t->reason, made,
				made == 1 ? "attempt" : "attempts");
		return END_NEXT;
	}
}

/* Opens the partial file and takes what is in it. */
static bool open_part(struct transfer *t, struct bc_err *err)
{
	t->fd = open(t->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (t->fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create %s", t->part);
	reset_digest(t);
	char piece[65536];
	for (ssize_t n = 1; t->job->sha256 && n > 0;) {
		n = read(t->fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0) {
			bc_digest_add(t->digest, piece, (size_t)n);
			t->have += (uint64_t)n;
		}
	}
	if (!t->job->sha256 || t->have >= t->limit)
		(void)restart(t);
	return true;
}

static bool finish(struct transfer *t, struct bc_err *err)
{
	if (fsync(t->fd) != 0 || rename(t->part, t->job->path) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot write %s", t->job->path);
	return true;
}

/* An address that cannot be reached may have the file, whatever the others answered. */
static int weight(enum bc_code code)
{
	return code == BC_E_CONTENT ? 0 : code == BC_E_NET ? 1 : 2;
}

/* Several addresses failed: one message for all, the code of the last one that says most. */
static void join_errors(struct bc_err *all, const struct bc_err *one, size_t index)
{
	if (!index) {
		*all = *one;
		return;
	}
	size_t used = strlen(all->message);
	snprintf(all->message + used, sizeof(all->message) - used, "; %s", one->message);
	if (weight(one->code) > weight(all->code)) {
		all->code = one->code;
		memcpy(all->hint, one->hint, sizeof(all->hint));
	}
}

static bool try_all(struct transfer *t, struct bc_err *err)
{
	struct bc_err all = {0};
	for (size_t i = 0; i < t->job->urls->len; i++) {
		struct bc_err one = {0};
		t->url = t->job->urls->items[i];
		enum end end = try_url(t, &one);
		if (end == END_DONE)
			return finish(t, err);
		if (end == END_STOP) {
			if (err)
				*err = one;
			return false;
		}
		join_errors(&all, &one, i);
		if (i + 1 < t->job->urls->len)
			note(t->job, "%s; trying the next mirror", one.message);
		if (!t->can_resume && !restart(t))
			return bc_fail(err, BC_E_IO, errno, "cannot write %s", t->part);
	}
	if (err)
		*err = all;
	return false;
}

static bool is_sum(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdefABCDEF") == 64;
}

bool bc_fetch_file(const struct bc_fetch *fetch, struct bc_err *err)
{
	if (!bc_libcurl_load(err))
		return false;
	if (fetch->sha256 && !is_sum(fetch->sha256))
		return bc_fail(err, BC_E_CASE, 0,
			"'%s' is no sha256: 64 hexadecimal digits are needed", fetch->sha256);
	struct transfer t = {.job = fetch, .fd = -1};
	t.limit = fetch->max_bytes ? fetch->max_bytes : BC_FETCH_MAX_BYTES;
	t.part = bc_asprintf("%s.part", fetch->path);
	t.curl = bc_curl.curl_easy_init();
	bool ok = t.curl != NULL || bc_fail(err, BC_E_INTERNAL, 0, "libcurl does not start");
	ok = ok && open_part(&t, err) && try_all(&t, err);
	if (!ok && !(t.can_resume && fetch->sha256 && t.have))
		unlink(t.part);
	if (t.fd >= 0)
		close(t.fd);
	bc_digest_free(t.digest);
	bc_curl.curl_easy_cleanup(t.curl);
	free(t.part);
	return ok;
}
