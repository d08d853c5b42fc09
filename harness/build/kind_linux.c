/* The kernel. */
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/kbuild.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/source.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/sys/fs.h>

static const char *const tools[] = {"make", "gcc", "flex", "bison", "bc", NULL};
static const struct bc_kbuild_kind kernel = {.whose = "the kernel",
	.settle = "olddefconfig",
	.configs = "arch/%s/configs",
	.tools = tools,
	.sets_arch = true};

static const char *const targets[] = {
	"zImage", "Image", "bzImage", "uImage", "dtbs", "modules", "vmlinux", "System.map", NULL};
static const struct bc_shape target = {.type = BC_T_WORD, .words = targets};
static const struct bc_shape target_list = {.type = BC_T_LIST, .item = &target};

static const struct bc_field fields[] = {
	BC_FIELDS_KBUILD,
	{"targets", &target_list,
		"What is built. The artifact is a folder that holds each image under its own name, "
		"the device trees beside them, what modules_install installs in `modules/`, and "
		"the "
		"configuration as `config`.",
		true, NULL},
	{"loadaddr", &bc_shape_text, "LOADADDR of uImage, such as 0x60003000.", false, NULL},
	{0},
};
static const struct bc_shape head = {.type = BC_T_OBJECT, .fields = fields};
const struct bc_variant bc_variant_linux = {
	.tag = "linux",
	.doc = "A kernel from source. Its objects are kept, so that a small change rebuilds "
	       "little; "
	       "the same input gives the same images. Gives a tree.",
	.head = &head,
};

