#include <bootcheck/guest/log.h>

#include "../check_main.h"
#include "guest_test.h"

static const struct bc_guest_format formats[] = {{4, false}, {8, false}, {4, true}, {8, true}};

START_TEST(finds_every_format_and_layout)
{
	for (size_t i = 0; i < BC_LEN(formats); i++) {
		for (int is_old = 0; is_old < 2; is_old++) {
			struct fake f;
			struct reader r;
			fake_init(&f, formats[i]);
			f.is_old = is_old;
			fake_ring(&f, 0x20100, 7);
			fake_add(&f, "Booting Linux", 6, 2);
			fake_add(&f, "", 4, 2);
			fake_add(&f, "two\nlines", 0, 2);
			reader_init(&r, &f);
			ck_assert(bc_guest_log_find(r.log));
			want(&r, "Booting Linux");
			ck_assert_uint_eq(r.record.seq, 0);
			ck_assert_uint_eq(r.record.ts_ns, 1000000);
			ck_assert_uint_eq(r.record.level, 6);
			ck_assert_uint_eq(r.record.caller_id, 0x80000001u);
			want(&r, "");
			ck_assert_uint_eq(r.record.level, 4);
			want(&r, "two\nlines");
			ck_assert_uint_eq(r.record.lost, 0);
			struct bc_guest_log_facts facts = bc_guest_log_facts(r.log);
			ck_assert(facts.is_ring && !facts.has_vmcoreinfo);
			ck_assert_uint_eq(facts.format.word, formats[i].word);
			ck_assert_uint_eq(facts.delta, f.delta);
			want_none(&r);
			reader_release(&r, &f);
		}
	}
}
END_TEST

START_TEST(follows_a_running_guest)
{
	struct fake f;
	struct reader r;
	char text[64];
	fake_init(&f, formats[1]);
	fake_add(&f, "first", 6, 2);
	reader_init(&r, &f);
	ck_assert(bc_guest_log_find(r.log));
	want(&r, "first");
	/* More than the ring holds, its text and its ids wrap many times. */
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "line %d of some%.*s length", i, i % 23,
			"xxxxxxxxxxxxxxxxxxxxxxxx");
		fake_add(&f, text, 5, 2);
		want(&r, text);
		ck_assert_uint_eq(r.record.seq, (unsigned)i + 1);
		want_none(&r);
	}
	reader_release(&r, &f);
}
END_TEST

START_TEST(tells_what_was_overwritten)
{
	for (size_t i = 0; i < BC_LEN(formats); i++) {
		struct fake f;
		struct reader r;
		char text[64];
		fake_init(&f, formats[i]);
		fake_add(&f, "first", 6, 2);
		reader_init(&r, &f);
		ck_assert(bc_guest_log_find(r.log));
		want(&r, "first");
		for (int n = 0; n < 500; n++) {
			snprintf(text, sizeof(text), "line number %d", n);
			fake_add(&f, text, 5, 2);
		}
		ck_assert(bc_guest_log_next(r.log, &r.record));
		ck_assert_uint_gt(r.record.lost, 400);
		ck_assert_uint_eq(r.record.seq, r.record.lost + 1);
		unsigned count = 1;
		while (bc_guest_log_next(r.log, &r.record)) {
			ck_assert_uint_eq(r.record.lost, 0);
			count++;
		}
		ck_assert_uint_eq(r.record.seq, 500);
		ck_assert_uint_gt(count, 40);
		reader_release(&r, &f);
	}
}
END_TEST

START_TEST(waits_for_what_is_not_whole)
{
	struct fake f;
	struct reader r;
	fake_init(&f, formats[0]);
	fake_add(&f, "whole", 6, 2);
	fake_add(&f, "may grow", 6, 1);
	reader_init(&r, &f);
	ck_assert(bc_guest_log_find(r.log));
	want(&r, "whole");
	want_none(&r);
	/* The next record closes it; one that is being written holds up what follows. */
	fake_add(&f, "being written", 6, 0);
	fake_add(&f, "behind it", 6, 2);
	want(&r, "may grow");
	want_none(&r);
	bc_guest_log_stop(r.log);
	want(&r, "behind it");
	want_none(&r);
	bc_guest_log_rewind(r.log);
	want(&r, "whole");
	reader_release(&r, &f);
}
END_TEST

