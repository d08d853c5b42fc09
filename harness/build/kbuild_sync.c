#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/kbuild_sync.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/worktree.h>
#include <bootcheck/sys/fs.h>

#define LIST_MAX ((size_t)512 << 20)

/* A line of the list: what tells whether the file is still the same, a tab, its path. */
static bool add_signature(
	const struct bc_tree_entry *t, const char *from, struct bc_buf *out, struct bc_err *err)
{
	bc_buf_addf(out, "%d %o ", (int)t->e.type, t->e.mode & 0100);
	if (t->e.type == BC_ENTRY_FILE && t->sha256[0]) {
		bc_buf_adds(out, t->sha256);
	} else if (t->e.type == BC_ENTRY_FILE) {
		struct stat st;
		BC_AUTO_FREE char *full = bc_path_join(from, t->e.path);
		if (lstat(full, &st) != 0)
			return bc_fail(err, BC_E_IO, errno, "cannot read %s", full);
		bc_buf_addf(out, "%" PRId64 ",%" PRId64 ".%09ld,%" PRId64 ".%09ld,%" PRIu64,
			(int64_t)st.st_size, (int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			(int64_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec, (uint64_t)st.st_ino);
	} else if (t->e.target) {
		bc_buf_adds(out, t->e.target);
	}
	return true;
}

/* The old list, a line at a time, in the order of paths. */
struct old {
	struct bc_buf text;
	size_t at;
};

static bool peek(const struct old *old, const char **signature, const char **path)
{
	if (old->at >= old->text.len)
		return false;
	*signature = old->text.data + old->at;
	*path = *signature + strlen(*signature) + 1;
	return true;
}

static void skip(struct old *old)
{
	for (int i = 0; i < 2; i++)
		old->at += strlen(old->text.data + old->at) + 1;
}

/* Reads the list and makes two strings of each line. */
static bool old_open(struct old *old, const char *path)
{
	if (!bc_fs_read(path, LIST_MAX, &old->text, NULL))
		return false;
	for (size_t i = 0; i < old->text.len; i++)
		if (old->text.data[i] == '\n' || old->text.data[i] == '\t')
			old->text.data[i] = '\0';
	/* One that was cut off is worth nothing. */
	return !old->text.len || !old->text.data[old->text.len - 1];
}

static bool is_same_file(const char *a, const char *b)
{
	BC_AUTO(bc_buf) x = {.max = (size_t)64 << 20};
	BC_AUTO(bc_buf) y = {.max = (size_t)64 << 20};
	struct stat p, q;
	if (lstat(a, &p) != 0 || lstat(b, &q) != 0 || !S_ISREG(q.st_mode) ||
		p.st_size != q.st_size || (p.st_mode & 0100) != (q.st_mode & 0100) ||
		(uint64_t)p.st_size > x.max)
		return false;
	return bc_fs_read(a, x.max, &x, NULL) && bc_fs_read(b, y.max, &y, NULL) && x.len == y.len &&
		(!x.len || memcmp(x.data, y.data, x.len) == 0);
}

struct syncing {
	struct bc_job *job;
	const struct bc_sync *sync;
	struct bc_strs drops; /* paths that went */
	struct bc_strs heads; /* headers and links that came */
	char *doubt;	      /* why no object of before is worth anything; NULL = they are */
	BC_VEC(size_t);	      /* entries of the tree that are put */
	size_t changes;
	bool is_fresh;	/* nothing was there: nothing can be in the way */
	char *real_dir; /* the folder that was found to be real last; nobody else is at work here */
};

/* Nothing is written or removed through a symbolic link of the sources: it may lead to the user's files. The folders
 * above a path are asked each time, because a build may have changed what it was given. */
static bool has_real_parents(const char *root, const char *path)
{
	struct stat st;
	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		BC_AUTO_FREE char *parent = bc_asprintf("%s/%.*s", root, (int)(slash - path), path);
		if (lstat(parent, &st) != 0 || !S_ISDIR(st.st_mode))
			return false;
	}
	return true;
}

static bool has_real_dir(struct syncing *s, const char *path)
{
	size_t n = (size_t)(bc_path_base(path) - path);
	if (s->real_dir && strlen(s->real_dir) == n && memcmp(s->real_dir, path, n) == 0)
		return true;
	if (!has_real_parents(s->sync->to, path))
		return false;
	free(s->real_dir);
	s->real_dir = bc_strndup(path, n);
	return true;
}

static bool put_file(
	struct syncing *s, const struct bc_tree_entry *t, const char *to, struct bc_err *err)
{
	BC_AUTO_FREE char *from = bc_path_join(s->sync->from, t->e.path);
	if (!s->is_fresh && is_same_file(from, to))
		return true;
	s->changes++;
	/* Never a link to the store, which a build that writes into its own source would damage. And 0644 or 0755, whatever
	 * the umask is: modes get into what a build packs. */
	return (s->is_fresh || bc_fs_remove(to, err)) && bc_copy_file(from, to, err) &&
		(chmod(to, t->e.mode & 0100 ? 0755 : 0644) == 0 ||
			bc_fail(err, BC_E_IO, errno, "cannot change %s", to));
}

static bool put(struct syncing *s, const struct bc_tree_entry *t, struct bc_err *err)
{
	BC_AUTO_FREE char *to = bc_path_join(s->sync->to, t->e.path);
	struct stat st;
	if (!has_real_dir(s, t->e.path))
		return bc_fail(err, BC_E_IO, ENOTDIR, "somebody changed %s", s->sync->to);
	switch (t->e.type) {
	case BC_ENTRY_FILE:
		return put_file(s, t, to, err);
	case BC_ENTRY_DIR:
		if (lstat(to, &st) == 0 && S_ISDIR(st.st_mode))
			return true;
		s->changes++;
		return bc_fs_remove(to, err) && bc_fs_mkdirs(to, 0755, err) &&
			(chmod(to, 0755) == 0 ||
				bc_fail(err, BC_E_IO, errno, "cannot change %s", to));
	case BC_ENTRY_LINK:
		s->changes++;
		if (!bc_fs_remove(to, err))
			return false;
		return symlink(t->e.target, to) == 0 ||
			bc_fail(err, BC_E_IO, errno, "cannot create %s", to);
	case BC_ENTRY_CHAR:
	case BC_ENTRY_BLOCK:
	case BC_ENTRY_FIFO:
		return true; /* no source tree needs them */
	}
	return true;
}

static bool drop(struct syncing *s, const char *path, struct bc_err *err)
{
	BC_AUTO_FREE char *full = bc_path_join(s->sync->to, path);
	s->changes++;
	return !bc_path_is_inside(path) || !has_real_parents(s->sync->to, path) ||
		bc_fs_remove(full, err);
}

/* The line of an entry without its path. */
static bool describe(
	struct syncing *s, const struct bc_tree_entry *t, struct bc_buf *list, struct bc_err *err)
{
	if (strpbrk(t->e.path, "\n\t") || (t->e.target && strpbrk(t->e.target, "\n\t")))
		return bc_fail(
			err, BC_E_FORMAT, 0, "the source has a name that holds a newline or a tab");
	return add_signature(t, s->sync->from, list, err);
}

static bool is_header(const char *path)
{
	return bc_has_suffix(path, ".h") || bc_has_suffix(path, ".inc") ||
		bc_has_suffix(path, ".dtsi");
}

static void note_doubt(struct syncing *s, const char *path, const char *what)
{
	if (!s->doubt)
		s->doubt = bc_asprintf("%s %s", path, what);
}

/* What make does not see: a link has no time of its own, and for what came it has no rule. `before` is the old line,
 * NULL when there was none. */
static void doubt(struct syncing *s, const struct bc_tree_entry *t, const char *before)
{
	if (before && *before - '0' != (int)t->e.type)
		note_doubt(s, t->e.path, "is of another type now");
	else if (before && t->e.type == BC_ENTRY_LINK)
		note_doubt(s, t->e.path, "leads elsewhere now");
	else if (!before && (t->e.type == BC_ENTRY_LINK || is_header(t->e.path)))
		bc_strs_add(&s->heads, t->e.path);
}

/* What differs, and the new list. Both lists are in the same order: one pass. */
static bool compare(struct syncing *s, const struct bc_tree *tree, struct old *old,
	struct bc_buf *list, struct bc_err *err)
{
	const char *signature = NULL, *path = NULL;
	for (size_t i = 0; i < tree->len; i++) {
		const struct bc_tree_entry *t = &tree->items[i];
		size_t start = list->len;
		int order = -1;
		if (!describe(s, t, list, err))
			return false;
		for (; peek(old, &signature, &path) &&
			(order = bc_tree_compare(path, t->e.path)) < 0;
			skip(old))
			bc_strs_add(&s->drops, path);
		/* Both strings stay where they are when the list is moved on. */
		bool is_known = order == 0 && strcmp(signature, list->data + start) == 0;
		if (order == 0)
			skip(old);
		bc_buf_addf(list, "\t%s\n", t->e.path);
		if (is_known)
			continue;
		doubt(s, t, order == 0 ? signature : NULL);
		bc_vec_push(s, i);
	}
	for (; peek(old, &signature, &path); skip(old))
		bc_strs_add(&s->drops, path);
	return true;
}

/* All that went goes before anything comes: `a/x` of before is not to be looked for through an `a` that is now a
 * link. */
static bool apply(struct syncing *s, const struct bc_tree *tree, struct bc_err *err)
{
	for (size_t i = s->drops.len; i-- > 0;)
		if (!drop(s, s->drops.items[i], err))
			return false;
	for (size_t i = 0; i < s->len; i++) {
		if (s->job->cancelled && *s->job->cancelled)
			return bc_fail(err, BC_E_CANCELLED, 0, "interrupted");
		if (!put(s, &tree->items[s->items[i]], err))
			return false;
		if (i % 1000 == 0)
			bc_job_step(s->job, "bringing the sources up to date", i, s->len);
	}
	return true;
}

/* A header may be found now where another of its name was found before; a link may lead to many. */
static void doubt_heads(struct syncing *s, const struct bc_tree *tree)
{
	for (size_t i = 0; !s->doubt && i < s->heads.len; i++) {
		const char *path = s->heads.items[i], *name = bc_path_base(path);
		if (!is_header(path))
			note_doubt(s, path, "is a link that came");
		bc_vec_each (t, tree)
			if (strcmp(bc_path_base(t->e.path), name) == 0 &&
				strcmp(t->e.path, path) != 0) {
				note_doubt(s, path, "may hide another header of its name");
				break;
			}
	}
}

/* The object of a source that went: make has no rule for it any more, and links it as it is. */
static bool drop_object(struct syncing *s, const char *path, struct bc_err *err)
{
	static const char *const suffixes[] = {".c", ".S", ".rs", ".y", ".l"};
	size_t n = 0;
	for (size_t i = 0; !n && i < BC_LEN(suffixes); i++)
		if (bc_has_suffix(path, suffixes[i]))
			n = strlen(path) - strlen(suffixes[i]);
	if (!n || !has_real_parents(s->sync->obj, path))
		return true;
	BC_AUTO_FREE char *stem = bc_asprintf("%s/%.*s", s->sync->obj, (int)n, path);
	BC_AUTO_FREE char *dir = bc_path_dir(stem);
	BC_AUTO_FREE char *object = bc_asprintf("%s.o", stem);
	BC_AUTO_FREE char *command = bc_asprintf("%s/.%s.o.cmd", dir, bc_path_base(stem));
	return bc_fs_remove(object, err) && bc_fs_remove(command, err);
}

static bool drop_objects(struct syncing *s, const struct bc_tree *tree, struct bc_err *err)
{
	BC_AUTO(bc_strs) objects = {0};
	if (!bc_fs_list(s->sync->obj, &objects, err))
		return false;
	if (!objects.len)
		return true;
	doubt_heads(s, tree);
	if (s->doubt) {
		bc_job_log(s->job, "all objects are removed: %s", s->doubt);
		return bc_fs_remove(s->sync->obj, err) && bc_fs_mkdirs(s->sync->obj, 0755, err);
	}
	for (size_t i = 0; i < s->drops.len; i++)
		if (!drop_object(s, s->drops.items[i], err))
			return false;
	return true;
}

static bool read_from(
	struct bc_job *job, const struct bc_sync *sync, struct bc_tree *tree, struct bc_err *err)
{
	if (!sync->listing && bc_worktree_is(sync->from))
		return bc_worktree_read(tree, sync->from, job->log_fd, job->cancelled, err);
	if (!bc_tree_read(tree, sync->from, sync->listing, err) || !bc_tree_merge(tree, err))
		return false;
	if (!sync->is_closed || bc_tree_check_inside(tree, sync->from, err))
		return true;
	(void)bc_err_prefix(err, "%s is refused", sync->title);
	return bc_err_hint(err,
		"a file of this host would get into the build unseen; a folder of this host, "
		"as `path`, "
		"may hold such links");
}

bool bc_sync_run(
	struct bc_job *job, const struct bc_sync *sync, size_t *changes, struct bc_err *err)
{
	BC_AUTO(bc_tree) tree = {0};
	BC_AUTO(bc_buf) list = {.max = LIST_MAX};
	struct old old = {.text.max = LIST_MAX};
	struct syncing s = {.job = job, .sync = sync};
	if (!bc_fs_mkdirs(sync->to, 0755, err) || !read_from(job, sync, &tree, err))
		return false;
	bool has_list = old_open(&old, sync->list);
	bool ok = true;
	if (!has_list) {
		/* What is there is of unknown content. */
		bc_buf_clear(&old.text);
		note_doubt(&s, sync->to, "was not known");
		s.is_fresh = true;
		ok = bc_fs_remove(sync->to, err) && bc_fs_mkdirs(sync->to, 0755, err);
	}
	(void)unlink(sync->list);
	ok = ok && compare(&s, &tree, &old, &list, err) && apply(&s, &tree, err) &&
		drop_objects(&s, &tree, err) &&
		bc_fs_write_unsynced(sync->list, list.data ? list.data : "", list.len, err);
	bc_buf_release(&old.text);
	bc_strs_release(&s.drops);
	bc_strs_release(&s.heads);
	free(s.doubt);
	free(s.real_dir);
	free(s.items);
	*changes = s.changes;
	return ok;
}
