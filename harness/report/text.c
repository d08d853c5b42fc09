#include <bootcheck/base/text.h>
#include <bootcheck/report/text.h>
#include <bootcheck/sys/fs.h>

enum bc_verdict bc_report_verdict(const struct bc_result *result)
{
	return result->is_done ? result->verdict : BC_ERROR;
}

const struct bc_attempt *bc_report_attempt(const struct bc_result *result)
{
	enum bc_verdict verdict = bc_report_verdict(result);
	for (size_t i = result->attempts.len; i--;)
		if (result->attempts.items[i].verdict == verdict)
			return &result->attempts.items[i];
	return bc_result_last(result);
}

const char *bc_report_title(const struct bc_attempt *attempt)
{
	static const char *const plain[] = {
		"passed", "failed", "known failure", "skipped", "error"};
	if (!attempt)
		return "no attempt was made";
	return attempt->title && *attempt->title ? attempt->title : plain[attempt->verdict];
}

const char *bc_report_type(const struct bc_attempt *attempt)
{
	if (!attempt)
		return bc_verdict_name(BC_ERROR);
	if (attempt->verdict == BC_FAIL && attempt->kind != BC_KIND_NONE)
		return bc_kind_name(attempt->kind);
	if (attempt->verdict == BC_ERROR && attempt->error_code && *attempt->error_code)
		return attempt->error_code;
	return bc_verdict_name(attempt->verdict);
}

const char *bc_report_phase(const struct bc_attempt *attempt)
{
	for (size_t i = attempt->phases.len; i--;)
		if (strcmp(attempt->phases.items[i].name, "off") != 0)
			return attempt->phases.items[i].name;
	return NULL;
}

char *bc_report_file(const struct bc_run *run, const struct bc_attempt *attempt, const char *name)
{
	if (!run->dir || !attempt->dir || !bc_path_is_inside(attempt->dir))
		return NULL;
	BC_AUTO_FREE char *dir = bc_path_join(run->dir, attempt->dir);
	BC_AUTO_FREE char *path = bc_path_join(dir, name);
	return bc_fs_exists(path) ? BC_TAKE(path) : NULL;
}

static char *absolute(const char *path)
{
	BC_AUTO_FREE char *full = bc_fs_absolute(path);
	return bc_path_normal(full);
}

char *bc_report_relative(const char *path, const char *base)
{
	BC_AUTO_FREE char *to = absolute(path);
	if (!base)
		return BC_TAKE(to);
	BC_AUTO_FREE char *from = absolute(base);
	if (strcmp(from, "/") == 0)
		return BC_TAKE(to);
	size_t common = 0; /* length of the components that both begin with */
	for (size_t i = 0;; i++) {
		bool to_ends = !to[i] || to[i] == '/', from_ends = !from[i] || from[i] == '/';
		if (to_ends && from_ends)
			common = i;
		if (to[i] != from[i] || !to[i])
			break;
	}
	BC_AUTO(bc_buf) out = {0};
	for (const char *p = from + common; *p; p++)
		if (*p == '/' && p[1])
			bc_buf_adds(&out, "../");
	const char *rest = to + common;
	bc_buf_adds(&out, *rest == '/' ? rest + 1 : rest);
	if (!out.len)
		bc_buf_addc(&out, '.');
	return bc_buf_take(&out);
}

struct range {
	uint32_t first, last;
};

/* Unicode 15, general categories Mn and Me of the common scripts and the zero-width format characters. */
static const struct range zero[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},
	{0x05bf, 0x05bf}, {0x05c1, 0x05c2}, {0x05c4, 0x05c5}, {0x0610, 0x061a}, {0x064b, 0x065f},
	{0x0670, 0x0670}, {0x06d6, 0x06dc}, {0x06df, 0x06e4}, {0x0900, 0x0902}, {0x093a, 0x093a},
	{0x093c, 0x093c}, {0x0941, 0x0948}, {0x094d, 0x094d}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a},
	{0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x2060, 0x2064},
	{0x20d0, 0x20f0}, {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
	{0xe0100, 0xe01ef}};
