#include <bootcheck/guest/loglevel.h>

/* The data of one kernel's image. */
#define REACH ((uint64_t)16 << 20)

/* struct ctl_table: procname, data, maxlen, mode. */
#define MAXLEN 16u /* int[4] */
#define MODE   0644u

/* int console_printk[4]: the level now, that of a message without one, the least, the default. */
static bool is_console_printk(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at)
{
	static const uint32_t least[4] = {0, 0, 1, 1}, most[4] = {16, 7, 8, 16};
	for (unsigned i = 0; i < 4; i++) {
		uint32_t value = bc_guest_u32(ram, f, at + 4 * (uint64_t)i);
		if (value < least[i] || value > most[i])
			return false;
	}
	return at % 4 == 0 && bc_guest_has(ram, at, 16);
}

static bool is_entry(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at,
	uint64_t delta, uint64_t *data)
{
	static const char name[] = "printk";
	if (bc_guest_u32(ram, f, at + 2 * f.word) != MAXLEN ||
		bc_guest_u16(ram, f, at + 2 * f.word + 4) != MODE)
		return false;
	uint64_t text = bc_guest_cut(f, bc_guest_word(ram, f, at) - delta);
	*data = bc_guest_cut(f, bc_guest_word(ram, f, at + f.word) - delta);
	return bc_guest_has(ram, text, sizeof(name)) &&
		memcmp(ram->data + text, name, sizeof(name)) == 0 &&
		is_console_printk(ram, f, *data);
}

uint64_t bc_guest_loglevel_find(
	const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t near, uint64_t delta)
{
	uint64_t from = near > REACH ? near - REACH : 0, to = near + REACH, data;
	bc_vec_each (e, &ram->extents) {
		uint64_t at = e->start > from ? e->start : from;
		uint64_t end = e->end < to ? e->end : to;
		for (at = (at + f.word - 1) / f.word * f.word; at + 3 * f.word <= end; at += f.word)
			if (is_entry(ram, f, at, delta, &data))
				return data;
	}
	return 0;
}

int bc_guest_loglevel_read(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at)
{
	return is_console_printk(ram, f, at) ? (int)bc_guest_u32(ram, f, at) : -1;
}
