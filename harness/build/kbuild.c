/* The work folder and make. */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/kbuild.h>
#include <bootcheck/build/kbuild_sync.h>
#include <bootcheck/build/source.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>
#include <bootcheck/sys/proc.h>

#define TIMESTAMP "Wed Jan  1 00:00:00 UTC 2020" /* BC_BUILD_EPOCH */

/* What makes objects worth keeping, as text. */
static void family_of(const struct bc_kbuild *k, struct bc_buf *out)
{
	static const char *const labels[] = {
		"arch", "cross_compile", "base", "compiler", "linker", "libc.a", "libc.so.6"};
	const struct bc_node *node = k->job->node;
	const char *lineage = node->inputs.items[0].node->lineage;
	bc_buf_addf(out, "kind %s %s\nsource %s\n", node->kind->name, node->kind->version,
		lineage ? lineage : "");
	for (size_t i = 0; i < BC_LEN(labels); i++) {
		const char *text = bc_node_get(node, labels[i]);
		if (text)
			bc_buf_addf(out, "%s %s\n", labels[i], text);
	}
}

/* ccache, by our settings and by nobody else's. */
static void set_ccache(struct bc_kbuild *k)
{
	BC_AUTO_FREE char *dir = bc_path_join(k->job->cache_dir, "ccache");
	if (getenv("CCACHE_DISABLE"))
		bc_strs_add(&k->env, "CCACHE_DISABLE=1");
	bc_strs_addf(&k->env, "CCACHE_DIR=%s", dir);
	bc_strs_addf(&k->env, "CCACHE_CONFIGPATH=%s/ccache.conf", dir);
	/* What .incbin takes in (zImage's kernel, U-Boot's device tree, /proc/config.gz) is in no list of dependencies.
	 * Only preprocessed text shows it, and then ccache stands aside; by dependencies alone it gives an image with
	 * the kernel of before. And no CCACHE_BASEDIR: it makes paths relative that -fmacro-prefix-map would cut, and
	 * __FILE__ is another. The namespace leaves behind what was once stored those ways. */
	bc_strs_add(&k->env, "CCACHE_NODEPEND=1");
	/* Nor is a header that was not there when the object was stored, and now hides another. */
	bc_strs_add(&k->env, "CCACHE_NODIRECT=1");
	bc_strs_add(&k->env, "CCACHE_NAMESPACE=bootcheck-3");
}

static void set_env(struct bc_kbuild *k)
{
	bc_job_env(k->job, &k->env);
	bc_strs_add(&k->env, "KBUILD_BUILD_TIMESTAMP=" TIMESTAMP);
	bc_strs_add(&k->env, "KBUILD_BUILD_USER=bootcheck");
	bc_strs_add(&k->env, "KBUILD_BUILD_HOST=bootcheck");
	/* Otherwise it counts the builds of a folder. */
	bc_strs_add(&k->env, "KBUILD_BUILD_VERSION=1");
	/* The debug information, and with it the build id, and __FILE__ are the same wherever the work folder is. */
	bc_strs_addf(
		&k->env, "KCFLAGS=-fdebug-prefix-map=%s/= -fmacro-prefix-map=%s/=", k->dir, k->src);
	bc_strs_addf(
		&k->env, "KAFLAGS=-fdebug-prefix-map=%s/= -fmacro-prefix-map=%s/=", k->dir, k->src);
	/* Set, though empty, so that no repository around the cache adds a "+". */
	bc_strs_add(&k->env, "LOCALVERSION=");
	set_ccache(k);
}

static void set_args(struct bc_kbuild *k)
{
	const char *cross = bc_node_get(k->job->node, "cross_compile");
	BC_AUTO_FREE char *ccache = bc_host_find("ccache");
	if (k->kind->sets_arch)
		bc_strs_addf(&k->args, "ARCH=%s", bc_node_get(k->job->node, "arch"));
	bc_strs_addf(&k->args, "CROSS_COMPILE=%s", cross);
	if (ccache) {
		bc_strs_addf(&k->args, "CC=ccache %sgcc", cross);
		bc_strs_add(&k->args, "HOSTCC=ccache gcc");
	}
}

