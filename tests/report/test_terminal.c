/* Live progress on a pseudo-terminal, read back through a small terminal emulator. */
#include <poll.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include <sys/ioctl.h>

#include <bootcheck/report/report.h>
#include <bootcheck/report/text.h>
#include <bootcheck/sys/clock.h>

#include "report_test.h"

#define MAX_ROWS 60
#define MAX_COLS 200

struct screen {
	int master, slave;
	size_t rows, cols, row, col;
	char cell[MAX_ROWS][MAX_COLS][5]; /* one character each; "" = right half of a wide one */
	bool pending; /* the last column was written: the next character wraps */
	size_t scrolled;
	size_t lines_seen, updates; /* writes that moved the cursor up */
	struct bc_buf raw;
};

static void clear_row(struct screen *s, size_t row, size_t from)
{
	for (size_t c = from; c < MAX_COLS; c++)
		memcpy(s->cell[row][c], " ", 2);
}

static void line_feed(struct screen *s)
{
	s->pending = false;
	if (s->row + 1 < s->rows) {
		s->row++;
		return;
	}
	memmove(s->cell[0], s->cell[1], sizeof(s->cell[0]) * (s->rows - 1));
	clear_row(s, s->rows - 1, 0);
	s->scrolled++;
}

static void put(struct screen *s, const char *text, size_t n)
{
	size_t w = bc_columns(text, n);
	if (!w)
		return;
	if (s->pending || s->col + w > s->cols) {
		s->col = 0;
		line_feed(s);
	}
	memcpy(s->cell[s->row][s->col], text, n);
	s->cell[s->row][s->col][n] = '\0';
	if (w == 2)
		s->cell[s->row][s->col + 1][0] = '\0';
	s->col += w;
	if (s->col >= s->cols) {
		s->col = s->cols - 1;
		s->pending = true;
	}
}

/* Handles CSI n A, J, K and m; anything else is a failure of the test. Returns the bytes taken. */
static size_t escape(struct screen *s, const char *p)
{
	ck_assert_int_eq(p[1], '[');
	size_t n = 2 + strspn(p + 2, "0123456789;");
	size_t count = (size_t)strtoul(p + 2, NULL, 10);
	switch (p[n]) {
	case 'A':
		s->updates++;
		s->row -= count < s->row ? count : s->row;
		s->pending = false;
		break;
	case 'K':
		ck_assert(!s->pending);
		clear_row(s, s->row, s->col);
		break;
	case 'J':
		ck_assert(!s->pending);
		clear_row(s, s->row, s->col);
		for (size_t r = s->row + 1; r < s->rows; r++)
			clear_row(s, r, 0);
		break;
	case 'm':
		break;
	default:
		ck_abort_msg("escape sequence %.10s", p + 1);
	}
	return n + 1;
}

static void feed(struct screen *s, const char *p, size_t len)
{
	for (const char *end = p + len; p < end;) {
		int n = bc_utf8_next(p, (size_t)(end - p), NULL);
		if (*p == '\033') {
			p += escape(s, p);
		} else if (*p == '\r' || *p == '\n') {
			if (*p == '\n')
				line_feed(s);
			else
				s->col = 0, s->pending = false;
			p++;
		} else {
			ck_assert_msg(
				n && (unsigned char)*p >= 0x20, "byte 0x%02x", (unsigned char)*p);
			put(s, p, (size_t)n);
			p += n;
		}
	}
}

/* What was written up to now is drawn. */
static void drain(struct screen *s)
{
	char piece[16384];
	struct pollfd p = {.fd = s->master, .events = POLLIN};
	while (poll(&p, 1, 0) == 1 && (p.revents & POLLIN)) {
		ssize_t n = read(s->master, piece, sizeof(piece));
		if (n <= 0)
			break;
		bc_buf_add(&s->raw, piece, (size_t)n);
	}
	feed(s, s->raw.data ? s->raw.data : "", s->raw.len);
	bc_buf_clear(&s->raw);
}

