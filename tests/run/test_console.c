/* The console parser: the same lines whatever the split, and the two writers told apart. */
#include <check.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/run/console.h>
#include <bootcheck/sys/fs.h>

struct seen {
	struct bc_buf
		text; /* "K offset|line\n"; of a healed line "U offset+len,offset+len|line\n" */
};

static void on_line(void *ctx, const struct bc_console_line *line)
{
	struct seen *s = ctx;
	ck_assert_uint_ge(line->span_count, 1);
	ck_assert_uint_eq(line->spans[0].offset, line->offset);
	bc_buf_addf(&s->text, "%c ", "AKU"[line->stream]);
	for (size_t i = 0; i < line->span_count && line->span_count > 1; i++)
		bc_buf_addf(&s->text, "%s%llu+%llu", i ? "," : "",
			(unsigned long long)line->spans[i].offset,
			(unsigned long long)line->spans[i].len);
	if (line->span_count == 1)
		bc_buf_addf(&s->text, "%llu", (unsigned long long)line->offset);
	bc_buf_addc(&s->text, '|');
	bc_buf_add(&s->text, line->data, line->len);
	bc_buf_addc(&s->text, '\n');
}

/* Records as the ring buffer holds them, one a line: `LEVEL MICROSECONDS TEXT`. "\v" in the text is a
 * newline. */
struct feed {
	const char *at;
	uint64_t seq;
	char text[1024];
};

static bool next_record(void *ctx, struct bc_console_record *out)
{
	struct feed *f = ctx;
	int level, n = 0;
	unsigned long long us;
	if (!f->at || sscanf(f->at, "%d %llu%n", &level, &us, &n) != 2)
		return false;
	const char *text = f->at + n + 1;
	size_t len = strcspn(text, "\n");
	ck_assert_uint_lt(len, sizeof(f->text));
	memcpy(f->text, text, len);
	for (size_t i = 0; i < len; i++)
		f->text[i] = f->text[i] == '\v' ? '\n' : f->text[i];
	f->at = text + len + 1;
	*out = (struct bc_console_record){f->text, len, f->seq++, us, level, false};
	return true;
}

