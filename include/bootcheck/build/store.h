/* The content-addressed store: `<cache>/store/<key[0:2]>/<key>/` with `out/` (what was built),
 * `manifest.json` and `files.jsonl`. An entry appears by one rename and is never changed. */
#ifndef BOOTCHECK_BUILD_STORE_H
#define BOOTCHECK_BUILD_STORE_H

#include <bootcheck/base/err.h>
#include <bootcheck/base/mem.h>
#include <bootcheck/sys/archive.h>
#include <bootcheck/sys/digest.h>

struct bc_store;

/* Opens (creating) the store below cache_dir and removes what dead processes left in tmp/. BC_E_IO with
 * the path and a hint. The caller frees. */
struct bc_store *bc_store_open(const char *cache_dir, struct bc_err *err) BC_MUST_CHECK;
void bc_store_free(struct bc_store *store);
/* The folder of the cache. Borrowed. */
const char *bc_store_dir(const struct bc_store *store);

/* Whom to tell what is not as it should be. */
void bc_store_on_note(
	struct bc_store *store, void (*on_note)(void *ctx, const char *text), void *ctx);

/* The path of an entry's content, NULL when it is not there. A damaged one is put aside, and what was made of it. The
 * caller frees. */
char *bc_store_find(const struct bc_store *store, const char *key) BC_MUST_CHECK;
/* The folder of an entry, there or not. The caller frees. */
char *bc_store_entry(const struct bc_store *store, const char *key) BC_MUST_CHECK;
/* Takes the lock of a key. on_wait (may be NULL) is called once when another process holds it. The
 * descriptor is the lock; -1 with BC_E_CANCELLED or BC_E_IO. */
int bc_store_lock(const struct bc_store *store, const char *key, const volatile int *cancelled,
	void (*on_wait)(void *ctx), void *ctx, struct bc_err *err) BC_MUST_CHECK;

/* A folder in tmp/ that is removed when this process dies. */
struct bc_store_temp {
	char *dir; /* has `entry/`, `entry/out/`, `work/` */
	int lock;
};
bool bc_store_temp_new(struct bc_store *store, const char *key, struct bc_store_temp *temp,
	struct bc_err *err) BC_MUST_CHECK;
/* Removes it. */
void bc_store_temp_free(struct bc_store_temp *temp);

/* What the manifest says. Strings owned. */
struct bc_manifest {
	char *key, *kind, *title, *output /* relative to the entry: "out" or "out/<file>" */,
		*created;
	uint64_t size_bytes; /* of all files */
	uint64_t files;
	char *top; /* names of what lies at the top of out/, with slashes between */
	struct {
		BC_VEC(char *); /* triples label, title, key */
	} inputs;
};
void bc_manifest_release(struct bc_manifest *manifest);
static inline void bc_manifest_cleanup(struct bc_manifest *manifest)
{
	bc_manifest_release(manifest);
}
/* From JSON text. BC_E_FORMAT. */
bool bc_manifest_parse(const char *text, size_t len, struct bc_manifest *manifest,
	struct bc_err *err) BC_MUST_CHECK;

/* Output, size, number of files and top only, without a parse of the whole: in a string of it the quotes of these labels would
 * be escaped. False when the text is not as the store prints it. */
bool bc_manifest_glance(const char *text, struct bc_manifest *manifest) BC_MUST_CHECK;

/* Publishes temp as the entry of manifest->key: lists and sums all files, makes them read-only, writes the
 * manifest, syncs, renames. entries (sorted or not; later ones win) give what the files on disk do not
 * have. Fills size_bytes, files and created. An entry that is already there stays. */
bool bc_store_publish(struct bc_store *store, struct bc_store_temp *temp,
	struct bc_manifest *manifest, const struct bc_entry *entries, size_t count,
	struct bc_err *err) BC_MUST_CHECK;

/* The record of what a name was built from last, so that a miss can be explained. */
struct bc_record {
	char *key;
	struct {
		BC_VEC(char *); /* pairs label, text */
	} fields;
};
void bc_record_release(struct bc_record *record);
static inline void bc_record_cleanup(struct bc_record *record)
{
	bc_record_release(record);
}
/* False without an error object: no record, or an unreadable one. */
bool bc_store_recall(
	const struct bc_store *store, const char *name, struct bc_record *record) BC_MUST_CHECK;
/* Whether the record of name is of key, without reading the rest of it. */
bool bc_store_remembers(
	const struct bc_store *store, const char *name, const char *key) BC_MUST_CHECK;
/* The same for all names and keys of a run at once, by their sum. */
bool bc_store_remembers_all(const struct bc_store *store, const char *sum) BC_MUST_CHECK;
void bc_store_remember_all(const struct bc_store *store, const char *sum);
/* Best effort: a cache that cannot be written fails elsewhere. */
void bc_store_remember(
	const struct bc_store *store, const char *name, const struct bc_record *record);

#endif