static void screen_open(struct screen *s, size_t rows, size_t cols)
{
	struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
	*s = (struct screen){.rows = rows, .cols = cols};
	ck_assert_int_eq(openpty(&s->master, &s->slave, NULL, NULL, &size), 0);
	for (size_t r = 0; r < MAX_ROWS; r++)
		clear_row(s, r, 0);
}

static void screen_resize(struct screen *s, size_t cols)
{
	struct winsize size = {.ws_row = (unsigned short)s->rows, .ws_col = (unsigned short)cols};
	ck_assert_int_eq(ioctl(s->master, TIOCSWINSZ, &size), 0);
	s->cols = cols;
}

static void screen_close(struct screen *s)
{
	close(s->master);
	close(s->slave);
	bc_buf_release(&s->raw);
}

/* The text of a row without trailing blanks. */
static char *row_text(const struct screen *s, size_t row)
{
	BC_AUTO(bc_buf) out = {0};
	for (size_t c = 0; c < s->cols; c++)
		bc_buf_adds(&out, s->cell[row][c]);
	while (out.len && out.data[out.len - 1] == ' ')
		out.data[--out.len] = '\0';
	return bc_buf_take(&out);
}

static char *screen_text(const struct screen *s)
{
	BC_AUTO(bc_buf) out = {0};
	for (size_t r = 0; r < s->rows; r++) {
		BC_AUTO_FREE char *line = row_text(s, r);
		bc_buf_adds(&out, line);
		bc_buf_addc(&out, '\n');
	}
	while (out.len > 1 && out.data[out.len - 2] == '\n')
		out.data[--out.len] = '\0';
	return bc_buf_take(&out);
}

static void wait_redraw(struct bc_terminal *t, struct screen *s)
{
	/* The rate limit is a wall-clock one; there is no event to wait for. */
	size_t before = s->updates;
	for (uint64_t end = bc_clock_ms() + 5000; s->updates == before && bc_clock_ms() < end;) {
		bc_terminal_tick(t);
		drain(s);
	}
	ck_assert_uint_gt(s->updates, before);
}

static void tell(struct bc_terminal *t, struct screen *s, struct bc_progress p)
{
	bc_terminal_progress(t, &p);
	if (s)
		drain(s);
}

static void finish(struct bc_terminal *t, struct screen *s, const char *id, enum bc_verdict v,
	const char *title, uint64_t ms)
{
	struct bc_result r = {.id = bc_strdup(id), .verdict = v, .is_done = true};
	bc_vec_push(&r.attempts,
		((struct bc_attempt){.verdict = v, .title = bc_strdup(title), .duration_ms = ms}));
	tell(t, s,
		(struct bc_progress){
			.kind = BC_PROGRESS_END, .id = id, .elapsed_ms = ms, .result = &r});
	bc_result_release(&r);
}

#define HOUR ((uint64_t)3600000) /* elapsed times that a slow machine does not change in the text */

static void two_running(struct bc_terminal *t, struct screen *s)
{
	tell(t, s,
		(struct bc_progress){BC_PROGRESS_START, .id = "arm-vexpress-a9", .number = 1,
			.elapsed_ms = HOUR});
	tell(t, s,
		(struct bc_progress){BC_PROGRESS_PHASE, .id = "arm-vexpress-a9", .text = "kernel"});
	tell(t, s,
		(struct bc_progress){BC_PROGRESS_LINE, .id = "arm-vexpress-a9",
			.text = "[    0.83] \xe6\xbc\xa2\xe5\xad\x97 wide \x1b[2J\r text\tthat "
				"goes "
				"on and on, further than the terminal is wide"});
	tell(t, s,
		(struct bc_progress){
			BC_PROGRESS_START, .id = "x86", .number = 1, .elapsed_ms = HOUR});
	tell(t, s, (struct bc_progress){BC_PROGRESS_STEP, .id = "x86", .text = "run: uname -r"});
}

static void set_locale_of(const char *name)
{
	setenv("LC_ALL", name, 1);
}

