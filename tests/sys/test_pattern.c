#include <bootcheck/base/mem.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/pattern.h>

#include "../check_main.h"

static enum bc_match find(const char *regex, const char *text, unsigned flags, struct bc_span *span)
{
	struct bc_err err;
	__attribute__((cleanup(bc_pattern_ptr_cleanup))) struct bc_pattern *p =
		bc_pattern_new(regex, &err);
	ck_assert_msg(p != NULL, "%s", regex);
	ck_assert_str_eq(bc_pattern_text(p), regex);
	return bc_pattern_find(p, text, strlen(text), 0, flags, span, span ? 2 : 0);
}

START_TEST(finds_and_captures)
{
	struct bc_span spans[2];
	ck_assert_int_eq(
		find("Linux version (\\S+)", "[ 0.0] Linux version 6.1 x", 0, spans), BC_MATCH_YES);
	ck_assert_uint_eq(spans[0].start, 7);
	ck_assert_uint_eq(spans[1].start, 21);
	ck_assert_uint_eq(spans[1].end, 24);
	ck_assert_int_eq(find("(x)|y", "y", 0, spans), BC_MATCH_YES);
	ck_assert_uint_eq(spans[1].start, SIZE_MAX);
	ck_assert_int_eq(find("nope", "text", 0, NULL), BC_MATCH_NO);
}
END_TEST

START_TEST(starts_where_told)
{
	struct bc_err err;
	__attribute__((cleanup(bc_pattern_ptr_cleanup))) struct bc_pattern *p =
		bc_pattern_new("ab", &err);
	struct bc_span span;
	ck_assert_int_eq(bc_pattern_find(p, "abxab", 5, 1, 0, &span, 1), BC_MATCH_YES);
	ck_assert_uint_eq(span.start, 3);
	ck_assert_int_eq(bc_pattern_find(p, NULL, 0, 0, 0, &span, 1), BC_MATCH_NO);
}
END_TEST

START_TEST(an_open_tail_may_still_match)
{
	ck_assert_int_eq(find("login: $", "debian lo", BC_PATTERN_PARTIAL, NULL), BC_MATCH_PARTIAL);
	ck_assert_int_eq(find("login: $", "debian xx", BC_PATTERN_PARTIAL, NULL), BC_MATCH_NO);
	ck_assert_int_eq(find("login: ", "debian login: ", BC_PATTERN_PARTIAL, NULL), BC_MATCH_YES);
}
END_TEST

START_TEST(backtracking_ends_soon)
{
	uint64_t start = bc_clock_ms();
	ck_assert_int_eq(find("(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 0, NULL),
		BC_MATCH_LIMIT);
	ck_assert_uint_lt(bc_clock_ms() - start, 2000);
}
END_TEST

START_TEST(takes_any_bytes)
{
	struct bc_err err;
	__attribute__((cleanup(bc_pattern_ptr_cleanup))) struct bc_pattern *p =
		bc_pattern_new("\\xff\\x00z", &err);
	ck_assert_int_eq(bc_pattern_find(p, "a\xff\0z", 4, 0, 0, NULL, 0), BC_MATCH_YES);
	ck_assert_int_eq(find("^b$", "a\rb", 0, NULL), BC_MATCH_NO);
	ck_assert_int_eq(find("(?m)^b$", "a\rb\r\nc", 0, NULL), BC_MATCH_YES);
}
END_TEST

START_TEST(bad_patterns_say_where)
{
	struct bc_err err;
	ck_assert_ptr_null(bc_pattern_new("ab(cd", &err));
	ck_assert_int_eq(err.code, BC_E_FORMAT);
	ck_assert_int_eq(err.col, 6);
	ck_assert_ptr_nonnull(strstr(err.message, "parenthesis"));
	ck_assert_ptr_null(bc_pattern_new("\\C", &err));
	ck_assert_ptr_null(bc_pattern_new("(*UTF)x", &err));
	char regex[5000];
	memset(regex, 'a', sizeof(regex) - 1);
	regex[sizeof(regex) - 1] = '\0';
	ck_assert_ptr_null(bc_pattern_new(regex, &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
}
END_TEST

START_TEST(literals_that_every_match_holds)
{
	static const struct {
		const char *regex, *literal; /* NULL: none is certain */
	} table[] = {
		{"Kernel panic - not syncing: (.*)", "Kernel panic - not syncing: "},
		{"^VFS: Unable to mount root fs on (\\S+)$", "VFS: Unable to mount root fs on "},
		{"unknown-block\\(0,0\\)", "unknown-block(0,0)"},
		{"ab?cdef", "cdef"},
		{"abc+def", "abc"},
		{"abc{0,2}defg", "defg"},
		{"ab{0,2=c|d", NULL},
		{"a}bcd", "bcd"},
		{"[[:alpha:]xyz]end1", "end1"},
		{"[]abc]xyz", "xyz"},
		{"(abcdef)?xyz", "xyz"},
		{"abc|def", NULL},
		{"(?i)panic", NULL},
		{"\\Qa|b\\E", NULL},
		{"[\\c\\]abc]", NULL},
		{"ab", NULL},
		{"\\d+\\.\\d+", NULL},
		{"", NULL},
	};
	for (size_t i = 0; i < BC_LEN(table); i++) {
		BC_AUTO_FREE char *got = bc_pattern_literal(table[i].regex);
		if (!table[i].literal)
			ck_assert_msg(!got, "%s gave %s", table[i].regex, got);
		else
			ck_assert_str_eq(got ? got : "(null)", table[i].literal);
	}
}
END_TEST

CHECK_MAIN("pattern", finds_and_captures, starts_where_told, an_open_tail_may_still_match,
	backtracking_ends_soon, takes_any_bytes, bad_patterns_say_where,
	literals_that_every_match_holds)
