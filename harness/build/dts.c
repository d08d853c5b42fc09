#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/dts.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/sys/fs.h>

#define SOURCE_MAX ((size_t)16 << 20)
#define FILES_MAX  1000

/* Behind a word and blanks; NULL when it is not there. */
static const char *skip_word(const char *p, const char *end, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(end - p) < n || memcmp(p, word, n) != 0)
		return NULL;
	for (p += n; p < end && (*p == ' ' || *p == '\t');)
		p++;
	return p;
}

/* Where the name begins, with its quote, when a directive begins at p. */
static const char *name_at(const char *p, const char *end, bool *is_data)
{
	const char *at = NULL;
	*is_data = false;
	if (*p == '#' && (at = skip_word(p, end, "#")))
		return skip_word(at, end, "include");
	if (*p != '/')
		return NULL;
	if ((at = skip_word(p, end, "/include/")))
		return at;
	*is_data = true;
	return (at = skip_word(p, end, "/incbin/")) ? skip_word(at, end, "(") : NULL;
}

void bc_dts_scan(const char *text, size_t len,
	void (*fn)(void *ctx, const char *name, bool is_data), void *ctx)
{
	const char *end = text + len;
	for (const char *p = text; p < end; p++) {
		bool is_data;
		const char *at = name_at(p, end, &is_data);
		if (!at || at == end || (*at != '"' && *at != '<'))
			continue;
		char quote = *at++ == '"' ? '"' : '>';
		size_t n = 0;
		while (at + n < end && at[n] != quote && at[n] != '\n' && at[n])
			n++;
		if (!n || at + n == end || at[n] != quote || n > BC_ARCHIVE_NAME_MAX)
			continue;
		BC_AUTO_FREE char *name = bc_strndup(at, n);
		fn(ctx, name, is_data);
	}
}

struct includes {
	const char *dir;     /* of the source; paths are relative to it, so that no key has it */
	const char *below;   /* folder of the file that is read */
	struct bc_strs todo; /* paths, those that are read first among them */
	struct bc_strs data; /* those of /incbin/ */
};

static void note_file(struct includes *all, const char *path, bool is_data)
{
	BC_AUTO_FREE char *normal = bc_path_normal(path);
	BC_AUTO_FREE char *full =
		*normal == '/' ? bc_strdup(normal) : bc_path_join(all->dir, normal);
	struct stat st;
	struct bc_strs *list = is_data ? &all->data : &all->todo;
	if (!bc_strs_has(list, normal) && stat(full, &st) == 0 && S_ISREG(st.st_mode))
		bc_strs_add(list, normal);
}

static void on_name(void *ctx, const char *name, bool is_data)
{
	struct includes *all = ctx;
	BC_AUTO_FREE char *beside = bc_path_join(all->below, name);
	if (*name != '/' && *all->below)
		note_file(all, beside, is_data);
	note_file(all, name, is_data);
}

static bool note_sums(struct bc_node *node, const char *cache_dir, const struct includes *all,
	const struct bc_strs *list, size_t first, struct bc_err *err)
{
	for (size_t i = first; i < list->len; i++) {
		char hex[BC_DIGEST_HEX];
		const char *path = list->items[i];
		BC_AUTO_FREE char *full =
			*path == '/' ? bc_strdup(path) : bc_path_join(all->dir, path);
		BC_AUTO_FREE char *label = bc_asprintf("includes %s", path);
		if (!bc_pathsum(cache_dir, full, hex, err))
			return false;
		bc_node_set(node, label, hex);
	}
	return true;
}

static bool read_all(struct includes *all, struct bc_err *err)
{
	for (size_t i = 0; i < all->todo.len; i++) {
		const char *path = all->todo.items[i];
		BC_AUTO_FREE char *full =
			*path == '/' ? bc_strdup(path) : bc_path_join(all->dir, path);
		BC_AUTO_FREE char *below = strchr(path, '/') ? bc_path_dir(path) : bc_strdup("");
		BC_AUTO(bc_buf) text = {.max = SOURCE_MAX};
		if (i >= FILES_MAX)
			return bc_fail(err, BC_E_LIMIT, 0, "%s includes more than %d files",
				all->todo.items[0], FILES_MAX);
		if (!bc_fs_read(full, SOURCE_MAX, &text, err))
			return false;
		all->below = below;
		bc_dts_scan(text.data ? text.data : "", text.len, on_name, all);
	}
	return true;
}

bool bc_dts_note(
	struct bc_node *node, const char *cache_dir, const char *source, struct bc_err *err)
{
	BC_AUTO_FREE char *dir = bc_path_dir(source);
	struct includes all = {.dir = dir, .below = ""};
	bc_strs_add(&all.todo, bc_path_base(source));
	/* The source itself is an input. */
	bool ok = read_all(&all, err) && note_sums(node, cache_dir, &all, &all.todo, 1, err) &&
		note_sums(node, cache_dir, &all, &all.data, 0, err);
	bc_strs_release(&all.todo);
	bc_strs_release(&all.data);
	return ok;
}
