/* Reading the ring: descriptors say where a record's text and its facts are. */
#include "ring.h"

struct ring_layout ring_layout(struct bc_guest_format format, bool is_old)
{
	unsigned w = format.word;
	/* desc_ring: count_bits, descs, infos, head_id, tail_id and, since 5.18, what was finalised last */
	unsigned text = is_old ? 5 * w : 6 * w;
	return (struct ring_layout){
		.format = format,
		.count_bits = 0,
		.descs = w,
		.infos = 2 * w,
		.head_id = 3 * w,
		.tail_id = 4 * w,
		.size_bits = text,
		.data = text + w,
		.head_lpos = text + 2 * w,
		.tail_lpos = text + 3 * w,
		.size = text + 5 * w,
		.desc_size = 3 * w,
		.state_var = 0,
		.begin = w,
		.next = 2 * w,
		.info_size = 88,
		.seq = 0,
		.ts = 8,
		.text_len = 16,
		.caller_id = 20,
	};
}

/* The two highest bits of state_var are the record's state. */
uint64_t ring_id_mask(const struct ring *r)
{
	return r->layout.format.word == 4 ? UINT32_MAX >> 2 : UINT64_MAX >> 2;
}

static unsigned state_shift(const struct ring *r)
{
	return r->layout.format.word * 8 - 2;
}

static uint64_t word(const struct bc_guest_ram *ram, const struct ring *r, uint64_t at)
{
	return bc_guest_word(ram, r->layout.format, at);
}

uint64_t ring_head(const struct bc_guest_ram *ram, const struct ring *r)
{
	return word(ram, r, r->at + r->layout.head_id) & ring_id_mask(r);
}

uint64_t ring_tail(const struct bc_guest_ram *ram, const struct ring *r)
{
	return word(ram, r, r->at + r->layout.tail_id) & ring_id_mask(r);
}

static uint64_t desc_at(const struct ring *r, uint64_t id)
{
	return r->descs + (id & (((uint64_t)1 << r->count_bits) - 1)) * r->layout.desc_size;
}

static uint64_t info_at(const struct ring *r, uint64_t id)
{
	return r->infos + (id & (((uint64_t)1 << r->count_bits) - 1)) * r->layout.info_size;
}

/* Where a record's text lies in the data ring; false when it is not there. */
static bool find_text(const struct bc_guest_ram *ram, const struct ring *r, uint64_t id,
	uint64_t begin, uint64_t next, uint64_t *at, uint64_t *len)
{
	unsigned w = r->layout.format.word;
	uint64_t size = (uint64_t)1 << r->size_bits, index = begin & (size - 1);
	*len = 0;
	/* A position with its lowest bit set stands for no data; 3 in both is an empty line. */
	if (begin & next & 1)
		return begin == 3 && next == 3;
	uint64_t span = bc_guest_cut(r->layout.format, next - begin);
	if (!span || span > size || begin % w)
		return false;
	if (index + span > size) {
		/* What would not fit before the end lies at the start as a whole. */
		*len = next & (size - 1);
		index = 0;
	} else {
		*len = span;
	}
	if (*len < w || (word(ram, r, r->data + index) & ring_id_mask(r)) != id)
		return false;
	*at = r->data + index + w;
	*len -= w;
	return true;
}

static void read_info(const struct bc_guest_ram *ram, const struct ring *r, uint64_t id,
	struct bc_guest_record *record, uint64_t *text_len)
{
	const struct ring_layout *l = &r->layout;
	uint64_t at = info_at(r, id);
	/* text_len, facility, and a byte of flags (5 bits) and level (3 bits) */
	uint32_t parts = bc_guest_u32(ram, l->format, at + l->text_len);
	bool is_big = l->format.is_big;
	unsigned char last = (unsigned char)(is_big ? parts : parts >> 24);
	*text_len = is_big ? parts >> 16 : parts & 0xffff;
	record->facility = (is_big ? parts >> 8 : parts >> 16) & 0xff;
	record->level = is_big ? last & 7 : last >> 5;
	record->seq = bc_guest_u64(ram, l->format, at + l->seq);
	record->ts_ns = bc_guest_u64(ram, l->format, at + l->ts);
	record->caller_id = bc_guest_u32(ram, l->format, at + l->caller_id);
}

enum ring_state ring_read(const struct bc_guest_ram *ram, const struct ring *r, uint64_t id,
	struct bc_guest_record *record, struct bc_buf *buf)
{
	uint64_t desc = desc_at(r, id), at = 0, len = 0, text_len = 0;
	uint64_t state_var = word(ram, r, desc + r->layout.state_var);
	unsigned state = (unsigned)(state_var >> state_shift(r));
	if ((state_var & ring_id_mask(r)) != id || state == 3)
		return RING_GONE;
	if (state == 0)
		return RING_WAIT;
	*record = (struct bc_guest_record){.is_open = state == 1};
	read_info(ram, r, id, record, &text_len);
	uint64_t begin = word(ram, r, desc + r->layout.begin),
		 next = word(ram, r, desc + r->layout.next);
	bool has_text = find_text(ram, r, id, begin, next, &at, &len);
	bc_buf_clear(buf);
	if (has_text && len && bc_guest_has(ram, at, len))
		bc_buf_add(buf, ram->data + at, len < text_len ? len : text_len);
	/* Whoever overwrote it meanwhile changed this first. */
	if ((word(ram, r, desc + r->layout.state_var) & ring_id_mask(r)) != id)
		return RING_GONE;
	if (!has_text)
		return RING_LOST;
	record->text = buf->data ? buf->data : "";
	record->len = buf->len;
	return state == 1 ? RING_OPEN : RING_RECORD;
}
