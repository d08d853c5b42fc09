#include <bootcheck/base/mem.h>
#include <bootcheck/sys/bootimage.h>
#include <bootcheck/sys/devtree.h>
#include <bootcheck/sys/fs.h>

/* U-Boot's include/image.h: struct legacy_img_hdr, big endian. */
#define UIMAGE_MAGIC	   0x27051956u
#define UIMAGE_HEADER	   64
#define UIMAGE_TYPE_KERNEL 2
#define UIMAGE_TYPE_MULTI  4
#define UIMAGE_TYPE_NOLOAD 14
#define UIMAGE_COMP_NONE   0
/* arch/arm/boot/compressed/head.S */
#define ZIMAGE_MAGIC	0x016f2818u
#define ZIMAGE_MAGIC2	0x45454545u
#define ZIMAGE_SIZE_TAG 0x5a534c4bu /* "KLSZ" */
/* Documentation/arm64/booting.rst */
#define ARM64_MAGIC  0x644d5241u
#define FDT_MAGIC_BE 0xd00dfeedu
#define MAX_FILE     ((size_t)256 << 20)

struct bytes {
	const unsigned char *data;
	size_t len;
};

static uint32_t be32(struct bytes b, size_t at)
{
	if (at > b.len || b.len - at < 4)
		return 0;
	const unsigned char *p = b.data + at;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t le32(struct bytes b, size_t at)
{
	return __builtin_bswap32(be32(b, at));
}

static uint64_t le64(struct bytes b, size_t at)
{
	return (uint64_t)le32(b, at + 4) << 32 | le32(b, at);
}

/* The decompressed size stands in the last word of the packed kernel; since Linux 5.0 a table at the end of the
 * header says where, and how large the bss is. */
static bool read_zimage(struct bytes b, struct bc_bootimage *out)
{
	if (le32(b, 0x24) != ZIMAGE_MAGIC)
		return false;
	uint32_t table = le32(b, 0x38);
	if (le32(b, 0x34) != ZIMAGE_MAGIC2 || table < 0x3c || table > b.len || table % 4)
		return true;
	/* Each entry: its size in words, its tag, values. */
	for (size_t at = table, n = 0; n < 16; n++) {
		uint32_t words = le32(b, at);
		if (words < 2 || words > 64)
			break;
		if (le32(b, at + 4) == ZIMAGE_SIZE_TAG && words >= 4) {
			uint32_t size = le32(b, le32(b, at + 8)), bss = le32(b, at + 12);
			out->memory_bytes = size ? (uint64_t)size + bss : 0;
			out->text_offset = words >= 5 ? le32(b, at + 16) : 0;
			break;
		}
		at += 4 * (size_t)words;
	}
	return true;
}

static bool read_uimage(struct bytes b, struct bc_bootimage *out)
{
	if (b.len < UIMAGE_HEADER || be32(b, 0) != UIMAGE_MAGIC)
		return false;
	unsigned type = b.data[30], compression = b.data[31];
	out->data_bytes = be32(b, 12);
	out->load = be32(b, 16);
	out->entry = be32(b, 20);
	out->is_multi = type == UIMAGE_TYPE_MULTI;
	out->is_kernel = type == UIMAGE_TYPE_KERNEL || type == UIMAGE_TYPE_NOLOAD || out->is_multi;
	out->has_load = type == UIMAGE_TYPE_KERNEL || out->is_multi;
	out->is_packed = compression != UIMAGE_COMP_NONE;
	struct bytes inside = {b.data + UIMAGE_HEADER, b.len - UIMAGE_HEADER};
	struct bc_bootimage kernel = {0};
	if (out->is_kernel && !out->is_packed && read_zimage(inside, &kernel)) {
		out->memory_bytes = kernel.memory_bytes;
		out->text_offset = kernel.text_offset;
	}
	return true;
}

static void read_fit(struct bytes b, struct bc_bootimage *out)
{
	struct bc_fit_kernel kernel = {0};
	out->kind = BC_BOOTIMAGE_FIT;
	out->is_kernel = true;
	if (!bc_devtree_fit_kernel(b.data, b.len, &kernel)) {
		out->is_kernel = false;
		return;
	}
	out->load = kernel.load;
	out->entry = kernel.entry;
	out->has_load = kernel.has_load;
	out->data_bytes = kernel.data_bytes;
	out->is_packed = kernel.is_packed;
}

void bc_bootimage_parse(const void *data, size_t len, uint64_t size_bytes, struct bc_bootimage *out)
{
	struct bytes b = {data, len};
	*out = (struct bc_bootimage){.size_bytes = size_bytes};
	if (read_uimage(b, out)) {
		out->kind = BC_BOOTIMAGE_UIMAGE;
	} else if (read_zimage(b, out)) {
		out->kind = BC_BOOTIMAGE_ZIMAGE;
		out->is_kernel = true;
	} else if (le32(b, 56) == ARM64_MAGIC) {
		out->kind = BC_BOOTIMAGE_ARM64;
		out->is_kernel = true;
		out->memory_bytes = le64(b, 16);
	} else if (be32(b, 0) == FDT_MAGIC_BE) {
		out->kind = BC_BOOTIMAGE_DTB;
		if (bc_devtree_is_fit(b.data, b.len))
			read_fit(b, out);
	}
}

bool bc_bootimage_read(const char *path, struct bc_bootimage *out, struct bc_err *err)
{
	BC_AUTO(bc_buf) data = {.max = MAX_FILE + 1};
	if (!bc_fs_read(path, MAX_FILE, &data, err))
		return false;
	bc_bootimage_parse(data.data ? data.data : "", data.len, data.len, out);
	return true;
}
