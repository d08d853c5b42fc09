#include <bootcheck/model/memmap.h>

#include "../check_main.h"

#define MIB ((uint64_t)1 << 20)

static size_t add(struct bc_memmap *map, uint64_t start, uint64_t size)
{
	return bc_memmap_add(
		map, &(struct bc_mem_block){.name = bc_strdup("f"), .at = {start, size}});
}

static size_t add_uimage(struct bc_memmap *map, uint64_t start, uint64_t size, uint64_t load)
{
	struct bc_mem_block b = {.name = bc_strdup("uImage"),
		.at = {start, size},
		.format = BC_MEM_UIMAGE,
		.payload = {load, size - 64}};
	return bc_memmap_add(map, &b);
}

static void boot(struct bc_memmap *map, enum bc_mem_command command, size_t kernel, size_t ramdisk,
	size_t dtb)
{
	struct bc_mem_boot b = {.command = command,
		.loaded = map->blocks.len,
		.kernel = kernel,
		.ramdisk = ramdisk,
		.dtb = dtb};
	bc_vec_push(&map->boots, b);
}

/* A board of 256 MiB at 0x60000000 whose loader takes the last 24. */
static struct bc_memmap board(void)
{
	return (struct bc_memmap){.ram = {0x60000000, 256 * MIB}, .loader_bytes = 24 * MIB};
}

#define CHECKED(map)                                                                               \
	BC_AUTO(bc_mem_problems) found = {0};                                                      \
	bc_memmap_check(map, &found)

START_TEST(the_article)
{
	BC_AUTO(bc_memmap) map = board();
	size_t kernel = add_uimage(&map, 0x60003000, 5448256, 0x60008000);
	size_t dtb = add(&map, 0x60500000, 14081), next;
	boot(&map, BC_MEM_BOOTM, kernel, BC_MEM_NONE, dtb);
	CHECKED(&map);
	/* That the kernel would also be moved over it is not told again. */
	ck_assert_uint_eq(found.len, 1);
	ck_assert_int_eq(found.items[0].kind, BC_MEM_OVERLAP);
	ck_assert_uint_eq(found.items[0].block, dtb);
	ck_assert_uint_eq(found.items[0].other, kernel);
	ck_assert_uint_eq(found.items[0].clash.start, 0x60500000);
	ck_assert_uint_eq(found.items[0].clash.size, 14081);
	ck_assert_uint_eq(found.items[0].move, dtb);
	ck_assert_uint_eq(found.items[0].safe, 0x61000000);
	ck_assert_uint_eq(bc_memmap_room(&map, kernel, &next), 5230592);
	ck_assert_uint_eq(next, dtb);
}
END_TEST

/* The largest image that fits between the two addresses, and one byte more. */
START_TEST(the_articles_bound)
{
	for (uint64_t more = 0; more < 2; more++) {
		BC_AUTO(bc_memmap) map = board();
		size_t kernel = add(&map, 0x60003000, 5230592 + more);
		size_t dtb = add(&map, 0x60500000, 14081);
		boot(&map, BC_MEM_BOOTM, kernel, BC_MEM_NONE, dtb);
		CHECKED(&map);
		ck_assert_uint_eq(found.len, more);
	}
}
END_TEST

START_TEST(the_other_order)
{
	BC_AUTO(bc_memmap) map = board();
	size_t dtb = add(&map, 0x60500000, 14081);
	size_t kernel = add(&map, 0x60003000, 5448256);
	boot(&map, BC_MEM_BOOTM, kernel, BC_MEM_NONE, dtb);
	CHECKED(&map);
	ck_assert_uint_eq(found.len, 1);
	ck_assert_uint_eq(found.items[0].block, kernel);
	ck_assert_uint_eq(found.items[0].other, dtb);
	ck_assert_uint_eq(found.items[0].move, dtb);
	ck_assert_uint_eq(found.items[0].safe, 0x61000000);
}
END_TEST

START_TEST(sizes_that_nobody_knows)
{
	BC_AUTO(bc_memmap) map = board();
	size_t kernel = add(&map, 0x62000000, 0), other = add(&map, 0x62000001, 0), next;
	boot(&map, BC_MEM_BOOTM, kernel, BC_MEM_NONE, other);
	CHECKED(&map);
	ck_assert_uint_eq(found.len, 0);
	size_t same = add(&map, 0x62000000, 0);
	boot(&map, BC_MEM_BOOTM, kernel, BC_MEM_NONE, other);
	bc_memmap_check(&map, &found);
	ck_assert_uint_eq(found.len, 1);
	ck_assert_uint_eq(found.items[0].block, same);
	ck_assert_uint_eq(found.items[0].clash.size, 0);
	ck_assert_uint_eq(bc_memmap_room(&map, other, &next), 0x6e800000 - 0x62000001);
	ck_assert_uint_eq(next, BC_MEM_NONE);
}
END_TEST

