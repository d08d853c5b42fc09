#include <bootcheck/base/mem.h>
#include <bootcheck/run/console.h>

/* Stamps of two CPUs come out slightly out of order. */
#define STAMP_SLACK_US 100000
/* A stamp this far ahead of the last one may be a user's text. */
#define JUMP_US ((uint64_t)30000000)
/* A record that cuts another one follows it closely. */
#define NESTED_US    ((uint64_t)10000000)
#define PRINTED_SIZE 8192u
#define MAX_HELD     2048u /* a record is at most 1024 bytes, and so is each of its lines */

enum bc_stream bc_console_tail_stream(const struct bc_console *c)
{
	bool is_known =
		c->has_stamps || c->has_callers || (c->pending && bc_pending_is_proven(c->pending));
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

static bool was_printed(const struct bc_console *c, const char *data, size_t len)
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

void bc_console_follow(struct bc_console *c, bc_console_record_fn *next, void *ctx)
{
	if (!c->pending)
		c->pending = bc_pending_new();
	c->next_record = next;
	c->record_ctx = ctx;
}

void bc_console_reset_stamps(struct bc_console *c)
{
	c->newest_us = c->before_jump_us = c->record_us = 0;
	c->has_user = false;
	memset(c->printed, 0, PRINTED_SIZE * sizeof(*c->printed));
}

/* Whose bytes are these? */

enum owner {
	USERS,
	KERNELS,
	LATER, /* the bytes so far do not tell */
};

struct judgement {
	enum owner owner;
	size_t len; /* of the prefix, or of the whole line when it is known */
	bool is_whole;
	size_t notice; /* bytes of a notice in front of the record, a line of their own */
	struct bc_printk prefix;
	long awaited; /* index of the awaited line, or -1 */
};

struct bytes {
	const char *data;
	size_t len;
	bool at_start; /* of a userspace line */
	bool is_last;  /* no more will come */
};

/* The text of the line at data, without its end; SIZE_MAX if its end is not there yet. */
static size_t line_len(const struct bytes *b)
{
	size_t most = b->len < MAX_HELD ? b->len : MAX_HELD;
	const char *end = memchr(b->data, '\n', most);
	if (!end)
		return b->is_last || most == MAX_HELD ? most : SIZE_MAX;
	size_t n = (size_t)(end - b->data);
	while (n && b->data[n - 1] == '\r')
		n--;
	return n;
}

/* With the ring buffer: a record's line is one that is awaited. */
static enum owner ask_pending(
	const struct bc_console *c, const struct bytes *b, struct judgement *j, bool *is_known)
{
	size_t n = line_len(b), skip = j->prefix.len;
	*is_known = true;
	if (n == SIZE_MAX)
		return LATER;
	long found = bc_pending_find(
		c->pending, j->prefix.us, b->data + (n < skip ? n : skip), n < skip ? 0 : n - skip);
	*is_known = found != BC_PENDING_UNKNOWN;
	if (found < 0)
		return USERS;
	j->awaited = found;
	const char *end = memchr(b->data + n, '\n', b->len - n);
	j->is_whole = end != NULL;
	if (end)
		j->len = (size_t)(end - b->data) + 1;
	return KERNELS;
}

/* A stamp from the time that was printed already: a replay of the kernel's early console, or a user's
 * dmesg. */
static enum owner judge_old(const struct bc_console *c, const struct bytes *b, uint64_t us)
{
	bool is_recent = us + STAMP_SLACK_US >= c->newest_us;
	bool is_after_jump = c->before_jump_us && us >= c->before_jump_us;
	if (!c->has_user)
		return b->at_start || is_recent ? KERNELS : USERS;
	if (!is_recent && !is_after_jump)
		return USERS;
	size_t n = line_len(b);
	if (n == SIZE_MAX)
		return LATER;
	return was_printed(c, b->data, n) ? USERS : KERNELS;
}

static enum owner judge_stamp(
	const struct bc_console *c, const struct bytes *b, struct judgement *j)
{
	bool is_known = false;
	if (!b->at_start && !c->has_stamps && !c->expects_stamps && !c->pending)
		return USERS;
	if (!b->at_start && j->prefix.has_level && !c->has_levels)
		return USERS;
	if (c->pending) {
		enum owner owner = ask_pending(c, b, j, &is_known);
		/* What the ring has forgotten, or a replay before userspace, is told by the stamps. */
		if (owner != USERS || (is_known && c->has_user))
			return owner;
	}
	if (j->prefix.us > c->newest_us)
		return !b->at_start && !c->has_stamps && !c->expects_stamps ? USERS : KERNELS;
	return judge_old(c, b, j->prefix.us);
}

/* printk.time=0 with CONFIG_PRINTK_CALLER: `[    T1] text`. The banner tells that the kernel is one of
 * those. */
static enum owner judge_caller(const struct bc_console *c, const struct bytes *b, size_t prefix)
{
	static const char *const banners[] = {"Booting Linux", "Linux version "};
	if (c->has_callers)
		return KERNELS;
	if (!b->at_start || c->has_stamps)
		return USERS;
	size_t rest = b->len - prefix;
	for (size_t i = 0; i < BC_LEN(banners); i++) {
		size_t n = strlen(banners[i]);
		if (memcmp(b->data + prefix, banners[i], rest < n ? rest : n) == 0)
			return rest >= n ? KERNELS : b->is_last ? USERS : LATER;
	}
	return USERS;
}

static enum owner judge_prefix(
	const struct bc_console *c, const struct bytes *b, struct judgement *j)
{
	switch (bc_printk_parse(b->data, b->len, b->is_last, &j->prefix)) {
	case BC_PRINTK_NO:
		return USERS;
	case BC_PRINTK_MORE:
		return LATER;
	case BC_PRINTK_YES:
		break;
	}
	j->len = j->prefix.len;
	return j->prefix.has_stamp ? judge_stamp(c, b, j) : judge_caller(c, b, j->len);
}

/* Without stamps: a line that is awaited stands here, whatever came before it. */
static enum owner judge_text(const struct bc_console *c, const struct bytes *b, struct judgement *j)
{
	size_t n = b->len;
	long index = -1;
	switch (bc_pending_match(c->pending, b->data, &n, b->at_start, &index)) {
	case BC_PRINTK_NO:
		return USERS;
	case BC_PRINTK_MORE:
		return b->is_last ? USERS : LATER;
	case BC_PRINTK_YES:
		break;
	}
	j->len = n;
	j->is_whole = true;
	j->awaited = index;
	return KERNELS;
}

static bool knows_kernel(const struct bc_console *c)
{
	return bc_console_tail_stream(c) == BC_STREAM_USER;
}

static bool reads_text(const struct bc_console *c)
{
	return c->pending && !c->has_stamps && !c->has_callers && bc_pending_has(c->pending);
}

/* b->len ≥ 1. Changes nothing: accept() does. */
static void judge(const struct bc_console *c, const struct bytes *b, struct judgement *j)
{
	*j = (struct judgement){.owner = USERS, .awaited = -1};
	char first = *b->data;
	if (first == '[' || (first == '<' && (b->at_start || c->has_levels)))
		j->owner = judge_prefix(c, b, j);
	if (first == '*' && knows_kernel(c)) {
		enum bc_printk_match m = bc_printk_notice(b->data, b->len, &j->notice, &j->prefix);
		j->owner = m == BC_PRINTK_YES		     ? KERNELS
			: m == BC_PRINTK_MORE && !b->is_last ? LATER
							     : USERS;
	}
	if (j->owner == USERS && reads_text(c)) {
		*j = (struct judgement){.owner = USERS, .awaited = -1};
		j->owner = judge_text(c, b, j);
	}
}

/* A record begins. */
static void accept(struct bc_console *c, const struct judgement *j)
{
	if (j->awaited >= 0)
		bc_pending_took(c->pending, j->awaited, c->now_ms);
	c->has_levels |= j->prefix.has_level;
	c->has_callers |= *j->prefix.caller && !j->prefix.has_stamp;
	c->record_us = j->prefix.us;
	c->record_prefix = j->prefix.len;
	if (!j->prefix.has_stamp)
		return;
	c->has_stamps = true;
	c->unstamped = 0;
	uint64_t us = j->prefix.us;
	if (us > c->newest_us) {
		if (c->newest_us && us > c->newest_us + JUMP_US)
			c->before_jump_us = c->newest_us;
		c->newest_us = us;
	} else if (us + STAMP_SLACK_US < c->newest_us && c->before_jump_us &&
		us >= c->before_jump_us) {
		/* What jumped was no stamp of this kernel's. */
		c->newest_us = us;
		c->before_jump_us = 0;
	}
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
	accept(c, &j);
	return at + give(c, &c->kernel, data + at, j.prefix.len);
}

static bool is_trigger(const struct bc_console *c, char b)
{
	return b == '[' || b == '*' || b == '<' || reads_text(c);
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
	judge(c, &b, &j);
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
		accept(c, &j);
		c->in_record = true;
		return j.notice + give(c, &c->kernel, data + j.notice, j.prefix.len);
	}
	accept(c, &j);
	c->in_record = !j.is_whole;
	/* A notice has no prefix: its first byte says no less. */
	return give(c, &c->kernel, data, j.len ? j.len : 1);
}

