/* A folder merged from layers, with single entries over them. */
#include <bootcheck/build/recipes.h>

static bool build(struct bc_job *job, struct bc_err *err)
{
	BC_AUTO(bc_tree) tree = {0};
	const struct bc_value *map = job->node->params;
	return bc_entries_read(job, map, &tree, err) && bc_entries_settle(map, &tree, err) &&
		bc_tree_check_links(&tree, err) && bc_tree_write(job, &tree, err);
}

static const struct bc_node_kind kind_tree = {.name = "tree", .version = "1", .build = build};

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *map, struct bc_err *err)
{
	struct bc_node *node = bc_node_new(&kind_tree, map->loc);
	node->params = bc_value_share(map);
	if (bc_entries_plan(planner, node, map, err))
		return bc_planner_add(planner, node);
	bc_node_free(node);
	return NULL;
}

const struct bc_recipe bc_recipe_tree = {.variant = &bc_variant_tree, .plan = plan};
