/* What needs more than one file, or files that no repository holds. */
#include <errno.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/sys/fs.h>

#include "plan_test.h"

static char *scratch;

static void enter_scratch(void)
{
	struct bc_err err = {0};
	scratch = bc_fs_temp_dir("/tmp", "bootcheck-test-", &err);
	ck_assert_msg(scratch != NULL, "%s", err.message);
	ck_assert_int_eq(chdir(scratch), 0);
}

static void leave_scratch(void)
{
	struct bc_err err = {0};
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_msg(bc_fs_remove(scratch, &err), "%s", err.message);
	free(scratch);
}

static void put(const char *path, const char *text)
{
	struct bc_err err = {0};
	BC_AUTO_FREE char *dir = bc_path_dir(path);
	ck_assert_msg(bc_fs_mkdirs(dir, 0777, &err), "%s", err.message);
	ck_assert_msg(bc_fs_write(path, text, strlen(text), &err), "%s", err.message);
}

static void put_case(const char *path, const char *name, const char *more)
{
	BC_AUTO_FREE char *text = bc_asprintf("bootcheck: 1\nname: %s\n"
					      "machine: {arch: arm, model: virt}\n"
					      "console: [{expect: ok}]\n%s",
		name, more);
	put(path, text);
}

/* "id id …" of the plan; the caller frees. */
static char *ids(const struct bc_plan *plan)
{
	BC_AUTO(bc_buf) out = {0};
	for (size_t i = 0; i < plan->len; i++)
		bc_buf_addf(&out, "%s%s", i ? " " : "", plan->items[i]->id);
	bc_buf_adds(&out, "");
	return bc_buf_take(&out);
}

static void expect_load(const struct bc_plan_options *options, const char *path, const char *want,
	const char *checks)
{
	BC_AUTO(bc_diag) diag = {0};
	struct bc_err err = {0};
	char *paths[] = {(char *)(uintptr_t)path};
	struct bc_plan *plan = bc_plan_load(paths, 1, options, &diag, &err);
	ck_assert_msg(plan != NULL, "%s", err.message);
	BC_AUTO_FREE char *found = ids(plan);
	BC_AUTO_FREE char *names = finding_names(&diag);
	ck_assert_str_eq(found, want);
	ck_assert_str_eq(names, checks);
	bc_plan_free(plan);
}

static void expect_refused(const struct bc_plan_options *options, const char *path,
	const char *message, const char *hint)
{
	BC_AUTO(bc_diag) diag = {0};
	struct bc_err err = {0};
	char *paths[] = {(char *)(uintptr_t)path};
	ck_assert_ptr_null(bc_plan_load(paths, 1, options, &diag, &err));
	ck_assert_int_eq(err.code, BC_E_USAGE);
	ck_assert_msg(strstr(err.message, message) != NULL, "%s", err.message);
	ck_assert_msg(strstr(err.hint, hint) != NULL, "%s", err.hint);
	ck_assert_uint_eq(diag.len, 0);
}

START_TEST(search)
{
	enter_scratch();
	struct bc_plan_options options = fake_options();
	put_case("cases/b.yaml", "b", "");
	put_case("cases/a/z.yml", "z", "");
	put_case("cases/a/.hidden.yaml", "hidden", "");
	put_case("cases/.git/x.yaml", "git", "");
	put("cases/readme.txt", "no case");
	put("cases/parts/p.yaml", "labels: [x]\n");
	put("cases/a/parts/q.yaml", "not: checked\n");
	ck_assert_int_eq(symlink("..", "cases/a/loop"), 0);
	expect_load(&options, "cases", "z b", "");
	expect_load(&options, "cases/a/../b.yaml", "b", "");
	/* A folder called parts that is named itself is searched for cases. */
	put_case("cases/parts/c.yaml", "c", "");
	expect_load(&options, "cases/parts", "c", "");
	leave_scratch();
}
END_TEST

START_TEST(paths_that_are_not_there)
{
	enter_scratch();
	struct bc_plan_options options = fake_options();
	put_case("cases/vexpress.yaml", "v", "");
	put("empty/readme.txt", "x");
	expect_refused(&options, "cases/vexpres.yaml", "no file or folder cases/vexpres.yaml",
		"did you mean cases/vexpress.yaml?");
	expect_refused(&options, "nowhere/at/all", "nowhere/at/all", "no folder nowhere/at");
	expect_refused(&options, "empty", "holds no case", "*.yaml");
	leave_scratch();
}
END_TEST

