/* Lines and what is made of their pieces: prefixes, groups, titles. */
#include <ctype.h>
#include <signal.h>

#include <bootcheck/base/text.h>

#include "detect_impl.h"

/* "<6>" before a text without a stamp: its length or 0. */
static size_t skip_level(const char *data, size_t len)
{
	size_t at = 1;
	if (len < 3 || data[0] != '<')
		return 0;
	while (at < len && at < 4 && isdigit((unsigned char)data[at]))
		at++;
	return at > 1 && at < len && data[at] == '>' ? at + 1 : 0;
}

size_t bc_line_parse(const char *data, size_t len, struct line *line)
{
	struct bc_printk prefix = {0};
	if (len && (*data == '[' || *data == '<') &&
		bc_printk_parse(data, len, true, &prefix) == BC_PRINTK_YES) {
		line->has_stamp = prefix.has_stamp;
		line->stamp_us = prefix.us;
		memcpy(line->caller, prefix.caller, sizeof(line->caller));
	} else {
		prefix.len = skip_level(data, len);
		line->has_stamp = false;
	}
	line->text = data + prefix.len;
	line->len = len - prefix.len;
	return prefix.len;
}

bool bc_line_embedded(const char *data, size_t len, struct line *line)
{
	for (size_t at = 1; at + 15 < len; at++) {
		const char *p = memchr(data + at, '[', len - at);
		if (!p)
			return false;
		at = (size_t)(p - data);
		struct line inner = *line;
		inner.caller[0] = '\0';
		(void)bc_line_parse(p, len - at, &inner);
		if (!inner.has_stamp)
			continue;
		*line = inner;
		return true;
	}
	return false;
}

bool bc_lazy_find(struct lazy *lazy, const struct line *line, struct groups *groups)
{
	struct bc_err err;
	if (!lazy->pattern)
		lazy->pattern = bc_pattern_new(lazy->regex, &err);
	if (!lazy->pattern) {
		fprintf(stderr, "pattern %s: %s\n", lazy->regex, err.message);
		abort();
	}
	groups->text = line->text;
	return bc_pattern_find(lazy->pattern, line->text, line->len, 0, 0, groups->spans,
		       MAX_GROUPS) == BC_MATCH_YES;
}

void bc_lazy_release(struct lazy *lazy)
{
	bc_pattern_free(lazy->pattern);
	lazy->pattern = NULL;
}

static bool group(const struct groups *groups, unsigned n, const char **text, size_t *len)
{
	if (n >= MAX_GROUPS || groups->spans[n].start == SIZE_MAX)
		return false;
	*text = groups->text + groups->spans[n].start;
	*len = groups->spans[n].end - groups->spans[n].start;
	return true;
}

static void add_bounded(struct bc_buf *out, const char *text, size_t len)
{
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	if (len > 200) {
		/* Not in the middle of a UTF-8 sequence. */
		for (len = 200; len && ((unsigned char)text[len] & 0xC0) == 0x80; len--)
			;
	}
	bc_escape_text(out, text, len, false);
}

char *bc_group_copy(const struct groups *groups, unsigned n)
{
	const char *text;
	size_t len;
	if (!group(groups, n, &text, &len))
		return NULL;
	BC_AUTO(bc_buf) out = {0};
	add_bounded(&out, text, len);
	return bc_buf_take(&out);
}

long bc_group_number(const struct groups *groups, unsigned n, long fallback)
{
	const char *text;
	size_t len;
	char digits[24];
	if (!group(groups, n, &text, &len) || !len || len >= sizeof(digits))
		return fallback;
	memcpy(digits, text, len);
	digits[len] = '\0';
	char *end;
	long value = strtol(digits, &end, 0);
	return *end ? fallback : value;
}

static const char *signal_name(unsigned long sig)
{
	const char *name = sig < 65 ? sigabbrev_np((int)sig) : NULL;
	return name;
}

void bc_exit_decode(unsigned long code, struct bc_buf *out)
{
	unsigned long sig = code & 0x7f, status = code >> 8 & 0xff;
	if (!sig) {
		bc_buf_addf(out, "init exited with status %lu", status);
		if (status == 127)
			bc_buf_adds(out, ": command not found");
		else if (status == 126)
			bc_buf_adds(out, ": command not executable");
		return;
	}
	const char *name = signal_name(sig);
	bc_buf_adds(out, "init was killed by ");
	if (name)
		bc_buf_addf(out, "SIG%s", name);
	else
		bc_buf_addf(out, "signal %lu", sig);
	if (code & 0x80)
		bc_buf_adds(out, ", core dumped");
}

