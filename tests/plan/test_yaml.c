/* Places and bounds of the YAML reader. */
#include <time.h>

#include <bootcheck/plan/yaml.h>

#include "plan_test.h"

struct reading {
	struct bc_diag diag;
	struct bc_plan_options options;
	struct bc_lint lint;
	struct bc_plan_file *file;
};

static void read_text(struct reading *r, const char *data, size_t len)
{
	*r = (struct reading){.options = fake_options()};
	r->lint =
		(struct bc_lint){.diag = &r->diag, .options = &r->options, .files = bc_files_new()};
	r->file = bc_files_add(&r->lint, "t.yaml", data, len);
}

static void release(struct reading *r)
{
	bc_files_free(r->lint.files);
	bc_diag_release(&r->diag);
}

static void expect_place(struct bc_loc loc, int line, int col, int span)
{
	ck_assert_str_eq(loc.file, "t.yaml");
	ck_assert_int_eq(loc.line, line);
	ck_assert_int_eq(loc.col, col);
	ck_assert_int_eq(loc.span, span);
}

START_TEST(places)
{
	static const char text[] = "a: é\n"
				   "bc: [x, \"q\\\"r\", {k: ${v}, l: '$${w}'}]\n"
				   "d:\n"
				   "  e: |\n"
				   "    one ${x}\n"
				   "    two\n"
				   "  f: plain\n"
				   "     goes on\n";
	struct reading r;
	read_text(&r, text, strlen(text));
	ck_assert_uint_eq(r.diag.len, 0);
	const struct bc_value *root = r.file->root, *list = bc_value_get(root, "bc"),
			      *d = bc_value_get(root, "d");
	ck_assert_ptr_nonnull(root);
	expect_place(bc_value_get(root, "a")->loc, 1, 4, 2);
	expect_place(list->key_loc, 2, 1, 2);
	ck_assert_uint_eq(list->len, 3);
	expect_place(list->items[0]->loc, 2, 6, 1);
	expect_place(list->items[1]->loc, 2, 9, 6);
	ck_assert_str_eq(list->items[1]->text, "q\"r");
	const struct bc_value *k = bc_value_get(list->items[2], "k"),
			      *l = bc_value_get(list->items[2], "l");
	ck_assert_str_eq(k->text, "${v}");
	expect_place(k->loc, 2, 21, 4);
	ck_assert(!k->is_quoted);
	ck_assert_str_eq(l->text, "$${w}");
	expect_place(l->key_loc, 2, 27, 1);
	expect_place(l->loc, 2, 30, 7);
	ck_assert(l->is_quoted);
	ck_assert_str_eq(bc_value_get(d, "e")->text, "one ${x}\ntwo\n");
	expect_place(bc_value_get(d, "e")->loc, 5, 5, 8);
	ck_assert_str_eq(bc_value_get(d, "f")->text, "plain goes on");
	expect_place(bc_value_get(d, "f")->loc, 7, 6, 5);
	release(&r);
}
END_TEST

START_TEST(inside_of_quotes)
{
	static const char text[] = "a: 'it''s x'\nb: \"t\\tq\\\"x\"\nc: plain x\nd: \"\\u0041x\"\n";
	struct reading r;
	read_text(&r, text, strlen(text));
	static const struct {
		const char *key;
		int line, col;
	} want[] = {{"a", 1, 11}, {"b", 2, 11}, {"c", 3, 10}, {"d", 4, 4}};
	for (size_t i = 0; i < BC_LEN(want); i++) {
		const struct bc_value *v = bc_value_get(r.file->root, want[i].key);
		const char *x = strchr(v->text, 'x');
		struct bc_loc loc = bc_file_inside(r.lint.files, v, (size_t)(x - v->text));
		ck_assert_int_eq(loc.line, want[i].line);
		ck_assert_int_eq(loc.col, want[i].col);
	}
	release(&r);
}
END_TEST

START_TEST(lines)
{
	static const char text[] = "a: 1\r\nb: 2\r\n\nc: 3";
	struct reading r;
	read_text(&r, text, strlen(text));
	size_t len = 0;
	ck_assert_ptr_null(bc_file_line(r.file, 0, &len));
	ck_assert(memcmp(bc_file_line(r.file, 2, &len), "b: 2", 4) == 0 && len == 4);
	ck_assert(bc_file_line(r.file, 3, &len) && len == 0);
	ck_assert(memcmp(bc_file_line(r.file, 4, &len), "c: 3", 4) == 0 && len == 4);
	ck_assert_ptr_null(bc_file_line(r.file, 5, &len));
	release(&r);
}
END_TEST

START_TEST(aliases_copy)
{
	static const char text[] = "a: &x {k: [1, 2]}\nb: *x\nc: &x 3\nd: *x\n";
	struct reading r;
	read_text(&r, text, strlen(text));
	ck_assert_uint_eq(r.diag.len, 0);
	const struct bc_value *b = bc_value_get(r.file->root, "b");
	ck_assert_uint_eq(bc_value_get(b, "k")->len, 2);
	ck_assert_str_eq(b->key, "b");
	ck_assert_str_eq(bc_value_text(r.file->root, "d", ""), "3");
	release(&r);
}
END_TEST

/* name of the only finding; the caller frees. */
static char *only_finding(const char *data, size_t len)
{
	struct reading r;
	read_text(&r, data, len);
	char *names = finding_names(&r.diag);
	ck_assert_ptr_null(r.file->root);
	release(&r);
	return names;
}

static char *repeat(const char *head, const char *text, size_t count)
{
	BC_AUTO(bc_buf) out = {0};
	bc_buf_adds(&out, head);
	for (size_t i = 0; i < count; i++)
		bc_buf_adds(&out, text);
	return bc_buf_take(&out);
}

START_TEST(bounds)
{
	static const struct {
		const char *head, *text;
		size_t count;
		const char *check;
	} cases[] = {
		{"a: ", "x", BC_FILE_MAX_BYTES, "too-big"},
		{"a: |\n", " \n", BC_FILE_MAX_LINES, "too-big"},
		{"", "[", 500000, "too-deep"},
		{"", "{a: ", 5000, "too-deep"},
		{"", "- ", 300000, "too-deep"},
		{"a: [", "x,", BC_YAML_MAX_NODES, "too-big"},
		{"? ", "? ", 1000, "complex-key"},
		{"", "&a ", 300000, "yaml"},
		{"a: \"", "\\\n", 15000, "yaml"},
	};
	for (size_t i = 0; i < BC_LEN(cases); i++) {
		BC_AUTO_FREE char *text = repeat(cases[i].head, cases[i].text, cases[i].count);
		clock_t start = clock();
		BC_AUTO_FREE char *names = only_finding(text, strlen(text));
		double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
		ck_assert_msg(strcmp(names, cases[i].check) == 0, "%zu: %s", i, names);
		/* Seconds under a sanitizer; a quadratic reader needs minutes. */
		ck_assert_msg(seconds < 20, "%zu: %.1f s", i, seconds);
	}
}
END_TEST

START_TEST(many_keys)
{
	BC_AUTO(bc_buf) text = {0};
	for (int i = 0; i <= BC_YAML_MAX_KEYS; i++)
		bc_buf_addf(&text, "k%d: 1\n", i);
	BC_AUTO_FREE char *names = only_finding(text.data, text.len);
	ck_assert_str_eq(names, "too-big");
}
END_TEST

CHECK_MAIN("yaml", places, inside_of_quotes, lines, aliases_copy, bounds, many_keys)