START_TEST(one_id_twice)
{
	enter_scratch();
	struct bc_plan_options options = fake_options();
	put_case("cases/a.yaml", "same", "");
	put_case("cases/b.yaml", "same", "");
	BC_AUTO(bc_diag) diag = {0};
	struct bc_err err = {0};
	char *paths[] = {"cases", "cases/a.yaml"};
	struct bc_plan *plan = bc_plan_load(paths, 2, &options, &diag, &err);
	BC_AUTO(bc_buf) text = {0};
	bc_diag_render(&diag, &text, false, bc_plan_line, plan);
	/* The file that two paths name is one file, not two cases. */
	ck_assert_str_eq(text.data,
		"cases/b.yaml:2:7: error: the id 'same' is taken [duplicate-id]\n"
		"    2 | name: same\n"
		"      |       ^~~~\n"
		"      cases/a.yaml:2:7: note: also defined here\n");
	bc_plan_free(plan);
	leave_scratch();
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
	enter_scratch();
	struct bc_plan_options options = fake_options();
	put_case("cases/good.yaml", "good", "");
	ck_assert_int_eq(symlink("nowhere", "cases/dangling.yaml"), 0);
	expect_load(&options, "cases", "good", "unreadable");
	ck_assert_int_eq(unlink("cases/dangling.yaml"), 0);

	BC_AUTO_FREE char *big = bc_calloc(10 << 20, 1);
	memset(big, '#', (10 << 20) - 1);
	put("cases/ten-megabytes.yaml", big);
	expect_load(&options, "cases", "good", "unreadable");
	ck_assert_int_eq(unlink("cases/ten-megabytes.yaml"), 0);

	if (geteuid() != 0) {
		put_case("cases/secret.yaml", "secret", "");
		ck_assert_int_eq(chmod("cases/secret.yaml", 0), 0);
		expect_load(&options, "cases", "good", "unreadable");
	}
	leave_scratch();
}
END_TEST

START_TEST(all_findings_of_all_files)
{
	enter_scratch();
	struct bc_plan_options options = fake_options();
	put("cases/a.yaml", "bootcheck: 1\nname: a\nmachine: {arch: arm, modl: x}\nfoo: 1\n");
	put("cases/b.yaml", "broken: [\n");
	put_case("cases/c.yaml", "c", "limits: {boot: 3}\n");
	put_case("cases/d.yaml", "d", "");
	expect_load(&options, "cases", "d", "missing-key unknown-key unknown-key yaml bad-unit");
	leave_scratch();
}
END_TEST

/* A wrong part says so once, however many cases and cells use it. */
START_TEST(parts_complain_once)
{
	enter_scratch();
	struct bc_plan_options options = fake_options();
	put("cases/parts/p.yaml", "limits: {boot: 3}\n");
	put_case("cases/a.yaml", "a", "use: parts/p.yaml\nmatrix: {x: [1, 2, 3]}\nsummary: ${x}\n");
	put_case("cases/b.yaml", "b", "use: parts/p.yaml\n");
	put_case("cases/c.yaml", "c", "");
	expect_load(&options, "cases", "c", "bad-unit");
	put("cases/parts/p.yaml", "limits: {boot: 3s\n");
	expect_load(&options, "cases", "c", "yaml");
	leave_scratch();
}
END_TEST

static void select_matrix(void)
{
	put_case("cases/m.yaml", "m",
		"labels: [arm, slow]\nmatrix: {v: [1, 2, 3], w: [x, y]}\nsummary: ${v}${w}\n");
	put_case("cases/n.yaml", "n", "labels: [arm]\n");
	put_case("cases/o.yaml", "o", "vars: {v: 9}\nsummary: ${v}\n");
}

static void expect_filter(const char *filter, const char *want)
{
	struct bc_plan_options options = fake_options();
	bc_strs_add(&options.filters, filter);
	expect_load(&options, "cases", want, "");
	bc_strs_release(&options.filters);
}

START_TEST(filters)
{
	enter_scratch();
	select_matrix();
	expect_filter("n", "n");
	expect_filter("m[v=2,w=*]", "m[v=2,w=x] m[v=2,w=y]");
	expect_filter("m[v=?,w=y]", "m[v=1,w=y] m[v=2,w=y] m[v=3,w=y]");
	/* The name alone stands for all of its cells. */
	expect_filter("m", "m[v=1,w=x] m[v=1,w=y] m[v=2,w=x] m[v=2,w=y] m[v=3,w=x] m[v=3,w=y]");
	expect_filter("*=3*x]", "m[v=3,w=x]");
	expect_filter("N", "");
	expect_filter("", "");
	leave_scratch();
}
END_TEST

