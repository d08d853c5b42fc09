/* printk's ring buffer, Linux 5.10 and later (kernel/printk/printk_ringbuffer.[ch]). */
#ifndef BOOTCHECK_GUEST_RING_H
#define BOOTCHECK_GUEST_RING_H

#include <bootcheck/guest/log.h>

/* Where things are, in bytes. */
struct ring_layout {
	struct bc_guest_format format;
	unsigned count_bits, descs, infos, head_id, tail_id; /* struct printk_ringbuffer */
	unsigned size_bits, data, head_lpos, tail_lpos, size;
	unsigned desc_size, state_var, begin, next;	  /* struct prb_desc */
	unsigned info_size, seq, ts, text_len, caller_id; /* struct printk_info */
};

struct ring {
	struct ring_layout layout;
	uint64_t at;		     /* offset of its struct printk_ringbuffer */
	uint64_t delta;		     /* virtual address minus offset, of its buffers */
	uint64_t descs, infos, data; /* offsets */
	unsigned count_bits, size_bits;
	uint64_t newest_seq;
};

enum ring_state {
	RING_GONE,   /* overwritten, or never was */
	RING_WAIT,   /* reserved: its text is being written */
	RING_OPEN,   /* complete so far, may grow */
	RING_RECORD, /* complete */
	RING_LOST,   /* complete, but its text is not there any more */
};

/* The layouts of kernels so far: 0 = 5.18 and later, 1 = before. */
struct ring_layout ring_layout(struct bc_guest_format format, bool is_old);
/* True if a ring with at least one record is at an offset. known_delta: tried first when not 0; otherwise, or
 * when it does not fit, every page of the memory is tried for the place of the newest descriptor. */
bool ring_check(const struct bc_guest_ram *ram, const struct ring_layout *layout, uint64_t at,
	uint64_t known_delta, struct ring *ring) BC_MUST_CHECK;
/* The ring with the highest sequence number in all of the memory. *image_delta receives the delta of a ring
 * that belongs to the kernel's image, where one can be told. */
bool ring_find(const struct bc_guest_ram *ram, const struct ring_layout *layout, struct ring *ring,
	uint64_t *image_delta) BC_MUST_CHECK;

/* Ids count records, modulo the mask. */
uint64_t ring_id_mask(const struct ring *ring);
uint64_t ring_head(const struct bc_guest_ram *ram, const struct ring *ring);
uint64_t ring_tail(const struct bc_guest_ram *ram, const struct ring *ring);
/* Reads a record; its text goes to buf. The record is filled for OPEN and RECORD; seq also for LOST. */
enum ring_state ring_read(const struct bc_guest_ram *ram, const struct ring *ring, uint64_t id,
	struct bc_guest_record *record, struct bc_buf *buf);

#endif
