#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>

#include "../check_main.h"

START_TEST(sizes)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {{"0", 0}, {"64M", 64u << 20}, {"1.5K", 1536}, {"2 GiB", 2ull << 30},
		{"100B", 100}, {"1T", 1ull << 40}, {"0.1K", 102}};
	static const char *const bad[] = {"", "64", "M", "-1M", "1.M", ".5M", "1m", "64MB", "1 M ",
		"9999999999T", "99999999999999999999B", "1..5M", "0x10K", " 1M", "1.12345678M"};
	for (size_t i = 0; i < BC_LEN(good); i++) {
		uint64_t bytes = 77;
		ck_assert_msg(bc_size_parse(good[i].text, &bytes), "%s", good[i].text);
		ck_assert_uint_eq(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < BC_LEN(bad); i++) {
		uint64_t bytes = 77;
		ck_assert_msg(!bc_size_parse(bad[i], &bytes), "%s", bad[i]);
		ck_assert_uint_eq(bytes, 77);
	}
}
END_TEST

START_TEST(durations)
{
	uint64_t ms;
	ck_assert(bc_duration_parse("20s", &ms) && ms == 20000);
	ck_assert(bc_duration_parse("1.5s", &ms) && ms == 1500);
	ck_assert(bc_duration_parse("0.1s", &ms) && ms == 100);
	ck_assert(bc_duration_parse("250ms", &ms) && ms == 250);
	ck_assert(bc_duration_parse("2 min", &ms) && ms == 120000);
	ck_assert(bc_duration_parse("1h", &ms) && ms == 3600000);
	ck_assert(bc_duration_parse("0", &ms) && ms == 0);
	ck_assert(!bc_duration_parse("20", &ms));
	ck_assert(!bc_duration_parse("20m", &ms));
	ck_assert(!bc_duration_parse("20S", &ms));
	ck_assert(!bc_duration_parse("9223372036854775807h", &ms));
}
END_TEST

START_TEST(numbers)
{
	int64_t n;
	ck_assert(bc_number_parse("42", &n) && n == 42);
	ck_assert(bc_number_parse("-42", &n) && n == -42);
	ck_assert(bc_number_parse("0x1f", &n) && n == 31);
	ck_assert(bc_number_parse("0600", &n) && n == 0600);
	ck_assert(!bc_number_parse("", &n));
	ck_assert(!bc_number_parse(" 1", &n));
	ck_assert(!bc_number_parse("1 ", &n));
	ck_assert(!bc_number_parse("1a", &n));
	ck_assert(!bc_number_parse("99999999999999999999", &n));
}
END_TEST

START_TEST(formats)
{
	char out[32];
	bc_duration_format(850, out, sizeof(out));
	ck_assert_str_eq(out, "850 ms");
	bc_duration_format(1999, out, sizeof(out));
	ck_assert_str_eq(out, "1.9 s");
	bc_duration_format(123000, out, sizeof(out));
	ck_assert_str_eq(out, "2 min 03 s");
	bc_size_format(64u << 20, out, sizeof(out));
	ck_assert_str_eq(out, "64 MiB");
	bc_size_format(1536, out, sizeof(out));
	ck_assert_str_eq(out, "1.5 KiB");
	bc_size_format(0, out, sizeof(out));
	ck_assert_str_eq(out, "0 B");
}
END_TEST

START_TEST(suggestions)
{
	const char *keys[] = {"machine", "matrix", "artifacts", "boot", NULL};
	ck_assert_str_eq(bc_suggest("machnie", keys), "machine");
	ck_assert_str_eq(bc_suggest("Boot", keys), "boot");
	ck_assert_str_eq(bc_suggest("artefacts", keys), "artifacts");
	ck_assert_ptr_null(bc_suggest("zzzzzz", keys));
	const char *none[] = {NULL};
	ck_assert_ptr_null(bc_suggest("boot", none));
	char longer[200];
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	ck_assert_ptr_null(bc_suggest(longer, keys));
}
END_TEST

START_TEST(utf8)
{
	uint32_t cp = 0;
	ck_assert_int_eq(bc_utf8_next("a", 1, &cp), 1);
	ck_assert_int_eq(bc_utf8_next("\xc3\xa9", 2, &cp), 2);
	ck_assert_uint_eq(cp, 0xe9);
	ck_assert_int_eq(bc_utf8_next("\xf0\x9f\x98\x80", 4, &cp), 4);
	ck_assert_uint_eq(cp, 0x1f600);
	ck_assert_int_eq(bc_utf8_next("", 0, NULL), 0);
	ck_assert_int_eq(bc_utf8_next("\xc3", 1, NULL), 0);		/* cut */
	ck_assert_int_eq(bc_utf8_next("\xc0\xaf", 2, NULL), 0);		/* overlong */
	ck_assert_int_eq(bc_utf8_next("\xe0\x80\xaf", 3, NULL), 0);	/* overlong */
	ck_assert_int_eq(bc_utf8_next("\xed\xa0\x80", 3, NULL), 0);	/* surrogate */
	ck_assert_int_eq(bc_utf8_next("\xf4\x90\x80\x80", 4, NULL), 0); /* over U+10FFFF */
	ck_assert_int_eq(bc_utf8_next("\x80", 1, NULL), 0);
}
END_TEST

