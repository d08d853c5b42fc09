#include <bootcheck/guest/sysmap.h>

/* No kernel has less. */
#define FEWEST	     100
#define MOST	     ((size_t)1 << 22)
#define MAX_DISTANCE ((uint64_t)1 << 20)

static int by_address(const void *a, const void *b)
{
	const struct bc_sysmap_symbol *x = a, *y = b;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

/* `c0300000 T _stext`, ended by NUL. */
static bool read_line(char *line, struct bc_sysmap_symbol *symbol)
{
	char *end = NULL;
	uint64_t address = strtoull(line, &end, 16);
	if (*line == ' ' || *line == '-' || *line == '+' || end == line || end - line > 16 ||
		end[0] != ' ' || !end[1] || end[2] != ' ')
		return false;
	*symbol = (struct bc_sysmap_symbol){address, end + 3, end[1]};
	size_t len = strcspn(symbol->name, " \t\r");
	end[3 + len] = '\0';
	return len > 0 && len < BC_SYMBOL_MAX;
}

bool bc_sysmap_parse(struct bc_sysmap *map, const char *data, size_t len, struct bc_err *err)
{
	struct bc_sysmap m = {.text = bc_strndup(data, len)};
	struct bc_sysmap_symbol symbol;
	for (char *line = m.text, *next; line && m.symbols.len < MOST; line = next) {
		char *end = memchr(line, '\n', len - (size_t)(line - m.text));
		next = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		if (read_line(line, &symbol))
			bc_vec_push(&m.symbols, symbol);
	}
	if (m.symbols.len < FEWEST) {
		bc_sysmap_release(&m);
		return bc_fail(err, BC_E_FORMAT, 0, "this is no System.map of a kernel");
	}
	qsort(m.symbols.items, m.symbols.len, sizeof(*m.symbols.items), by_address);
	*map = m;
	return true;
}

void bc_sysmap_release(struct bc_sysmap *map)
{
	free(map->symbols.items);
	free(map->text);
	*map = (struct bc_sysmap){0};
}

bool bc_sysmap_name(const struct bc_sysmap *map, uint64_t shift, uint64_t address,
	char name[BC_SYMBOL_MAX], uint64_t *offset)
{
	size_t low = 0, high = map->symbols.len;
	address -= shift;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (map->symbols.items[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	/* Functions only: data may be named in between. */
	while (low && !strchr("tTwW", map->symbols.items[low - 1].type))
		low--;
	if (!low)
		return false;
	const struct bc_sysmap_symbol *s = &map->symbols.items[low - 1];
	while (s > map->symbols.items && s[-1].address == s->address && strchr("tTwW", s[-1].type))
		s--;
	if (address - s->address > MAX_DISTANCE)
		return false;
	snprintf(name, BC_SYMBOL_MAX, "%s", s->name);
	*offset = address - s->address;
	return true;
}

bool bc_sysmap_address(const struct bc_sysmap *map, const char *name, uint64_t *address)
{
	bc_vec_each (s, &map->symbols) {
		if (strcmp(s->name, name) == 0) {
			*address = s->address;
			return true;
		}
	}
	return false;
}
