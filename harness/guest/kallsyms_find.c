/* Finding kallsyms: each table is told by its form, and the next one by where it must lie. */
#include <bootcheck/guest/kallsyms.h>
#include <bootcheck/guest/vmcoreinfo.h>

#define TOKENS	  256
#define MAX_TOKEN 128
/* An entry of 256 names takes at least two bytes each and rarely more than forty. */
#define MIN_BLOCK (256u * 2)
#define MAX_BLOCK (256u * 80)
#define MAX_COUNT (1u << 22)
/* Before 6.4, three bytes a symbol may lie between markers and tokens. */
#define MAX_BETWEEN ((uint64_t)16 << 20)
#define MAX_INDEXES 64
#define MAX_NSPROXY 16 /* words of struct nsproxy */

static uint64_t align(uint64_t at, uint64_t to)
{
	return (at + to - 1) / to * to;
}

static uint64_t marker(const struct bc_kallsyms *k, uint64_t i)
{
	uint64_t at = k->markers + i * k->marker_size;
	return k->marker_size == 8 ? bc_guest_u64(k->ram, k->format, at)
				   : bc_guest_u32(k->ram, k->format, at);
}

/* Tokens */

static bool is_token_index(const struct bc_guest_ram *ram, struct bc_guest_format f, uint64_t at)
{
	unsigned last = 0;
	if (!bc_guest_has(ram, at, TOKENS * 2))
		return false;
	for (unsigned i = 1; i < TOKENS; i++) {
		unsigned next = bc_guest_u16(ram, f, at + i * 2);
		/* A byte that no name needs has an empty token. */
		if (next < last + 1 || next > last + MAX_TOKEN)
			return false;
		last = next;
	}
	return last >= 2 * TOKENS;
}

/* True if 256 texts, each ended by NUL, begin where the index says. */
static bool is_token_table(const struct bc_kallsyms *k, uint64_t at)
{
	const struct bc_guest_ram *ram = k->ram;
	unsigned last = bc_guest_u16(ram, k->format, k->token_index + (TOKENS - 1) * 2);
	if (at > k->token_index || !bc_guest_has(ram, at, last + 2u))
		return false;
	for (unsigned i = 0; i < TOKENS; i++) {
		unsigned start = bc_guest_u16(ram, k->format, k->token_index + i * 2);
		if (i && ram->data[at + start - 1])
			return false;
	}
	uint64_t end = at + last;
	while (end < k->token_index && ram->data[end])
		end++;
	for (uint64_t i = at; i < end; i++)
		if (ram->data[i] && (ram->data[i] < 0x20 || ram->data[i] > 0x7e))
			return false;
	/* Only padding up to the index. */
	return end < k->token_index && k->token_index - end <= 8;
}

static bool find_token_table(struct bc_kallsyms *k)
{
	unsigned last = bc_guest_u16(k->ram, k->format, k->token_index + (TOKENS - 1) * 2);
	for (uint64_t back = last + 1u; back <= last + MAX_TOKEN + 8 && back <= k->token_index;
		back++) {
		uint64_t at = k->token_index - back;
		if (at % 4 == 0 && is_token_table(k, at)) {
			k->token_table = at;
			return true;
		}
	}
	return false;
}

/* Markers and names */

/* How many markers stand at k->markers, which begins with 0. */
static uint64_t count_markers(const struct bc_kallsyms *k)
{
	uint64_t n = 1, last = 0;
	while (k->markers + (n + 1) * k->marker_size <= k->token_table) {
		uint64_t next = marker(k, n);
		if (next < last + MIN_BLOCK || next > last + MAX_BLOCK)
			break;
		last = next;
		n++;
	}
	return n;
}

/* Passes over entries of names; 0 when they run into the markers. */
static uint64_t skip_entries(const struct bc_kallsyms *k, uint64_t at, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (at + 2 > k->markers)
			return 0;
		unsigned len = k->ram->data[at];
		unsigned header = len & 0x80 ? 2 : 1;
		if (header == 2)
			len = (len & 0x7f) | (unsigned)k->ram->data[at + 1] << 7;
		if (!len)
			return 0;
		at += header + len;
	}
	return at <= k->markers ? at : 0;
}

