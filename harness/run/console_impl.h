/* Inside the console: which writer's bytes these are, and the lines that they make. */
#ifndef BOOTCHECK_RUN_CONSOLE_IMPL_H
#define BOOTCHECK_RUN_CONSOLE_IMPL_H

#include <bootcheck/run/console.h>

#define MAX_HELD 2048u /* a record is at most 1024 bytes, and so is each of its lines */

enum owner {
	USERS,
	KERNELS,
	LATER, /* the bytes so far do not tell */
};

struct judgement {
	enum owner owner;
	size_t len; /* of the prefix, or of the whole line when it is known */
	bool is_whole;
	size_t notice; /* bytes of a notice in front of the record, a line of their own */
	struct bc_printk prefix;
	long awaited; /* index of the awaited line, or -1 */
};

struct bytes {
	const char *data;
	size_t len;
	bool at_start; /* of a userspace line */
	bool is_last;  /* no more will come */
};

/* Whose bytes are these? b->len is at least 1. Changes nothing but what is known of the ring buffer:
 * bc_console_accept() does. */
void bc_console_judge(struct bc_console *c, const struct bytes *b, struct judgement *j);
/* A record begins. */
void bc_console_accept(struct bc_console *c, const struct judgement *j);
/* True while a record without a prefix may stand anywhere. */
bool bc_console_reads_text(const struct bc_console *c);
/* True if the console printed this whole line as a record. */
bool bc_console_was_printed(const struct bc_console *c, const char *data, size_t len);
/* Takes what the ring buffer has. */
void bc_console_read_ring(struct bc_console *c);

#endif
