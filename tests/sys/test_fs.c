#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/fs.h>

#include "../check_main.h"

static char *dir, *file;

static void setup(void)
{
	struct bc_err err;
	dir = bc_fs_temp_dir(NULL, "fs-", &err);
	ck_assert_msg(dir != NULL, "%s", err.message);
	file = bc_path_join(dir, "file");
}

static void teardown(void)
{
	ck_assert(bc_fs_remove(dir, NULL));
	free(dir);
	free(file);
}

START_TEST(writes_and_reads)
{
	BC_AUTO(bc_buf) text = {0};
	struct bc_err err;
	struct stat st;
	umask(027);
	ck_assert(bc_fs_write(file, "one", 3, &err));
	ck_assert(bc_fs_write(file, "second", 6, &err));
	ck_assert(bc_fs_read(file, 6, &text, &err));
	ck_assert_str_eq(text.data, "second");
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	ck_assert_int_eq(bc_fs_size(file), 6);
	ck_assert(!bc_fs_read(file, 5, &text, &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
	ck_assert(!bc_fs_read(dir, 100, &text, &err));
	ck_assert_int_eq(err.sys_errno, EISDIR);
	BC_AUTO_FREE char *none = bc_path_join(dir, "none");
	ck_assert(!bc_fs_read(none, 100, &text, &err));
	ck_assert_int_eq(err.sys_errno, ENOENT);
	ck_assert_ptr_nonnull(strstr(err.message, none));
	ck_assert_int_eq(bc_fs_size(none), -1);
}
END_TEST

/* A write that fails must not touch what was there, and leave nothing beside it. */
/* Wherever the mark stands, across the pieces that are read too. */
START_TEST(reads_around_a_mark)
{
	static const size_t places[] = {0, 5, (256 << 10) - 3, (256 << 10) - 6, 700000};
	BC_AUTO(bc_buf) text = {0};
	size_t size = (size_t)1 << 20;
	BC_AUTO_FREE char *data = bc_calloc(1, size);
	memset(data, '.', size);
	for (size_t i = 0; i < BC_LEN(places); i++) {
		size_t at = places[i], before = at < 10 ? at : 10;
		memset(data, '.', size);
		memcpy(data + at, "marked", 6);
		ck_assert(bc_fs_write(file, data, size, NULL));
		bc_buf_clear(&text);
		ck_assert(bc_fs_read_around(file, "marked", 6, 10, &text));
		ck_assert_uint_eq(text.len, before + 16);
		ck_assert_mem_eq(text.data, data + at - before, text.len);
	}
	bc_buf_clear(&text);
	ck_assert(!bc_fs_read_around(file, "absent", 6, 10, &text));
	ck_assert(bc_fs_write(file, "marked", 6, NULL));
	ck_assert(bc_fs_read_around(file, "marked", 6, 10, &text));
	ck_assert_uint_eq(text.len, 6);
	ck_assert_str_eq(text.data, "marked");
	ck_assert(!bc_fs_read_around(dir, "marked", 6, 10, &text));
}
END_TEST

START_TEST(a_failed_write_keeps_the_old)
{
	BC_AUTO(bc_buf) text = {0};
	BC_AUTO(bc_strs) names = {0};
	BC_AUTO_FREE char *big = bc_calloc(20000, 1);
	struct bc_err err;
	struct rlimit limit = {.rlim_cur = 10000, .rlim_max = RLIM_INFINITY};
	ck_assert(bc_fs_write(file, "old", 3, &err));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = 10000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert(!bc_fs_write(file, big, 20000, &err));
	ck_assert_int_eq(err.sys_errno, EFBIG);
	ck_assert_ptr_nonnull(strstr(err.message, file));
	ck_assert(bc_fs_read(file, 10, &text, &err));
	ck_assert_str_eq(text.data, "old");
	ck_assert(bc_fs_list(dir, &names, &err));
	ck_assert_uint_eq(names.len, 1);
}
END_TEST

START_TEST(folders)
{
	struct bc_err err;
	BC_AUTO(bc_strs) names = {0};
	BC_AUTO_FREE char *deep = bc_path_join(dir, "b/c/d");
	BC_AUTO_FREE char *a = bc_path_join(dir, "a");
	BC_AUTO_FREE char *below = bc_path_join(dir, "a/x");
	ck_assert(bc_fs_mkdirs(deep, 0755, &err));
	ck_assert(bc_fs_mkdirs(deep, 0755, &err));
	ck_assert(bc_fs_is_dir(deep));
	ck_assert(bc_fs_write(a, "", 0, &err));
	ck_assert(!bc_fs_mkdirs(below, 0755, &err));
	ck_assert_int_eq(err.code, BC_E_IO);
	ck_assert(!bc_fs_mkdirs(a, 0755, &err));
	ck_assert(bc_fs_list(dir, &names, &err));
	ck_assert_uint_eq(names.len, 2);
	ck_assert_str_eq(names.items[0], "a");
	ck_assert(!bc_fs_list(a, &names, &err));
}
END_TEST

START_TEST(removes_all_but_what_links_point_to)
{
	struct bc_err err;
	BC_AUTO_FREE char *tree = bc_path_join(dir, "tree");
	BC_AUTO_FREE char *sub = bc_path_join(dir, "tree/sub");
	BC_AUTO_FREE char *inner = bc_path_join(dir, "tree/sub/x");
	BC_AUTO_FREE char *link = bc_path_join(dir, "tree/sub/link");
	ck_assert(bc_fs_mkdirs(sub, 0755, &err));
	ck_assert(bc_fs_write(inner, "x", 1, &err));
	ck_assert(bc_fs_write(file, "stays", 5, &err));
	ck_assert_int_eq(symlink(dir, link), 0);
	ck_assert_int_eq(chmod(inner, 0400), 0);
	ck_assert_int_eq(chmod(sub, 0500), 0);
	ck_assert_msg(bc_fs_remove(tree, &err), "%s", err.message);
	ck_assert(!bc_fs_exists(tree));
	ck_assert(bc_fs_exists(file));
	ck_assert(bc_fs_remove(tree, &err)); /* nothing there is fine */
}
END_TEST

START_TEST(links)
{
	BC_AUTO_FREE char *link = bc_path_join(dir, "latest");
	char target[64] = "";
	ck_assert(bc_fs_symlink("one", link, NULL));
	ck_assert(bc_fs_symlink("two", link, NULL));
	ck_assert_int_eq(readlink(link, target, sizeof(target)), 3);
	ck_assert_str_eq(target, "two");
	ck_assert(!bc_fs_exists(link)); /* it dangles */
}
END_TEST

START_TEST(absolute_paths)
{
	ck_assert_int_eq(chdir("/usr"), 0);
	BC_AUTO_FREE char *a = bc_fs_absolute("bin/../lib/./x");
	BC_AUTO_FREE char *b = bc_fs_absolute("/a//b/../c");
	ck_assert_str_eq(a, "/usr/lib/x");
	ck_assert_str_eq(b, "/a/c");
}
END_TEST

START_TEST(cache_folders)
{
	setenv("HOME", "/home/x", 1);
	setenv("XDG_CACHE_HOME", "/var/x", 1);
	BC_AUTO_FREE char *xdg = bc_fs_cache_dir();
	ck_assert_str_eq(xdg, "/var/x/bootcheck");
	setenv("XDG_CACHE_HOME", "relative", 1); /* the XDG specification has it ignored */
	BC_AUTO_FREE char *home = bc_fs_cache_dir();
	ck_assert_str_eq(home, "/home/x/.cache/bootcheck");
	unsetenv("HOME");
	BC_AUTO_FREE char *none = bc_fs_cache_dir();
	BC_AUTO_FREE char *expected = bc_asprintf("/tmp/bootcheck-%ld", (long)getuid());
	ck_assert_str_eq(none, expected);
}
END_TEST

START_TEST(locks_between_processes)
{
	int said[2], status;
	char c;
	struct bc_err err;
	volatile int cancelled = 1;
	ck_assert_int_eq(pipe(said), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		int fd = bc_fs_lock(file, false, NULL, NULL);
		if (fd < 0 || write(said[1], "x", 1) != 1)
			_exit(1);
		pause(); /* the lock goes with the process, killed or not */
		_exit(0);
	}
	ck_assert_int_eq(read(said[0], &c, 1), 1);
	ck_assert_int_eq(bc_fs_lock(file, false, NULL, &err), -1);
	ck_assert_int_eq(err.code, BC_E_LIMIT);
	ck_assert_int_eq(bc_fs_lock(file, true, &cancelled, &err), -1);
	ck_assert_int_eq(err.code, BC_E_CANCELLED);
	kill(pid, SIGKILL);
	BC_AUTO_FD got = bc_fs_lock(file, true, NULL, &err);
	ck_assert_int_ge(got, 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	BC_AUTO_FREE char *none = bc_path_join(dir, "none/lock");
	ck_assert_int_eq(bc_fs_lock(none, true, NULL, &err), -1);
	ck_assert_int_eq(err.code, BC_E_IO);
	close(said[0]);
	close(said[1]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("fs");
	TCase *t = tcase_create("all");
	const TTest *const all[] = {writes_and_reads, reads_around_a_mark,
		a_failed_write_keeps_the_old, folders, removes_all_but_what_links_point_to, links,
		absolute_paths, cache_folders, locks_between_processes};
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < BC_LEN(all); i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN_OF(suite)
