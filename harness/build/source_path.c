/* A file or folder of the host. It stays where it is; its content is its key. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/graph.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/worktree.h>
#include <bootcheck/sys/fs.h>

/* node->state is the absolute path. */
static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	char hex[BC_DIGEST_HEX];
	bool ok = node->kind == &bc_kind_worktree || node->kind == &bc_kind_source_folder
		? bc_pathsum_source(resolver, node->state, hex, err)
		: bc_pathsum(resolver->cache_dir, node->state, hex, err);
	if (!ok)
		return BC_RESOLVE_FAILED;
	bc_node_set(node, "content", hex);
	free(node->path);
	node->path = bc_strdup(node->state);
	return BC_RESOLVE_DONE;
}

static const struct bc_node_kind kind_path = {
	.name = "path",
	.version = "1",
	.resolve = resolve,
};
const struct bc_node_kind bc_kind_worktree = {
	.name = "worktree",
	.version = "1",
	.resolve = resolve,
};
const struct bc_node_kind bc_kind_source_folder = {
	.name = "path",
	.version = "1",
	.resolve = resolve,
};

static const struct bc_node_kind *kind_of(const struct bc_planner *planner, const char *path)
{
	if (!bc_planner_wants_source(planner) || !bc_fs_is_dir(path))
		return &kind_path;
	return bc_worktree_is(path) ? &bc_kind_worktree : &bc_kind_source_folder;
}

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *map, struct bc_err *err)
{
	const struct bc_value *value = bc_value_get(map, "path");
	const struct bc_case *c = bc_planner_case(planner);
	const char *text = bc_value_text(map, "path", "");
	char *path = bc_case_path(c, text);
	if (!path) {
		(void)bc_planner_fail(
			err, value ? value->loc : map->loc, "there is no file or folder %s", text);
		(void)bc_err_hint(err, "looked in %s and beside the case", c->root ? c->root : ".");
		return NULL;
	}
	bool is_dir = bc_fs_is_dir(path);
	bool unpack =
		bc_value_bool(map, "extract", false) || (bc_planner_wants_tree(planner) && !is_dir);
	struct bc_node *node = bc_node_new(kind_of(planner, path), value ? value->loc : map->loc);
	bool is_source = node->kind == &bc_kind_source_folder;
	bc_node_title(node, "path %s", text);
	bc_node_set(node, "content", "");
	/* The path is no part of the key, but two paths are two nodes. */
	node->params = bc_value_new_scalar(path, map->loc);
	node->state = path;
	/* As a layer, too, it is another node. */
	BC_AUTO_FREE char *identity = bc_asprintf("%s%s", is_source ? "source " : "", path);
	node = bc_planner_add_as(planner, node, identity);
	if (!unpack && !bc_value_get(map, "members") && !bc_value_get(map, "strip"))
		return node;
	if (unpack && !is_dir)
		return bc_extract_plan(planner, node, map, err);
	(void)bc_planner_fail(err, map->loc,
		is_dir ? "%s is a folder: `extract`, `members` and `strip` are for archives; a "
			 "layer "
			 "`{tree: …, members: …}` selects from a folder"
		       : "%s: `members` and `strip` need `extract: true`",
		text);
	return NULL;
}

const struct bc_recipe bc_recipe_path = {.variant = &bc_variant_path, .plan = plan};
