#include <libfdt.h>
#include <unistd.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/sys/bootimage.h>
#include <bootcheck/sys/devtree.h>
#include <bootcheck/sys/disk.h>
#include <bootcheck/sys/extfs.h>
#include <bootcheck/sys/fs.h>

#include "../check_main.h"

static void put_be(unsigned char *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(n >> (24 - 8 * i));
}

static void put_le(unsigned char *p, uint32_t n)
{
	put_be(p, __builtin_bswap32(n));
}

/* As Linux 6.1 writes it: the table says 20 MB, bss 0x1000, text offset 0x208000. */
static void make_zimage(unsigned char *p, size_t len)
{
	memset(p, 0, len);
	put_le(p + 0x24, 0x016f2818);
	put_le(p + 0x30, 0x04030201);
	put_le(p + 0x34, 0x45454545);
	put_le(p + 0x38, 0x100);
	put_le(p + 0x100, 6);
	put_le(p + 0x104, 0x5a534c4b);
	put_le(p + 0x108, (uint32_t)len - 4);
	put_le(p + 0x10c, 0x1000);
	put_le(p + 0x110, 0x208000);
	put_le(p + len - 4, 20000000);
}

static void make_uimage(unsigned char *p, unsigned type, unsigned compression, uint32_t size)
{
	memset(p, 0, 64);
	put_be(p, 0x27051956);
	put_be(p + 12, size);
	put_be(p + 16, 0x60008000);
	put_be(p + 20, 0x60008040);
	p[30] = (unsigned char)type;
	p[31] = (unsigned char)compression;
}

START_TEST(zimage)
{
	unsigned char data[0x400];
	struct bc_bootimage image;
	make_zimage(data, sizeof(data));
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert_int_eq(image.kind, BC_BOOTIMAGE_ZIMAGE);
	ck_assert_uint_eq(image.memory_bytes, 20000000 + 0x1000);
	ck_assert_uint_eq(image.text_offset, 0x208000);
	ck_assert(image.is_kernel && !image.has_load);
	/* Its beginning alone does not have the size. */
	bc_bootimage_parse(data, 0x200, sizeof(data), NULL, &image);
	ck_assert_int_eq(image.kind, BC_BOOTIMAGE_ZIMAGE);
	ck_assert_uint_eq(image.memory_bytes, 0);
	ck_assert_uint_eq(image.size_bytes, sizeof(data));
	/* Tables that lead nowhere. */
	put_le(data + 0x38, 0xfffffff0);
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert_uint_eq(image.memory_bytes, 0);
	put_le(data + 0x38, 0x100);
	put_le(data + 0x100, 0);
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert_uint_eq(image.memory_bytes, 0);
}
END_TEST

START_TEST(uimage)
{
	unsigned char data[64 + 0x400];
	struct bc_bootimage image;
	make_uimage(data, 2, 0, 0x400);
	make_zimage(data + 64, 0x400);
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert_int_eq(image.kind, BC_BOOTIMAGE_UIMAGE);
	ck_assert(image.is_kernel && image.has_load && !image.is_packed && !image.is_multi);
	ck_assert_uint_eq(image.load, 0x60008000);
	ck_assert_uint_eq(image.entry, 0x60008040);
	ck_assert_uint_eq(image.data_bytes, 0x400);
	ck_assert_uint_eq(image.memory_bytes, 20000000 + 0x1000);
	make_uimage(data, 3, 1, 0x400);
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert(!image.is_kernel && !image.has_load && image.is_packed);
	make_uimage(data, 4, 0, 0x400);
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert(image.is_kernel && image.is_multi);
	bc_bootimage_parse(data, 63, 63, NULL, &image);
	ck_assert_int_eq(image.kind, BC_BOOTIMAGE_OTHER);
}
END_TEST