/* chunk 0: pseudo-random sizes from seed. records: see struct feed, NULL = none. */
static char *parse_fed(
	const char *data, size_t len, size_t chunk, unsigned seed, const char *records)
{
	struct seen s = {{0}};
	struct feed feed = {.at = records, .seq = 1};
	struct bc_console c;
	bc_console_init(&c, on_line, &s);
	if (records)
		bc_console_follow(&c, &(struct bc_console_ring){.next = next_record, .ctx = &feed});
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

static char *parse(const char *data, size_t len, size_t chunk, unsigned seed)
{
	return parse_fed(data, len, chunk, seed, NULL);
}

#define ONE	  "[    1.000000] one\r\n"
#define INIT	  "[    9.000000] Run /init as init process\r\n"
#define INIT_LINE "K 0|[    9.000000] Run /init as init process\n"
static const struct {
	const char *name, *bytes, *lines;
} cases[] = {
	{"line ends", "a\nb\r\nc\r\r\nd\re\r\n\r\n", "A 0|a\nA 2|b\nA 5|c\nA 9|d\nA 11|e\nA 14|\n"},
	{"no newline", "/ # ", "A 0|/ # \n"},
	{"escapes", "\x1b[6n\x1b[1;32mgreen\x1b[0m\x1b]0;title\x07!\x1b(B\n", "A 0|green!\n"},
	{"backspace", "Hit key: 2 \b\b\b 1 \b\b\b 0 \r\n", "A 0|Hit key: 0 \n"},
	{"controls", "a\x01\x07z\x7f\n", "A 0|az\n"},
	{"invalid UTF-8 stays", "\xff\xfe\xc3\n", "A 0|\xff\xfe\xc3\n"},
	{"splice", ONE "pass[    2.000000] two\r\nphrase: \r\n",
		"K 0|[    1.000000] one\nK 24|[    2.000000] two\nU 20+4,44+10|passphrase: \n"},
	{"splice behind a prompt", ONE "/ # [    1.500000][    T1] late\r\n",
		"K 0|[    1.000000] one\nK 24|[    1.500000][    T1] late\nU 20|/ # \n"},
	{"two splices", "[    1.000000] a\nx[    2.000000] b\ny[    3.000000] c\nz\n",
		"K 0|[    1.000000] a\nK 18|[    2.000000] b\nK 36|[    3.000000] c\n"
		"U 17+1,35+1,53+2|xyz\n"},
	{"records behind one another", ONE "x[    2.000000] b\r\n[    2.000001] c\r\ny\r\n",
		"K 0|[    1.000000] one\nK 21|[    2.000000] b\nK 39|[    2.000001] c\n"
		"U 20+1,57+3|xy\n"},
	{"splice before the newline", ONE "x[    2.000000] b\r\n\r\nnext\r\n",
		"K 0|[    1.000000] one\nK 21|[    2.000000] b\nU 20+1,39+2|x\nU 41|next\n"},
	{"splice between CR and LF", ONE "x\r[    2.000000] b\r\n\nnext\r\n",
		"K 0|[    1.000000] one\nK 22|[    2.000000] b\nU 20+2,40+1|x\nU 41|next\n"},
	{"splice in an escape sequence",
		ONE "\x1b[1;3[    2.000000] b\r\n2mgreen\x1b[    3.000000] c\r\n[0m\r\n",
		"K 0|[    1.000000] one\nK 25|[    2.000000] b\nK 51|[    3.000000] c\n"
		"U 20+5,43+8,69+5|green\n"},
	{"splice in a UTF-8 sequence", ONE "\xc3[    2.000000] b\r\n\xa4\r\n",
		"K 0|[    1.000000] one\nK 21|[    2.000000] b\nU 20+1,39+3|\xc3\xa4\n"},
	{"brackets of userspace",
		ONE "[root@vm ~]# [  [[ 1.5 [    2.00000] [    2.000000]x <6>\r\n",
		"K 0|[    1.000000] one\n"
		"U 20|[root@vm ~]# [  [[ 1.5 [    2.00000] [    2.000000]x <6>\n"},
	{"a record behind brackets of userspace", ONE "[[  [ 1[    2.000000] b\r\n2]\r\n",
		"K 0|[    1.000000] one\nK 27|[    2.000000] b\nU 20+7,45+4|[[  [ 12]\n"},
	{"dropped", ONE "x** 12 printk messages dropped **\r\n[    2.000000] b\r\ny\r\n",
		"K 0|[    1.000000] one\nK 21|** 12 printk messages dropped **\n"
		"K 55|[    2.000000] b\nU 20+1,73+3|xy\n"},
	{"dropped, before 4.13",
		ONE "x** 5 printk messages dropped ** [   30.000000] b\r\ny\r\n"
		    "** 5 printk messages dropped ** [   31.000000][   T1] c\r\n",
		"K 0|[    1.000000] one\nK 21|** 5 printk messages dropped ** \n"
		"K 53|[   30.000000] b\nU 20+1,71+3|xy\n"
		"K 74|** 5 printk messages dropped ** \nK 106|[   31.000000][   T1] c\n"},
	{"a user's stars", ONE "x** 5 printk messages dropped ** [   30] b\r\n",
		"K 0|[    1.000000] one\nU 20|x** 5 printk messages dropped ** [   30] b\n"},
	{"replayed", ONE "x** replaying previous printk message **\r\n** 1 printk **\r\n",
		"K 0|[    1.000000] one\nK 21|** replaying previous printk message **\n"
		"U 20+1,62+16|x** 1 printk **\n"},
	{"dropped, of no known kernel", "** 12 printk messages dropped **\r\n",
		"A 0|** 12 printk messages dropped **\n"},
	{"caller ids without time stamps",
		"[    T0] Booting Linux on physical CPU 0x0\r\npa[    T1] late\r\nss [T] [   T1] [ "
		"C123456] "
		"[C123456] x\r\n",
		"K 0|[    T0] Booting Linux on physical CPU 0x0\nK 46|[    T1] late\n"
		"K 87|[C123456] x\nU 44+2,61+26|pass [T] [   T1] [ C123456] \n"},
	{"caller ids of no known kernel", "[    T1] x\r\n", "A 0|[    T1] x\n"},
	{"log level", "<6>[    0.000001] x\n", "K 0|<6>[    0.000001] x\n"},
	{"splice with a log level", "<6>[    0.000001] x\na<4>[    0.000002] y\nb<4>c\n",
		"K 0|<6>[    0.000001] x\nK 21|<4>[    0.000002] y\nU 20+1,41+6|ab<4>c\n"},
	{"several lines in one record", ONE "a[    2.000000] b\r\n[    2.000000] c\r\nd\r\n",
		"K 0|[    1.000000] one\nK 21|[    2.000000] b\nK 39|[    2.000000] c\n"
		"U 20+1,57+3|ad\n"},
	{"a panicking processor takes the console",
		ONE "a[    2.000000] Hardw[    2.100000] Kernel panic\r\nb\r\n",
		"K 0|[    1.000000] one\nK 21|[    2.000000] Hardw\nK 41|[    2.100000] Kernel "
		"panic\n"
		"U 20+1,70+3|ab\n"},
	{"a stamp that a record quotes", "[    9.000000] see [    1.000000] then\n",
		"K 0|[    9.000000] see [    1.000000] then\n"},
	{"an early console's replay", "[    9.000000] now\n[    1.000000] then\n",
		"K 0|[    9.000000] now\nK 19|[    1.000000] then\n"},
	{"dmesg by a user", INIT "[    1.000000] then\nuser\n",
		INIT_LINE "U 42|[    1.000000] then\nU 62|user\n"},
	{"dmesg of the newest record", INIT INIT,
		INIT_LINE "U 42|[    9.000000] Run /init as init process\n"},
	{"a grep of the newest record", INIT "1:" INIT "y\r\n",
		INIT_LINE "U 42|1:[    9.000000] Run /init as init process\nU 86|y\n"},
	{"a new record as old as the newest", INIT "1:[    9.000000] Run\r\ny\r\n",
		INIT_LINE "K 44|[    9.000000] Run\nU 42+2,64+3|1:y\n"},
	{"an old stamp inside a line is text", INIT "see [    1.000000] then\n",
		INIT_LINE "U 42|see [    1.000000] then\n"},
	{"a stamp that a user made up",
		INIT "[  999.000000] fake\r\na[   10.000000] b\r\nb[   11.000000] c\r\nd\r\n",
		INIT_LINE "K 42|[  999.000000] fake\nK 64|[   10.000000] b\nK 83|[   11.000000] c\n"
			  "U 63+1,82+1,101+3|abd\n"},
	{"printk.time=0 behind an early console", "[    0.000000] a\nb\nc\nd\ne\nf [\n",
		"K 0|[    0.000000] a\nU 17|b\nU 19|c\nU 21|d\nA 23|e\nA 25|f [\n"},
	{"an empty record", ONE "a[    2.000000] \r\n[    2.100000]\r\nb\r\n",
		"K 0|[    1.000000] one\nK 21|[    2.000000] \nK 38|[    2.100000]\nU "
		"20+1,54+3|ab\n"},
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

/* The same with the guest's ring buffer, which holds these records when the first byte comes. */
static const struct {
	const char *name, *records, *bytes, *lines;
} fed[] = {
	{"without stamps", "6 1 one\n6 2 two\n", "one\r\npatwo\r\nss\r\none\r\n",
		"K 0|one\nK 7|two\nU 5+2,12+4|pass\nU 16|one\n"},
	{"in order, each once", "6 1 a\n6 2 b\n6 3 a\n", "a\r\nb\r\na\r\na\r\n",
		"K 0|a\nK 3|b\nK 6|a\nU 9|a\n"},
	{"a prefix of a record is not one", "6 1 three\n", "thr\r\nthree\r\n three\r\n",
		"A 0|thr\nK 5|three\nU 12| three\n"},
	{"a line that ends like a record", "6 1 ok\n6 2 ok\n", "xok\r\nyok\r\n\r\n",
		"K 1|ok\nK 6|ok\nU 0+1,5+1,10+2|xy\n"},
	{"debug records are not printed", "6 1 a\n7 2 debug\n6 3 b\n", "a\r\ndebug\r\nb\r\n",
		"K 0|a\nU 3|debug\nK 10|b\n"},
	{"unless the command line says so", "5 1 Kernel command line: ro loglevel=8 x\n7 2 debug\n",
		"Kernel command line: ro loglevel=8 x\r\ndebug\r\n",
		"K 0|Kernel command line: ro loglevel=8 x\nK 38|debug\n"},
	{"quiet", "5 1 Kernel command line: ro quiet\n6 2 info\n3 3 error\n", "info\r\nerror\r\n",
		"A 0|info\nK 6|error\n"},
	{"quiet is a word of its own", "5 1 Kernel command line: ro x=quiet y\n6 2 info\n",
		"info\r\n", "K 0|info\n"},
	{"lost records are skipped", "6 1 a\n6 2 b\n6 3 c\n", "a\r\nxc\r\ny\r\n",
		"K 0|a\nK 4|c\nU 3+1,7+3|xy\n"},
	{"empty records", "6 1 a\n6 2 \n6 3 b\n", "a\r\n\r\nx\r\nb\r\n\r\n",
		"K 0|a\nK 3|\nU 5|x\nK 8|b\nU 11|\n"},
	{"several lines", "6 1 a\vb\n", "xa\r\nyb\r\nz\r\n", "K 1|a\nK 5|b\nU 0+1,4+1,8+3|xyz\n"},
	{"with stamps, a dmesg is told exactly",
		"6 9000000 one\n6 9000000 one\n7 9000001 debug\n6 9000002 new\n",
		"[    9.000000] one\r\n[    9.000000] one\r\n" INIT "[    9.000000] one\r\n"
		"[    9.000001] debug\r\na[    9.000002] new\r\nb[    9.000002] new\r\n",
		"K 0|[    9.000000] one\nK 20|[    9.000000] one\nK 40|[    9.000000] Run /init as "
		"init process\nU 82|[    9.000000] one\nU 102|[    9.000001] debug\n"
		"K 125|[    9.000002] new\nU 124+1,145+21|ab[    9.000002] new\n"},
	{"with stamps, a record that another one cut",
		"6 9000000 one\n6 9000001 Hardware name\n0 9000002 Kernel panic\n",
		"[    9.000000] one\r\na[    9.000001] Hardw[    9.000002] Kernel panic\r\nb\r\n",
		"K 0|[    9.000000] one\nK 21|[    9.000001] Hardw\nK 41|[    9.000002] Kernel "
		"panic\nU 20+1,70+3|ab\n"},
	{"with stamps, a dmesg of what the console does not print",
		"5 1 Kernel command line: quiet\n3 8000000 loud\n6 9000000 Run /init as init "
		"process\n"
		"6 9000001 one\n4 9000002 two\n3 9000003 three\n",
		"[    8.000000] loud\r\n[    9.000001] one\r\n[    9.000002] two\r\n[    9.000003] "
		"three\r\n[    9.000003] three\r\n",
		"K 0|[    8.000000] loud\nU 21|[    9.000001] one\nU 41|[    9.000002] two\n"
		"K 61|[    9.000003] three\nU 83|[    9.000003] three\n"},
	{"with stamps, stamps of another boot do no harm",
		"6 8000000 one\n6 9000000 Run /init as init process\n0 9500000 Kernel panic\n",
		"[    8.000000] one\r\n" INIT
		"[  100.000000] Kernel panic\r\n[  200.000000] b\r\nx[  300.000000] c\r\n"
		"[    9.500000] Kernel panic\r\n",
		"K 0|[    8.000000] one\nK 20|[    9.000000] Run /init as init process\n"
		"U 62|[  100.000000] Kernel panic\nU 91|[  200.000000] b\nU 109|x[  300.000000] c\n"
		"K 128|[    9.500000] Kernel panic\n"},
	{"caller ids, and a dmesg",
		"6 1 Booting Linux on a\n6 2 Run /init as init process\n6 3 two\n",
		"[    T0] Booting Linux on a\r\n[    T1] Run /init as init process\r\n"
		"[    T0] Booting Linux on a\r\nx[    T5] two\r\ny\r\n[    T5] two\r\n",
		"K 0|[    T0] Booting Linux on a\nK 29|[    T1] Run /init as init process\n"
		"U 65|[    T0] Booting Linux on a\nK 95|[    T5] two\nU 94+1,109+3|xy\n"
		"U 112|[    T5] two\n"},
	{"levels without stamps", "6 1 one\n4 2 two\n", "<6>one\r\na<4>two\r\nb<6>c <\r\n",
		"K 0|<6>one\nK 9|<4>two\nU 8+1,17+9|ab<6>c <\n"},
	{"with stamps, what a user makes up is told", "6 9000000 one\n6 20000000 two\n",
		"[    9.000000] one\r\n" INIT "[   10.000000] fake\r\n[   20.000000] two\r\n",
		"K 0|[    9.000000] one\nK 20|[    9.000000] Run /init as init process\n"
		"U 62|[   10.000000] fake\nK 83|[   20.000000] two\n"},
};

START_TEST(every_split_fed)
{
	size_t len = strlen(fed[_i].bytes);
	for (size_t chunk = 1; chunk <= len; chunk++) {
		BC_AUTO_FREE char *got = parse_fed(fed[_i].bytes, len, chunk, 0, fed[_i].records);
		ck_assert_msg(strcmp(got, fed[_i].lines) == 0, "%s, pieces of %zu:\n%s",
			fed[_i].name, chunk, got);
	}
}
END_TEST

/* The ring buffer is found when the console has printed part of it. */
START_TEST(ring_found_late)
{
	static const char early[] = "one\r\ntwo\r\nthree\r\nfour\r\none\r\nuser\r\n",
			  late[] = "/ fi[ve\r\n# one\r\nx\r\ntwo\r\n";
	struct feed feed = {
		.at = "6 1 one\n6 2 two\n6 3 three\n6 4 four\n6 5 one\n6 6 fi[ve\n6 7 one\n",
		.seq = 1};
	struct seen s = {{0}};
	struct bc_console c;
	bc_console_init(&c, on_line, &s);
	bc_console_push(&c, early, sizeof(early) - 1);
	bc_console_follow(&c, &(struct bc_console_ring){.next = next_record, .ctx = &feed});
	bc_console_push(&c, late, sizeof(late) - 1);
	bc_console_finish(&c);
	bc_console_release(&c);
	ck_assert_str_eq(s.text.data,
		"A 0|one\nA 5|two\nA 10|three\nA 17|four\nA 23|one\nA 28|user\n"
		"K 36|fi[ve\nK 45|one\nU 34+2,43+2,50+3|/ # x\nU 53|two\n");
	bc_buf_release(&s.text);
}
END_TEST

/* A ring whose kernel has said more since it was found, and a console_loglevel that changes. */
struct late_ring {
	struct feed feed;
	const char *more;
	int level, searches;
};

static bool late_record(void *ctx, struct bc_console_record *out)
{
	struct late_ring *r = ctx;
	return next_record(&r->feed, out);
}

static bool late_search(void *ctx)
{
	struct late_ring *r = ctx;
	r->searches++;
	if (!r->more)
		return false;
	r->feed.at = r->more;
	r->more = NULL;
	return true;
}

static int late_level(void *ctx)
{
	const struct late_ring *r = ctx;
	return r->level;
}

static void push(struct bc_console *c, const char *text)
{
	bc_console_push(c, text, strlen(text));
}

START_TEST(ring_of_a_console_with_stamps)
{
	struct late_ring r = {
		.feed = {.at = "6 8000000 one\n6 9000000 Run /init as init process\n", .seq = 1},
		.more = "4 9100000 two\n7 9200000 debug\n",
		.level = -1};
	const struct bc_console_ring ring = {late_record, late_search, late_level, &r};
	struct seen s = {{0}};
	struct bc_console c;
	bc_console_init(&c, on_line, &s);
	c.expects_stamps = true;
	/* Nobody but the kernel has written: nothing is doubtful. */
	push(&c, "[    8.000000] one\r\n");
	ck_assert(!bc_console_is_doubtful(&c, "[", 1));
	push(&c, INIT);
	ck_assert(bc_console_is_doubtful(&c, "[", 1));
	ck_assert(!bc_console_is_doubtful(&c, "x", 1));
	ck_assert(!bc_console_is_doubtful(&c, "[root@vm ~]# ", 13));
	ck_assert(bc_console_is_doubtful(&c, "a[b [    1.000000] c", 20));
	ck_assert(!bc_console_is_doubtful(&c, "[    0.000000] c", 16));
	ck_assert(!bc_console_is_exact(&c));
	bc_console_follow(&c, &ring);
	push(&c, "[    8.000000] one\r\n");
	ck_assert(bc_console_is_exact(&c));
	/* What is not in the ring makes it look again, once the whole stamp is there. */
	push(&c, "[    9.100");
	ck_assert_int_eq(r.searches, 0);
	push(&c, "000] two\r\n");
	ck_assert_int_eq(r.searches, 1);
	/* `dmesg -n 8`, and again `dmesg -n 1` */
	push(&c, "[    9.200000] debug\r\n");
	r.level = 8;
	r.feed.at = "7 9300000 debug\n";
	push(&c, "[    9.300000] debug\r\n");
	r.level = 1;
	r.feed.at = "4 9400000 three\n";
	push(&c, "[    9.400000] three\r\n");
	/* A reset, and memory still has the ring of before: its records are not these. */
	bc_console_reset_stamps(&c);
	ck_assert(!bc_console_is_exact(&c));
	push(&c, "[    0.000000] Linux\r\n[    0.500000] Run /init as init process\r\n");
	r.feed.at = "6 8000000 one\n6 9000000 Run /init as init process\n";
	bc_console_follow(&c, &ring);
	push(&c, "[    0.600000] new\r\n");
	ck_assert(!bc_console_is_exact(&c));
	bc_console_finish(&c);
	ck_assert_str_eq(s.text.data,
		"K 0|[    8.000000] one\nK 20|[    9.000000] Run /init as init process\n"
		"U 62|[    8.000000] one\nK 82|[    9.100000] two\nU 102|[    9.200000] debug\n"
		"K 124|[    9.300000] debug\nU 146|[    9.400000] three\n"
		"K 168|[    0.000000] Linux\nK 190|[    0.500000] Run /init as init process\n"
		"K 232|[    0.600000] new\n");
	bc_console_release(&c);
	bc_buf_release(&s.text);
}
END_TEST

/* `quiet`: the kernel has printed nothing, and the ring alone tells. */
START_TEST(ring_of_a_quiet_console)
{
	struct feed feed = {.at = "5 1 Kernel command line: quiet\n6 500000 mymod\n"
				  "6 9000000 Run /init as init process\n",
		.seq = 1};
	struct seen s = {{0}};
	struct bc_console c;
	bc_console_init(&c, on_line, &s);
	c.expects_stamps = true;
	ck_assert(bc_console_is_doubtful(&c, "[", 1));
	bc_console_follow(&c, &(struct bc_console_ring){.next = next_record, .ctx = &feed});
	push(&c, "[    0.500000] mymod\r\n[    9.000000] Run /init as init process\r\n");
	bc_console_finish(&c);
	ck_assert_str_eq(s.text.data,
		"U 0|[    0.500000] mymod\nU 22|[    9.000000] Run /init as init process\n");
	bc_console_release(&c);
	bc_buf_release(&s.text);
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

struct pieces {
	const char *data;
	struct bc_buf text; /* of userspace's bytes, by their places */
	size_t most;
	bool is_partial;
};

static void collect(void *ctx, const struct bc_console_line *line)
{
	struct pieces *p = ctx;
	for (size_t i = 0; i < line->span_count && line->stream == BC_STREAM_USER; i++)
		bc_buf_add(&p->text, p->data + line->spans[i].offset, (size_t)line->spans[i].len);
	p->most = line->span_count > p->most ? line->span_count : p->most;
	p->is_partial |= line->is_partial;
}

/* A line that was cut this often: its pieces are its own bytes, and what is left out is said. */
START_TEST(a_line_of_many_pieces)
{
	static const size_t cuts[] = {31, 32, 40, BC_CONSOLE_SPANS - 1, BC_CONSOLE_SPANS, 2000};
	BC_AUTO(bc_buf) data = {0}, user = {0};
	struct bc_console c;
	bc_buf_adds(&data, "[    0.500000] x\r\n");
	for (size_t i = 0; i < cuts[_i]; i++) {
		bc_buf_addf(&data, "u%04zu.[    1.%06zu] kernel %zu\r\n", i, i + 1, i);
		if (i < BC_CONSOLE_SPANS)
			bc_buf_addf(&user, "u%04zu.", i);
	}
	bc_buf_adds(&data, "end\r\n");
	if (cuts[_i] < BC_CONSOLE_SPANS)
		bc_buf_adds(&user, "end\r\n");
	/* The next line has only its own. */
	bc_buf_adds(&data, "next\r\n");
	bc_buf_adds(&user, "next\r\n");
	struct pieces p = {.data = data.data};
	bc_console_init(&c, collect, &p);
	bc_console_push(&c, data.data, data.len);
	bc_console_finish(&c);
	bc_console_release(&c);
	ck_assert_str_eq(p.text.data, user.data);
	ck_assert_uint_le(p.most, BC_CONSOLE_SPANS);
	ck_assert_int_eq(p.is_partial, cuts[_i] >= BC_CONSOLE_SPANS);
	bc_buf_release(&p.text);
}
END_TEST

/* Recordings of real boots: whole, byte by byte and in random pieces. */
START_TEST(recordings_split)
{
	static const char *const names[] = {"consoles/boot-debian-armmp.log",
		"consoles/splice-per-char.log", "consoles/splice-blocks.log",
		"consoles/armhf-dmesg.log", "consoles/arm64-keep.log", "dialogs/login.log",
		"dialogs/splices.log", "dialogs/colours.log", "dialogs/activate.log"};
	BC_AUTO(bc_buf) data = {0};
	BC_AUTO_FREE char *path = bc_asprintf(BC_SOURCE_DIR "/fixtures/%s", names[_i]);
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
		const char *end;
		bool has_records;
	} logs[] = {{"splice-per-char", 60, "-abcdefghijklmnop", false},
		{"splice-blocks", 3000, "-dog", false},
		{"splice-no-timestamps", 60, "-abcdefghijklmnop", true}};
	BC_AUTO(bc_buf) data = {0}, records = {0};
	BC_AUTO_FREE char *path =
		bc_asprintf(BC_SOURCE_DIR "/fixtures/consoles/%s.log", logs[_i].name);
	BC_AUTO_FREE char *ring =
		bc_asprintf(BC_SOURCE_DIR "/fixtures/consoles/%s.records", logs[_i].name);
	ck_assert(bc_fs_read(path, 1 << 20, &data, NULL));
	ck_assert(!logs[_i].has_records || bc_fs_read(ring, 1 << 20, &records, NULL));
	BC_AUTO_FREE char *text = parse_fed(data.data, data.len, data.len, 0, records.data);
	for (unsigned seed = 0; seed < 20; seed++) {
		BC_AUTO_FREE char *pieces =
			parse_fed(data.data, data.len, seed ? 0 : 1, seed, records.data);
		ck_assert(strcmp(text, pieces) == 0);
	}
	size_t whole = 0;
	unsigned next = 0;
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		const char *bar = strchr(line, '|');
		unsigned n;
		if (line[0] != 'U' || !bar || sscanf(bar + 1, "MARKER-%u-", &n) != 1)
			continue;
		ck_assert_str_eq(strrchr(bar, '-'), logs[_i].end);
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
	tcase_set_timeout(tc, 120); /* a busy host, valgrind */
	tcase_add_loop_test(tc, every_split, 0, (int)BC_LEN(cases));
	tcase_add_loop_test(tc, every_split_fed, 0, (int)BC_LEN(fed));
	tcase_add_test(tc, ring_of_a_console_with_stamps);
	tcase_add_test(tc, ring_of_a_quiet_console);
	tcase_add_test(tc, ring_found_late);
	tcase_add_test(tc, nul_bytes_vanish);
	tcase_add_test(tc, long_lines_are_cut);
	tcase_add_loop_test(tc, a_line_of_many_pieces, 0, 6);
	tcase_add_loop_test(tc, recordings_split, 0, 9);
	tcase_add_loop_test(tc, splices_heal, 0, 3);
	tcase_add_test(tc, printk_prefixes);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
