/* What a boot loader is handed, told by the first bytes: legacy uImages, FIT images, zImages, arm64 Images, device
 * trees. */
#ifndef BOOTCHECK_SYS_BOOTIMAGE_H
#define BOOTCHECK_SYS_BOOTIMAGE_H

#include <bootcheck/base/err.h>

enum bc_bootimage_kind {
	BC_BOOTIMAGE_OTHER,
	BC_BOOTIMAGE_UIMAGE,
	BC_BOOTIMAGE_FIT,
	BC_BOOTIMAGE_ZIMAGE,
	BC_BOOTIMAGE_ARM64,
	BC_BOOTIMAGE_DTB,
};

struct bc_bootimage {
	enum bc_bootimage_kind kind;
	uint64_t size_bytes; /* of the whole file */
	/* UIMAGE (its kernel, ramdisk or whatever it holds), FIT (the kernel that was asked for). */
	bool has_load;	      /* it says where its content is moved to */
	uint64_t load, entry; /* there */
	uint64_t data_bytes;  /* of its content, as it is packed */
	bool is_packed;	      /* the loader decompresses it, */
	uint64_t
		loaded_bytes; /* to so many bytes; the same as data_bytes when not packed, 0 = not known */
	bool is_kernel; /* otherwise a ramdisk, a script, … */
	bool is_multi;	/* several files in one */
	/* ZIMAGE, or an UIMAGE or a FIT that holds one: the kernel unpacked, with its bss; 0 = it does not say.
	 * ARM64: the memory that the image takes, 0 = it does not say. */
	uint64_t memory_bytes;
	/* Beside it: where, from the start of RAM, a zImage unpacks to; 0 = it does not say. */
	uint64_t text_offset;
};

/* What the bytes of a whole file, or of its beginning, are. Hostile bytes are fine. size_bytes is the size of
 * the file, which may be more than len. `inside` names a part of a FIT, see bc_devtree_fit_kernel(); may be NULL. */
void bc_bootimage_parse(const void *data, size_t len, uint64_t size_bytes, const char *inside,
	struct bc_bootimage *out);
/* The text of a boot script in a legacy image, *text points into data. False when it is none. Hostile bytes are
 * fine. */
bool bc_bootimage_script(
	const void *data, size_t len, const char **text, size_t *text_len) BC_MUST_CHECK;

#endif
