/* Device trees: given or compiled, with overlays. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/dts.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/sys/devtree.h>
#include <bootcheck/sys/fs.h>

static const struct bc_field fields[] = {
	{"source", &bc_shape_ref,
		"The device tree: a .dtb, such as one of a kernel, or a .dts, which is "
		"preprocessed as "
		"the kernel does it and compiled by dtc with symbols.",
		true, NULL},
	{"overlays", &bc_shape_refs,
		"Overlays that are applied in order: .dtbo files, or .dts or .dtso, which are "
		"compiled.",
		false, NULL},
	{"include", &bc_shape_refs,
		"Folders in which #include and /include/ of the sources look, such as include/ and "
		"arch/arm/boot/dts/ of a kernel.",
		false, NULL},
	{0},
};
static const struct bc_shape head = {.type = BC_T_OBJECT, .fields = fields};
const struct bc_variant bc_variant_dtb = {
	.tag = "dtb",
	.doc = "A device tree, compiled if it is source, with overlays applied, and checked. Gives "
	       "a "
	       "file.",
	.head = &head,
};

static bool is_source(const char *path)
{
	return bc_has_suffix(path, ".dts") || bc_has_suffix(path, ".dtso");
}

static bool run(struct bc_job *job, struct bc_strs *argv, const char *path, struct bc_err *err)
{
	BC_AUTO(bc_strs) env = {0};
	int64_t mark = bc_job_mark(job);
	struct bc_err none;
	err = err ? err : &none;
	bc_job_env(job, &env);
	if (bc_job_run(job, bc_strs_argv(argv), bc_strs_argv(&env), NULL, NULL, err))
		return true;
	BC_IGNORE(bc_job_quote(job, mark, bc_path_base(path), err));
	if (err->code == BC_E_COMMAND)
		err->code = BC_E_CASE;
	return false;
}

/* The folders of `include`, which follow the other inputs. */
static bool add_includes(
	struct bc_job *job, const char *option, struct bc_strs *argv, struct bc_err *err)
{
	for (size_t i = 0; i < job->node->inputs.len; i++) {
		if (!bc_has_prefix(job->node->inputs.items[i].label, "include"))
			continue;
		BC_AUTO_FREE char *dir = bc_job_input(job, i, err);
		if (!dir)
			return false;
		bc_strs_add(argv, option);
		bc_strs_add(argv, dir);
	}
	return true;
}

/* As scripts/Makefile.lib does it. */
static char *compile(struct bc_job *job, const char *source, size_t index, struct bc_err *err)
{
	BC_AUTO_FREE char *plain = bc_asprintf("%s/%zu.dts", job->work_dir, index);
	BC_AUTO_FREE char *dir = bc_path_dir(source);
	char *to = bc_asprintf("%s/%zu.dtb", job->work_dir, index);
	const char *const cpp[] = {
		"cpp", "-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp", "-I"};
	const char *const dtc[] = {"dtc", "-@", "-I", "dts", "-O", "dtb", "-i"};
	BC_AUTO(bc_strs) first = {0};
	BC_AUTO(bc_strs) second = {0};
	for (size_t i = 0; i < BC_LEN(cpp); i++)
		bc_strs_add(&first, cpp[i]);
	for (size_t i = 0; i < BC_LEN(dtc); i++)
		bc_strs_add(&second, dtc[i]);
	bc_strs_add(&first, dir);
	bc_strs_add(&second, dir);
	bool ok = bc_tool_there("cpp", err) && bc_tool_there("dtc", err) &&
		add_includes(job, "-I", &first, err) && add_includes(job, "-i", &second, err);
	bc_strs_add(&first, source);
	bc_strs_add(&first, plain);
	bc_strs_add(&second, "-o");
	bc_strs_add(&second, to);
	bc_strs_add(&second, plain);
	if (ok && run(job, &first, source, err) && run(job, &second, source, err))
		return to;
	free(to);
	return NULL;
}

static bool read_tree(struct bc_job *job, size_t index, struct bc_buf *tree, struct bc_err *err)
{
	BC_AUTO_FREE char *source = bc_job_input(job, index, err);
	BC_AUTO_FREE char *path = !source ? NULL
		: is_source(source)	  ? compile(job, source, index, err)
					  : bc_strdup(source);
	if (!path || !bc_fs_read(path, BC_DEVTREE_MAX, tree, err))
		return false;
	if (bc_devtree_check(tree->data, tree->len, err))
		return true;
	if (err)
		err->code = BC_E_CASE;
	return bc_err_prefix(err, "%s", bc_path_base(source));
}

