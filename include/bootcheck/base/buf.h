/* A growable byte buffer that declares its maximum. */
#ifndef BOOTCHECK_BASE_BUF_H
#define BOOTCHECK_BASE_BUF_H

#include <stdarg.h>

#include <bootcheck/base/compat.h>

#define BC_BUF_DEFAULT_MAX ((size_t)256 << 20)

/* Zero initialised is an empty buffer with BC_BUF_DEFAULT_MAX. data is NUL-terminated whenever it
 * is not NULL. Bytes over the maximum are dropped and `overflow` is set. */
struct bc_buf {
	char *data;
	size_t len, cap;
	size_t max; /* bytes; 0 = BC_BUF_DEFAULT_MAX */
	bool overflow;
};

/* Appends len bytes. */
void bc_buf_add(struct bc_buf *buf, const void *data, size_t len);
/* Appends a C string. */
void bc_buf_adds(struct bc_buf *buf, const char *text);
/* Appends one byte. */
void bc_buf_addc(struct bc_buf *buf, char c);
/* Appends printf output. */
void bc_buf_addf(struct bc_buf *buf, const char *fmt, ...) BC_PRINTF(2, 3);
/* As bc_buf_addf with a va_list. */
void bc_buf_vaddf(struct bc_buf *buf, const char *fmt, va_list args) BC_PRINTF(2, 0);
/* Room for len more bytes at the end; returns where to write them, NULL if over the maximum. The
 * caller then adds to buf->len what it wrote. */
char *bc_buf_reserve(struct bc_buf *buf, size_t len);
/* Forgets the first n bytes (n ≤ len). */
void bc_buf_drop(struct bc_buf *buf, size_t n);
/* Length 0, memory kept. */
void bc_buf_clear(struct bc_buf *buf);
/* Frees; the buffer is empty and reusable. */
void bc_buf_release(struct bc_buf *buf);
/* Hands the text over (never NULL; the caller frees) and leaves the buffer empty. */
char *bc_buf_take(struct bc_buf *buf);
static inline void bc_buf_cleanup(struct bc_buf *buf)
{
	bc_buf_release(buf);
}

#endif
