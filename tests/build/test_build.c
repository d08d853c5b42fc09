#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <bootcheck/sys/digest.h>

#include "../check_main.h"
#include "helper.h"

static char *dir, *cache;

static void setup(void)
{
	dir = bc_fs_temp_dir(NULL, "build-", NULL);
	ck_assert_ptr_nonnull(dir);
	cache = bc_path_join(dir, "cache");
}

static void teardown(void)
{
	ck_assert(bc_fs_remove(dir, NULL));
	free(dir);
	free(cache);
}

static void put(const char *path, const char *text)
{
	BC_AUTO_FREE char *full = bc_path_join(dir, path);
	BC_AUTO_FREE char *parent = bc_path_dir(full);
	ck_assert(bc_fs_mkdirs(parent, 0755, NULL));
	ck_assert(bc_fs_write(full, text, strlen(text), NULL));
}

/* One case in one build, from start to end. */
struct bench {
	struct bc_case *c;
	struct bc_build *build;
	struct bc_err err;
	bool added;
};

static void bench_cleanup(struct bench *b)
{
	bc_build_free(b->build);
	bc_case_free(b->c);
}

static void add(struct bench *b, const char *artifacts, const char *const *refs,
	struct bc_build_options options)
{
	if (!options.cache_dir)
		options.cache_dir = cache;
	options.jobs = 4;
	b->c = new_case(dir, artifacts, refs);
	b->build = bc_build_new(&options, &b->err);
	ck_assert_msg(b->build != NULL, "%s", b->err.message);
	b->added = bc_build_add_case(b->build, b->c, &b->err);
}

static void run(struct bench *b)
{
	ck_assert_msg(b->added, "%s", b->err.message);
	ck_assert_msg(bc_build_run(b->build, &b->err), "%s", b->err.message);
}

struct info {
	enum bc_node_state state;
	char key[BC_DIGEST_HEX], why[1000];
	const char *artifact; /* wanted */
};

static void take_info(void *ctx, const struct bc_node_info *node)
{
	struct info *info = ctx;
	if (!node->artifact || strcmp(node->artifact, info->artifact) != 0)
		return;
	info->state = node->state;
	snprintf(info->key, sizeof(info->key), "%s", node->key ? node->key : "");
	snprintf(info->why, sizeof(info->why), "%s", node->why ? node->why : "");
}

static struct info explain(struct bench *b, const char *artifact)
{
	struct info info = {.artifact = artifact, .state = BC_NODE_UNKNOWN};
	bc_build_explain(b->build, b->c, take_info, &info);
	return info;
}

static char *path_of(struct bench *b, const char *ref)
{
	char *path = bc_build_path(b->build, b->c, ref, &b->err);
	ck_assert_msg(path != NULL, "%s: %s", ref, b->err.message);
	return path;
}

static const char *const rootfs_only[] = {"${rootfs}", NULL};
static const char rootfs[] =
	"{\"rootfs\": {\"initramfs\": {\"from\": [\"tree\"], \"init\": \"#!/bin/sh\\n\", "
	"\"nodes\": [{\"path\": \"/dev/console\", \"type\": \"c\", \"major\": 5, \"minor\": 1}]}}}";

START_TEST(builds_once)
{
	put("tree/etc/motd", "hello\n");
	char key[BC_DIGEST_HEX];
	{
		__attribute__((cleanup(bench_cleanup))) struct bench b = {0};
		add(&b, rootfs, rootfs_only, (struct bc_build_options){0});
		ck_assert_int_eq(explain(&b, "rootfs").state, BC_NODE_MISS);
		run(&b);
		struct info info = explain(&b, "rootfs");
		ck_assert_int_eq(info.state, BC_NODE_BUILT);
		memcpy(key, info.key, sizeof(key));
		BC_AUTO_FREE char *path = path_of(&b, "${rootfs}");
		ck_assert(bc_has_suffix(path, "/out/initramfs.cpio"));
		struct stat st;
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(st.st_mode & 0777, 0444);
	}
	__attribute__((cleanup(bench_cleanup))) struct bench b = {0};
	add(&b, rootfs, rootfs_only, (struct bc_build_options){.offline = true});
	struct info info = explain(&b, "rootfs");
	ck_assert_int_eq(info.state, BC_NODE_HIT);
	ck_assert_str_eq(info.key, key);
	run(&b);
	ck_assert_int_eq(explain(&b, "rootfs").state, BC_NODE_HIT);
}
END_TEST

