/* The first error in what make and the compilers said. */
#include <ctype.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/node.h>

#define LINE_MAX 400 /* bytes of a line that are quoted */

/* "file:12:3: error: …", "file:12: error: …", with "fatal error" too; and Kconfig's "file:12: syntax error". */
static bool is_compiler_error(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	if (!colon || colon == line || colon + 1 == line + len || !isdigit((unsigned char)colon[1]))
		return false;
	const char *end = line + len, *p = colon;
	while (p < end && (*p == ':' || isdigit((unsigned char)*p)))
		p++;
	size_t left = (size_t)(end - p);
	return memmem(p, left, "error: ", 7) || memmem(p, left, "syntax error", 12) ||
		memmem(p, left, "Error: ", 7);
}

static bool is_linker_error(const char *line, size_t len)
{
	return memmem(line, len, "undefined reference to", 22) ||
		memmem(line, len, "multiple definition of", 22) ||
		(memmem(line, len, "ld: ", 4) && !memmem(line, len, "warning", 7)) ||
		(memmem(line, len, "ERROR: modpost:", 15) != NULL);
}

/* mkimage and its like say first what they tried last: this sums it up. */
static bool is_summary(const char *line, size_t len)
{
	return len > 10 && memcmp(line, "Failed to ", 10) == 0;
}

static bool is_shell_error(const char *line, size_t len)
{
	return memmem(line, len, ": not found", 11) || memmem(line, len, "No such file", 12) ||
		memmem(line, len, "No space left on device", 23) ||
		memmem(line, len, "internal compiler error", 23) || memmem(line, len, "Killed", 6);
}

/* kbuild's own words, between lines of three stars. */
static bool is_kbuild_error(const char *line, size_t len)
{
	return len > 4 && memcmp(line, "*** ", 4) == 0;
}

static bool is_make_error(const char *line, size_t len)
{
	return len > 4 && memcmp(line, "make", 4) == 0 && memmem(line, len, "***", 3) != NULL;
}

static bool is_any_error(const char *line, size_t len)
{
	return memmem(line, len, "rror: ", 6) != NULL || memmem(line, len, "ERROR", 5) != NULL;
}

bool bc_last_line(const char *log, size_t len, struct bc_buf *out)
{
	while (len) {
		while (len && isspace((unsigned char)log[len - 1]))
			len--;
		size_t start = len;
		while (start && log[start - 1] != '\n')
			start--;
		/* What begins with a dollar is the command itself. */
		if (len > start && log[start] != '$') {
			size_t n = len - start;
			bc_escape_text(out, log + start, n < LINE_MAX ? n : LINE_MAX, false);
			return true;
		}
		len = start;
	}
	return false;
}

bool bc_first_error(const char *log, size_t len, struct bc_buf *out)
{
	static bool (*const kinds[])(const char *, size_t) = {is_compiler_error, is_linker_error,
		is_summary, is_shell_error, is_any_error, is_kbuild_error, is_make_error};
	/* A compiler's error says more than make's, wherever it stands. */
	for (size_t k = 0; k < BC_LEN(kinds); k++) {
		for (size_t at = 0; at < len;) {
			const char *line = log + at;
			const char *newline = memchr(line, '\n', len - at);
			size_t n = newline ? (size_t)(newline - line) : len - at;
			if (line[0] != '$' && kinds[k](line, n)) {
				bc_escape_text(out, line, n < LINE_MAX ? n : LINE_MAX, false);
				return true;
			}
			at += n + 1;
		}
	}
	return false;
}
