#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/cache.h>
#include <bootcheck/build/store.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/tree.h>

#define MANIFEST_MAX ((size_t)1 << 20)
#define HOUR	     3600
#define DEPTH_MAX    64

/* Who uses the cache */

static int open_use(const char *cache_dir, int how, struct bc_err *err)
{
	BC_AUTO_FREE char *path = bc_path_join(cache_dir, "in-use");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		(void)bc_fail(err, BC_E_IO, errno, "cannot open %s", path);
		return -1;
	}
	while (flock(fd, how) != 0) {
		if (errno == EINTR)
			continue;
		close(fd);
		(void)bc_fail(err, BC_E_LIMIT, 0, "another bootcheck uses the cache %s", cache_dir);
		(void)bc_err_hint(err, "run this again when it has ended");
		return -1;
	}
	return fd;
}

int bc_cache_use(const char *cache_dir, struct bc_err *err)
{
	return open_use(cache_dir, LOCK_SH, err);
}

void bc_cache_touch(const char *manifest_path)
{
	struct stat st;
	if (stat(manifest_path, &st) == 0 && time(NULL) - st.st_mtim.tv_sec >= HOUR)
		BC_IGNORE(utimensat(AT_FDCWD, manifest_path, NULL, 0) != 0);
}

/* The list */

static void measure(const char *path, int depth, struct bc_cache_item *item)
{
	struct stat st;
	BC_AUTO(bc_strs) names = {0};
	if (depth > DEPTH_MAX || lstat(path, &st) != 0)
		return;
	/* A hard link costs room only once; half each is near enough. */
	uint64_t links = st.st_nlink > 0 && !S_ISDIR(st.st_mode) ? (uint64_t)st.st_nlink : 1;
	item->bytes += (uint64_t)st.st_blocks * 512 / links;
	if (!S_ISDIR(st.st_mode)) {
		item->files++;
		return;
	}
	if (!bc_fs_list(path, &names, NULL))
		return;
	bc_vec_each (name, &names) {
		BC_AUTO_FREE char *inner = bc_path_join(path, *name);
		measure(inner, depth + 1, item);
	}
}

void bc_cache_measure(const char *path, struct bc_cache_item *item)
{
	measure(path, 0, item);
}

static int64_t time_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (int64_t)st.st_mtim.tv_sec : 0;
}

static void add_entry(const char *dir, const char *key, struct bc_cache *cache)
{
	BC_AUTO_FREE char *path = bc_path_join(dir, key);
	BC_AUTO_FREE char *file = bc_path_join(path, "manifest.json");
	BC_AUTO(bc_buf) text = {.max = MANIFEST_MAX};
	BC_AUTO(bc_manifest) m = {0};
	bool is_good = bc_fs_read(file, MANIFEST_MAX, &text, NULL) && text.data &&
		bc_manifest_parse(text.data, text.len, &m, NULL);
	struct bc_cache_item item = {.name = bc_strdup(key),
		.kind = bc_strdup(is_good ? m.kind : "damaged"),
		.title = bc_strdup(is_good ? m.title : "its manifest cannot be read"),
		.used_sec = time_of(file)};
	measure(path, 0, &item);
	item.path = BC_TAKE(path);
	bc_vec_push(cache, item);
}

static bool list_store(const char *cache_dir, struct bc_cache *cache, struct bc_err *err)
{
	BC_AUTO_FREE char *store = bc_path_join(cache_dir, "store");
	BC_AUTO(bc_strs) shards = {0};
	if (!bc_fs_is_dir(store))
		return true;
	if (!bc_fs_list(store, &shards, err))
		return false;
	bc_vec_each (shard, &shards) {
		BC_AUTO_FREE char *dir = bc_path_join(store, *shard);
		BC_AUTO(bc_strs) keys = {0};
		if (!bc_fs_is_dir(dir) || !bc_fs_list(dir, &keys, err))
			continue;
		bc_vec_each (key, &keys)
			add_entry(dir, *key, cache);
	}
	return true;
}

