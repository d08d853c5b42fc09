/* What VMCOREINFO says of the ring, where it is right and where it is not. */
#include "../check_main.h"
#include "guest_test.h"

#define PAGE	  0x5000u /* of VMCOREINFO */
#define PRB	  0x8000u /* the kernel's pointer to its ring */
#define ELSEWHERE 0x9000u

static const struct bc_guest_format formats[] = {{4, false}, {8, false}, {4, true}, {8, true}};

/* The page as the kernel writes it. */
static void put_page(const struct fake *f, uint64_t prb)
{
	BC_AUTO(bc_buf) text = {0};
	unsigned w = f->format.word, data_ring = 6 * w + f->ring_gap, info = f->info_gap;
	bc_buf_addf(&text, "OSRELEASE=9.8.7-test\nPAGESIZE=4096\nSYMBOL(prb)=%llx\n",
		(unsigned long long)bc_guest_cut(f->format, prb + f->delta));
	bc_buf_addf(&text, "SIZE(printk_ringbuffer)=%u\n", data_ring + 5 * w);
	bc_buf_addf(&text, "OFFSET(printk_ringbuffer.desc_ring)=0\n");
	bc_buf_addf(&text, "OFFSET(printk_ringbuffer.text_data_ring)=%u\n", data_ring);
	static const char *const desc_ring[] = {
		"count_bits", "descs", "infos", "head_id", "tail_id", NULL};
	for (unsigned i = 0; desc_ring[i]; i++)
		bc_buf_addf(&text, "OFFSET(prb_desc_ring.%s)=%u\n", desc_ring[i], i * w);
	static const char *const parts[] = {"size_bits", "data", "head_lpos", "tail_lpos", NULL};
	for (unsigned i = 0; parts[i]; i++)
		bc_buf_addf(&text, "OFFSET(prb_data_ring.%s)=%u\n", parts[i], i * w);
	bc_buf_addf(&text, "SIZE(prb_desc)=%u\nSIZE(printk_info)=%u\n", 3 * w, f->info_size);
	bc_buf_addf(&text, "OFFSET(printk_info.seq)=%u\nOFFSET(printk_info.ts_nsec)=%u\n", info,
		info + 8);
	bc_buf_addf(&text, "OFFSET(printk_info.text_len)=%u\nOFFSET(printk_info.caller_id)=%u\n",
		info + 16, info + 20);
	memcpy(f->data + PAGE, text.data, text.len);
}

/* Another value, or another key, of as many letters. */
static void change(const struct fake *f, const char *from, const char *to)
{
	char *at = strstr((char *)f->data + PAGE, from);
	ck_assert_msg(at && strlen(from) == strlen(to), "%s", from);
	memcpy(at, to, strlen(to));
}

/* A struct and a printk_info that only VMCOREINFO describes. */
START_TEST(tells_a_layout_of_its_own)
{
	for (size_t i = 0; i < BC_LEN(formats); i++) {
		struct fake f;
		struct reader r;
		fake_init(&f, formats[i]);
		memset(f.data, 0, FAKE_SIZE);
		f.ring_gap = 3 * formats[i].word;
		f.info_gap = 40;
		f.info_size = 136;
		fake_ring(&f, 0x20100, 7);
		fake_word(&f, PRB, f.at + f.delta);
		fake_add(&f, "Booting Linux", 6, 2);
		fake_add(&f, "second", 3, 2);
		reader_init(&r, &f);
		ck_assert(!bc_guest_log_find(r.log));
		put_page(&f, PRB);
		ck_assert(bc_guest_log_find(r.log));
		struct bc_guest_log_facts facts = bc_guest_log_facts(r.log);
		ck_assert(facts.is_ring && facts.has_vmcoreinfo && facts.is_confirmed);
		ck_assert_str_eq(facts.release, "9.8.7-test");
		ck_assert_uint_eq(facts.at, f.at);
		ck_assert_uint_eq(facts.delta, f.delta);
		want(&r, "Booting Linux");
		ck_assert_uint_eq(r.record.ts_ns, 1000000);
		ck_assert_uint_eq(r.record.caller_id, 0x80000001u);
		want(&r, "second");
		ck_assert_uint_eq(r.record.seq, 1);
		ck_assert_uint_eq(r.record.level, 3);
		want_none(&r);
		/* The larger ring that the kernel moves to has the same layout. */
		fake_ring(&f, 0x180000, 9);
		fake_add(&f, "Booting Linux", 6, 2);
		fake_add(&f, "second", 3, 2);
		fake_add(&f, "third", 6, 2);
		fake_word(&f, PRB, f.at + f.delta);
		want(&r, "third");
		ck_assert_uint_eq(r.record.lost, 0);
		want_none(&r);
		reader_release(&r, &f);
	}
}
END_TEST

