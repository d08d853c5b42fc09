#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit size_units[] = {{"B", 1}, {"K", 1ull << 10}, {"M", 1ull << 20},
	{"G", 1ull << 30}, {"T", 1ull << 40}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20},
	{"GiB", 1ull << 30}, {"TiB", 1ull << 40}, {NULL, 0}};
static const struct unit duration_units[] = {
	{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {NULL, 0}};

/* digits [. digits] [space] unit; kept in integers so that 0.1s is 100 ms exactly. */
static bool parse_with_unit(const char *text, const struct unit *units, uint64_t *out)
{
	uint64_t whole = 0, fraction = 0, scale = 1;
	const char *p = text;
	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
			__builtin_add_overflow(whole, (uint64_t)(*p - '0'), &whole))
			return false;
	if (*p == '.') {
		p++;
		if (!isdigit((unsigned char)*p))
			return false;
		for (; isdigit((unsigned char)*p); p++) {
			if (scale >= 1000000)
				return false;
			fraction = fraction * 10 + (uint64_t)(*p - '0');
			scale *= 10;
		}
	}
	if (*p == ' ')
		p++;
	if (!*p && whole == 0 && fraction == 0) {
		*out = 0;
		return true;
	}
	for (const struct unit *u = units; u->name; u++) {
		if (strcmp(p, u->name) != 0)
			continue;
		uint64_t value, part;
		if (__builtin_mul_overflow(whole, u->factor, &value) ||
			__builtin_mul_overflow(fraction, u->factor, &part) ||
			__builtin_add_overflow(value, part / scale, &value) || value > INT64_MAX)
			return false;
		*out = value;
		return true;
	}
	return false;
}

bool bc_size_parse(const char *text, uint64_t *bytes)
{
	return parse_with_unit(text, size_units, bytes);
}

bool bc_duration_parse(const char *text, uint64_t *ms)
{
	return parse_with_unit(text, duration_units, ms);
}

bool bc_number_parse(const char *text, int64_t *value)
{
	if (!*text || isspace((unsigned char)*text))
		return false;
	char *end = NULL;
	errno = 0;
	long long n = strtoll(text, &end, 0);
	if (errno || *end)
		return false;
	*value = n;
	return true;
}

void bc_duration_format(uint64_t ms, char *out, size_t size)
{
	if (ms < 1000)
		snprintf(out, size, "%u ms", (unsigned)ms);
	else if (ms < 60000)
		snprintf(out, size, "%u.%u s", (unsigned)(ms / 1000), (unsigned)(ms % 1000 / 100));
	else
		snprintf(out, size, "%llu min %02u s", (unsigned long long)(ms / 60000),
			(unsigned)(ms % 60000 / 1000));
}

void bc_size_format(uint64_t bytes, char *out, size_t size)
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t i = 0;
	double value = (double)bytes;
	while (value >= 1024 && i + 1 < BC_LEN(names)) {
		value /= 1024;
		i++;
	}
	bool whole = value - (double)(uint64_t)value < 0.05;
	snprintf(out, size, "%.*f %s", whole ? 0 : 1, value, names[i]);
}

#define MAX_WORD 64

/* Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours. */
static size_t distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	size_t rows[3][MAX_WORD + 1];
	if (la > MAX_WORD || lb > MAX_WORD)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			int ca = tolower((unsigned char)a[i - 1]),
			    cb = tolower((unsigned char)b[j - 1]);
			size_t best = last[j - 1] + (ca != cb);
			if (last[j] + 1 < best)
				best = last[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
				cb == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[la % 3][lb];
}

const char *bc_suggest(const char *word, const char *const *candidates)
{
	const char *found = NULL;
	size_t best = strlen(word) / 3 + 2;
	for (; *candidates; candidates++) {
		size_t d = distance(word, *candidates);
		if (d < best) {
			best = d;
			found = *candidates;
		}
	}
	return found;
}

bool bc_has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool bc_has_suffix(const char *text, const char *suffix)
{
	size_t n = strlen(text), m = strlen(suffix);
	return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

void bc_hex(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = data;
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * len] = '\0';
}
