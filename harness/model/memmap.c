#include <bootcheck/model/memmap.h>

#define MIB	      ((uint64_t)1 << 20)
#define UIMAGE_HEADER 64
/* Where the 32-bit ARM kernel runs, from the start of its 128 MiB of RAM. */
#define ARM_TEXT_OFFSET 0x8000u
#define ARM_BASE	(~(128 * MIB - 1))
/* What the decompressor needs besides the image: its stack, heap and tables. */
#define ARM_UNPACK_EXTRA MIB
/* U-Boot's CONFIG_SYS_FDT_PAD, and the boundary that it moves things to. */
#define FDT_PAD	  0x3000u
#define MOVE_STEP ((uint64_t)0x1000)
/* The kernel's own size where nobody knows it: a configured vmlinux is rarely larger. */
#define ARM_UNPACKED_GUESS (32 * MIB)

static uint64_t end_of(struct bc_mem_range r)
{
	uint64_t size = r.size ? r.size : 1;
	return r.start > UINT64_MAX - size ? UINT64_MAX : r.start + size;
}

static bool clash(struct bc_mem_range a, struct bc_mem_range b, struct bc_mem_range *out)
{
	uint64_t start = a.start > b.start ? a.start : b.start;
	uint64_t a_end = end_of(a), b_end = end_of(b), end = a_end < b_end ? a_end : b_end;
	if (start >= end)
		return false;
	/* Where a size is not known, the shared part is not known either. */
	*out = (struct bc_mem_range){start, a.size && b.size ? end - start : 0};
	return true;
}

static struct bc_mem_range loader_of(const struct bc_memmap *map)
{
	uint64_t end = map->ram.start + map->ram.size;
	uint64_t top =
		map->loader_top > map->ram.start && map->loader_top < end ? map->loader_top : end;
	uint64_t room = top - map->ram.start;
	uint64_t start = top - (map->loader_bytes < room ? map->loader_bytes : room);
	return (struct bc_mem_range){start, end - start};
}

uint64_t bc_memmap_loader(const struct bc_memmap *map)
{
	return map->loader_bytes ? loader_of(map).start : map->ram.start + map->ram.size;
}

bool bc_memmap_moved(
	const struct bc_memmap *map, const struct bc_mem_boot *boot, struct bc_mem_range *to)
{
	if (boot->kernel >= map->blocks.len)
		return false;
	const struct bc_mem_block *k = &map->blocks.items[boot->kernel];
	bool is_wrapped = k->format == BC_MEM_UIMAGE || k->format == BC_MEM_FIT;
	if (boot->command == BC_MEM_BOOTM && is_wrapped && (k->payload.start || k->payload.size)) {
		/* Executed in place. */
		if (k->format == BC_MEM_UIMAGE && k->payload.start == k->at.start + UIMAGE_HEADER)
			return false;
		*to = k->payload;
		return true;
	}
	if (boot->command == BC_MEM_BOOTI && k->format == BC_MEM_ARM64_IMAGE && k->unpacked_bytes) {
		uint64_t start = k->at.start > UINT64_MAX - 2 * MIB
			? k->at.start
			: (k->at.start + 2 * MIB - 1) & ~(2 * MIB - 1);
		*to = (struct bc_mem_range){start, k->unpacked_bytes};
		return true;
	}
	return false;
}

/* The memory that a 32-bit ARM kernel takes while it unpacks itself: from the 128 MiB boundary below the place where
 * it was started, plus the offset; it moves the packed image behind that when they overlap. */
static bool unpacked(
	const struct bc_memmap *map, const struct bc_mem_boot *boot, struct bc_mem_range *to)
{
	if (boot->kernel >= map->blocks.len || boot->command == BC_MEM_BOOTI ||
		boot->command == BC_MEM_USE || !map->ram.size)
		return false;
	const struct bc_mem_block *k = &map->blocks.items[boot->kernel];
	bool is_arm = k->format == BC_MEM_ZIMAGE ||
		(boot->command == BC_MEM_BOOTM && !k->is_packed && k->unpacked_bytes &&
			(k->format == BC_MEM_UIMAGE || k->format == BC_MEM_FIT));
	if (!is_arm)
		return false;
	uint64_t packed = k->payload.size ? k->payload.size : k->at.size;
	uint64_t size = k->unpacked_bytes ? k->unpacked_bytes : ARM_UNPACKED_GUESS;
	struct bc_mem_range moved;
	uint64_t base = bc_memmap_moved(map, boot, &moved) ? moved.start : k->at.start;
	base &= ARM_BASE;
	if (base < map->ram.start)
		base = map->ram.start;
	*to = (struct bc_mem_range){base + (k->unpacks_to ? k->unpacks_to : ARM_TEXT_OFFSET),
		size + packed + ARM_UNPACK_EXTRA};
	return true;
}

