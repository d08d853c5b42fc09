#include <bootcheck/guest/kallsyms.h>
#include <bootcheck/guest/sysmap.h>
#include <bootcheck/guest/vmcoreinfo.h>

#include "../check_main.h"
#include "guest_test.h"

#define COUNT 700 /* symbols; three blocks of names */

/* Which tables stand where. */
enum shape {
	BEFORE_6_4,
	WITH_SEQUENCES,
	SINCE_6_4,
	PERCPU,
	ABSOLUTE,
	SINCE_7_0,
	SINCE_7_0_WITHOUT_VMCOREINFO,
	SINCE_7_0_OF_32_BITS
};

static bool is_by_place(enum shape shape)
{
	return shape == SINCE_7_0 || shape == SINCE_7_0_WITHOUT_VMCOREINFO;
}

static uint64_t up(uint64_t at, unsigned to)
{
	return (at + to - 1) / to * to;
}

/* Where the kernel begins, in the memory; the symbol that VMCOREINFO names. */
#define TEXT_AT 0x10000
#define STEXT	5

static uint64_t base_of(const struct fake *f)
{
	return f->delta + TEXT_AT;
}

static uint64_t address_of(const struct fake *f, unsigned i)
{
	return base_of(f) + i * 64;
}

static uint64_t put_addresses(struct fake *f, uint64_t at, enum shape shape)
{
	unsigned w = f->format.word;
	for (unsigned i = 0; i < COUNT; i++) {
		if (is_by_place(shape))
			fake_put(f, at + i * 4u, TEXT_AT + i * 64 - (at + i * 4u), 4);
		else if (shape == ABSOLUTE || shape == SINCE_7_0_OF_32_BITS)
			fake_word(f, at + i * w, address_of(f, i));
		else if (shape == PERCPU && i < 3)
			fake_put(f, at + i * 4u, i * 64, 4);
		else if (shape == PERCPU)
			fake_put(f, at + i * 4u, (uint64_t)-1 - i * 64, 4);
		else
			fake_put(f, at + i * 4u, i * 64, 4);
	}
	if (shape == ABSOLUTE || shape == SINCE_7_0_OF_32_BITS)
		return at + COUNT * w;
	if (is_by_place(shape))
		return at + COUNT * 4;
	at = up(at + COUNT * 4, w);
	fake_word(f, at, base_of(f));
	return at + w;
}

/* Each printable byte is its own token, 0x01 = "Tfun", 0x02 = "ction_"; others below are empty. */
static const char *token(unsigned i, char one[2])
{
	one[0] = (char)i;
	one[1] = '\0';
	return i == 1 ? "Tfun" : i == 2 ? "ction_" : i >= 0x7f ? "___" : i >= 0x20 ? one : "";
}

/* How the tables are aligned. */
static unsigned alignment(const struct fake *f, enum shape shape)
{
	return is_by_place(shape) ? 4 : f->format.word;
}

/* The symbols that tell where the kernel runs; NULL: another one. */
static const char *name_of(enum shape shape, unsigned i)
{
	static const char *const names[] = {"_stext", "init_nsproxy", "init_uts_ns", "init_ipc_ns"};
	return is_by_place(shape) && i >= STEXT && i - STEXT < BC_LEN(names) ? names[i - STEXT]
									     : NULL;
}

static uint64_t put_names(struct fake *f, uint64_t at, enum shape shape)
{
	unsigned w = alignment(f, shape);
	uint64_t start, markers[3] = {0};
	fake_put(f, at, COUNT, 4);
	start = at = up(at + 4, w);
	for (unsigned i = 0; i < COUNT; i++) {
		char name[40];
		/* One name has more than 127 tokens. */
		const char *known = name_of(shape, i);
		int len = known ? snprintf(name, sizeof(name), "T%s", known)
				: snprintf(name, sizeof(name), "%c%c%u", 1, 2, i);
		if (i % 256 == 0)
			markers[i / 256] = at - start;
		if (i == 300) {
			fake_put(f, at++, 0x80u | (unsigned)(len + 200) % 128, 1);
			fake_put(f, at++, (unsigned)(len + 200) / 128, 1);
		} else {
			fake_put(f, at++, (unsigned)len, 1);
		}
		memcpy(f->data + at, name, (size_t)len);
		at += (uint64_t)len;
		if (i == 300) {
			memset(f->data + at, 'y', 200);
			at += 200;
		}
	}
	at = up(at, w);
	for (unsigned i = 0; i < 3; i++, at += 4)
		fake_put(f, at, markers[i], 4);
	at = up(at, w);
	if (shape == WITH_SEQUENCES) {
		memset(f->data + at, 0x5a, COUNT * 3);
		at = up(at + COUNT * 3, w);
	}
	return at;
}

