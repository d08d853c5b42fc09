/* Which log there is, and reading it in order. */
#include <bootcheck/guest/vmcoreinfo.h>

#include "logbuf.h"
#include "ring.h"

/* Places that may be the kernel's pointer to its ring. */
#define MAX_POINTERS 8

struct bc_guest_log {
	const struct bc_guest_ram *ram;
	struct bc_guest_format formats[BC_GUEST_FORMATS];
	struct bc_vmcoreinfo info;
	enum { LOG_NONE, LOG_RING, LOG_BUF } kind;
	bool is_stopped, is_named, is_confirmed;
	uint64_t next_seq;
	struct bc_buf text;
	/* LOG_RING */
	struct ring ring;
	uint64_t next_id, image_delta;
	uint64_t prb, linux_banner;	 /* as a System.map says; 0 = not known */
	uint64_t pointers[MAX_POINTERS]; /* offsets */
	size_t pointer_count;
	/* LOG_BUF */
	struct logbuf buf;
};

struct bc_guest_log *bc_guest_log_new(const struct bc_guest_ram *ram, const char *arch)
{
	struct bc_guest_log *log = bc_calloc(1, sizeof(*log));
	log->ram = ram;
	log->text.max = 65536;
	bc_guest_formats(arch, log->formats);
	return log;
}

void bc_guest_log_free(struct bc_guest_log *log)
{
	if (!log)
		return;
	bc_vmcoreinfo_release(&log->info);
	logbuf_release(&log->buf);
	bc_buf_release(&log->text);
	free(log);
}

/* The ring's layout as the kernel itself tells it; false when it does not. */
static bool told_layout(
	const struct bc_vmcoreinfo *info, struct bc_guest_format format, struct ring_layout *l)
{
	*l = ring_layout(format, false);
	const struct {
		const char *key;
		unsigned *to;
		bool is_in_data_ring;
	} parts[] = {
		{"SIZE(printk_ringbuffer)", &l->size, false},
		{"OFFSET(prb_desc_ring.count_bits)", &l->count_bits, false},
		{"OFFSET(prb_desc_ring.descs)", &l->descs, false},
		{"OFFSET(prb_desc_ring.infos)", &l->infos, false},
		{"OFFSET(prb_desc_ring.head_id)", &l->head_id, false},
		{"OFFSET(prb_desc_ring.tail_id)", &l->tail_id, false},
		{"OFFSET(prb_data_ring.size_bits)", &l->size_bits, true},
		{"OFFSET(prb_data_ring.data)", &l->data, true},
		{"OFFSET(prb_data_ring.head_lpos)", &l->head_lpos, true},
		{"OFFSET(prb_data_ring.tail_lpos)", &l->tail_lpos, true},
		{"SIZE(prb_desc)", &l->desc_size, false},
		{"SIZE(printk_info)", &l->info_size, false},
		{"OFFSET(printk_info.seq)", &l->seq, false},
		{"OFFSET(printk_info.ts_nsec)", &l->ts, false},
		{"OFFSET(printk_info.text_len)", &l->text_len, false},
		{"OFFSET(printk_info.caller_id)", &l->caller_id, false},
	};
	uint64_t desc_ring = 0, data_ring = 0, value = 0;
	if (!info->text ||
		!bc_vmcoreinfo_get(info, "OFFSET(printk_ringbuffer.desc_ring)", &desc_ring) ||
		!bc_vmcoreinfo_get(info, "OFFSET(printk_ringbuffer.text_data_ring)", &data_ring))
		return false;
	for (size_t i = 0; i < BC_LEN(parts); i++) {
		if (!bc_vmcoreinfo_get(info, parts[i].key, &value) || value > 4096 ||
			data_ring > 4096)
			return false;
		*parts[i].to = (unsigned)(value + (parts[i].is_in_data_ring ? data_ring : 0));
	}
	/* The scan reads as far as that from where it stands. */
	return !desc_ring && l->size && l->size_bits + 4 <= l->size &&
		l->desc_size >= 3 * format.word && l->desc_size <= 256 && l->info_size >= 32 &&
		l->text_len + 4 <= l->info_size;
}