/* What was overwritten before the boot command that uses it was loaded again, or is used by none, is fine. */
START_TEST(what_is_not_used)
{
	BC_AUTO(bc_memmap) map = board();
	(void)!add(&map, 0x62000000, MIB);
	size_t again = add(&map, 0x62000000, MIB);
	boot(&map, BC_MEM_BOOTZ, again, BC_MEM_NONE, BC_MEM_NONE);
	(void)!add(&map, 0x62000000, MIB);
	CHECKED(&map);
	ck_assert_uint_eq(found.len, 0);
}
END_TEST

START_TEST(moved_over_the_ramdisk)
{
	BC_AUTO(bc_memmap) map = board();
	size_t kernel = add_uimage(&map, 0x62000000, 6 * MIB, 0x60008000);
	size_t ramdisk = add(&map, 0x60500000, MIB), dtb = add(&map, 0x63000000, 100);
	boot(&map, BC_MEM_BOOTM, kernel, ramdisk, dtb);
	CHECKED(&map);
	ck_assert_uint_eq(found.len, 1);
	ck_assert_int_eq(found.items[0].kind, BC_MEM_MOVED);
	ck_assert_uint_eq(found.items[0].other, ramdisk);
	ck_assert_uint_eq(found.items[0].move, ramdisk);
	ck_assert_uint_eq(found.items[0].safe, 0x61000000);
	/* bootz moves nothing. */
	map.boots.items[0].command = BC_MEM_BOOTZ;
	found.len = 0;
	bc_memmap_check(&map, &found);
	ck_assert_uint_eq(found.len, 0);
}
END_TEST

/* A legacy image may be moved over itself, a FIT must not. */
START_TEST(moved_over_itself)
{
	BC_AUTO(bc_memmap) map = board();
	size_t kernel = add_uimage(&map, 0x60100000, 6 * MIB, 0x60008000);
	boot(&map, BC_MEM_BOOTM, kernel, BC_MEM_NONE, BC_MEM_NONE);
	CHECKED(&map);
	ck_assert_uint_eq(found.len, 0);
	map.blocks.items[0].format = BC_MEM_FIT;
	bc_memmap_check(&map, &found);
	ck_assert_uint_eq(found.len, 1);
	ck_assert_int_eq(found.items[0].kind, BC_MEM_MOVED);
	ck_assert_uint_eq(found.items[0].other, kernel);
	ck_assert_uint_eq(found.items[0].safe, 0x61000000);
	map.blocks.items[0].format = BC_MEM_UIMAGE;
	map.blocks.items[0].is_packed = true;
	found.len = 0;
	bc_memmap_check(&map, &found);
	ck_assert_uint_eq(found.len, 1);
	/* Executed in place: not moved. */
	map.blocks.items[0].payload.start = 0x60100040;
	found.len = 0;
	bc_memmap_check(&map, &found);
	ck_assert_uint_eq(found.len, 0);
}
END_TEST

START_TEST(unpacked_over_what_stays)
{
	BC_AUTO(bc_memmap) map = board();
	struct bc_mem_block k = {.name = bc_strdup("zImage"),
		.at = {0x62000000, 5 * MIB},
		.format = BC_MEM_ZIMAGE,
		.unpacked_bytes = 20 * MIB};
	size_t kernel = bc_memmap_add(&map, &k), dtb = add(&map, 0x61000000, 14081);
	boot(&map, BC_MEM_BOOTZ, kernel, BC_MEM_NONE, dtb);
	CHECKED(&map);
	ck_assert_uint_eq(found.len, 0);
	map.boots.items[0].dtb_stays = true;
	bc_memmap_check(&map, &found);
	ck_assert_uint_eq(found.len, 1);
	ck_assert_int_eq(found.items[0].kind, BC_MEM_UNPACKED);
	ck_assert_uint_eq(found.items[0].other, dtb);
	/* Behind the kernel, its packed image and what unpacking needs; and not over the zImage. */
	ck_assert_uint_eq(found.items[0].safe, 0x63000000);
}
END_TEST

START_TEST(outside_and_loader)
{
	BC_AUTO(bc_memmap) map = board();
	(void)!add(&map, 0x50000000, 10);
	(void)!add(&map, 0x6fffff00, 0x200);
	(void)!add(&map, 0x6e7fff00, 0x200);
	(void)!add(&map, 0x6e7fff00, 0x100);
	(void)!add(&map, UINT64_MAX - 5, 100);
	CHECKED(&map);
	ck_assert_uint_eq(found.len, 4);
	ck_assert_int_eq(found.items[0].kind, BC_MEM_OUTSIDE);
	ck_assert_uint_eq(found.items[0].safe, 0x61000000);
	ck_assert_int_eq(found.items[1].kind, BC_MEM_OUTSIDE);
	ck_assert_uint_eq(found.items[1].clash.start, 0x70000000);
	ck_assert_uint_eq(found.items[1].clash.size, 0x100);
	ck_assert_int_eq(found.items[2].kind, BC_MEM_LOADER);
	ck_assert_uint_eq(found.items[2].clash.size, 0x100);
	ck_assert_int_eq(found.items[3].kind, BC_MEM_OUTSIDE);
	/* Of a machine that nobody knows nothing is said. */
	map.ram.size = map.loader_bytes = 0;
	found.len = 0;
	bc_memmap_check(&map, &found);
	ck_assert_uint_eq(found.len, 0);
}
END_TEST

