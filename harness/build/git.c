#include <unistd.h>

#include <sys/mman.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/build/git.h>
#include <bootcheck/build/node.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/proc.h>

#define WORDS_MAX ((size_t)1 << 20) /* bytes of what git complains of */

extern char **environ;

/* What of the caller's environment may be needed to reach a server, among what starts with GIT_. */
static bool is_for_servers(const char *variable)
{
	static const char *const prefixes[] = {
		"GIT_SSH", "GIT_SSL_", "GIT_ASKPASS=", "GIT_PROXY_", "GIT_CONFIG_"};
	for (size_t i = 0; i < BC_LEN(prefixes); i++)
		if (bc_has_prefix(variable, prefixes[i]))
			return true;
	return false;
}

/* HOME has more than the configuration: files of what is ignored, and of attributes. */
static bool is_kept(const struct bc_git *git, const char *variable)
{
	/* Its words are quoted, and looked at. */
	if (bc_has_prefix(variable, "LC_ALL=") || bc_has_prefix(variable, "LANGUAGE="))
		return false;
	if (bc_has_prefix(variable, "GIT_"))
		return git->talks && is_for_servers(variable);
	return git->talks ||
		(!bc_has_prefix(variable, "HOME=") && !bc_has_prefix(variable, "XDG_CONFIG_HOME="));
}

static void add(struct bc_strs *env, const char *name, const char *value)
{
	if (value)
		bc_strs_addf(env, "%s=%s", name, value);
}

static void set_env(const struct bc_git *git, struct bc_strs *env)
{
	for (char **variable = environ; *variable; variable++)
		if (is_kept(git, *variable))
			bc_strs_add(env, *variable);
	bc_strs_add(env, "LC_ALL=C.UTF-8");
	bc_strs_add(env, "GIT_TERMINAL_PROMPT=0");
	if (!git->talks) {
		bc_strs_add(env, "GIT_CONFIG_NOSYSTEM=1");
		bc_strs_add(env, "GIT_ATTR_NOSYSTEM=1");
		bc_strs_add(env, "GIT_CONFIG_GLOBAL=/dev/null");
	}
	add(env, "GIT_DIR", git->git_dir);
	add(env, "GIT_OBJECT_DIRECTORY", git->objects);
	add(env, "GIT_INDEX_FILE", git->index);
	add(env, "GIT_WORK_TREE", git->work_tree);
}

/* git's own words behind the exit status: its first "fatal: …", after which come others and advice, or its last line. */
static void quote(int fd, off_t mark, struct bc_err *err)
{
	BC_AUTO_FREE char *path = bc_asprintf("/proc/self/fd/%d", fd);
	BC_AUTO(bc_buf) words = {.max = WORDS_MAX};
	if (!bc_fs_read(path, WORDS_MAX, &words, NULL) || !words.data)
		return;
	if (mark > 0 && (size_t)mark <= words.len)
		bc_buf_drop(&words, (size_t)mark);
	const char *fatal = NULL;
	for (const char *p = words.data; !fatal && (p = strstr(p, "fatal: ")); p++)
		if (p == words.data || p[-1] == '\n')
			fatal = p;
	bc_err_add_last_line(
		err, fatal ? fatal : words.data, fatal ? strcspn(fatal, "\n") : words.len);
}

bool bc_git_run(const struct bc_git *git, const char *const *args, struct bc_buf *output,
	struct bc_err *err)
{
	static const char *const first[] = {"git", "-c", "safe.directory=*", "-c",
		"core.fsmonitor=false", "-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c",
		"protocol.ext.allow=never", "-c", "gc.auto=0"};
	BC_AUTO(bc_strs) argv = {0};
	BC_AUTO(bc_strs) env = {0};
	struct bc_exit status;
	for (size_t i = 0; i < BC_LEN(first); i++)
		bc_strs_add(&argv, first[i]);
	for (; *args; args++)
		bc_strs_add(&argv, *args);
	set_env(git, &env);
	struct bc_command command = {.argv = bc_strs_argv(&argv),
		.env = bc_strs_argv(&env),
		.output = output,
		.log_fd = git->log_fd,
		.timeout_ms = git->limit_ms,
		.cancelled = git->cancelled};
	BC_AUTO_FD own = git->log_fd < 0 ? memfd_create("git", MFD_CLOEXEC) : -1;
	if (own >= 0)
		command.log_fd = own;
	off_t mark = command.log_fd >= 0 ? lseek(command.log_fd, 0, SEEK_END) : 0;
	if (bc_command_run(&command, &status, err))
		return true;
	if (err && err->code == BC_E_COMMAND && command.log_fd >= 0)
		quote(command.log_fd, mark, err);
	return false;
}
