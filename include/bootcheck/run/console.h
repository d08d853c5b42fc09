/* A serial console as text: bytes in; whole lines and the open tail out. Any split of the same bytes
 * gives the same lines. Lines end at LF, CR LF, CR CR LF or a lone CR; escape sequences, NUL and other
 * controls are taken out, a backspace takes back a byte; bytes that are no UTF-8 stay as they are.
 *
 * Two writers share a console: a kernel record that lands inside a userspace line is lifted out as a
 * line of its own, and the userspace line goes on where it stopped. It is known by printk's time stamp,
 * which must not be older than the newest one seen (`dmesg` run by a user prints old ones). */
#ifndef BOOTCHECK_RUN_CONSOLE_H
#define BOOTCHECK_RUN_CONSOLE_H

#include <bootcheck/base/buf.h>
#include <bootcheck/model/case.h>

#define BC_CONSOLE_LINE_MAX 65536 /* bytes; a longer line is cut there and goes on as another one */

struct bc_console_line {
	const char *data; /* not NUL-terminated, valid during the call */
	size_t len;
	uint64_t number; /* 1-based, in the order of completion */
	uint64_t offset; /* of its first byte in the raw stream */
	enum bc_stream
		stream;	 /* KERNEL: has a printk time stamp; USER: has none although the console's
				  kernel uses them; ANY: cannot be told */
	size_t consumed; /* the first bytes were already consumed through the tail */
};

typedef void bc_console_line_fn(void *ctx, const struct bc_console_line *line);

struct bc_console {
	bc_console_line_fn *fn;
	void *ctx;
	struct bc_buf tail;   /* the open line, clean */
	size_t consumed;      /* of the tail, by whoever matched there */
	uint64_t offset;      /* raw bytes so far */
	uint64_t tail_offset; /* of the tail's first byte */
	uint64_t lines;
	uint64_t newest_us; /* the newest printk time stamp */
	bool has_stamps;
	enum {
		BC_CONSOLE_TEXT,
		BC_CONSOLE_CR,
		BC_CONSOLE_ESC,
		BC_CONSOLE_CSI,
		BC_CONSOLE_STRING,
		BC_CONSOLE_STRING_ESC
	} state;
	int escape_len; /* bytes in the open escape sequence; too long a one is text again */
};

/* fn is called for each whole line during bc_console_push(). */
void bc_console_init(struct bc_console *console, bc_console_line_fn *fn, void *ctx);
void bc_console_release(struct bc_console *console);
/* Takes any number of bytes. */
void bc_console_push(struct bc_console *console, const char *data, size_t len);
/* The stream ended: an open tail becomes a line. */
void bc_console_finish(struct bc_console *console);
/* After a reset of the machine: time stamps start again. */
void bc_console_reset_stamps(struct bc_console *console);
/* Reads a printk prefix `<6>[   12.345678][    T1] ` at data: its length, 0 if there is none. *us (may
 * be NULL) receives the stamp in microseconds. */
size_t bc_printk_prefix(const char *data, size_t len, uint64_t *us);

#endif
