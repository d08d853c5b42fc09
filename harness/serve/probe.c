#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/serve/probe.h>
#include <bootcheck/sys/digest.h>
#include <bootcheck/sys/fetch.h>
#include <bootcheck/sys/fs.h>

/* What a folder is searched for at most; more than that serves something, too. */
#define MAX_DEPTH   8
#define MAX_ENTRIES 10000
#define STALL_MS    10000

struct probe_file {
	char *path; /* inside the folder; NULL: none was found */
	uint64_t size;
	size_t seen;
	bool is_other_user; /* who reads is one */
	char *closed;	    /* the first thing that the server may not read */
};

struct bc_probe {
	struct bc_probe_options o;
	char *source, *target, *url;
	bool is_empty;
	pthread_t thread;
	int event; /* readable once the thread is done */
	struct bc_watch *watch;
	volatile int is_cancelled;
	bool ok; /* the thread's answer, read after `event` */
	struct bc_err err;
};

/* The smallest file, but rather one that is not empty: what comes before the boot is to be short. Everything must be
 * readable for all, and a folder be open to all: servers drop root, and in.tftpd refuses other files whoever it is. */
static void search(const char *folder, const char *inside, int depth, struct probe_file *best)
{
	BC_AUTO_FREE char *at = bc_path_join(folder, inside);
	BC_AUTO(bc_strs) names = {0};
	if (depth > MAX_DEPTH || !bc_fs_list(at, &names, NULL))
		return;
	bc_vec_each (name, &names) {
		BC_AUTO_FREE char *path = bc_path_join(inside, *name);
		BC_AUTO_FREE char *full = bc_path_join(folder, path);
		struct stat st;
		if (best->seen++ >= MAX_ENTRIES || lstat(full, &st) != 0)
			continue;
		bool is_dir = S_ISDIR(st.st_mode);
		if (!is_dir && !S_ISREG(st.st_mode))
			continue;
		if (!best->closed && !(st.st_mode & (is_dir ? S_IXOTH : S_IROTH)) &&
			(!is_dir || best->is_other_user))
			best->closed = bc_strdup(full);
		if (is_dir) {
			search(folder, path, depth + 1, best);
		} else if (!best->path || !best->size ||
			(st.st_size > 0 && (uint64_t)st.st_size < best->size)) {
			free(best->path);
			best->path = BC_TAKE(path);
			best->size = (uint64_t)st.st_size;
		}
	}
}

static char *url_of(const char *base, const char *path)
{
	BC_AUTO(bc_buf) url = {0};
	bc_buf_adds(&url, base);
	for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
		if (isalnum(*p) || strchr("/._-", *p))
			bc_buf_addc(&url, (char)*p);
		else
			bc_buf_addf(&url, "%%%02X", *p);
	}
	return bc_buf_take(&url);
}

/* In the thread */

static int open_socket(void *ctx, int type)
{
	const struct bc_probe *p = ctx;
	return bc_netns_client(p->o.ns, type, NULL);
}

static bool fetch(struct bc_probe *p, struct bc_err *err)
{
	BC_AUTO(bc_strs) urls = {0};
	char sum[BC_DIGEST_HEX];
	/* libcurl trips over empty files. A server that ends is noticed anyway, and its socket was there before it. */
	if (p->is_empty)
		return true;
	if (!bc_digest_file(p->source, sum, err))
		return false;
	bc_strs_add(&urls, p->url);
	struct bc_fetch job = {.urls = &urls,
		.path = p->target,
		.sha256 = sum,
		.attempts = 2,
		.connect_ms = STALL_MS,
		.stall_ms = STALL_MS,
		.cancelled = &p->is_cancelled,
		.open_socket = open_socket,
		.ctx = p};
	if (bc_fetch_file(&job, err))
		return true;
	err->hint[0] = '\0'; /* which is about sums in cases */
	return false;
}

static void *work(void *ctx)
{
	struct bc_probe *p = ctx;
	const uint64_t one = 1;
	p->ok = fetch(p, &p->err);
	unlink(p->target);
	BC_IGNORE(write(p->event, &one, sizeof(one)) == (ssize_t)sizeof(one));
	return NULL;
}

/* In the loop */

static void on_done(void *ctx, int events)
{
	struct bc_probe *p = ctx;
	(void)events;
	bc_watch_start(p->watch, 0);
	p->o.done(p->o.ctx, p->ok ? NULL : &p->err);
}

static void release(struct bc_probe *p)
{
	bc_watch_close(p->watch);
	if (p->event >= 0)
		close(p->event);
	free(p->source);
	free(p->target);
	free(p->url);
	free(p);
}

struct bc_probe *bc_probe_new(const struct bc_probe_options *options, struct bc_err *err)
{
	struct probe_file file = {.is_other_user = options->is_other_user};
	search(options->folder, "", 0, &file);
	if (file.closed) {
		(void)bc_fail(err, BC_E_CASE, EACCES, "the server may not read %s", file.closed);
		(void)bc_err_hint(err, "chmod o+rX it: what is served must be readable for all");
		free(file.closed);
		free(file.path);
		return NULL;
	}
	if (!file.path)
		return bc_fail_null(
			err, BC_E_CASE, 0, "there is no file to serve in %s", options->folder);
	struct bc_probe *p = bc_calloc(1, sizeof(*p));
	p->o = *options;
	p->source = bc_path_join(options->folder, file.path);
	p->target = bc_path_join(options->scratch, ".probe");
	p->url = url_of(options->base, file.path);
	p->is_empty = !file.size;
	free(file.path);
	p->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int why = p->event < 0 ? errno : pthread_create(&p->thread, NULL, work, p);
	if (why) {
		release(p);
		return bc_fail_null(err, BC_E_IO, why, "cannot start a thread");
	}
	p->watch = bc_watch_new(p->o.loop, p->event, on_done, p);
	bc_watch_start(p->watch, BC_READABLE);
	return p;
}

void bc_probe_free(struct bc_probe *p)
{
	if (!p)
		return;
	p->is_cancelled = 1;
	pthread_join(p->thread, NULL);
	release(p);
}
