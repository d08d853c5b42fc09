#include <bootcheck/base/diag.h>

#include "../check_main.h"

static const char *const source[] = {"name: x", "\tmachnie: {arch: arm}", "a\033b: 1"};

static const char *line_of(void *ctx, const char *file, int line, size_t *len)
{
	(void)ctx;
	if (strcmp(file, "b.yaml") != 0 || line < 1 || line > 3)
		return NULL;
	*len = strlen(source[line - 1]);
	return source[line - 1];
}

static struct bc_loc at(const char *file, int line, int col, int span)
{
	return (struct bc_loc){.file = file, .line = line, .col = col, .span = span};
}

START_TEST(renders_like_a_compiler)
{
	BC_AUTO(bc_diag) diag = {0};
	BC_AUTO(bc_buf) out = {0};
	struct bc_finding *f = bc_diag_add(&diag, BC_SEV_ERROR, "unknown-key",
		at("b.yaml", 2, 2, 7), "unknown key '%s'", "machnie");
	bc_finding_hint(f, "did you mean '%s'?", "machine");
	bc_finding_note(f, at("c.yaml", 9, 1, 0), "used here");
	bc_diag_add(&diag, BC_SEV_WARNING, "odd", at("a.yaml", 0, 0, 0), "odd file");
	bc_diag_sort(&diag);
	bc_diag_render(&diag, &out, false, line_of, NULL);
	ck_assert_str_eq(out.data,
		"a.yaml: warning: odd file [odd]\n"
		"b.yaml:2:2: error: unknown key 'machnie' [unknown-key]\n"
		"    2 | \tmachnie: {arch: arm}\n"
		"      | \t^~~~~~~\n"
		"      hint: did you mean 'machine'?\n"
		"      c.yaml:9:1: note: used here\n");
	ck_assert_uint_eq(diag.errors, 1);
	ck_assert_uint_eq(diag.warnings, 1);
}
END_TEST

START_TEST(nothing_from_outside_reaches_the_terminal_raw)
{
	BC_AUTO(bc_diag) diag = {0};
	BC_AUTO(bc_buf) out = {0};
	bc_diag_add(&diag, BC_SEV_ERROR, "x", at("b.yaml", 3, 4, 1), "bad key '%s'", "a\033[2Jb");
	/* Places that the file does not have are no reason to fall over. */
	bc_diag_add(&diag, BC_SEV_ERROR, "x", at("b.yaml", 1, 5000, 90), "behind the line");
	bc_diag_add(&diag, BC_SEV_ERROR, "x", at("b.yaml", 99, 1, 1), "behind the file");
	bc_diag_render(&diag, &out, false, line_of, NULL);
	ck_assert_ptr_null(strchr(out.data, '\033'));
	ck_assert_ptr_nonnull(strstr(out.data, "a\\x1b[2Jb"));
	ck_assert_ptr_nonnull(strstr(out.data, "a\\x1bb: 1"));
}
END_TEST

START_TEST(sorts_by_place_then_arrival)
{
	BC_AUTO(bc_diag) diag = {0};
	bc_diag_add(&diag, BC_SEV_ERROR, "x", at("b", 2, 1, 0), "3");
	bc_diag_add(&diag, BC_SEV_ERROR, "x", at("b", 1, 9, 0), "2");
	bc_diag_add(&diag, BC_SEV_NOTE, "x", at("a", 9, 9, 0), "0");
	bc_diag_add(&diag, BC_SEV_ERROR, "x", at("b", 2, 1, 0), "4");
	bc_diag_add(&diag, BC_SEV_ERROR, "x", at("b", 1, 1, 0), "1");
	bc_diag_sort(&diag);
	for (size_t i = 0; i < diag.len; i++)
		ck_assert_int_eq(diag.items[i]->message[0], '0' + (int)i);
}
END_TEST

START_TEST(keeps_a_bounded_number)
{
	BC_AUTO(bc_diag) diag = {0};
	for (int i = 0; i < 5000; i++) {
		struct bc_finding *f =
			bc_diag_add(&diag, BC_SEV_ERROR, "x", at("a", i, 1, 0), "%d", i);
		bc_finding_hint(f, "hint");
	}
	ck_assert_uint_eq(diag.len, 1000);
	ck_assert_uint_eq(diag.errors, 5000);
}
END_TEST

CHECK_MAIN("diag", renders_like_a_compiler, nothing_from_outside_reaches_the_terminal_raw,
	sorts_by_place_then_arrival, keeps_a_bounded_number)
