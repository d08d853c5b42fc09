#include <bootcheck/run/writer.h>

#define ESCAPE_MAX 256 /* bytes: a longer escape sequence is no escape sequence */

void bc_writer_init(struct bc_writer *w, bc_writer_line_fn *fn, void *ctx)
{
	*w = (struct bc_writer){.fn = fn, .ctx = ctx, .text.max = BC_CONSOLE_LINE_MAX};
}

void bc_writer_release(struct bc_writer *w)
{
	bc_buf_release(&w->text);
	free(w->spans.items);
}

static bool is_control(unsigned char b)
{
	return (b < 0x20 && b != '\t') || b == 0x7f;
}

/* Eight bytes at once: the high bit of each byte of the result is set where the byte is below 0x20 or is
 * 0x7f, or is near one that is; never clear where it is. */
static uint64_t maybe_control(uint64_t v)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
	uint64_t del = v ^ ones * 0x7f;
	return ((v - ones * 0x20) | (del - ones)) & ~v & highs;
}

bool bc_writer_has_control(const char *data, size_t len)
{
	size_t i = 0;
	for (uint64_t v; i + 8 <= len; i += 8) {
		memcpy(&v, data + i, 8);
		if (!maybe_control(v))
			continue;
		for (size_t k = i; k < i + 8; k++)
			if (is_control((unsigned char)data[k]))
				return true;
	}
	for (; i < len; i++)
		if (is_control((unsigned char)data[i]))
			return true;
	return false;
}

/* Notes that the open line has these raw bytes. */
static void note(struct bc_writer *w, uint64_t offset, uint64_t len)
{
	struct bc_console_span *last = w->spans.len ? &w->spans.items[w->spans.len - 1] : NULL;
	/* The byte that shows that an escape sequence is none was noted as part of it. */
	if (last && offset < last->offset + last->len)
		return;
	if (last && last->offset + last->len == offset) {
		last->len += len;
	} else if (w->spans.len < BC_CONSOLE_SPANS) {
		struct bc_console_span span = {offset, len};
		bc_vec_push(&w->spans, span);
	} else {
		w->is_partial = true;
	}
}

static void start_line(struct bc_writer *w)
{
	bc_buf_clear(&w->text);
	w->consumed = 0;
	w->spans.len = 0;
	w->is_partial = false;
}

static void end_line(struct bc_writer *w)
{
	if (!w->text.data)
		bc_buf_adds(&w->text, "");
	w->fn(w->ctx, w);
	start_line(w);
}

static void add_plain(struct bc_writer *w, uint64_t offset, const char *data, size_t len)
{
	while (len) {
		size_t room = BC_CONSOLE_LINE_MAX - w->text.len, n = len < room ? len : room;
		note(w, offset, n);
		bc_buf_add(&w->text, data, n);
		data += n;
		offset += n;
		len -= n;
		if (w->text.len == BC_CONSOLE_LINE_MAX)
			end_line(w);
	}
}

/* Inside an escape sequence: true if the byte belongs to it. */
static bool escape(struct bc_writer *w, unsigned char b)
{
	if (++w->escape_len > ESCAPE_MAX || b == '\n' || b == '\r') {
		w->state = BC_WRITER_TEXT;
		return false;
	}
	if (b == 0x1b && w->state != BC_WRITER_STRING) {
		w->state = BC_WRITER_ESC;
	} else if (w->state == BC_WRITER_ESC) {
		if (b == '[')
			w->state = BC_WRITER_CSI;
		else if (b == ']' || b == 'P' || b == 'X' || b == '^' || b == '_')
			w->state = BC_WRITER_STRING;
		else if (b < 0x20 || b > 0x2f) /* intermediate bytes go on: ESC ( B */
			w->state = BC_WRITER_TEXT;
	} else if (w->state == BC_WRITER_CSI) {
		if (b >= 0x40 && b <= 0x7e)
			w->state = BC_WRITER_TEXT;
	} else if (w->state == BC_WRITER_STRING) {
		if (b == 0x07)
			w->state = BC_WRITER_TEXT;
		else if (b == 0x1b)
			w->state = BC_WRITER_STRING_ESC;
	} else { /* the byte after ESC inside a string: '\\' ends it */
		w->state = b == '\\' ? BC_WRITER_TEXT : BC_WRITER_STRING;
	}
	return true;
}

static void control(struct bc_writer *w, unsigned char b)
{
	if (b == '\r') {
		w->state = BC_WRITER_CR;
	} else if (b == 0x1b) {
		w->state = BC_WRITER_ESC;
		w->escape_len = 0;
	} else if (b == '\b' && w->text.len) {
		w->text.data[--w->text.len] = '\0';
		if (w->consumed > w->text.len)
			w->consumed = w->text.len;
	}
}

static void push_byte(struct bc_writer *w, uint64_t offset, unsigned char b)
{
	if (w->state == BC_WRITER_CR) {
		if (b == '\r' || b == '\n')
			note(w, offset, 1);
		if (b == '\r')
			return;
		w->state = BC_WRITER_TEXT;
		end_line(w);
		if (b == '\n')
			return;
	}
	if (!is_control(b) && w->state == BC_WRITER_TEXT) {
		add_plain(w, offset, (const char *)&b, 1);
		return;
	}
	note(w, offset, 1);
	if (w->state != BC_WRITER_TEXT && escape(w, b))
		return;
	if (b == '\n')
		end_line(w);
	else if (is_control(b))
		control(w, b);
	else /* an escape sequence that was none */
		add_plain(w, offset, (const char *)&b, 1);
}

void bc_writer_push(struct bc_writer *w, uint64_t offset, const char *data, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t run = i;
		while (w->state == BC_WRITER_TEXT && run < len &&
			!is_control((unsigned char)data[run]))
			run++;
		if (run > i) {
			add_plain(w, offset + i, data + i, run - i);
			i = run;
		} else {
			push_byte(w, offset + i, (unsigned char)data[i]);
			i++;
		}
	}
}

void bc_writer_finish(struct bc_writer *w)
{
	if (w->text.len)
		end_line(w);
	start_line(w);
	w->state = BC_WRITER_TEXT;
}
