#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/run/excerpt.h>
#include <bootcheck/run/printk.h>

#define MAX_LINE 512

void bc_excerpt_add(struct bc_excerpt *e, uint64_t number, const char *data, size_t len)
{
	size_t at = number % BC_EXCERPT_LINES, n = len > MAX_LINE ? MAX_LINE : len;
	/* The line may hold NUL-free bytes of any kind; it is made printable when it is printed. */
	free(e->lines[at].text);
	e->lines[at].text = bc_strndup(data, n);
	e->lines[at].number = number;
	e->newest = number;
}

static const char *line_at(const struct bc_excerpt *e, uint64_t number)
{
	size_t at = number % BC_EXCERPT_LINES;
	return e->lines[at].text && e->lines[at].number == number ? e->lines[at].text : NULL;
}

/* Who printed a line of the kernel, "" where it does not say. */
static void caller_of(const char *text, char caller[12])
{
	struct bc_printk prefix = {0};
	*caller = '\0';
	if (text && bc_printk_parse(text, strlen(text), true, &prefix) == BC_PRINTK_YES)
		memcpy(caller, prefix.caller, 12);
}

static bool is_of_another(const char *text, const char *caller)
{
	char its[12];
	if (!*caller)
		return false;
	caller_of(text, its);
	return *its && strcmp(its, caller) != 0;
}

/* Where the decisive line's report begins: its caller's "cut here", with at most a message between. */
static uint64_t report_start(
	const struct bc_excerpt *e, uint64_t first, uint64_t decisive, const char *caller)
{
	unsigned own = 0;
	for (uint64_t n = decisive; *caller && n > first && own < 3;) {
		const char *text = line_at(e, --n);
		if (!text || is_of_another(text, caller))
			continue;
		if (strstr(text, "cut here"))
			return n;
		own++;
	}
	return decisive;
}

void bc_excerpt_print(const struct bc_excerpt *e, uint64_t first, uint64_t decisive, uint64_t last,
	size_t most, struct bc_buf *out)
{
	const char *lines[BC_EXCERPT_LINES];
	size_t count = 0;
	char caller[12];
	caller_of(line_at(e, decisive), caller);
	if (e->newest && last > e->newest)
		last = e->newest;
	if (last >= BC_EXCERPT_LINES && first < last - BC_EXCERPT_LINES + 1)
		first = last - BC_EXCERPT_LINES + 1;
	uint64_t start = report_start(e, first, decisive, caller);
	for (uint64_t n = first ? first : 1; n <= last; n++) {
		const char *text = line_at(e, n);
		if (text && (n <= start || !is_of_another(text, caller)))
			lines[count++] = text;
	}
	for (size_t i = 0; i < count; i++) {
		if (count > most && i == most / 2) {
			bc_buf_addf(out, "[... %zu lines]\n", count - most);
			i += count - most;
		}
		bc_escape_text(out, lines[i], strlen(lines[i]), false);
		bc_buf_addc(out, '\n');
	}
}

const char *bc_excerpt_line(const struct bc_excerpt *e, uint64_t number)
{
	const char *text = line_at(e, number);
	return text ? text : "";
}

bool bc_excerpt_has(const struct bc_excerpt *e, const char *text, size_t len)
{
	for (size_t i = 0; i < BC_EXCERPT_LINES; i++) {
		const char *line = e->lines[i].text;
		size_t n = line ? strlen(line) : 0;
		if (line && n >= len && memcmp(line + n - len, text, len) == 0)
			return true;
	}
	return false;
}

void bc_excerpt_release(struct bc_excerpt *e)
{
	for (size_t i = 0; i < BC_EXCERPT_LINES; i++)
		free(e->lines[i].text);
	*e = (struct bc_excerpt){0};
}
