/* Finding the ring without symbols, by what must hold in it.
 *
 * Its struct has two small numbers that differ by five, three pointers and four counters that bound each
 * other. The pointers are virtual addresses, and where the kernel was put is not known (KASLR); but the
 * newest descriptor holds its own id, so the page that has that id at the pointer's place in a page tells. */
#include <bootcheck/base/text.h>

#include "ring.h"

#define MIN_COUNT_BITS 5
#define MAX_COUNT_BITS 26
/* The kernel makes one descriptor for 32 bytes of text (PRB_AVGBITS). */
#define AVERAGE_BITS 5
/* Memory that a guest filled with what looks like rings must not cost more than this many searches. */
#define MAX_SEARCHES 64
/* Descriptors that must hold together. */
#define MAX_CHECKED 64

struct pointers {
	uint64_t descs, infos, data, head, tail;
};

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

/* True if two areas are apart, and near enough to be parts of one memory. */
static bool are_apart(
	const struct bc_guest_ram *ram, uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return distance(a, b) >= (a < b ? a_size : b_size) && distance(a, b) < ram->size;
}

static bool is_plausible(const struct bc_guest_ram *ram, const struct ring_layout *l, uint64_t at,
	struct ring *r, struct pointers *p)
{
	uint64_t mask = l->format.word == 4 ? UINT32_MAX >> 2 : UINT64_MAX >> 2;
	if (!bc_guest_has(ram, at, l->size))
		return false;
	*r = (struct ring){.layout = *l, .at = at};
	r->count_bits = bc_guest_u32(ram, l->format, at + l->count_bits);
	r->size_bits = bc_guest_u32(ram, l->format, at + l->size_bits);
	if (r->count_bits < MIN_COUNT_BITS || r->count_bits > MAX_COUNT_BITS ||
		r->size_bits != r->count_bits + AVERAGE_BITS)
		return false;
	p->descs = bc_guest_word(ram, l->format, at + l->descs);
	p->infos = bc_guest_word(ram, l->format, at + l->infos);
	p->data = bc_guest_word(ram, l->format, at + l->data);
	if (!p->descs || !p->infos || !p->data || (p->descs | p->infos | p->data) % 4)
		return false;
	p->head = bc_guest_word(ram, l->format, at + l->head_id) & mask;
	p->tail = bc_guest_word(ram, l->format, at + l->tail_id) & mask;
	uint64_t count = (uint64_t)1 << r->count_bits, size = (uint64_t)1 << r->size_bits;
	uint64_t used = bc_guest_cut(l->format,
		bc_guest_word(ram, l->format, at + l->head_lpos) -
			bc_guest_word(ram, l->format, at + l->tail_lpos));
	if (((p->head - p->tail) & mask) >= count || used > size || size > ram->size)
		return false;
	uint64_t descs = count * l->desc_size, infos = count * l->info_size;
	return are_apart(ram, p->descs, descs, p->infos, infos) &&
		are_apart(ram, p->descs, descs, p->data, size) &&
		are_apart(ram, p->infos, infos, p->data, size);
}

/* The records from the newest back hold together: ids, consecutive numbers, text where it must be. */
static bool has_records(const struct bc_guest_ram *ram, struct ring *r, const struct pointers *p,
	struct bc_buf *buf)
{
	uint64_t mask = ring_id_mask(r), count = ((p->head - p->tail) & mask) + 1;
	unsigned good = 0, gone = 0;
	uint64_t newest = 0;
	bool has_newest = false;
	for (uint64_t age = 0; age < count && age < MAX_CHECKED; age++) {
		struct bc_guest_record record = {0};
		enum ring_state state = ring_read(ram, r, (p->head - age) & mask, &record, buf);
		if (state == RING_GONE && ++gone > 2)
			return false;
		if (state == RING_GONE || state == RING_WAIT)
			continue;
		if (has_newest && record.seq + age != newest)
			return false;
		newest = record.seq + age;
		has_newest = true;
		good += state != RING_LOST;
	}
	r->newest_seq = newest;
	return good > 0;
}

/* Some kernels keep more in a printk_info (since 6.18 on request): its size shows in the numbers. */
static bool has_records_of_any_size(
	const struct bc_guest_ram *ram, struct ring *r, const struct pointers *p)
{
	BC_AUTO(bc_buf) buf = {.max = 65536};
	unsigned given = r->layout.info_size;
	if (has_records(ram, r, p, &buf))
		return true;
	for (unsigned size = 96; size <= 160; size += 8) {
		r->layout.info_size = size;
		if (bc_guest_has(ram, r->infos, (uint64_t)size << r->count_bits) &&
			has_records(ram, r, p, &buf))
			return true;
	}
	r->layout.info_size = given;
	return false;
}

