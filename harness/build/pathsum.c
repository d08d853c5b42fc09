/* The sum of a file or folder of the host, with a memory of what was read before.
 *
 * The memory is one text file for each path that was asked for: a line `sha256 size mtime ctime inode
 * path` for every file, in the order of the walk. A file whose size, times and inode are the same is not
 * read again. A time that was within two seconds of the reading is not remembered: the file may have
 * changed again within the same tick of the file system's clock. */
#include <errno.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/worktree.h>
#include <bootcheck/sys/fs.h>

#define MEMORY_MAX ((size_t)512 << 20)
#define RACY_NS	   ((int64_t)2000000000)

struct memory {
	struct bc_buf old; /* lines, each ended by NUL once it was looked at */
	size_t at;	   /* the next line of old */
	struct bc_buf new;
	bool is_changed;
	int64_t now;
};

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The remembered sum of path, if it is of exactly this file. Paths come in order, so one pass over the old
 * lines is enough. */
static bool recall(
	struct memory *m, const char *path, const struct stat *st, char hex[BC_DIGEST_HEX])
{
	while (m->at < m->old.len) {
		char *line = m->old.data + m->at;
		size_t len = strcspn(line, "\n");
		int64_t size, mtime, ctime;
		uint64_t inode;
		char sum[BC_DIGEST_HEX];
		int used = 0;
		line[len] = '\0';
		int got = sscanf(line,
			"%64[0-9a-f] %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNu64 " %n", sum,
			&size, &mtime, &ctime, &inode, &used);
		int order = got == 5 && used ? bc_tree_compare(line + used, path) : -1;
		if (order > 0) {
			line[len] = '\n';
			return false;
		}
		m->at += len + 1;
		if (order < 0)
			continue;
		if (strlen(sum) != 64 || size != st->st_size || mtime != ns_of(st->st_mtim) ||
			ctime != ns_of(st->st_ctim) || inode != (uint64_t)st->st_ino)
			return false;
		memcpy(hex, sum, BC_DIGEST_HEX);
		return true;
	}
	return false;
}

static bool sum_file(struct memory *m, const char *full, const char *path, const struct stat *st,
	char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	if (!recall(m, path, st, hex)) {
		if (!bc_digest_file(full, hex, err))
			return false;
		m->is_changed = true;
	}
	bool is_racy =
		m->now - ns_of(st->st_mtim) < RACY_NS || m->now - ns_of(st->st_ctim) < RACY_NS;
	if (!is_racy && !strchr(path, '\n'))
		bc_buf_addf(&m->new, "%s %" PRId64 " %" PRId64 " %" PRId64 " %" PRIu64 " %s\n", hex,
			(int64_t)st->st_size, ns_of(st->st_mtim), ns_of(st->st_ctim),
			(uint64_t)st->st_ino, path);
	return true;
}

static bool sum_entry(struct memory *m, const struct bc_tree_entry *t, struct bc_digest *digest,
	struct bc_err *err)
{
	char hex[BC_DIGEST_HEX] = "";
	struct stat st;
	BC_AUTO(bc_buf) line = {0};
	if (t->e.type == BC_ENTRY_FILE) {
		if (lstat(t->source, &st) != 0)
			return bc_fail(err, BC_E_IO, errno, "cannot read %s", t->source);
		if (!sum_file(m, t->source, t->e.path, &st, hex, err))
			return false;
	}
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
	if (!sum_file(m, path, bc_path_base(path), st, content, err))
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
	*m = (struct memory){.old.max = MEMORY_MAX, .new.max = MEMORY_MAX, .now = ns_of(now)};
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
	}
	bc_buf_release(&m->old);
	bc_buf_release(&m->new);
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
	if (S_ISDIR(st.st_mode) &&
		(!bc_tree_read(&tree, path, NULL, err) || !bc_tree_merge(&tree, err)))
		return false;
	BC_AUTO_FREE char *file = memory_path(cache_dir, "", path);
	memory_open(&m, file);
	bool ok = S_ISDIR(st.st_mode) ? sum_tree(&m, &tree, hex, err)
				      : sum_single(&m, path, &st, hex, err);
	memory_close(&m, file, ok);
	return ok;
}

bool bc_pathsum_worktree(const struct bc_resolver *resolver, const char *path,
	char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	struct memory m;
	BC_AUTO(bc_tree) tree = {0};
	if (!bc_worktree_read(&tree, path, -1, resolver->cancelled, err))
		return false;
	BC_AUTO_FREE char *file = memory_path(resolver->cache_dir, "git ", path);
	memory_open(&m, file);
	bool ok = sum_tree(&m, &tree, hex, err);
	memory_close(&m, file, ok);
	return ok;
}
