#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/plan/search.h>
#include <bootcheck/sys/fs.h>

static bool is_case_name(const char *name)
{
	return *name != '.' && (bc_has_suffix(name, ".yaml") || bc_has_suffix(name, ".yml"));
}

static bool is_real_dir(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool add_file(const char *path, struct bc_strs *found, struct bc_err *err)
{
	if (found->len >= BC_SEARCH_MAX_FILES)
		return bc_fail(err, BC_E_LIMIT, 0, "more than %d case files", BC_SEARCH_MAX_FILES);
	bc_vec_push(found, bc_path_normal(path));
	return true;
}

static bool search(const char *dir, int depth, struct bc_strs *found, struct bc_err *err)
{
	BC_AUTO(bc_strs) names = {0};
	if (depth > BC_SEARCH_MAX_DEPTH)
		return bc_fail(err, BC_E_LIMIT, 0, "%s: folders nest deeper than %d", dir,
			BC_SEARCH_MAX_DEPTH);
	if (!bc_fs_list(dir, &names, err))
		return false;
	for (size_t i = 0; i < names.len; i++) {
		const char *name = names.items[i];
		BC_AUTO_FREE char *path = bc_path_join(dir, name);
		if (is_real_dir(path)) {
			if (*name != '.' && strcmp(name, "parts") != 0 &&
				!search(path, depth + 1, found, err))
				return false;
		} else if (is_case_name(name) && !add_file(path, found, err)) {
			return false;
		}
	}
	return true;
}

static bool fail_missing(const char *path, struct bc_err *err)
{
	(void)bc_fail(err, BC_E_USAGE, 0, "there is no file or folder %s", path);
	BC_AUTO_FREE char *normal = bc_path_normal(path);
	BC_AUTO_FREE char *dir = bc_path_dir(normal);
	BC_AUTO(bc_strs) names = {0};
	struct bc_err ignored;
	if (!bc_fs_list(dir, &names, &ignored))
		return bc_err_hint(err, "there is no folder %s either", dir);
	const char *near =
		bc_suggest(bc_path_base(normal), (const char *const *)bc_strs_argv(&names));
	if (!near)
		return bc_err_hint(err,
			"paths are case files, or folders of them; without one, cases is searched");
	BC_AUTO_FREE char *joined = bc_path_join(dir, near);
	BC_AUTO_FREE char *shown = bc_path_normal(joined);
	return bc_err_hint(err, "did you mean %s?", shown);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool bc_search_cases(char *const *paths, size_t count, struct bc_strs *found, struct bc_err *err)
{
	for (size_t i = 0; i < count; i++) {
		size_t before = found->len;
		if (!bc_fs_exists(paths[i]))
			return fail_missing(paths[i], err);
		if (!bc_fs_is_dir(paths[i])) {
			if (!add_file(paths[i], found, err))
				return false;
			continue;
		}
		if (!search(paths[i], 0, found, err))
			return false;
		if (found->len == before) {
			(void)bc_fail(err, BC_E_USAGE, 0, "the folder %s holds no case", paths[i]);
			return bc_err_hint(err,
				"cases are files *.yaml or *.yml; folders called parts are not "
				"searched");
		}
	}
	if (found->len)
		qsort(found->items, found->len, sizeof(char *), compare);
	return true;
}

bool bc_search_is_part(const struct bc_plan_file *file)
{
	BC_AUTO_FREE char *dir = bc_path_dir(file->absolute);
	return strcmp(bc_path_base(dir), "parts") == 0 && !bc_value_get(file->root, "bootcheck") &&
		!bc_value_get(file->root, "name");
}