/* The usual case, without copying: a whole line of plain text ending in LF or CR LF that is one writer's,
 * nothing open before it. Returns the bytes it took, 0 if this is not that case. */
static size_t fast_line(struct bc_console *c, const char *data, size_t len)
{
	struct judgement j = {.owner = USERS};
	if (!bc_writer_is_idle(&c->user) || reads_text(c))
		return 0;
	const char *end = memchr(data, '\n', len);
	if (!end || end - data >= MAX_HELD)
		return 0;
	size_t n = (size_t)(end - data), text = n && end[-1] == '\r' ? n - 1 : n;
	if (bc_writer_has_control(data, text))
		return 0;
	struct bytes b = {data, n + 1, true, false};
	if (n)
		judge(c, &b, &j);
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
			judge(c, &b, &inner);
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
		accept(c, &j);
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
	return was_printed(ctx, text, len);
}

static void read_ring(struct bc_console *c)
{
	struct bc_console_record record;
	if (!c->next_record)
		return;
	bool is_new = false;
	for (; c->next_record(c->record_ctx, &record); is_new = true)
		bc_pending_add(c->pending, &record, c->now_ms);
	/* The ring may be found in the middle of a boot. */
	if (is_new && !c->is_synced && !c->has_stamps)
		bc_pending_sync(c->pending, is_line_seen, c);
	c->is_synced |= is_new;
	bc_pending_age(c->pending, c->now_ms);
}

void bc_console_push(struct bc_console *c, const char *data, size_t len)
{
	read_ring(c);
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
