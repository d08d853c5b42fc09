#include <bootcheck/base/text.h>
#include <bootcheck/plan/files.h>
#include <bootcheck/plan/yaml.h>
#include <bootcheck/sys/fs.h>

struct bc_plan_files *bc_files_new(void)
{
	return bc_calloc(1, sizeof(struct bc_plan_files));
}

void bc_files_free(struct bc_plan_files *files)
{
	if (!files)
		return;
	bc_vec_each (f, files) {
		bc_value_free((*f)->root);
		bc_buf_release(&(*f)->text);
		free((*f)->lines.items);
		free((*f)->path);
		free((*f)->absolute);
		free(*f);
	}
	free(files->items);
	free(files);
}

static struct bc_plan_file *new_file(struct bc_lint *lint, const char *path)
{
	struct bc_plan_file *file = bc_calloc(1, sizeof(*file));
	file->path = bc_strdup(path);
	file->text.max = BC_FILE_MAX_BYTES + 1;
	bc_vec_push(lint->files, file);
	return file;
}

static void index_lines(struct bc_plan_file *file)
{
	bc_vec_push(&file->lines, 0);
	const char *data = file->text.data;
	for (size_t i = 0; i < file->text.len; i++)
		if (data[i] == '\n' && i + 1 < file->text.len)
			bc_vec_push(&file->lines, i + 1);
}

static void parse(struct bc_lint *lint, struct bc_plan_file *file)
{
	index_lines(file);
	file->root = bc_yaml_parse(lint, file);
}

struct bc_plan_file *bc_files_open(struct bc_lint *lint, const char *path)
{
	bc_vec_each (f, lint->files)
		if ((*f)->absolute && strcmp((*f)->path, path) == 0)
			return *f;
	BC_AUTO_FREE char *full = bc_fs_absolute(path);
	BC_AUTO_FREE char *absolute = bc_path_normal(full);
	bc_vec_each (f, lint->files)
		if ((*f)->absolute && strcmp((*f)->absolute, absolute) == 0)
			return *f;
	struct bc_plan_file *file = new_file(lint, path);
	file->absolute = BC_TAKE(absolute);
	if (lint->files->is_closed)
		(void)bc_fail(&file->err, BC_E_USAGE, 0, "no file is read here");
	else if (bc_fs_read(path, BC_FILE_MAX_BYTES, &file->text, &file->err))
		parse(lint, file);
	return file;
}

struct bc_plan_file *bc_files_add(
	struct bc_lint *lint, const char *name, const char *data, size_t len)
{
	struct bc_plan_file *file = new_file(lint, name);
	BC_AUTO_FREE char *full = bc_fs_absolute(name);
	file->absolute = bc_path_normal(full);
	bc_buf_add(&file->text, data, len);
	parse(lint, file);
	return file;
}

const struct bc_plan_file *bc_files_of(const struct bc_plan_files *files, struct bc_loc loc)
{
	for (size_t i = 0; loc.file && i < files->len; i++)
		if (files->items[i]->path == loc.file)
			return files->items[i];
	return NULL;
}

struct bc_loc bc_file_loc(const struct bc_plan_file *file, size_t start, size_t end)
{
	if (!file->lines.len)
		return (struct bc_loc){.file = file->path};
	size_t low = 0, high = file->lines.len;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (file->lines.items[middle] <= start)
			low = middle;
		else
			high = middle;
	}
	size_t from = file->lines.items[low];
	size_t stop = low + 1 < file->lines.len ? file->lines.items[low + 1] - 1 : file->text.len;
	if (end > stop)
		end = stop;
	return (struct bc_loc){.file = file->path,
		.line = (int)low + 1,
		.col = (int)(start - from) + 1,
		.span = end > start ? (int)(end - start) : 1};
}

const char *bc_file_line(const struct bc_plan_file *file, int line, size_t *len)
{
	if (line < 1 || (size_t)line > file->lines.len)
		return NULL;
	size_t from = file->lines.items[line - 1];
	size_t end = (size_t)line < file->lines.len ? file->lines.items[line] : file->text.len;
	const char *data = file->text.data ? file->text.data : "";
	while (end > from && (data[end - 1] == '\n' || data[end - 1] == '\r'))
		end--;
	*len = end - from;
	return data + from;
}

/* The byte that an escape of one letter in double quotes stands for, 0 for any other escape. */
static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 't':
		return '\t';
	case 'r':
		return '\r';
	case 'e':
		return '\033';
	case '"':
	case '\\':
	case '/':
	case ' ':
		return c;
	default:
		return 0;
	}
}

/* Walks source (one line) and the text that it stands for side by side; returns the offset in source
 * of text[at], or SIZE_MAX when they part before. */
static size_t walk(const char *source, size_t len, const char *text, size_t at)
{
	char quote = len && (*source == '\'' || *source == '"') ? *source : 0;
	size_t s = quote ? 1 : 0;
	for (size_t t = 0; s < len; t++, s++) {
		if (t == at)
			return s;
		char c = source[s];
		if (quote == '\'' && c == '\'' && s + 1 < len && source[s + 1] == '\'')
			s++;
		else if (quote == '"' && c == '\\' && s + 1 < len)
			c = unescape(source[++s]);
		if (!text[t] || c != text[t])
			return SIZE_MAX;
	}
	return SIZE_MAX;
}

struct bc_loc bc_file_inside(
	const struct bc_plan_files *files, const struct bc_value *scalar, size_t at)
{
	struct bc_loc loc = scalar->loc;
	const struct bc_plan_file *file = bc_files_of(files, loc);
	size_t len = 0;
	const char *line = file ? bc_file_line(file, loc.line, &len) : NULL;
	if (!line || loc.col < 1 || (size_t)loc.col > len)
		return loc;
	size_t from = (size_t)loc.col - 1;
	size_t offset = walk(line + from, len - from, scalar->text, at);
	if (offset == SIZE_MAX)
		return loc;
	loc.col += (int)offset;
	loc.span = 1;
	return loc;
}