static bool apply(struct bc_job *job, size_t index, struct bc_buf *tree, struct bc_err *err)
{
	BC_AUTO(bc_buf) overlay = {.max = BC_DEVTREE_MAX};
	if (!read_tree(job, index, &overlay, err))
		return false;
	if (bc_devtree_overlay(tree, overlay.data, overlay.len, err))
		return true;
	if (err)
		err->code = BC_E_CASE;
	BC_AUTO_FREE char *path = bc_job_input(job, index, NULL);
	return bc_err_prefix(err, "%s", path ? bc_path_base(path) : "overlay");
}

/* What the sources that are files of the host include from beside them; an artifact's folder is in its key. */
static bool note_includes(
	struct bc_node *node, const struct bc_node *of, const char *cache_dir, struct bc_err *err)
{
	bc_vec_each (i, &of->inputs)
		if (!i->node->kind->build && !i->member && i->node->path &&
			is_source(i->node->path) &&
			!bc_dts_note(node, cache_dir, i->node->path, err))
			return false;
	return true;
}

/* They are read while we build. */
static bool includes_unchanged(struct bc_job *job, struct bc_err *err)
{
	struct bc_node *again = bc_node_new(job->node->kind, job->node->loc);
	bool ok = note_includes(again, job->node, job->cache_dir, err);
	bc_vec_each (f, &again->fields) {
		const char *before = bc_node_get(job->node, f->label);
		if (ok && (!before || strcmp(before, f->text) != 0))
			ok = bc_fail(err, BC_E_IO, 0, "%s changed while it was read",
				strchr(f->label, ' ') + 1);
	}
	bc_node_free(again);
	return ok;
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	BC_AUTO(bc_buf) tree = {.max = 4 * BC_DEVTREE_MAX};
	BC_AUTO_FREE char *to = bc_job_main(job, "board.dtb");
	if (!read_tree(job, 0, &tree, err))
		return false;
	for (size_t i = 1; i < job->node->inputs.len; i++)
		if (bc_has_prefix(job->node->inputs.items[i].label, "overlays") &&
			!apply(job, i, &tree, err))
			return false;
	return bc_devtree_check(tree.data, tree.len, err) && includes_unchanged(job, err) &&
		bc_fs_write_unsynced(to, tree.data, tree.len, err);
}

static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	char *cpp[] = {"cpp", "--version", NULL}, *dtc[] = {"dtc", "--version", NULL};
	if (strcmp(bc_node_get(node, "compiles"), "no") == 0)
		return BC_RESOLVE_DONE;
	if (!note_includes(node, node, resolver->cache_dir, err))
		return BC_RESOLVE_FAILED;
	enum bc_resolved done = bc_tool_resolve(node, resolver, "cpp", cpp, err);
	return done == BC_RESOLVE_DONE ? bc_tool_resolve(node, resolver, "dtc", dtc, err) : done;
}

static const struct bc_node_kind kind_dtb = {
	.name = "dtb",
	.version = "1",
	.resolve = resolve,
	.build = build,
};

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *params, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(params, "dtb"), *item;
	struct bc_node *node = bc_node_new(&kind_dtb, params->loc);
	const char *source = bc_value_text(map, "source", "");
	bool compiles = is_source(source) || strstr(source, ".dts}") || strstr(source, ".dtso}");
	for (size_t i = 0; (item = bc_value_at(bc_value_get(map, "overlays"), i)); i++)
		compiles = compiles || !strstr(item->text, ".dtb");
	bc_node_set(node, "compiles", compiles ? "yes" : "no");
	bc_node_title(node, "dtb of %s", source);
	if (bc_refs_plan(planner, node, "source", bc_value_get(map, "source"), err) &&
		bc_refs_plan(planner, node, "overlays", bc_value_get(map, "overlays"), err) &&
		bc_refs_plan(planner, node, "include", bc_value_get(map, "include"), err))
		return bc_planner_add(planner, node);
	bc_node_free(node);
	return NULL;
}

const struct bc_recipe bc_recipe_dtb = {.variant = &bc_variant_dtb, .plan = plan};
