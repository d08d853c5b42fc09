#include <bootcheck/run/console.h>

#define ESCAPE_MAX 256 /* bytes: a longer escape sequence is no escape sequence */
/* Stamps of two CPUs come out slightly out of order. */
#define STAMP_SLACK_US 100000

static bool is_newer(const struct bc_console *c, uint64_t us)
{
	return us + STAMP_SLACK_US >= c->newest_us;
}

static void note_stamp(struct bc_console *c, uint64_t us)
{
	c->has_stamps = true;
	if (us > c->newest_us)
		c->newest_us = us;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

size_t bc_printk_prefix(const char *data, size_t len, uint64_t *us)
{
	const char *p = data, *end = data + len;
	if (end - p >= 3 && p[0] == '<' && is_digit(p[1])) {
		p += 2;
		while (p < end && is_digit(*p) && p - data < 5)
			p++;
		if (p == end || *p++ != '>')
			return 0;
	}
	if (p == end || *p++ != '[')
		return 0;
	while (p < end && *p == ' ')
		p++;
	uint64_t seconds = 0, micros = 0;
	const char *digits = p;
	for (; p < end && is_digit(*p) && p - digits < 12; p++)
		seconds = seconds * 10 + (uint64_t)(*p - '0');
	if (p == digits || end - p < 8 || *p++ != '.')
		return 0;
	for (int i = 0; i < 6; i++, p++) {
		if (!is_digit(*p))
			return 0;
		micros = micros * 10 + (uint64_t)(*p - '0');
	}
	if (*p++ != ']')
		return 0;
	/* The caller, with CONFIG_PRINTK_CALLER. */
	if (p < end && *p == '[') {
		const char *q = p + 1;
		while (q < end && *q == ' ')
			q++;
		if (q < end && (*q == 'T' || *q == 'C')) {
			for (q++; q < end && is_digit(*q);)
				q++;
			if (q < end && *q == ']')
				p = q + 1;
		}
	}
	if (p < end && *p != ' ')
		return 0;
	p += p < end;
	if (us)
		*us = seconds * 1000000u + micros;
	return (size_t)(p - data);
}

void bc_console_init(struct bc_console *c, bc_console_line_fn *fn, void *ctx)
{
	*c = (struct bc_console){.fn = fn, .ctx = ctx, .tail.max = BC_CONSOLE_LINE_MAX};
}

void bc_console_release(struct bc_console *c)
{
	bc_buf_release(&c->tail);
}

void bc_console_reset_stamps(struct bc_console *c)
{
	c->newest_us = 0;
}

static void emit(
	struct bc_console *c, const char *data, size_t len, enum bc_stream stream, size_t consumed)
{
	struct bc_console_line line = {
		.data = data,
		.len = len,
		.number = ++c->lines,
		.offset = c->tail_offset,
		.stream = stream,
		.consumed = consumed,
	};
	c->fn(c->ctx, &line);
}

/* Where inside a line (not at its start) a kernel record begins that is not older than what the kernel
 * said before; len if there is none. */
static size_t find_splice(const struct bc_console *c, const char *data, size_t len, uint64_t *us)
{
	for (size_t i = 1; c->has_stamps && i < len; i++) {
		const char *at = memchr(data + i, '[', len - i);
		if (!at)
			break;
		i = (size_t)(at - data);
		if (bc_printk_prefix(at, len - i, us) && is_newer(c, *us))
			return i;
	}
	return len;
}

/* One whole line. Returns how many bytes at its start are a userspace line that is still open. */
static size_t take_line(struct bc_console *c, const char *data, size_t len, size_t consumed)
{
	uint64_t us = 0;
	if (bc_printk_prefix(data, len, &us)) {
		bool is_kernel = is_newer(c, us);
		if (is_kernel)
			note_stamp(c, us);
		emit(c, data, len, is_kernel ? BC_STREAM_KERNEL : BC_STREAM_USER, consumed);
		return 0;
	}
	size_t at = find_splice(c, data, len, &us);
	if (at == len) {
		emit(c, data, len, c->has_stamps ? BC_STREAM_USER : BC_STREAM_ANY, consumed);
		return 0;
	}
	note_stamp(c, us);
	emit(c, data + at, len - at, BC_STREAM_KERNEL, 0);
	return at;
}

static void end_tail(struct bc_console *c)
{
	size_t open = take_line(c, c->tail.data ? c->tail.data : "", c->tail.len, c->consumed);
	if (!open) {
		bc_buf_clear(&c->tail);
		c->consumed = 0;
		c->tail_offset = c->offset;
		return;
	}
	c->tail.len = open;
	c->tail.data[open] = '\0';
	if (c->consumed > open)
		c->consumed = open;
}

static void add_plain(struct bc_console *c, const char *data, size_t len)
{
	while (len) {
		size_t room = BC_CONSOLE_LINE_MAX - c->tail.len;
		size_t n = len < room ? len : room;
		bc_buf_add(&c->tail, data, n);
		data += n;
		len -= n;
		if (c->tail.len == BC_CONSOLE_LINE_MAX) {
			emit(c, c->tail.data, c->tail.len, BC_STREAM_ANY, c->consumed);
			bc_buf_clear(&c->tail);
			c->consumed = 0;
			c->tail_offset = c->offset - len; /* all of data was counted */
		}
	}
}

static void control(struct bc_console *c, char b)
{
	if (b == '\r') {
		c->state = BC_CONSOLE_CR;
	} else if (b == 0x1b) {
		c->state = BC_CONSOLE_ESC;
		c->escape_len = 0;
	} else if (b == '\b' && c->tail.len) {
		c->tail.data[--c->tail.len] = '\0';
		if (c->consumed > c->tail.len)
			c->consumed = c->tail.len;
	}
}

/* Inside an escape sequence: true if the byte belongs to it. */
static bool escape(struct bc_console *c, unsigned char b)
{
	if (++c->escape_len > ESCAPE_MAX || b == '\n' || b == '\r') {
		c->state = BC_CONSOLE_TEXT;
		return false;
	}
	if (b == 0x1b && c->state != BC_CONSOLE_STRING) {
		c->state = BC_CONSOLE_ESC;
	} else if (c->state == BC_CONSOLE_ESC) {
		if (b == '[')
			c->state = BC_CONSOLE_CSI;
		else if (b == ']' || b == 'P' || b == 'X' || b == '^' || b == '_')
			c->state = BC_CONSOLE_STRING;
		else if (b < 0x20 || b > 0x2f) /* intermediate bytes go on: ESC ( B */
			c->state = BC_CONSOLE_TEXT;
	} else if (c->state == BC_CONSOLE_CSI) {
		if (b >= 0x40 && b <= 0x7e)
			c->state = BC_CONSOLE_TEXT;
	} else if (c->state == BC_CONSOLE_STRING) {
		if (b == 0x07)
			c->state = BC_CONSOLE_TEXT;
		else if (b == 0x1b)
			c->state = BC_CONSOLE_STRING_ESC;
	} else { /* the byte after ESC inside a string: '\\' ends it */
		c->state = b == '\\' ? BC_CONSOLE_TEXT : BC_CONSOLE_STRING;
	}
	return true;
}

static bool is_control(unsigned char b)
{
	return (b < 0x20 && b != '\t') || b == 0x7f;
}

static bool has_control(const char *data, size_t len)
{
	unsigned found = 0;
	for (size_t i = 0; i < len; i++)
		found |= (unsigned)is_control((unsigned char)data[i]);
	return found;
}

/* The usual case, without copying: a whole line of plain text ending in LF or CR LF, nothing open
 * before it. Returns the bytes it took, 0 if this is not that case. */
static size_t fast_line(struct bc_console *c, const char *data, size_t len)
{
	/* Offsets differ when controls that leave no trace came before. */
	if (c->tail.len || c->state != BC_CONSOLE_TEXT || c->tail_offset != c->offset)
		return 0;
	const char *end = memchr(data, '\n', len);
	if (!end || end - data >= BC_CONSOLE_LINE_MAX)
		return 0;
	size_t n = (size_t)(end - data);
	size_t text = n && end[-1] == '\r' ? n - 1 : n;
	if (has_control(data, text))
		return 0;
	c->tail_offset = c->offset;
	c->offset += n + 1;
	size_t open = take_line(c, data, text, 0);
	if (open)
		bc_buf_add(&c->tail, data, open);
	else
		c->tail_offset = c->offset;
	return n + 1;
}

static void slow_byte(struct bc_console *c, unsigned char b)
{
	c->offset++;
	if (c->state > BC_CONSOLE_CR && escape(c, b))
		return;
	if (c->state == BC_CONSOLE_CR) {
		if (b == '\r')
			return;
		c->state = BC_CONSOLE_TEXT;
		end_tail(c);
		if (b == '\n')
			return;
		c->tail_offset = c->offset - 1;
	}
	if (b == '\n')
		end_tail(c);
	else if (is_control(b))
		control(c, (char)b);
	else
		add_plain(c, (const char *)&b, 1);
}

void bc_console_push(struct bc_console *c, const char *data, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n = fast_line(c, data + i, len - i);
		if (n) {
			i += n;
			continue;
		}
		/* Up to the end of this line byte by byte, plain runs at once. */
		while (i < len) {
			size_t run = i;
			while (c->state == BC_CONSOLE_TEXT && run < len &&
				!is_control((unsigned char)data[run]))
				run++;
			if (run > i) {
				c->offset += run - i;
				add_plain(c, data + i, run - i);
				i = run;
				continue;
			}
			unsigned char b = (unsigned char)data[i++];
			slow_byte(c, b);
			if (b == '\n')
				break;
		}
	}
}

void bc_console_finish(struct bc_console *c)
{
	if (c->tail.len)
		end_tail(c);
	if (c->tail.len) { /* a kernel record was lifted out of it */
		emit(c, c->tail.data, c->tail.len, BC_STREAM_USER, c->consumed);
		bc_buf_clear(&c->tail);
	}
}
