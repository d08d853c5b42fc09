/* The sum of a file or folder of the host, with a memory of what was read before.
 *
 * The memory is one text file for each path that was asked for: a line `sha256 size mtime ctime inode
 * path` for every file, in the order of the walk. A file whose size, times and inode are the same is not
 * read again. A time that was within two seconds of the reading is not remembered: the file may have
 * changed again within the same tick of the file system's clock. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/cache.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/worktree.h>
#include <bootcheck/sys/fs.h>

#define MEMORY_MAX ((size_t)512 << 20)
#define RACY_NS	   ((int64_t)2000000000)

struct memory {
	struct bc_buf old; /* lines */
	size_t at;	   /* the next line of old */
	struct bc_buf new;
	bool is_changed;
	int64_t now;
};

static bool read_number(const char **p, int64_t *value)
{
	char *end = NULL;
	*value = strtoll(*p, &end, 10);
	bool ok = end != *p && *end == ' ';
	*p = ok ? end + 1 : *p;
	return ok;
}

/* A line, without its end. *path is behind the numbers; NULL for what is no line. */
static const char *read_line(const char *line, char sum[BC_DIGEST_HEX], struct bc_stamp *stamp)
{
	int64_t inode;
	size_t n = BC_DIGEST_HEX - 1;
	if (strspn(line, "0123456789abcdef") != n || line[n] != ' ')
		return NULL;
	const char *p = line + n + 1;
	memcpy(sum, line, n);
	sum[n] = '\0';
	if (!read_number(&p, &stamp->size) || !read_number(&p, &stamp->mtime_ns) ||
		!read_number(&p, &stamp->ctime_ns) || !read_number(&p, &inode))
		return NULL;
	stamp->inode = (uint64_t)inode;
	return p;
}

/* The remembered sum of path, if it is of exactly this file; its line is kept. Paths come in order, so one
 * pass over the old lines is enough. */
static bool recall(
	struct memory *m, const char *path, const struct bc_stamp *stamp, char hex[BC_DIGEST_HEX])
{
	while (m->at < m->old.len) {
		char *line = m->old.data + m->at, *end = strchr(line, '\n');
		size_t len = end ? (size_t)(end - line) : strlen(line);
		char sum[BC_DIGEST_HEX];
		struct bc_stamp was = {0};
		line[len] = '\0';
		const char *its_path = read_line(line, sum, &was);
		int order = its_path ? bc_tree_compare(its_path, path) : -1;
		line[len] = '\n';
		if (order > 0)
			return false;
		m->at += len + 1;
		if (order < 0)
			continue;
		if (was.size != stamp->size || was.mtime_ns != stamp->mtime_ns ||
			was.ctime_ns != stamp->ctime_ns || was.inode != stamp->inode)
			return false;
		memcpy(hex, sum, BC_DIGEST_HEX);
		bc_buf_add(&m->new, line, len + 1);
		return true;
	}
	return false;
}

static bool sum_file(struct memory *m, const char *full, const char *path,
	const struct bc_stamp *stamp, char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	if (recall(m, path, stamp, hex))
		return true;
	if (!bc_digest_file(full, hex, err))
		return false;
	m->is_changed = true;
	bool is_racy = m->now - stamp->mtime_ns < RACY_NS || m->now - stamp->ctime_ns < RACY_NS;
	if (!is_racy && !strchr(path, '\n'))
		bc_buf_addf(&m->new, "%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s\n", hex,
			stamp->size, stamp->mtime_ns, stamp->ctime_ns, (int64_t)stamp->inode, path);
	return true;
}

static bool sum_entry(struct memory *m, const struct bc_tree_entry *t, struct bc_digest *digest,
	struct bc_err *err)
{
	char hex[BC_DIGEST_HEX] = "";
	BC_AUTO(bc_buf) line = {0};
	if (t->e.type == BC_ENTRY_FILE && !sum_file(m, t->source, t->e.path, &t->stamp, hex, err))
		return false;
	bc_buf_addf(&line, "%d %o %u %u %s %s", (int)t->e.type, t->e.mode, t->e.major, t->e.minor,
		hex, t->e.target ? t->e.target : "");
	bc_digest_field(digest, t->e.path, line.data);
	return true;
}

static bool sum_tree(
	struct memory *m, const struct bc_tree *tree, char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	struct bc_digest *digest = bc_digest_new();
	bc_digest_field(digest, "type", "folder");
	for (size_t i = 0; i < tree->len; i++) {
		if (sum_entry(m, &tree->items[i], digest, err))
			continue;
		bc_digest_free(digest);
		return false;
	}
	bc_digest_end(digest, hex);
	return true;
}

static bool sum_single(struct memory *m, const char *path, const struct stat *st,
	char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	char content[BC_DIGEST_HEX];
	struct bc_stamp stamp = bc_stamp_of(st);
	if (!sum_file(m, path, bc_path_base(path), &stamp, content, err))
		return false;
	struct bc_digest *digest = bc_digest_new();
	bc_digest_field(digest, "type", st->st_mode & 0100 ? "program" : "file");
	bc_digest_field(digest, "name", bc_path_base(path));
	bc_digest_field(digest, "content", content);
	bc_digest_end(digest, hex);
	return true;
}