START_TEST(names_the_input_that_changed)
{
	put("tree/etc/motd", "hello\n");
	__attribute__((cleanup(bench_cleanup))) struct bench first = {0}, second = {0}, third = {0};
	add(&first, rootfs, rootfs_only, (struct bc_build_options){0});
	ck_assert_str_eq(explain(&first, "rootfs").why, "never built here");
	run(&first);
	put("tree/etc/motd", "hellO\n");
	add(&second, rootfs, rootfs_only, (struct bc_build_options){0});
	struct info info = explain(&second, "rootfs");
	ck_assert_int_eq(info.state, BC_NODE_MISS);
	ck_assert_msg(bc_has_prefix(info.why, "input from[0] changed: path tree "), "%s", info.why);
	ck_assert_msg(!strstr(info.why, ";"), "%s", info.why);
	BC_AUTO_FREE char *other = bc_asprintf("%s", rootfs);
	char *bin = strstr(other, "/bin/sh");
	memcpy(bin, "/bin/ls", 7);
	put("tree/etc/motd", "hello\n");
	add(&third, other, rootfs_only, (struct bc_build_options){0});
	info = explain(&third, "rootfs");
	ck_assert_msg(bc_has_prefix(info.why, "init changed: "), "%s", info.why);
}
END_TEST

/* The same content, found in another order, with another umask, other times, in another folder. */
static void make_tree(const char *name, bool backwards)
{
	static const char *const files[] = {"a", "b/c", "b/d", "e/f/g"};
	BC_AUTO_FREE char *top = bc_path_join(dir, name);
	for (size_t i = 0; i < BC_LEN(files); i++) {
		BC_AUTO_FREE char *path =
			bc_asprintf("%s/%s", name, files[backwards ? BC_LEN(files) - 1 - i : i]);
		put(path, bc_path_base(path));
		BC_AUTO_FREE char *full = bc_path_join(dir, path);
		ck_assert_int_eq(chmod(full, backwards ? 0600 : 0664), 0);
		struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = backwards ? 1000 : 2000}};
		ck_assert_int_eq(utimensat(AT_FDCWD, full, times, 0), 0);
	}
	ck_assert_int_eq(chmod(top, backwards ? 0700 : 0775), 0);
}

static void build_bytes(const char *tree, const char *compress, mode_t mask,
	char sum[BC_DIGEST_HEX], char key[BC_DIGEST_HEX])
{
	__attribute__((cleanup(bench_cleanup))) struct bench b = {0};
	BC_AUTO_FREE char *own = bc_asprintf("%s/cache-%s-%s", dir, tree, compress);
	BC_AUTO_FREE char *text = bc_asprintf(
		"{\"rootfs\": {\"initramfs\": {\"from\": [\"%s\"], \"compress\": \"%s\", "
		"\"applets\": "
		"{\"names\": [\"sh\", \"ls\"]}, \"dirs\": [\"proc\", {\"path\": \"tmp\", \"mode\": "
		"\"01777\"}]}}}",
		tree, compress);
	mode_t before = umask(mask);
	add(&b, text, rootfs_only, (struct bc_build_options){.cache_dir = own});
	run(&b);
	umask(before);
	BC_AUTO_FREE char *path = path_of(&b, "${rootfs}");
	ck_assert(bc_digest_file(path, sum, NULL));
	memcpy(key, explain(&b, "rootfs").key, BC_DIGEST_HEX);
}

START_TEST(same_input_same_bytes)
{
	char sums[4][BC_DIGEST_HEX], keys[4][BC_DIGEST_HEX];
	make_tree("one", false);
	make_tree("two", true);
	build_bytes("one", "none", 022, sums[0], keys[0]);
	build_bytes("two", "none", 077, sums[1], keys[1]);
	build_bytes("one", "gzip", 0, sums[2], keys[2]);
	build_bytes("two", "gzip", 077, sums[3], keys[3]);
	ck_assert_str_eq(sums[0], sums[1]);
	ck_assert_str_eq(keys[0], keys[1]);
	ck_assert_str_eq(sums[2], sums[3]);
	ck_assert_str_eq(keys[2], keys[3]);
	ck_assert_str_ne(sums[0], sums[2]);
	ck_assert_str_ne(keys[0], keys[2]);
}
END_TEST