static bool fits(
	const struct bc_guest_ram *ram, struct ring *r, const struct pointers *p, uint64_t delta)
{
	struct bc_guest_format f = r->layout.format;
	r->delta = bc_guest_cut(f, delta);
	r->descs = bc_guest_cut(f, p->descs - delta);
	r->infos = bc_guest_cut(f, p->infos - delta);
	r->data = bc_guest_cut(f, p->data - delta);
	return bc_guest_has(ram, r->descs, (uint64_t)r->layout.desc_size << r->count_bits) &&
		bc_guest_has(ram, r->infos, (uint64_t)r->layout.info_size << r->count_bits) &&
		bc_guest_has(ram, r->data, (uint64_t)1 << r->size_bits) &&
		has_records_of_any_size(ram, r, p);
}

/* Looks in every page for the newest descriptor. */
static bool search_delta(const struct bc_guest_ram *ram, struct ring *r, const struct pointers *p)
{
	struct bc_guest_format f = r->layout.format;
	uint64_t mask = ring_id_mask(r), count = (uint64_t)1 << r->count_bits;
	/* The newest may be just about to be taken: the one before it does as well. */
	for (unsigned age = 0; age < 2; age++) {
		uint64_t id = (p->head - age) & mask;
		uint64_t va =
			p->descs + (id & (count - 1)) * r->layout.desc_size + r->layout.state_var;
		bc_vec_each (e, &ram->extents)
			for (uint64_t at = e->start + va % BC_GUEST_PAGE; at < e->end;
				at += BC_GUEST_PAGE)
				if ((bc_guest_word(ram, f, at) & mask) == id &&
					fits(ram, r, p, va - at))
					return true;
	}
	return false;
}

bool ring_check(const struct bc_guest_ram *ram, const struct ring_layout *l, uint64_t at,
	uint64_t known_delta, struct ring *ring)
{
	struct ring r;
	struct pointers p;
	if (!is_plausible(ram, l, at, &r, &p))
		return false;
	if ((!known_delta || !fits(ram, &r, &p, known_delta)) && !search_delta(ram, &r, &p))
		return false;
	*ring = r;
	return true;
}

/* The scan */

struct scan {
	const struct bc_guest_ram *ram;
	const struct ring_layout *layout;
	struct ring best;
	bool has_best;
	uint64_t delta, image_delta;
	unsigned searches;
};

static void consider(struct scan *s, uint64_t at)
{
	struct ring r;
	struct pointers p;
	if (!is_plausible(s->ram, s->layout, at, &r, &p) || s->searches >= MAX_SEARCHES)
		return;
	s->searches++;
	if (!ring_check(s->ram, s->layout, at, s->delta, &r))
		return;
	s->delta = r.delta;
	/* The ring that a kernel starts with is part of its image, as its struct is. */
	uint64_t near = distance(r.descs, at);
	if (near < ((uint64_t)16 << 20) && !s->image_delta)
		s->image_delta = r.delta;
	if (!s->has_best || r.newest_seq > s->best.newest_seq ||
		(r.newest_seq == s->best.newest_seq && r.size_bits > s->best.size_bits))
		s->best = r;
	s->has_best = true;
}

static void scan_extent(struct scan *s, uint64_t start, uint64_t end)
{
	const struct ring_layout *l = s->layout;
	const unsigned char *data = s->ram->data;
	unsigned w = l->format.word;
	/* Nearly every word falls at the first look, so that one is kept short. */
	for (uint64_t at = start; at + l->size <= end; at += w) {
		uint32_t first;
		memcpy(&first, data + at, sizeof(first));
		if (!first)
			continue;
		if (l->format.is_big)
			first = __builtin_bswap32(first);
		if (first - MIN_COUNT_BITS > MAX_COUNT_BITS - MIN_COUNT_BITS)
			continue;
		if (bc_guest_u32(s->ram, l->format, at + l->size_bits) != first + AVERAGE_BITS)
			continue;
		consider(s, at);
	}
}

bool ring_find(const struct bc_guest_ram *ram, const struct ring_layout *layout, struct ring *ring,
	uint64_t *image_delta)
{
	struct scan s = {.ram = ram, .layout = layout};
	bc_vec_each (e, &ram->extents)
		scan_extent(&s, e->start, e->end);
	if (!s.has_best)
		return false;
	*ring = s.best;
	*image_delta = s.image_delta;
	return true;
}