static char *memory_path(const char *cache_dir, const char *kind, const char *path)
{
	char hex[BC_DIGEST_HEX];
	struct bc_digest *digest = bc_digest_new();
	bc_digest_add(digest, kind, strlen(kind));
	bc_digest_add(digest, path, strlen(path));
	bc_digest_end(digest, hex);
	return bc_asprintf("%s/stat/%.32s", cache_dir, hex);
}

static void memory_open(struct memory *m, const char *file)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	*m = (struct memory){.old.max = MEMORY_MAX,
		.new.max = MEMORY_MAX,
		.now = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec};
	if (!bc_fs_read(file, MEMORY_MAX, &m->old, NULL))
		bc_buf_clear(&m->old);
}

static void memory_close(struct memory *m, const char *file, bool ok)
{
	if (ok && m->is_changed && !m->new.overflow) {
		BC_AUTO_FREE char *dir = bc_path_dir(file);
		/* Forgetting costs time only. */
		if (bc_fs_mkdirs(dir, 0755, NULL) &&
			!bc_fs_write_unsynced(
				file, m->new.data ? m->new.data : "", m->new.len, NULL))
			unlink(file);
	} else if (ok) {
		/* `cache gc` removes what nobody used. */
		bc_cache_touch(file);
	}
	bc_buf_release(&m->old);
	bc_buf_release(&m->new);
}

static bool is_at_or_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return strncmp(path, dir, n) == 0 && (!path[n] || path[n] == '/' || strcmp(dir, "/") == 0);
}

/* What a link leads to, when that is a file or a folder of another place. One that holds the source itself is no
 * source, and what is neither has no content. */
static char *outside(const struct bc_tree_entry *t, const char *root)
{
	BC_AUTO_FREE char *full = bc_path_join(root, t->e.path);
	BC_AUTO_FREE char *real = t->e.type == BC_ENTRY_LINK ? realpath(full, NULL) : NULL;
	struct stat st;
	if (!real || is_at_or_below(real, root) || is_at_or_below(root, real) ||
		stat(real, &st) != 0 || (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return NULL;
	return BC_TAKE(real);
}

/* A build reads through the links of its sources: what they lead to elsewhere counts, where there are such. */
static bool add_outside(const char *cache_dir, const char *path, const struct bc_tree *tree,
	char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	BC_AUTO_FREE char *root = realpath(path, NULL);
	struct bc_digest *digest = bc_digest_new();
	bool has_any = false, ok = true;
	bc_digest_field(digest, "inside", hex);
	for (size_t i = 0; root && ok && i < tree->len; i++) {
		char sum[BC_DIGEST_HEX];
		BC_AUTO_FREE char *real = outside(&tree->items[i], root);
		if (!real)
			continue;
		has_any = true;
		ok = bc_pathsum(cache_dir, real, sum, err);
		if (ok)
			bc_digest_field(digest, tree->items[i].e.path, sum);
	}
	if (ok && has_any)
		bc_digest_end(digest, hex);
	else
		bc_digest_free(digest);
	return ok;
}

static bool sum_folder(const char *cache_dir, const char *kind, const char *path,
	struct bc_tree *tree, char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	struct memory m;
	BC_AUTO_FREE char *file = memory_path(cache_dir, kind, path);
	memory_open(&m, file);
	bool ok = sum_tree(&m, tree, hex, err);
	memory_close(&m, file, ok);
	return ok;
}

bool bc_pathsum(
	const char *cache_dir, const char *path, char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	struct stat st;
	struct memory m;
	BC_AUTO(bc_tree) tree = {0};
	if (stat(path, &st) != 0)
		return bc_fail(err, errno == ENOENT ? BC_E_MISSING : BC_E_IO, errno,
			"cannot read %s", path);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return bc_fail(err, BC_E_IO, 0, "%s is neither a file nor a folder", path);
	if (S_ISDIR(st.st_mode))
		return bc_tree_read(&tree, path, NULL, err) && bc_tree_merge(&tree, err) &&
			sum_folder(cache_dir, "", path, &tree, hex, err);
	BC_AUTO_FREE char *file = memory_path(cache_dir, "", path);
	memory_open(&m, file);
	bool ok = sum_single(&m, path, &st, hex, err);
	memory_close(&m, file, ok);
	return ok;
}

bool bc_pathsum_source(const struct bc_resolver *resolver, const char *path,
	char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	BC_AUTO(bc_tree) tree = {0};
	bool is_git = bc_worktree_is(path);
	return (is_git ? bc_worktree_read(&tree, path, -1, resolver->cancelled, err)
		       : bc_tree_read(&tree, path, NULL, err) && bc_tree_merge(&tree, err)) &&
		sum_folder(resolver->cache_dir, is_git ? "git " : "", path, &tree, hex, err) &&
		add_outside(resolver->cache_dir, path, &tree, hex, err);
}
