#include <unistd.h>

#include <bootcheck/guest/ram.h>

/* A file of more pieces than that is taken as whole from there on. */
#define MAX_EXTENTS 65536

void bc_guest_ram_init(struct bc_guest_ram *ram, const void *data, size_t size)
{
	struct bc_extent all = {0, size};
	*ram = (struct bc_guest_ram){.data = data, .size = size};
	bc_vec_push(&ram->extents, all);
}

void bc_guest_ram_look(struct bc_guest_ram *ram, int fd)
{
	off_t end = (off_t)ram->size, at = 0;
	ram->extents.len = 0;
	while (at < end && ram->extents.len < MAX_EXTENTS) {
		off_t start = lseek(fd, at, SEEK_DATA);
		if (start < 0 || start >= end)
			break;
		off_t stop = lseek(fd, start, SEEK_HOLE);
		if (stop <= start || stop > end || ram->extents.len + 1 == MAX_EXTENTS)
			stop = end;
		struct bc_extent e = {(size_t)start & ~(size_t)(BC_GUEST_PAGE - 1), (size_t)stop};
		bc_vec_push(&ram->extents, e);
		at = stop;
	}
	if (!ram->extents.len && lseek(fd, 0, SEEK_DATA) < 0 && lseek(fd, 0, SEEK_HOLE) < 0) {
		struct bc_extent all = {0, ram->size};
		bc_vec_push(&ram->extents, all);
	}
}

void bc_guest_ram_release(struct bc_guest_ram *ram)
{
	free(ram->extents.items);
	*ram = (struct bc_guest_ram){0};
}

/* Takes bytes once: behind the barrier the compiler cannot look again. */
static void take(const struct bc_guest_ram *ram, uint64_t at, void *out, size_t len)
{
	memcpy(out, ram->data + at, len);
	__asm__ volatile("" ::: "memory");
}

uint16_t bc_guest_u16(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at)
{
	unsigned char b[2];
	if (!bc_guest_has(ram, at, sizeof(b)))
		return 0;
	take(ram, at, b, sizeof(b));
	return (uint16_t)(f.is_big ? b[0] << 8 | b[1] : b[1] << 8 | b[0]);
}

uint32_t bc_guest_u32(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at)
{
	unsigned char b[4];
	if (!bc_guest_has(ram, at, sizeof(b)))
		return 0;
	take(ram, at, b, sizeof(b));
	return f.is_big ? (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]
			: (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

uint64_t bc_guest_u64(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at)
{
	if (!bc_guest_has(ram, at, 8))
		return 0;
	uint64_t first = bc_guest_u32(ram, f, at), second = bc_guest_u32(ram, f, at + 4);
	return f.is_big ? first << 32 | second : second << 32 | first;
}

uint64_t bc_guest_word(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at)
{
	return f.word == 4 ? bc_guest_u32(ram, f, at) : bc_guest_u64(ram, f, at);
}

void bc_guest_formats(const char *arch, struct bc_guest_format out[BC_GUEST_FORMATS])
{
	/* Only where QEMU's name says it; several emulators run guests of either size or order. */
	static const char *const big[] = {"ppc", "ppc64", "s390x", "mips", "mips64", "sparc",
		"sparc64", "m68k", "hppa", "or1k", "microblaze", "armeb", "xtensaeb"};
	bool is_big = false, is_64 = arch && (strstr(arch, "64") || strcmp(arch, "s390x") == 0);
	for (size_t i = 0; arch && i < BC_LEN(big); i++)
		is_big |= strcmp(arch, big[i]) == 0;
	/* Linux on POWER is little-endian nowadays. */
	if (arch && strcmp(arch, "ppc64") == 0)
		is_big = false;
	unsigned word = is_64 ? 8 : 4;
	out[0] = (struct bc_guest_format){word, is_big};
	out[1] = (struct bc_guest_format){12 - word, is_big};
	out[2] = (struct bc_guest_format){word, !is_big};
	out[3] = (struct bc_guest_format){12 - word, !is_big};
}