static bool tools_there(const struct bc_kbuild_kind *kind, struct bc_err *err)
{
	for (const char *const *tool = kind->tools; *tool; tool++)
		if (!bc_tool_there(*tool, err))
			return bc_err_prefix(err, "the build of %s", kind->whose);
	return true;
}

static int take_lock(struct bc_kbuild *k, struct bc_err *err)
{
	BC_AUTO_FREE char *path = bc_path_join(k->dir, "lock");
	struct bc_err why = {0};
	int fd = bc_fs_lock(path, false, k->job->cancelled, &why);
	if (fd < 0 && why.code == BC_E_LIMIT) {
		bc_job_step(k->job, "waiting for another build in the same folder", 0, 0);
		return bc_fs_lock(path, true, k->job->cancelled, err);
	}
	if (fd < 0 && err)
		*err = why;
	return fd;
}

/* Objects that are newer than the present are newer than whatever changes next. */
static bool is_of_the_future(const char *path)
{
	struct stat st;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return stat(path, &st) == 0 && st.st_mtim.tv_sec > now.tv_sec;
}

/* Why obj/ is not to be trusted: make goes by times, not by contents. */
static const char *distrust(const struct bc_kbuild *k)
{
	if (bc_fs_exists(k->mark))
		return "the build before was ended in the middle";
	return is_of_the_future(k->ended) ? "the build before is newer than the present" : NULL;
}

static bool prepare_obj(struct bc_kbuild *k, struct bc_err *err)
{
	const char *why = distrust(k);
	if (why)
		bc_job_log(k->job, "%s: its objects are removed", why);
	if (why && !bc_fs_remove(k->obj, err))
		return false;
	return bc_fs_mkdirs(k->obj, 0755, err) && bc_fs_write(k->mark, "", 0, err);
}

static bool sync_source(struct bc_kbuild *k, struct bc_err *err)
{
	const struct bc_node *input = k->job->node->inputs.items[0].node;
	BC_AUTO_FREE char *from = bc_job_input(k->job, 0, err);
	BC_AUTO_FREE char *entry = from ? bc_path_dir(from) : NULL;
	BC_AUTO_FREE char *listing = from ? bc_path_join(entry, "files.jsonl") : NULL;
	BC_AUTO_FREE char *list = bc_path_join(k->dir, "src.list");
	size_t changes = 0;
	uint64_t start = bc_clock_ms();
	if (!from)
		return false;
	struct bc_sync sync = {.from = from,
		.listing = input->kind->build ? listing : NULL,
		.title = input->title,
		.is_closed = !bc_source_is_host(input),
		.to = k->src,
		.obj = k->obj,
		.list = list};
	if (!bc_sync_run(k->job, &sync, &changes, err))
		return false;
	bc_job_log(k->job, "sources of %s: %zu changes in %s, after %.1f s", input->title, changes,
		k->src, (double)(bc_clock_ms() - start) / 1000);
	return true;
}

bool bc_kbuild_open(struct bc_kbuild *k, struct bc_job *job, const struct bc_kbuild_kind *kind,
	const struct bc_value *map, struct bc_err *err)
{
	char hex[BC_DIGEST_HEX];
	BC_AUTO(bc_buf) family = {0};
	*k = (struct bc_kbuild){.job = job, .kind = kind, .map = map, .lock = -1};
	family_of(k, &family);
	struct bc_digest *digest = bc_digest_new();
	bc_digest_add(digest, family.data, family.len);
	bc_digest_end(digest, hex);
	k->dir = bc_asprintf("%s/work/%s-%.12s", job->cache_dir, job->node->kind->name, hex);
	k->src = bc_path_join(k->dir, "src");
	k->obj = bc_path_join(k->dir, "obj");
	k->mark = bc_path_join(k->dir, "building");
	k->ended = bc_path_join(k->obj, ".bootcheck-ended");
	if (!tools_there(kind, err) || !bc_fs_mkdirs(k->dir, 0755, err))
		return false;
	k->lock = take_lock(k, err);
	if (k->lock < 0)
		return false;
	BC_AUTO_FREE char *path = bc_path_join(k->dir, "family");
	set_env(k);
	set_args(k);
	/* What happens from here on may leave things half done. */
	k->is_spoilt = true;
	if (!bc_fs_write_unsynced(path, family.data, family.len, err) || !prepare_obj(k, err) ||
		!sync_source(k, err))
		return false;
	k->is_spoilt = false;
	return true;
}