static void check_escape(const char *data, size_t len, bool keep, const char *want)
{
	BC_AUTO(bc_buf) out = {0};
	bc_escape_text(&out, data, len, keep);
	ck_assert_str_eq(out.data ? out.data : "", want);
}

START_TEST(escapes_for_a_terminal)
{
	check_escape("a\tb\xc3\xa9", 5, false, "a\tb\xc3\xa9");
	check_escape("\033[2J\x9b", 5, false, "\\x1b[2J\\x9b");
	check_escape("a\nb\r", 4, true, "a\nb\\x0d");
	check_escape("a\nb", 3, false, "a\\x0ab");
	check_escape("\0", 1, false, "\\x00");
	check_escape("\xe2\x80\xae", 3, false, "\\xe2\\x80\\xae"); /* right-to-left override */
	check_escape("\xc2\x9b", 2, false, "\\xc2\\x9b");	   /* C1: CSI */
	check_escape("\xc3", 1, false, "\\xc3");
}
END_TEST

START_TEST(escapes_for_a_shell)
{
	BC_AUTO(bc_buf) out = {0};
	char *argv[] = {"qemu-system-arm", "-append", "console=ttyAMA0 root=/dev/sda", "it's", "",
		"$HOME", NULL};
	bc_escape_argv(&out, argv);
	ck_assert_str_eq(out.data,
		"qemu-system-arm -append 'console=ttyAMA0 root=/dev/sda' 'it'\\''s' '' '$HOME'");
}
END_TEST

START_TEST(file_names)
{
	BC_AUTO_FREE char *plain = bc_file_name("vexpress-a9[linux=6.1,x=y]");
	ck_assert_str_eq(plain, "vexpress-a9-linux=6.1,x=y");
	BC_AUTO_FREE char *dots = bc_file_name("..");
	ck_assert_str_ne(dots, "..");
	BC_AUTO_FREE char *empty = bc_file_name("");
	ck_assert_str_ne(empty, "");
	/* Two ids that differ only in what is not allowed stay apart. */
	BC_AUTO_FREE char *a = bc_file_name("a\xc3\xa9");
	BC_AUTO_FREE char *b = bc_file_name("a\xc3\xa8");
	ck_assert_str_ne(a, b);
	char text[400];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	BC_AUTO_FREE char *longer = bc_file_name(text);
	ck_assert_uint_le(strlen(longer), 120);
	text[300] = 'y';
	BC_AUTO_FREE char *other = bc_file_name(text);
	ck_assert_str_ne(longer, other);
}
END_TEST

START_TEST(paths)
{
	static const struct {
		const char *path, *normal;
	} table[] = {{"a//b/./c/..", "a/b"}, {"", "."}, {"/", "/"}, {"/..", "/"}, {"../a", "../a"},
		{"a/../..", ".."}, {"./x", "x"}, {"a/", "a"}};
	for (size_t i = 0; i < BC_LEN(table); i++) {
		BC_AUTO_FREE char *got = bc_path_normal(table[i].path);
		ck_assert_str_eq(got, table[i].normal);
	}
	BC_AUTO_FREE char *joined = bc_path_join("a/", "b");
	ck_assert_str_eq(joined, "a/b");
	BC_AUTO_FREE char *absolute = bc_path_join("a", "/b");
	ck_assert_str_eq(absolute, "/b");
	BC_AUTO_FREE char *dir = bc_path_dir("/x"), *none = bc_path_dir("x");
	ck_assert_str_eq(dir, "/");
	ck_assert_str_eq(none, ".");
	ck_assert_str_eq(bc_path_base("/a/b"), "b");
	ck_assert(bc_path_is_inside("a/b"));
	ck_assert(bc_path_is_inside("..a/b.."));
	ck_assert(!bc_path_is_inside("/a"));
	ck_assert(!bc_path_is_inside(""));
	ck_assert(!bc_path_is_inside("a/../../b"));
	ck_assert(!bc_path_is_inside(".."));
}
END_TEST

START_TEST(small_ones)
{
	char hex[7];
	bc_hex("\x00\xfa\x10", 3, hex);
	ck_assert_str_eq(hex, "00fa10");
	ck_assert(bc_has_prefix("qemu-system-arm", "qemu-"));
	ck_assert(!bc_has_prefix("q", "qemu-"));
	ck_assert(bc_has_suffix("a.yaml", ".yaml"));
	ck_assert(!bc_has_suffix("l", ".yaml"));
}
END_TEST

CHECK_MAIN("text", sizes, durations, numbers, formats, suggestions, utf8, escapes_for_a_terminal,
	escapes_for_a_shell, file_names, paths, small_ones)
