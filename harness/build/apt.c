#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/apt.h>
#include <bootcheck/build/apt_state.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>
#include <bootcheck/sys/proc.h>

#define OUTPUT_MAX ((size_t)16 << 20)

extern char **environ;

/* Of the host's configuration: what would lead back into its state, and what it wants to be run. */
static const char *const dropped[] = {"Dir::State", "Dir::Cache", "Dir::Log", "APT::Architecture",
	"APT::Update::", "APT::Sandbox", "APT::Periodic", "DPkg", "Binary::", "Acquire::Languages",
	"Dir::Etc::main", "Dir::Etc::parts", "Unattended-Upgrade", "quiet"};

static void filter_config(const char *dump, struct bc_buf *out)
{
	for (const char *p = dump; *p;) {
		size_t n = strcspn(p, "\n");
		bool is_kept = true;
		for (size_t i = 0; i < BC_LEN(dropped); i++)
			is_kept = is_kept && !bc_has_prefix(p, dropped[i]);
		if (is_kept) {
			bc_buf_add(out, p, n);
			bc_buf_addc(out, '\n');
		}
		p += n;
		p += *p == '\n';
	}
}

static void add_config(const struct bc_apt_state *state, struct bc_buf *out)
{
	const char *dir = state->dir;
	bc_buf_addf(out, "Dir::State \"%s/state/\";\nDir::State::lists \"lists/\";\n", dir);
	bc_buf_addf(out, "Dir::State::status \"%s/status\";\n", dir);
	bc_buf_addf(out, "Dir::State::extended_states \"extended_states\";\n");
	bc_buf_addf(out, "Dir::Cache \"%s/cache/\";\nDir::Cache::archives \"archives/\";\n", dir);
	bc_buf_addf(out, "Dir::Cache::pkgcache \"pkgcache.bin\";\nDir::Cache::srcpkgcache \"\";\n");
	bc_buf_addf(out, "Dir::Log \"%s/\";\n", dir);
	/* All that was there is above; it is not read again. */
	bc_buf_addf(out, "Dir::Etc::main \"/dev/null\";\nDir::Etc::parts \"/dev/null\";\n");
	if (!state->is_source)
		bc_buf_addf(out, "APT::Architecture \"%s\";\nAPT::Architectures { \"%s\"; };\n",
			state->arch, state->arch);
	/* The download user of apt cannot write into somebody's cache. */
	bc_buf_addf(out, "APT::Sandbox::User \"root\";\nAcquire::Languages \"none\";\n");
	bc_buf_addf(out, "Acquire::Retries \"3\";\nAPT::Color \"0\";\n");
}

/* The parent's environment with our APT_CONFIG; texts in env, which the caller releases. */
static char **make_env(const char *config, struct bc_strs *env)
{
	for (char **e = environ; *e; e++)
		if (!bc_has_prefix(*e, "APT_CONFIG=") && !bc_has_prefix(*e, "LC_ALL=") &&
			!bc_has_prefix(*e, "LANGUAGE="))
			bc_strs_add(env, *e);
	if (config)
		bc_strs_addf(env, "APT_CONFIG=%s", config);
	else if (getenv("APT_CONFIG"))
		bc_strs_addf(env, "APT_CONFIG=%s", getenv("APT_CONFIG"));
	bc_strs_add(env, "LC_ALL=C.UTF-8");
	return bc_strs_argv(env);
}

bool bc_apt_run(const struct bc_apt_state *state, bool is_host, const char *const *argv,
	struct bc_buf *output, struct bc_err *err)
{
	BC_AUTO(bc_strs) env = {0};
	BC_AUTO(bc_strs) args = {0};
	for (const char *const *a = argv; *a; a++)
		bc_strs_add(&args, *a);
	struct bc_command command = {.argv = bc_strs_argv(&args),
		.env = make_env(is_host ? NULL : state->config, &env),
		.cwd = state->dir,
		.output = output,
		.log_fd = state->log_fd,
		.cancelled = state->cancelled};
	struct bc_exit status;
	return bc_command_run(&command, &status, err);
}

