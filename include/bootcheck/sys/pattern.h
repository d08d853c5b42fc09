/* Regular expressions: PCRE2 with JIT and with limits, over bytes. */
#ifndef BOOTCHECK_SYS_PATTERN_H
#define BOOTCHECK_SYS_PATTERN_H

#include <bootcheck/base/err.h>

struct bc_pattern;

enum bc_match {
	BC_MATCH_NO,
	BC_MATCH_YES,
	BC_MATCH_PARTIAL, /* only with BC_PATTERN_PARTIAL: more bytes could make it match */
	BC_MATCH_LIMIT,	  /* the pattern ran into its limit: an error of the case, not "no match" */
};

enum { BC_PATTERN_PARTIAL = 1 };

struct bc_span {
	size_t start, end; /* bytes; SIZE_MAX, SIZE_MAX for a group that took no part */
};

/* Compiles (MULTILINE off, UTF off: bytes, newline = any of CR, LF, CRLF). On failure err has the
 * message and err->col the 1-based position in the pattern. The caller frees. */
struct bc_pattern *bc_pattern_new(const char *regex, struct bc_err *err) BC_MUST_CHECK;
/* Frees; NULL is fine. */
void bc_pattern_free(struct bc_pattern *pattern);
static inline void bc_pattern_ptr_cleanup(struct bc_pattern **pattern)
{
	bc_pattern_free(*pattern);
}
/* Searches data from start. spans (may be NULL) receives up to count groups, 0 is the whole match. */
enum bc_match bc_pattern_find(struct bc_pattern *pattern, const char *data, size_t len,
	size_t start, unsigned flags, struct bc_span *spans, size_t count);
/* The source text. Borrowed. */
const char *bc_pattern_text(const struct bc_pattern *pattern);
/* A literal that every match must contain (longest one found, at least 3 bytes), or NULL when there
 * is none that is certain. The caller frees. Used by prefilters. */
char *bc_pattern_literal(const char *regex) BC_MUST_CHECK;

#endif
