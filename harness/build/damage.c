/* What was made of a damaged entry is damaged too, though its own sums are right. */
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/cache.h>
#include <bootcheck/build/store.h>
#include <bootcheck/sys/fs.h>

#define MANIFEST_MAX ((size_t)1 << 20)

struct entry {
	struct bc_manifest manifest;
	char *path; /* folder */
};
struct entries {
	BC_VEC(struct entry);
};

static void add_entry(const char *dir, const char *key, struct entries *entries)
{
	struct entry entry = {.path = bc_path_join(dir, key)};
	BC_AUTO_FREE char *file = bc_path_join(entry.path, "manifest.json");
	BC_AUTO(bc_buf) text = {.max = MANIFEST_MAX};
	if (bc_fs_read(file, MANIFEST_MAX, &text, NULL) && text.data &&
		bc_manifest_parse(text.data, text.len, &entry.manifest, NULL))
		bc_vec_push(entries, entry);
	else
		free(entry.path);
}

static bool read_entries(const char *cache_dir, struct entries *entries, struct bc_err *err)
{
	BC_AUTO_FREE char *store = bc_path_join(cache_dir, "store");
	BC_AUTO(bc_strs) shards = {0};
	if (!bc_fs_list(store, &shards, err))
		return false;
	bc_vec_each (shard, &shards) {
		BC_AUTO_FREE char *dir = bc_path_join(store, *shard);
		BC_AUTO(bc_strs) keys = {0};
		if (!bc_fs_is_dir(dir) || !bc_fs_list(dir, &keys, NULL))
			continue;
		bc_vec_each (key, &keys)
			add_entry(dir, *key, entries);
	}
	return true;
}

static void release_entries(struct entries *entries)
{
	bc_vec_each (e, entries) {
		bc_manifest_release(&e->manifest);
		free(e->path);
	}
	free(entries->items);
}

static bool is_made_of(const struct entry *e, const struct bc_strs *keys)
{
	for (size_t i = 0; i + 2 < e->manifest.inputs.len; i += 3)
		if (bc_strs_has(keys, e->manifest.inputs.items[i + 2]))
			return true;
	return false;
}

/* Folders of objects (of this kind; all when it is "") hold copies of their sources, and go by the sums that those
 * should have. Without its list such a folder is of unknown content, and is filled again. */
static void forget_objects(const char *cache_dir, const char *kind)
{
	BC_AUTO_FREE char *work = bc_path_join(cache_dir, "work");
	BC_AUTO_FREE char *prefix = bc_asprintf("%s%s", kind, *kind ? "-" : "");
	BC_AUTO(bc_strs) names = {0};
	if (!bc_fs_is_dir(work) || !bc_fs_list(work, &names, NULL))
		return;
	bc_vec_each (name, &names) {
		if (!bc_has_prefix(*name, prefix))
			continue;
		BC_AUTO_FREE char *dir = bc_path_join(work, *name);
		BC_AUTO_FREE char *list = bc_path_join(dir, "src.list");
		(void)unlink(list);
	}
}

bool bc_cache_quarantine(
	const char *cache_dir, const char *path, const char *key, struct bc_err *err)
{
	BC_AUTO_FREE char *dir = bc_path_join(cache_dir, "quarantine");
	BC_AUTO_FREE char *to = bc_path_join(dir, key);
	BC_AUTO_FREE char *file = bc_path_join(path, "manifest.json");
	BC_AUTO(bc_buf) text = {.max = MANIFEST_MAX};
	BC_AUTO(bc_manifest) m = {0};
	/* What was made of a source may be gone long since, but for its objects. */
	if (bc_fs_read(file, MANIFEST_MAX, &text, NULL) && text.data &&
		bc_manifest_parse(text.data, text.len, &m, NULL) &&
		(strcmp(m.kind, "source") == 0 || strcmp(m.kind, "git") == 0))
		forget_objects(cache_dir, "");
	return bc_fs_mkdirs(dir, 0755, err) && bc_fs_remove(to, err) &&
		bc_fs_move_dir(path, to, err);
}

bool bc_cache_spread(const char *cache_dir, struct bc_strs *keys,
	void (*on_made)(void *ctx, const char *key, const char *title), void *ctx, size_t *count,
	struct bc_err *err)
{
	struct entries entries = {0};
	bool ok = read_entries(cache_dir, &entries, err);
	*count = 0;
	/* Until a whole pass finds no more: an image of a kernel of a source. */
	for (bool has_more = ok; has_more && ok;) {
		has_more = false;
		for (size_t i = 0; ok && i < entries.len; i++) {
			const struct entry *e = &entries.items[i];
			const struct bc_manifest *m = &e->manifest;
			if (bc_strs_has(keys, m->key) || !is_made_of(e, keys))
				continue;
			ok = bc_cache_quarantine(cache_dir, e->path, m->key, err);
			forget_objects(cache_dir, m->kind);
			bc_strs_add(keys, m->key);
			++*count;
			has_more = true;
			if (on_made)
				on_made(ctx, m->key, m->title);
		}
	}
	release_entries(&entries);
	return ok;
}