START_TEST(equal_artifacts_are_one_node)
{
	put("x", "x");
	__attribute__((cleanup(bench_cleanup))) struct bench b = {0};
	static const char *const refs[] = {"${a}", "${b}", "-drive file=${a}", NULL};
	add(&b, "{\"a\": {\"file\": {\"source\": \"x\"}}, \"b\": {\"file\": {\"source\": \"x\"}}}",
		refs, (struct bc_build_options){0});
	run(&b);
	BC_AUTO_FREE char *a = path_of(&b, "${a}");
	BC_AUTO_FREE char *other = path_of(&b, "${b}");
	ck_assert_str_eq(a, other);
	BC_AUTO_FREE char *plain = path_of(&b, "x");
	ck_assert(bc_has_prefix(plain, dir) && bc_has_suffix(plain, "/x"));
	ck_assert_ptr_null(bc_build_path(b.build, b.c, "nothing-there", &b.err));
	ck_assert_int_eq(b.err.code, BC_E_MISSING);
}
END_TEST

static const struct {
	const char *artifacts, *message;
} wrong[] = {
	{"{\"rootfs\": {\"tree\": [\"${b}\"]}, \"b\": {\"tree\": [\"${rootfs}\"]}}",
		"'rootfs' is made from itself"},
	{"{\"rootfs\": {\"tree\": [\"${roots}\"]}, \"root\": {\"tree\": []}}",
		"there is no artifact 'roots'"},
	{"{\"rootfs\": {\"tree\": [\"no-such-folder\"]}}", "no-such-folder"},
	{"{\"rootfs\": {\"tree\": [\"${a}/b\"]}}", "neither a path nor one reference"},
	{"{\"rootfs\": {\"url\": \"gopher://x/y\", \"sha256\": \"00\"}}", "gopher://x/y"},
	{"{\"rootfs\": {\"url\": \"http://x/y\", \"sha256\": \"00\"}}", "no sha256"},
	{"{\"rootfs\": {\"apt\": \"../evil\", \"arch\": \"armhf\"}}", "../evil"},
	{"{\"rootfs\": {\"apt\": \"x\", \"arch\": \"--help\"}}", "--help"},
	{"{\"rootfs\": {\"apt\": \"x\", \"version\": \"-o x\"}}", "-o x"},
	{"{\"rootfs\": {\"file\": {\"name\": \"x\"}}}", "`content` or `source`"},
	{"{\"rootfs\": {\"initramfs\": {\"dirs\": [\"/../x\"]}}}", "/../x"},
	{"{\"rootfs\": {\"initramfs\": {\"dirs\": [\"/\"]}}}", "'/'"},
	{"{\"rootfs\": {\"initramfs\": {\"dirs\": [{\"path\": \"x\", \"mode\": \"755\"}]}}}",
		"755"},
};

START_TEST(tells_what_a_case_has_wrong)
{
	__attribute__((cleanup(bench_cleanup))) struct bench b = {0};
	add(&b, wrong[_i].artifacts, rootfs_only, (struct bc_build_options){0});
	ck_assert(!b.added);
	ck_assert_int_eq(b.err.code, BC_E_CASE);
	ck_assert_str_eq(b.err.file, "case.yaml");
	ck_assert_msg(strstr(b.err.message, wrong[_i].message) != NULL, "%s", b.err.message);
}
END_TEST

