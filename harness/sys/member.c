/* From a member's name to the one path in a tree that it stands for. */
#include <errno.h>
#include <fnmatch.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/tree.h>

#define MAX_LINKS      40 /* as the kernel's own limit */
#define MAX_CANDIDATES 64

static bool is_glob(const char *text)
{
	return strpbrk(text, "*?[") != NULL;
}

/* Takes the first component off a path. */
static char *take_component(const char **rest)
{
	*rest += strspn(*rest, "/");
	size_t n = strcspn(*rest, "/");
	char *name = bc_strndup(*rest, n);
	*rest += n;
	*rest += strspn(*rest, "/");
	return name;
}

/* Follows path (relative to root, no globs) as if root were "/". NULL when it is not there. */
static char *follow(const char *root, const char *path)
{
	BC_AUTO_FREE char *todo = bc_strdup(path), *at = bc_strdup("");
	for (int links = 0; *todo;) {
		const char *rest = todo;
		BC_AUTO_FREE char *name = take_component(&rest);
		BC_AUTO_FREE char *left = bc_strdup(rest);
		char target[BC_ARCHIVE_NAME_MAX + 1];
		struct stat st;
		if (strcmp(name, "..") == 0) {
			char *slash = strrchr(at, '/');
			*(slash ? slash : at) = '\0';
		} else if (*name && strcmp(name, ".") != 0) {
			BC_AUTO_FREE char *next = bc_path_join(at, name);
			BC_AUTO_FREE char *full = bc_path_join(root, next);
			if (lstat(full, &st) != 0)
				return NULL;
			if (S_ISLNK(st.st_mode)) {
				ssize_t n = readlink(full, target, sizeof(target) - 1);
				if (n <= 0 || ++links > MAX_LINKS)
					return NULL;
				target[n] = '\0';
				if (*target == '/')
					*at = '\0';
				free(todo);
				todo = bc_asprintf("%s%s%s", target, *left ? "/" : "", left);
				if (strlen(todo) > 4 * BC_ARCHIVE_NAME_MAX)
					return NULL;
				continue;
			}
			free(at);
			at = BC_TAKE(next);
		}
		free(todo);
		todo = BC_TAKE(left);
	}
	return BC_TAKE(at);
}

/* Adds every path below root/dir that the rest of the glob fits. The recursion is as deep as the glob has
 * components. */
static void expand(const char *root, const char *dir, const char *glob, struct bc_strs *found)
{
	const char *rest = glob;
	BC_AUTO_FREE char *part = take_component(&rest);
	BC_AUTO(bc_strs) names = {0};
	BC_AUTO_FREE char *real = follow(root, dir);
	BC_AUTO_FREE char *full = real ? bc_path_join(root, real) : NULL;
	if (!full || !*part)
		return;
	if (!is_glob(part))
		bc_strs_add(&names, part);
	else if (!bc_fs_list(full, &names, NULL))
		return;
	for (size_t i = 0; i < names.len && found->len < MAX_CANDIDATES; i++) {
		BC_AUTO_FREE char *path = bc_path_join(dir, names.items[i]);
		BC_AUTO_FREE char *target = NULL;
		if (is_glob(part) && fnmatch(part, names.items[i], FNM_PERIOD) != 0)
			continue;
		if (*rest)
			expand(root, path, rest, found);
		else if ((target = follow(root, path)))
			bc_strs_add(found, path);
	}
}

/* What somebody may have meant: what lies beside the first component that is not there. */
static void list_near(const char *root, const char *member, struct bc_buf *out)
{
	BC_AUTO_FREE char *dir = bc_strdup(member);
	BC_AUTO_FREE char *real = NULL;
	do {
		char *slash = strrchr(dir, '/');
		*(slash ? slash : dir) = '\0';
		free(real);
		real = is_glob(dir) ? NULL : follow(root, dir);
	} while (!real && *dir);
	BC_AUTO(bc_strs) names = {0};
	BC_AUTO_FREE char *full = bc_path_join(root, real ? real : "");
	if (!bc_fs_list(full, &names, NULL) || !names.len)
		return;
	bc_buf_addf(out, "%s holds", *dir ? dir : "it");
	for (size_t i = 0; i < names.len && i < 8; i++)
		bc_buf_addf(out, "%s %s", i ? "," : "", names.items[i]);
	if (names.len > 8)
		bc_buf_addf(out, " and %zu more", names.len - 8);
}

char *bc_tree_member(const char *root, const char *member, struct bc_err *err)
{
	while (*member == '/')
		member++;
	if (!bc_path_is_inside(member))
		return bc_fail_null(err, BC_E_FORMAT, 0, "the member '%s' leads outside", member);
	BC_AUTO(bc_strs) found = {0};
	expand(root, "", member, &found);
	if (found.len == 1) {
		BC_AUTO_FREE char *real = follow(root, found.items[0]);
		return bc_path_join(root, real ? real : "");
	}
	BC_AUTO(bc_buf) list = {0};
	if (!found.len) {
		list_near(root, member, &list);
		(void)bc_fail(err, BC_E_CONTENT, 0, "nothing in it fits '%s'", member);
	} else {
		for (size_t i = 0; i < found.len && i < 8; i++)
			bc_buf_addf(&list, "%s%s", i ? ", " : "it fits ", found.items[i]);
		(void)bc_fail(err, BC_E_CONTENT, 0, "'%s' is not one path but %zu%s", member,
			found.len, found.len == MAX_CANDIDATES ? " or more" : "");
	}
	if (list.len)
		(void)bc_err_hint(err, "%s", list.data);
	return NULL;
}
