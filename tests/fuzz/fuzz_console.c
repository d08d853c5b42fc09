/* A serial console of any bytes: any split gives the same lines, and no line is over its bound. */
#include <bootcheck/run/console.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_line(void *ctx, const struct bc_console_line *line)
{
	struct bc_buf *out = ctx;
	if (line->len > BC_CONSOLE_LINE_MAX)
		abort();
	bc_buf_addf(out, "%d %llu %llu|", (int)line->stream, (unsigned long long)line->number,
		(unsigned long long)line->offset);
	bc_buf_add(out, line->data, line->len);
	bc_buf_addc(out, '\n');
}

static void parse(const char *data, size_t size, size_t piece, struct bc_buf *out)
{
	struct bc_console console;
	bc_console_init(&console, on_line, out);
	for (size_t at = 0; at < size; at += piece)
		bc_console_push(&console, data + at, size - at < piece ? size - at : piece);
	bc_console_finish(&console);
	bc_console_release(&console);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BC_AUTO(bc_buf) whole = {0}, bytes = {0}, pieces = {0};
	const char *text = (const char *)data;
	if (!size)
		return 0;
	parse(text, size, size, &whole);
	parse(text, size, 1, &bytes);
	parse(text, size, 1 + data[0] % 13u, &pieces);
	if (whole.len != bytes.len || whole.len != pieces.len)
		abort();
	if (whole.len &&
		(memcmp(whole.data, bytes.data, whole.len) != 0 ||
			memcmp(whole.data, pieces.data, whole.len) != 0))
		abort();
	return 0;
}
