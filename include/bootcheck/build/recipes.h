/* Every recipe, and the pieces of one that others use. */
#ifndef BOOTCHECK_BUILD_RECIPES_H
#define BOOTCHECK_BUILD_RECIPES_H

#include <bootcheck/build/node.h>
#include <bootcheck/build/shapes.h>
#include <bootcheck/sys/tree.h>

extern const struct bc_recipe bc_recipe_apt, bc_recipe_apt_source, bc_recipe_url, bc_recipe_git,
	bc_recipe_path, bc_recipe_tree, bc_recipe_file, bc_recipe_initramfs, bc_recipe_linux,
	bc_recipe_busybox, bc_recipe_uboot, bc_recipe_libc, bc_recipe_image, bc_recipe_dtb,
	bc_recipe_uimage, bc_recipe_fit, bc_recipe_command;

/* A node that unpacks `archive` (a node whose content is one file), with the options members and strip of
 * `map`. */
struct bc_node *bc_extract_plan(struct bc_planner *planner, struct bc_node *archive,
	const struct bc_value *map, struct bc_err *err) BC_MUST_CHECK;

/* Gives node an input for each reference of a list (which may be NULL, or a single one), "label[i]" or, when it is no
 * list, "label". BC_E_CASE. */
bool bc_refs_plan(struct bc_planner *planner, struct bc_node *node, const char *label,
	const struct bc_value *list, struct bc_err *err) BC_MUST_CHECK;
/* True when the key is not there, or a number. BC_E_CASE. */
bool bc_address_check(
	const struct bc_value *map, const char *key, struct bc_err *err) BC_MUST_CHECK;

/* Gives node one input for each item of a list of layers, and the fields that say where each goes. A NULL
 * list is empty. */
bool bc_layers_plan(struct bc_planner *planner, struct bc_node *node, const struct bc_value *list,
	struct bc_err *err) BC_MUST_CHECK;
/* Reads those inputs (the first ones of the node) into tree, in order. */
bool bc_layers_read(struct bc_job *job, const struct bc_value *list, struct bc_tree *tree,
	struct bc_err *err) BC_MUST_CHECK;
/* Gives node an input for the reference in `source` of an item, or a field for its `content`. */
bool bc_content_plan(struct bc_planner *planner, struct bc_node *node, const char *label,
	const struct bc_value *item, struct bc_err *err) BC_MUST_CHECK;
/* Adds the file of an item to tree: from its `content`, or from the input *next, which then counts up. */
bool bc_content_read(struct bc_job *job, const struct bc_value *item, const struct bc_entry *entry,
	size_t *next, struct bc_tree *tree, struct bc_err *err) BC_MUST_CHECK;
/* The keys from (in a tree artifact: tree), files, links, dirs, nodes, applets and owners of map, as inputs and fields of node. The
 * layers are its first inputs. BC_E_CASE. */
bool bc_entries_plan(struct bc_planner *planner, struct bc_node *node, const struct bc_value *map,
	struct bc_err *err) BC_MUST_CHECK;
/* Adds to tree what they stand for. */
bool bc_entries_read(struct bc_job *job, const struct bc_value *map, struct bc_tree *tree,
	struct bc_err *err) BC_MUST_CHECK;
/* Merges the tree and gives what is in it the owners of map. BC_E_CASE. */
bool bc_entries_settle(
	const struct bc_value *map, struct bc_tree *tree, struct bc_err *err) BC_MUST_CHECK;
/* Writes a merged tree into the job's output. */
bool bc_tree_write(
	struct bc_job *job, const struct bc_tree *tree, struct bc_err *err) BC_MUST_CHECK;
/* Copies a file's bytes. BC_E_IO. */
bool bc_copy_file(const char *from, const char *to, struct bc_err *err) BC_MUST_CHECK;

/* A path inside a tree, as an entry wants it: no slash at the start, normalised. NULL with BC_E_CASE when
 * it leads outside or is the root itself. The caller frees. */
char *bc_inside_path(const struct bc_value *map, const char *key, struct bc_err *err) BC_MUST_CHECK;
/* A mode; BC_E_CASE when it is not written as an octal number. */
bool bc_mode_of(const struct bc_value *map, unsigned fallback, unsigned *mode,
	struct bc_err *err) BC_MUST_CHECK;

/* The sum over a file's bytes or a folder's entries. What has not changed (size, times, inode) since it was
 * read last is not read again. BC_E_IO, BC_E_LIMIT. */
bool bc_pathsum(const char *cache_dir, const char *path, char hex[BC_DIGEST_HEX],
	struct bc_err *err) BC_MUST_CHECK;
/* The same of a folder as the source of a build: of a git work tree, over what git does not ignore, and with what its
 * links lead to elsewhere. The errors of bc_worktree_read() too. */
bool bc_pathsum_source(const struct bc_resolver *resolver, const char *path,
	char hex[BC_DIGEST_HEX], struct bc_err *err) BC_MUST_CHECK;
/* A work tree as a source, used where it is; its state is the path. */
extern const struct bc_node_kind bc_kind_worktree;
/* Any other folder as a source. Its name, and so its key, is that of a path. */
extern const struct bc_node_kind bc_kind_source_folder;

#endif
