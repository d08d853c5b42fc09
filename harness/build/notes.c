/* What the cache knows besides its artifacts: apt's lists, sums of sources, logs of failures, what a name was built
 * from. All of it can be had again, or is of no use any more; only it is never looked at by itself. */
#include <time.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/cache.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/json.h>

#define OLD_S	   ((int64_t)30 * 24 * 3600) /* since its last use */
#define RECORD_MAX ((size_t)4 << 20)

static bool is_old(const char *path, int64_t now)
{
	struct stat st;
	return stat(path, &st) == 0 && now - (int64_t)st.st_mtim.tv_sec > OLD_S;
}

static bool is_old_file(const char *cache_dir, const char *path, const char *name, int64_t now)
{
	(void)cache_dir;
	(void)name;
	return is_old(path, now);
}

/* As long as the artifact is there, its record may explain the next one. */
static bool is_old_record(const char *cache_dir, const char *path, const char *name, int64_t now)
{
	BC_AUTO(bc_buf) text = {.max = RECORD_MAX};
	if (strcmp(name, "newest") == 0 || !is_old(path, now))
		return false;
	if (!bc_fs_read(path, RECORD_MAX, &text, NULL))
		return false;
	BC_AUTO_JSON *json = bc_json_parse(text.data ? text.data : "", text.len, NULL);
	const char *key = json ? bc_json_get_string(json, "key", "") : "";
	BC_AUTO_FREE char *entry = bc_asprintf("%s/store/%.2s/%s", cache_dir, key, key);
	return !*key || !bc_fs_exists(entry);
}

/* Lists of an architecture that nobody asked for. The records beside them stay: they are the versions that cases were
 * built with. */
static bool is_old_lists(const char *cache_dir, const char *path, const char *name, int64_t now)
{
	BC_AUTO_FREE char *stamp = bc_path_join(path, "apt.log");
	(void)cache_dir;
	return strcmp(name, "records") != 0 && is_old(stamp, now);
}

static const struct {
	const char *name;
	bool (*is_old)(const char *cache_dir, const char *path, const char *name, int64_t now);
} places[BC_CACHE_NOTES] = {
	{"apt", is_old_lists},
	{"stat", is_old_file},
	{"logs", is_old_file},
	{"names", is_old_record},
};

void bc_cache_notes_list(const char *cache_dir, struct bc_cache_note notes[BC_CACHE_NOTES])
{
	for (size_t i = 0; i < BC_CACHE_NOTES; i++) {
		BC_AUTO_FREE char *dir = bc_path_join(cache_dir, places[i].name);
		struct bc_cache_item item = {0};
		bc_cache_measure(dir, &item);
		notes[i] = (struct bc_cache_note){places[i].name, item.bytes};
	}
}

static bool trim(
	const char *cache_dir, size_t place, bool is_dry, uint64_t *freed, struct bc_err *err)
{
	BC_AUTO_FREE char *dir = bc_path_join(cache_dir, places[place].name);
	BC_AUTO(bc_strs) names = {0};
	int64_t now = time(NULL);
	if (!bc_fs_is_dir(dir))
		return true;
	if (!bc_fs_list(dir, &names, err))
		return false;
	uint64_t before = *freed;
	bc_vec_each (name, &names) {
		BC_AUTO_FREE char *path = bc_path_join(dir, *name);
		struct bc_cache_item item = {0};
		if (!places[place].is_old(cache_dir, path, *name, now))
			continue;
		bc_cache_measure(path, &item);
		if (!is_dry && !bc_fs_remove(path, err))
			return false;
		*freed += item.bytes;
	}
	/* names/newest says that all records were written. */
	BC_AUTO_FREE char *newest = bc_path_join(dir, "newest");
	return is_dry || *freed == before || bc_fs_remove(newest, err);
}

bool bc_cache_notes_trim(const char *cache_dir, bool is_dry, uint64_t *freed, struct bc_err *err)
{
	*freed = 0;
	for (size_t i = 0; i < BC_CACHE_NOTES; i++)
		if (!trim(cache_dir, i, is_dry, freed, err))
			return false;
	return true;
}