static uint64_t put_tokens(struct fake *f, uint64_t at, enum shape shape)
{
	unsigned w = alignment(f, shape), offsets[256];
	uint64_t start = at;
	for (unsigned i = 0; i < 256; i++) {
		char one[2];
		const char *text = token(i, one);
		offsets[i] = (unsigned)(at - start);
		memcpy(f->data + at, text, strlen(text) + 1);
		at += strlen(text) + 1;
	}
	at = up(at, w);
	for (unsigned i = 0; i < 256; i++, at += 2)
		fake_put(f, at, offsets[i], 2);
	return at;
}

static void put_kallsyms(struct fake *f, enum shape shape)
{
	unsigned w = f->format.word;
	uint64_t at = is_by_place(shape) ? 0x200104 : 0x200100;
	memset(f->data, 0, FAKE_SIZE);
	if (shape < SINCE_6_4 || shape == PERCPU || shape == ABSOLUTE)
		at = put_addresses(f, at, shape);
	at = put_tokens(f, put_names(f, at, shape), shape);
	if (shape == SINCE_6_4 || shape == SINCE_7_0_OF_32_BITS)
		put_addresses(f, up(at, w), shape);
	if (!is_by_place(shape))
		return;
	put_addresses(f, at, shape);
	if (shape == SINCE_7_0)
		snprintf((char *)f->data + 0x5000, BC_GUEST_PAGE,
			"OSRELEASE=7.2.0\nSYMBOL(swapper_pg_dir)=0\nSYMBOL(_stext)=%llx\n",
			(unsigned long long)address_of(f, STEXT));
	for (unsigned i = 1; shape != SINCE_7_0 && i < 3; i++)
		fake_word(f, TEXT_AT + (STEXT + 1) * 64 + i * w, address_of(f, STEXT + 1 + i));
}

START_TEST(finds_every_layout_of_kallsyms)
{
	static const struct bc_guest_format formats[] = {
		{4, false}, {8, false}, {4, true}, {8, true}};
	for (size_t i = 0; i < BC_LEN(formats); i++) {
		for (enum shape shape = BEFORE_6_4; shape <= SINCE_7_0_OF_32_BITS; shape++) {
			if (shape == SINCE_7_0_OF_32_BITS && formats[i].word != 4)
				continue;
			struct fake f;
			struct bc_guest_ram ram;
			struct bc_kallsyms k;
			char name[BC_SYMBOL_MAX], type;
			uint64_t offset = 0, address = 0;
			fake_init(&f, formats[i]);
			put_kallsyms(&f, shape);
			bc_guest_ram_init(&ram, f.data, FAKE_SIZE);
			ck_assert_msg(bc_kallsyms_find(&ram, f.format, &k),
				"shape %d, word %u, big %d", shape, f.format.word, f.format.is_big);
			ck_assert_uint_eq(k.count, COUNT);
			for (unsigned n = shape == PERCPU ? 3 : 0; n < COUNT; n++) {
				char wanted[300] = "";
				if (name_of(shape, n))
					snprintf(wanted, sizeof(wanted), "%s", name_of(shape, n));
				else
					snprintf(wanted, sizeof(wanted), "function_%u", n);
				if (n == 300)
					memset(wanted + 12, 'y', 200);
				ck_assert_msg(
					bc_kallsyms_name(&k, address_of(&f, n) + 7, name, &offset),
					"shape %d, word %u, symbol %u", shape, f.format.word, n);
				ck_assert_str_eq(name, wanted);
				ck_assert_uint_eq(offset, 7);
				ck_assert(bc_kallsyms_symbol(&k, n, name, &type, &address));
				ck_assert_str_eq(name, wanted);
				ck_assert_uint_eq(address, address_of(&f, n));
				ck_assert_int_eq(type, 'T');
			}
			/* User space, and far behind the last one. */
			ck_assert(!bc_kallsyms_name(&k, 0x8000, name, &offset) || shape == PERCPU);
			ck_assert(!bc_kallsyms_name(
				&k, address_of(&f, COUNT) + (2 << 20), name, &offset));
			ck_assert(!bc_kallsyms_symbol(&k, COUNT, name, &type, &address));
			bc_guest_ram_release(&ram);
			free(f.data);
		}
	}
}
END_TEST

