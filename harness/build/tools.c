/* What a program says of its version, remembered for the file that said it. */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>
#include <bootcheck/sys/proc.h>

#define ANSWER_MAX 4096
#define ASK_MS	   20000

struct bc_tool_memo {
	pthread_mutex_t lock;
	struct bc_strs pairs; /* what was asked, what was answered */
};

struct bc_tool_memo *bc_tool_memo_new(void)
{
	struct bc_tool_memo *memo = bc_calloc(1, sizeof(*memo));
	pthread_mutex_init(&memo->lock, NULL);
	return memo;
}

void bc_tool_memo_free(struct bc_tool_memo *memo)
{
	if (!memo)
		return;
	pthread_mutex_destroy(&memo->lock);
	bc_strs_release(&memo->pairs);
	free(memo);
}

static char *memo_get(struct bc_tool_memo *memo, const char *asked)
{
	char *answer = NULL;
	if (!memo)
		return NULL;
	pthread_mutex_lock(&memo->lock);
	for (size_t i = 0; !answer && i + 1 < memo->pairs.len; i += 2)
		if (strcmp(memo->pairs.items[i], asked) == 0)
			answer = bc_strdup(memo->pairs.items[i + 1]);
	pthread_mutex_unlock(&memo->lock);
	return answer;
}

static void memo_put(struct bc_tool_memo *memo, const char *asked, const char *answer)
{
	if (!memo)
		return;
	pthread_mutex_lock(&memo->lock);
	size_t i = 0;
	while (i < memo->pairs.len && strcmp(memo->pairs.items[i], asked) != 0)
		i += 2;
	if (i == memo->pairs.len) {
		bc_strs_add(&memo->pairs, asked);
		bc_strs_add(&memo->pairs, answer);
	} else {
		free(memo->pairs.items[i + 1]);
		memo->pairs.items[i + 1] = bc_strdup(answer);
	}
	pthread_mutex_unlock(&memo->lock);
}

static char *find(const char *program, struct bc_err *err)
{
	char *path = bc_host_find(program);
	if (path)
		return path;
	const char *package = bc_host_package(program);
	(void)bc_fail(err, BC_E_MISSING, 0, "%s is not installed", program);
	if (package)
		(void)bc_err_hint(err, "apt-get install %s", package);
	else
		(void)bc_err_hint(err, "it is looked for in PATH");
	return NULL;
}

bool bc_tool_there(const char *program, struct bc_err *err)
{
	BC_AUTO_FREE char *path = find(program, err);
	return path != NULL;
}

/* Programs in whose place something else may stand: ccache, a toolchain's wrapper. */
static bool is_of_toolchain(const char *tool)
{
	static const char *const tools[] = {"gcc", "cc", "g++", "c++", "clang", "ld", "as"};
	for (size_t i = 0; i < BC_LEN(tools); i++)
		if (strcmp(tool, tools[i]) == 0)
			return true;
	return false;
}

/* False for what asks another program, of which nothing here would show that it is another now: a script, or a file in a
 * compiler's place whose name is not that of the program or of a version of it. (Others are many programs in one file, as
 * depmod is.) */
static bool tells_of_itself(const char *program, const char *real)
{
	const char *dash = strrchr(bc_path_base(program), '-');
	const char *tool = dash && dash[1] ? dash + 1 : bc_path_base(program);
	char start[2] = "";
	BC_AUTO_FD fd = open(real, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, start, sizeof(start)) != (ssize_t)sizeof(start) ||
		memcmp(start, "#!", 2) == 0)
		return false;
	return !is_of_toolchain(tool) ||
		(strstr(bc_path_base(real), tool) && strcmp(bc_path_base(real), "ccache") != 0);
}

