#include <ctype.h>
#include <dirent.h>
#include <fnmatch.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/kconfig_scan.h>
#include <bootcheck/sys/fs.h>

#define FILES_MAX  20000
#define FILE_MAX   ((size_t)1 << 20)
#define DEPTH_MAX  24
#define OTHERS_MAX 60000

void bc_kconfig_symbol_release(struct bc_kconfig_symbol *symbol)
{
	free(symbol->text);
	*symbol = (struct bc_kconfig_symbol){0};
}

/* A line: where it starts without leading space, its length, and how far it is indented. */
struct line {
	const char *text;
	size_t len;
	unsigned number;
};

static bool next_line(const char *text, size_t len, size_t *at, struct line *line)
{
	if (*at >= len)
		return false;
	const char *start = text + *at;
	const char *newline = memchr(start, '\n', len - *at);
	size_t n = newline ? (size_t)(newline - start) : len - *at;
	*at += n + 1;
	line->number++;
	while (n && isspace((unsigned char)*start)) {
		start++;
		n--;
	}
	while (n && isspace((unsigned char)start[n - 1]))
		n--;
	line->text = start;
	line->len = n;
	return true;
}

static bool starts(const struct line *line, const char *word)
{
	size_t n = strlen(word);
	return line->len > n && memcmp(line->text, word, n) == 0 &&
		isspace((unsigned char)line->text[n]);
}

/* The name in "config NAME" or "menuconfig NAME". */
static size_t config_name(const struct line *line, const char **name)
{
	size_t skip = starts(line, "config") ? 6 : (starts(line, "menuconfig") ? 10 : 0);
	if (!skip)
		return 0;
	while (skip < line->len && isspace((unsigned char)line->text[skip]))
		skip++;
	*name = line->text + skip;
	return line->len - skip <= BC_KCONFIG_NAME_MAX ? line->len - skip : 0;
}

/* Names of a dependency that are off: what stands behind "!" is wanted off and not told. */
static void list_off(const char *text, size_t len, const struct bc_kconfig *got, struct bc_buf *out)
{
	for (size_t i = 0; i < len;) {
		size_t n = 0;
		while (i + n < len && (isalnum((unsigned char)text[i + n]) || text[i + n] == '_'))
			n++;
		if (!n) {
			i++;
			continue;
		}
		bool is_negated = i > 0 && text[i - 1] == '!';
		bool is_symbol = isupper((unsigned char)text[i]) || isdigit((unsigned char)text[i]);
		BC_AUTO_FREE char *name = bc_strndup(text + i, n);
		const char *value = bc_kconfig_get(got, name);
		if (is_symbol && !is_negated && (!value || strcmp(value, "n") == 0))
			bc_buf_addf(out, "%s%s", out->len ? ", " : "", name);
		i += n;
	}
}

static void add_depends(const struct line *line, const struct bc_kconfig *got, struct bc_buf *text,
	struct bc_buf *off)
{
	size_t skip = strlen("depends on");
	if (line->len <= skip)
		return;
	while (skip < line->len && isspace((unsigned char)line->text[skip]))
		skip++;
	const char *rest = line->text + skip;
	size_t n = line->len - skip;
	BC_AUTO(bc_buf) shown = {0};
	bc_escape_text(&shown, rest, n < 200 ? n : 200, false);
	if (shown.len)
		bc_buf_addf(text, "%s%s",
			strstr(text->data, "depends on") ? " and " : ", depends on ", shown.data);
	list_off(rest, n, got, off);
}

void bc_kconfig_scan_text(const char *file, const char *text, size_t len, const char *name,
	const struct bc_kconfig *got, struct bc_kconfig_symbol *symbol, struct bc_strs *others)
{
	struct line line = {0};
	BC_AUTO(bc_buf) told = {.max = 2000};
	BC_AUTO(bc_buf) off = {.max = 400};
	bool is_inside = false;
	for (size_t at = 0; next_line(text, len, &at, &line);) {
		const char *found;
		size_t n = config_name(&line, &found);
		if (n) {
			is_inside = n == strlen(name) && memcmp(found, name, n) == 0;
			if (is_inside && !symbol->is_known) {
				symbol->is_known = true;
				bc_buf_addf(&told, "%s:%u defines it", file, line.number);
			} else if (!is_inside && others && others->len < OTHERS_MAX) {
				bc_vec_push(others, bc_strndup(found, n));
			}
		} else if (is_inside && told.len && starts(&line, "depends")) {
			add_depends(&line, got, &told, &off);
		} else if (starts(&line, "choice") || starts(&line, "menu") ||
			starts(&line, "if") || starts(&line, "source")) {
			is_inside = false;
		}
	}
	if (!told.len)
		return;
	if (off.len)
		bc_buf_addf(&told, "; off here: %s", off.data);
	free(symbol->text);
	symbol->text = bc_buf_take(&told);
}

struct scan {
	const char *root, *name;
	const struct bc_kconfig *got;
	struct bc_kconfig_symbol *symbol;
	struct bc_strs others;
	size_t files;
};

static void scan_file(struct scan *s, const char *below)
{
	BC_AUTO_FREE char *full = bc_path_join(s->root, below);
	BC_AUTO(bc_buf) text = {.max = FILE_MAX};
	if (s->files++ > FILES_MAX || !bc_fs_read(full, FILE_MAX, &text, NULL) || !text.data)
		return;
	bc_kconfig_scan_text(below, text.data, text.len, s->name, s->got, s->symbol, &s->others);
}

static void scan_dir(struct scan *s, const char *below, int depth)
{
	BC_AUTO_FREE char *full = bc_path_join(s->root, below);
	DIR *dir = depth < DEPTH_MAX ? opendir(full) : NULL;
	for (struct dirent *d; dir && (d = readdir(dir));) {
		BC_AUTO_FREE char *path = bc_path_join(below, d->d_name);
		if (d->d_name[0] == '.')
			continue;
		if (d->d_type == DT_DIR)
			scan_dir(s, path, depth + 1);
		else if (fnmatch("Kconfig*", d->d_name, 0) == 0 ||
			strcmp(d->d_name, "Config.in") == 0 || strcmp(d->d_name, "Config.src") == 0)
			scan_file(s, path);
	}
	if (dir)
		closedir(dir);
}

bool bc_kconfig_scan(const char *root, const char *name, const struct bc_kconfig *got,
	struct bc_kconfig_symbol *symbol)
{
	struct scan s = {.root = root, .name = name, .got = got, .symbol = symbol};
	scan_dir(&s, "", 0);
	if (s.files && !symbol->is_known) {
		const char *near = bc_suggest(name, (const char *const *)bc_strs_argv(&s.others));
		if (near)
			symbol->text = bc_asprintf("did you mean CONFIG_%s?", near);
	}
	bc_strs_release(&s.others);
	return s.files > 0;
}
