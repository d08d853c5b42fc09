#include <bootcheck/base/buf.h>
#include <bootcheck/base/mem.h>

static size_t max_of(const struct bc_buf *buf)
{
	return buf->max ? buf->max : BC_BUF_DEFAULT_MAX;
}

char *bc_buf_reserve(struct bc_buf *buf, size_t len)
{
	if (len > max_of(buf) - buf->len) {
		buf->overflow = true;
		return NULL;
	}
	if (buf->len + len + 1 > buf->cap) {
		size_t cap = buf->cap ? buf->cap * 2 : 64;
		while (cap < buf->len + len + 1)
			cap *= 2;
		buf->data = bc_realloc(buf->data, cap, 1);
		buf->cap = cap;
	}
	buf->data[buf->len + len] = '\0';
	return buf->data + buf->len;
}

void bc_buf_add(struct bc_buf *buf, const void *data, size_t len)
{
	size_t room = max_of(buf) - buf->len;
	if (len > room) {
		buf->overflow = true;
		len = room;
	}
	char *at = bc_buf_reserve(buf, len);
	if (!at || !len)
		return;
	memcpy(at, data, len);
	buf->len += len;
}

void bc_buf_adds(struct bc_buf *buf, const char *text)
{
	bc_buf_add(buf, text, strlen(text));
}

void bc_buf_addc(struct bc_buf *buf, char c)
{
	bc_buf_add(buf, &c, 1);
}

void bc_buf_vaddf(struct bc_buf *buf, const char *fmt, va_list args)
{
	char *text = NULL;
	int n = vasprintf(&text, fmt, args);
	if (n < 0)
		abort();
	bc_buf_add(buf, text, (size_t)n);
	free(text);
}

void bc_buf_addf(struct bc_buf *buf, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	bc_buf_vaddf(buf, fmt, args);
	va_end(args);
}

void bc_buf_drop(struct bc_buf *buf, size_t n)
{
	if (!n)
		return;
	memmove(buf->data, buf->data + n, buf->len - n);
	buf->len -= n;
	buf->data[buf->len] = '\0';
}

void bc_buf_clear(struct bc_buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
	if (buf->data)
		buf->data[0] = '\0';
}

void bc_buf_release(struct bc_buf *buf)
{
	free(buf->data);
	*buf = (struct bc_buf){.max = buf->max};
}

char *bc_buf_take(struct bc_buf *buf)
{
	char *text = buf->data ? buf->data : bc_strdup("");
	*buf = (struct bc_buf){.max = buf->max};
	return text;
}