START_TEST(test_wide)
{
	struct screen s;
	set_locale_of("C.UTF-8");
	screen_open(&s, 24, 80);
	struct bc_terminal *t = bc_terminal_new(s.slave, true, true, false);
	two_running(t, &s);
	finish(t, &s, "first", BC_PASS, NULL, 3100);
	finish(t, &s, "second", BC_FAIL,
		"Kernel panic - not syncing: \x1b[31mAttempted to kill "
		"init! exitcode=0x00000100 and more",
		1900);
	finish(t, &s, "third", BC_SKIP, "missing qemu-system-ppc64", 0);
	wait_redraw(t, &s);
	BC_AUTO_FREE char *text = screen_text(&s);
	BC_AUTO_FREE char *still = replaced(text, "60:01", "60:00");
	ck_assert_str_eq(still,
		"\xe2\x9c\x93 PASS    3.1 s  first\n"
		"\xe2\x9c\x97 FAIL    1.9 s  second  Kernel panic - not syncing: "
		"\\x1b[31mAttempted to "
		"kill\xe2\x80\xa6\n"
		"  SKIP           third  missing qemu-system-ppc64\n"
		"  RUN     60:00  arm-vexpress-a9  kernel  [    0.83] \xe6\xbc\xa2\xe5\xad\x97 "
		"wide "
		"\\x1b[2J\\x0d tex\xe2\x80\xa6\n"
		"  RUN     60:00  x86              run: uname -r\n");
	ck_assert_uint_eq(s.row, 5);
	ck_assert_uint_eq(s.col, 0);
	bc_terminal_free(t);
	drain(&s);
	ck_assert_uint_eq(s.row, 3);
	BC_AUTO_FREE char *last = screen_text(&s);
	ck_assert_ptr_null(strstr(last, "RUN"));
	ck_assert_ptr_nonnull(strstr(last, "first"));
	screen_close(&s);
}
END_TEST

START_TEST(test_narrow)
{
	struct screen s;
	set_locale_of("C");
	screen_open(&s, 10, 20);
	struct bc_terminal *t = bc_terminal_new(s.slave, true, false, false);
	two_running(t, &s);
	finish(t, &s, "first", BC_PASS, NULL, 3100);
	finish(t, &s, "a-name-longer-than-the-screen", BC_FAIL, "why", 1900);
	wait_redraw(t, &s);
	BC_AUTO_FREE char *text = screen_text(&s);
	BC_AUTO_FREE char *still = replaced(text, "60:01", "60:00");
	ck_assert_str_eq(still,
		"PASS first\n"
		"FAIL a-name-longer-t\n"
		"han-the-screen\n"
		"60:00 arm-vexpress~\n"
		"60:00 x86\n");
	bc_terminal_free(t);
	drain(&s);
	screen_close(&s);
}
END_TEST

/* However narrow: nothing overflows, the block is where it was. */
START_TEST(test_any_width)
{
	struct screen s;
	set_locale_of("C.UTF-8");
	static const size_t widths[] = {1, 2, 6, 7, 8, 20, 49, 50, 51, 80, 200};
	ck_assert_uint_lt((size_t)_i, BC_LEN(widths));
	screen_open(&s, 12, widths[_i]);
	struct bc_terminal *t = bc_terminal_new(s.slave, true, true, false);
	two_running(t, &s);
	wait_redraw(t, &s);
	wait_redraw(t, &s);
	ck_assert_uint_eq(s.row, 2);
	ck_assert_uint_eq(s.scrolled, 0);
	bc_terminal_free(t);
	drain(&s);
	ck_assert_uint_eq(s.row, 0);
	BC_AUTO_FREE char *text = screen_text(&s);
	ck_assert_str_eq(text, "\n");
	screen_close(&s);
}
END_TEST

