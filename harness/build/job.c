/* One node is built: the lock of its key, a temporary folder, its build function, publication. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/graph.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/proc.h>
#include <bootcheck/sys/tree.h>

#define LOG_MAX	      ((size_t)64 << 20)
#define STEP_EVERY_MS 100 /* progress of bytes is told no more often */

char *bc_job_input(struct bc_job *job, size_t index, struct bc_err *err)
{
	const struct bc_input *input = &job->node->inputs.items[index];
	if (!input->member)
		return bc_strdup(input->node->path);
	char *path = bc_tree_member(input->node->path, input->member, err);
	if (!path)
		(void)bc_err_prefix(err, "%s", input->node->title);
	return path;
}

char *bc_job_main(struct bc_job *job, const char *name)
{
	free(job->main_file);
	job->main_file = bc_strdup(name);
	return bc_path_join(job->out_dir, name);
}

void bc_job_entry(struct bc_job *job, const struct bc_entry *entry)
{
	struct bc_entry copy = *entry;
	copy.path = bc_strdup(entry->path);
	copy.target = bc_strdup(entry->target);
	bc_vec_push(&job->entries, copy);
}

void bc_job_forget_entries(struct bc_job *job)
{
	bc_vec_each (e, &job->entries) {
		free((char *)e->path);
		free((char *)e->target);
	}
	free(job->entries.items);
	memset(&job->entries, 0, sizeof(job->entries));
}

void bc_job_log(struct bc_job *job, const char *fmt, ...)
{
	BC_AUTO(bc_buf) line = {.max = 1 << 16};
	va_list args;
	va_start(args, fmt);
	bc_buf_vaddf(&line, fmt, args);
	va_end(args);
	bc_buf_addc(&line, '\n');
	if (line.data && !bc_fs_write_all(job->log_fd, line.data, line.len, NULL))
		return; /* a log that cannot be written must not end the build */
}

void bc_job_step(struct bc_job *job, const char *text, uint64_t done, uint64_t total)
{
	uint64_t now = bc_clock_ms();
	if (total && now - job->last_step_ms < STEP_EVERY_MS)
		return;
	job->last_step_ms = now;
	if (job->on_step)
		job->on_step(job->ctx, text, done, total);
}

bool bc_job_run_from(struct bc_job *job, char *const *argv, char *const *env, const char *cwd,
	const char *input_path, uint64_t limit_ms, struct bc_buf *output, struct bc_err *err)
{
	BC_AUTO(bc_buf) line = {0};
	BC_AUTO(bc_strs) clean = {0};
	bc_escape_argv(&line, argv);
	bc_job_log(job, "$ %s", line.data);
	if (!env) {
		bc_job_env(job, &clean);
		env = bc_strs_argv(&clean);
	}
	struct bc_command command = {.argv = argv,
		.env = env,
		.cwd = cwd ? cwd : job->work_dir,
		.input_path = input_path,
		.timeout_ms = limit_ms,
		.output = output,
		.log_fd = job->log_fd,
		.cancelled = job->cancelled};
	struct bc_exit status;
	return bc_command_run(&command, &status, err);
}

bool bc_job_run(struct bc_job *job, char *const *argv, char *const *env, const char *cwd,
	struct bc_buf *output, struct bc_err *err)
{
	return bc_job_run_from(job, argv, env, cwd, NULL, 0, output, err);
}

void bc_job_env(const struct bc_job *job, struct bc_strs *env)
{
	const char *path = getenv("PATH");
	bc_strs_addf(env, "PATH=%s", path ? path : "/usr/bin:/bin");
	bc_strs_addf(env, "HOME=%s", job->work_dir);
	bc_strs_addf(env, "TMPDIR=%s", job->work_dir);
	bc_strs_add(env, "LC_ALL=C");
	bc_strs_add(env, "TZ=UTC");
	bc_strs_add(env, "SOURCE_DATE_EPOCH=" BC_BUILD_EPOCH);
}

int64_t bc_job_mark(const struct bc_job *job)
{
	return lseek(job->log_fd, 0, SEEK_END);
}