/* A free place */

struct taken {
	BC_VEC(struct bc_mem_range);
};

static bool is_free(const struct bc_memmap *map, const struct taken *taken, struct bc_mem_range r)
{
	struct bc_mem_range none;
	if (map->ram.size &&
		(r.start < map->ram.start || end_of(r) > map->ram.start + map->ram.size))
		return false;
	bc_vec_each (t, taken)
		if (clash(*t, r, &none))
			return false;
	return true;
}

/* The first round address that is free; rounder ones leave room for files that grow. */
static uint64_t find(
	const struct bc_memmap *map, const struct taken *taken, uint64_t from, uint64_t size)
{
	static const uint64_t steps[] = {16 * MIB, MIB, 64 << 10};
	uint64_t end = map->ram.size ? map->ram.start + map->ram.size : from + 1024 * MIB;
	if (end > from + 4096 * MIB) /* no board here has its loader further up */
		end = from + 4096 * MIB;
	for (size_t i = 0; i < BC_LEN(steps); i++)
		for (uint64_t at = (from + steps[i] - 1) & ~(steps[i] - 1); at < end;
			at += steps[i])
			if (is_free(map, taken, (struct bc_mem_range){at, size}))
				return at;
	return 0;
}

/* The highest free place in the window, as U-Boot's lmb_alloc_base() finds it. */
static bool allot(const struct bc_mem_boot *boot, const struct bc_memmap *map,
	const struct taken *taken, uint64_t size, uint64_t below, struct bc_mem_range *to)
{
	struct bc_mem_range none, window = boot->window.size ? boot->window : map->ram;
	uint64_t end = end_of(window), ram_end = end_of(map->ram);
	end = end < ram_end ? end : ram_end;
	end = below && below < end ? below : end;
	uint64_t low = window.start > map->ram.start ? window.start : map->ram.start;
	while (size && end > low && end - low >= size) {
		uint64_t start = (end - size) & ~(MOVE_STEP - 1);
		bool is_taken = false;
		if (start < low)
			return false;
		*to = (struct bc_mem_range){start, size};
		bc_vec_each (t, taken)
			if (clash(*t, *to, &none)) {
				end = t->start;
				is_taken = true;
				break;
			}
		if (!is_taken)
			return true;
	}
	return false;
}

/* Where the loader moves the ramdisk and then the device tree to, before the kernel starts; size 0 = it does not, or
 * nobody knows. */
static void settle(const struct bc_memmap *map, const struct bc_mem_boot *boot,
	struct bc_mem_range *ramdisk, struct bc_mem_range *dtb)
{
	struct taken taken = {0};
	const size_t n = map->blocks.len;
	const struct bc_mem_block *r = boot->ramdisk < n ? &map->blocks.items[boot->ramdisk] : NULL,
				  *d = boot->dtb < n ? &map->blocks.items[boot->dtb] : NULL;
	struct bc_mem_range kernel;
	*ramdisk = *dtb = (struct bc_mem_range){0};
	if (!map->ram.size || boot->kernel >= n)
		return;
	if (map->loader_bytes)
		bc_vec_push(&taken, loader_of(map));
	if (!bc_memmap_moved(map, boot, &kernel))
		kernel = map->blocks.items[boot->kernel].at;
	bc_vec_push(&taken, kernel);
	if (r && boot->ramdisk != boot->kernel && !boot->ramdisk_stays && r->at.size &&
		!allot(boot, map, &taken, r->at.size, boot->ramdisk_limit.below, ramdisk))
		*ramdisk = (struct bc_mem_range){0};
	if (ramdisk->size)
		bc_vec_push(&taken, *ramdisk);
	if (d && boot->dtb != boot->kernel && !boot->dtb_stays && d->at.size &&
		!allot(boot, map, &taken, d->at.size + FDT_PAD, boot->dtb_limit.below, dtb))
		*dtb = (struct bc_mem_range){0};
	free(taken.items);
}

