/* Reading kallsyms: names are sequences of tokens; every 256th has a marker. */
#include <bootcheck/guest/kallsyms.h>

/* Behind the last function of a kernel comes data; a larger distance is no offset into a function. */
#define MAX_OFFSET ((uint64_t)1 << 20)

static unsigned byte(const struct bc_kallsyms *k, uint64_t at)
{
	return bc_guest_has(k->ram, at, 1) ? k->ram->data[at] : 0;
}

static uint64_t address_of(const struct bc_kallsyms *k, uint32_t i)
{
	if (k->kind == BC_KALLSYMS_ABSOLUTE)
		return bc_guest_word(
			k->ram, k->format, k->addresses + (uint64_t)i * k->format.word);
	uint32_t offset = bc_guest_u32(k->ram, k->format, k->addresses + (uint64_t)i * 4);
	if (k->kind == BC_KALLSYMS_RELATIVE)
		return bc_guest_cut(k->format, k->base + offset);
	if (k->kind == BC_KALLSYMS_PLACE)
		return bc_guest_cut(k->format,
			k->base + k->addresses + (uint64_t)i * 4 + (uint64_t)(int32_t)offset);
	if (offset <= INT32_MAX)
		return offset;
	/* -1 - offset, as a number of 32 bits */
	return bc_guest_cut(k->format, k->base + (uint32_t)~offset);
}

/* Length of the entry at `at` in tokens; *header receives the bytes that tell it. */
static unsigned entry_length(const struct bc_kallsyms *k, uint64_t at, unsigned *header)
{
	unsigned first = byte(k, at);
	*header = first & 0x80 ? 2 : 1;
	return first & 0x80 ? (first & 0x7f) | byte(k, at + 1) << 7 : first;
}

static uint64_t entry_at(const struct bc_kallsyms *k, uint32_t index)
{
	uint64_t marker = k->markers + (uint64_t)(index >> 8) * k->marker_size;
	uint64_t at = k->names +
		(k->marker_size == 8 ? bc_guest_u64(k->ram, k->format, marker)
				     : bc_guest_u32(k->ram, k->format, marker));
	for (uint32_t i = 0; i < (index & 255); i++) {
		unsigned header, len = entry_length(k, at, &header);
		at += header + len;
	}
	return at;
}

bool bc_kallsyms_symbol(const struct bc_kallsyms *k, uint32_t index, char name[BC_SYMBOL_MAX],
	char *type, uint64_t *address)
{
	if (index >= k->count)
		return false;
	uint64_t at = entry_at(k, index);
	unsigned header, len = entry_length(k, at, &header);
	size_t n = 0;
	*type = '\0';
	at += header;
	for (unsigned i = 0; i < len; i++) {
		uint64_t token = k->token_table +
			bc_guest_u16(k->ram, k->format, k->token_index + byte(k, at + i) * 2u);
		for (unsigned c; n + 1 < BC_SYMBOL_MAX && (c = byte(k, token)) != 0; token++) {
			/* The memory may have changed since the tables were checked. */
			if (c < 0x20 || c > 0x7e)
				return false;
			if (!*type)
				*type = (char)c;
			else
				name[n++] = (char)c;
		}
	}
	name[n] = '\0';
	*address = address_of(k, index);
	return n > 0;
}

bool bc_kallsyms_name(
	const struct bc_kallsyms *k, uint64_t address, char name[BC_SYMBOL_MAX], uint64_t *offset)
{
	uint32_t low = 0, high = k->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (address_of(k, middle) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return false;
	uint64_t start = address_of(k, low - 1), found;
	/* Of several names of one place the kernel itself takes the first. */
	while (low > 1 && address_of(k, low - 2) == start)
		low--;
	char type;
	if (address - start > MAX_OFFSET || !bc_kallsyms_symbol(k, low - 1, name, &type, &found) ||
		!strchr("tTwW", type))
		return false;
	*offset = address - start;
	return true;
}
