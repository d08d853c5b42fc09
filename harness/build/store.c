#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/cache.h>
#include <bootcheck/build/store.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/json.h>
#include <bootcheck/sys/tree.h>

#define MANIFEST_MAX ((size_t)1 << 20)

struct bc_store {
	char *dir;
	void (*on_note)(void *ctx, const char *text);
	void *ctx;
};

void bc_store_on_note(
	struct bc_store *store, void (*on_note)(void *ctx, const char *text), void *ctx)
{
	store->on_note = on_note;
	store->ctx = ctx;
}

const char *bc_store_dir(const struct bc_store *store)
{
	return store->dir;
}

/* tmp/ is emptied of what no living process holds. One lock covers making and cleaning, so that a folder
 * is never seen between its mkdir and its own lock. */
static int lock_temp(struct bc_store *store, struct bc_err *err)
{
	BC_AUTO_FREE char *path = bc_path_join(store->dir, "tmp/.lock");
	return bc_fs_lock(path, true, NULL, err);
}

static void clean_temp(struct bc_store *store)
{
	BC_AUTO_FREE char *tmp = bc_path_join(store->dir, "tmp");
	BC_AUTO(bc_strs) names = {0};
	BC_AUTO_FD all = lock_temp(store, NULL);
	if (all < 0 || !bc_fs_list(tmp, &names, NULL))
		return;
	for (size_t i = 0; i < names.len; i++) {
		if (names.items[i][0] == '.')
			continue;
		BC_AUTO_FREE char *dir = bc_path_join(tmp, names.items[i]);
		BC_AUTO_FREE char *lock = bc_path_join(dir, "lock");
		BC_AUTO_FD held = bc_fs_lock(lock, false, NULL, NULL);
		if (held >= 0 && !bc_fs_remove(dir, NULL))
			continue; /* the next run tries again */
	}
}

struct bc_store *bc_store_open(const char *cache_dir, struct bc_err *err)
{
	static const char *const folders[] = {"store", "tmp", "locks", "names", "logs"};
	struct bc_store *store = bc_calloc(1, sizeof(*store));
	store->dir = bc_fs_absolute(cache_dir);
	for (size_t i = 0; i < BC_LEN(folders); i++) {
		BC_AUTO_FREE char *path = bc_path_join(store->dir, folders[i]);
		if (bc_fs_mkdirs(path, 0755, err))
			continue;
		(void)bc_err_prefix(err, "the artifact store");
		(void)bc_err_hint(err, "XDG_CACHE_HOME names another place for it");
		bc_store_free(store);
		return NULL;
	}
	clean_temp(store);
	return store;
}

void bc_store_free(struct bc_store *store)
{
	if (!store)
		return;
	free(store->dir);
	free(store);
}

char *bc_store_entry(const struct bc_store *store, const char *key)
{
	return bc_asprintf("%s/store/%.2s/%s", store->dir, key, key);
}

