#include <inttypes.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/run/records.h>

#define MAX_RECORD 65536u

void bc_records_begin(struct bc_buf *out, uint64_t at)
{
	bc_buf_addf(out, "begin %" PRIu64 "\n", at);
}

void bc_records_add(struct bc_buf *out, uint64_t at, const struct bc_console_record *r)
{
	size_t len = r->len < MAX_RECORD ? r->len : MAX_RECORD;
	bc_buf_addf(out, "record %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %d %zu\n", at, r->seq,
		r->us, r->level, r->is_loose, len);
	bc_buf_add(out, r->text, len);
	bc_buf_addc(out, '\n');
}

void bc_records_level(struct bc_buf *out, uint64_t at, int level)
{
	bc_buf_addf(out, "level %" PRIu64 " %d\n", at, level);
}

/* Reading */

struct entry {
	enum { BEGIN, RECORD, LEVEL } kind;
	uint64_t at;
	struct bc_console_record record; /* its level is that of LEVEL, too */
};

struct bc_records {
	char *text;
	struct {
		BC_VEC(struct entry);
	} entries;
	size_t given, reached; /* entries */
	int level;
};

/* One entry at text. Returns how long it is, 0 if it is none. */
static size_t parse_entry(const char *text, size_t len, struct entry *e)
{
	char line[160];
	const char *newline = memchr(text, '\n', len < sizeof(line) ? len : sizeof(line));
	int loose = 0, n = 0;
	*e = (struct entry){0};
	if (!newline)
		return 0;
	size_t head = (size_t)(newline - text);
	memcpy(line, text, head);
	line[head] = '\0';
	if (sscanf(line, "begin %" SCNu64 "%n", &e->at, &n) == 1 && (size_t)n == head)
		return head + 1;
	e->kind = LEVEL;
	if (sscanf(line, "level %" SCNu64 " %d%n", &e->at, &e->record.level, &n) == 2 &&
		(size_t)n == head)
		return head + 1;
	e->kind = RECORD;
	if (sscanf(line, "record %" SCNu64 " %" SCNu64 " %" SCNu64 " %d %d %zu%n", &e->at,
		    &e->record.seq, &e->record.us, &e->record.level, &loose, &e->record.len,
		    &n) != 6 ||
		(size_t)n != head || e->record.len > MAX_RECORD ||
		len - head - 1 <= e->record.len || text[head + 1 + e->record.len] != '\n')
		return 0;
	e->record.text = text + head + 1;
	e->record.is_loose = loose != 0;
	return head + 1 + e->record.len + 1;
}

struct bc_records *bc_records_parse(const char *text, size_t len)
{
	struct bc_records *r = bc_calloc(1, sizeof(*r));
	struct entry e;
	uint64_t at = 0;
	r->level = -1;
	r->text = bc_strndup(text, len);
	for (size_t i = 0, n; i < len && (n = parse_entry(r->text + i, len - i, &e)); i += n) {
		if (e.at < at)
			break;
		at = e.at;
		bc_vec_push(&r->entries, e);
	}
	return r;
}

void bc_records_free(struct bc_records *r)
{
	if (!r)
		return;
	free(r->entries.items);
	free(r->text);
	free(r);
}

bool bc_records_reach(struct bc_records *r, uint64_t at)
{
	bool is_found = false;
	for (; r->reached < r->entries.len && r->entries.items[r->reached].at <= at; r->reached++) {
		const struct entry *e = &r->entries.items[r->reached];
		if (e->kind == LEVEL)
			r->level = e->record.level;
		if (e->kind != BEGIN)
			continue;
		is_found = true;
		r->given = r->reached;
		r->level = -1;
	}
	return is_found;
}

static bool next(void *ctx, struct bc_console_record *out)
{
	struct bc_records *r = ctx;
	while (r->given < r->reached) {
		const struct entry *e = &r->entries.items[r->given++];
		if (e->kind != RECORD)
			continue;
		*out = e->record;
		return true;
	}
	return false;
}

static int level(void *ctx)
{
	const struct bc_records *r = ctx;
	return r->level;
}

struct bc_console_ring bc_records_ring(struct bc_records *r)
{
	return (struct bc_console_ring){.next = next, .level = level, .ctx = r};
}

uint64_t bc_records_next(const struct bc_records *r)
{
	return r->reached < r->entries.len ? r->entries.items[r->reached].at : UINT64_MAX;
}
