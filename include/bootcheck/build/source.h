/* Source trees: what `source:` and `patches:` of a case become. */
#ifndef BOOTCHECK_BUILD_SOURCE_H
#define BOOTCHECK_BUILD_SOURCE_H

#include <bootcheck/build/node.h>

/* The node whose content is the root of a source tree (the folder that holds Makefile), patched if
 * `patches` is not NULL. An archive is unpacked, an archive inside a package too (linux-source-6.1 holds a
 * .tar.xz), and a single leading folder is removed. Its lineage is set. The member of the input is always
 * NULL. BC_E_CASE. */
struct bc_node *bc_source_tree_plan(struct bc_planner *planner, const struct bc_value *source,
	const struct bc_value *patches, struct bc_err *err) BC_MUST_CHECK;

#endif
