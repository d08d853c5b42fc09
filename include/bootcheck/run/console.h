/* A serial console as text: bytes in; whole lines and the open tail out. Any split of the same bytes
 * gives the same lines.
 *
 * Two writers share a console. A record of the kernel is one run of bytes that ends with a line end, and
 * userspace goes on at the very next byte: inside a word, an escape sequence, between CR and LF. Each
 * byte is given to its writer first, and only then do the writers' bytes make lines: a record stands
 * whole as a line of its own, and the userspace line that it cut is whole again.
 *
 * The kernel's records are known by printk's prefix (printk.h) whose time stamp is not older than the
 * newest one seen: `dmesg` run by a user prints old ones. With bc_console_follow() they are known by the
 * ring buffer in guest RAM instead, which needs no time stamps and is exact: what the kernel has not said, has said
 * before, or does not say aloud is userspace's, whatever stamp it bears. */
#ifndef BOOTCHECK_RUN_CONSOLE_H
#define BOOTCHECK_RUN_CONSOLE_H

#include <bootcheck/model/case.h>
#include <bootcheck/run/pending.h>
#include <bootcheck/run/writer.h>

struct bc_console_line {
	const char *data; /* not NUL-terminated, valid during the call */
	size_t len;
	uint64_t number; /* 1-based, in the order of completion */
	uint64_t offset; /* of its first byte in the raw stream */
	enum bc_stream
		stream;	 /* KERNEL: a record; USER: none although the console's kernel is known by
				  them; ANY: cannot be told */
	size_t consumed; /* the first bytes were already consumed through the tail */
	/* Its raw bytes, line end included: more than one piece when records stood inside it. */
	const struct bc_console_span *spans;
	size_t span_count;
	bool is_partial; /* it has more pieces than BC_CONSOLE_SPANS: these are the first ones */
};

/* The ring buffer in guest RAM. */
struct bc_console_ring {
	bc_console_record_fn *next;
	/* May be NULL. Searches again, since the console shows what may be a record that is not in it; true if that found
	 * anything. */
	bool (*search)(void *ctx);
	/* May be NULL. console_loglevel, which changes with `dmesg -n` and an oops; -1 if it is not known. */
	int (*level)(void *ctx);
	void *ctx;
};

typedef void bc_console_line_fn(void *ctx, const struct bc_console_line *line);

struct bc_console {
	bc_console_line_fn *fn;
	void *ctx;
	struct bc_writer user, kernel;
	struct bc_buf held; /* bytes that may be the beginning of a record */
	uint64_t offset;    /* raw bytes so far, without the held ones */
	uint64_t lines;
	uint64_t now_ms; /* set by whoever has a clock */

	/* What is known about the kernel's records. */
	bool in_record;
	bool has_stamps, has_callers, has_levels;
	bool expects_stamps; /* printk.time=1 is on the command line */
	bool is_synced;	     /* with the ring buffer */
	bool is_trusted; /* what the console printed is in the ring buffer: it is this kernel's */
	bool was_reset;	 /* memory may hold the ring buffer of the boot before */
	bool has_text;	 /* userspace, or whoever is not the kernel, wrote since the kernel began */
	bool has_user;	 /* userspace runs: old stamps are a user's dmesg */
	unsigned unstamped; /* lines in a row, early in the boot */
	uint64_t record_us; /* of the record that is being printed */
	size_t record_prefix;
	uint64_t newest_us;
	uint64_t before_jump_us; /* the newest one before a jump; 0 = none */
	uint64_t *printed;	 /* hashes of records that were printed, by their low bits */
	struct bc_pending *pending;
	struct bc_console_ring ring;
};

/* fn is called for each whole line during bc_console_push(). */
void bc_console_init(struct bc_console *console, bc_console_line_fn *fn, void *ctx);
void bc_console_release(struct bc_console *console);
/* From now on, until bc_console_reset_stamps(), the kernel's records come from its ring buffer; ring->next is called
 * before bytes are looked at, until it has no more. */
void bc_console_follow(struct bc_console *console, const struct bc_console_ring *ring);
/* True if the ring buffer tells for sure whose a line with a time stamp is. */
bool bc_console_is_exact(const struct bc_console *console);
/* Bytes are about to be pushed, to a console whose kernel prints the time: may they hold a stamp that is not the kernel's?
 * Not while nobody else can have written. */
bool bc_console_is_doubtful(const struct bc_console *console, const char *data, size_t len);
/* Takes any number of bytes. */
void bc_console_push(struct bc_console *console, const char *data, size_t len);
/* The stream ended: what is open becomes a line. */
void bc_console_finish(struct bc_console *console);
/* After a reset of the machine: time stamps start again, and the ring buffer is not followed any more. */
void bc_console_reset_stamps(struct bc_console *console);
/* Userspace's open line, clean: all of it that is certain. */
static inline const struct bc_buf *bc_console_tail(const struct bc_console *console)
{
	return &console->user.text;
}
/* Which writer's an unfinished line of userspace is: USER or ANY. */
enum bc_stream bc_console_tail_stream(const struct bc_console *console);
/* The newest bytes of an open line, whoever writes it. Never NULL. */
const char *bc_console_last_words(const struct bc_console *console);

#endif
