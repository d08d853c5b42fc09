#include <bootcheck/base/mem.h>

#include "console_impl.h"

/* A record that cuts another one follows it closely. */
#define NESTED_US    ((uint64_t)10000000)
#define PRINTED_SIZE 8192u

enum bc_stream bc_console_tail_stream(const struct bc_console *c)
{
	bool is_known = c->has_stamps || c->has_callers ||
		(c->pending && bc_pending_is_proven(c->pending)) ||
		(c->expects_stamps && bc_console_is_exact(c));
	return is_known ? BC_STREAM_USER : BC_STREAM_ANY;
}

/* Lines */

static void emit(struct bc_console *c, const struct bc_writer *w, enum bc_stream stream)
{
	struct bc_console_line line = {
		.data = w->text.data,
		.len = w->text.len,
		.number = ++c->lines,
		.offset = w->spans.items[0].offset,
		.stream = stream,
		.consumed = w->consumed,
		.spans = w->spans.items,
		.span_count = w->spans.len,
		.is_partial = w->is_partial,
	};
	c->fn(c->ctx, &line);
}

static uint64_t hash_text(const char *data, size_t len)
{
	uint64_t h = len * UINT64_C(0x9E3779B97F4A7C15), v;
	for (; len >= 8; data += 8, len -= 8) {
		memcpy(&v, data, 8);
		h = (h ^ v) * UINT64_C(0x9E3779B97F4A7C15);
		h ^= h >> 32;
	}
	v = 0;
	memcpy(&v, data, len);
	h = (h ^ v) * UINT64_C(0x9E3779B97F4A7C15);
	return h ^ h >> 32;
}

bool bc_console_was_printed(const struct bc_console *c, const char *data, size_t len)
{
	uint64_t h = hash_text(data, len);
	return c->printed[h % PRINTED_SIZE] == h;
}

/* A record's text: does the kernel start the first program? */
static bool starts_userspace(const char *text, size_t len)
{
	static const char run[] = "Run ", init[] = " as init process";
	return len > 20 && memcmp(text, run, 4) == 0 &&
		memmem(text, len, init, sizeof(init) - 1) != NULL;
}

static void note_record_line(struct bc_console *c, const char *data, size_t len)
{
	uint64_t h = hash_text(data, len);
	size_t prefix = c->record_prefix < len ? c->record_prefix : len;
	c->printed[h % PRINTED_SIZE] = h;
	if (c->has_callers && !c->has_stamps) {
		/* As the ring buffer has it. */
		h = hash_text(data + prefix, len - prefix);
		c->printed[h % PRINTED_SIZE] = h;
	}
	if (!c->has_user)
		c->has_user = starts_userspace(data + prefix, len - prefix);
}

static void on_kernel_line(void *ctx, const struct bc_writer *w)
{
	struct bc_console *c = ctx;
	note_record_line(c, w->text.data, w->text.len);
	emit(c, w, BC_STREAM_KERNEL);
}

/* With printk.time=0 the lines before the command line was read still have stamps, all of them zero. */
static void note_user_line(struct bc_console *c, const char *data, size_t len)
{
	/* It may be the kernel's: the ring buffer, once it is found, tells. */
	if (bc_console_tail_stream(c) == BC_STREAM_ANY) {
		uint64_t h = hash_text(data, len);
		c->printed[h % PRINTED_SIZE] = h;
	}
	c->has_text |= c->newest_us && len;
	if (c->has_stamps && !c->newest_us && !c->has_user && len && ++c->unstamped >= 4)
		c->has_stamps = false;
}

static void on_user_line(void *ctx, const struct bc_writer *w)
{
	struct bc_console *c = ctx;
	note_user_line(c, w->text.data, w->text.len);
	emit(c, w, bc_console_tail_stream(c));
}

void bc_console_init(struct bc_console *c, bc_console_line_fn *fn, void *ctx)
{
	*c = (struct bc_console){.fn = fn, .ctx = ctx};
	bc_writer_init(&c->user, on_user_line, c);
	bc_writer_init(&c->kernel, on_kernel_line, c);
	c->printed = bc_calloc(PRINTED_SIZE, sizeof(*c->printed));
}

void bc_console_release(struct bc_console *c)
{
	bc_writer_release(&c->user);
	bc_writer_release(&c->kernel);
	bc_buf_release(&c->held);
	bc_pending_free(BC_TAKE(c->pending));
	free(BC_TAKE(c->printed));
}

void bc_console_follow(struct bc_console *c, const struct bc_console_ring *ring)
{
	if (!c->pending)
		c->pending = bc_pending_new();
	c->ring = *ring;
}

bool bc_console_is_exact(const struct bc_console *c)
{
	return c->pending && c->is_trusted && bc_pending_is_exact(c->pending);
}

