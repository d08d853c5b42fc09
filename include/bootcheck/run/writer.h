/* What one writer's bytes make on a terminal: lines. They end at LF, CR LF, CR CR LF or a lone CR;
 * escape sequences, NUL and other controls are taken out, a backspace takes back a byte; bytes that are
 * no UTF-8 stay as they are. Any split of the same bytes gives the same lines. */
#ifndef BOOTCHECK_RUN_WRITER_H
#define BOOTCHECK_RUN_WRITER_H

#include <bootcheck/base/buf.h>
#include <bootcheck/base/mem.h>

#define BC_CONSOLE_LINE_MAX 65536 /* bytes; a longer line is cut there and goes on as another one */
#define BC_CONSOLE_SPANS    1024  /* pieces of a line whose places are kept */

/* Raw bytes of the console that a line is made of. */
struct bc_console_span {
	uint64_t offset, len;
};

struct bc_writer;
typedef void bc_writer_line_fn(void *ctx, const struct bc_writer *w);

struct bc_writer {
	bc_writer_line_fn *fn;
	void *ctx;
	struct bc_buf text; /* the open line, clean */
	size_t consumed;    /* of the text, by whoever matched there */
	/* Where the open line's bytes stand in the raw stream, controls and line end included: the first
	 * BC_CONSOLE_SPANS pieces, in order. */
	struct {
		BC_VEC(struct bc_console_span);
	} spans;
	bool is_partial; /* there are more pieces */
	enum {
		BC_WRITER_TEXT,
		BC_WRITER_CR,
		BC_WRITER_ESC,
		BC_WRITER_CSI,
		BC_WRITER_STRING,
		BC_WRITER_STRING_ESC
	} state;
	int escape_len; /* bytes in the open escape sequence; too long a one is text again */
};

/* fn is called for each line, with the writer as it is at the line's end. */
void bc_writer_init(struct bc_writer *w, bc_writer_line_fn *fn, void *ctx);
void bc_writer_release(struct bc_writer *w);
/* Bytes that stand together in the raw stream, from offset on. */
void bc_writer_push(struct bc_writer *w, uint64_t offset, const char *data, size_t len);
/* An open line ends here, if there is one that shows anything. */
void bc_writer_finish(struct bc_writer *w);
/* True when nothing of a line is there yet: not a byte, not even an invisible one. */
static inline bool bc_writer_is_idle(const struct bc_writer *w)
{
	return !w->spans.len && w->state == BC_WRITER_TEXT;
}
/* True when the next byte would be a line's first one. */
static inline bool bc_writer_is_at_start(const struct bc_writer *w)
{
	return !w->text.len || w->state == BC_WRITER_CR;
}
/* True if the bytes hold one that is more than text. */
bool bc_writer_has_control(const char *data, size_t len);

#endif