/* gzip's size of what it packed, as far as it can be relied on. */
START_TEST(packed)
{
	enum { SIZE = 3000 };
	unsigned char data[64 + SIZE];
	static const unsigned char header[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3};
	struct bc_bootimage image;
	make_uimage(data, 2, 1, SIZE);
	memset(data + 64, 'x', SIZE);
	memcpy(data + 64, header, sizeof(header));
	put_le(data + 64 + SIZE - 4, 12345678);
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert(image.is_packed);
	ck_assert_uint_eq(image.data_bytes, SIZE);
	ck_assert_uint_eq(image.loaded_bytes, 12345678);
	/* Two members; cut short; a size that cannot be; another packer. */
	memcpy(data + 1000, header, sizeof(header));
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert_uint_eq(image.loaded_bytes, 0);
	memset(data + 1000, 'x', sizeof(header));
	bc_bootimage_parse(data, sizeof(data) - 1, sizeof(data), NULL, &image);
	ck_assert_uint_eq(image.loaded_bytes, 0);
	put_le(data + 64 + SIZE - 4, 10);
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert_uint_eq(image.loaded_bytes, 0);
	memset(data + 64, 'x', SIZE);
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert_uint_eq(image.loaded_bytes, 0);
	make_uimage(data, 2, 0, SIZE);
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert_uint_eq(image.loaded_bytes, SIZE);
}
END_TEST

START_TEST(boot_script)
{
	unsigned char data[64 + 8 + 5];
	const char *text;
	size_t len;
	make_uimage(data, 6, 0, sizeof(data) - 64);
	put_be(data + 64, 5);
	put_be(data + 68, 0);
	memcpy(data + 72, "echo\n", 5);
	ck_assert(bc_bootimage_script(data, sizeof(data), &text, &len));
	ck_assert_uint_eq(len, 5);
	ck_assert_mem_eq(text, "echo\n", 5);
	for (size_t n = 0; n < sizeof(data); n++)
		ck_assert(!bc_bootimage_script(data, n, &text, &len));
	put_be(data + 64, 0xffffffff);
	ck_assert(!bc_bootimage_script(data, sizeof(data), &text, &len));
	make_uimage(data, 2, 0, sizeof(data) - 64);
	ck_assert(!bc_bootimage_script(data, sizeof(data), &text, &len));
}
END_TEST

START_TEST(others)
{
	unsigned char data[128] = {0};
	struct bc_bootimage image;
	bc_bootimage_parse(data, sizeof(data), 500, NULL, &image);
	ck_assert_int_eq(image.kind, BC_BOOTIMAGE_OTHER);
	ck_assert_uint_eq(image.size_bytes, 500);
	put_le(data + 56, 0x644d5241);
	put_le(data + 16, 0x2000000);
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert_int_eq(image.kind, BC_BOOTIMAGE_ARM64);
	ck_assert_uint_eq(image.memory_bytes, 0x2000000);
	memset(data, 0, sizeof(data));
	put_be(data, 0xd00dfeed);
	bc_bootimage_parse(data, sizeof(data), sizeof(data), NULL, &image);
	ck_assert_int_eq(image.kind, BC_BOOTIMAGE_DTB);
	bc_bootimage_parse("", 0, 0, NULL, &image);
	ck_assert_int_eq(image.kind, BC_BOOTIMAGE_OTHER);
}
END_TEST

/* A FIT in the corpus, behind the first NUL of the file: mkimage wrote it. */
START_TEST(fit)
{
	BC_AUTO(bc_buf) file = {0};
	struct bc_err err = {0};
	struct bc_bootimage image;
	ck_assert_msg(
		bc_fs_read(BC_SOURCE_DIR "/tests/fuzz/corpus/uboot/fit", 1 << 20, &file, &err),
		"%s", err.message);
	size_t at = strlen(file.data) + 1, len = file.len - at;
	BC_AUTO_FREE char *data = bc_calloc(1, len);
	memcpy(data, file.data + at, len);
	bc_bootimage_parse(data, len, len, NULL, &image);
	ck_assert_int_eq(image.kind, BC_BOOTIMAGE_FIT);
	ck_assert(image.is_kernel && image.has_load && !image.is_packed);
	ck_assert_uint_eq(image.load, 0x60008000);
	ck_assert_uint_eq(image.data_bytes, 300);
	/* What is asked for by its name, an image or a configuration, and what is not there. */
	int size = 0;
	int node = fdt_first_subnode(data, fdt_path_offset(data, "/configurations"));
	const char *conf = fdt_get_name(data, node, NULL),
		   *kernel = fdt_getprop(data, node, "kernel", &size);
	ck_assert(conf && kernel);
	BC_AUTO_FREE char *by_conf = bc_asprintf("#%s", conf),
			  *by_name = bc_asprintf(":%s", kernel);
	const char *const inside[] = {by_conf, by_name, "#nothing", ":nothing"};
	for (size_t i = 0; i < BC_LEN(inside); i++) {
		bc_bootimage_parse(data, len, len, inside[i], &image);
		ck_assert(image.is_kernel == (i < 2));
		ck_assert_uint_eq(image.load, i < 2 ? 0x60008000 : 0);
	}
	/* Cut short it is no FIT any more. */
	bc_bootimage_parse(data, len - 100, len, NULL, &image);
	ck_assert_int_eq(image.kind, BC_BOOTIMAGE_DTB);
}
END_TEST