bool bc_console_is_doubtful(const struct bc_console *c, const char *data, size_t len)
{
	/* Before the kernel has printed a time, it prints none with `quiet`. */
	if (c->newest_us && !c->has_user && !c->has_text)
		return false;
	struct bc_printk prefix;
	for (const char *p = data; (p = memchr(p, '[', len - (size_t)(p - data))) != NULL; p++) {
		enum bc_printk_match m =
			bc_printk_parse(p, len - (size_t)(p - data), false, &prefix);
		/* A boot that begins says nothing of itself yet. */
		if (m == BC_PRINTK_MORE || (m == BC_PRINTK_YES && prefix.has_stamp && prefix.us))
			return true;
	}
	return c->held.len > 0;
}

void bc_console_reset_stamps(struct bc_console *c)
{
	c->newest_us = c->before_jump_us = c->record_us = 0;
	c->has_user = c->has_text = false;
	bc_pending_free(BC_TAKE(c->pending));
	c->ring = (struct bc_console_ring){0};
	c->is_synced = c->is_trusted = false;
	c->was_reset = true;
	memset(c->printed, 0, PRINTED_SIZE * sizeof(*c->printed));
}

/* Splitting */

/* Where in the record's bytes another record begins, which happens when a panicking processor takes the
 * console over; len if nowhere. *is_open: its prefix is not complete. */
static size_t find_nested(
	const struct bc_console *c, const char *data, size_t len, bool is_last, bool *is_open)
{
	struct bc_printk prefix;
	for (size_t at = 0; c->has_stamps && at < len; at++) {
		const char *p = memchr(data + at, '[', len - at);
		if (!p)
			break;
		at = (size_t)(p - data);
		enum bc_printk_match m = bc_printk_parse(p, len - at, is_last, &prefix);
		*is_open = m == BC_PRINTK_MORE;
		if (*is_open ||
			(m == BC_PRINTK_YES && prefix.has_stamp && prefix.us > c->record_us &&
				prefix.us < c->record_us + NESTED_US))
			return at;
	}
	return len;
}

static size_t give(struct bc_console *c, struct bc_writer *w, const char *data, size_t len)
{
	bc_writer_push(w, c->offset, data, len);
	c->offset += len;
	return len;
}

/* Bytes of a record. Returns how many were taken; 0 = more must come. */
static size_t take_record(struct bc_console *c, const char *data, size_t len, bool is_last)
{
	const char *end = memchr(data, '\n', len);
	size_t n = end ? (size_t)(end - data) + 1 : len;
	bool is_open = false;
	size_t at = find_nested(c, data, n, is_last || end, &is_open);
	if (at == n || is_open) {
		if (at)
			give(c, &c->kernel, data, at);
		c->in_record = at < n || !end;
		return at;
	}
	give(c, &c->kernel, data, at);
	bc_writer_finish(&c->kernel);
	struct judgement j = {.awaited = -1};
	BC_IGNORE(bc_printk_parse(data + at, n - at, true, &j.prefix) == BC_PRINTK_YES);
	bc_console_accept(c, &j);
	return at + give(c, &c->kernel, data + at, j.prefix.len);
}

static bool is_trigger(const struct bc_console *c, char b)
{
	return b == '[' || b == '*' || b == '<' || bc_console_reads_text(c);
}

/* Bytes while no record is being printed. Returns how many were taken; 0 = more must come. */
static size_t take_user(struct bc_console *c, const char *data, size_t len, bool is_last)
{
	struct judgement j;
	size_t n = 0;
	while (n < len && !is_trigger(c, data[n]))
		n++;
	if (n)
		return give(c, &c->user, data, n);
	struct bytes b = {data, len, bc_writer_is_at_start(&c->user), is_last};
	bc_console_judge(c, &b, &j);
	switch (j.owner) {
	case USERS:
		return give(c, &c->user, data, 1);
	case LATER:
		return 0;
	case KERNELS:
		break;
	}
	if (j.notice) {
		give(c, &c->kernel, data, j.notice);
		bc_writer_finish(&c->kernel);
		bc_console_accept(c, &j);
		c->in_record = true;
		return j.notice + give(c, &c->kernel, data + j.notice, j.prefix.len);
	}
	bc_console_accept(c, &j);
	c->in_record = !j.is_whole;
	/* A notice has no prefix: its first byte says no less. */
	return give(c, &c->kernel, data, j.len ? j.len : 1);
}

/* The usual case, without copying: a whole line of plain text ending in LF or CR LF that is one writer's,
 * nothing open before it. Returns the bytes it took, 0 if this is not that case. */
