/* Line 1 is a pattern, the rest is matched against it: bounded in time, and a match must contain the
 * literal that bc_pattern_literal() promised. */
#include <bootcheck/base/mem.h>
#include <bootcheck/sys/pattern.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *newline = size ? memchr(text, '\n', size) : NULL;
	if (!newline)
		return 0;
	BC_AUTO_FREE char *regex = bc_strndup(text, (size_t)(newline - text));
	size_t len = size - (size_t)(newline + 1 - text);
	struct bc_err err;
	__attribute__((cleanup(bc_pattern_ptr_cleanup))) struct bc_pattern *pattern =
		bc_pattern_new(regex, &err);
	if (!pattern) {
		if (err.code != BC_E_FORMAT && err.code != BC_E_LIMIT)
			abort();
		return 0;
	}
	struct bc_span spans[4];
	enum bc_match match = bc_pattern_find(pattern, newline + 1, len, 0, 0, spans, 4);
	(void)bc_pattern_find(pattern, newline + 1, len, 0, BC_PATTERN_PARTIAL, NULL, 0);
	if (match != BC_MATCH_YES)
		return 0;
	/* \K can move the start behind the end. */
	if (spans[0].end > len || spans[0].start > len)
		abort();
	BC_AUTO_FREE char *literal = bc_pattern_literal(regex);
	if (literal && !memmem(newline + 1, len, literal, strlen(literal)))
		abort();
	return 0;
}
