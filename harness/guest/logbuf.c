#include "logbuf.h"

/* A record's text: LOG_LINE_MAX, with room. */
#define MAX_TEXT 2048
#define MAX_DICT 8192
/* 16 MiB of log in the smallest records. */
#define MAX_RECORDS ((size_t)1 << 19)
/* Processors' clocks differ a little; records are in the order of the lock. */
#define CLOCK_SLACK_NS 1000000u
/* No guest of ours is up for a century. */
#define MAX_TS_NS ((uint64_t)3155760000 * 1000000000u)
/* A record that is overwritten in part leaves a gap before the oldest whole one. */
#define MAX_GAP	 16384
#define MAX_RUNS 1024

/* struct printk_log: u64 ts_nsec; u16 len, text_len, dict_len; u8 facility; u8 flags:5, level:3; and, if
 * configured, u32 caller_id. Packed on machines that take unaligned words. */
static const struct {
	unsigned header, align;
} shapes[] = {{16, 4}, {16, 8}, {20, 4}, {24, 8}};

struct header {
	uint64_t ts;
	unsigned len, text_len, dict_len, facility, level;
};

static bool read_header(
	const struct bc_guest_ram *ram, const struct logbuf *log, uint64_t at, struct header *h)
{
	struct bc_guest_format f = log->format;
	if (!bc_guest_has(ram, at, log->header))
		return false;
	h->len = bc_guest_u16(ram, f, at + 8);
	h->text_len = bc_guest_u16(ram, f, at + 10);
	h->dict_len = bc_guest_u16(ram, f, at + 12);
	if (h->len < log->header || h->text_len > MAX_TEXT || h->dict_len > MAX_DICT)
		return false;
	unsigned used = log->header + h->text_len + h->dict_len;
	if (h->len != (used + log->align - 1) / log->align * log->align ||
		!bc_guest_has(ram, at, h->len))
		return false;
	uint16_t last = bc_guest_u16(ram, f, at + 14);
	h->facility = f.is_big ? last >> 8 : last & 0xff;
	/* The bit field's order follows the byte order. */
	h->level = f.is_big ? last & 7 : last >> 13;
	h->ts = bc_guest_u64(ram, f, at);
	return h->ts < MAX_TS_NS;
}

static bool has_text(const struct bc_guest_ram *ram, const struct logbuf *log, uint64_t at,
	const struct header *h)
{
	const unsigned char *text = ram->data + at + log->header;
	for (unsigned i = 0; i < h->text_len; i++)
		if (text[i] < 0x20 && text[i] != '\t' && text[i] != '\n' && text[i] != '\r' &&
			text[i] != 0x1b)
			return false;
	return true;
}

/* Follows records from `at`, adding them to log; returns where they end. */
static uint64_t follow(
	const struct bc_guest_ram *ram, struct logbuf *log, uint64_t at, uint64_t *newest_ns)
{
	struct header h;
	while (log->records.len < MAX_RECORDS && read_header(ram, log, at, &h) &&
		h.ts + CLOCK_SLACK_NS >= *newest_ns && has_text(ram, log, at, &h)) {
		bc_vec_push(&log->records, at);
		*newest_ns = h.ts > *newest_ns ? h.ts : *newest_ns;
		at += h.len;
	}
	return at;
}

/* The search */

struct run {
	uint64_t start, end, first_ns, newest_ns;
	size_t records, text;
	unsigned shape;
};

struct runs {
	BC_VEC(struct run);
};

static struct logbuf shaped(struct bc_guest_format format, unsigned shape)
{
	return (struct logbuf){
		.format = format, .header = shapes[shape].header, .align = shapes[shape].align};
}