/* Copies text without what differs from boot to boot: addresses, and the numbers of processors and
 * processes, and offsets. */
static void add_stable(struct bc_buf *out, const char *text, size_t len)
{
	BC_AUTO(bc_buf) clean = {0};
	for (size_t i = 0; i < len;) {
		size_t n = 0;
		if (len - i > 3 && memcmp(text + i, "+0x", 3) == 0) {
			for (i += 3; i < len &&
				(isxdigit((unsigned char)text[i]) || text[i] == '/' ||
					text[i] == 'x');
				i++)
				;
			continue;
		}
		bool at_word = i == 0 || !isalnum((unsigned char)text[i - 1]);
		bool is_hex = at_word && len - i > 2 && text[i] == '0' && text[i + 1] == 'x';
		size_t from = i + (is_hex ? 2 : 0);
		for (n = from; at_word && n < len && isxdigit((unsigned char)text[n]); n++)
			;
		bool ends = n == len || !isalnum((unsigned char)text[n]);
		if (at_word && ends && n - from >= (is_hex ? 5 : 8)) {
			bc_buf_adds(&clean, "ADDR");
			i = n;
			continue;
		}
		bc_buf_addc(&clean, text[i]);
		bool is_number = i + 1 < len && isdigit((unsigned char)text[i + 1]) &&
			(text[i] == '#' || (i >= 4 && memcmp(text + i - 4, "PID: ", 5) == 0));
		i++;
		if (is_number) {
			bc_buf_addc(&clean, 'N');
			while (i < len && isdigit((unsigned char)text[i]))
				i++;
		}
	}
	add_bounded(out, clean.data ? clean.data : "", clean.len);
}

void bc_title_expand(
	const char *title, const struct groups *groups, const char *previous, struct bc_buf *out)
{
	const char *text;
	size_t len;
	for (const char *p = title; *p; p++) {
		if (*p != '$') {
			bc_buf_addc(out, *p);
			continue;
		}
		p++;
		char form = *p == 's' || *p == 'x' ? *p++ : 0;
		if (*p == 'p') {
			add_bounded(out, previous, strlen(previous));
		} else if (!isdigit((unsigned char)*p) ||
			!group(groups, (unsigned)(*p - '0'), &text, &len)) {
			if (!*p)
				break;
		} else if (form == 's') {
			add_stable(out, text, len);
		} else if (form == 'x') {
			bc_exit_decode(
				(unsigned long)bc_group_number(groups, (unsigned)(*p - '0'), 0),
				out);
		} else {
			add_bounded(out, text, len);
		}
	}
}

char *bc_function_name(const char *name, size_t len)
{
	static const char *const suffixes[] = {".isra", ".constprop", ".part", ".cold", ".llvm"};
	if (len > 100)
		len = 100;
	for (size_t i = 0; i < BC_LEN(suffixes); i++) {
		const char *p = memmem(name, len, suffixes[i], strlen(suffixes[i]));
		if (p && p > name)
			len = (size_t)(p - name);
	}
	return bc_strndup(name, len);
}

const char *bc_errno_means(long error)
{
	static const struct {
		long error;
		const char *means;
	} table[] = {
		{-2, "no such file: it, or the interpreter or loader that it names, is missing"},
		{-5, "I/O error"},
		{-6, "no such device"},
		{-8, "wrong format: built for another architecture, or a script without #!"},
		{-12, "out of memory"},
		{-13, "permission denied: not executable"},
		{-14, "bad address"},
		{-15, "a block device is required"},
		{-16, "busy"},
		{-19, "no driver, or the file system is not in this kernel"},
		{-20, "a part of its path is not a folder"},
		{-21, "is a folder"},
		{-22, "invalid: no file system that this kernel knows"},
		{-26, "is being written"},
		{-30, "read-only file system"},
		{-40, "too many symbolic links"},
		{-74, "bad message"},
		{-80, "a library that it needs is missing"},
		{-117, "the file system is damaged"},
	};
	for (size_t i = 0; i < BC_LEN(table); i++)
		if (table[i].error == error)
			return table[i].means;
	return NULL;
}
