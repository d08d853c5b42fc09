/* What an NFS server serves: trees and files joined into one tree that does not change any more. Each
 * thing in it is known by a number; names lead from folder to folder, and never out. */
#ifndef BOOTCHECK_SERVE_NFS_TREE_H
#define BOOTCHECK_SERVE_NFS_TREE_H

#include <bootcheck/model/files.h>
#include <bootcheck/sys/tree.h>

#define BC_NFS_ROOT 0u

struct bc_nfs_node {
	enum bc_entry_type type;
	bool is_exported; /* a client may mount it, if it is a folder */
	unsigned mode;
	uint32_t uid, gid, links;
	uint64_t size;
	unsigned major, minor;
	char *target;	     /* LINK */
	char *source;	     /* FILE: its path on this host */
	size_t inside;	     /* where in `source` the part begins that may not leave its folder */
	uint32_t parent;     /* of a folder; the root is its own */
	size_t first, count; /* of a folder: its part of `names` */
};

struct bc_nfs_name {
	char *name;
	uint32_t node;
};

struct bc_nfs_tree {
	struct {
		BC_VEC(struct bc_nfs_node);
	} nodes;
	struct {
		BC_VEC(struct
			bc_nfs_name); /* those of a folder together, in the order of their bytes */
	} names;
};

/* Reads and joins the exports; later ones win. BC_E_IO, BC_E_FORMAT, BC_E_LIMIT; BC_E_CASE when one lies below
 * something that is no folder. The caller frees. */
struct bc_nfs_tree *bc_nfs_tree_new(
	const struct bc_exports *exports, struct bc_err *err) BC_MUST_CHECK;
/* The same from a tree that is not merged yet, without a host behind it: every folder of it is exported. */
struct bc_nfs_tree *bc_nfs_tree_of(struct bc_tree *tree, struct bc_err *err) BC_MUST_CHECK;
void bc_nfs_tree_free(struct bc_nfs_tree *tree);

/* The number of what is called `name` in a folder, `.` and `..` included; false if it is not there. */
bool bc_nfs_tree_lookup(const struct bc_nfs_tree *tree, uint32_t folder, const void *name,
	size_t len, uint32_t *node) BC_MUST_CHECK;
/* The number of what a path of the server stands for; no symbolic links are followed. */
bool bc_nfs_tree_path(
	const struct bc_nfs_tree *tree, const void *path, size_t len, uint32_t *node) BC_MUST_CHECK;

/* Opens a file of the tree for reading without following any symbolic link below its export. -1 with errno. */
int bc_nfs_node_open(const struct bc_nfs_node *node);

#endif
