#include <errno.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/git.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/build/worktree.h>
#include <bootcheck/sys/fs.h>

bool bc_worktree_is(const char *dir)
{
	BC_AUTO_FREE char *git = bc_path_join(dir, ".git");
	return bc_fs_exists(git);
}

static bool add(struct bc_tree *tree, const char *dir, const char *path, struct bc_err *err)
{
	BC_AUTO_FREE char *full = bc_path_join(dir, path);
	char target[BC_ARCHIVE_NAME_MAX + 1];
	struct stat st;
	struct bc_entry e = {.path = path, .mode = 0644};
	if (!bc_path_is_inside(path) || lstat(full, &st) != 0)
		return true; /* removed, but not yet from git's index */
	if (tree->len >= BC_ARCHIVE_MAX_ENTRIES)
		return bc_fail(err, BC_E_LIMIT, 0, "%s holds more than %zu entries", dir,
			BC_ARCHIVE_MAX_ENTRIES);
	if (S_ISLNK(st.st_mode)) {
		ssize_t n = readlink(full, target, BC_ARCHIVE_NAME_MAX);
		if (n < 0)
			return bc_fail(err, BC_E_IO, errno, "cannot read %s", full);
		target[n] = '\0';
		e.type = BC_ENTRY_LINK;
		e.target = target;
	} else if (S_ISREG(st.st_mode)) {
		e.size = (uint64_t)st.st_size;
		/* What git knows of a mode. */
		e.mode = st.st_mode & 0100 ? 0755 : 0644;
	} else {
		return true; /* a submodule */
	}
	bc_tree_add(tree, &e, e.type == BC_ENTRY_FILE ? full : NULL, NULL)->stamp =
		bc_stamp_of(&st);
	return true;
}

bool bc_worktree_read(struct bc_tree *tree, const char *dir, int log_fd,
	const volatile int *cancelled, struct bc_err *err)
{
	BC_AUTO(bc_buf) names = {.max = (size_t)64 << 20};
	const char *const args[] = {"-C", dir, "ls-files", "-co", "--exclude-standard", "-z", NULL};
	struct bc_git git = {.cancelled = cancelled, .log_fd = log_fd};
	if (!bc_tool_there("git", err))
		return false;
	if (!bc_git_run(&git, args, &names, err))
		return bc_err_prefix(err, "the files of the work tree %s", dir);
	for (size_t at = 0; at < names.len; at += strlen(names.data + at) + 1)
		if (!add(tree, dir, names.data + at, err))
			return false;
	return bc_tree_merge(tree, err);
}
