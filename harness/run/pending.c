#include <bootcheck/base/mem.h>
#include <bootcheck/run/pending.h>

#define MAX_LINES   8192 /* awaited; the oldest go when more come */
#define MAX_LOOK    64 /* how far ahead of the first awaited line one without a stamp is looked for */
#define MAX_TEXT    4096
#define SILENT_MS   2000
#define LOG_LEVEL   7 /* CONSOLE_LOGLEVEL_DEFAULT … */
#define LOG_QUIET   4 /* … and with `quiet` */
#define LOG_DEBUG   10
#define LOG_VERBOSE 15 /* CONSOLE_LOGLEVEL_MOTORMOUTH, which an oops sets */
#define LOG_ALWAYS  100
#define LONG_LINE   700 /* the console may cut a longer one */

struct awaited {
	char *text;
	size_t len;
	uint64_t us, added_ms;
	int level;
};

struct bc_pending {
	struct {
		BC_VEC(struct awaited);
	} lines;
	size_t first; /* lines before it are gone */
	uint64_t next_seq, newest_us, taken_ms;
	uint64_t gap_from_us,
		gap_to_us; /* records of this time were overwritten before they were read */
	int log_level;
	bool is_proven, is_loose;
};

struct bc_pending *bc_pending_new(void)
{
	struct bc_pending *p = bc_calloc(1, sizeof(*p));
	p->log_level = LOG_LEVEL;
	return p;
}

static void drop_until(struct bc_pending *p, size_t end)
{
	for (; p->first < end; p->first++)
		free(BC_TAKE(p->lines.items[p->first].text));
	if (p->first < p->lines.len && p->first < MAX_LINES / 2)
		return;
	size_t rest = p->lines.len - p->first;
	if (rest)
		memmove(p->lines.items, p->lines.items + p->first, rest * sizeof(*p->lines.items));
	p->lines.len = rest;
	p->first = 0;
}

void bc_pending_free(struct bc_pending *p)
{
	if (!p)
		return;
	drop_until(p, p->lines.len);
	free(p->lines.items);
	free(p);
}

/* A word of the command line. */
static const char *find_word(const char *line, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = line; (at = strstr(at, word)); at += n)
		if (at[-1] == ' ' && (word[n - 1] == '=' || !at[n] || at[n] == ' '))
			return at + n;
	return NULL;
}

static void read_command_line(struct bc_pending *p, const char *text, size_t len)
{
	static const char head[] = "Kernel command line:";
	if (len < sizeof(head) || memcmp(text, head, sizeof(head) - 1) != 0)
		return;
	BC_AUTO_FREE char *line = bc_strndup(text, len);
	const char *level = find_word(line + 1, "loglevel=");
	if (find_word(line + 1, "quiet"))
		p->log_level = LOG_QUIET;
	if (find_word(line + 1, "debug"))
		p->log_level = LOG_DEBUG;
	if (level && *level >= '0' && *level <= '9')
		p->log_level = *level - '0' + (level[1] == '0' ? 9 : 0);
	if (find_word(line + 1, "ignore_loglevel"))
		p->log_level = LOG_ALWAYS;
}

/* console_verbose(): from here on all is printed. For guests whose console_loglevel cannot be read. */
static void note_oops(struct bc_pending *p, const char *text, size_t len)
{
	static const char *const marks[] = {"Internal error: ", "Oops", "Kernel panic - ",
		"BUG: unable to handle", "BUG: kernel NULL", "Unable to handle kernel"};
	for (size_t i = 0; i < BC_LEN(marks); i++) {
		size_t n = strlen(marks[i]);
		if (len >= n && memcmp(text, marks[i], n) == 0 && p->log_level < LOG_VERBOSE)
			p->log_level = LOG_VERBOSE;
	}
}

static void add_line(struct bc_pending *p, const struct bc_console_record *record, const char *text,
	size_t len, uint64_t now_ms)
{
	if (len > MAX_TEXT)
		len = MAX_TEXT;
	while (len && text[len - 1] == '\r')
		len--;
	if (p->lines.len - p->first >= MAX_LINES)
		drop_until(p, p->first + 1);
	struct awaited a = {bc_strndup(text, len), len, record->us, now_ms, record->level};
	bc_vec_push(&p->lines, a);
}

void bc_pending_add(struct bc_pending *p, const struct bc_console_record *record, uint64_t now_ms)
{
	if (p->next_seq && record->seq > p->next_seq) {
		p->gap_from_us = p->newest_us;
		p->gap_to_us = record->us;
	}
	p->next_seq = record->seq + 1;
	if (record->us > p->newest_us)
		p->newest_us = record->us;
	p->is_loose |= record->is_loose;
	read_command_line(p, record->text, record->len);
	note_oops(p, record->text, record->len);
	/* Each line of a record is printed with the record's prefix. */
	for (const char *line = record->text, *end = line + record->len;;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		add_line(p, record, line, (size_t)((newline ? newline : end) - line), now_ms);
		if (!newline || newline + 1 == end)
			break;
		line = newline + 1;
	}
}

static bool is_printed(const struct bc_pending *p, const struct awaited *a)
{
	return a->level < p->log_level;
}

