/* Kernel records at every byte of what userspace wrote in recorded boots, one alone and many at once, with time
 * stamps and without: every prompt is seen, every output and exit status is right, and userspace's lines are the
 * recorded ones. BC_SPLICE_BOOTS=N makes N random boots of each recording, besides one for each position. */
#include <bootcheck/base/text.h>
#include <bootcheck/run/console.h>

#include "session_test.h"

#define MAX_RECORDS 64

/* What was typed in the recordings, and must have come out. */
static const struct command {
	const char *text, *output, *status;
} pc[] = {{"uname -m", "\\Ax86_64\\n\\z", "0"},
	{"cat /sys/class/dmi/id/product_name", "\\AStandard PC \\(i440FX \\+ PIIX, 1996\\)\\n\\z",
		"0"},
	{"grep -c ^processor /proc/cpuinfo", "\\A1\\n\\z", "0"},
	{"mount",
		"\\Arootfs on / type rootfs \\(rw,size=100864k,nr_inodes=25216,inode64\\)\\n"
		"proc on /proc type proc \\(rw,relatime\\)\\nsysfs on /sys type sysfs "
		"\\(rw,relatime\\)\\n"
		"devtmpfs on /dev type devtmpfs "
		"\\(rw,relatime,size=100864k,nr_inodes=25216,mode=755,"
		"inode64\\)\\n\\z",
		"0"},
	{"false", "\\A\\z", "1"}, {0}},
  ppc[] = {{"cat /proc/device-tree/model", "\\AIBM pSeries \\(emulated by qemu\\)\\z", "0"},
	  {"grep ^platform /proc/cpuinfo", "\\Aplatform\t: pSeries\\n\\z", "0"}, {0}};
static const struct recording {
	const char *name;
	const struct command *commands;
} recordings[] = {{"good-x86_64-pc", pc}, {"good-ppc64le-pseries", ppc}};

struct boot {
	const struct recording *from;
	struct bc_buf user; /* what userspace wrote, from the start of init on */
	char *lines;	    /* the userspace lines that must come out */
	uint64_t us;	    /* the kernel's newest stamp */
	bool has_stamps;
};

static struct boot base;
static uint32_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % sides;
}

/* The records of one boot: what each prints, and what the ring holds of it. */
static struct {
	struct bc_buf ring[MAX_RECORDS];
	uint64_t us[MAX_RECORDS];
	size_t len, next;
} records;

static bool next_record(void *ctx, struct bc_console_record *out)
{
	(void)ctx;
	if (records.next == records.len)
		return false;
	const struct bc_buf *r = &records.ring[records.next];
	*out = (struct bc_console_record){
		r->data, r->len, records.next, records.us[records.next], 6, false};
	records.next++;
	return true;
}

/* Appends a record as the console prints it, in one of the shapes that printk has. */
static void add_record(struct bc_buf *out, uint64_t us, unsigned shape)
{
	static const char *const texts[] = {"scsi 1:0:0:0: Direct-Access [QEMU] 2.5+ PQ: 0",
		"usb 1-1: New device [ 12.5] found / # ", "mem [0x1000-0x1fff] $ ", "x",
		"Modules linked in: a b c\n CPU: 0 PID: 1 Comm: sh"};
	static const char *const callers[] = {"", "[    T1]", "[   C10]"};
	struct bc_buf *ring = &records.ring[records.len];
	bc_buf_clear(ring);
	bc_buf_addf(ring, "%s", texts[shape % BC_LEN(texts)]);
	records.us[records.len++] = us;
	if (base.has_stamps && shape % 11 == 3)
		bc_buf_addf(out, "** %u printk messages dropped **\r\n", shape);
	for (char *line = ring->data, *end; line; line = end) {
		end = strchr(line, '\n');
		size_t len = end ? (size_t)(end++ - line) : strlen(line);
		if (base.has_stamps)
			bc_buf_addf(out, "[%5u.%06u]%s ", (unsigned)(us / 1000000),
				(unsigned)(us % 1000000), callers[shape % 3]);
		bc_buf_add(out, line, len);
		bc_buf_adds(out, "\r\n");
	}
}

static struct bc_buf lines;

static void on_line(void *ctx, const struct bc_console_line *line)
{
	(void)ctx;
	if (line->stream == BC_STREAM_KERNEL)
		return;
	bc_buf_add(&lines, line->data, line->len);
	bc_buf_addc(&lines, '\n');
}

static const char kernel_start[] = "[    0.000000] Linux version 6.1.0\r\n[    0.100000] x\r\n[    "
				   "2.000000] Run /init as init "
				   "process\r\n";

/* Reads a recording: userspace's bytes are those that are in no record. The recordings have none inside a line. */
static void load(const struct recording *from, bool has_stamps)
{
	BC_AUTO(bc_buf) data = {0};
	BC_AUTO_FREE char *path =
		bc_asprintf(BC_SOURCE_DIR "/fixtures/consoles/%s.log", from->name);
	base.from = from;
	base.has_stamps = has_stamps;
	base.us = 2000000;
	ck_assert(bc_fs_read(path, 1 << 20, &data, NULL));
	const char *at = memmem(data.data, data.len, "Run /init as", 12);
	ck_assert_ptr_nonnull(at);
	at = strchr(at, '\n') + 1;
	bc_buf_clear(&base.user);
	for (const char *end, *last = data.data + data.len; at < last; at = end) {
		end = memchr(at, '\n', (size_t)(last - at));
		end = end ? end + 1 : last;
		if (*at != '[')
			bc_buf_add(&base.user, at, (size_t)(end - at));
	}
	struct bc_console c;
	bc_console_init(&c, on_line, NULL);
	bc_console_push(&c, base.user.data, base.user.len);
	bc_console_finish(&c);
	bc_console_release(&c);
	base.lines = bc_buf_take(&lines);
}

