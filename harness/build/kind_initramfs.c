/* An initial RAM file system: layers, single entries, newc. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>

static bool read_all(struct bc_job *job, struct bc_tree *tree, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(job->node->params, "initramfs");
	const char *init = bc_value_text(map, "init", NULL);
	if (!bc_entries_read(job, map, tree, err))
		return false;
	if (init) {
		struct bc_entry e = {.path = "init", .mode = 0755, .size = strlen(init)};
		bc_tree_add(tree, &e, NULL, bc_strdup(init));
	}
	/* No hard links: the kernel unpacks them, but other readers do not. */
	return bc_entries_settle(map, tree, err) && bc_tree_copy_links(tree, err);
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	BC_AUTO(bc_tree) tree = {0};
	bool gzip = strcmp(bc_node_get(job->node, "compress"), "gzip") == 0;
	if (!read_all(job, &tree, err))
		return false;
	BC_AUTO_FREE char *path = bc_job_main(job, gzip ? "initramfs.cpio.gz" : "initramfs.cpio");
	__attribute__((cleanup(bc_pack_ptr_cleanup))) struct bc_pack *pack =
		bc_pack_new(path, gzip ? BC_PACK_CPIO_GZIP : BC_PACK_CPIO, err);
	if (!pack)
		return false;
	for (size_t i = 0; i < tree.len; i++) {
		const struct bc_tree_entry *t = &tree.items[i];
		if (job->cancelled && *job->cancelled)
			return bc_fail(err, BC_E_CANCELLED, 0, "interrupted");
		if (!bc_pack_add(pack, &t->e, t->data, t->source, err))
			return false;
	}
	bc_job_log(job, "%zu entries", tree.len);
	return bc_pack_finish(pack, err);
}

static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	(void)resolver;
	if (strcmp(bc_node_get(node, "compress"), "gzip") != 0)
		return BC_RESOLVE_DONE;
	const char *compressor = bc_pack_compressor(err);
	if (!compressor)
		return BC_RESOLVE_FAILED;
	bc_node_set(node, "compressor", compressor);
	return BC_RESOLVE_DONE;
}

static const struct bc_node_kind kind_initramfs = {
	.name = "initramfs",
	.version = "1",
	.resolve = resolve,
	.build = build,
};

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *params, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(params, "initramfs");
	struct bc_node *node = bc_node_new(&kind_initramfs, params->loc);
	const char *init = bc_value_text(map, "init", NULL);
	node->params = bc_value_share(params);
	bc_node_set(node, "compress", bc_value_text(map, "compress", "none"));
	if (init)
		bc_node_set(node, "init", init);
	if (bc_entries_plan(planner, node, map, err))
		return bc_planner_add(planner, node);
	bc_node_free(node);
	return NULL;
}

const struct bc_recipe bc_recipe_initramfs = {.variant = &bc_variant_initramfs, .plan = plan};