/* Headers of this host that the tools of a build want, and Debian's packages of them. */
static const char *package_of_header(const char *message)
{
	static const struct {
		const char *header, *package;
	} headers[] = {
		{" openssl/", "libssl-dev"},
		{" gelf.h:", "libelf-dev"},
		{" libelf.h:", "libelf-dev"},
		{" gmp.h:", "libgmp-dev"},
		{" mpc.h:", "libmpc-dev"},
		{" gnutls/", "libgnutls28-dev"},
		{" uuid/uuid.h:", "uuid-dev"},
		{" zlib.h:", "zlib1g-dev"},
		{" Python.h:", "python3-dev"},
	};
	for (size_t i = 0; strstr(message, "No such file") && i < BC_LEN(headers); i++)
		if (strstr(message, headers[i].header))
			return headers[i].package;
	return NULL;
}

void bc_err_add_last_line(struct bc_err *err, const char *text, size_t len)
{
	BC_AUTO(bc_buf) last = {.max = 400};
	size_t used = strlen(err->message);
	if (bc_last_line(text, len, &last))
		snprintf(err->message + used, sizeof(err->message) - used, ": %s", last.data);
}

bool bc_job_quote(const struct bc_job *job, int64_t mark, const char *what, struct bc_err *err)
{
	BC_AUTO_FREE char *path = bc_asprintf("/proc/self/fd/%d", job->log_fd);
	BC_AUTO(bc_buf) log = {.max = LOG_MAX};
	BC_AUTO(bc_buf) first = {.max = 400};
	if (!err || err->code != BC_E_COMMAND || !bc_fs_read(path, LOG_MAX, &log, NULL))
		return false;
	if (mark > 0 && (size_t)mark <= log.len)
		bc_buf_drop(&log, (size_t)mark);
	if (bc_first_error(log.data ? log.data : "", log.len, &first))
		(void)bc_fail(err, BC_E_COMMAND, 0, "%s: %s", what, first.data);
	else
		bc_err_add_last_line(err, log.data ? log.data : "", log.len);
	const char *package = package_of_header(err->message);
	if (package)
		(void)bc_err_hint(err, "apt-get install %s", package);
	return false;
}

struct site {
	struct bc_build *build;
	struct bc_node *node;
	struct bc_store_temp temp;
	struct bc_job job;
	char *log;
};

static void on_step(void *ctx, const char *text, uint64_t done, uint64_t total)
{
	struct site *site = ctx;
	bc_build_tell(site->build, BC_PROGRESS_BUILD_STEP, site->node, text, done, total);
}

static void on_wait(void *ctx)
{
	on_step(ctx, "waiting for another bootcheck that builds the same", 0, 0);
}

