/* Any other tool. */
#include <errno.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>

#define LIMIT_MS 600000

static const struct bc_shape inputs = {.type = BC_T_MAP, .item = &bc_shape_ref};
static const struct bc_shape variables = {.type = BC_T_MAP, .item = &bc_shape_text};
static const struct bc_field fields[] = {
	{"argv", &bc_shape_texts,
		"The program, looked for in PATH, and its arguments. No shell is between.", true,
		NULL},
	{"inputs", &inputs,
		"What it reads: the name that each has in the folder in which it runs, and a "
		"reference. They are links to read-only files.",
		false, NULL},
	{"outputs", &bc_shape_texts,
		"What it writes, by path in that folder. One gives a file, or a tree if it is a "
		"folder; several give a tree.",
		true, NULL},
	{"env", &variables,
		"Its environment, beside PATH, HOME, TMPDIR, LC_ALL=C, TZ=UTC and "
		"SOURCE_DATE_EPOCH.",
		false, NULL},
	{"tools", &bc_shape_texts,
		"Other programs that it calls, whose content is part of the key.", false, NULL},
	{"limit", &bc_shape_duration, "How long it may take.", false, "600s"},
	{0},
};
static const struct bc_shape head = {.type = BC_T_OBJECT, .fields = fields};
const struct bc_variant bc_variant_command = {
	.tag = "command",
	.doc = "What any other program makes, run in an empty folder with a clean environment. Its "
	       "arguments, its inputs and its own file are the key, so that it should depend on "
	       "nothing else.",
	.head = &head,
};

static const struct bc_value *command_of(const struct bc_node *node)
{
	return bc_value_get(node->params, "command");
}

static bool link_inputs(struct bc_job *job, const char *dir, struct bc_err *err)
{
	for (size_t i = 0; i < job->node->inputs.len; i++) {
		BC_AUTO_FREE char *from = bc_job_input(job, i, err);
		BC_AUTO_FREE char *to = bc_path_join(dir, job->node->inputs.items[i].label);
		BC_AUTO_FREE char *parent = bc_path_dir(to);
		if (!from || !bc_fs_mkdirs(parent, 0755, err) || !bc_fs_symlink(from, to, err))
			return false;
	}
	return true;
}

static void make_env(const struct bc_job *job, const char *dir, struct bc_strs *env)
{
	const struct bc_value *map = bc_value_get(command_of(job->node), "env");
	bc_job_env(job, env);
	bc_strs_addf(env, "PWD=%s", dir);
	for (size_t i = 0; map && i < map->len; i++)
		bc_strs_addf(env, "%s=%s", map->items[i]->key,
			map->items[i]->text ? map->items[i]->text : "");
}

/* Copies into the artifact what the command left, with the modes that it has. */
static bool take_output(
	struct bc_job *job, const char *dir, const char *name, bool is_only, struct bc_err *err)
{
	BC_AUTO_FREE char *from = bc_path_join(dir, name);
	BC_AUTO(bc_tree) tree = {0};
	if (!bc_fs_exists(from))
		return bc_fail(
			err, BC_E_COMMAND, 0, "the command ended well, but wrote no %s", name);
	if (bc_fs_is_dir(from)) {
		BC_AUTO(bc_tree) inside = {0};
		if (!bc_tree_read(&inside, from, NULL, err))
			return false;
		bc_vec_each (t, &inside) {
			struct bc_entry e = t->e;
			BC_AUTO_FREE char *placed =
				is_only ? bc_strdup(t->e.path) : bc_path_join(name, t->e.path);
			e.path = placed;
			bc_tree_add(&tree, &e, t->source, NULL);
		}
		return bc_tree_merge(&tree, err) && bc_tree_write(job, &tree, err);
	}
	BC_AUTO_FREE char *to =
		is_only ? bc_job_main(job, bc_path_base(name)) : bc_path_join(job->out_dir, name);
	BC_AUTO_FREE char *parent = bc_path_dir(to);
	return bc_fs_mkdirs(parent, 0755, err) && bc_copy_file(from, to, err) &&
		(access(from, X_OK) != 0 || chmod(to, 0755) == 0 ||
			bc_fail(err, BC_E_IO, errno, "cannot change %s", to));
}