/* East Asian Width W and F. */
static const struct range wide[] = {{0x1100, 0x115f}, {0x231a, 0x231b}, {0x2329, 0x232a},
	{0x23e9, 0x23ec}, {0x23f0, 0x23f0}, {0x23f3, 0x23f3}, {0x25fd, 0x25fe}, {0x2614, 0x2615},
	{0x2648, 0x2653}, {0x267f, 0x267f}, {0x2693, 0x2693}, {0x26a1, 0x26a1}, {0x26aa, 0x26ab},
	{0x26bd, 0x26be}, {0x26c4, 0x26c5}, {0x26ce, 0x26ce}, {0x26d4, 0x26d4}, {0x26ea, 0x26ea},
	{0x26f2, 0x26f3}, {0x26f5, 0x26f5}, {0x26fa, 0x26fa}, {0x26fd, 0x26fd}, {0x2705, 0x2705},
	{0x270a, 0x270b}, {0x2728, 0x2728}, {0x274c, 0x274c}, {0x274e, 0x274e}, {0x2753, 0x2755},
	{0x2757, 0x2757}, {0x2795, 0x2797}, {0x27b0, 0x27b0}, {0x27bf, 0x27bf}, {0x2b1b, 0x2b1c},
	{0x2b50, 0x2b50}, {0x2b55, 0x2b55}, {0x2e80, 0x303e}, {0x3041, 0x33ff}, {0x3400, 0x4dbf},
	{0x4e00, 0xa4cf}, {0xa960, 0xa97f}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe10, 0xfe19},
	{0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x16fe0, 0x18cff},
	{0x1af00, 0x1b2ff}, {0x1f004, 0x1f004}, {0x1f0cf, 0x1f0cf}, {0x1f18e, 0x1f18e},
	{0x1f191, 0x1f19a}, {0x1f200, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
	{0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca}, {0x1f3cf, 0x1f3d3}, {0x1f3e0, 0x1f3f0},
	{0x1f3f4, 0x1f3f4}, {0x1f3f8, 0x1f43e}, {0x1f440, 0x1f440}, {0x1f442, 0x1f4fc},
	{0x1f4ff, 0x1f53d}, {0x1f54b, 0x1f54e}, {0x1f550, 0x1f567}, {0x1f57a, 0x1f57a},
	{0x1f595, 0x1f596}, {0x1f5a4, 0x1f5a4}, {0x1f5fb, 0x1f64f}, {0x1f680, 0x1f6c5},
	{0x1f6cc, 0x1f6cc}, {0x1f6d0, 0x1f6d2}, {0x1f6d5, 0x1f6d7}, {0x1f6dc, 0x1f6df},
	{0x1f6eb, 0x1f6ec}, {0x1f6f4, 0x1f6fc}, {0x1f7e0, 0x1f7eb}, {0x1f7f0, 0x1f7f0},
	{0x1f90c, 0x1f93a}, {0x1f93c, 0x1f945}, {0x1f947, 0x1f9ff}, {0x1fa70, 0x1faff},
	{0x20000, 0x3fffd}};

static bool is_in(uint32_t cp, const struct range *ranges, size_t count)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (cp > ranges[mid].last)
			low = mid + 1;
		else
			high = mid;
	}
	return low < count && cp >= ranges[low].first;
}

static size_t width(uint32_t cp)
{
	if (cp < 0x300)
		return 1;
	return is_in(cp, zero, BC_LEN(zero)) ? 0 : is_in(cp, wide, BC_LEN(wide)) ? 2 : 1;
}

size_t bc_columns(const char *text, size_t len)
{
	size_t columns = 0;
	for (size_t i = 0; i < len;) {
		uint32_t cp = '?';
		int n = bc_utf8_next(text + i, len - i, &cp);
		columns += width(cp);
		i += n ? (size_t)n : 1;
	}
	return columns;
}

