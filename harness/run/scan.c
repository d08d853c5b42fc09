#include <bootcheck/base/mem.h>
#include <bootcheck/run/scan.h>

/* Each text is known by its two rarest neighbouring four-byte windows: an occurrence anywhere puts one
 * of them at an even offset, so that only every second byte of the data has to be looked at. Unlike
 * the steps of an automaton, the looks do not wait for each other. A set bit in `seen` leads to the
 * chain of the windows with that hash, and the whole text is compared there. */
#define HASH_BITS 16
#define CHAINS	  1024

struct window {
	uint32_t bytes;
	uint16_t next; /* index + 1 */
	uint16_t id;
	uint16_t at; /* of the window in its text */
	uint16_t len;
	const char *text;
};

struct bc_scan {
	uint64_t seen[(1 << HASH_BITS) / 64];
	uint16_t heads[CHAINS]; /* index + 1 */
	struct {
		BC_VEC(struct window);
	} windows;
};

static uint32_t load(const char *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t hash(uint32_t v)
{
	return (v * UINT32_C(0x9E3779B1)) >> (32 - HASH_BITS);
}

struct bc_scan *bc_scan_new(void)
{
	return bc_calloc(1, sizeof(struct bc_scan));
}

void bc_scan_free(struct bc_scan *scan)
{
	if (!scan)
		return;
	free(scan->windows.items);
	free(scan);
}

/* Boot logs are lower-case words and digits: capitals and punctuation tell more. */
static int rarity(char c)
{
	if (c >= 'A' && c <= 'Z')
		return 4;
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return c == 'j' || c == 'q' || c == 'x' || c == 'z' || c == 'k' ? 2 : 1;
	return c == ' ' || c == '.' || c == ':' ? 1 : 3;
}

static void add_window(struct bc_scan *scan, const char *text, size_t len, size_t at, unsigned id)
{
	uint32_t bytes = load(text + at), h = hash(bytes);
	scan->seen[h / 64] |= UINT64_C(1) << (h % 64);
	struct window w = {
		.bytes = bytes,
		.next = scan->heads[h % CHAINS],
		.id = (uint16_t)id,
		.at = (uint16_t)at,
		.len = (uint16_t)len,
		.text = text,
	};
	bc_vec_push(&scan->windows, w);
	scan->heads[h % CHAINS] = (uint16_t)scan->windows.len;
}

void bc_scan_add(struct bc_scan *scan, const char *text, unsigned id)
{
	size_t len = strcspn(text, "\n"), best = 0;
	int best_score = -1;
	if (len < BC_SCAN_MIN || len > 200 || id >= BC_SCAN_IDS || scan->windows.len > 4000)
		abort();
	for (size_t at = 0; at + BC_SCAN_MIN <= len; at++) {
		int score = 0;
		for (size_t i = 0; i < BC_SCAN_MIN; i++)
			score += rarity(text[at + i]) * (i == 0 || i == 4 ? 1 : 2);
		if (score > best_score) {
			best_score = score;
			best = at;
		}
	}
	add_window(scan, text, len, best, id);
	add_window(scan, text, len, best + 1, id);
}

/* Kept out of the loop over the data, which should stay small. */
static __attribute__((noinline)) bool verify(const struct bc_scan *scan, const char *data,
	size_t len, size_t at, uint64_t found[BC_SCAN_WORDS])
{
	uint32_t bytes = load(data + at);
	bool any = false;
	for (unsigned i = scan->heads[hash(bytes) % CHAINS]; i;
		i = scan->windows.items[i - 1].next) {
		const struct window *w = &scan->windows.items[i - 1];
		if (w->bytes != bytes || at < w->at || at - w->at + w->len > len)
			continue;
		if (memcmp(data + at - w->at, w->text, w->len) != 0)
			continue;
		found[w->id / 64] |= UINT64_C(1) << (w->id % 64);
		any = true;
	}
	return any;
}

static bool is_seen(const struct bc_scan *scan, const char *p)
{
	uint32_t h = hash(load(p));
	return scan->seen[h / 64] >> (h % 64) & 1;
}

bool bc_scan_find(
	const struct bc_scan *scan, const char *data, size_t len, uint64_t found[BC_SCAN_WORDS])
{
	bool any = false;
	size_t at = 0;
	for (; at + 10 <= len; at += 8) {
		const char *p = data + at;
		bool a = is_seen(scan, p), b = is_seen(scan, p + 2);
		bool c = is_seen(scan, p + 4), d = is_seen(scan, p + 6);
		if (!(a | b | c | d))
			continue;
		for (size_t i = 0; i < 8; i += 2)
			if (is_seen(scan, p + i))
				any |= verify(scan, data, len, at + i, found);
	}
	for (; at + 4 <= len; at += 2)
		if (is_seen(scan, data + at))
			any |= verify(scan, data, len, at, found);
	return any;
}