START_TEST(test_resize)
{
	struct screen s;
	set_locale_of("C");
	screen_open(&s, 24, 100);
	struct bc_terminal *t = bc_terminal_new(s.slave, true, false, false);
	two_running(t, &s);
	wait_redraw(t, &s);
	screen_resize(&s, 30);
	/* A terminal that wraps: the first line of 99 columns now takes 4 rows, the second of 47 two. */
	s.row = 6;
	wait_redraw(t, &s);
	ck_assert_uint_eq(s.row, 2);
	BC_AUTO_FREE char *text = screen_text(&s);
	BC_AUTO_FREE char *still = replaced(text, "60:01", "60:00");
	ck_assert_str_eq(still, "60:00 arm-vexpress-a9\n60:00 x86\n");
	screen_resize(&s, 120);
	wait_redraw(t, &s);
	ck_assert_uint_eq(s.row, 2);
	bc_terminal_free(t);
	drain(&s);
	screen_close(&s);
}
END_TEST

START_TEST(test_more_than_rows)
{
	struct screen s;
	set_locale_of("C");
	screen_open(&s, 6, 80);
	struct bc_terminal *t = bc_terminal_new(s.slave, true, false, false);
	for (int i = 0; i < 20; i++) {
		char id[16];
		snprintf(id, sizeof(id), "case-%d", i);
		tell(t, &s,
			(struct bc_progress){
				BC_PROGRESS_START, .id = id, .number = 1, .elapsed_ms = HOUR});
	}
	wait_redraw(t, &s);
	BC_AUTO_FREE char *text = screen_text(&s);
	ck_assert_ptr_nonnull(strstr(text, "case-2\n+ 17 more\n"));
	ck_assert_uint_eq(s.scrolled, 0);
	for (int i = 0; i < 20; i++) {
		char id[16];
		snprintf(id, sizeof(id), "case-%d", i);
		finish(t, &s, id, BC_PASS, NULL, 1000);
	}
	bc_terminal_free(t);
	drain(&s);
	/* Twenty finished lines and the cursor's: all but the last five went above the screen. */
	ck_assert_uint_eq(s.scrolled, 15);
	BC_AUTO_FREE char *last = screen_text(&s);
	ck_assert_ptr_nonnull(strstr(last, "case-19\n"));
	screen_close(&s);
}
END_TEST

START_TEST(test_rate)
{
	struct screen s;
	screen_open(&s, 24, 80);
	struct bc_terminal *t = bc_terminal_new(s.slave, true, false, false);
	two_running(t, &s);
	size_t before = s.updates;
	uint64_t start = bc_clock_ms(), ms;
	do {
		tell(t, &s, (struct bc_progress){BC_PROGRESS_LINE, .id = "x86", .text = "line"});
		ms = bc_clock_ms() - start;
	} while (ms < 350);
	ck_assert_uint_le(s.updates - before, ms / 100 + 1);
	ck_assert_uint_ge(s.updates - before, 1);
	bc_terminal_free(t);
	drain(&s);
	screen_close(&s);
}
END_TEST

/* A terminal that takes no bytes must not stop the run. */
START_TEST(test_stopped_terminal)
{
	struct screen s;
	screen_open(&s, 24, 80);
	struct bc_terminal *t = bc_terminal_new(s.slave, true, false, false);
	two_running(t, NULL);
	char fill[4096];
	memset(fill, 'x', sizeof(fill));
	struct pollfd p = {.fd = s.slave, .events = POLLOUT};
	while (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT))
		ck_assert_int_gt(write(s.slave, fill, 64), 0);
	uint64_t start = bc_clock_ms();
	while (bc_clock_ms() - start < 250)
		tell(t, NULL, (struct bc_progress){BC_PROGRESS_LINE, .id = "x86", .text = "line"});
	tcflush(s.slave, TCIOFLUSH);
	while (poll(&(struct pollfd){.fd = s.master, .events = POLLIN}, 1, 0) == 1)
		ck_assert_int_gt(read(s.master, fill, sizeof(fill)), 0);
	bc_terminal_free(t);
	drain(&s);
	screen_close(&s);
}
END_TEST