bool bc_apt_state_open(struct bc_apt_state *state, const char *cache_dir, const char *arch,
	const volatile int *cancelled, struct bc_err *err)
{
	static const char *const folders[] = {"state/lists/partial", "cache/archives/partial"};
	*state = (struct bc_apt_state){.lock = -1, .log_fd = -1, .cancelled = cancelled};
	state->arch = bc_strdup(arch);
	state->is_source = strcmp(arch, BC_APT_SOURCE) == 0;
	state->dir = bc_asprintf("%s/apt/%s", cache_dir, arch);
	state->config = bc_path_join(state->dir, "apt.conf");
	for (size_t i = 0; i < BC_LEN(folders); i++) {
		BC_AUTO_FREE char *path = bc_path_join(state->dir, folders[i]);
		if (!bc_fs_mkdirs(path, 0755, err))
			return false;
	}
	BC_AUTO_FREE char *lock = bc_path_join(state->dir, "lock");
	BC_AUTO_FREE char *log = bc_path_join(state->dir, "apt.log");
	BC_AUTO_FREE char *status = bc_path_join(state->dir, "status");
	state->lock = bc_fs_lock(lock, true, cancelled, err);
	if (state->lock < 0)
		return false;
	state->log_fd = open(log, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (state->log_fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create %s", log);
	return bc_fs_exists(status) || bc_fs_write(status, "", 0, err);
}

void bc_apt_state_close(struct bc_apt_state *state)
{
	if (state->log_fd >= 0)
		close(state->log_fd);
	if (state->lock >= 0)
		close(state->lock);
	free(state->arch);
	free(state->dir);
	free(state->config);
	*state = (struct bc_apt_state){.lock = -1, .log_fd = -1};
}

bool bc_apt_configure(struct bc_apt_state *state, struct bc_err *err)
{
	static const char *const argv[] = {"apt-config", "dump", NULL};
	BC_AUTO(bc_buf) dump = {.max = OUTPUT_MAX};
	BC_AUTO(bc_buf) text = {.max = OUTPUT_MAX};
	if (!bc_apt_run(state, true, argv, &dump, err)) {
		if (err && err->code == BC_E_MISSING)
			(void)bc_err_hint(err,
				"the `apt` source needs a Debian host with apt; elsewhere, name "
				"the "
				".deb by `url`");
		return false;
	}
	filter_config(dump.data ? dump.data : "", &text);
	add_config(state, &text);
	if (state->is_source && !bc_apt_source_lists(state, &text, err))
		return false;
	return bc_fs_write(state->config, text.data, text.len, err);
}

/* What apt could not fetch. Its warnings about other things, such as a source that has nothing for this
 * architecture, are no concern of ours. */
static void read_complaints(const struct bc_apt_state *state, struct bc_buf *out)
{
	BC_AUTO_FREE char *log = bc_path_join(state->dir, "apt.log");
	BC_AUTO(bc_buf) text = {.max = OUTPUT_MAX};
	if (!bc_fs_read(log, OUTPUT_MAX, &text, NULL) || !text.data)
		return;
	for (const char *p = text.data; *p && out->len < 400;) {
		size_t n = strcspn(p, "\n");
		bool is_one = bc_has_prefix(p, "E: ") || bc_has_prefix(p, "W: Failed to fetch");
		if (is_one && !bc_has_prefix(p, "E: Some index files")) {
			bc_buf_adds(out, out->len ? "; " : "");
			bc_buf_add(out, p, n < 300 ? n : 300);
		}
		p += n;
		p += *p == '\n';
	}
}

bool bc_apt_update(struct bc_apt_state *state, struct bc_buf *complaints, struct bc_err *err)
{
	static const char *const argv[] = {"apt-get", "-q", "update", NULL};
	struct bc_err why = {0};
	if (ftruncate(state->log_fd, 0) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot write apt.log");
	bool ok = bc_apt_run(state, false, argv, NULL, &why);
	read_complaints(state, complaints);
	/* One index out of several may be out of order on the mirror; whether that matters shows when
	 * the package is looked for. */
	if (ok || why.code == BC_E_COMMAND)
		return true;
	if (err)
		*err = why;
	return false;
}

char *bc_apt_show(const struct bc_apt_state *state, const char *package, const char *version,
	struct bc_err *err)
{
	BC_AUTO_FREE char *name =
		version ? bc_asprintf("%s=%s", package, version) : bc_strdup(package);
	const char *const argv[] = {"apt-cache", "show", "--no-all-versions", name, NULL};
	BC_AUTO(bc_buf) out = {.max = OUTPUT_MAX};
	struct bc_err why = {0};
	if (bc_apt_run(state, false, argv, &out, &why) && out.len)
		return bc_buf_take(&out);
	if (why.code != BC_E_COMMAND && why.code != BC_E_NONE) {
		if (err)
			*err = why;
		return NULL;
	}
	(void)bc_fail(err, BC_E_CONTENT, 0,
		"this host's apt sources have no package %s for the architecture %s", name,
		state->arch);
	return NULL;
}

char *bc_apt_field(const char *stanza, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = stanza; *p && *p != '\n';) {
		size_t len = strcspn(p, "\n");
		if (len > n && strncasecmp(p, name, n) == 0 && p[n] == ':') {
			const char *value = p + n + 1;
			value += strspn(value, " \t");
			return value <= p + len ? bc_strndup(value, (size_t)(p + len - value))
						: bc_strdup("");
		}
		p += len;
		p += *p == '\n';
	}
	return NULL;
}

void bc_apt_depends(const char *value, struct bc_strs *names)
{
	for (const char *p = value; *p;) {
		p += strspn(p, " \t,|");
		size_t n = strcspn(p, ",|");
		BC_AUTO_FREE char *one = bc_strndup(p, n);
		size_t name = strcspn(one, " \t(:[<");
		const char *exact = strstr(one, "(=");
		if (name && exact) {
			exact += 2;
			exact += strspn(exact, " \t");
			bc_strs_addf(names, "%.*s=%.*s", (int)name, one,
				(int)strcspn(exact, " \t)"), exact);
		} else if (name) {
			bc_strs_addf(names, "%.*s", (int)name, one);
		}
		p += n;
	}
}

/* apt-get's arguments that download the package; the texts are in args, which the caller releases. */
static char **download_args(const struct bc_apt_package *package, struct bc_strs *args)
{
	bool is_source = strcmp(package->arch, BC_APT_SOURCE) == 0;
	bc_strs_add(args, "apt-get");
	bc_strs_add(args, "-q");
	bc_strs_add(args, is_source ? "source" : "download");
	if (is_source) {
		bc_strs_add(args, "--only-source");
		bc_strs_add(args, "--download-only");
		bc_strs_add(args, "--tar-only");
	}
	if (package->version && *package->version)
		bc_strs_addf(args, "%s=%s", package->package, package->version);
	else
		bc_strs_add(args, package->package);
	return bc_strs_argv(args);
}

static bool download(struct bc_job *job, const struct bc_apt_state *state,
	const struct bc_apt_package *package, const char *dir, struct bc_err *err)
{
	BC_AUTO(bc_strs) env = {0};
	BC_AUTO(bc_strs) args = {0};
	struct bc_err why = {0};
	if (bc_job_run(job, download_args(package, &args), make_env(state->config, &env), dir, NULL,
		    &why))
		return true;
	if (why.code == BC_E_COMMAND) {
		(void)bc_fail(err, BC_E_NET, 0,
			"apt cannot download %s (%s): it is no longer in the archive, or the "
			"network is down",
			args.items[args.len - 1], package->arch);
		return bc_err_hint(err, "--refresh looks for its present version");
	}
	if (err)
		*err = why;
	return false;
}

bool bc_apt_download(struct bc_job *job, const struct bc_apt_package *package, const char *dir,
	struct bc_err *err)
{
	struct bc_apt_state state;
	bool ok = bc_apt_state_open(&state, job->cache_dir, package->arch, job->cancelled, err);
	if (ok && !bc_fs_exists(state.config))
		ok = bc_apt_configure(&state, err);
	ok = ok && download(job, &state, package, dir, err);
	bc_apt_state_close(&state);
	return ok;
}