/* Of two words that hold the address of the ring, the one that it names is the kernel's pointer. */
START_TEST(names_the_pointer)
{
	struct fake f;
	struct reader r;
	fake_init(&f, formats[1]);
	fake_word(&f, PRB, f.at + f.delta);
	fake_word(&f, ELSEWHERE, f.at + f.delta);
	fake_add(&f, "early", 6, 2);
	put_page(&f, PRB);
	reader_init(&r, &f);
	ck_assert(bc_guest_log_find(r.log));
	ck_assert(bc_guest_log_facts(r.log).is_confirmed);
	want(&r, "early");
	fake_ring(&f, 0x180000, 9);
	fake_add(&f, "early", 6, 2);
	fake_add(&f, "of another ring", 6, 2);
	fake_word(&f, ELSEWHERE, f.at + f.delta);
	want_none(&r);
	fake_word(&f, PRB, f.at + f.delta);
	want(&r, "of another ring");
	reader_release(&r, &f);
}
END_TEST

/* What it says is not what the memory holds: the log is found and read all the same. */
static const struct {
	const char *what, *from, *to;
	unsigned prb;
	bool is_confirmed;
} wrong[] = {
	{"as it is", "9.8.7", "9.8.7", PRB, true},
	{"another place of the pointer", "9.8.7", "9.8.7", ELSEWHERE, false},
	{"a place outside of the memory", "9.8.7", "9.8.7", FAKE_SIZE, false},
	{"no pointer", "SYMBOL(prb)", "SYMBOL(brp)", PRB, false},
	{"a key less", "OFFSET(prb_desc_ring.infos)", "OFFSET(prb_desc_ring.sofni)", PRB, true},
	{"no number", "SIZE(prb_desc)=24", "SIZE(prb_desc)=xx", PRB, true},
	{"descriptors of no size", "SIZE(prb_desc)=24", "SIZE(prb_desc)=00", PRB, true},
	{"other descriptors", "SIZE(prb_desc)=24", "SIZE(prb_desc)=32", PRB, true},
	{"the newest and the oldest exchanged", "ring.head_id)=24", "ring.head_id)=32", PRB, true},
	{"the text at another place", "text_data_ring)=48", "text_data_ring)=40", PRB, true},
	{"the text outside of the struct", "SIZE(printk_ringbuffer)=88",
		"SIZE(printk_ringbuffer)=40", PRB, true},
	{"numbers of records at another place", "info.seq)=0", "info.seq)=8", PRB, true},
};

START_TEST(is_not_believed)
{
	struct fake f;
	struct reader r;
	fake_init(&f, formats[1]);
	fake_word(&f, PRB, f.at + f.delta);
	fake_add(&f, "Booting Linux", 6, 2);
	fake_add(&f, "second", 6, 2);
	fake_add(&f, "third", 6, 2);
	put_page(&f, wrong[_i].prb);
	change(&f, wrong[_i].from, wrong[_i].to);
	if (strstr(wrong[_i].to, "head_id"))
		change(&f, "ring.tail_id)=32", "ring.tail_id)=24");
	reader_init(&r, &f);
	ck_assert_msg(bc_guest_log_find(r.log), "%s", wrong[_i].what);
	struct bc_guest_log_facts facts = bc_guest_log_facts(r.log);
	ck_assert(facts.is_ring && facts.has_vmcoreinfo);
	ck_assert_msg(facts.is_confirmed == wrong[_i].is_confirmed, "%s", wrong[_i].what);
	ck_assert_uint_eq(facts.at, f.at);
	want(&r, "Booting Linux");
	ck_assert_uint_eq(r.record.seq, 0);
	ck_assert_uint_eq(r.record.ts_ns, 1000000);
	want(&r, "second");
	want(&r, "third");
	want_none(&r);
	/* The pointer that is there leads to the next ring. */
	fake_ring(&f, 0x180000, 9);
	for (const char *const *text =
			(const char *const[]){"Booting Linux", "second", "third", "fourth", NULL};
		*text; text++)
		fake_add(&f, *text, 6, 2);
	fake_word(&f, PRB, f.at + f.delta);
	want(&r, "fourth");
	reader_release(&r, &f);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("VMCOREINFO");
	TCase *tc = tcase_create("all");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, tells_a_layout_of_its_own);
	tcase_add_test(tc, names_the_pointer);
	tcase_add_loop_test(tc, is_not_believed, 0, (int)BC_LEN(wrong));
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN_OF(make_suite)
