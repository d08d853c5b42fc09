#include <bootcheck/run/printk.h>

#define MAX_DIGITS 12 /* of seconds */

struct cursor {
	const char *p, *end;
};

/* isdigit() asks the locale; this runs for each byte of each stamp. */
static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static void skip_spaces(struct cursor *at)
{
	while (at->p < at->end && *at->p == ' ')
		at->p++;
}

/* One byte. */
static enum bc_printk_match take(struct cursor *at, char c)
{
	if (at->p == at->end)
		return BC_PRINTK_MORE;
	if (*at->p != c)
		return BC_PRINTK_NO;
	at->p++;
	return BC_PRINTK_YES;
}

/* Digits, at least one and at most `most`. */
static enum bc_printk_match take_digits(struct cursor *at, int most, uint64_t *value)
{
	const char *first = at->p;
	for (*value = 0; at->p < at->end && is_digit(*at->p) && at->p - first < most; at->p++)
		*value = *value * 10 + (uint64_t)(*at->p - '0');
	if (at->p > first)
		return BC_PRINTK_YES;
	return at->p == at->end ? BC_PRINTK_MORE : BC_PRINTK_NO;
}

static enum bc_printk_match take_text(struct cursor *at, const char *text)
{
	enum bc_printk_match m = BC_PRINTK_YES;
	for (; *text && m == BC_PRINTK_YES; text++)
		m = take(at, *text);
	return m;
}

/* "<6>" */
static enum bc_printk_match take_level(struct cursor *at)
{
	uint64_t level;
	enum bc_printk_match m = take(at, '<');
	if (m == BC_PRINTK_YES)
		m = take_digits(at, 3, &level);
	return m == BC_PRINTK_YES ? take(at, '>') : m;
}

/* "   12.345678]", behind its '['. */
static enum bc_printk_match take_stamp(struct cursor *at, uint64_t *us)
{
	uint64_t seconds, micros = 0;
	skip_spaces(at);
	enum bc_printk_match m = take_digits(at, MAX_DIGITS, &seconds);
	if (m == BC_PRINTK_YES)
		m = take(at, '.');
	for (int i = 0; i < 6 && m == BC_PRINTK_YES; i++) {
		uint64_t digit;
		m = take_digits(at, 1, &digit);
		micros = micros * 10 + digit;
	}
	*us = seconds * 1000000u + micros;
	return m == BC_PRINTK_YES ? take(at, ']') : m;
}

/* "    T1]", behind its '['. */
static enum bc_printk_match take_caller(struct cursor *at, bool is_strict, char caller[12])
{
	const char *first = at->p;
	skip_spaces(at);
	if (at->p == at->end)
		return BC_PRINTK_MORE;
	if (*at->p != 'T' && *at->p != 'C')
		return BC_PRINTK_NO;
	const char *name = at->p++;
	uint64_t number;
	enum bc_printk_match m = take_digits(at, 9, &number);
	if (m != BC_PRINTK_YES)
		return m;
	size_t len = (size_t)(at->p - name), width = (size_t)(at->p - first);
	/* "[%6s]" */
	if (is_strict && at->p < at->end && (width < 6 || (width > 6 && name > first)))
		return BC_PRINTK_NO;
	m = take(at, ']');
	if (m != BC_PRINTK_YES)
		return m;
	memcpy(caller, name, len);
	caller[len] = '\0';
	return m;
}

/* The space behind the prefix; a record without text may lack it. */
static enum bc_printk_match take_gap(struct cursor *at)
{
	if (at->p == at->end)
		return BC_PRINTK_MORE;
	if (*at->p == '\r' || *at->p == '\n')
		return BC_PRINTK_YES;
	return take(at, ' ');
}