/* Texts repeat, so one line that was seen proves nothing: three in a row do. */
void bc_pending_sync(struct bc_pending *p,
	bool (*was_printed)(void *ctx, const char *text, size_t len), void *ctx)
{
	size_t seen = 0, end = p->first;
	for (size_t i = p->first; i < p->lines.len; i++) {
		const struct awaited *a = &p->lines.items[i];
		if (!is_printed(p, a) || !a->len)
			continue;
		seen = was_printed(ctx, a->text, a->len) ? seen + 1 : 0;
		if (seen >= 3)
			end = i + 1;
	}
	p->is_proven |= end > p->first;
	drop_until(p, end);
}

bool bc_pending_sync_stamp(struct bc_pending *p, uint64_t us)
{
	size_t end = p->first;
	for (size_t i = p->first; i < p->lines.len; i++)
		if (p->lines.items[i].us == us)
			end = i + 1;
	if (end == p->first)
		return false;
	p->is_proven = true;
	drop_until(p, end);
	return true;
}

void bc_pending_set_level(struct bc_pending *p, int level)
{
	if (p->log_level != LOG_ALWAYS)
		p->log_level = level;
}

void bc_pending_age(struct bc_pending *p, uint64_t now_ms)
{
	if (!p->is_proven || now_ms < p->taken_ms + SILENT_MS)
		return;
	size_t end = p->first;
	while (end < p->lines.len && p->lines.items[end].added_ms + SILENT_MS <= now_ms)
		end++;
	if (end > p->first)
		drop_until(p, end);
}

/* Whether the console's line is this one: whole; cut by the next record's prefix, by the console's own limit, or by the
 * end. */
static bool is_line_of(const struct awaited *a, const char *text, size_t len, bool is_last)
{
	size_t n = 0, most = a->len < len ? a->len : len;
	while (n < most && a->text[n] == text[n])
		n++;
	if (n == len)
		return n == a->len || is_last || n >= LONG_LINE;
	return text[n] == '[' || text[n] == '<';
}

long bc_pending_find(
	const struct bc_pending *p, uint64_t us, const char *text, size_t len, bool is_last)
{
	bool is_silent = false;
	for (size_t i = p->first; i < p->lines.len; i++) {
		const struct awaited *a = &p->lines.items[i];
		if (a->us != us || !is_line_of(a, text, len, is_last))
			continue;
		if (is_printed(p, a))
			return (long)i;
		is_silent = true;
	}
	bool in_gap = p->gap_to_us && us >= p->gap_from_us && us <= p->gap_to_us;
	if (is_silent)
		return BC_PENDING_SILENT;
	if (!p->next_seq || in_gap)
		return BC_PENDING_UNKNOWN;
	return us <= p->newest_us ? BC_PENDING_OLD : BC_PENDING_NEW;
}

size_t bc_pending_len(const struct bc_pending *p, long index)
{
	return p->lines.items[index].len;
}

bool bc_pending_has_stamp(const struct bc_pending *p, uint64_t us)
{
	for (size_t i = p->first; i < p->lines.len; i++)
		if (p->lines.items[i].us == us)
			return true;
	return false;
}

long bc_pending_find_text(const struct bc_pending *p, const char *text, size_t len)
{
	int looked = 0;
	for (size_t i = p->first; i < p->lines.len && looked < MAX_LOOK; i++) {
		const struct awaited *a = &p->lines.items[i];
		if (!is_printed(p, a))
			continue;
		if (a->len == len && memcmp(a->text, text, len) == 0)
			return (long)i;
		looked++;
	}
	return BC_PENDING_OLD;
}

/* The text and the line's end behind it. */
static enum bc_printk_match match_one(const struct awaited *a, const char *data, size_t *len)
{
	size_t n = *len < a->len ? *len : a->len;
	if (memcmp(data, a->text, n) != 0)
		return BC_PRINTK_NO;
	if (n < a->len || n == *len)
		return BC_PRINTK_MORE;
	if (data[n] == '\r' && ++n == *len)
		return BC_PRINTK_MORE;
	if (data[n] != '\n')
		return BC_PRINTK_NO;
	*len = n + 1;
	return BC_PRINTK_YES;
}

enum bc_printk_match bc_pending_match(
	const struct bc_pending *p, const char *data, size_t *len, bool at_start, long *index)
{
	enum bc_printk_match best = BC_PRINTK_NO;
	int looked = 0;
	for (size_t i = p->first; i < p->lines.len && looked < MAX_LOOK; i++) {
		const struct awaited *a = &p->lines.items[i];
		size_t n = *len;
		if (!is_printed(p, a))
			continue;
		looked++;
		if ((a->len && *a->text != *data) || (!a->len && !at_start))
			continue;
		enum bc_printk_match m = match_one(a, data, &n);
		/* The console prints in order: the first that fits, or may fit, is the one. */
		if (m == BC_PRINTK_NO)
			continue;
		if (m == BC_PRINTK_MORE) {
			best = m;
			continue;
		}
		if (best == BC_PRINTK_MORE)
			break;
		*len = n;
		*index = (long)i;
		return m;
	}
	return best;
}

void bc_pending_took(struct bc_pending *p, long index, uint64_t now_ms)
{
	p->is_proven = true;
	p->taken_ms = now_ms;
	drop_until(p, (size_t)index + 1);
}

bool bc_pending_is_proven(const struct bc_pending *p)
{
	return p->is_proven;
}

bool bc_pending_is_exact(const struct bc_pending *p)
{
	return p->next_seq && !p->is_loose;
}

bool bc_pending_has(const struct bc_pending *p)
{
	return p->first < p->lines.len;
}
