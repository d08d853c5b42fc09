/* Trees: what a folder or an unpacked archive holds, with owners, modes and device nodes that the disk
 * does not have, and the merging of several. */
#ifndef BOOTCHECK_SYS_TREE_H
#define BOOTCHECK_SYS_TREE_H

#include <bootcheck/base/buf.h>
#include <bootcheck/base/err.h>
#include <bootcheck/base/mem.h>
#include <bootcheck/sys/archive.h>
#include <bootcheck/sys/digest.h>

#define BC_TREE_DEPTH 128 /* folders within folders */

/* What tells whether a file on disk is still the same. */
struct bc_stamp {
	int64_t size, mtime_ns, ctime_ns;
	uint64_t inode; /* 0 = nothing is known */
};

struct bc_tree_entry {
	struct bc_entry e;	    /* strings owned */
	char *source;		    /* FILE: where its bytes are; NULL = in data */
	char *data;		    /* FILE: e.size bytes */
	char sha256[BC_DIGEST_HEX]; /* FILE from a listing; "" = not known */
	bool is_data_sum;	    /* sha256 is that of bc_digest_data() */
	struct bc_stamp stamp;	    /* FILE from the disk */
	size_t order;
};

struct stat;
struct bc_stamp bc_stamp_of(const struct stat *st);

/* Zero initialised is empty. */
struct bc_tree {
	BC_VEC(struct bc_tree_entry);
};

/* Appends everything below the folder `root`. With a listing (`files.jsonl` of a store entry) modes and
 * owners are its, otherwise they are 0755 or 0644 by the owner's execute bit, and 0:0, as far as git keeps
 * them; entries called .git are left out. BC_E_IO, BC_E_FORMAT, BC_E_LIMIT. */
bool bc_tree_read(struct bc_tree *tree, const char *root, const char *listing,
	struct bc_err *err) BC_MUST_CHECK;
/* Appends one entry; copies the strings, takes data. */
struct bc_tree_entry *bc_tree_add(
	struct bc_tree *tree, const struct bc_entry *entry, const char *source, char *data);
/* Sorts (a folder directly before what is in it), lets later entries win, drops what lies below an
 * entry that a later layer replaced, adds missing parents (0755, 0:0). BC_E_CASE when an entry lies
 * below one that is no folder. */
bool bc_tree_merge(struct bc_tree *tree, struct bc_err *err) BC_MUST_CHECK;
/* BC_E_CASE: a hard link of a merged tree leads nowhere, or to what is no file. */
bool bc_tree_check_links(const struct bc_tree *tree, struct bc_err *err) BC_MUST_CHECK;
/* Makes copies of the hard links of a merged tree, for what cannot hold them. BC_E_CASE: one leads nowhere, or
 * to what is no file. */
bool bc_tree_copy_links(struct bc_tree *tree, struct bc_err *err) BC_MUST_CHECK;
/* For a tree whose symbolic links programs of this host will follow. BC_E_FORMAT: one of the tree, which was read from
 * root, is absolute or leads out of it; the message names it, and its target. */
bool bc_tree_check_inside(
	const struct bc_tree *tree, const char *root, struct bc_err *err) BC_MUST_CHECK;
/* The entry of this path in a merged tree, or NULL. Borrowed. */
struct bc_tree_entry *bc_tree_find(const struct bc_tree *tree, const char *path);
void bc_tree_release(struct bc_tree *tree);
static inline void bc_tree_cleanup(struct bc_tree *tree)
{
	bc_tree_release(tree);
}

/* Order of paths in which a folder comes directly before what it holds. */
int bc_tree_compare(const char *a, const char *b);

/* Finds the one path below root that member (a path or a glob, `*` does not match a slash) stands for;
 * symbolic links are followed inside root, which is also their "/". The caller frees the full path.
 * BC_E_CONTENT: none, or several; the message lists candidates. BC_E_FORMAT: leads outside. */
char *bc_tree_member(const char *root, const char *member, struct bc_err *err) BC_MUST_CHECK;

/* A line of a listing; sha256 may be NULL. */
void bc_tree_print_entry(
	const struct bc_entry *entry, const char *sha256, bool is_data_sum, struct bc_buf *out);
/* The reverse; strings of *entry are owned by the caller. BC_E_FORMAT. */
bool bc_tree_parse_entry(const char *line, size_t len, struct bc_tree_entry *entry,
	struct bc_err *err) BC_MUST_CHECK;

#endif
