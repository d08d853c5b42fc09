/* printk's log_buf, Linux 3.5 to 5.9: records of varying size one after the other, in a buffer that begins
 * again at its start. */
#ifndef BOOTCHECK_GUEST_LOGBUF_H
#define BOOTCHECK_GUEST_LOGBUF_H

#include <bootcheck/guest/log.h>

struct logbuf {
	struct bc_guest_format format;
	unsigned header, align; /* bytes of struct printk_log, and what records are aligned to */
	uint64_t start;		/* where the buffer's memory begins, as far as it is known */
	struct {
		BC_VEC(uint64_t);
	} records; /* offsets, oldest first */
};

/* The longest run of records that ends with the newest one. BC_LOGBUF_FEWEST records at least. */
#define BC_LOGBUF_FEWEST 4
bool logbuf_find(const struct bc_guest_ram *ram, struct bc_guest_format format,
	struct logbuf *log) BC_MUST_CHECK;
/* Takes what was added since; true if there was something. */
bool logbuf_extend(const struct bc_guest_ram *ram, struct logbuf *log) BC_MUST_CHECK;
/* Reads a record; its text goes to buf. False when it was overwritten. */
bool logbuf_read(const struct bc_guest_ram *ram, const struct logbuf *log, size_t index,
	struct bc_guest_record *record, struct bc_buf *buf) BC_MUST_CHECK;
void logbuf_release(struct logbuf *log);

#endif