static bool has_target(const struct bc_node *node, const char *name)
{
	const char *all = bc_node_get(node, "targets");
	size_t n = strlen(name);
	for (const char *p = all; p && *p; p += strcspn(p, " "), p += *p == ' ')
		if (strncmp(p, name, n) == 0 && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

/* The folder of arch/ that ARCH stands for. */
static const char *arch_folder(const char *arch)
{
	return strcmp(arch, "x86_64") == 0 || strcmp(arch, "i386") == 0 ? "x86" : arch;
}

/* In make's words: System.map comes with vmlinux. */
static bool make_targets(struct bc_kbuild *k, struct bc_err *err)
{
	const struct bc_node *node = k->job->node;
	const char *loadaddr = bc_node_get(node, "loadaddr");
	BC_AUTO_FREE char *load = loadaddr ? bc_asprintf("LOADADDR=%s", loadaddr) : NULL;
	const char *goals[BC_LEN(targets) + 2];
	size_t n = 0;
	for (const char *const *t = targets; *t; t++)
		if (has_target(node, *t) && strcmp(*t, "System.map") != 0)
			goals[n++] = *t;
	if (has_target(node, "System.map") && !has_target(node, "vmlinux"))
		goals[n++] = "vmlinux";
	if (load)
		goals[n++] = load;
	goals[n] = NULL;
	return bc_kbuild_make(k, goals, NULL, err);
}

static bool take(struct bc_kbuild *k, const char *from, const char *name, struct bc_err *err)
{
	BC_AUTO_FREE char *source = bc_path_join(k->obj, from);
	BC_AUTO_FREE char *to = bc_path_join(k->job->out_dir, name);
	return bc_copy_file(source, to, err);
}

static bool take_images(struct bc_kbuild *k, struct bc_err *err)
{
	static const char *const top[] = {"vmlinux", "System.map"};
	static const char *const boot[] = {"zImage", "Image", "bzImage", "uImage"};
	const struct bc_node *node = k->job->node;
	const char *arch = arch_folder(bc_node_get(node, "arch"));
	for (size_t i = 0; i < BC_LEN(top); i++)
		if (has_target(node, top[i]) && !take(k, top[i], top[i], err))
			return false;
	for (size_t i = 0; i < BC_LEN(boot); i++) {
		BC_AUTO_FREE char *from = bc_asprintf("arch/%s/boot/%s", arch, boot[i]);
		if (has_target(node, boot[i]) && !take(k, from, boot[i], err))
			return false;
	}
	return take(k, ".config", "config", err) &&
		take(k, "include/config/kernel.release", "release", err);
}

/* Moves every .dtb below dir to the top of the output: newer kernels have folders of vendors. */
static bool flatten(struct bc_kbuild *k, const char *dir, struct bc_err *err)
{
	BC_AUTO(bc_tree) tree = {0};
	if (!bc_tree_read(&tree, dir, NULL, err))
		return false;
	for (size_t i = 0; i < tree.len; i++) {
		const struct bc_tree_entry *t = &tree.items[i];
		size_t n = strlen(t->e.path);
		BC_AUTO_FREE char *to = bc_path_join(k->job->out_dir, bc_path_base(t->e.path));
		if (t->e.type != BC_ENTRY_FILE || n < 4 ||
			strncmp(t->e.path + n - 4, ".dtb", 4) != 0)
			continue;
		if (bc_fs_exists(to)) {
			bc_job_log(k->job, "%s: a device tree of this name is there already",
				t->e.path);
			continue;
		}
		if (!bc_copy_file(t->source, to, err))
			return false;
	}
	return true;
}

/* Through dtbs_install, since obj/ may hold device trees of other configurations. */
static bool take_dtbs(struct bc_kbuild *k, struct bc_err *err)
{
	BC_AUTO_FREE char *dir = bc_path_join(k->job->work_dir, "dtbs");
	BC_AUTO_FREE char *path = bc_asprintf("INSTALL_DTBS_PATH=%s", dir);
	const char *goals[] = {"dtbs_install", path, NULL};
	return bc_kbuild_make(k, goals, NULL, err) && flatten(k, dir, err);
}

static bool take_modules(struct bc_kbuild *k, struct bc_err *err)
{
	BC_AUTO_FREE char *dir = bc_path_join(k->job->out_dir, "modules");
	BC_AUTO_FREE char *all = bc_path_join(dir, "lib/modules");
	BC_AUTO_FREE char *path = bc_asprintf("INSTALL_MOD_PATH=%s", dir);
	const char *goals[] = {"modules_install", path, NULL};
	BC_AUTO(bc_strs) releases = {0};
	if (!bc_kbuild_make(k, goals, NULL, err) || !bc_fs_mkdirs(all, 0755, err) ||
		!bc_fs_list(all, &releases, err))
		return false;
	/* Links into the work folder. */
	bc_vec_each (release, &releases) {
		BC_AUTO_FREE char *build = bc_asprintf("%s/%s/build", all, *release);
		BC_AUTO_FREE char *source = bc_asprintf("%s/%s/source", all, *release);
		(void)unlink(build);
		(void)unlink(source);
	}
	return true;
}

static bool build_in(struct bc_kbuild *k, struct bc_err *err)
{
	const struct bc_node *node = k->job->node;
	return bc_kbuild_configure(k, err) && make_targets(k, err) && take_images(k, err) &&
		(!has_target(node, "dtbs") || take_dtbs(k, err)) &&
		(!has_target(node, "modules") || take_modules(k, err));
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	BC_AUTO(bc_kbuild) k = {.lock = -1};
	return bc_kbuild_open(&k, job, &kernel, bc_value_get(job->node->params, "linux"), err) &&
		build_in(&k, err);
}

static void describe(struct bc_node *node)
{
	const char *from = node->inputs.items[0].node->title;
	from += bc_has_prefix(from, "source ") ? strlen("source ") : 0;
	bc_node_title(node, "linux of %s, %s", from, bc_node_get(node, "base"));
}

/* Kconfig asks for pahole's version and counts one that does not answer as none. */
static void resolve_pahole(struct bc_node *node, const struct bc_resolver *resolver)
{
	char *pahole[] = {"pahole", "--version", NULL};
	if (bc_tool_there(pahole[0], NULL))
		BC_IGNORE(
			bc_tool_resolve(node, resolver, "pahole", pahole, NULL) == BC_RESOLVE_DONE);
}

/* Besides the compiler: what writes modules.dep, uImage and BTF. */
static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	char *depmod[] = {"depmod", "--version", NULL}, *mkimage[] = {"mkimage", "-V", NULL};
	enum bc_resolved done = bc_kbuild_resolve(node, resolver, err);
	if (done == BC_RESOLVE_DONE && has_target(node, "modules"))
		done = bc_tool_resolve(node, resolver, "depmod", depmod, err);
	if (done == BC_RESOLVE_DONE && has_target(node, "uImage"))
		done = bc_tool_resolve(node, resolver, "mkimage", mkimage, err);
	if (done == BC_RESOLVE_DONE)
		resolve_pahole(node, resolver);
	return done;
}

static const struct bc_node_kind kind_linux = {
	.name = "linux",
	.version = "3",
	.resolve = resolve,
	.describe = describe,
	.build = build,
};

/* In the order of the table, so that the order in the case does not count. */
static void set_targets(struct bc_node *node, const struct bc_value *list)
{
	BC_AUTO(bc_buf) text = {0};
	for (const char *const *t = targets; *t; t++)
		if (bc_value_lists(list, *t))
			bc_buf_addf(&text, "%s%s", text.len ? " " : "", *t);
	bc_node_set(node, "targets", text.data ? text.data : "");
}

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *params, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(params, "linux");
	const char *loadaddr = bc_value_text(map, "loadaddr", NULL);
	struct bc_node *node = bc_node_new(&kind_linux, params->loc);
	int64_t n;
	node->params = bc_value_share(params);
	set_targets(node, bc_value_get(map, "targets"));
	bool ok = true;
	if (!bc_node_get(node, "targets")[0])
		ok = bc_planner_fail(err, map->loc, "the kernel needs `targets`");
	else if (loadaddr && (!bc_number_parse(loadaddr, &n) || n < 0))
		ok = bc_planner_fail(err, map->loc, "'%s' is no load address", loadaddr);
	if (loadaddr)
		bc_node_set(node, "loadaddr", loadaddr);
	if (ok && bc_kbuild_plan(planner, node, map, &kernel, err))
		return bc_planner_add(planner, node);
	bc_node_free(node);
	return NULL;
}

const struct bc_recipe bc_recipe_linux = {.variant = &bc_variant_linux, .plan = plan};