/* True if the names that begin at k->names end, block by block, where the markers say; `to`: how tables are aligned. */
static bool is_names(const struct bc_kallsyms *k, uint64_t blocks, uint64_t to)
{
	uint64_t at = k->names;
	for (uint64_t i = 1; i < blocks; i++) {
		at = skip_entries(k, at, 256);
		if (!at || at - k->names != marker(k, i))
			return false;
	}
	at = skip_entries(k, at, k->count - (uint32_t)(blocks - 1) * 256);
	return at && align(at, to) == k->markers;
}

static bool find_aligned_names(struct bc_kallsyms *k, uint64_t blocks, uint64_t to)
{
	uint64_t last = marker(k, blocks - 1);
	if (last + to > k->markers)
		return false;
	uint64_t most = (k->markers - last) / to * to,
		 least = most > MAX_BLOCK ? most - MAX_BLOCK : to;
	for (k->names = most; k->names >= least; k->names -= to) {
		/* A .long, padded; before that a word. */
		k->count = bc_guest_u32(k->ram, k->format, k->names - to);
		if (k->format.is_big && to == 8 && !k->count)
			k->count = bc_guest_u32(k->ram, k->format, k->names - 4);
		if (k->count && k->count <= MAX_COUNT && (k->count + 255u) / 256u == blocks &&
			is_names(k, blocks, to))
			return true;
	}
	return false;
}

/* Tables are aligned to words, since 7.0 to four bytes. */
static bool find_names(struct bc_kallsyms *k, uint64_t blocks)
{
	return find_aligned_names(k, blocks, k->format.word) ||
		(k->format.word != 4 && find_aligned_names(k, blocks, 4));
}

static bool find_markers(struct bc_kallsyms *k)
{
	for (unsigned size = 4; size <= k->format.word; size += 4) {
		uint64_t most = k->token_table < MAX_BETWEEN ? k->token_table : MAX_BETWEEN;
		k->marker_size = size;
		for (uint64_t back = 2 * size; back <= most; back += 4) {
			k->markers = k->token_table - back;
			if (k->markers % size || marker(k, 0) || marker(k, 1) < MIN_BLOCK ||
				marker(k, 1) > MAX_BLOCK)
				continue;
			uint64_t blocks = count_markers(k);
			if (find_names(k, blocks))
				return true;
		}
	}
	return false;
}

/* Addresses */

static uint64_t address_as(const struct bc_kallsyms *k, uint32_t i)
{
	uint64_t at = k->addresses + (uint64_t)i * (k->kind ? 4 : k->format.word);
	if (k->kind == BC_KALLSYMS_ABSOLUTE)
		return bc_guest_word(k->ram, k->format, at);
	uint32_t offset = bc_guest_u32(k->ram, k->format, at);
	if (k->kind == BC_KALLSYMS_RELATIVE)
		return k->base + offset;
	if (k->kind == BC_KALLSYMS_PLACE)
		return at + (uint64_t)(int32_t)offset;
	return offset <= INT32_MAX ? offset : k->base + (uint32_t)~offset;
}

static bool is_ascending(const struct bc_kallsyms *k)
{
	uint64_t size = (uint64_t)k->count * (k->kind ? 4 : k->format.word), last = 0;
	if (!bc_guest_has(k->ram, k->addresses, size))
		return false;
	for (uint32_t i = 0; i < k->count; i++) {
		uint64_t next = address_as(k, i);
		if (next < last)
			return false;
		last = next;
	}
	/* Zeros ascend as well; and absolute addresses of 32 bits look like offsets that are too large. */
	return last > address_as(k, 0) && bc_guest_cut(k->format, last) == last;
}

static bool is_relative(struct bc_kallsyms *k, uint64_t offsets, uint64_t base_at)
{
	k->addresses = offsets;
	k->base = bc_guest_word(k->ram, k->format, base_at);
	if (!k->base)
		return false;
	/* The base is the lowest of them. */
	k->kind = BC_KALLSYMS_RELATIVE;
	if (!bc_guest_u32(k->ram, k->format, offsets) && is_ascending(k))
		return true;
	k->kind = BC_KALLSYMS_PERCPU;
	return is_ascending(k);
}

/* The address of a symbol, looked for by its name. */
static bool find_named(const struct bc_kallsyms *k, const char *wanted, uint64_t *address)
{
	char name[BC_SYMBOL_MAX], type;
	for (uint32_t i = 0; i < k->count; i++)
		if (bc_kallsyms_symbol(k, i, name, &type, address) && strcmp(name, wanted) == 0)
			return true;
	return false;
}