static char *plain_output(bool quiet)
{
	int ends[2];
	char piece[8192];
	ck_assert_int_eq(pipe(ends), 0);
	struct bc_terminal *t = bc_terminal_new(ends[1], false, false, quiet);
	const char *what = "apt busybox-static:armhf";
	tell(t, NULL,
		(struct bc_progress){BC_PROGRESS_BUILD_START, .id = "kernel", .text = "apt linux"});
	tell(t, NULL, (struct bc_progress){BC_PROGRESS_BUILD_END, .id = "kernel", .text = "hit"});
	tell(t, NULL,
		(struct bc_progress){BC_PROGRESS_BUILD_START, .id = "kernel", .text = "apt linux"});
	tell(t, NULL, (struct bc_progress){BC_PROGRESS_BUILD_END, .id = "kernel", .text = "found"});
	tell(t, NULL, (struct bc_progress){BC_PROGRESS_BUILD_START, .id = "busybox", .text = what});
	for (uint64_t i = 0; i < 50; i++)
		tell(t, NULL,
			(struct bc_progress){BC_PROGRESS_BUILD_STEP, .id = "busybox",
				.text = "fetching", .done = i << 20, .total = 50 << 20});
	tell(t, NULL,
		(struct bc_progress){BC_PROGRESS_BUILD_END, .id = "busybox", .text = "built",
			.elapsed_ms = 12100});
	tell(t, NULL,
		(struct bc_progress){BC_PROGRESS_BUILD_START, .id = "rootfs", .text = "initramfs"});
	tell(t, NULL,
		(struct bc_progress){BC_PROGRESS_BUILD_END, .id = "rootfs",
			.text = "there is no file init", .elapsed_ms = 10});
	two_running(t, NULL);
	tell(t, NULL, (struct bc_progress){BC_PROGRESS_NOTE, .text = "this host is loaded"});
	struct bc_attempt a = {.verdict = BC_FAIL, .title = bc_strdup("no output for 20 s")};
	tell(t, NULL,
		(struct bc_progress){BC_PROGRESS_ATTEMPT, .id = "x86", .number = 1,
			.elapsed_ms = 22000, .attempt = &a});
	tell(t, NULL, (struct bc_progress){BC_PROGRESS_START, .id = "x86", .number = 2});
	finish(t, NULL, "arm-vexpress-a9", BC_PASS, NULL, 3100);
	finish(t, NULL, "x86", BC_FAIL, "panic:\ntwo \x1b lines", 62000);
	bc_terminal_tick(t);
	bc_terminal_free(t);
	bc_attempt_release(&a);
	close(ends[1]);
	ssize_t n = read(ends[0], piece, sizeof(piece));
	close(ends[0]);
	return bc_strndup(piece, n > 0 ? (size_t)n : 0);
}

START_TEST(test_plain)
{
	BC_AUTO_FREE char *text = plain_output(false);
	ck_assert_str_eq(text,
		"BUILD          busybox  apt busybox-static:armhf\n"
		"BUILT  12.1 s  busybox  apt busybox-static:armhf\n"
		"ERROR   0.0 s  rootfs  there is no file init\n"
		"START          arm-vexpress-a9\n"
		"START          x86\n"
		"NOTE           this host is loaded\n"
		"RETRY  22.0 s  x86  attempt 1: FAIL: no output for 20 s\n"
		"START          x86  attempt 2\n"
		"PASS    3.1 s  arm-vexpress-a9\n"
		"FAIL     1:02  x86  panic:\\x0atwo \\x1b lines\n");
}
END_TEST

START_TEST(test_plain_quiet)
{
	BC_AUTO_FREE char *text = plain_output(true);
	ck_assert_str_eq(text, "FAIL     1:02  x86  panic:\\x0atwo \\x1b lines\n");
}
END_TEST

START_TEST(test_tty_quiet)
{
	struct screen s;
	set_locale_of("C");
	screen_open(&s, 24, 80);
	struct bc_terminal *t = bc_terminal_new(s.slave, true, false, true);
	two_running(t, &s);
	finish(t, &s, "good", BC_PASS, NULL, 3100);
	finish(t, &s, "bad", BC_FAIL, "why", 3100);
	bc_terminal_free(t);
	drain(&s);
	BC_AUTO_FREE char *text = screen_text(&s);
	ck_assert_str_eq(text, "FAIL    3.1 s  bad  why\n");
	screen_close(&s);
}
END_TEST