/* `<cache>/tools/<sum of argv and path>`, and the first line that it must have. */
static char *memory_path(const char *cache_dir, const char *path, const char *real,
	char *const *argv, struct bc_buf *stamp)
{
	struct stat st = {0};
	char hex[BC_DIGEST_HEX];
	if (stat(path, &st) != 0)
		st.st_size = -1;
	bc_buf_addf(stamp, "%" PRId64 " %" PRId64 ".%09ld %" PRIu64 " %s\n", (int64_t)st.st_size,
		(int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (uint64_t)st.st_ino, real);
	struct bc_digest *digest = bc_digest_new();
	bc_digest_field(digest, "path", path);
	for (size_t i = 1; argv[i]; i++)
		bc_digest_field(digest, "arg", argv[i]);
	bc_digest_end(digest, hex);
	return bc_asprintf("%s/tools/%.32s", cache_dir, hex);
}

static char *recall(const char *file, const struct bc_buf *stamp)
{
	BC_AUTO(bc_buf) text = {0};
	if (!bc_fs_read(file, 2 * ANSWER_MAX, &text, NULL) || text.len <= stamp->len ||
		memcmp(text.data, stamp->data, stamp->len) != 0)
		return NULL;
	return bc_strdup(text.data + stamp->len);
}

static bool ask(const struct bc_resolver *resolver, char *const *argv, struct bc_buf *answer,
	struct bc_err *err)
{
	struct bc_command command = {.argv = argv,
		.output = answer,
		.log_fd = -1,
		.timeout_ms = ASK_MS,
		.cancelled = resolver->cancelled};
	struct bc_exit status;
	if (!bc_command_run(&command, &status, err))
		return bc_err_prefix(err, "the version of %s", argv[0]);
	if (!answer->len || *answer->data == '\n')
		return bc_fail(err, BC_E_FORMAT, 0, "%s does not tell its version", argv[0]);
	answer->data[strcspn(answer->data, "\r\n")] = '\0';
	answer->len = strlen(answer->data);
	return true;
}

/* Where the program is; it is looked for once in a run. */
static char *find_once(const struct bc_resolver *resolver, const char *program, struct bc_err *err)
{
	BC_AUTO_FREE char *asked = bc_asprintf("path of %s", program);
	char *path = memo_get(resolver->tools, asked);
	if (path)
		return path;
	path = find(program, err);
	if (path)
		memo_put(resolver->tools, asked, path);
	return path;
}

/* The identity, from memory unless it is wanted new. */
static enum bc_resolved look_up(const struct bc_resolver *resolver, char *const *argv, bool is_new,
	char **text, struct bc_err *err)
{
	BC_AUTO(bc_buf) stamp = {0};
	BC_AUTO(bc_buf) answer = {.max = ANSWER_MAX};
	BC_AUTO_FREE char *path = find_once(resolver, argv[0], err);
	if (!path)
		return BC_RESOLVE_FAILED;
	BC_AUTO_FREE char *resolved = realpath(path, NULL);
	const char *real = resolved ? resolved : path;
	BC_AUTO_FREE char *file = memory_path(resolver->cache_dir, path, real, argv, &stamp);
	is_new = is_new || !tells_of_itself(argv[0], real);
	*text = is_new ? NULL : recall(file, &stamp);
	if (*text)
		return BC_RESOLVE_DONE;
	/* Also where nothing may be asked that takes time: it takes some ms, once. */
	if (!ask(resolver, argv, &answer, err))
		return BC_RESOLVE_FAILED;
	BC_AUTO_FREE char *dir = bc_path_dir(file);
	bc_buf_addf(&stamp, "%s", answer.data);
	/* Forgetting costs time only. */
	BC_IGNORE(bc_fs_mkdirs(dir, 0755, NULL) &&
		bc_fs_write_unsynced(file, stamp.data, stamp.len, NULL));
	*text = bc_buf_take(&answer);
	return BC_RESOLVE_DONE;
}

/* The same, and within one run the same answer. */
static enum bc_resolved identify(const struct bc_resolver *resolver, char *const *argv, bool is_new,
	char **text, struct bc_err *err)
{
	BC_AUTO(bc_buf) asked = {0};
	bc_escape_argv(&asked, argv);
	*text = is_new ? NULL : memo_get(resolver->tools, asked.data);
	if (*text)
		return BC_RESOLVE_DONE;
	enum bc_resolved done = look_up(resolver, argv, is_new, text, err);
	if (done == BC_RESOLVE_DONE)
		memo_put(resolver->tools, asked.data, *text);
	return done;
}

char *bc_tool_sum(const struct bc_resolver *resolver, const char *program, struct bc_err *err)
{
	BC_AUTO_FREE char *asked = bc_asprintf("sum of %s", program);
	char *known = memo_get(resolver->tools, asked), hex[BC_DIGEST_HEX];
	if (known)
		return known;
	BC_AUTO_FREE char *path = find(program, err);
	if (!path || !bc_pathsum(resolver->cache_dir, path, hex, err))
		return NULL;
	memo_put(resolver->tools, asked, hex);
	return bc_strdup(hex);
}

enum bc_resolved bc_tool_identity(
	const struct bc_resolver *resolver, char *const *argv, char **text, struct bc_err *err)
{
	return identify(resolver, argv, false, text, err);
}

enum bc_resolved bc_tool_library(const struct bc_resolver *resolver, const char *cross_compile,
	const char *name, bool is_new, char **path, struct bc_err *err)
{
	BC_AUTO_FREE char *gcc = bc_asprintf("%sgcc", cross_compile);
	BC_AUTO_FREE char *print = bc_asprintf("-print-file-name=%s", name);
	char *argv[] = {gcc, print, NULL}, *text = NULL;
	enum bc_resolved done = identify(resolver, argv, is_new, &text, err);
	*path = NULL;
	/* A name without a slash is its way to say that it has none. */
	if (done == BC_RESOLVE_DONE && strchr(text, '/'))
		*path = BC_TAKE(text);
	free(text);
	return done;
}

enum bc_resolved bc_tool_resolve(struct bc_node *node, const struct bc_resolver *resolver,
	const char *label, char *const *argv, struct bc_err *err)
{
	char *text = NULL;
	enum bc_resolved done = bc_tool_identity(resolver, argv, &text, err);
	if (done == BC_RESOLVE_DONE)
		bc_node_set(node, label, text);
	free(text);
	return done;
}