START_TEST(gives_an_open_record_of_a_dead_guest)
{
	struct fake f;
	struct reader r;
	fake_init(&f, formats[1]);
	fake_add(&f, "whole", 6, 2);
	fake_add(&f, "Unable to handle", 0, 1);
	reader_init(&r, &f);
	ck_assert(bc_guest_log_find(r.log));
	bc_guest_log_stop(r.log);
	want(&r, "whole");
	want(&r, "Unable to handle");
	ck_assert(r.record.is_open);
	want_none(&r);
	reader_release(&r, &f);
}
END_TEST

/* setup_log_buf(): a larger ring, the pointer to it changes, what is there is copied. */
START_TEST(follows_the_kernel_to_a_larger_ring)
{
	struct fake f;
	struct reader r;
	uint64_t pointer = 0x8000;
	fake_init(&f, formats[0]);
	fake_add(&f, "early", 6, 2);
	fake_word(&f, pointer, f.at + f.delta);
	reader_init(&r, &f);
	ck_assert(bc_guest_log_find(r.log));
	want(&r, "early");
	want_none(&r);
	fake_ring(&f, 0x180000, 9);
	fake_add(&f, "early", 6, 2);
	fake_word(&f, pointer, f.at + f.delta);
	fake_add(&f, "later", 6, 2);
	want(&r, "later");
	ck_assert_uint_eq(r.record.lost, 0);
	want_none(&r);
	reader_release(&r, &f);
}
END_TEST

START_TEST(takes_the_ring_that_got_further)
{
	struct fake f;
	struct reader r;
	fake_init(&f, formats[1]);
	fake_add(&f, "one", 6, 2);
	fake_ring(&f, 0x180000, 9);
	fake_add(&f, "one", 6, 2);
	fake_add(&f, "two", 6, 2);
	reader_init(&r, &f);
	ck_assert(bc_guest_log_find(r.log));
	want(&r, "one");
	want(&r, "two");
	reader_release(&r, &f);
}
END_TEST

START_TEST(another_boot_starts_again)
{
	struct fake f;
	struct reader r;
	fake_init(&f, formats[1]);
	for (int i = 0; i < 20; i++)
		fake_add(&f, "of the first boot", 6, 2);
	reader_init(&r, &f);
	ck_assert(bc_guest_log_find(r.log));
	for (int i = 0; i < 20; i++)
		want(&r, "of the first boot");
	fake_ring(&f, f.at, 6);
	fake_add(&f, "of the second", 6, 2);
	want(&r, "of the second");
	ck_assert_uint_eq(r.record.seq, 0);
	reader_release(&r, &f);
}
END_TEST

START_TEST(a_larger_printk_info)
{
	struct fake f;
	struct reader r;
	fake_init(&f, formats[1]);
	f.info_size = 112;
	fake_ring(&f, 0x20000, 8);
	for (int i = 0; i < 10; i++)
		fake_add(&f, "text", 6, 2);
	reader_init(&r, &f);
	ck_assert(bc_guest_log_find(r.log));
	for (unsigned i = 0; i < 10; i++) {
		want(&r, "text");
		ck_assert_uint_eq(r.record.seq, i);
	}
	reader_release(&r, &f);
}
END_TEST