static void add(struct bc_extfs *fs, const char *path, enum bc_entry_type type, const char *data,
	const char *target)
{
	struct bc_entry e = {.path = (char *)(uintptr_t)path,
		.type = type,
		.mode = type == BC_ENTRY_DIR ? 0755 : 0644,
		.size = data ? strlen(data) : 0,
		.target = (char *)(uintptr_t)target};
	struct bc_err err = {0};
	ck_assert_msg(bc_extfs_add(fs, &e, data, NULL, &err), "%s: %s", path, err.message);
}

START_TEST(from_an_ext_image)
{
	char path[] = "/tmp/bc-extfs-XXXXXX";
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	unlink(path);
	struct bc_err err = {0};
	struct bc_extfs_options o = {.path = path, .version = 3, .size_bytes = 4 << 20};
	struct bc_extfs *fs = bc_extfs_new(&o, &err);
	ck_assert_msg(fs != NULL, "%s", err.message);
	add(fs, "boot", BC_ENTRY_DIR, NULL, NULL);
	add(fs, "boot/kernel", BC_ENTRY_FILE, "twelve bytes", NULL);
	add(fs, "kernel", BC_ENTRY_LINK, NULL, "/boot/kernel");
	ck_assert_msg(bc_extfs_finish(fs, &err), "%s", err.message);
	bc_extfs_free(fs);
	BC_AUTO(bc_buf) out = {0};
	ck_assert_msg(bc_extfs_read(path, 0, "/boot/kernel", 100, &out, &err), "%s", err.message);
	ck_assert_str_eq(out.data, "twelve bytes");
	ck_assert(bc_extfs_read(path, 0, "kernel", 12, &out, &err));
	ck_assert_uint_eq(out.len, 24);
	ck_assert(!bc_extfs_read(path, 0, "/boot/kernel", 11, &out, &err));
	ck_assert(!bc_extfs_read(path, 0, "/boot", 100, &out, &err));
	ck_assert(!bc_extfs_read(path, 0, "/nothing", 100, &out, &err));
	ck_assert_int_eq(err.code, BC_E_FORMAT);
	ck_assert_uint_eq(out.len, 24);
	unlink(path);
	ck_assert(!bc_extfs_read(path, 0, "/boot/kernel", 100, &out, &err));
	ck_assert(!bc_extfs_read(BC_SOURCE_DIR "/README.md", 0, "/boot/kernel", 100, &out, &err));
}
END_TEST

START_TEST(partitions)
{
	char path[] = "/tmp/bc-disk-XXXXXX";
	int fd = mkstemp(path);
	unsigned char head[512] = {0};
	struct bc_err err = {0};
	uint64_t offset = 7;
	ck_assert_int_ge(fd, 0);
	head[446 + 16 + 4] = 0x83;
	put_le(head + 446 + 16 + 8, 2048);
	ck_assert_int_eq(write(fd, head, 512), 512);
	ck_assert(!bc_disk_partition(path, 2, &offset, &err));
	ck_assert_int_eq(err.code, BC_E_FORMAT);
	head[510] = 0x55;
	head[511] = 0xaa;
	ck_assert_int_eq(pwrite(fd, head, 512, 0), 512);
	ck_assert(bc_disk_partition(path, 2, &offset, &err));
	ck_assert_uint_eq(offset, 1048576);
	ck_assert(!bc_disk_partition(path, 1, &offset, &err));
	ck_assert(!bc_disk_partition(path, 0, &offset, &err));
	ck_assert(!bc_disk_partition(path, 5, &offset, &err));
	close(fd);
	unlink(path);
	ck_assert(!bc_disk_partition(path, 2, &offset, &err));
	ck_assert_int_eq(err.code, BC_E_IO);
}
END_TEST

CHECK_MAIN("bootimage", packed, boot_script, zimage, uimage, others, fit, from_an_ext_image,
	partitions)
