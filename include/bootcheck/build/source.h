/* Source trees: what `source:` and `patches:` of a case become. */
#ifndef BOOTCHECK_BUILD_SOURCE_H
#define BOOTCHECK_BUILD_SOURCE_H

#include <bootcheck/build/node.h>
#include <bootcheck/model/schema.h>

/* A source in the case format: a path or reference, or one of the source variants. */
extern const struct bc_shape bc_shape_source;

/* The node whose content is the root of a source tree (the folder that holds Makefile), patched if
 * `patches` (a list of references) is not NULL. An archive is unpacked, an archive inside a package too
 * (linux-source-6.1 holds a .tar.xz), and a single leading folder is removed. Its lineage is set. The member
 * of the input is always NULL. BC_E_CASE. */
struct bc_node *bc_source_tree_plan(struct bc_planner *planner, const struct bc_value *source,
	const struct bc_value *patches, struct bc_err *err) BC_MUST_CHECK;

/* Whether a source tree is a folder of the host, patched or not: then what its links lead to counts as its content. */
bool bc_source_is_host(const struct bc_node *tree);

/* Removes the single folder at the top of dir, if that is all it holds, by moving what is in it up. BC_E_IO. */
bool bc_source_lift(const char *dir, const char *work_dir, struct bc_err *err) BC_MUST_CHECK;

#endif