/* Everything that block must keep away from: the other blocks, the loader, and where kernels go. */
static uint64_t find_for(const struct bc_memmap *map, size_t block, bool is_kernel_moved)
{
	struct taken taken = {0};
	const struct bc_mem_block *b = &map->blocks.items[block];
	struct bc_mem_range r;
	for (size_t i = 0; i < map->blocks.len; i++)
		if (i != block)
			bc_vec_push(&taken, map->blocks.items[i].at);
	if (map->loader_bytes && map->ram.size)
		bc_vec_push(&taken, loader_of(map));
	bc_vec_each (boot, &map->boots) {
		bool is_own = boot->kernel == block;
		if ((!is_own || is_kernel_moved) && bc_memmap_moved(map, boot, &r))
			bc_vec_push(&taken, r);
		bool stays = (boot->dtb == block && boot->dtb_stays) ||
			(boot->ramdisk == block && boot->ramdisk_stays);
		if (stays && unpacked(map, boot, &r))
			bc_vec_push(&taken, r);
	}
	uint64_t from = map->ram.size ? map->ram.start + ARM_TEXT_OFFSET : b->at.start;
	uint64_t at = from > UINT64_MAX - 4096 * MIB ? 0 : find(map, &taken, from, b->at.size);
	free(taken.items);
	return at;
}

/* The checks */

struct check {
	const struct bc_memmap *map;
	struct bc_mem_problems *out;
};

static void add(struct check *c, struct bc_mem_problem p)
{
	bool is_kernel = p.kind == BC_MEM_MOVED || p.kind == BC_MEM_UNPACKED;
	bc_vec_each (q, c->out) {
		bool is_pair = (q->block == p.block && q->other == p.other) ||
			(q->block == p.other && q->other == p.block);
		/* Two that are loaded over each other need not be told that they stay so. */
		if (is_pair && (q->kind == p.kind || (is_kernel && q->kind == BC_MEM_OVERLAP)))
			return;
	}
	if (p.move != BC_MEM_NONE)
		p.safe = find_for(c->map, p.move, p.kind == BC_MEM_MOVED && p.block == p.other);
	bc_vec_push(c->out, p);
}

/* Moving the smaller one is the smaller change: a kernel's address often stands in more places. */
static size_t smaller(const struct bc_memmap *map, size_t a, size_t b, size_t kernel)
{
	if (a == kernel || b == kernel)
		return a == kernel ? b : a;
	uint64_t sa = map->blocks.items[a].at.size, sb = map->blocks.items[b].at.size;
	return sa && sb && sa < sb ? a : b;
}

/* What is loaded later lies over what is used. */
static void check_used(struct check *c, size_t boot, size_t used)
{
	const struct bc_memmap *map = c->map;
	const struct bc_mem_boot *b = &map->boots.items[boot];
	if (used >= map->blocks.len)
		return;
	for (size_t i = used + 1; i < b->loaded && i < map->blocks.len; i++) {
		struct bc_mem_problem p = {
			.kind = BC_MEM_OVERLAP, .block = i, .other = used, .boot = boot};
		if (!clash(map->blocks.items[i].at, map->blocks.items[used].at, &p.clash))
			continue;
		p.what = map->blocks.items[i].at;
		p.move = smaller(map, used, i, b->kernel);
		add(c, p);
	}
}

static void check_moved(struct check *c, size_t boot)
{
	const struct bc_memmap *map = c->map;
	const struct bc_mem_boot *b = &map->boots.items[boot];
	struct bc_mem_problem p = {.kind = BC_MEM_MOVED, .block = b->kernel, .boot = boot};
	if (!bc_memmap_moved(map, b, &p.what))
		return;
	const struct bc_mem_block *k = &map->blocks.items[b->kernel];
	const size_t others[] = {b->dtb, b->ramdisk};
	for (size_t i = 0; i < BC_LEN(others); i++) {
		if (others[i] >= map->blocks.len || others[i] == b->kernel ||
			!clash(map->blocks.items[others[i]].at, p.what, &p.clash))
			continue;
		p.other = p.move = others[i];
		add(c, p);
	}
	/* A legacy image that is not packed may move over itself; booti's too. */
	if ((k->format == BC_MEM_FIT || (k->format == BC_MEM_UIMAGE && k->is_packed)) &&
		clash(k->at, p.what, &p.clash)) {
		p.other = p.move = b->kernel;
		add(c, p);
	}
	if (map->ram.size &&
		(p.what.start < map->ram.start ||
			end_of(p.what) > map->ram.start + map->ram.size)) {
		p.kind = BC_MEM_OUTSIDE;
		p.clash = p.what;
		p.other = p.move = BC_MEM_NONE;
		add(c, p);
	}
	if (b->command == BC_MEM_BOOTM && b->bootm_bytes && k->payload.size > b->bootm_bytes) {
		p.kind = BC_MEM_TOO_LARGE;
		p.clash = (struct bc_mem_range){b->bootm_bytes, k->payload.size - b->bootm_bytes};
		p.other = p.move = BC_MEM_NONE;
		add(c, p);
	}
}