/* The image's delta by the kernel's banner, whose text stands in memory a few times; the ring by its pointer. */
static bool find_by_symbols(struct bc_guest_log *log, const struct ring_layout *l,
	struct ring *ring, uint64_t *image_delta)
{
	static const char banner[] = "Linux version ";
	bc_vec_each (e, &log->ram->extents) {
		const unsigned char *p = log->ram->data + e->start, *end = log->ram->data + e->end;
		while ((p = memmem(p, (size_t)(end - p), banner, sizeof(banner) - 1)) != NULL) {
			uint64_t delta = bc_guest_cut(
				l->format, log->linux_banner - (uint64_t)(p - log->ram->data));
			uint64_t va = bc_guest_word(
				log->ram, l->format, bc_guest_cut(l->format, log->prb - delta));
			uint64_t at = bc_guest_cut(l->format, va - delta);
			p++;
			if (delta % BC_GUEST_PAGE || !va || at % l->format.word ||
				!ring_check(log->ram, l, at, delta, ring))
				continue;
			*image_delta = delta;
			return true;
		}
	}
	return false;
}

static bool find_as(struct bc_guest_log *log, const struct ring_layout *l, struct ring *ring,
	uint64_t *image_delta)
{
	struct ring named;
	uint64_t delta = 0;
	bool is_found = ring_find(log->ram, l, ring, image_delta),
	     is_named = log->prb && log->linux_banner && find_by_symbols(log, l, &named, &delta);
	log->is_named = is_named && (!is_found || named.at == ring->at);
	if (is_named)
		*image_delta = delta;
	if (is_named && !is_found)
		*ring = named;
	return is_found || is_named;
}

static bool find_ring(struct bc_guest_log *log, struct ring *ring, uint64_t *image_delta)
{
	for (size_t i = 0; i < BC_GUEST_FORMATS; i++) {
		struct ring_layout l;
		if (told_layout(&log->info, log->formats[i], &l) &&
			find_as(log, &l, ring, image_delta))
			return true;
		for (int is_old = 0; is_old < 2; is_old++) {
			l = ring_layout(log->formats[i], is_old);
			if (find_as(log, &l, ring, image_delta))
				return true;
		}
	}
	return false;
}

/* Where the kernel keeps its pointer to the ring: it changes when the kernel moves to a larger one. */
static void find_pointers(struct bc_guest_log *log)
{
	struct bc_guest_format f = log->ring.layout.format;
	uint64_t delta = log->image_delta ? log->image_delta : log->ring.delta, prb = 0;
	uint64_t wanted = bc_guest_cut(f, log->ring.at + delta);
	log->pointer_count = 0;
	log->is_confirmed = log->is_named;
	if (bc_vmcoreinfo_get(&log->info, "SYMBOL(prb)", &prb)) {
		uint64_t at = bc_guest_cut(f, prb - delta);
		bool is_there = bc_guest_word(log->ram, f, at) == wanted;
		log->is_confirmed |= is_there;
		if (is_there) {
			log->pointers[log->pointer_count++] = at;
			return;
		}
	}
	bc_vec_each (e, &log->ram->extents)
		for (uint64_t at = e->start; at + f.word <= e->end; at += f.word)
			if (bc_guest_word(log->ram, f, at) == wanted &&
				log->pointer_count < MAX_POINTERS)
				log->pointers[log->pointer_count++] = at;
}

static void take_ring(struct bc_guest_log *log, const struct ring *ring)
{
	log->kind = LOG_RING;
	log->ring = *ring;
	log->next_id = ring_tail(log->ram, ring);
}

void bc_guest_log_symbols(struct bc_guest_log *log, uint64_t prb, uint64_t linux_banner)
{
	log->prb = prb;
	log->linux_banner = linux_banner;
}

bool bc_guest_log_find(struct bc_guest_log *log)
{
	struct ring ring;
	uint64_t image_delta = 0;
	if (!log->info.text)
		BC_IGNORE(bc_vmcoreinfo_find(log->ram, &log->info));
	if (find_ring(log, &ring, &image_delta)) {
		bool is_same = log->kind == LOG_RING && log->ring.at == ring.at &&
			log->ring.delta == ring.delta;
		if (image_delta)
			log->image_delta = image_delta;
		if (!is_same)
			take_ring(log, &ring);
		log->is_confirmed &= is_same;
		if (!log->is_confirmed)
			find_pointers(log);
		return true;
	}
	if (log->kind != LOG_NONE)
		return true;
	for (size_t i = 0; i < BC_GUEST_FORMATS && log->kind == LOG_NONE; i += 2) {
		if (logbuf_find(log->ram, log->formats[i], &log->buf))
			log->kind = LOG_BUF;
		else
			logbuf_release(&log->buf);
	}
	return log->kind != LOG_NONE;
}

/* Reading a ring */

