/* A guest's memory as bytes: read while the guest runs and after it died. Hostile: the guest writes there at
 * any time and whatever it likes, so a value is taken once, checked, and only then used. */
#ifndef BOOTCHECK_GUEST_RAM_H
#define BOOTCHECK_GUEST_RAM_H

#include <bootcheck/base/mem.h>

/* Nothing in a kernel is mapped in finer pieces. */
#define BC_GUEST_PAGE 4096u

struct bc_extent {
	size_t start, end; /* offsets, multiples of BC_GUEST_PAGE but for the last end */
};

struct bc_guest_ram {
	const unsigned char *data; /* borrowed */
	size_t size;
	struct {
		BC_VEC(struct
			bc_extent); /* ascending; what lies between them was never written: zeros,
					     and not to be touched, since a look would make it memory */
	} extents;
};

/* How the guest's kernel stores numbers. */
struct bc_guest_format {
	unsigned word; /* bytes of an unsigned long: 4 or 8 */
	bool is_big;   /* big-endian */
};

/* One extent, all of it. data is borrowed and must outlive ram. */
void bc_guest_ram_init(struct bc_guest_ram *ram, const void *data, size_t size);
/* Learns from the file that data is mapped from which parts of it exist. Call it again when the guest has
 * run on. Without an answer all of it counts. */
void bc_guest_ram_look(struct bc_guest_ram *ram, int fd);
void bc_guest_ram_release(struct bc_guest_ram *ram);
static inline void bc_guest_ram_cleanup(struct bc_guest_ram *ram)
{
	bc_guest_ram_release(ram);
}

/* True if len bytes from offset `at` are inside. */
static inline bool bc_guest_has(const struct bc_guest_ram *ram, uint64_t at, uint64_t len)
{
	return at <= ram->size && len <= ram->size - at;
}

/* Numbers at an offset, 0 outside. Each is read exactly once. */
uint16_t bc_guest_u16(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at);
uint32_t bc_guest_u32(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at);
uint64_t bc_guest_u64(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at);
/* An unsigned long or a pointer. */
uint64_t bc_guest_word(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at);

/* value as an unsigned long of the guest's: without what does not fit. */
static inline uint64_t bc_guest_cut(struct bc_guest_format f, uint64_t value)
{
	return f.word == 4 ? (uint32_t)value : value;
}

/* The formats worth trying, the likeliest for an architecture (QEMU's name of it, or NULL) first. */
#define BC_GUEST_FORMATS 4
void bc_guest_formats(const char *arch, struct bc_guest_format out[BC_GUEST_FORMATS]);

#endif