/* The folders below cache_dir/below, each an item. stamp is the file in it whose time is that of the last use. */
static void list_folders(const char *cache_dir, const char *below, const char *stamp,
	const char *title, struct bc_cache *cache)
{
	BC_AUTO_FREE char *dir = bc_path_join(cache_dir, below);
	BC_AUTO(bc_strs) names = {0};
	if (!bc_fs_is_dir(dir) || !bc_fs_list(dir, &names, NULL))
		return;
	bc_vec_each (name, &names) {
		struct bc_cache_item item = {.name = bc_path_join(below, *name),
			.kind = bc_strdup(below),
			.title = bc_strdup(title),
			.path = bc_path_join(dir, *name)};
		BC_AUTO_FREE char *file = bc_path_join(item.path, stamp);
		item.used_sec = time_of(file);
		measure(item.path, 0, &item);
		bc_vec_push(cache, item);
	}
}

static void list_whole(
	const char *cache_dir, const char *name, const char *title, struct bc_cache *cache)
{
	BC_AUTO_FREE char *path = bc_path_join(cache_dir, name);
	if (!bc_fs_is_dir(path))
		return;
	struct bc_cache_item item = {
		.name = bc_strdup(name), .kind = bc_strdup(name), .title = bc_strdup(title)};
	item.used_sec = time_of(path);
	measure(path, 0, &item);
	item.path = BC_TAKE(path);
	bc_vec_push(cache, item);
}

static int by_use(const void *a, const void *b)
{
	const struct bc_cache_item *x = a, *y = b;
	if (x->used_sec != y->used_sec)
		return x->used_sec < y->used_sec ? 1 : -1;
	return strcmp(x->name, y->name);
}

bool bc_cache_list(const char *cache_dir, struct bc_cache *cache, struct bc_err *err)
{
	*cache = (struct bc_cache){0};
	if (!list_store(cache_dir, cache, err)) {
		bc_cache_release(cache);
		return false;
	}
	list_folders(cache_dir, "work", "family", "sources and objects of a build", cache);
	list_folders(cache_dir, "git", "FETCH_HEAD", "what was fetched by git", cache);
	list_folders(cache_dir, "quarantine", "manifest.json", "a damaged artifact", cache);
	list_whole(cache_dir, "ccache", "the compiler's cache", cache);
	list_whole(cache_dir, "downloads", "downloads that were cut off", cache);
	if (cache->len)
		qsort(cache->items, cache->len, sizeof(*cache->items), by_use);
	bc_vec_each (item, cache)
		cache->bytes += item->bytes;
	return true;
}

static void release_item(struct bc_cache_item *item)
{
	free(item->name);
	free(item->kind);
	free(item->title);
	free(item->path);
}

void bc_cache_release(struct bc_cache *cache)
{
	bc_vec_each (item, cache)
		release_item(item);
	free(cache->items);
	*cache = (struct bc_cache){0};
}

/* Making room */

/* By a rename, so that nothing half removed is ever found; what is then left in tmp/ the next run removes. */
static bool remove_item(const char *cache_dir, const struct bc_cache_item *item, struct bc_err *err)
{
	BC_AUTO_FREE char *tmp = bc_path_join(cache_dir, "tmp");
	BC_AUTO_FREE char *dir = bc_fs_temp_dir(tmp, "gone-", err);
	BC_AUTO_FREE char *to = dir ? bc_path_join(dir, "it") : NULL;
	if (!dir)
		return false;
	struct bc_err why = {0};
	if (!bc_fs_move_dir(item->path, to, &why) && why.sys_errno != ENOENT) {
		if (err)
			*err = why;
		return false;
	}
	return bc_fs_remove(dir, err);
}

bool bc_cache_shrink(const char *cache_dir, uint64_t max_bytes, bool is_dry, struct bc_cache *kept,
	struct bc_cache *gone, struct bc_err *err)
{
	*gone = (struct bc_cache){0};
	*kept = (struct bc_cache){0};
	BC_AUTO_FD use = is_dry ? -1 : open_use(cache_dir, LOCK_EX | LOCK_NB, err);
	if ((!is_dry && use < 0) || !bc_cache_list(cache_dir, kept, err))
		return false;
	while (kept->len && kept->bytes > max_bytes) {
		struct bc_cache_item *last = &kept->items[kept->len - 1];
		if (!is_dry && !remove_item(cache_dir, last, err))
			return false;
		kept->bytes -= last->bytes;
		gone->bytes += last->bytes;
		bc_vec_push(gone, *last);
		kept->len--;
	}
	return bc_cache_notes_trim(cache_dir, is_dry, &gone->note_bytes, err);
}

/* Checking */