START_TEST(damaged_tables_are_none)
{
	struct fake f;
	struct bc_guest_ram ram;
	struct bc_kallsyms k;
	fake_init(&f, (struct bc_guest_format){8, false});
	put_kallsyms(&f, SINCE_6_4);
	bc_guest_ram_init(&ram, f.data, FAKE_SIZE);
	ck_assert(bc_kallsyms_find(&ram, f.format, &k));
	/* A marker that does not fit the names, an address that goes back. */
	f.data[k.markers + 4] ^= 1;
	struct bc_kallsyms other;
	ck_assert(!bc_kallsyms_find(&ram, f.format, &other));
	f.data[k.markers + 4] ^= 1;
	ck_assert(bc_kallsyms_find(&ram, f.format, &other));
	f.data[k.addresses + 400 * 4 + 2] = 0x10;
	ck_assert(!bc_kallsyms_find(&ram, f.format, &other));
	bc_guest_ram_release(&ram);
	free(f.data);
}
END_TEST

START_TEST(reads_a_system_map)
{
	BC_AUTO(bc_buf) text = {0};
	struct bc_sysmap map;
	struct bc_err err = {0};
	char name[BC_SYMBOL_MAX];
	uint64_t offset = 0, address = 0;
	bc_buf_adds(&text, "ffffffffffffffff B The real System.map is elsewhere\n");
	ck_assert(!bc_sysmap_parse(&map, text.data, text.len, &err));
	ck_assert_int_eq(err.code, BC_E_FORMAT);
	bc_buf_adds(&text, "c0009000 D a_table\nno symbol\n\n c0 t x\nc0008000 T _text\n");
	for (int i = 0; i < 200; i++)
		bc_buf_addf(&text, "c00%05x t function_%d%s", 0x10000 + i * 16, i,
			i % 2 ? "\r\n" : "\n");
	bc_buf_adds(&text, "c0020000 T last");
	ck_assert(bc_sysmap_parse(&map, text.data, text.len, NULL));
	ck_assert(bc_sysmap_name(&map, 0, 0xc0010014, name, &offset));
	ck_assert_str_eq(name, "function_1");
	ck_assert_uint_eq(offset, 4);
	ck_assert(bc_sysmap_name(&map, 0x2000000, 0xc2020001, name, &offset));
	ck_assert_str_eq(name, "last");
	/* No function: the one before it. */
	ck_assert(bc_sysmap_name(&map, 0, 0xc0009004, name, &offset));
	ck_assert_str_eq(name, "_text");
	ck_assert(!bc_sysmap_name(&map, 0, 0x8000, name, &offset));
	ck_assert(bc_sysmap_address(&map, "a_table", &address));
	ck_assert_uint_eq(address, 0xc0009000);
	ck_assert(!bc_sysmap_address(&map, "table", &address));
	bc_sysmap_release(&map);
}
END_TEST

START_TEST(reads_vmcoreinfo)
{
	struct fake f;
	struct bc_guest_ram ram;
	struct bc_vmcoreinfo info;
	uint64_t value = 0;
	fake_init(&f, (struct bc_guest_format){8, false});
	bc_guest_ram_init(&ram, f.data, FAKE_SIZE);
	ck_assert(!bc_vmcoreinfo_find(&ram, &info));
	/* The kernel's own format string is none. */
	memcpy(f.data + 0x3000, "OSRELEASE=%s\n", 14);
	ck_assert(!bc_vmcoreinfo_find(&ram, &info));
	static const char text[] = "OSRELEASE=6.1.0-56-arm64\nPAGESIZE=4096\n"
				   "SYMBOL(prb)=ffffc6341bee8750\nSIZE(prb_desc)=24\n"
				   "OFFSET(bad)=\nKERNELOFFSET=463412200000\n";
	memcpy(f.data + 0x5000, text, sizeof(text));
	ck_assert(bc_vmcoreinfo_find(&ram, &info));
	ck_assert_str_eq(info.release, "6.1.0-56-arm64");
	ck_assert(bc_vmcoreinfo_get(&info, "SYMBOL(prb)", &value));
	ck_assert_uint_eq(value, 0xffffc6341bee8750u);
	ck_assert(bc_vmcoreinfo_get(&info, "SIZE(prb_desc)", &value));
	ck_assert_uint_eq(value, 24);
	ck_assert(bc_vmcoreinfo_get(&info, "KERNELOFFSET", &value));
	ck_assert_uint_eq(value, 0x463412200000u);
	ck_assert(!bc_vmcoreinfo_get(&info, "OFFSET(bad)", &value));
	ck_assert(!bc_vmcoreinfo_get(&info, "SYMBOL(pr)", &value));
	bc_vmcoreinfo_release(&info);
	bc_guest_ram_release(&ram);
	free(f.data);
}
END_TEST

CHECK_MAIN("guest symbols", finds_every_layout_of_kallsyms, damaged_tables_are_none,
	reads_a_system_map, reads_vmcoreinfo)