static enum bc_printk_match parse(struct cursor *at, struct bc_printk *r)
{
	enum bc_printk_match m = BC_PRINTK_YES;
	if (at->p < at->end && *at->p == '<') {
		m = take_level(at);
		r->has_level = true;
	}
	if (m == BC_PRINTK_YES)
		m = take(at, '[');
	if (m != BC_PRINTK_YES)
		return m;
	const char *inside = at->p;
	m = take_stamp(at, &r->us);
	if (m == BC_PRINTK_NO) {
		at->p = inside;
		m = take_caller(at, true, r->caller);
		return m == BC_PRINTK_YES ? take_gap(at) : m;
	}
	if (m != BC_PRINTK_YES)
		return m;
	r->has_stamp = true;
	if (at->p < at->end && *at->p == '[') {
		at->p++;
		m = take_caller(at, false, r->caller);
	}
	return m == BC_PRINTK_YES ? take_gap(at) : m;
}

/* The usual form, `[%5lu.%06lu] `, looked at as a whole: nearly every line of a boot comes here. */
static bool parse_usual(const char *data, size_t len, struct bc_printk *r)
{
	if (len < 16 || data[0] != '[' || data[6] != '.' || data[13] != ']' || data[14] != ' ')
		return false;
	uint64_t us = 0;
	int i = 1;
	while (i < 5 && data[i] == ' ')
		i++;
	for (; i < 13; i++) {
		if (i == 6)
			continue;
		if (!is_digit(data[i]))
			return false;
		us = us * 10 + (uint64_t)(data[i] - '0');
	}
	*r = (struct bc_printk){.len = 15, .us = us, .has_stamp = true};
	return true;
}

enum bc_printk_match bc_printk_parse(
	const char *data, size_t len, bool is_whole, struct bc_printk *out)
{
	struct cursor at = {data, data + len};
	struct bc_printk r = {0};
	if (parse_usual(data, len, out))
		return BC_PRINTK_YES;
	/* "[mem 0x…" and the like. */
	if (len > 1 && data[0] == '[' && data[1] != ' ' && data[1] != 'T' && data[1] != 'C' &&
		!is_digit(data[1]))
		return BC_PRINTK_NO;
	enum bc_printk_match m = parse(&at, &r);
	/* Only the gap may be missing at the end of a line. */
	if (m == BC_PRINTK_MORE && is_whole)
		m = at.p == at.end && len && data[len - 1] == ']' && (r.has_stamp || *r.caller)
			? BC_PRINTK_YES
			: BC_PRINTK_NO;
	r.len = (size_t)(at.p - data);
	if (m == BC_PRINTK_YES)
		*out = r;
	return m;
}

enum bc_printk_match bc_printk_notice(
	const char *data, size_t len, size_t *before, struct bc_printk *next)
{
	struct cursor at = {data, data + len};
	uint64_t count;
	enum bc_printk_match m = take_text(&at, "** ");
	if (m != BC_PRINTK_YES)
		return m;
	if (at.p < at.end && *at.p == 'r') {
		m = take_text(&at, "replaying previous printk message **");
	} else {
		m = take_digits(&at, 20, &count);
		if (m == BC_PRINTK_YES)
			m = take_text(&at, " printk messages dropped **");
	}
	if (m != BC_PRINTK_YES)
		return m;
	if (at.p == at.end)
		return BC_PRINTK_MORE;
	*before = 0;
	if (*at.p == '\r' || *at.p == '\n')
		return BC_PRINTK_YES;
	if (*at.p++ != ' ')
		return BC_PRINTK_NO;
	*before = (size_t)(at.p - data);
	return bc_printk_parse(at.p, (size_t)(at.end - at.p), false, next);
}

size_t bc_printk_prefix(const char *data, size_t len, uint64_t *us)
{
	struct bc_printk prefix;
	/* Most lines are none. */
	if (!len || (*data != '[' && *data != '<') ||
		bc_printk_parse(data, len, true, &prefix) != BC_PRINTK_YES || !prefix.has_stamp)
		return 0;
	if (us)
		*us = prefix.us;
	return prefix.len;
}
