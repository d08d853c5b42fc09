#include <bootcheck/guest/loglevel.h>

#include "../check_main.h"

#define SIZE	 (size_t)0x40000
#define DELTA	 UINT64_C(0xffff800008000000)
#define DELTA_32 UINT64_C(0xc0000000)

static unsigned char memory[SIZE];

static void put(struct bc_guest_format f, uint64_t at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		memory[at + (f.is_big ? bytes - 1 - i : i)] = (unsigned char)(value >> (8 * i));
}

/* An entry of a table: its name and its data are at these offsets. */
static void add_entry(struct bc_guest_format f, uint64_t at, uint64_t name, uint64_t data)
{
	uint64_t delta = f.word == 8 ? DELTA : DELTA_32;
	put(f, at, name + delta, f.word);
	put(f, at + f.word, data + delta, f.word);
	put(f, at + 2 * f.word, 16, 4);
	put(f, at + 2 * f.word + 4, 0644, 2);
}

START_TEST(found_by_its_entry)
{
	static const struct bc_guest_format formats[] = {
		{4, false}, {8, false}, {4, true}, {8, true}};
	static const uint32_t now[] = {4, 4, 1, 7};
	struct bc_guest_format f = formats[_i];
	struct bc_guest_ram ram;
	uint64_t delta = f.word == 8 ? DELTA : DELTA_32;
	memset(memory, 0, SIZE);
	bc_guest_ram_init(&ram, memory, SIZE);
	memcpy(memory + 0x1001, "printk_ratelimit", 17);
	memcpy(memory + 0x1101, "printk", 7);
	for (unsigned i = 0; i < 4; i++)
		put(f, 0x3000 + 4 * i, now[i], 4);
	/* Another name, and data that are none. */
	add_entry(f, 0x2000, 0x1001, 0x3000);
	add_entry(f, 0x2100, 0x1101, 0x3100);
	ck_assert_uint_eq(bc_guest_loglevel_find(&ram, f, 0x20000, delta), 0);
	add_entry(f, 0x2200, 0x1101, 0x3000);
	ck_assert_uint_eq(bc_guest_loglevel_find(&ram, f, 0x20000, delta), 0x3000);
	ck_assert_int_eq(bc_guest_loglevel_read(&ram, f, 0x3000), 4);
	put(f, 0x3000, 15, 4);
	ck_assert_int_eq(bc_guest_loglevel_read(&ram, f, 0x3000), 15);
	put(f, 0x3000, 99, 4);
	ck_assert_int_eq(bc_guest_loglevel_read(&ram, f, 0x3000), -1);
	ck_assert_int_eq(bc_guest_loglevel_read(&ram, f, SIZE - 4), -1);
	bc_guest_ram_release(&ram);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("loglevel");
	TCase *tc = tcase_create("all");
	tcase_add_loop_test(tc, found_by_its_entry, 0, 4);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN_OF(make_suite)