static bool run(struct bc_job *job, const char *dir, struct bc_err *err)
{
	const struct bc_value *map = command_of(job->node), *text;
	BC_AUTO(bc_strs) argv = {0};
	BC_AUTO(bc_strs) env = {0};
	struct bc_err none;
	err = err ? err : &none;
	for (size_t i = 0; (text = bc_value_at(bc_value_get(map, "argv"), i)); i++)
		bc_strs_add(&argv, text->text ? text->text : "");
	make_env(job, dir, &env);
	bc_job_step(job, "running the command", 0, 0);
	int64_t mark = bc_job_mark(job);
	if (bc_job_run_from(job, bc_strs_argv(&argv), bc_strs_argv(&env), dir, NULL,
		    bc_value_ms(map, "limit", LIMIT_MS), NULL, err))
		return true;
	return bc_job_quote(job, mark, argv.items[0], err);
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	const struct bc_value *outputs = bc_value_get(command_of(job->node), "outputs"), *name;
	BC_AUTO_FREE char *dir = bc_path_join(job->work_dir, "run");
	if (!bc_fs_mkdirs(dir, 0755, err) || !link_inputs(job, dir, err) || !run(job, dir, err))
		return false;
	for (size_t i = 0; (name = bc_value_at(outputs, i)); i++)
		if (!take_output(job, dir, name->text, bc_value_count(outputs) == 1, err))
			return false;
	return true;
}

static bool add_tool(struct bc_node *node, const struct bc_resolver *resolver, const char *name,
	struct bc_err *err)
{
	BC_AUTO_FREE char *label = bc_asprintf("tool %s", name);
	BC_AUTO_FREE char *sum = bc_tool_sum(resolver, name, err);
	if (sum)
		bc_node_set(node, label, sum);
	return sum != NULL;
}

static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	const struct bc_value *map = command_of(node), *tool;
	if (!add_tool(node, resolver, bc_value_at(bc_value_get(map, "argv"), 0)->text, err))
		return BC_RESOLVE_FAILED;
	for (size_t i = 0; (tool = bc_value_at(bc_value_get(map, "tools"), i)); i++)
		if (!add_tool(node, resolver, tool->text, err))
			return BC_RESOLVE_FAILED;
	return BC_RESOLVE_DONE;
}

static const struct bc_node_kind kind_command = {
	.name = "command",
	.version = "2",
	.resolve = resolve,
	.build = build,
};

static bool plan_inputs(struct bc_planner *planner, struct bc_node *node,
	const struct bc_value *map, struct bc_err *err)
{
	for (size_t i = 0; map && i < map->len; i++) {
		const struct bc_value *item = map->items[i];
		BC_AUTO_FREE char *member = NULL;
		if (!bc_path_is_inside(item->key))
			return bc_planner_fail(
				err, item->loc, "'%s' is no name inside the folder", item->key);
		struct bc_node *input =
			bc_planner_ref(planner, item->text, item->loc, &member, err);
		if (!input)
			return false;
		bc_node_add_input(node, item->key, input, member);
	}
	return true;
}

static bool check(const struct bc_value *map, struct bc_err *err)
{
	const struct bc_value *argv = bc_value_get(map, "argv");
	const struct bc_value *outputs = bc_value_get(map, "outputs"), *name, *word;
	if (!bc_value_count(argv) || !bc_value_at(argv, 0)->text)
		return bc_planner_fail(err, map->loc, "`argv` names no program");
	for (size_t i = 0; (word = bc_value_at(argv, i)); i++)
		if (word->text && strstr(word->text, "${")) {
			(void)bc_planner_fail(
				err, word->loc, "a reference to an artifact cannot stand here");
			return bc_err_hint(err, "give it a name under `inputs`, and use that name");
		}
	if (!bc_value_count(outputs))
		return bc_planner_fail(err, map->loc, "`outputs` names nothing");
	for (size_t i = 0; (name = bc_value_at(outputs, i)); i++)
		if (!name->text || !bc_path_is_inside(name->text))
			return bc_planner_fail(err, name->loc, "'%s' is no path inside the folder",
				name->text ? name->text : "");
	return true;
}

static void add_text(struct bc_node *node, const struct bc_value *map, const char *key)
{
	BC_AUTO(bc_buf) text = {0};
	const struct bc_value *value = bc_value_get(map, key);
	if (value)
		bc_value_print(value, &text);
	bc_node_set(node, key, text.data ? text.data : "");
}

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *params, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(params, "command");
	struct bc_node *node = bc_node_new(&kind_command, params->loc);
	node->params = bc_value_share(params);
	add_text(node, map, "argv");
	add_text(node, map, "outputs");
	add_text(node, map, "env");
	if (check(map, err) && plan_inputs(planner, node, bc_value_get(map, "inputs"), err)) {
		bc_node_title(node, "command %s", bc_value_at(bc_value_get(map, "argv"), 0)->text);
		/* What resolve() looks at, and the limit, tell two of them apart too. */
		BC_AUTO(bc_buf) identity = {0};
		bc_value_print(map, &identity);
		return bc_planner_add_as(planner, node, identity.data);
	}
	bc_node_free(node);
	return NULL;
}

const struct bc_recipe bc_recipe_command = {.variant = &bc_variant_command, .plan = plan};