/* What was at the top is there; what lies deeper only `cache verify` looks for. */
static bool has_top(const char *entry, const char *top)
{
	BC_AUTO_FREE char *out = bc_path_join(entry, "out");
	BC_AUTO_FD at = open(out, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (const char *name = top; name && *name;) {
		size_t n = strcspn(name, "/");
		BC_AUTO_FREE char *one = bc_strndup(name, n);
		struct stat st;
		if (fstatat(at, one, &st, AT_SYMLINK_NOFOLLOW) != 0)
			return false;
		name += n + (name[n] == '/');
	}
	return true;
}

/* Out of the way of the one that is built instead, with all that was made of it. */
static void put_aside(const struct bc_store *store, const char *entry, const char *key)
{
	BC_AUTO(bc_strs) keys = {0};
	BC_AUTO(bc_buf) text = {0};
	size_t made = 0;
	if (!bc_cache_quarantine(store->dir, entry, key, NULL))
		return;
	bc_strs_add(&keys, key);
	BC_IGNORE(bc_cache_spread(store->dir, &keys, NULL, NULL, &made, NULL));
	bc_buf_addf(&text, "the store's %.12s is damaged: it is put aside", key);
	if (made)
		bc_buf_addf(&text, ", and %zu made from it", made);
	if (store->on_note)
		store->on_note(store->ctx, text.data);
}

/* The manifest's "output" without a parse of the whole: this is on the path of every hit. */
char *bc_store_find(const struct bc_store *store, const char *key)
{
	BC_AUTO_FREE char *entry = bc_store_entry(store, key);
	BC_AUTO_FREE char *path = bc_path_join(entry, "manifest.json");
	BC_AUTO(bc_buf) text = {.max = MANIFEST_MAX};
	BC_AUTO(bc_manifest) manifest = {0};
	bool is_read = bc_fs_read(path, MANIFEST_MAX, &text, NULL);
	if (!is_read || !text.data || !bc_manifest_glance(text.data, &manifest)) {
		if (bc_fs_exists(entry) && (is_read || !bc_fs_exists(path)))
			put_aside(store, entry, key);
		return NULL;
	}
	BC_AUTO_FREE char *content = bc_path_join(entry, manifest.output);
	bool is_single = manifest.files == 1 && strcmp(manifest.output, "out") != 0;
	bool is_whole = bc_fs_exists(content) && has_top(entry, manifest.top) &&
		(!is_single || bc_fs_size(content) == (int64_t)manifest.size_bytes);
	if (is_whole) {
		bc_cache_touch(path);
		return BC_TAKE(content);
	}
	put_aside(store, entry, key);
	return NULL;
}

int bc_store_lock(const struct bc_store *store, const char *key, const volatile int *cancelled,
	void (*on_wait)(void *ctx), void *ctx, struct bc_err *err)
{
	BC_AUTO_FREE char *path = bc_asprintf("%s/locks/%s", store->dir, key);
	struct bc_err why = {0};
	int fd = bc_fs_lock(path, false, cancelled, &why);
	if (fd < 0 && why.code == BC_E_LIMIT) {
		if (on_wait)
			on_wait(ctx);
		return bc_fs_lock(path, true, cancelled, err);
	}
	if (fd < 0 && err)
		*err = why;
	return fd;
}

bool bc_store_temp_new(
	struct bc_store *store, const char *key, struct bc_store_temp *temp, struct bc_err *err)
{
	BC_AUTO_FREE char *tmp = bc_path_join(store->dir, "tmp");
	BC_AUTO_FREE char *prefix = bc_asprintf("%.12s-", key);
	BC_AUTO_FD all = lock_temp(store, err);
	struct bc_store_temp t = {.lock = -1};
	if (all < 0)
		return false;
	t.dir = bc_fs_temp_dir(tmp, prefix, err);
	if (!t.dir)
		return false;
	BC_AUTO_FREE char *lock = bc_path_join(t.dir, "lock");
	BC_AUTO_FREE char *out = bc_path_join(t.dir, "entry/out");
	BC_AUTO_FREE char *work = bc_path_join(t.dir, "work");
	t.lock = bc_fs_lock(lock, true, NULL, err);
	if (t.lock < 0 || !bc_fs_mkdirs(out, 0755, err) || !bc_fs_mkdirs(work, 0755, err)) {
		bc_store_temp_free(&t);
		return false;
	}
	*temp = t;
	return true;
}

void bc_store_temp_free(struct bc_store_temp *temp)
{
	if (temp->dir)
		(void)!bc_fs_remove(temp->dir, NULL); /* what is left, the next run cleans */
	if (temp->lock >= 0)
		close(temp->lock);
	free(temp->dir);
	*temp = (struct bc_store_temp){.lock = -1};
}

struct publishing {
	const char *out; /* folder */
	int listing;	 /* fd of files.jsonl */
	uint64_t size_bytes, files;
	struct bc_buf top; /* as in the manifest */
};

/* Gives what is on disk the owners, modes and types that it should have. */
static void apply_entries(struct bc_tree *tree, const struct bc_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bc_entry e = entries[i];
		/* The size is that on disk: an archive's claim, or a hard link's 0, is not. */
		if (e.type == BC_ENTRY_FILE) {
			BC_AUTO_FREE char *none = NULL;
			bc_tree_add(tree, &e, none, NULL)->e.size = UINT64_MAX;
		} else {
			bc_tree_add(tree, &e, NULL, NULL);
		}
	}
}

static bool publish_file(
	struct publishing *p, struct bc_tree_entry *t, const char *full, struct bc_err *err)
{
	struct stat st;
	if (lstat(full, &st) != 0 || !S_ISREG(st.st_mode))
		return bc_fail(err, BC_E_IO, errno, "cannot read %s", full);
	t->e.size = (uint64_t)st.st_size;
	p->size_bytes += t->e.size;
	t->is_data_sum = bc_digest_is_sparse(&st);
	return (t->is_data_sum ? bc_digest_data(full, t->sha256, err)
			       : bc_digest_file(full, t->sha256, err)) &&
		(chmod(full, t->e.mode & 0111 ? 0555 : 0444) == 0 ||
			bc_fail(err, BC_E_IO, errno, "cannot protect %s", full));
}

static bool publish_entry(struct publishing *p, struct bc_tree_entry *t, struct bc_err *err)
{
	BC_AUTO_FREE char *full = bc_path_join(p->out, t->e.path);
	BC_AUTO(bc_buf) line = {0};
	struct stat st;
	const char *name = t->e.path;
	for (size_t left = strlen(name); left;) {
		int n = bc_utf8_next(name, left, NULL);
		if (!n)
			return bc_fail(
				err, BC_E_FORMAT, 0, "the name '%s' is not UTF-8", t->e.path);
		name += n;
		left -= (size_t)n;
	}
	if (t->e.type == BC_ENTRY_FILE && !publish_file(p, t, full, err))
		return false;
	p->files++;
	/* Nodes, and a folder that holds nothing else, are in the listing only. */
	if (!strchr(t->e.path, '/') && lstat(full, &st) == 0)
		bc_buf_addf(&p->top, "%s%s", p->top.len ? "/" : "", t->e.path);
	bc_tree_print_entry(&t->e, t->sha256[0] ? t->sha256 : NULL, t->is_data_sum, &line);
	return bc_fs_write_all(p->listing, line.data, line.len, err);
}