START_TEST(symbols_confirm)
{
	struct fake f;
	struct reader r;
	fake_init(&f, formats[1]);
	fake_add(&f, "text", 6, 2);
	fake_word(&f, 0x8000, f.at + f.delta);
	memcpy(f.data + 0x9000, "Linux version 6.1.0 (", 21);
	memcpy(f.data + 0x200123, "Linux version 6.1.0 (", 21);
	reader_init(&r, &f);
	/* Linked for another address: KASLR. */
	bc_guest_log_symbols(r.log, f.delta + 0x8000 - 0x400000, f.delta + 0x9000 - 0x400000);
	ck_assert(bc_guest_log_find(r.log));
	ck_assert(!bc_guest_log_facts(r.log).is_confirmed);
	bc_guest_log_symbols(r.log, f.delta + 0x8000, f.delta + 0x9000);
	ck_assert(bc_guest_log_find(r.log));
	ck_assert(bc_guest_log_facts(r.log).is_confirmed);
	ck_assert_uint_eq(bc_guest_log_facts(r.log).image_delta, f.delta);
	want(&r, "text");
	reader_release(&r, &f);
}
END_TEST

START_TEST(finds_nothing_in_noise)
{
	struct fake f;
	struct reader r;
	uint64_t state = 42;
	fake_init(&f, formats[0]);
	for (size_t i = 0; i < FAKE_SIZE; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		f.data[i] = (unsigned char)(state >> 61);
	}
	reader_init(&r, &f);
	ck_assert(!bc_guest_log_find(r.log));
	want_none(&r);
	reader_release(&r, &f);
}
END_TEST

/* log_buf */

static uint64_t put_log(
	struct fake *f, uint64_t at, unsigned header, unsigned align, unsigned n, const char *text)
{
	unsigned used = header + (unsigned)strlen(text), len = (used + align - 1) / align * align;
	fake_put(f, at, (uint64_t)n * 1000000, 8);
	fake_put(f, at + 8, len, 2);
	fake_put(f, at + 10, strlen(text), 2);
	fake_put(f, at + 12, 0, 2);
	fake_put(f, at + 14, 0, 1);
	fake_put(f, at + 15, f->format.is_big ? 6 : 6 << 5, 1);
	if (header > 16)
		fake_put(f, at + 16, 7, 4);
	memcpy(f->data + at + header, text, strlen(text));
	return at + len;
}

START_TEST(reads_a_log_buf)
{
	static const unsigned shapes[][2] = {{16, 4}, {16, 8}, {20, 4}, {24, 8}};
	for (size_t i = 0; i < BC_LEN(formats) * BC_LEN(shapes); i++) {
		const unsigned *s = shapes[i % BC_LEN(shapes)];
		struct fake f;
		struct reader r;
		char text[64];
		uint64_t at = 0x40000;
		fake_init(&f, formats[i / BC_LEN(shapes)]);
		memset(f.data, 0, FAKE_SIZE);
		for (unsigned n = 0; n < 12; n++) {
			snprintf(text, sizeof(text), "record %.*s %u", (int)n, "abcdefghijklm", n);
			at = put_log(&f, at, s[0], s[1], n, text);
		}
		reader_init(&r, &f);
		ck_assert(bc_guest_log_find(r.log));
		ck_assert(!bc_guest_log_facts(r.log).is_ring);
		for (unsigned n = 0; n < 12; n++) {
			snprintf(text, sizeof(text), "record %.*s %u", (int)n, "abcdefghijklm", n);
			want(&r, text);
			ck_assert_uint_eq(r.record.level, 6);
			ck_assert_uint_eq(r.record.ts_ns, n * 1000000u);
			ck_assert_uint_eq(r.record.caller_id, s[0] > 16 ? 7 : 0);
		}
		want_none(&r);
		at = put_log(&f, at, s[0], s[1], 12, "one more");
		want(&r, "one more");
		want_none(&r);
		/* The buffer begins again. */
		fake_put(&f, at + 8, 0, 2);
		put_log(&f, 0x40000, s[0], s[1], 13, "at the start");
		want(&r, "at the start");
		want_none(&r);
		reader_release(&r, &f);
	}
}
END_TEST

