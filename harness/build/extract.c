/* An archive becomes a tree. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>

static void on_entry(void *ctx, const struct bc_entry *entry)
{
	bc_job_entry(ctx, entry);
}

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	bc_job_step(ctx, "unpacking", done, total);
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	BC_AUTO_FREE char *archive = bc_job_input(job, 0, err);
	BC_AUTO(bc_strs) members = {0};
	if (!archive)
		return false;
	const struct bc_value *list = bc_value_get(job->node->params, "members"), *glob;
	for (size_t i = 0; (glob = bc_value_at(list, i)); i++)
		bc_strs_add(&members, glob->text);
	struct bc_extract extract = {.archive = archive,
		.dir = job->out_dir,
		.members = &members,
		.strip = (unsigned)bc_value_int(job->node->params, "strip", 0),
		.cancelled = job->cancelled,
		.on_entry = on_entry,
		.on_progress = on_progress,
		.ctx = job};
	return bc_archive_extract(&extract, err);
}

static void describe(struct bc_node *node)
{
	bc_node_title(node, "unpack %s", node->inputs.items[0].node->title);
}

static const struct bc_node_kind kind_extract = {
	.name = "extract",
	.version = "1",
	.describe = describe,
	.build = build,
};

static void add_field(struct bc_node *node, const struct bc_value *map, const char *key)
{
	BC_AUTO(bc_buf) text = {0};
	const struct bc_value *value = bc_value_get(map, key);
	if (!value)
		return;
	bc_value_print(value, &text);
	bc_node_set(node, key, text.data);
}

struct bc_node *bc_extract_plan(struct bc_planner *planner, struct bc_node *archive,
	const struct bc_value *map, struct bc_err *err)
{
	(void)err;
	struct bc_node *node = bc_node_new(&kind_extract, map->loc);
	node->params = bc_value_share(map);
	bc_node_title(node, "unpack %s", archive->title);
	add_field(node, map, "members");
	add_field(node, map, "strip");
	node->lineage = bc_strdup(archive->lineage);
	bc_node_add_input(node, "archive", archive, NULL);
	return bc_planner_add(planner, node);
}
