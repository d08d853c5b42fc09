/* Text made safe for a terminal, a shell line or a file name. */
#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>

int bc_utf8_next(const char *data, size_t len, uint32_t *codepoint)
{
	const unsigned char *p = (const unsigned char *)data;
	uint32_t cp;
	int n;
	if (!len)
		return 0;
	if (p[0] < 0x80) {
		cp = p[0];
		n = 1;
	} else if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		cp = p[0] & 0x1f;
		n = 2;
	} else if ((p[0] & 0xf0) == 0xe0) {
		cp = p[0] & 0x0f;
		n = 3;
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		cp = p[0] & 0x07;
		n = 4;
	} else {
		return 0;
	}
	if ((size_t)n > len)
		return 0;
	for (int i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && cp < 0x800) || (n == 4 && cp < 0x10000) || (cp >= 0xd800 && cp <= 0xdfff) ||
		cp > 0x10ffff)
		return 0;
	if (codepoint)
		*codepoint = cp;
	return n;
}

/* Controls, and the bidirectional overrides and separators that can reorder or break a line. */
static bool is_unsafe(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029 ||
		(cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xfeff ||
		cp == 0xfffe || cp == 0xffff;
}

void bc_escape_text(struct bc_buf *out, const char *data, size_t len, bool keep_newline)
{
	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		int n = bc_utf8_next(data + i, len - i, &cp);
		if (n && (!is_unsafe(cp) || cp == '\t' || (cp == '\n' && keep_newline))) {
			bc_buf_add(out, data + i, (size_t)n);
			i += (size_t)n;
			continue;
		}
		size_t bytes = n ? (size_t)n : 1;
		for (size_t k = 0; k < bytes; k++)
			bc_buf_addf(out, "\\x%02x", (unsigned char)data[i + k]);
		i += bytes;
	}
}

void bc_escape_shell(struct bc_buf *out, const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_@%+=:,./-";
	if (*text && strspn(text, plain) == strlen(text)) {
		bc_buf_adds(out, text);
		return;
	}
	bc_buf_addc(out, '\'');
	for (const char *p = text; *p; p++) {
		if (*p == '\'')
			bc_buf_adds(out, "'\\''");
		else
			bc_buf_addc(out, *p);
	}
	bc_buf_addc(out, '\'');
}

void bc_escape_argv(struct bc_buf *out, char *const *argv)
{
	for (size_t i = 0; argv[i]; i++) {
		if (i)
			bc_buf_addc(out, ' ');
		bc_escape_shell(out, argv[i]);
	}
}

char *bc_file_name(const char *text)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._=,+-";
	char *name = bc_strdup(*text ? text : "_");
	uint32_t hash = 2166136261u; /* FNV-1a keeps long or altered names apart */
	bool altered = false;
	for (char *p = name; *p; p++) {
		hash = (hash ^ (unsigned char)*p) * 16777619u;
		if (!strchr(plain, *p)) {
			altered |= *p != '[' && *p != ']'; /* of a cell: no name holds them */
			*p = '-';
		}
	}
	size_t len = strlen(name);
	while (len > 1 && name[len - 1] == '-')
		name[--len] = '\0';
	if (*name == '.' || *name == '-')
		*name = '_';
	if (len <= 120 && !altered)
		return name;
	char *cut = bc_asprintf("%.110s-%08x", name, hash);
	free(name);
	return cut;
}
