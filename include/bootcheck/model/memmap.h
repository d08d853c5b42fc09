/* The guest's memory while a boot loader fills it: which files lie where, what a boot command does with them, and
 * which of them destroys another. Address ranges in, problems out; nothing is read or asked. */
#ifndef BOOTCHECK_MODEL_MEMMAP_H
#define BOOTCHECK_MODEL_MEMMAP_H

#include <bootcheck/base/mem.h>

/* More blocks or boots than this are not taken. */
#define BC_MEMMAP_MAX 256

struct bc_mem_range {
	uint64_t start, size; /* size 0 = not known: only the first byte counts */
};

enum bc_mem_format {
	BC_MEM_UNKNOWN, /* nobody looked inside, or it is nothing of these */
	BC_MEM_UIMAGE,
	BC_MEM_FIT,
	BC_MEM_ZIMAGE,	    /* 32-bit ARM: unpacks itself */
	BC_MEM_ARM64_IMAGE, /* runs as it is, moved to a multiple of 2 MiB */
	BC_MEM_DTB,
};

/* What was loaded by one command. */
struct bc_mem_block {
	char *name; /* as the command calls it */
	struct bc_mem_range at;
	enum bc_mem_format format;
	bool is_written; /* by cp or mw: outside of RAM are flash and devices */
	struct bc_mem_range
		payload; /* where the kernel inside is moved to (uImage, FIT), unpacked; size 0 = not
					known, start 0 with size 0 = there is none */
	bool is_packed;	 /* the loader decompresses the payload */
	uint64_t unpacks_to; /* of a 32-bit ARM kernel, from the start of its 128 MiB; 0 = 0x8000 */
	uint64_t unpacked_bytes; /* of the kernel unpacked, with its bss; 0 = not known */
};

enum bc_mem_command {
	BC_MEM_BOOTM,
	BC_MEM_BOOTZ,
	BC_MEM_BOOTI,
	BC_MEM_USE /* source, cp, go, …: it is read */
};

#define BC_MEM_NONE ((size_t)-1)

/* How high the loader moves a ramdisk or a device tree. */
struct bc_mem_limit {
	uint64_t below; /* 0 = no bound but the end of RAM and the loader */
	const char *by; /* a literal: the variable that sets it; NULL = none does */
};

/* One boot command, after the first `loaded` blocks were loaded. */
struct bc_mem_boot {
	enum bc_mem_command command;
	size_t loaded;
	size_t kernel, ramdisk, dtb;   /* indices of blocks, or BC_MEM_NONE */
	bool ramdisk_stays, dtb_stays; /* not moved to the top of RAM: initrd_high, fdt_high */
	uint64_t bootm_bytes;	       /* CONFIG_SYS_BOOTM_LEN; 0 = not known */
	/* What the others are moved into, bootm_low and bootm_size; size 0 = all of RAM. */
	struct bc_mem_range window;
	struct bc_mem_limit ramdisk_limit, dtb_limit;
};

struct bc_memmap {
	struct bc_mem_range ram; /* size 0 = not known */
	uint64_t loader_bytes;	 /* the loader's own, from `loader_top` down; 0 = not known */
	uint64_t loader_top;	 /* what is above it is not used either; 0 = the end of RAM */
	struct {
		BC_VEC(struct bc_mem_block);
	} blocks; /* in the order in which they were loaded */
	struct {
		BC_VEC(struct bc_mem_boot);
	} boots;
};

enum bc_mem_problem_kind {
	BC_MEM_OVERLAP, /* block was loaded over other, which is used afterwards */
	BC_MEM_MOVED, /* the kernel of block is moved over other, or over its own image (other == block) */
	BC_MEM_UNPACKED, /* the kernel of block unpacks itself over other, as it was loaded or moved */
	BC_MEM_OUTSIDE,	  /* block is not, or not wholly, in RAM */
	BC_MEM_LOADER,	  /* block reaches into the loader's own memory */
	BC_MEM_TOO_LARGE, /* the payload of block is larger than the boot command moves */
};

struct bc_mem_problem {
	enum bc_mem_problem_kind kind;
	size_t block, other;	   /* other: BC_MEM_NONE where there is none */
	size_t boot;		   /* index, or BC_MEM_NONE */
	struct bc_mem_range what;  /* of block: where it lies, or is moved or unpacked to */
	struct bc_mem_range clash; /* the bytes that both want, or that are not there */
	size_t move; /* the block whose address should change, BC_MEM_NONE when no address helps */
	uint64_t safe; /* a free address for it; 0 = none was found */
	/* UNPACKED: where the loader has moved `other` to, size 0 = nowhere; and the variable that made it go there,
	 * NULL = none. */
	struct bc_mem_range moved;
	const char *by;
};

struct bc_mem_problems {
	BC_VEC(struct bc_mem_problem);
};

/* Adds every problem of the map, each pair of blocks once for each kind, in the order of the loads. */
void bc_memmap_check(const struct bc_memmap *map, struct bc_mem_problems *problems);
/* The bytes of room from the block's start to the next block above it, the loader or the end of RAM, as far as
 * they are known; 0 = there is no bound. *next is the block above, or BC_MEM_NONE. */
uint64_t bc_memmap_room(const struct bc_memmap *map, size_t block, size_t *next);
/* Where the payload of a kernel lies when the boot command is through with it; false when it stays. */
bool bc_memmap_moved(const struct bc_memmap *map, const struct bc_mem_boot *boot,
	struct bc_mem_range *to) BC_MUST_CHECK;
/* Where the loader's own memory begins; the end of RAM when that is not known. */
uint64_t bc_memmap_loader(const struct bc_memmap *map);
/* The index, BC_MEM_NONE when the map is full. Takes the name. */
size_t bc_memmap_add(struct bc_memmap *map, const struct bc_mem_block *block);
void bc_memmap_release(struct bc_memmap *map);
static inline void bc_memmap_cleanup(struct bc_memmap *map)
{
	bc_memmap_release(map);
}
static inline void bc_mem_problems_cleanup(struct bc_mem_problems *problems)
{
	free(problems->items);
}

#endif
