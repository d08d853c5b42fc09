#include <bootcheck/base/mem.h>
#include <bootcheck/sys/bootimage.h>
#include <bootcheck/sys/devtree.h>

/* U-Boot's include/image.h: struct legacy_img_hdr, big endian. */
#define UIMAGE_MAGIC	   0x27051956u
#define UIMAGE_HEADER	   64
#define UIMAGE_TYPE_KERNEL 2
#define UIMAGE_TYPE_MULTI  4
#define UIMAGE_TYPE_SCRIPT 6
#define UIMAGE_TYPE_NOLOAD 14
#define UIMAGE_COMP_NONE   0
/* arch/arm/boot/compressed/head.S */
#define ZIMAGE_MAGIC	0x016f2818u
#define ZIMAGE_MAGIC2	0x45454545u
#define ZIMAGE_SIZE_TAG 0x5a534c4bu /* "KLSZ" */
/* Documentation/arm64/booting.rst */
#define ARM64_MAGIC  0x644d5241u
#define FDT_MAGIC_BE 0xd00dfeedu
/* RFC 1952: a member's header and its trailer, the checksum and the size. */
#define GZIP_HEADER  10
#define GZIP_TRAILER 8

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

static bool is_gzip_header(const unsigned char *p)
{
	return p[0] == 0x1f && p[1] == 0x8b && p[2] == 8 && !(p[3] & 0xe0) &&
		(p[8] == 0 || p[8] == 2 || p[8] == 4) && (p[9] <= 13 || p[9] == 255);
}

/* The size that gzip unpacks to, as its last word says; 0 where that cannot be relied on: U-Boot unpacks the first
 * member alone, and a file of several ends in the size of the last one. */
static uint64_t gzip_size(struct bytes b)
{
	if (b.len < GZIP_HEADER + GZIP_TRAILER || !is_gzip_header(b.data))
		return 0;
	uint64_t size = le32(b, b.len - 4);
	/* What does not get smaller grows by 5 bytes for each 65,535 at most. */
	if (size + size / 1000 + 1024 < b.len)
		return 0;
	const unsigned char *p = b.data + GZIP_HEADER, *end = b.data + b.len - GZIP_HEADER;
	while (p < end && (p = memchr(p, 0x1f, (size_t)(end - p)))) {
		if (is_gzip_header(p))
			return 0;
		p++;
	}
	return size;
}

/* What lies in a wrapper, as far as it is there. */
static void read_content(struct bytes b, struct bc_bootimage *out)
{
	struct bc_bootimage kernel = {0};
	bool is_whole = b.len && b.len == out->data_bytes;
	out->loaded_bytes = !out->is_packed ? out->data_bytes : is_whole ? gzip_size(b) : 0;
	if (out->is_kernel && !out->is_packed && read_zimage(b, &kernel)) {
		out->memory_bytes = kernel.memory_bytes;
		out->text_offset = kernel.text_offset;
	}
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
	if (inside.len > out->data_bytes)
		inside.len = out->data_bytes;
	read_content(inside, out);
	return true;
}

static void read_fit(struct bytes b, const char *inside, struct bc_bootimage *out)
{
	struct bc_fit_kernel kernel = {0};
	out->kind = BC_BOOTIMAGE_FIT;
	out->is_kernel = true;
	if (!bc_devtree_fit_kernel(b.data, b.len, inside, &kernel)) {
		out->is_kernel = false;
		return;
	}
	out->load = kernel.load;
	out->entry = kernel.entry;
	out->has_load = kernel.has_load;
	out->data_bytes = kernel.data_bytes;
	out->is_packed = kernel.is_packed;
	read_content((struct bytes){kernel.data, kernel.data ? kernel.data_bytes : 0}, out);
}

void bc_bootimage_parse(const void *data, size_t len, uint64_t size_bytes, const char *inside,
	struct bc_bootimage *out)
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
			read_fit(b, inside, out);
	}
}

bool bc_bootimage_script(const void *data, size_t len, const char **text, size_t *text_len)
{
	struct bytes b = {data, len};
	if (len < UIMAGE_HEADER || be32(b, 0) != UIMAGE_MAGIC || b.data[30] != UIMAGE_TYPE_SCRIPT ||
		b.data[31] != UIMAGE_COMP_NONE)
		return false;
	/* The sizes of its parts, up to a zero; then they follow. U-Boot runs the first. */
	size_t at = UIMAGE_HEADER, n = be32(b, at);
	while (at + 4 <= len && be32(b, at))
		at += 4;
	at += 4;
	if (!n || at > len || n > len - at)
		return false;
	*text = (const char *)b.data + at;
	*text_len = n;
	return true;
}
