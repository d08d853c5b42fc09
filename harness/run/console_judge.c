/* Whose bytes are these? By printk's prefix and the time in it; and, where the guest's memory can be read, by the
 * kernel's ring buffer, which knows what the kernel has said and what not. */
#include "console_impl.h"

/* Stamps of two CPUs come out slightly out of order. */
#define STAMP_SLACK_US 100000
/* A stamp this far ahead of the last one may be a user's text. */
#define JUMP_US ((uint64_t)30000000)

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

/* What the ring buffer knows of the line at b; SIZE_MAX in *n if its end has to be seen first. */
static long look_up(
	struct bc_console *c, const struct bytes *b, const struct bc_printk *prefix, size_t *n)
{
	size_t skip = prefix->len;
	*n = line_len(b);
	if (*n == SIZE_MAX && bc_pending_has_stamp(c->pending, prefix->us))
		return BC_PENDING_UNKNOWN;
	bool is_cut = b->is_last && !memchr(b->data, '\n', b->len);
	size_t whole = *n == SIZE_MAX ? skip : *n;
	long found = bc_pending_find(c->pending, prefix->us,
		b->data + (whole < skip ? whole : skip), whole < skip ? 0 : whole - skip, is_cut);
	/* Without a line of that time there is no need to see more. */
	if (*n == SIZE_MAX && found != BC_PENDING_UNKNOWN)
		*n = whole;
	return found;
}

/* The line at b, of n bytes, is an awaited one: all of it, unless another record cut it. */
static void take_whole(const struct bc_console *c, const struct bytes *b, struct judgement *j,
	long found, size_t n)
{
	const char *end = memchr(b->data + n, '\n', b->len - n);
	j->awaited = found;
	j->is_whole = end && j->prefix.len + bc_pending_len(c->pending, found) == n;
	if (j->is_whole)
		j->len = (size_t)(end - b->data) + 1;
}

/* With the ring buffer: a record's line is one that is awaited. False if it does not tell. */
static bool ask_ring(
	struct bc_console *c, const struct bytes *b, struct judgement *j, enum owner *owner)
{
	size_t n = 0;
	long found = look_up(c, b, &j->prefix, &n);
	/* The kernel stores a record before it prints it. */
	if (n != SIZE_MAX && found == BC_PENDING_NEW && c->ring.search &&
		c->ring.search(c->ring.ctx)) {
		bc_console_read_ring(c);
		found = look_up(c, b, &j->prefix, &n);
	}
	*owner = LATER;
	if (n == SIZE_MAX)
		return true;
	*owner = USERS;
	if (found == BC_PENDING_UNKNOWN)
		return false;
	if (found < 0)
		return c->has_user && bc_console_is_exact(c);
	*owner = KERNELS;
	take_whole(c, b, j, found, n);
	return true;
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
	return bc_console_was_printed(c, b->data, n) ? USERS : KERNELS;
}

static enum owner judge_stamp(struct bc_console *c, const struct bytes *b, struct judgement *j)
{
	enum owner owner;
	if (!b->at_start && !c->has_stamps && !c->expects_stamps && !c->pending)
		return USERS;
	if (!b->at_start && j->prefix.has_level && !c->has_levels)
		return USERS;
	/* What the ring has forgotten, or a replay before userspace, is told by the stamps. */
	if (c->pending && ask_ring(c, b, j, &owner))
		return owner;
	if (j->prefix.us > c->newest_us)
		return !b->at_start && !c->has_stamps && !c->expects_stamps ? USERS : KERNELS;
	return judge_old(c, b, j->prefix.us);
}

/* The same where a caller id stands before the text, but no time. */
static enum owner ask_ring_text(struct bc_console *c, const struct bytes *b, struct judgement *j)
{
	size_t n = line_len(b), skip = j->prefix.len;
	if (n == SIZE_MAX)
		return LATER;
	j->awaited = bc_pending_find_text(
		c->pending, b->data + (n < skip ? n : skip), n < skip ? 0 : n - skip);
	if (j->awaited < 0)
		return c->has_user && bc_pending_is_proven(c->pending) ? USERS : KERNELS;
	take_whole(c, b, j, j->awaited, n);
	return KERNELS;
}

/* printk.time=0 with CONFIG_PRINTK_CALLER: `[    T1] text`. The banner tells that the kernel is one of
 * those. */
static enum owner judge_caller(struct bc_console *c, const struct bytes *b, struct judgement *j)
{
	static const char *const banners[] = {"Booting Linux", "Linux version "};
	size_t prefix = j->prefix.len;
	if (c->has_callers && c->pending)
		return ask_ring_text(c, b, j);
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

static enum owner judge_prefix(struct bc_console *c, const struct bytes *b, struct judgement *j)
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
	return j->prefix.has_stamp ? judge_stamp(c, b, j) : judge_caller(c, b, j);
}

/* console_msg_format=syslog: `<6>` before the text. 0 if that is not what stands there, all of it as long as it may. */
static size_t level_len(const char *data, size_t len)
{
	size_t n = 1;
	if (*data != '<')
		return 0;
	while (n < len && n < 4 && data[n] >= '0' && data[n] <= '9')
		n++;
	if (n == len)
		return len < 5 ? n : 0;
	return n > 1 && data[n] == '>' ? n + 1 : 0;
}

/* Without stamps: a line that is awaited stands here, whatever came before it. */
static enum owner judge_text(struct bc_console *c, const struct bytes *b, struct judgement *j)
{
	size_t skip = level_len(b->data, b->len), n = b->len - skip;
	long index = -1;
	if (skip == b->len)
		return b->is_last ? USERS : LATER;
	switch (bc_pending_match(c->pending, b->data + skip, &n, b->at_start && !skip, &index)) {
	case BC_PRINTK_NO:
		return USERS;
	case BC_PRINTK_MORE:
		return b->is_last ? USERS : LATER;
	case BC_PRINTK_YES:
		break;
	}
	j->len = skip + n;
	j->is_whole = true;
	j->awaited = index;
	return KERNELS;
}

static bool knows_kernel(const struct bc_console *c)
{
	return bc_console_tail_stream(c) == BC_STREAM_USER;
}

bool bc_console_reads_text(const struct bc_console *c)
{
	return c->pending && !c->has_stamps && !c->has_callers && bc_pending_has(c->pending);
}

void bc_console_judge(struct bc_console *c, const struct bytes *b, struct judgement *j)
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
	if (j->owner == USERS && bc_console_reads_text(c)) {
		*j = (struct judgement){.owner = USERS, .awaited = -1};
		j->owner = judge_text(c, b, j);
	}
}

void bc_console_accept(struct bc_console *c, const struct judgement *j)
{
	if (j->awaited >= 0) {
		bc_pending_took(c->pending, j->awaited, c->now_ms);
		c->is_trusted = true;
	}
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