/* Without it: the first task's namespaces are listed by their addresses. Two of them that give the same base are not
 * there by chance. */
static bool find_base_in_nsproxy(struct bc_kallsyms *k)
{
	uint64_t proxy, uts, ipc, w = k->format.word;
	if (!find_named(k, "init_nsproxy", &proxy) || !find_named(k, "init_uts_ns", &uts) ||
		!find_named(k, "init_ipc_ns", &ipc) ||
		!bc_guest_has(k->ram, proxy, MAX_NSPROXY * w))
		return false;
	for (uint64_t i = 0; i < MAX_NSPROXY; i++) {
		uint64_t base = bc_guest_cut(
			k->format, bc_guest_word(k->ram, k->format, proxy + i * w) - uts);
		if (!base || base % BC_GUEST_PAGE)
			continue;
		for (uint64_t n = 0; n < MAX_NSPROXY; n++)
			if (bc_guest_word(k->ram, k->format, proxy + n * w) ==
				bc_guest_cut(k->format, base + ipc)) {
				k->base = base;
				return true;
			}
	}
	return false;
}

/* The tables say where a symbol is in the memory, VMCOREINFO says where it is for the kernel. */
static bool find_base(struct bc_kallsyms *k)
{
	static const char *const names[] = {"_stext", "swapper_pg_dir", "init_uts_ns"};
	struct bc_vmcoreinfo info;
	bool is_found = false;
	if (!bc_vmcoreinfo_find(k->ram, &info))
		return find_base_in_nsproxy(k);
	for (size_t i = 0; i < BC_LEN(names) && !is_found; i++) {
		char key[64];
		uint64_t address, place;
		snprintf(key, sizeof(key), "SYMBOL(%s)", names[i]);
		if (!bc_vmcoreinfo_get(&info, key, &address) || !find_named(k, names[i], &place))
			continue;
		k->base = bc_guest_cut(k->format, address - place);
		is_found = k->base % BC_GUEST_PAGE == 0;
	}
	bc_vmcoreinfo_release(&info);
	return is_found || find_base_in_nsproxy(k);
}

/* Since 7.0 each offset is from its own place, so that nothing is to be relocated. */
static bool is_by_place(struct bc_kallsyms *k, uint64_t offsets)
{
	k->addresses = offsets;
	k->kind = BC_KALLSYMS_PLACE;
	k->base = 0;
	return is_ascending(k) && address_as(k, k->count - 1) < k->ram->size && find_base(k);
}

static bool is_absolute(struct bc_kallsyms *k, uint64_t addresses)
{
	k->addresses = addresses;
	k->kind = BC_KALLSYMS_ABSOLUTE;
	k->base = 0;
	return is_ascending(k);
}

static bool find_addresses(struct bc_kallsyms *k)
{
	uint64_t w = k->format.word, size = align((uint64_t)k->count * 4, w);
	uint64_t count_at = k->names - w, behind = align(k->token_index + TOKENS * 2, w);
	/* Up to 6.3 they lie before the number of symbols, later behind the tokens. */
	if (count_at >= w + size && is_relative(k, count_at - w - size, count_at - w))
		return true;
	if (is_relative(k, behind, behind + size) ||
		is_by_place(k, k->token_index + TOKENS * (uint64_t)2))
		return true;
	/* Since 7.0 a kernel of 32 bits has addresses again, where the offsets were. */
	return (w == 4 && is_absolute(k, behind)) ||
		(count_at >= k->count * w && is_absolute(k, count_at - k->count * w));
}

bool bc_kallsyms_find(
	const struct bc_guest_ram *ram, struct bc_guest_format format, struct bc_kallsyms *symbols)
{
	unsigned indexes = 0;
	bc_vec_each (e, &ram->extents) {
		for (uint64_t at = e->start; at + TOKENS * 2 <= e->end; at += 4) {
			struct bc_kallsyms k = {.ram = ram, .format = format, .token_index = at};
			if (bc_guest_u16(ram, format, at) ||
				bc_guest_u16(ram, format, at + 2) - 1u > MAX_TOKEN ||
				!is_token_index(ram, format, at) || indexes++ >= MAX_INDEXES)
				continue;
			if (find_token_table(&k) && find_markers(&k) && find_addresses(&k)) {
				*symbols = k;
				return true;
			}
		}
	}
	return false;
}