size_t bc_columns_cut(struct bc_buf *out, const char *text, size_t columns, bool utf8)
{
	/* Each column takes at most 4 bytes, combining characters apart: no need to escape megabytes. */
	size_t len = strnlen(text, columns * 8 + 64);
	BC_AUTO(bc_buf) safe = {0};
	bc_escape_text(&safe, text, len, false);
	const char *dots = utf8 ? "\xe2\x80\xa6" : "~";
	size_t start = out->len, used = 0, cut_len = start, cut_used = 0;
	for (size_t i = 0; i < safe.len;) {
		uint32_t cp = '?';
		int n = bc_utf8_next(safe.data + i, safe.len - i, &cp);
		bool plain = cp == '\t' || (cp > 0x7f && !utf8);
		size_t w = plain ? 1 : width(cp);
		if (used + w > columns) {
			out->len = cut_len;
			bc_buf_adds(out, columns ? dots : "");
			return columns ? cut_used + 1 : 0;
		}
		if (plain)
			bc_buf_addc(out, cp == '\t' ? ' ' : '?');
		else
			bc_buf_add(out, safe.data + i, n ? (size_t)n : 1);
		used += w;
		if (used + 1 <= columns) {
			cut_len = out->len;
			cut_used = used;
		}
		i += n ? (size_t)n : 1;
	}
	return used;
}

/* The start of the line that holds at, or at itself when the line is long; never inside a character. */
static size_t line_start(const char *text, size_t at, size_t slack)
{
	size_t i = at;
	while (i && at - i < slack && text[i - 1] != '\n')
		i--;
	if (i && text[i - 1] != '\n')
		for (i = at; i && ((unsigned char)text[i] & 0xc0) == 0x80;)
			i--;
	return i;
}

void bc_report_excerpt(struct bc_buf *out, const char *text, size_t max)
{
	BC_AUTO(bc_buf) safe = {0};
	size_t len = strlen(text);
	/* Escaping makes four bytes of one at most, so far more than max need not be looked at. */
	if (len > 4 * max) {
		bc_escape_text(&safe, text, 2 * max, true);
		bc_buf_addc(&safe, '\n');
		bc_escape_text(&safe, text + len - 2 * max, 2 * max, true);
	} else {
		bc_escape_text(&safe, text, len, true);
	}
	if (safe.len <= max && len <= 4 * max) {
		bc_buf_add(out, safe.data ? safe.data : "", safe.len);
		return;
	}
	size_t half = max / 2 > 40 ? max / 2 - 40 : 0, slack = half / 2;
	size_t head = line_start(safe.data, half, slack), tail = safe.len - half;
	const char *newline = memchr(safe.data + tail, '\n', slack);
	if (newline)
		tail = (size_t)(newline - safe.data) + 1;
	while (tail < safe.len && ((unsigned char)safe.data[tail] & 0xc0) == 0x80)
		tail++;
	bc_buf_add(out, safe.data, head);
	if (head && safe.data[head - 1] != '\n')
		bc_buf_addc(out, '\n');
	bc_buf_addf(out, "[... %zu bytes left out ...]\n", len > 4 * max ? len - max : tail - head);
	bc_buf_add(out, safe.data + tail, safe.len - tail);
}

const char *bc_report_reader(const struct bc_exchange *exchange)
{
	const char *kind = exchange->kind ? exchange->kind : "";
	return strcmp(kind, "uboot") == 0				 ? "=> "
		: strcmp(kind, "run") == 0 || strcmp(kind, "power") == 0 ? "# "
									 : "";
}

void bc_report_dialog(struct bc_buf *out, const struct bc_attempt *attempt)
{
	for (size_t i = 0; i < attempt->dialog.len; i++) {
		const struct bc_exchange *e = &attempt->dialog.items[i];
		bc_buf_addf(out, "%s%s", bc_report_reader(e), e->typed ? e->typed : "");
		if (e->status > 0)
			bc_buf_addf(out, "  [status %d]", e->status);
		bc_buf_addf(out, "\n%s", e->output ? e->output : "");
	}
}
