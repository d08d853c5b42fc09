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

#define DEPTH_MAX 16 /* repositories within repositories */

struct reading {
	struct bc_tree *tree;
	const char *root;
	struct bc_git git;
	int depth;
};

static bool read_below(struct reading *r, const char *below, struct bc_err *err);

/* A submodule, or another repository that git does not look into. One that is not checked out holds nothing. */
static bool add_repository(
	struct reading *r, const char *full, const char *path, struct bc_err *err)
{
	if (!bc_worktree_is(full))
		return true;
	if (r->depth >= DEPTH_MAX)
		return bc_fail(err, BC_E_LIMIT, 0, "%s is nested too deep", full);
	r->depth++;
	bool ok = read_below(r, path, err);
	r->depth--;
	return ok;
}

static bool add(struct reading *r, const char *path, struct bc_err *err)
{
	BC_AUTO_FREE char *full = bc_path_join(r->root, path);
	char target[BC_ARCHIVE_NAME_MAX + 1];
	struct stat st;
	struct bc_entry e = {.path = path, .mode = 0644};
	if (!bc_path_is_inside(path) || lstat(full, &st) != 0)
		return true; /* removed, but not yet from git's index */
	if (r->tree->len >= BC_ARCHIVE_MAX_ENTRIES)
		return bc_fail(err, BC_E_LIMIT, 0, "%s holds more than %zu entries", r->root,
			BC_ARCHIVE_MAX_ENTRIES);
	if (S_ISDIR(st.st_mode))
		return add_repository(r, full, path, err);
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
		return true;
	}
	bc_tree_add(r->tree, &e, e.type == BC_ENTRY_FILE ? full : NULL, NULL)->stamp =
		bc_stamp_of(&st);
	return true;
}

static bool read_below(struct reading *r, const char *below, struct bc_err *err)
{
	BC_AUTO(bc_buf) names = {.max = (size_t)64 << 20};
	BC_AUTO_FREE char *dir = *below ? bc_path_join(r->root, below) : bc_strdup(r->root);
	const char *const args[] = {"-C", dir, "ls-files", "-co", "--exclude-standard", "-z", NULL};
	if (!bc_git_run(&r->git, args, &names, err))
		return bc_err_prefix(err, "the files of the work tree %s", dir);
	for (size_t at = 0; at < names.len; at += strlen(names.data + at) + 1) {
		/* Of a repository that is no submodule the name ends with a slash. */
		BC_AUTO_FREE char *name = bc_path_normal(names.data + at);
		BC_AUTO_FREE char *path = bc_path_join(below, name);
		if (!add(r, path, err))
			return false;
	}
	return true;
}

bool bc_worktree_read(struct bc_tree *tree, const char *dir, int log_fd,
	const volatile int *cancelled, struct bc_err *err)
{
	struct reading r = {
		.tree = tree, .root = dir, .git = {.cancelled = cancelled, .log_fd = log_fd}};
	return bc_tool_there("git", err) && read_below(&r, "", err) && bc_tree_merge(tree, err);
}
