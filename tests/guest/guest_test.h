/* A memory with a kernel's log in it, made by hand: either word size, either byte order. */
#ifndef GUEST_TEST_H
#define GUEST_TEST_H

#include <check.h>

#include <bootcheck/guest/log.h>

#define FAKE_SIZE ((size_t)4 << 20)

struct fake {
	struct bc_guest_format format;
	unsigned char *data;
	bool is_old; /* the ring of before 5.18 */
	unsigned info_size;
	/* Bytes that no kernel has so far: between the two rings of the struct, and at the start of a printk_info. */
	unsigned ring_gap, info_gap;
	uint64_t delta;		     /* virtual address minus offset */
	uint64_t at;		     /* of the ring's struct */
	uint64_t descs, infos, text; /* offsets */
	unsigned count_bits, size_bits;
	uint64_t head_id, tail_id, head_lpos, tail_lpos, seq;
};

static inline void fake_put(struct fake *f, uint64_t at, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		f->data[at + (f->format.is_big ? size - 1 - i : i)] =
			(unsigned char)(value >> (8 * i));
}

static inline void fake_word(struct fake *f, uint64_t at, uint64_t value)
{
	fake_put(f, at, value, f->format.word);
}

static inline uint64_t fake_id_mask(const struct fake *f)
{
	return (f->format.word == 4 ? UINT32_MAX : UINT64_MAX) >> 2;
}

/* Writes the struct's counters as they are now. */
static inline void fake_sync(struct fake *f)
{
	unsigned w = f->format.word;
	uint64_t data_ring = f->at + (f->is_old ? 5 : 6) * w + f->ring_gap;
	fake_put(f, f->at, f->count_bits, 4);
	fake_word(f, f->at + w, f->descs + f->delta);
	fake_word(f, f->at + 2 * w, f->infos + f->delta);
	fake_word(f, f->at + 3 * w, f->head_id);
	fake_word(f, f->at + 4 * w, f->tail_id);
	fake_put(f, data_ring, f->size_bits, 4);
	fake_word(f, data_ring + w, f->text + f->delta);
	fake_word(f, data_ring + 2 * w, f->head_lpos);
	fake_word(f, data_ring + 3 * w, f->tail_lpos);
}

/* An empty ring as a kernel has it at its start: ids and positions about to overflow. */
static inline void fake_ring(struct fake *f, uint64_t at, unsigned count_bits)
{
	uint64_t count = (uint64_t)1 << count_bits, mask = fake_id_mask(f);
	f->at = at;
	f->count_bits = count_bits;
	f->size_bits = count_bits + 5;
	f->descs = at + 4096 + 8;
	f->infos = (f->descs + count * 3 * f->format.word + 4096) / 8 * 8;
	f->text = f->infos + count * f->info_size + 4096;
	f->head_id = f->tail_id = (0 - (count + 1)) & mask;
	f->head_lpos = f->tail_lpos = 0 - ((uint64_t)1 << f->size_bits);
	f->seq = 0;
	fake_word(f, f->descs + (f->head_id & (count - 1)) * 3 * f->format.word,
		f->head_id | (uint64_t)3 << (f->format.word * 8 - 2));
	fake_sync(f);
}

static inline void fake_init(struct fake *f, struct bc_guest_format format)
{
	*f = (struct fake){.format = format,
		.data = bc_calloc(1, FAKE_SIZE),
		.info_size = 88,
		.delta = format.word == 8 ? 0xffff800011200000u : 0xc0000000u};
	fake_ring(f, 0x10040, 6);
}

/* Adds a record, pushing out the oldest as printk does. state: 0 reserved, 1 committed, 2 finalised. */
static inline void fake_add(struct fake *f, const char *text, unsigned level, unsigned state)
{
	unsigned w = f->format.word;
	uint64_t count = (uint64_t)1 << f->count_bits, size = (uint64_t)1 << f->size_bits;
	uint64_t mask = fake_id_mask(f), len = strlen(text);
	uint64_t block = (w + len + w - 1) / w * w;
	f->head_id = (f->head_id + 1) & mask;
	if (((f->head_id - f->tail_id) & mask) >= count)
		f->tail_id = (f->tail_id + 1) & mask;
	uint64_t begin = f->head_lpos, next = begin + block, at = begin & (size - 1);
	if (at + block > size) {
		next = begin - at + size + block;
		at = 0;
	}
	f->head_lpos = next;
	/* Records whose text this one overwrites are gone. */
	while (f->head_lpos - f->tail_lpos > size && f->tail_id != f->head_id) {
		uint64_t desc = f->descs + (f->tail_id & (count - 1)) * 3 * w;
		uint64_t tail_next = 0;
		for (unsigned i = 0; i < w; i++)
			tail_next |=
				(uint64_t)f->data[desc + 2 * w + (f->format.is_big ? w - 1 - i : i)]
				<< (8 * i);
		if (w == 4) /* with the bits that do not fit into 32 */
			tail_next |= f->head_lpos >> 32 << 32;
		f->tail_lpos = tail_next;
		f->tail_id = (f->tail_id + 1) & mask;
	}
	uint64_t desc = f->descs + (f->head_id & (count - 1)) * 3 * w,
		 info = f->infos + (f->head_id & (count - 1)) * f->info_size + f->info_gap;
	fake_word(f, desc, f->head_id | (uint64_t)state << (w * 8 - 2));
	fake_word(f, desc + w, begin);
	fake_word(f, desc + 2 * w, next);
	fake_word(f, f->text + at, f->head_id);
	memcpy(f->data + f->text + at + w, text, len);
	fake_put(f, info, f->seq, 8);
	fake_put(f, info + 8, (f->seq + 1) * 1000000, 8);
	fake_put(f, info + 16, len, 2);
	fake_put(f, info + 18, 0, 1);
	fake_put(f, info + 19, f->format.is_big ? level : level << 5, 1);
	fake_put(f, info + 20, 0x80000001u, 4);
	f->seq++;
	fake_sync(f);
}

/* Reading it */

struct reader {
	struct bc_guest_ram ram;
	struct bc_guest_log *log;
	struct bc_guest_record record;
};

static inline void reader_init(struct reader *r, const struct fake *f)
{
	*r = (struct reader){0};
	bc_guest_ram_init(&r->ram, f->data, FAKE_SIZE);
	r->log = bc_guest_log_new(&r->ram, NULL);
}

static inline void reader_release(struct reader *r, struct fake *f)
{
	bc_guest_log_free(r->log);
	bc_guest_ram_release(&r->ram);
	free(f->data);
}

static inline void want(struct reader *r, const char *text)
{
	ck_assert_msg(bc_guest_log_next(r->log, &r->record), "no record for \"%s\"", text);
	ck_assert_uint_eq(r->record.len, strlen(text));
	ck_assert_msg(memcmp(r->record.text, text, r->record.len) == 0, "\"%.*s\" is not \"%s\"",
		(int)r->record.len, r->record.text, text);
}

static inline void want_none(struct reader *r)
{
	ck_assert_msg(!bc_guest_log_next(r->log, &r->record), "\"%.*s\" is too much",
		(int)r->record.len, r->record.text);
}

#endif
