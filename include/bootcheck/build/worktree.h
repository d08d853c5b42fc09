/* Git work trees as sources: what git does not ignore. Droppings of a build in the tree are no sources: they would
 * make a new key of every build there, and kbuild refuses to build elsewhere from a tree that has them. */
#ifndef BOOTCHECK_BUILD_WORKTREE_H
#define BOOTCHECK_BUILD_WORKTREE_H

#include <bootcheck/sys/tree.h>

/* True when dir is the top of a work tree. */
bool bc_worktree_is(const char *dir);

/* Adds what git tracks or would track below dir to tree, and merges it. What was removed but not yet from git's
 * index is not there; submodules and other repositories in it are read as they are checked out. The log may be -1. BC_E_MISSING: no git. BC_E_COMMAND: git fails.
 * BC_E_IO, BC_E_LIMIT, BC_E_CANCELLED. */
bool bc_worktree_read(struct bc_tree *tree, const char *dir, int log_fd,
	const volatile int *cancelled, struct bc_err *err) BC_MUST_CHECK;

#endif