START_TEST(no_room)
{
	BC_AUTO(bc_memmap) map = {.ram = {0x60000000, 16 * MIB}, .loader_bytes = 8 * MIB};
	size_t kernel = add(&map, 0x60008000, 7 * MIB), ramdisk = add(&map, 0x60500000, 4 * MIB);
	boot(&map, BC_MEM_BOOTZ, kernel, ramdisk, BC_MEM_NONE);
	CHECKED(&map);
	ck_assert_uint_eq(found.len, 2);
	ck_assert_int_eq(found.items[0].kind, BC_MEM_LOADER);
	ck_assert_int_eq(found.items[1].kind, BC_MEM_OVERLAP);
	ck_assert_uint_eq(found.items[1].safe, 0);
	/* Between the bounds of 1 MiB and 16 MiB there is room for something small. */
	map.blocks.items[ramdisk].at.size = 1000;
	found.len = 0;
	bc_memmap_check(&map, &found);
	ck_assert_uint_eq(found.len, 1);
	ck_assert_uint_eq(found.items[0].safe, 0x60710000);
}
END_TEST

START_TEST(large_kernels)
{
	BC_AUTO(bc_memmap) map = board();
	size_t kernel = add_uimage(&map, 0x62000000, 9 * MIB, 0x60008000);
	boot(&map, BC_MEM_BOOTM, kernel, BC_MEM_NONE, BC_MEM_NONE);
	map.boots.items[0].bootm_bytes = 8 * MIB;
	CHECKED(&map);
	ck_assert_uint_eq(found.len, 1);
	ck_assert_int_eq(found.items[0].kind, BC_MEM_TOO_LARGE);
	ck_assert_uint_eq(found.items[0].move, BC_MEM_NONE);
	map.boots.items[0].bootm_bytes = 16 * MIB;
	map.blocks.items[0].payload.start = 0x6ff00000;
	found.len = 0;
	bc_memmap_check(&map, &found);
	ck_assert_uint_eq(found.len, 1);
	ck_assert_int_eq(found.items[0].kind, BC_MEM_OUTSIDE);
	ck_assert_uint_eq(found.items[0].boot, 0);
}
END_TEST

START_TEST(arm64_image)
{
	BC_AUTO(bc_memmap) map = {.ram = {0x40000000, 512 * MIB}};
	struct bc_mem_block k = {.name = bc_strdup("Image"),
		.at = {0x40480000, 30 * MIB},
		.format = BC_MEM_ARM64_IMAGE,
		.unpacked_bytes = 40 * MIB};
	size_t kernel = bc_memmap_add(&map, &k), dtb = add(&map, 0x42700000, 0x10000);
	boot(&map, BC_MEM_BOOTI, kernel, BC_MEM_NONE, dtb);
	struct bc_mem_range to;
	ck_assert(bc_memmap_moved(&map, &map.boots.items[0], &to));
	ck_assert_uint_eq(to.start, 0x40600000);
	CHECKED(&map);
	ck_assert_uint_eq(found.len, 1);
	ck_assert_int_eq(found.items[0].kind, BC_MEM_MOVED);
	ck_assert_uint_eq(found.items[0].safe, 0x43000000);
}
END_TEST

START_TEST(a_full_map)
{
	BC_AUTO(bc_memmap) map = board();
	for (size_t i = 0; i < BC_MEMMAP_MAX; i++)
		ck_assert_uint_eq(add(&map, 0x62000000, MIB), i);
	ck_assert_uint_eq(add(&map, 0x62000000, MIB), BC_MEM_NONE);
	boot(&map, BC_MEM_BOOTZ, 0, 1, 2);
	CHECKED(&map);
	ck_assert_uint_eq(found.len, BC_MEMMAP_MAX - 1 + BC_MEMMAP_MAX - 2 + BC_MEMMAP_MAX - 3);
}
END_TEST

/* The second bank of a board is not the loader's, but it does not hand it out either. */
START_TEST(two_banks)
{
	BC_AUTO(bc_memmap) map = board();
	map.ram.size = 1024 * MIB;
	map.loader_top = 0x80000000;
	ck_assert_uint_eq(bc_memmap_loader(&map), 0x7e800000);
	(void)!add(&map, 0x7f000000, 0x1000);
	(void)!add(&map, 0x9f000000, 0x1000);
	(void)!add(&map, 0x7e000000, 0x1000);
	CHECKED(&map);
	ck_assert_uint_eq(found.len, 2);
	ck_assert_int_eq(found.items[0].kind, BC_MEM_LOADER);
	ck_assert_int_eq(found.items[1].kind, BC_MEM_LOADER);
	map.ram.size = 256 * MIB;
	ck_assert_uint_eq(bc_memmap_loader(&map), 0x6e800000);
}
END_TEST

CHECK_MAIN("memmap", two_banks, the_article, the_articles_bound, the_other_order,
	sizes_that_nobody_knows, what_is_not_used, moved_over_the_ramdisk, moved_over_itself,
	unpacked_over_what_stays, outside_and_loader, no_room, large_kernels, arm64_image,
	a_full_map)