START_TEST(a_failure_reaches_who_needs_it)
{
	__attribute__((cleanup(bench_cleanup))) struct bench b = {0};
	static const char *const refs[] = {"${rootfs}", "${good}", NULL};
	BC_AUTO_FREE char *text =
		bc_asprintf("{\"rootfs\": {\"initramfs\": {\"from\": [{\"file\": \"${bad}\"}]}}, "
			    "\"good\": {\"file\": {\"content\": \"x\"}}, "
			    "\"bad\": {\"url\": \"file://%s/none\", \"sha256\": \"%064d\"}}",
			dir, 0);
	add(&b, text, refs, (struct bc_build_options){0});
	run(&b);
	ck_assert_int_eq(explain(&b, "good").state, BC_NODE_BUILT);
	ck_assert_int_eq(explain(&b, "rootfs").state, BC_NODE_FAILED);
	ck_assert_ptr_null(bc_build_path(b.build, b.c, "${rootfs}", &b.err));
	ck_assert_int_eq(b.err.code, BC_E_CONTENT);
	ck_assert_ptr_nonnull(strstr(b.err.message, "needs what failed: url file://"));
	BC_AUTO_FREE char *good = path_of(&b, "${good}");
	ck_assert_ptr_nonnull(good);
}
END_TEST

START_TEST(downloads_and_unpacks)
{
	char sum[BC_DIGEST_HEX];
	const char *deb = BC_SOURCE_DIR "/tests/fuzz/corpus/archive/good.deb";
	__attribute__((cleanup(bench_cleanup))) struct bench b = {0}, again = {0};
	static const char *const refs[] = {"${tree}", "${rootfs}", NULL};
	ck_assert(bc_digest_file(deb, sum, NULL));
	BC_AUTO_FREE char *text = bc_asprintf(
		"{\"tree\": {\"url\": \"file://%s\", \"sha256\": \"%s\", \"extract\": true}, "
		"\"rootfs\": {\"initramfs\": {\"from\": [{\"tree\": \"${tree}\", \"to\": "
		"\"/sub\"}]}}}",
		deb, sum);
	add(&b, text, refs, (struct bc_build_options){.offline = true});
	run(&b);
	BC_AUTO_FREE char *a = path_of(&b, "${tree:bin/a}");
	BC_AUTO_FREE char *by_link = path_of(&b, "${tree:bin/b}");
	ck_assert_str_eq(a, by_link);
	/* The device node that could not be unpacked is in the initramfs. */
	BC_AUTO_FREE char *cpio = path_of(&b, "${rootfs}");
	BC_AUTO(bc_buf) bytes = {0};
	ck_assert(bc_fs_read(cpio, 1 << 20, &bytes, NULL));
	ck_assert_ptr_nonnull(memmem(bytes.data, bytes.len, "sub/dev/console", 15));
	ck_assert_ptr_nonnull(memmem(bytes.data, bytes.len, "sub/pipe", 8));
	/* A hit needs neither its inputs nor their source. */
	BC_AUTO_FREE char *gone = bc_asprintf("%s", text);
	memcpy(strstr(gone, "/corpus/"), "/nowhere", 8);
	add(&again, gone, refs, (struct bc_build_options){0});
	run(&again);
	ck_assert_int_eq(explain(&again, "rootfs").state, BC_NODE_HIT);
}
END_TEST

/* RLIMIT_FSIZE makes writes fail as a full disk does (EFBIG for ENOSPC): what it shows is that a write that
 * fails names the artifact and the place, and leaves nothing that looks finished. */
START_TEST(a_disk_that_takes_no_more)
{
	BC_AUTO_FREE char *big = bc_calloc(200001, 1);
	struct rlimit limit;
	memset(big, 'x', 200000);
	put("tree/big", big);
	__attribute__((cleanup(bench_cleanup))) struct bench b = {0}, again = {0};
	add(&b, rootfs, rootfs_only, (struct bc_build_options){0});
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	rlim_t before = limit.rlim_cur;
	limit.rlim_cur = 100000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	run(&b);
	limit.rlim_cur = before;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_ptr_null(bc_build_path(b.build, b.c, "${rootfs}", &b.err));
	ck_assert_int_eq(b.err.code, BC_E_IO);
	ck_assert_msg(strstr(b.err.message, "rootfs") && strstr(b.err.message, cache), "%s",
		b.err.message);
	add(&again, rootfs, rootfs_only, (struct bc_build_options){0});
	ck_assert_int_eq(explain(&again, "rootfs").state, BC_NODE_MISS);
	run(&again);
	ck_assert_int_eq(explain(&again, "rootfs").state, BC_NODE_BUILT);
}
END_TEST

