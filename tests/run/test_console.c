/* The console parser: the same lines whatever the split, and the two writers told apart. */
#include <check.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/run/console.h>
#include <bootcheck/sys/fs.h>

struct seen {
	struct bc_buf text; /* "K offset|line\n" */
};

static void on_line(void *ctx, const struct bc_console_line *line)
{
	struct seen *s = ctx;
	bc_buf_addf(&s->text, "%c %llu|", "AKU"[line->stream], (unsigned long long)line -> offset);
	bc_buf_add(&s->text, line->data, line->len);
	bc_buf_addc(&s->text, '\n');
}

/* chunk 0: pseudo-random sizes from seed. */
static char *parse(const char *data, size_t len, size_t chunk, unsigned seed)
{
	struct seen s = {{0}};
	struct bc_console c;
	bc_console_init(&c, on_line, &s);
	for (size_t at = 0; at < len;) {
		seed = seed * 1103515245u + 12345u;
		size_t n = chunk ? chunk : 1 + (seed >> 16) % 97;
		n = n > len - at ? len - at : n;
		bc_console_push(&c, data + at, n);
		at += n;
	}
	bc_console_finish(&c);
	bc_console_release(&c);
	return bc_buf_take(&s.text);
}

static const struct {
	const char *name, *bytes, *lines;
} cases[] = {
	{"line ends", "a\nb\r\nc\r\r\nd\re\r\n\r\n", "A 0|a\nA 2|b\nA 5|c\nA 9|d\nA 11|e\nA 14|\n"},
	{"no newline", "/ # ", "A 0|/ # \n"},
	{"escapes", "\x1b[6n\x1b[1;32mgreen\x1b[0m\x1b]0;title\x07!\x1b(B\n", "A 0|green!\n"},
	{"backspace", "Hit key: 2 \b\b\b 1 \b\b\b 0 \r\n", "A 0|Hit key: 0 \n"},
	{"controls", "a\x01\x07z\x7f\n", "A 0|az\n"},
	{"invalid UTF-8 stays", "\xff\xfe\xc3\n", "A 0|\xff\xfe\xc3\n"},
	{"splice", "[    1.000000] one\r\npass[    2.000000] two\r\nphrase: \r\n",
		"K 0|[    1.000000] one\nK 20|[    2.000000] two\nU 20|passphrase: \n"},
	{"splice behind a prompt", "[    1.000000] one\r\n/ # [    1.500000][    T1] late\r\n",
		"K 0|[    1.000000] one\nK 20|[    1.500000][    T1] late\nU 20|/ # \n"},
	{"two splices", "[    1.000000] a\nx[    2.000000] b\ny[    3.000000] c\nz\n",
		"K 0|[    1.000000] a\nK 17|[    2.000000] b\nK 17|[    3.000000] c\nU 17|xyz\n"},
	{"dmesg by a user is userspace's", "[    9.000000] now\n[    1.000000] then\nuser\n",
		"K 0|[    9.000000] now\nU 19|[    1.000000] then\nU 39|user\n"},
	{"an old stamp inside a line is text", "[    9.000000] now\nsee [    1.000000] then\n",
		"K 0|[    9.000000] now\nU 19|see [    1.000000] then\n"},
	{"log level", "<6>[    0.000001] x\n", "K 0|<6>[    0.000001] x\n"},
};

START_TEST(every_split)
{
	size_t len = strlen(cases[_i].bytes);
	for (size_t chunk = 1; chunk <= len; chunk++) {
		BC_AUTO_FREE char *got = parse(cases[_i].bytes, len, chunk, 0);
		ck_assert_msg(strcmp(got, cases[_i].lines) == 0, "%s, pieces of %zu:\n%s",
			cases[_i].name, chunk, got);
	}
}
END_TEST

START_TEST(nul_bytes_vanish)
{
	BC_AUTO_FREE char *got = parse("a\0b\0\n", 5, 1, 0);
	ck_assert_str_eq(got, "A 0|ab\n");
}
END_TEST

