/* Looking after the store: what is in it, making it smaller, checking it. */
#ifndef BOOTCHECK_BUILD_CACHE_H
#define BOOTCHECK_BUILD_CACHE_H

#include <bootcheck/base/err.h>
#include <bootcheck/base/mem.h>

#define BC_CACHE_SIZE ((uint64_t)40 << 30) /* bytes that gc leaves when nobody says otherwise */

struct bc_cache_item {
	char *name; /* key of an artifact; "work/linux-…" of a folder of objects; "ccache", "git/…" */
	char *kind;  /* "linux", "image", …; "work", "ccache", "git" */
	char *title; /* for people */
	char *path;
	uint64_t bytes; /* on disk */
	uint64_t files;
	int64_t used_sec; /* since the epoch: last use, to the hour */
};
struct bc_cache {
	BC_VEC(struct bc_cache_item); /* what was used last comes first */
	uint64_t bytes;		      /* of all */
	uint64_t note_bytes;	      /* of bc_cache_shrink(): what else went */
};

/* Everything in the cache that costs room. BC_E_IO. */
bool bc_cache_list(const char *cache_dir, struct bc_cache *cache, struct bc_err *err) BC_MUST_CHECK;
void bc_cache_release(struct bc_cache *cache);
static inline void bc_cache_cleanup(struct bc_cache *cache)
{
	bc_cache_release(cache);
}

/* Adds the room and the files of everything at or below path. */
void bc_cache_measure(const char *path, struct bc_cache_item *item);

/* What the cache knows besides, which is of no case in particular and counts for no size: apt's lists, sums of sources,
 * logs of failures, what names were built from. */
#define BC_CACHE_NOTES 4
struct bc_cache_note {
	const char *name; /* of its folder */
	uint64_t bytes;
};
void bc_cache_notes_list(const char *cache_dir, struct bc_cache_note notes[BC_CACHE_NOTES]);
/* Removes what of it was not used for 30 days, and says how much. Only while nobody uses the cache. BC_E_IO. */
bool bc_cache_notes_trim(
	const char *cache_dir, bool is_dry, uint64_t *freed, struct bc_err *err) BC_MUST_CHECK;

/* Removes what was not used for the longest time until the rest has max_bytes at most; the items that went are left in
 * gone, the others in kept. What it
 * knows besides goes when it is old. With is_dry nothing is removed. BC_E_LIMIT while another bootcheck uses the cache. */
bool bc_cache_shrink(const char *cache_dir, uint64_t max_bytes, bool is_dry, struct bc_cache *kept,
	struct bc_cache *gone, struct bc_err *err) BC_MUST_CHECK;

/* Reads every byte of every artifact. A damaged one is moved to `<cache>/quarantine/`, so that it is built again when
 * it is needed, and so is what was made of it; on_damage tells which and why. BC_E_IO, BC_E_CANCELLED; BC_E_LIMIT while another bootcheck uses the
 * cache. */
struct bc_cache_check {
	const volatile int *cancelled;
	void (*on_item)(void *ctx, const struct bc_cache_item *item);
	void (*on_damage)(void *ctx, const struct bc_cache_item *item, const char *why);
	/* What was made of a damaged one, directly or not; it went with it. */
	void (*on_made)(void *ctx, const char *key, const char *title);
	void *ctx;
	size_t checked, damaged, made; /* out */
};
bool bc_cache_verify(
	const char *cache_dir, struct bc_cache_check *check, struct bc_err *err) BC_MUST_CHECK;

/* Moves the entry at path to `<cache>/quarantine/<key>`. BC_E_IO. */
bool bc_cache_quarantine(
	const char *cache_dir, const char *path, const char *key, struct bc_err *err) BC_MUST_CHECK;
/* Moves there, too, what was made of the entries of these keys, and of that in turn; their keys are added, and on_made
 * (may be NULL) is told of each. Folders of objects that hold copies of them are filled again. BC_E_IO. */
bool bc_cache_spread(const char *cache_dir, struct bc_strs *keys,
	void (*on_made)(void *ctx, const char *key, const char *title), void *ctx, size_t *count,
	struct bc_err *err) BC_MUST_CHECK;

/* Says that this process uses the cache, as long as the descriptor is open. -1 with BC_E_IO. */
int bc_cache_use(const char *cache_dir, struct bc_err *err);
/* Writes down that an entry of the store was used; at most once an hour. Best effort. */
void bc_cache_touch(const char *manifest_path);

#endif