static void check_unpacked(struct check *c, size_t boot)
{
	const struct bc_memmap *map = c->map;
	const struct bc_mem_boot *b = &map->boots.items[boot];
	struct bc_mem_problem p = {.kind = BC_MEM_UNPACKED, .block = b->kernel, .boot = boot};
	if (!unpacked(map, b, &p.what))
		return;
	bool is_known = map->blocks.items[b->kernel].unpacked_bytes;
	struct bc_mem_range ramdisk, dtb;
	settle(map, b, &ramdisk, &dtb);
	const struct {
		size_t block;
		bool stays;
		struct bc_mem_range moved;
		const char *by;
	} others[] = {{b->dtb, b->dtb_stays, dtb, b->dtb_limit.by},
		{b->ramdisk, b->ramdisk_stays, ramdisk, b->ramdisk_limit.by}};
	for (size_t i = 0; i < BC_LEN(others); i++) {
		if (others[i].block >= map->blocks.len || others[i].block == b->kernel)
			continue;
		/* Without a variable it goes as high as it can: a guess of the kernel's size says nothing then. */
		if (!others[i].stays && (!others[i].moved.size || (!is_known && !others[i].by)))
			continue;
		bool stays = others[i].stays;
		struct bc_mem_range at =
			stays ? map->blocks.items[others[i].block].at : others[i].moved;
		if (!clash(at, p.what, &p.clash))
			continue;
		p.other = others[i].block;
		p.move = stays ? p.other : BC_MEM_NONE;
		p.moved = others[i].moved;
		p.by = stays ? NULL : others[i].by;
		add(c, p);
	}
}

static void check_place(struct check *c, size_t block)
{
	const struct bc_memmap *map = c->map;
	struct bc_mem_range at = map->blocks.items[block].at;
	struct bc_mem_problem p = {.block = block,
		.other = BC_MEM_NONE,
		.boot = BC_MEM_NONE,
		.what = at,
		.move = block,
		.kind = BC_MEM_OUTSIDE};
	if (!map->ram.size)
		return;
	uint64_t end = map->ram.start + map->ram.size;
	if (at.start < map->ram.start || end_of(at) > end) {
		if (map->blocks.items[block].is_written)
			return;
		p.clash = at;
		if (at.start >= map->ram.start && at.start < end)
			p.clash = (struct bc_mem_range){end, end_of(at) - end};
		add(c, p);
		return;
	}
	p.kind = BC_MEM_LOADER;
	if (map->loader_bytes && clash(at, loader_of(map), &p.clash))
		add(c, p);
}

void bc_memmap_check(const struct bc_memmap *map, struct bc_mem_problems *problems)
{
	struct check c = {map, problems};
	for (size_t i = 0; i < map->blocks.len; i++)
		check_place(&c, i);
	for (size_t i = 0; i < map->boots.len; i++) {
		const struct bc_mem_boot *b = &map->boots.items[i];
		check_used(&c, i, b->kernel);
		check_used(&c, i, b->ramdisk);
		check_used(&c, i, b->dtb);
		check_moved(&c, i);
		check_unpacked(&c, i);
	}
}

uint64_t bc_memmap_room(const struct bc_memmap *map, size_t block, size_t *next)
{
	uint64_t start = map->blocks.items[block].at.start, end = 0;
	*next = BC_MEM_NONE;
	if (map->ram.size)
		end = bc_memmap_loader(map);
	for (size_t i = 0; i < map->blocks.len; i++) {
		uint64_t at = map->blocks.items[i].at.start;
		if (i == block || at <= start || (end && at >= end))
			continue;
		end = at;
		*next = i;
	}
	return end > start ? end - start : 0;
}

size_t bc_memmap_add(struct bc_memmap *map, const struct bc_mem_block *block)
{
	if (map->blocks.len >= BC_MEMMAP_MAX) {
		free(block->name);
		return BC_MEM_NONE;
	}
	bc_vec_push(&map->blocks, *block);
	return map->blocks.len - 1;
}

void bc_memmap_release(struct bc_memmap *map)
{
	bc_vec_each (b, &map->blocks)
		free(b->name);
	free(map->blocks.items);
	free(map->boots.items);
	*map = (struct bc_memmap){0};
}