START_TEST(a_cache_that_cannot_be)
{
	struct bc_err err;
	put("plain", "x");
	BC_AUTO_FREE char *below = bc_path_join(dir, "plain/cache");
	struct bc_build_options options = {.cache_dir = below, .jobs = 1};
	ck_assert_ptr_null(bc_build_new(&options, &err));
	ck_assert_int_eq(err.code, BC_E_IO);
	ck_assert_ptr_nonnull(strstr(err.message, "plain"));
	ck_assert_ptr_nonnull(strstr(err.hint, "XDG_CACHE_HOME"));
}
END_TEST

/* A child process that builds, and stops in the middle of it until it is told to go on. */
struct worker {
	pid_t pid;
	int said, go; /* our ends */
};

struct child_ends {
	int say, go;
	const char *stop_at;
};

static void child_progress(void *ctx, const struct bc_progress *p)
{
	const struct child_ends *ends = ctx;
	char line[128], c;
	int n = snprintf(line, sizeof(line), "%d %s\n", (int)p->kind, p->text ? p->text : "");
	if (write(ends->say, line, (size_t)n) != n)
		_exit(9);
	if (ends->stop_at && p->kind == BC_PROGRESS_BUILD_STEP &&
		strcmp(p->text, ends->stop_at) == 0 && read(ends->go, &c, 1) != 1)
		_exit(9);
}