static size_t fast_line(struct bc_console *c, const char *data, size_t len)
{
	struct judgement j = {.owner = USERS};
	if (!bc_writer_is_idle(&c->user) || bc_console_reads_text(c))
		return 0;
	const char *end = memchr(data, '\n', len);
	if (!end || end - data >= MAX_HELD)
		return 0;
	size_t n = (size_t)(end - data), text = n && end[-1] == '\r' ? n - 1 : n;
	if (bc_writer_has_control(data, text))
		return 0;
	struct bytes b = {data, n + 1, true, false};
	if (n)
		bc_console_judge(c, &b, &j);
	if (j.owner == KERNELS && j.notice)
		return 0;
	if (j.owner == KERNELS && !j.is_whole) {
		bool is_open = false;
		uint64_t outer = c->record_us;
		bool had_stamps = c->has_stamps;
		/* As accept() will have it. */
		c->record_us = j.prefix.us;
		c->has_stamps |= j.prefix.has_stamp;
		size_t nested = find_nested(c, data + 1, text - 1, true, &is_open);
		c->record_us = outer;
		c->has_stamps = had_stamps;
		if (nested < text - 1)
			return 0;
	} else if (j.owner != KERNELS) {
		b.at_start = false;
		for (size_t i = 1; i < text; i++) {
			struct judgement inner;
			if (!is_trigger(c, data[i]))
				continue;
			b.data = data + i;
			b.len = n + 1 - i;
			bc_console_judge(c, &b, &inner);
			if (inner.owner != USERS)
				return 0;
		}
	}
	struct bc_console_span span = {c->offset, n + 1};
	struct bc_console_line line = {.data = data,
		.len = text,
		.number = ++c->lines,
		.offset = c->offset,
		.stream = BC_STREAM_KERNEL,
		.spans = &span,
		.span_count = 1};
	c->offset += n + 1;
	if (j.owner == KERNELS) {
		bc_console_accept(c, &j);
		note_record_line(c, data, text);
	} else {
		note_user_line(c, data, text);
		line.stream = bc_console_tail_stream(c);
	}
	c->fn(c->ctx, &line);
	return n + 1;
}

static void split(struct bc_console *c, const char *data, size_t len, bool is_last)
{
	while (len) {
		size_t n =
			c->in_record ? take_record(c, data, len, is_last) : fast_line(c, data, len);
		if (!n && !c->in_record)
			n = take_user(c, data, len, is_last);
		if (!n)
			break;
		data += n;
		len -= n;
	}
	bc_buf_clear(&c->held);
	if (len)
		bc_buf_add(&c->held, data, len);
}

static bool is_line_seen(void *ctx, const char *text, size_t len)
{
	return bc_console_was_printed(ctx, text, len);
}

/* The ring may be found in the middle of a boot. */
static void sync_ring(struct bc_console *c)
{
	if (c->newest_us)
		c->is_trusted = bc_pending_sync_stamp(c->pending, c->newest_us);
	else
		c->is_trusted = !c->was_reset;
	if (!c->has_stamps)
		bc_pending_sync(c->pending, is_line_seen, c);
	c->is_synced = true;
}

void bc_console_read_ring(struct bc_console *c)
{
	struct bc_console_record record;
	bool is_new = false;
	if (!c->ring.next)
		return;
	for (; c->ring.next(c->ring.ctx, &record); is_new = true) {
		bc_pending_add(c->pending, &record, c->now_ms);
		c->has_user |= starts_userspace(record.text, record.len);
	}
	if (is_new && c->has_user && c->ring.level) {
		int level = c->ring.level(c->ring.ctx);
		if (level >= 0)
			bc_pending_set_level(c->pending, level);
	}
	if (is_new && !c->is_synced)
		sync_ring(c);
	bc_pending_age(c->pending, c->now_ms);
}

void bc_console_push(struct bc_console *c, const char *data, size_t len)
{
	bc_console_read_ring(c);
	if (!c->held.len) {
		split(c, data, len, false);
		return;
	}
	BC_AUTO(bc_buf) joined = c->held;
	c->held = (struct bc_buf){0};
	bc_buf_add(&joined, data, len);
	split(c, joined.data, joined.len, false);
}

void bc_console_finish(struct bc_console *c)
{
	BC_AUTO(bc_buf) rest = c->held;
	c->held = (struct bc_buf){0};
	if (rest.len)
		split(c, rest.data, rest.len, true);
	bc_writer_finish(&c->kernel);
	bc_writer_finish(&c->user);
	c->in_record = false;
}

const char *bc_console_last_words(const struct bc_console *c)
{
	const struct bc_writer *w = c->kernel.text.len ? &c->kernel : &c->user;
	return w->text.data ? w->text.data : "";
}