/* The records from `at` on, in the shape in which there are most. */
static bool measure(
	const struct bc_guest_ram *ram, struct bc_guest_format format, uint64_t at, struct run *run)
{
	*run = (struct run){0};
	for (unsigned shape = 0; shape < BC_LEN(shapes); shape++) {
		struct logbuf log = shaped(format, shape);
		struct run r = {.start = at, .end = at, .shape = shape};
		struct header h;
		while (read_header(ram, &log, r.end, &h) && h.ts + CLOCK_SLACK_NS >= r.newest_ns &&
			has_text(ram, &log, r.end, &h)) {
			r.first_ns = r.records ? r.first_ns : h.ts;
			r.newest_ns = h.ts > r.newest_ns ? h.ts : r.newest_ns;
			r.text += h.text_len;
			r.end += h.len;
			r.records++;
		}
		if (r.records > run->records)
			*run = r;
	}
	/* Small numbers in a row look like records without text. */
	return run->records >= BC_LOGBUF_FEWEST && run->text >= 8 * run->records;
}

/* What no record begins with, told from its lengths alone. */
static bool may_begin(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at)
{
	unsigned len = bc_guest_u16(ram, f, at + 8), text = bc_guest_u16(ram, f, at + 10);
	return len >= 20 && len % 4 == 0 && text && text <= MAX_TEXT && len >= 16 + text &&
		len <= 24 + text + MAX_DICT + 8;
}

static void find_runs(
	const struct bc_guest_ram *ram, struct bc_guest_format format, struct runs *runs)
{
	bc_vec_each (e, &ram->extents) {
		for (uint64_t at = e->start; at + 16 <= e->end && runs->len < MAX_RUNS; at += 4) {
			struct run run;
			if (!may_begin(ram, format, at) || !measure(ram, format, at, &run))
				continue;
			bc_vec_push(runs, run);
			at = run.end - 4;
		}
	}
}

static bool is_newer(const struct run *a, const struct run *b)
{
	return a->newest_ns > b->newest_ns ||
		(a->newest_ns == b->newest_ns && a->records > b->records);
}

bool logbuf_find(const struct bc_guest_ram *ram, struct bc_guest_format format, struct logbuf *log)
{
	struct runs runs = {0};
	const struct run *newest = NULL, *older = NULL;
	uint64_t ns = 0;
	find_runs(ram, format, &runs);
	bc_vec_each (r, &runs)
		if (!newest || is_newer(r, newest))
			newest = r;
	if (!newest)
		return false;
	/* Once the buffer began again, what is older lies behind what is newer. */
	bc_vec_each (r, &runs)
		if (r->shape == newest->shape && r->start >= newest->end &&
			r->start - newest->end < MAX_GAP && r->newest_ns <= newest->first_ns &&
			!older)
			older = r;
	*log = shaped(format, newest->shape);
	log->start = newest->start;
	if (older)
		(void)follow(ram, log, older->start, &ns);
	(void)follow(ram, log, newest->start, &ns);
	free(runs.items);
	return log->records.len >= BC_LOGBUF_FEWEST;
}

bool logbuf_extend(const struct bc_guest_ram *ram, struct logbuf *log)
{
	struct header h;
	size_t before = log->records.len;
	uint64_t last = before ? log->records.items[before - 1] : 0;
	if (!before || !read_header(ram, log, last, &h))
		return false;
	uint64_t ns = h.ts, next = last + h.len;
	(void)follow(ram, log, next, &ns);
	if (log->records.len > before)
		return true;
	/* A header of zeros ends the buffer when something newer lies at its start. */
	if (last != log->start && bc_guest_u16(ram, log->format, next + 8) == 0 &&
		read_header(ram, log, log->start, &h) && h.ts > ns)
		(void)follow(ram, log, log->start, &ns);
	return log->records.len > before;
}

bool logbuf_read(const struct bc_guest_ram *ram, const struct logbuf *log, size_t index,
	struct bc_guest_record *record, struct bc_buf *buf)
{
	struct header h;
	uint64_t at = log->records.items[index];
	if (!read_header(ram, log, at, &h))
		return false;
	bc_buf_clear(buf);
	bc_buf_add(buf, ram->data + at + log->header, h.text_len);
	*record = (struct bc_guest_record){.seq = index,
		.ts_ns = h.ts,
		.level = h.level,
		.facility = h.facility,
		.text = buf->data ? buf->data : "",
		.len = buf->len};
	if (log->header > 16)
		record->caller_id = bc_guest_u32(ram, log->format, at + 16);
	return true;
}

void logbuf_release(struct logbuf *log)
{
	free(log->records.items);
	*log = (struct logbuf){0};
}