START_TEST(labels)
{
	enter_scratch();
	select_matrix();
	struct bc_plan_options options = fake_options();
	bc_strs_add(&options.labels, "arm");
	bc_strs_add(&options.labels, "!slow");
	expect_load(&options, "cases", "n", "");
	bc_strs_release(&options.labels);
	bc_strs_add(&options.labels, "!arm");
	expect_load(&options, "cases", "o", "");
	bc_strs_release(&options.labels);
	leave_scratch();
}
END_TEST

START_TEST(shards)
{
	enter_scratch();
	select_matrix();
	BC_AUTO(bc_strs) seen = {0};
	for (int i = 1; i <= 3; i++) {
		struct bc_plan_options options = fake_options();
		options.shard = i;
		options.shards = 3;
		BC_AUTO(bc_diag) diag = {0};
		struct bc_err err = {0};
		char *paths[] = {"cases"};
		struct bc_plan *plan = bc_plan_load(paths, 1, &options, &diag, &err);
		ck_assert(plan->len == 2 || plan->len == 3);
		for (size_t c = 0; c < plan->len; c++) {
			ck_assert(!bc_strs_has(&seen, plan->items[c]->id));
			bc_strs_add(&seen, plan->items[c]->id);
		}
		bc_plan_free(plan);
	}
	ck_assert_uint_eq(seen.len, 8);
	leave_scratch();
}
END_TEST

START_TEST(sets)
{
	enter_scratch();
	select_matrix();
	struct bc_plan_options options = fake_options();
	bc_strs_add(&options.sets, "v=1");
	bc_strs_add(&options.sets, "v=7");
	expect_load(&options, "cases/m.yaml", "m[v=7,w=x] m[v=7,w=y]", "");
	expect_load(&options, "cases/o.yaml", "o", "");
	bc_strs_add(&options.sets, "vv=7");
	expect_refused(&options, "cases", "variable 'vv'", "did you mean 'v'?");
	bc_strs_release(&options.sets);
	leave_scratch();
}
END_TEST

START_TEST(roots)
{
	enter_scratch();
	struct bc_plan_options options = fake_options();
	put_case("cases/deep/a.yaml", "a", "boot: {kernel: zImage, dtb: ./x.dtb}\n");
	put_case("other/b.yaml", "b", "");
	BC_AUTO(bc_diag) diag = {0};
	struct bc_err err = {0};
	char *paths[] = {"cases", "other"};
	struct bc_plan *plan = bc_plan_load(paths, 2, &options, &diag, &err);
	ck_assert_uint_eq(plan->len, 2);
	BC_AUTO_FREE char *here = bc_fs_absolute(".");
	BC_AUTO_FREE char *root = bc_path_normal(here);
	BC_AUTO_FREE char *other = bc_path_join(root, "other");
	BC_AUTO_FREE char *dtb = bc_path_join(root, "cases/deep/x.dtb");
	ck_assert_str_eq(plan->items[0]->root, root);
	ck_assert_str_eq(plan->items[0]->boot.kernel, "zImage");
	ck_assert_str_eq(plan->items[0]->boot.dtb, dtb);
	ck_assert_str_eq(plan->items[1]->root, other);
	bc_plan_free(plan);
	leave_scratch();
}
END_TEST

START_TEST(text_reads_no_file)
{
	static const char text[] = "bootcheck: 1\nname: x\nuse: /etc/passwd\n";
	struct bc_plan_options options = fake_options();
	BC_AUTO(bc_diag) diag = {0};
	struct bc_err err = {0};
	struct bc_plan *plan =
		bc_plan_load_text("x.yaml", text, strlen(text), &options, &diag, &err);
	BC_AUTO_FREE char *names = finding_names(&diag);
	ck_assert_str_eq(names, "use-missing");
	ck_assert_ptr_nonnull(strstr(diag.items[0]->message, "no file is read here"));
	bc_plan_free(plan);
}
END_TEST

CHECK_MAIN("load", search, paths_that_are_not_there, one_id_twice, files_that_cannot_be_read,
	all_findings_of_all_files, parts_complain_once, filters, labels, shards, sets, roots,
	text_reads_no_file)