static struct worker start_worker(const char *stop_at)
{
	int say[2], go[2];
	ck_assert_int_eq(pipe2(say, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(go, O_CLOEXEC), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		struct child_ends ends = {say[1], go[0], stop_at};
		struct bc_build_options options = {
			.cache_dir = cache, .jobs = 1, .watcher = {child_progress, &ends}};
		struct bc_case *c = new_case(dir, rootfs, rootfs_only);
		struct bc_build *build = bc_build_new(&options, NULL);
		bool ok = build && bc_build_add_case(build, c, NULL) && bc_build_run(build, NULL);
		BC_AUTO_FREE char *path = ok ? bc_build_path(build, c, "${rootfs}", NULL) : NULL;
		_exit(path ? 0 : 1);
	}
	close(say[1]);
	close(go[0]);
	return (struct worker){pid, say[0], go[1]};
}

/* Reads what the worker says until a line holds word. */
static void wait_for(struct worker *w, const char *word)
{
	BC_AUTO(bc_buf) text = {0};
	char c;
	while (read(w->said, &c, 1) == 1) {
		bc_buf_addc(&text, c);
		if (c == '\n' && strstr(text.data, word))
			return;
		if (c == '\n')
			bc_buf_clear(&text);
	}
	ck_abort_msg("the worker ended without saying '%s'", word);
}

static int end_of(struct worker *w)
{
	int status;
	ck_assert_int_eq(waitpid(w->pid, &status, 0), w->pid);
	close(w->said);
	close(w->go);
	return status;
}

static size_t count_in(const char *folder)
{
	BC_AUTO_FREE char *path = bc_path_join(cache, folder);
	BC_AUTO(bc_strs) names = {0};
	size_t n = 0;
	ck_assert(bc_fs_list(path, &names, NULL));
	for (size_t i = 0; i < names.len; i++)
		n += names.items[i][0] != '.';
	return n;
}

START_TEST(two_processes_build_one_thing_once)
{
	put("tree/x", "x");
	struct worker first = start_worker("storing");
	wait_for(&first, "storing");
	struct worker second = start_worker(NULL);
	wait_for(&second, "waiting for another bootcheck");
	ck_assert_uint_eq(count_in("store"), 0);
	ck_assert_int_eq(write(first.go, "x", 1), 1);
	wait_for(&first, "built");
	wait_for(&second, "hit");
	ck_assert_int_eq(end_of(&first), 0);
	ck_assert_int_eq(end_of(&second), 0);
	ck_assert_uint_eq(count_in("store"), 1);
	ck_assert_uint_eq(count_in("tmp"), 0);
}
END_TEST

START_TEST(a_killed_build_leaves_nothing)
{
	put("tree/x", "x");
	struct worker worker = start_worker("storing");
	wait_for(&worker, "storing");
	ck_assert_uint_eq(count_in("tmp"), 1);
	kill(worker.pid, SIGKILL);
	ck_assert(WIFSIGNALED(end_of(&worker)));
	ck_assert_uint_eq(count_in("store"), 0);
	ck_assert_uint_eq(count_in("tmp"), 1);
	__attribute__((cleanup(bench_cleanup))) struct bench b = {0};
	add(&b, rootfs, rootfs_only, (struct bc_build_options){0});
	ck_assert_uint_eq(count_in("tmp"), 0);
	run(&b);
	ck_assert_int_eq(explain(&b, "rootfs").state, BC_NODE_BUILT);
}
END_TEST

START_TEST(cleaning_spares_the_living)
{
	put("tree/x", "x");
	struct worker worker = start_worker("storing");
	wait_for(&worker, "storing");
	struct bc_build_options options = {.cache_dir = cache, .jobs = 1};
	struct bc_build *build = bc_build_new(&options, NULL);
	ck_assert_ptr_nonnull(build);
	ck_assert_uint_eq(count_in("tmp"), 1);
	bc_build_free(build);
	ck_assert_int_eq(write(worker.go, "x", 1), 1);
	ck_assert_int_eq(end_of(&worker), 0);
}
END_TEST

START_TEST(a_damaged_entry_is_built_again)
{
	put("tree/x", "x");
	__attribute__((cleanup(bench_cleanup))) struct bench b = {0}, again = {0};
	add(&b, rootfs, rootfs_only, (struct bc_build_options){0});
	run(&b);
	BC_AUTO_FREE char *path = path_of(&b, "${rootfs}");
	BC_AUTO_FREE char *out = bc_path_dir(path);
	BC_AUTO_FREE char *entry = bc_path_dir(out);
	BC_AUTO_FREE char *manifest = bc_path_join(entry, "manifest.json");
	ck_assert_int_eq(chmod(entry, 0755), 0);
	ck_assert(bc_fs_write(manifest, "{", 1, NULL));
	add(&again, rootfs, rootfs_only, (struct bc_build_options){0});
	ck_assert_int_eq(explain(&again, "rootfs").state, BC_NODE_MISS);
	ck_assert_str_eq(explain(&again, "rootfs").why, "built before, but no longer in the store");
	run(&again);
	ck_assert_int_eq(explain(&again, "rootfs").state, BC_NODE_BUILT);
}
END_TEST

START_TEST(cancelled_before_and_between)
{
	put("tree/x", "x");
	volatile int cancelled = 1;
	__attribute__((cleanup(bench_cleanup))) struct bench b = {0};
	add(&b, rootfs, rootfs_only, (struct bc_build_options){.cancelled = &cancelled});
	ck_assert(!bc_build_run(b.build, &b.err));
	ck_assert_int_eq(b.err.code, BC_E_CANCELLED);
	ck_assert_uint_eq(count_in("store"), 0);
}
END_TEST

START_TEST(a_changed_file_is_noticed)
{
	char keys[2][BC_DIGEST_HEX];
	struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	BC_AUTO_FREE char *full = bc_path_join(dir, "tree/x");
	for (int i = 0; i < 2; i++) {
		/* Of the same size, with its time set back: only the time of the change differs. */
		put("tree/x", i ? "b" : "a");
		ck_assert_int_eq(utimensat(AT_FDCWD, full, times, 0), 0);
		__attribute__((cleanup(bench_cleanup))) struct bench b = {0};
		add(&b, rootfs, rootfs_only, (struct bc_build_options){0});
		memcpy(keys[i], explain(&b, "rootfs").key, BC_DIGEST_HEX);
	}
	ck_assert_str_ne(keys[0], keys[1]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("build");
	TCase *t = tcase_create("all");
	const TTest *const all[] = {builds_once, names_the_input_that_changed,
		same_input_same_bytes, equal_artifacts_are_one_node, a_failure_reaches_who_needs_it,
		downloads_and_unpacks, a_disk_that_takes_no_more, a_cache_that_cannot_be,
		two_processes_build_one_thing_once, a_killed_build_leaves_nothing,
		cleaning_spares_the_living, a_damaged_entry_is_built_again,
		cancelled_before_and_between, a_changed_file_is_noticed};
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < BC_LEN(all); i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, tells_what_a_case_has_wrong, 0, (int)BC_LEN(wrong));
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN_OF(suite)