START_TEST(test_download)
{
	struct screen s;
	set_locale_of("C");
	screen_open(&s, 24, 80);
	struct bc_terminal *t = bc_terminal_new(s.slave, true, false, false);
	tell(t, &s,
		(struct bc_progress){BC_PROGRESS_BUILD_START, .id = "busybox",
			.text = "apt busybox-static:armhf", .elapsed_ms = HOUR});
	tell(t, &s,
		(struct bc_progress){BC_PROGRESS_BUILD_STEP, .id = "busybox",
			.text = "fetch http://deb.debian.org/x.deb", .done = 3 << 19,
			.total = 30 << 20});
	wait_redraw(t, &s);
	BC_AUTO_FREE char *text = screen_text(&s);
	BC_AUTO_FREE char *still = replaced(text, "60:01", "60:00");
	ck_assert_str_eq(still,
		"BUILD   60:00  busybox  1.5 MiB of 30 MiB  fetch "
		"http://deb.debian.org/x.deb\n");
	/* A rate appears once half a second of it was seen. */
	uint64_t end = bc_clock_ms() + 5000;
	while (!strstr(text, "/s") && bc_clock_ms() < end) {
		usleep(20000);
		tell(t, &s,
			(struct bc_progress){BC_PROGRESS_BUILD_STEP, .id = "busybox",
				.text = "fetch", .done = 6 << 20, .total = 30 << 20});
		free(text);
		text = screen_text(&s);
	}
	ck_assert_ptr_nonnull(strstr(text, "6 MiB of 30 MiB, "));
	ck_assert_ptr_nonnull(strstr(text, "/s"));
	tell(t, &s, (struct bc_progress){BC_PROGRESS_BUILD_END, .id = "busybox", .text = "built"});
	bc_terminal_free(t);
	drain(&s);
	screen_close(&s);
}
END_TEST

START_TEST(test_columns)
{
	static const struct {
		const char *text;
		size_t columns;
		bool utf8;
		const char *want;
	} rows[] = {
		{"abc", 3, true, "abc"},
		{"abcd", 3, true, "ab\xe2\x80\xa6"},
		{"abcd", 3, false, "ab~"},
		{"abcd", 1, false, "~"},
		{"abcd", 0, false, ""},
		{"\xe6\xbc\xa2\xe5\xad\x97", 4, true, "\xe6\xbc\xa2\xe5\xad\x97"},
		{"\xe6\xbc\xa2\xe5\xad\x97", 3, true, "\xe6\xbc\xa2\xe2\x80\xa6"},
		{"\xe6\xbc\xa2\xe5\xad\x97", 2, true, "\xe2\x80\xa6"},
		{"e\xcc\x81t\xc3\xa9", 3, true, "e\xcc\x81t\xc3\xa9"},
		{"t\xc3\xa9", 3, false, "t?"},
		{"a\tb\n", 9, true, "a b\\x0a"},
		{"\xff", 9, true, "\\xff"},
	};
	for (size_t i = 0; i < BC_LEN(rows); i++) {
		BC_AUTO(bc_buf) out = {0};
		size_t used = bc_columns_cut(&out, rows[i].text, rows[i].columns, rows[i].utf8);
		ck_assert_str_eq(out.data ? out.data : "", rows[i].want);
		ck_assert_uint_eq(used, bc_columns(rows[i].want, strlen(rows[i].want)));
		ck_assert_uint_le(used, rows[i].columns);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("terminal");
	TCase *t = tcase_create("terminal");
	tcase_set_timeout(t, 30);
	tcase_add_test(t, test_wide);
	tcase_add_test(t, test_narrow);
	tcase_add_loop_test(t, test_any_width, 0, 11);
	tcase_add_test(t, test_resize);
	tcase_add_test(t, test_more_than_rows);
	tcase_add_test(t, test_rate);
	tcase_add_test(t, test_stopped_terminal);
	tcase_add_test(t, test_plain);
	tcase_add_test(t, test_plain_quiet);
	tcase_add_test(t, test_tty_quiet);
	tcase_add_test(t, test_download);
	tcase_add_test(t, test_columns);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