/* Makes the folders read-only, the deepest first; the files are already. */
static void protect_dirs(struct publishing *p, const struct bc_tree *tree)
{
	for (size_t i = tree->len; i-- > 0;) {
		if (tree->items[i].e.type != BC_ENTRY_DIR)
			continue;
		BC_AUTO_FREE char *full = bc_path_join(p->out, tree->items[i].e.path);
		(void)chmod(full, 0555);
	}
	(void)chmod(p->out, 0555);
}

static bool list_output(struct publishing *p, const char *listing, const struct bc_entry *entries,
	size_t count, struct bc_err *err)
{
	BC_AUTO(bc_tree) tree = {0};
	if (!bc_tree_read(&tree, p->out, NULL, err))
		return false;
	apply_entries(&tree, entries, count);
	if (!bc_tree_merge(&tree, err))
		return false;
	p->listing = open(listing, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (p->listing < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create %s", listing);
	bool ok = true;
	for (size_t i = 0; ok && i < tree.len; i++)
		ok = publish_entry(p, &tree.items[i], err);
	close(p->listing);
	if (ok)
		protect_dirs(p, &tree);
	return ok;
}

static bool write_manifest(const char *path, const struct bc_manifest *m, struct bc_err *err)
{
	BC_AUTO_JSON *json = bc_json_new_object();
	struct bc_json *inputs = bc_json_new_array();
	bc_json_set_int(json, "version", 1);
	bc_json_set_string(json, "key", m->key);
	bc_json_set_string(json, "kind", m->kind);
	bc_json_set_string(json, "title", m->title);
	bc_json_set_string(json, "output", m->output);
	bc_json_set_string(json, "created", m->created);
	bc_json_set_int(json, "size", (int64_t)m->size_bytes);
	bc_json_set_int(json, "files", (int64_t)m->files);
	bc_json_set_string(json, "top", m->top);
	for (size_t i = 0; i + 2 < m->inputs.len; i += 3) {
		struct bc_json *input = bc_json_new_object();
		bc_json_set_string(input, "label", m->inputs.items[i]);
		bc_json_set_string(input, "title", m->inputs.items[i + 1]);
		bc_json_set_string(input, "key", m->inputs.items[i + 2]);
		bc_json_append(inputs, input);
	}
	bc_json_set(json, "inputs", inputs);
	BC_AUTO(bc_buf) text = {0};
	bc_json_print(json, true, &text);
	bc_buf_addc(&text, '\n');
	return bc_fs_write_unsynced(path, text.data, text.len, err);
}

/* Everything the entry holds reaches the disk before its name does. */
static bool sync_entry(const char *entry, struct bc_err *err)
{
	BC_AUTO_FD fd = open(entry, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || syncfs(fd) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot write %s", entry);
	return true;
}

static bool move_in(struct bc_store *store, const char *from, const char *key, struct bc_err *err)
{
	BC_AUTO_FREE char *entry = bc_store_entry(store, key);
	BC_AUTO_FREE char *shelf = bc_path_dir(entry);
	if (!bc_fs_mkdirs(shelf, 0755, err))
		return false;
	if (rename(from, entry) == 0) {
		(void)chmod(entry, 0555);
		return true;
	}
	int why = errno;
	BC_AUTO_FREE char *there = bc_store_find(store, key);
	if (there)
		return true;
	/* A damaged entry is in the way. */
	if (bc_fs_remove(entry, NULL) && rename(from, entry) == 0)
		return true;
	return bc_fail(err, BC_E_IO, why, "cannot create %s", entry);
}

bool bc_store_publish(struct bc_store *store, struct bc_store_temp *temp,
	struct bc_manifest *manifest, const struct bc_entry *entries, size_t count,
	struct bc_err *err)
{
	char now[21];
	BC_AUTO_FREE char *entry = bc_path_join(temp->dir, "entry");
	BC_AUTO_FREE char *out = bc_path_join(entry, "out");
	BC_AUTO_FREE char *listing = bc_path_join(entry, "files.jsonl");
	BC_AUTO_FREE char *path = bc_path_join(entry, "manifest.json");
	struct publishing p = {.out = out, .listing = -1, .top.max = MANIFEST_MAX / 4};
	bool is_listed = list_output(&p, listing, entries, count, err);
	free(manifest->top);
	/* One that is too long is none. */
	manifest->top = p.top.overflow ? NULL : bc_buf_take(&p.top);
	bc_buf_release(&p.top);
	if (!is_listed)
		return false;
	bc_clock_wall(now);
	free(manifest->created);
	manifest->created = bc_strdup(now);
	manifest->size_bytes = p.size_bytes;
	manifest->files = p.files;
	return write_manifest(path, manifest, err) && sync_entry(entry, err) &&
		move_in(store, entry, manifest->key, err);
}