START_TEST(reads_a_log_buf_that_began_again)
{
	struct fake f;
	struct reader r;
	uint64_t at = 0x40000;
	fake_init(&f, formats[0]);
	memset(f.data, 0, FAKE_SIZE);
	for (unsigned n = 20; n < 26; n++)
		at = put_log(&f, at, 16, 4, n, "of the second round");
	/* The rest of a record that is half gone. */
	memset(f.data + at, 'x', 20);
	at += 20;
	for (unsigned n = 10; n < 20; n++)
		at = put_log(&f, at, 16, 4, n, "of the first round");
	reader_init(&r, &f);
	ck_assert(bc_guest_log_find(r.log));
	for (unsigned n = 10; n < 20; n++)
		want(&r, "of the first round");
	for (unsigned n = 20; n < 26; n++)
		want(&r, "of the second round");
	want_none(&r);
	reader_release(&r, &f);
}
END_TEST

START_TEST(prints_like_dmesg)
{
	struct bc_guest_record r = {.ts_ns = 12345678901, .text = "a\nb", .len = 3};
	BC_AUTO(bc_buf) out = {0};
	bc_guest_record_print(&r, &out);
	r.len = 0;
	r.ts_ns = 1234567890123456;
	bc_guest_record_print(&r, &out);
	ck_assert_str_eq(out.data, "[   12.345678] a\n[   12.345678] b\n[1234567.890123] \n");
}
END_TEST

/* Excerpts of real memories */

static void load_excerpt(struct fake *f, const char *name)
{
	char path[512], line[512];
	snprintf(path, sizeof(path), BC_SOURCE_DIR "/fixtures/guest/%s", name);
	FILE *in = fopen(path, "r");
	ck_assert_ptr_nonnull(in);
	memset(f->data, 0, FAKE_SIZE);
	while (fgets(line, sizeof(line), in)) {
		char *hex = NULL;
		if (*line == '#')
			continue;
		uint64_t at = strtoull(line, &hex, 16);
		for (hex++; hex[0] > ' '; hex += 2) {
			char pair[3] = {hex[0], hex[1]};
			ck_assert_uint_lt(at, FAKE_SIZE);
			f->data[at++] = (unsigned char)strtoul(pair, NULL, 16);
		}
	}
	fclose(in);
}

START_TEST(reads_real_memories)
{
	static const struct {
		const char *name;
		struct bc_guest_format format;
		unsigned count;
		const char *first, *last;
	} all[] = {
		{"arm-6.1-ring.txt", {4, false}, 11, "Booting Linux on physical CPU 0x0",
			"cma: Failed to reserve 16 MiB"},
		{"arm64-6.1-ring.txt", {8, false}, 58,
			"Booting Linux on physical CPU 0x0000000000 [0x411fd070]",
			"---[ end Kernel panic - not syncing: Attempted to kill the idle task! "
			"]---"},
	};
	for (size_t i = 0; i < BC_LEN(all); i++) {
		struct fake f;
		struct reader r;
		fake_init(&f, all[i].format);
		load_excerpt(&f, all[i].name);
		reader_init(&r, &f);
		ck_assert(bc_guest_log_find(r.log));
		ck_assert_uint_eq(bc_guest_log_facts(r.log).format.word, all[i].format.word);
		bc_guest_log_stop(r.log);
		want(&r, all[i].first);
		unsigned count = 1;
		char last[256] = "";
		while (bc_guest_log_next(r.log, &r.record)) {
			ck_assert_uint_eq(r.record.seq, count++);
			snprintf(last, sizeof(last), "%.*s", (int)r.record.len, r.record.text);
		}
		ck_assert_uint_eq(count, all[i].count);
		ck_assert_str_eq(last, all[i].last);
		reader_release(&r, &f);
	}
}
END_TEST

CHECK_MAIN("guest log", reads_real_memories, finds_every_format_and_layout, follows_a_running_guest,
	tells_what_was_overwritten, waits_for_what_is_not_whole,
	gives_an_open_record_of_a_dead_guest, follows_the_kernel_to_a_larger_ring,
	takes_the_ring_that_got_further, another_boot_starts_again, a_larger_printk_info,
	symbols_confirm, finds_nothing_in_noise, reads_a_log_buf, reads_a_log_buf_that_began_again,
	prints_like_dmesg)