static bool open_site(struct site *site, struct bc_err *err)
{
	struct bc_job *job = &site->job;
	if (!bc_store_temp_new(site->build->store, site->node->key, &site->temp, err))
		return false;
	job->node = site->node;
	job->out_dir = bc_path_join(site->temp.dir, "entry/out");
	job->work_dir = bc_path_join(site->temp.dir, "work");
	job->cache_dir = bc_store_dir(site->build->store);
	job->offline = site->build->options.offline;
	job->cancelled = site->build->options.cancelled;
	job->on_step = on_step;
	job->ctx = site;
	site->log = bc_path_join(site->temp.dir, "entry/build.log");
	job->log_fd = open(site->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (job->log_fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create %s", site->log);
	return true;
}

static void close_site(struct site *site)
{
	struct bc_job *job = &site->job;
	if (job->log_fd >= 0)
		close(job->log_fd);
	bc_job_forget_entries(job);
	free(job->out_dir);
	free(job->work_dir);
	free(job->main_file);
	free(site->log);
	bc_store_temp_free(&site->temp);
}

/* The log outlives the temporary folder: in the run's folder, or, of a failure, in the cache. */
static void keep_log(struct site *site, bool failed, struct bc_err *err)
{
	const char *dir = site->build->options.log_dir;
	BC_AUTO_FREE char *own = bc_path_join(bc_store_dir(site->build->store), "logs");
	BC_AUTO_FREE char *name =
		bc_file_name(site->node->artifact ? site->node->artifact : site->node->title);
	/* Cases of one run may have artifacts of one name. */
	BC_AUTO_FREE char *to =
		bc_asprintf("%s/build-%s-%.8s.log", dir ? dir : own, name, site->node->key);
	BC_AUTO(bc_buf) text = {.max = (size_t)64 << 20};
	if ((!dir && !failed) || bc_fs_size(site->log) <= 0)
		return;
	if (!bc_fs_read(site->log, (size_t)64 << 20, &text, NULL) ||
		!bc_fs_write_unsynced(to, text.data ? text.data : "", text.len, NULL))
		return;
	if (failed && err && (!err->hint[0] || err->code == BC_E_COMMAND)) {
		BC_AUTO_FREE char *hint = bc_strdup(err->hint);
		(void)bc_err_hint(err, "%s%sthe whole log is %s", hint, *hint ? "; " : "", to);
	}
}

/* Inputs outside the store are read while we build; what they were when the key was computed must still
 * be true at the end. */
static bool inputs_unchanged(struct site *site, struct bc_err *err)
{
	struct bc_resolver resolver;
	bc_graph_resolver(site->build, false, &resolver);
	bc_vec_each (i, &site->node->inputs) {
		if (i->node->kind->build)
			continue;
		struct bc_node *again = bc_node_new(i->node->kind, i->node->loc);
		again->state = bc_strdup(i->node->state);
		bool same = i->node->kind->resolve(again, &resolver, err) == BC_RESOLVE_DONE;
		bool equal = same &&
			strcmp(bc_node_get(again, "content"), bc_node_get(i->node, "content")) == 0;
		bc_node_free(again);
		if (!same)
			return false;
		if (!equal)
			return bc_fail(
				err, BC_E_IO, 0, "%s changed while it was read", i->node->title);
	}
	return true;
}

static bool publish(struct site *site, struct bc_err *err)
{
	const struct bc_node *node = site->node;
	const struct bc_job *job = &site->job;
	BC_AUTO(bc_manifest)
	m = {.key = bc_strdup(node->key),
		.kind = bc_strdup(node->kind->name),
		.title = bc_strdup(node->title),
		.output = job->main_file ? bc_path_join("out", job->main_file) : bc_strdup("out")};
	bc_vec_each (i, &node->inputs) {
		bc_vec_push(&m.inputs, bc_strdup(i->label));
		bc_vec_push(&m.inputs, bc_strdup(i->node->title));
		bc_vec_push(&m.inputs, bc_strdup(i->node->key));
	}
	return bc_store_publish(
		site->build->store, &site->temp, &m, job->entries.items, job->entries.len, err);
}

static bool build_in(struct site *site, struct bc_err *err)
{
	if (!open_site(site, err))
		return false;
	bool ok = site->node->kind->build(&site->job, err) && inputs_unchanged(site, err);
	if (ok)
		on_step(site, "storing", 0, 0);
	ok = ok && publish(site, err);
	if (!ok && err && err->code == BC_E_IO && err->sys_errno == ENOSPC && !err->hint[0])
		(void)bc_err_hint(err, "make room, or name another place with XDG_CACHE_HOME");
	return ok;
}

bool bc_job_build(struct bc_build *build, struct bc_node *node, bool *was_hit, struct bc_err *err)
{
	struct site site = {.build = build, .node = node, .temp.lock = -1, .job.log_fd = -1};
	BC_AUTO_FD lock = bc_store_lock(
		build->store, node->key, build->options.cancelled, on_wait, &site, err);
	if (lock < 0)
		return bc_err_prefix(err, "%s", node->title);
	BC_AUTO_FREE char *there = bc_store_find(build->store, node->key);
	if (there) {
		*was_hit = true;
		return true;
	}
	bool ok = build_in(&site, err);
	if (!ok) {
		(void)bc_err_prefix(err, "%s", node->title);
		if (err && !err->file[0] && node->loc.file)
			(void)bc_err_at(err, node->loc.file, node->loc.line, node->loc.col);
	}
	if (site.log)
		keep_log(&site, !ok, err);
	close_site(&site);
	return ok;
}
