#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/tree.h>

#include "../check_main.h"

static char *dir;

static void setup(void)
{
	dir = bc_fs_temp_dir(NULL, "tree-", NULL);
	ck_assert_ptr_nonnull(dir);
}

static void teardown(void)
{
	ck_assert(bc_fs_remove(dir, NULL));
	free(dir);
}

static void put(const char *path, const char *text)
{
	BC_AUTO_FREE char *full = bc_path_join(dir, path);
	BC_AUTO_FREE char *parent = bc_path_dir(full);
	ck_assert(bc_fs_mkdirs(parent, 0755, NULL));
	ck_assert(bc_fs_write(full, text, strlen(text), NULL));
}

static void put_link(const char *path, const char *target)
{
	BC_AUTO_FREE char *full = bc_path_join(dir, path);
	ck_assert_int_eq(symlink(target, full), 0);
}

static void add(struct bc_tree *tree, enum bc_entry_type type, const char *path, unsigned mode)
{
	struct bc_entry e = {.type = type, .path = path, .mode = mode};
	e.target = type == BC_ENTRY_LINK ? "x" : NULL;
	bc_tree_add(tree, &e, NULL, type == BC_ENTRY_FILE ? bc_strdup("") : NULL);
}

static char *paths(const struct bc_tree *tree)
{
	BC_AUTO(bc_buf) out = {0};
	for (size_t i = 0; i < tree->len; i++)
		bc_buf_addf(&out, "%s%s", i ? " " : "", tree->items[i].e.path);
	return bc_buf_take(&out);
}

START_TEST(parents_come_first_and_are_made)
{
	BC_AUTO(bc_tree) tree = {0};
	add(&tree, BC_ENTRY_FILE, "a-b", 0644);
	add(&tree, BC_ENTRY_FILE, "a/b/c", 0644);
	add(&tree, BC_ENTRY_DIR, "a", 0700);
	add(&tree, BC_ENTRY_FILE, "a/b.x", 0644);
	ck_assert(bc_tree_merge(&tree, NULL));
	BC_AUTO_FREE char *all = paths(&tree);
	ck_assert_str_eq(all, "a a/b a/b/c a/b.x a-b");
	ck_assert_uint_eq(tree.items[0].e.mode, 0700);
	ck_assert_uint_eq(tree.items[1].e.mode, 0755);
}
END_TEST

START_TEST(later_layers_win)
{
	BC_AUTO(bc_tree) tree = {0};
	add(&tree, BC_ENTRY_FILE, "etc/x/old", 0644);
	add(&tree, BC_ENTRY_FILE, "etc/y", 0600);
	add(&tree, BC_ENTRY_LINK, "etc/x", 0777); /* replaces the folder and all in it */
	add(&tree, BC_ENTRY_FILE, "etc/y", 0640);
	ck_assert(bc_tree_merge(&tree, NULL));
	BC_AUTO_FREE char *all = paths(&tree);
	ck_assert_str_eq(all, "etc etc/x etc/y");
	ck_assert_int_eq(tree.items[1].e.type, BC_ENTRY_LINK);
	ck_assert_uint_eq(tree.items[2].e.mode, 0640);
}
END_TEST

START_TEST(nothing_lies_below_a_file)
{
	BC_AUTO(bc_tree) tree = {0};
	struct bc_err err;
	add(&tree, BC_ENTRY_LINK, "bin", 0777);
	add(&tree, BC_ENTRY_FILE, "bin/sh", 0755);
	ck_assert(!bc_tree_merge(&tree, &err));
	ck_assert_int_eq(err.code, BC_E_CASE);
	ck_assert_ptr_nonnull(strstr(err.message, "'bin/sh' lies below 'bin'"));
}
END_TEST

START_TEST(reads_a_folder_as_git_keeps_it)
{
	BC_AUTO(bc_tree) tree = {0};
	put("sub/prog", "x");
	put("text", "y");
	put(".git/HEAD", "z");
	put_link("link", "../anything");
	BC_AUTO_FREE char *prog = bc_path_join(dir, "sub/prog");
	BC_AUTO_FREE char *text = bc_path_join(dir, "text");
	ck_assert_int_eq(chmod(prog, 0700), 0);
	ck_assert_int_eq(chmod(text, 0606), 0);
	ck_assert(bc_tree_read(&tree, dir, NULL, NULL));
	ck_assert(bc_tree_merge(&tree, NULL));
	BC_AUTO_FREE char *all = paths(&tree);
	ck_assert_str_eq(all, "link sub sub/prog text");
	ck_assert_uint_eq(tree.items[2].e.mode, 0755);
	ck_assert_uint_eq(tree.items[3].e.mode, 0644);
	ck_assert_str_eq(tree.items[0].e.target, "../anything");
}
END_TEST

