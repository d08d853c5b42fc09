#include <bootcheck/base/text.h>
#include <bootcheck/plan/yaml_text.h>

/* `{tree: ${rootfs}}` is not YAML: a plain text in a flow map ends at a brace. The braces of every
 * ${name} are therefore given to the scanner as two characters of the private use area (which a file may
 * not hold), and put back in what it returns. Each is 3 bytes long, so places move by 2 per brace. */
#define OPEN	 "\xee\x80\x80" /* U+E000 */
#define CLOSE	 "\xee\x80\x81" /* U+E001 */
#define STAND_IN 3

static bool is_ref_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c && strchr("._-:/+@=,*?", c));
}

/* Length of "${name}" at p, 0 when there is none. */
static size_t ref_length(const char *p, size_t len)
{
	if (len < 4 || p[0] != '$' || p[1] != '{')
		return 0;
	size_t n = 2;
	while (n < len && is_ref_byte(p[n]))
		n++;
	return n > 2 && n < len && p[n] == '}' ? n + 1 : 0;
}

void bc_yaml_encode(struct bc_yaml_text *text, const struct bc_buf *file)
{
	const char *data = file->data;
	size_t len = file->len;
	struct bc_buf *out = &text->encoded;
	out->max = len * 3 + 1;
	for (size_t i = 0; i < len;) {
		size_t n = ref_length(data + i, len - i);
		if (!n) {
			const char *next = memchr(data + i + 1, '$', len - i - 1);
			n = next ? (size_t)(next - data) - i : len - i;
			bc_buf_add(out, data + i, n);
			i += n;
			continue;
		}
		bc_buf_addc(out, '$');
		bc_vec_push(&text->moved, out->len);
		bc_buf_adds(out, OPEN);
		bc_buf_add(out, data + i + 2, n - 3);
		bc_vec_push(&text->moved, out->len);
		bc_buf_adds(out, CLOSE);
		i += n;
	}
}

char *bc_yaml_decode(const char *text, size_t len)
{
	BC_AUTO(bc_buf) out = {.max = len + 1};
	for (size_t i = 0; i < len;) {
		if (len - i >= STAND_IN && memcmp(text + i, OPEN, STAND_IN) == 0) {
			bc_buf_addc(&out, '{');
			i += STAND_IN;
		} else if (len - i >= STAND_IN && memcmp(text + i, CLOSE, STAND_IN) == 0) {
			bc_buf_addc(&out, '}');
			i += STAND_IN;
		} else {
			const char *next = memchr(text + i + 1, OPEN[0], len - i - 1);
			size_t n = next ? (size_t)(next - text) - i : len - i;
			bc_buf_add(&out, text + i, n);
			i += n;
		}
	}
	return bc_buf_take(&out);
}

size_t bc_yaml_original(const struct bc_yaml_text *text, size_t at)
{
	size_t low = 0, high = text->moved.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (text->moved.items[middle] < at)
			low = middle + 1;
		else
			high = middle;
	}
	size_t back = low * (STAND_IN - 1);
	return back < at ? at - back : 0;
}

void bc_yaml_text_release(struct bc_yaml_text *text)
{
	bc_buf_release(&text->encoded);
	free(text->moved.items);
}

static bool check_lines(struct bc_lint *lint, const struct bc_plan_file *file)
{
	if (file->text.overflow || file->text.len > BC_FILE_MAX_BYTES) {
		bc_lint_error(lint, "too-big", (struct bc_loc){.file = file->path},
			"the file is larger than 1 MiB");
		return false;
	}
	if (file->lines.len > BC_FILE_MAX_LINES) {
		bc_lint_error(lint, "too-big",
			(struct bc_loc){.file = file->path, .line = BC_FILE_MAX_LINES + 1},
			"the file has more than %d lines", BC_FILE_MAX_LINES);
		return false;
	}
	return true;
}

/* UTF-8 without control characters and without the two stand-ins. */
static bool check_bytes(struct bc_lint *lint, const struct bc_plan_file *file)
{
	const char *data = file->text.data;
	for (size_t i = 0; i < file->text.len;) {
		uint32_t c = 0;
		if ((data[i] >= ' ' && data[i] < 0x7f) || data[i] == '\n') {
			i++;
			continue;
		}
		int n = bc_utf8_next(data + i, file->text.len - i, &c);
		if (!n) {
			bc_lint_hint(bc_lint_error(lint, "not-utf8", bc_file_loc(file, i, i + 1),
					     "byte 0x%02x is not UTF-8",
					     (unsigned)(unsigned char)data[i]),
				"save the file as UTF-8; a byte in a pattern is written \\x%02x",
				(unsigned)(unsigned char)data[i]);
			return false;
		}
		bool is_control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
		if (is_control || c == 0xe000 || c == 0xe001) {
			struct bc_finding *f =
				bc_lint_error(lint, "bad-character", bc_file_loc(file, i, i + 1),
					"the character U+%04X may not stand in a case file", c);
			if (is_control)
				bc_lint_hint(f, "in double quotes it is written \"\\u%04x\"", c);
			return false;
		}
		i += (size_t)n;
	}
	return true;
}

bool bc_yaml_text_check(struct bc_lint *lint, const struct bc_plan_file *file)
{
	return check_lines(lint, file) && check_bytes(lint, file);
}