static void add_steps(void)
{
	for (const struct command *c = base.from->commands; c->text; c++)
		add_step("run", c->text, "output", c->output, "status", c->status, NULL);
	add_step("expect", "{prompt}", NULL);
}

static void add_start(struct bc_buf *out)
{
	if (base.has_stamps) {
		bc_buf_adds(out, kernel_start);
		return;
	}
	for (const char *line = kernel_start; *line; line = strchr(line, '\n') + 1) {
		size_t len = strcspn(line + 15, "\r");
		bc_buf_clear(&records.ring[records.len]);
		bc_buf_add(&records.ring[records.len], line + 15, len);
		records.us[records.len++] = 0;
		bc_buf_add(out, line + 15, len);
		bc_buf_adds(out, "\r\n");
	}
}

/* One boot with records at these positions of the user's bytes, ascending. */
static void boot(const size_t *positions, size_t count)
{
	BC_AUTO(bc_buf) bytes = {0};
	records.len = records.next = 0;
	add_start(&bytes);
	size_t from = 0;
	for (size_t i = 0; i < count; i++) {
		bc_buf_add(&bytes, base.user.data + from, positions[i] - from);
		from = positions[i];
		add_record(&bytes, base.us + 1000 * (i + 1), dice(1000));
	}
	bc_buf_add(&bytes, base.user.data + from, base.user.len - from);

	struct bc_session_io io = {.send = on_send, .power = on_power, .event = on_event};
	struct bc_err err = {0};
	struct bc_session *s = bc_session_new(&rig.c, &io, 1, true, &err);
	ck_assert_msg(s != NULL, "%s", err.message);
	if (!base.has_stamps || dice(2))
		bc_session_follow(s, &(struct bc_console_ring){.next = next_record});
	bc_session_start(s);
	size_t piece = dice(3) == 0 ? 1 : dice(2) ? bytes.len : 0;
	for (size_t at = 0; at < bytes.len && !bc_session_is_done(s);) {
		size_t n = piece ? piece : 1 + dice(40);
		n = n > bytes.len - at ? bytes.len - at : n;
		bc_session_bytes(s, 1, bytes.data + at, n);
		at += n;
	}
	bc_session_end(s, 1, BC_END_RECORD, NULL);
	struct bc_attempt attempt = {0};
	bc_session_result(s, 1, &attempt);
	ck_assert_msg(attempt.verdict == BC_PASS, "records at %zu… (%zu): %s\n%s", positions[0],
		count, attempt.title, bytes.data);
	bc_attempt_release(&attempt);
	bc_session_free(s);
}

/* The same bytes through the console alone: userspace's lines are the recorded ones. */
static void heal(const size_t *positions, size_t count)
{
	BC_AUTO(bc_buf) bytes = {0};
	struct bc_console c;
	records.len = records.next = 0;
	add_start(&bytes);
	size_t from = 0;
	for (size_t i = 0; i < count; i++) {
		bc_buf_add(&bytes, base.user.data + from, positions[i] - from);
		from = positions[i];
		add_record(&bytes, base.us + 1000 * (i + 1), dice(1000));
	}
	bc_buf_add(&bytes, base.user.data + from, base.user.len - from);
	bc_buf_clear(&lines);
	bc_console_init(&c, on_line, NULL);
	if (!base.has_stamps)
		bc_console_follow(&c, &(struct bc_console_ring){.next = next_record});
	bc_console_push(&c, bytes.data, bytes.len);
	bc_console_finish(&c);
	bc_console_release(&c);
	ck_assert_msg(lines.data && strcmp(lines.data, base.lines) == 0,
		"records at %zu… (%zu):\n%s\nmade\n%s", positions[0], count, bytes.data,
		lines.data ? lines.data : "");
}

static int by_size(const void *a, const void *b)
{
	const size_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void prepare(int i)
{
	load(&recordings[i / 2], i % 2 == 0);
	seed = 1;
	add_steps();
}

START_TEST(at_every_byte)
{
	prepare(_i);
	ck_assert_uint_gt(base.user.len, 350);
	for (size_t at = 0; at < base.user.len; at++) {
		boot(&at, 1);
		heal(&at, 1);
	}
}
END_TEST

START_TEST(many_at_once)
{
	const char *wanted = getenv("BC_SPLICE_BOOTS");
	int64_t boots = 200;
	ck_assert(!wanted || bc_number_parse(wanted, &boots));
	prepare(_i);
	for (int64_t n = 0; n < boots; n++) {
		size_t positions[MAX_RECORDS], count = 1 + dice(40);
		for (size_t k = 0; k < count; k++)
			positions[k] = dice((uint32_t)base.user.len);
		qsort(positions, count, sizeof(*positions), by_size);
		boot(positions, count);
		heal(positions, count);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("splices");
	TCase *tc = tcase_create("splices");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, at_every_byte, 0, 2 * (int)BC_LEN(recordings));
	tcase_add_loop_test(tc, many_at_once, 0, 2 * (int)BC_LEN(recordings));
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
