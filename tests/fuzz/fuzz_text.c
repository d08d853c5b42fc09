/* Units, UTF-8, escapes and file names over any bytes. */
#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BC_AUTO_FREE char *text = bc_strndup((const char *)data, size);
	BC_AUTO(bc_buf) out = {0}, again = {0};
	uint64_t value;
	int64_t number;
	uint32_t codepoint;
	if (bc_size_parse(text, &value))
		require(value <= INT64_MAX);
	if (bc_duration_parse(text, &value))
		require(value <= INT64_MAX);
	(void)!bc_number_parse(text, &number);
	int n = bc_utf8_next((const char *)data, size, &codepoint);
	require(n >= 0 && n <= 4 && (size_t)n <= size);

	bc_escape_text(&out, (const char *)data, size, false);
	for (size_t i = 0; i < out.len; i++)
		require((unsigned char)out.data[i] >= 0x20 || out.data[i] == '\t');
	/* What was made safe is safe: a second pass changes nothing. */
	bc_escape_text(&again, out.data ? out.data : "", out.len, false);
	require(again.len == out.len && (!out.len || memcmp(again.data, out.data, out.len) == 0));

	BC_AUTO_FREE char *name = bc_file_name(text);
	require(*name && *name != '.' && *name != '-' && !strchr(name, '/') && strlen(name) <= 120);
	BC_AUTO_FREE char *normal = bc_path_normal(text);
	BC_AUTO_FREE char *twice = bc_path_normal(normal);
	require(strcmp(normal, twice) == 0);
	BC_AUTO(bc_buf) quoted = {0};
	bc_escape_shell(&quoted, text);
	const char *candidates[] = {"machine", "console", "", NULL};
	(void)bc_suggest(text, candidates);
	return 0;
}