static void member(const char *name, const char *expected)
{
	struct bc_err err = {0};
	BC_AUTO_FREE char *path = bc_tree_member(dir, name, &err);
	ck_assert_msg(path != NULL, "%s: %s", name, err.message);
	ck_assert_str_eq(path + strlen(dir) + 1, expected);
}

static void no_member(const char *name, const char *message, const char *hint)
{
	struct bc_err err = {0};
	ck_assert_ptr_null(bc_tree_member(dir, name, &err));
	ck_assert_msg(strstr(err.message, message) != NULL, "%s", err.message);
	ck_assert_msg(strstr(err.hint, hint) != NULL, "%s", err.hint);
}

START_TEST(members)
{
	put("boot/vmlinuz-6.1", "");
	put("boot/config-6.1", "");
	put("boot/config-6.12", "");
	put("usr/lib/linux-image-6.1/a9.dtb", "");
	member("boot/vmlinuz-6.1", "boot/vmlinuz-6.1");
	member("/boot/vmlinuz-*", "boot/vmlinuz-6.1");
	member("usr/lib/linux-image-*/a9.dtb", "usr/lib/linux-image-6.1/a9.dtb");
	member("usr/lib", "usr/lib");
	no_member("boot/vmlinux", "nothing in it fits 'boot/vmlinux'", "vmlinuz-6.1");
	no_member("boot/config-*", "2", "boot/config-6.1, boot/config-6.12");
	no_member("boot*vmlinuz-6.1", "nothing", ""); /* `*` is no slash */
	no_member("../x", "outside", "");
	no_member("", "outside", "");
}
END_TEST

START_TEST(links_stay_inside)
{
	put("usr/lib/real", "");
	put_link("lib", "usr/lib");
	put_link("abs", "/usr/lib/real");
	put_link("up", "../../../../../../../../usr/lib/real");
	put_link("out", "/etc/passwd");
	put_link("loop", "loop");
	member("lib/real", "usr/lib/real");
	member("abs", "usr/lib/real");
	member("up", "usr/lib/real"); /* as in a chroot: the root is its own parent */
	no_member("out", "nothing", "");
	no_member("loop", "nothing", "");
	no_member("loop/x", "nothing", "");
}
END_TEST

START_TEST(links_that_programs_follow)
{
	static const struct {
		const char *path, *target;
		bool is_fine;
	} links[] = {
		{"a/b/up", "../..", true},
		{"a/b/file", "../../file", true},
		{"a/gone", "b/nothing", true},
		{"a/out", "../../file", false},
		{"absolute", "/etc/passwd", false},
		{"nowhere", "/no/such/file", false},
		/* By its text it is inside; over the first link it is not. */
		{"over", "a/b/up/../", false},
	};
	put("file", "");
	put("a/b/c", "");
	for (size_t i = 0; i < BC_LEN(links); i++) {
		BC_AUTO(bc_tree) tree = {0};
		struct bc_err err = {0};
		put_link(links[i].path, links[i].target);
		ck_assert(bc_tree_read(&tree, dir, NULL, NULL));
		ck_assert_msg(bc_tree_check_inside(&tree, dir, &err) == links[i].is_fine, "%s: %s",
			links[i].path, err.message);
		if (links[i].is_fine)
			continue;
		ck_assert_int_eq(err.code, BC_E_FORMAT);
		ck_assert_ptr_nonnull(strstr(err.message, links[i].path));
		ck_assert_ptr_nonnull(strstr(err.message, links[i].target));
		BC_AUTO_FREE char *full = bc_path_join(dir, links[i].path);
		ck_assert_int_eq(unlink(full), 0);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tree");
	TCase *t = tcase_create("all");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, parents_come_first_and_are_made);
	tcase_add_test(t, later_layers_win);
	tcase_add_test(t, nothing_lies_below_a_file);
	tcase_add_test(t, reads_a_folder_as_git_keeps_it);
	tcase_add_test(t, members);
	tcase_add_test(t, links_stay_inside);
	tcase_add_test(t, links_that_programs_follow);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN_OF(suite)