void bc_kbuild_close(struct bc_kbuild *k)
{
	/* The mark stays where the time cannot be written: the next build is then whole. */
	if (k->lock >= 0 && !k->is_spoilt && bc_fs_write_unsynced(k->ended, "", 0, NULL))
		(void)unlink(k->mark);
	if (k->lock >= 0)
		close(k->lock);
	free(k->dir);
	free(k->src);
	free(k->obj);
	free(k->mark);
	free(k->ended);
	bc_strs_release(&k->env);
	bc_strs_release(&k->args);
	bc_buf_release(&k->line);
	*k = (struct bc_kbuild){.lock = -1};
}

/* make's output: into the log, and counted for whoever watches. */
static void on_output(void *ctx, const char *data, size_t len)
{
	struct bc_kbuild *k = ctx;
	BC_AUTO(bc_buf) text = {0};
	if (!bc_fs_write_all(k->job->log_fd, data, len, NULL))
		return; /* a log that cannot be written must not end the build */
	for (size_t i = 0; i < len; i++)
		k->lines += data[i] == '\n';
	bc_buf_addf(&text, "making %s, %zu steps done", k->kind->whose, k->lines);
	bc_job_step(k->job, text.data, 0, 0);
}

/* Paths as they are in the source, not as they are here. */
static void shorten(struct bc_kbuild *k, struct bc_err *err)
{
	const char *const prefixes[] = {k->src, "../src"};
	for (size_t i = 0; i < BC_LEN(prefixes); i++) {
		BC_AUTO_FREE char *prefix = bc_asprintf(": %s/", prefixes[i]);
		char *at = strstr(err->message, prefix);
		if (at)
			memmove(at + 2, at + strlen(prefix), strlen(at + strlen(prefix)) + 1);
	}
}

bool bc_kbuild_make(
	struct bc_kbuild *k, const char *const *targets, const char *answers, struct bc_err *err)
{
	BC_AUTO(bc_strs) argv = {0};
	BC_AUTO(bc_buf) line = {0};
	struct bc_exit status;
	struct bc_err none;
	err = err ? err : &none;
	bc_strs_add(&argv, "make");
	bc_strs_add(&argv, "-C");
	bc_strs_add(&argv, k->src);
	bc_strs_addf(&argv, "O=%s", k->obj);
	bc_strs_addf(&argv, "-j%d", bc_host_cpus());
	bc_vec_each (arg, &k->args)
		bc_strs_add(&argv, *arg);
	for (const char *const *target = targets; *target; target++)
		bc_strs_add(&argv, *target);
	bc_escape_argv(&line, bc_strs_argv(&argv));
	bc_job_log(k->job, "$ %s", line.data);
	int64_t mark = bc_job_mark(k->job);
	BC_AUTO_FREE char *what = bc_asprintf("make %s failed", targets[0]);
	struct bc_command command = {.argv = bc_strs_argv(&argv),
		.env = bc_strs_argv(&k->env),
		.cwd = k->dir,
		.input_path = answers,
		.log_fd = k->job->log_fd,
		.cancelled = k->job->cancelled,
		.on_output = on_output,
		.ctx = k};
	if (bc_command_run(&command, &status, err))
		return true;
	if (err->code != BC_E_COMMAND)
		k->is_spoilt = true;
	BC_IGNORE(bc_job_quote(k->job, mark, what, err));
	shorten(k, err);
	return false;
}
