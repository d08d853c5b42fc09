/* A single file. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/sys/fs.h>

static bool build(struct bc_job *job, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(job->node->params, "file");
	const char *name = bc_node_get(job->node, "name");
	BC_AUTO_FREE char *to = bc_job_main(job, name);
	struct bc_entry e = {.path = name};
	if (!bc_mode_of(map, 0644, &e.mode, err))
		return false;
	bc_job_entry(job, &e);
	if (!job->node->inputs.len) {
		const char *text = bc_value_text(map, "content", "");
		return bc_fs_write_unsynced(to, text, strlen(text), err);
	}
	BC_AUTO_FREE char *from = bc_job_input(job, 0, err);
	return from && bc_copy_file(from, to, err);
}

static const struct bc_node_kind kind_file = {.name = "file", .version = "1", .build = build};

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *params, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(params, "file");
	struct bc_node *node = bc_node_new(&kind_file, params->loc);
	BC_AUTO_FREE char *name = bc_file_name(bc_value_text(map, "name", "file"));
	unsigned mode;
	node->params = bc_value_share(params);
	bc_node_set(node, "name", name);
	bc_node_title(node, "file %s", name);
	bool ok = bc_mode_of(map, 0644, &mode, err);
	BC_AUTO_FREE char *text = bc_asprintf("%04o", ok ? mode : 0);
	bc_node_set(node, "mode", text);
	if (ok && bc_content_plan(planner, node, "content", map, err))
		return bc_planner_add(planner, node);
	bc_node_free(node);
	return NULL;
}

const struct bc_recipe bc_recipe_file = {.variant = &bc_variant_file, .plan = plan};