/* Why an entry of the listing is not what is on disk; empty when it is. */
static void compare_one(
	const struct bc_tree_entry *wanted, const struct bc_tree *disk, struct bc_buf *why)
{
	const struct bc_tree_entry *is = bc_tree_find(disk, wanted->e.path);
	char hex[BC_DIGEST_HEX];
	bool on_disk = wanted->e.type == BC_ENTRY_FILE || wanted->e.type == BC_ENTRY_DIR ||
		wanted->e.type == BC_ENTRY_LINK;
	if (!on_disk)
		return;
	/* A hard link is a file on disk, and a file is looked at under its first name. */
	if (is && wanted->e.is_hard)
		return;
	if (!is || is->e.type != wanted->e.type)
		bc_buf_addf(why, "'%s' %s", wanted->e.path, is ? "is something else" : "is gone");
	else if (is->e.type == BC_ENTRY_LINK && strcmp(is->e.target, wanted->e.target) != 0)
		bc_buf_addf(why, "the link '%s' leads elsewhere", wanted->e.path);
	else if (is->e.type == BC_ENTRY_FILE && is->e.size != wanted->e.size)
		bc_buf_addf(why, "'%s' has %llu bytes, not %llu", wanted->e.path,
			(unsigned long long)is->e.size, (unsigned long long)wanted->e.size);
	else if (is->e.type == BC_ENTRY_FILE &&
		!(wanted->is_data_sum ? bc_digest_data(is->source, hex, NULL)
				      : bc_digest_file(is->source, hex, NULL)))
		bc_buf_addf(why, "'%s' cannot be read", wanted->e.path);
	else if (is->e.type == BC_ENTRY_FILE && strcmp(hex, wanted->sha256) != 0)
		bc_buf_addf(why, "'%s' has other bytes", wanted->e.path);
}

static void check_entry(
	const struct bc_cache_item *item, const volatile int *cancelled, struct bc_buf *why)
{
	BC_AUTO_FREE char *out = bc_path_join(item->path, "out");
	BC_AUTO_FREE char *listing = bc_path_join(item->path, "files.jsonl");
	BC_AUTO(bc_tree) wanted = {0};
	BC_AUTO(bc_tree) disk = {0};
	if (strcmp(item->kind, "damaged") == 0) {
		bc_buf_adds(why, "its manifest cannot be read");
		return;
	}
	if (!bc_tree_read(&wanted, out, listing, NULL) || !bc_tree_read(&disk, out, NULL, NULL) ||
		!bc_tree_merge(&disk, NULL)) {
		bc_buf_adds(why, "its list of files cannot be read");
		return;
	}
	bc_vec_each (t, &wanted) {
		if (why->len || (cancelled && *cancelled))
			return;
		compare_one(t, &disk, why);
	}
	/* The other way round, for what was added. */
	if (!bc_tree_merge(&wanted, NULL))
		return;
	bc_vec_each (t, &disk)
		if (!why->len && !bc_tree_find(&wanted, t->e.path))
			bc_buf_addf(why, "'%s' does not belong to it", t->e.path);
}

bool bc_cache_verify(const char *cache_dir, struct bc_cache_check *check, struct bc_err *err)
{
	BC_AUTO(bc_cache) cache = {0};
	BC_AUTO_FREE char *store = bc_path_join(cache_dir, "store/");
	BC_AUTO_FD use = open_use(cache_dir, LOCK_EX | LOCK_NB, err);
	BC_AUTO(bc_strs) keys = {0};
	check->checked = check->damaged = check->made = 0;
	if (use < 0 || !bc_cache_list(cache_dir, &cache, err))
		return false;
	bc_vec_each (item, &cache) {
		BC_AUTO(bc_buf) why = {.max = 4096};
		if (!bc_has_prefix(item->path, store))
			continue;
		if (check->on_item)
			check->on_item(check->ctx, item);
		check_entry(item, check->cancelled, &why);
		if (check->cancelled && *check->cancelled)
			return bc_fail(err, BC_E_CANCELLED, 0, "interrupted");
		check->checked++;
		if (!why.len)
			continue;
		check->damaged++;
		if (!bc_cache_quarantine(cache_dir, item->path, item->name, err))
			return false;
		bc_strs_add(&keys, item->name);
		check->on_damage(check->ctx, item, why.data);
	}
	return !keys.len ||
		bc_cache_spread(cache_dir, &keys, check->on_made, check->ctx, &check->made, err);
}
