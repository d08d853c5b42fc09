/* A serial console of any bytes, with and without a ring buffer of any records: any split gives the same
 * lines, no line is over its bound, and its raw bytes stand in order in the stream. */
#include <bootcheck/run/console.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The lines of the input are the records, too: some are awaited, some come late or never. */
struct feed {
	const char *at, *end;
	uint64_t seq;
};

static void on_line(void *ctx, const struct bc_console_line *line)
{
	struct bc_buf *out = ctx;
	uint64_t past = 0;
	if (line->len > BC_CONSOLE_LINE_MAX || !line->span_count ||
		line->span_count > BC_CONSOLE_SPANS ||
		(line->is_partial && line->span_count < BC_CONSOLE_SPANS))
		abort();
	bc_buf_addf(out, "%d %llu %llu", (int)line->stream, (unsigned long long)line->number,
		(unsigned long long)line->offset);
	for (size_t i = 0; i < line->span_count; i++) {
		const struct bc_console_span *span = &line->spans[i];
		if (!span->len || (i && span->offset <= past))
			abort();
		past = span->offset + span->len;
		bc_buf_addf(out, " %llu", (unsigned long long)past);
	}
	bc_buf_addc(out, '|');
	bc_buf_add(out, line->data, line->len);
	bc_buf_addc(out, '\n');
}

static bool next_record(void *ctx, struct bc_console_record *out)
{
	struct feed *f = ctx;
	if (f->at >= f->end)
		return false;
	const char *newline = memchr(f->at, '\n', (size_t)(f->end - f->at));
	size_t len = (size_t)((newline ? newline : f->end) - f->at);
	*out = (struct bc_console_record){
		f->at, len && f->at[len - 1] == '\r' ? len - 1 : len, f->seq, f->seq, 6, false};
	f->seq += f->seq % 11 == 3 ? 2 : 1;
	f->at += len + 1;
	return true;
}

static void parse(const char *data, size_t size, size_t piece, size_t records, struct bc_buf *out)
{
	struct bc_console console;
	struct feed feed = {data, data + records, 1};
	bc_console_init(&console, on_line, out);
	if (records)
		bc_console_follow(
			&console, &(struct bc_console_ring){.next = next_record, .ctx = &feed});
	for (size_t at = 0; at < size; at += piece)
		bc_console_push(&console, data + at, size - at < piece ? size - at : piece);
	bc_console_finish(&console);
	if (console.offset != size || console.held.len)
		abort();
	bc_console_release(&console);
}

static void compare(const char *text, size_t size, size_t records)
{
	BC_AUTO(bc_buf) whole = {0}, bytes = {0}, pieces = {0};
	parse(text, size, size, records, &whole);
	parse(text, size, 1, records, &bytes);
	parse(text, size, 1 + (unsigned char)text[0] % 13u, records, &pieces);
	if (whole.len != bytes.len || whole.len != pieces.len)
		abort();
	if (whole.len &&
		(memcmp(whole.data, bytes.data, whole.len) != 0 ||
			memcmp(whole.data, pieces.data, whole.len) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	compare((const char *)data, size, 0);
	compare((const char *)data, size, 1 + data[0] % size);
	return 0;
}