/* The kernel starts with a small static ring and copies it into one that fits the machine. */
static bool follow_move(struct bc_guest_log *log)
{
	struct bc_guest_format f = log->ring.layout.format;
	uint64_t delta = log->image_delta ? log->image_delta : log->ring.delta;
	for (size_t i = 0; i < log->pointer_count; i++) {
		uint64_t va = bc_guest_word(log->ram, f, log->pointers[i]);
		uint64_t at = bc_guest_cut(f, va - delta);
		struct ring ring;
		if (at == log->ring.at || !va || at % f.word ||
			!ring_check(log->ram, &log->ring.layout, at, log->ring.delta, &ring) ||
			ring.newest_seq < log->ring.newest_seq)
			continue;
		take_ring(log, &ring);
		log->pointers[0] = log->pointers[i];
		log->pointer_count = 1;
		return true;
	}
	return false;
}

static bool give(struct bc_guest_log *log, struct bc_guest_record *record)
{
	record->lost = record->seq > log->next_seq ? record->seq - log->next_seq : 0;
	log->next_seq = record->seq + 1;
	return true;
}

/* One step over the ring: 1 = a record, 0 = nothing to give now, -1 = go on. */
static int step(struct bc_guest_log *log, struct bc_guest_record *record)
{
	const struct ring *r = &log->ring;
	uint64_t mask = ring_id_mask(r), head = ring_head(log->ram, r),
		 tail = ring_tail(log->ram, r), pending = (head + 1 - log->next_id) & mask;
	if (!pending)
		return 0;
	if (pending > mask / 2) {
		/* It counts from the start again: another boot. */
		log->next_id = tail;
		log->next_seq = 0;
		return -1;
	}
	uint64_t missed = (tail - log->next_id) & mask;
	if (missed && missed <= mask / 2) {
		log->next_id = tail;
		return -1;
	}
	enum ring_state state = ring_read(log->ram, r, log->next_id, record, &log->text);
	bool is_newest = pending == 1;
	if (!log->is_stopped &&
		(state == RING_WAIT || (state == RING_GONE && is_newest) ||
			(state == RING_OPEN && is_newest)))
		return 0;
	log->next_id = (log->next_id + 1) & mask;
	if (state != RING_OPEN && state != RING_RECORD)
		return -1;
	/* After a move to another ring: given already. */
	return record->seq < log->next_seq ? -1 : give(log, record);
}

static bool next_of_ring(struct bc_guest_log *log, struct bc_guest_record *record)
{
	/* The guest may change what ends this loop while it runs. */
	uint64_t most = ((uint64_t)2 << log->ring.count_bits) + 16;
	for (uint64_t i = 0; i < most; i++) {
		int stepped = step(log, record);
		if (stepped > 0)
			return true;
		if (stepped == 0 && !follow_move(log))
			return false;
	}
	return false;
}

static bool next_of_buf(struct bc_guest_log *log, struct bc_guest_record *record)
{
	do {
		while (log->next_seq < log->buf.records.len) {
			size_t index = (size_t)log->next_seq;
			if (logbuf_read(log->ram, &log->buf, index, record, &log->text))
				return give(log, record);
			log->next_seq++;
		}
	} while (logbuf_extend(log->ram, &log->buf));
	return false;
}

bool bc_guest_log_next(struct bc_guest_log *log, struct bc_guest_record *record)
{
	return log->kind == LOG_RING ? next_of_ring(log, record)
				     : log->kind == LOG_BUF && next_of_buf(log, record);
}

void bc_guest_log_stop(struct bc_guest_log *log)
{
	log->is_stopped = true;
}

void bc_guest_log_rewind(struct bc_guest_log *log)
{
	log->next_seq = 0;
	if (log->kind == LOG_RING)
		log->next_id = ring_tail(log->ram, &log->ring);
}

struct bc_guest_log_facts bc_guest_log_facts(const struct bc_guest_log *log)
{
	bool is_ring = log->kind == LOG_RING;
	return (struct bc_guest_log_facts){
		.format = is_ring ? log->ring.layout.format : log->buf.format,
		.is_ring = is_ring,
		.at = is_ring ? log->ring.at : 0,
		.has_vmcoreinfo = log->info.text != NULL,
		.is_confirmed = log->is_confirmed,
		.delta = is_ring ? log->ring.delta : 0,
		.image_delta = log->image_delta,
		.release = log->info.release,
	};
}

/* Text */

static void add_prefix(const struct bc_guest_record *r, struct bc_buf *out)
{
	bc_buf_addf(out, "[%5llu.%06u] ", (unsigned long long)(r->ts_ns / 1000000000u),
		(unsigned)(r->ts_ns % 1000000000u / 1000u));
}

void bc_guest_record_print(const struct bc_guest_record *r, struct bc_buf *out)
{
	const char *p = r->text, *end = r->text + r->len;
	do {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((stop ? stop : end) - p);
		add_prefix(r, out);
		bc_buf_add(out, p, n);
		bc_buf_addc(out, '\n');
		p += n + 1;
	} while (p < end);
}