START_TEST(long_lines_are_cut)
{
	size_t len = 3 * BC_CONSOLE_LINE_MAX + 5;
	BC_AUTO_FREE char *data = bc_calloc(len, 1);
	memset(data, 'x', len);
	BC_AUTO_FREE char *whole = parse(data, len, len, 0);
	BC_AUTO_FREE char *pieces = parse(data, len, 0, 7);
	ck_assert(strcmp(whole, pieces) == 0);
	ck_assert_uint_eq(strlen(whole), len + strlen("A 0|\nA 65536|\nA 131072|\nA 196608|\n"));
}
END_TEST

/* Recordings of real boots: whole, byte by byte and in random pieces. */
START_TEST(recordings_split)
{
	static const char *const names[] = {
		"boot-debian-armmp.log", "splice-per-char.log", "splice-blocks.log"};
	BC_AUTO(bc_buf) data = {0};
	BC_AUTO_FREE char *path = bc_asprintf(BC_SOURCE_DIR "/fixtures/consoles/%s", names[_i]);
	ck_assert(bc_fs_read(path, 1 << 20, &data, NULL));
	BC_AUTO_FREE char *whole = parse(data.data, data.len, data.len, 0);
	BC_AUTO_FREE char *bytes = parse(data.data, data.len, 1, 0);
	ck_assert(strcmp(whole, bytes) == 0);
	for (unsigned seed = 1; seed < 20; seed++) {
		BC_AUTO_FREE char *pieces = parse(data.data, data.len, 0, seed);
		ck_assert(strcmp(whole, pieces) == 0);
	}
}
END_TEST

/* A guest that wrote `MARKER-<n>-…` lines while it flooded /dev/kmsg: each stands whole again. */
START_TEST(splices_heal)
{
	static const struct {
		const char *name;
		size_t markers;
	} logs[] = {{"splice-per-char.log", 60}, {"splice-blocks.log", 3000}};
	BC_AUTO(bc_buf) data = {0};
	BC_AUTO_FREE char *path = bc_asprintf(BC_SOURCE_DIR "/fixtures/consoles/%s", logs[_i].name);
	ck_assert(bc_fs_read(path, 1 << 20, &data, NULL));
	BC_AUTO_FREE char *text = parse(data.data, data.len, data.len, 0);
	size_t whole = 0;
	unsigned next = 0;
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		const char *bar = strchr(line, '|');
		unsigned n;
		if (line[0] != 'U' || !bar || sscanf(bar + 1, "MARKER-%u-", &n) != 1)
			continue;
		if (!whole)
			next = n;
		ck_assert_uint_eq(n, next);
		next++;
		whole++;
	}
	ck_assert_uint_eq(whole, logs[_i].markers);
}
END_TEST

START_TEST(printk_prefixes)
{
	static const struct {
		const char *text;
		size_t len;
	} t[] = {{"[    0.000000] x", 15}, {"[12345.123456] x", 15},
		{"[    1.000000][    C0] x", 23}, {"<4>[    1.000000] x", 18},
		{"[    1.00000] x", 0}, {"[    1.0000000] x", 0}, {"[x", 0}, {"", 0},
		{"[    1.000000]", 14}, {"[    1.000000]x", 0}, {"[ 1 ] x", 0}};
	for (size_t i = 0; i < BC_LEN(t); i++)
		ck_assert_msg(bc_printk_prefix(t[i].text, strlen(t[i].text), NULL) == t[i].len,
			"%s", t[i].text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console");
	TCase *tc = tcase_create("console");
	tcase_add_loop_test(tc, every_split, 0, (int)BC_LEN(cases));
	tcase_add_test(tc, nul_bytes_vanish);
	tcase_add_test(tc, long_lines_are_cut);
	tcase_add_loop_test(tc, recordings_split, 0, 3);
	tcase_add_loop_test(tc, splices_heal, 0, 2);
	tcase_add_test(tc, printk_prefixes);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
