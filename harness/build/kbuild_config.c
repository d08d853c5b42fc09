/* What a case says of a configuration, and making it. */
#include <fnmatch.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/kbuild.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/source.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/sys/fs.h>

#define ANSWERS 4000 /* empty lines for oldconfig */

const struct bc_shape bc_kbuild_shape_config = {
	.type = BC_T_MAP, .item = &bc_shape_text, .name = "option"};

/* QEMU's name of an architecture, the kernel's, and Debian's cross compiler for it. */
static const struct {
	const char *machine, *arch, *triplet;
} arches[] = {
	{"arm", "arm", "arm-linux-gnueabi"},
	{"aarch64", "arm64", "aarch64-linux-gnu"},
	{"x86_64", "x86_64", "x86_64-linux-gnu"},
	{"i386", "i386", "i686-linux-gnu"},
	{"ppc64", "powerpc", "powerpc64le-linux-gnu"},
	{"ppc", "powerpc", "powerpc-linux-gnu"},
	{"mips", "mips", "mips-linux-gnu"},
	{"mipsel", "mips", "mipsel-linux-gnu"},
	{"mips64el", "mips", "mips64el-linux-gnuabi64"},
	{"riscv64", "riscv", "riscv64-linux-gnu"},
	{"s390x", "s390", "s390x-linux-gnu"},
};

#if defined(__x86_64__)
#define HOST_TRIPLET "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define HOST_TRIPLET "aarch64-linux-gnu"
#else
#define HOST_TRIPLET ""
#endif

bool bc_kbuild_tools(const char *machine, const struct bc_value *map, char **arch, char **cross,
	struct bc_err *err)
{
	const char *its_arch = NULL, *triplet = NULL;
	for (size_t i = 0; machine && i < BC_LEN(arches); i++) {
		if (strcmp(arches[i].machine, machine) != 0)
			continue;
		its_arch = arches[i].arch;
		triplet = arches[i].triplet;
	}
	BC_AUTO_FREE char *fitting = !triplet	     ? NULL
		: strcmp(triplet, HOST_TRIPLET) == 0 ? bc_strdup("")
						     : bc_asprintf("%s-", triplet);
	const char *a = bc_value_text(map, "arch", its_arch);
	const char *c = bc_value_text(map, "cross_compile", fitting);
	if (!a || !c) {
		(void)bc_planner_fail(err, map->loc,
			"no %s is known for the machine's architecture (%s)",
			a ? "cross compiler" : "ARCH", machine ? machine : "none");
		return bc_err_hint(
			err, "`arch: arm` and `cross_compile: arm-linux-gnueabi-` name them");
	}
	/* Both become parts of make's arguments. */
	if (strpbrk(a, " \t\n/$`'\"") || strpbrk(c, " \t\n$`'\""))
		return bc_planner_fail(err, map->loc, "'%s' is no ARCH or CROSS_COMPILE",
			strpbrk(a, " \t\n/$`'\"") ? a : c);
	*arch = bc_strdup(a);
	*cross = bc_strdup(c);
	return true;
}

/* A name is a target of make; anything with a slash or a reference is a file. */
static bool is_file(const char *base)
{
	return strchr(base, '/') || strstr(base, "${");
}

static bool is_name(const char *text)
{
	return *text && *text != '-' && strlen(text) < 200 &&
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		strlen(text);
}

/* Targets that go on from a configuration which is there: that of whatever was built before. */
static bool is_of_before(const char *base)
{
	static const char *const targets[] = {"config", "oldconfig", "olddefconfig", "oldnoconfig",
		"silentoldconfig", "syncconfig", "listnewconfig", "helpnewconfig", "savedefconfig",
		"localmodconfig", "localyesconfig", "mod2yesconfig", "yes2modconfig",
		"mod2noconfig", "menuconfig", "nconfig", "xconfig", "gconfig"};
	for (size_t i = 0; i < BC_LEN(targets); i++)
		if (strcmp(base, targets[i]) == 0)
			return true;
	return bc_has_suffix(base, ".config");
}

/* A base that is no file. */
static bool check_name(const char *base, struct bc_loc loc, struct bc_err *err)
{
	if (!is_name(base))
		return bc_planner_fail(err, loc, "'%s' is no name of a defconfig", base);
	if (!is_of_before(base))
		return true;
	(void)bc_planner_fail(err, loc,
		"'%s' starts from a configuration that is there already, and there is none", base);
	return bc_err_hint(err,
		"a name such as vexpress_defconfig or allnoconfig, or a file (a path with a "
		"slash); options go under `fragments` and `config`");
}

static bool plan_base(struct bc_planner *planner, struct bc_node *node, const struct bc_value *map,
	const struct bc_kbuild_kind *kind, struct bc_err *err)
{
	const struct bc_value *value = bc_value_get(map, "defconfig");
	const char *base = bc_value_text(map, "defconfig", kind->deflt);
	if (!base) {
		(void)bc_planner_fail(err, map->loc, "%s needs a `defconfig`", kind->whose);
		return bc_err_hint(
			err, "a name such as vexpress_defconfig or allnoconfig, or a file");
	}
	if (!is_file(base)) {
		bc_node_set(node, "base", base);
		return check_name(base, value ? value->loc : map->loc, err);
	}
	BC_AUTO_FREE char *member = NULL;
	struct bc_node *input = bc_planner_ref(planner, base, value->loc, &member, err);
	if (!input)
		return false;
	bc_node_set(node, "base", "file");
	bc_node_add_input(node, "defconfig", input, member);
	return true;
}

bool bc_kbuild_plan(struct bc_planner *planner, struct bc_node *node, const struct bc_value *map,
	const struct bc_kbuild_kind *kind, struct bc_err *err)
{
	BC_AUTO_FREE char *arch = NULL, *cross = NULL;
	BC_AUTO(bc_kconfig) config = {0};
	BC_AUTO(bc_buf) text = {0};
	if (!bc_kbuild_tools(bc_planner_case(planner)->machine.arch, map, &arch, &cross, err) ||
		!bc_kconfig_from_value(&config, bc_value_get(map, "config"), err))
		return false;
	struct bc_node *source = bc_source_tree_plan(
		planner, bc_value_get(map, "source"), bc_value_get(map, "patches"), err);
	if (!source)
		return false;
	bc_kconfig_print(&config, &text);
	if (kind->sets_arch)
		bc_node_set(node, "arch", arch);
	bc_node_set(node, "cross_compile", cross);
	bc_node_set(node, "config", text.data ? text.data : "");
	bc_node_add_input(node, "source", source, NULL);
	return plan_base(planner, node, map, kind, err) &&
		bc_refs_plan(planner, node, "fragments", bc_value_get(map, "fragments"), err);
}

enum bc_resolved bc_kbuild_resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	const char *cross = bc_node_get(node, "cross_compile");
	BC_AUTO_FREE char *gcc = bc_asprintf("%sgcc", cross), *ld = bc_asprintf("%sld", cross);
	char *compiler[] = {gcc, "--version", NULL}, *linker[] = {ld, "--version", NULL};
	enum bc_resolved done = bc_tool_resolve(node, resolver, "compiler", compiler, err);
	return done == BC_RESOLVE_DONE ? bc_tool_resolve(node, resolver, "linker", linker, err)
				       : done;
}

/* The number of the input with this label; inputs.len when there is none. */
static size_t input_of(const struct bc_node *node, const char *label)
{
	size_t i = 0;
	while (i < node->inputs.len && strcmp(node->inputs.items[i].label, label) != 0)
		i++;
	return i;
}

/* Fragments, then single options. */
static bool read_wanted(struct bc_kbuild *k, struct bc_kconfig *wanted, struct bc_err *err)
{
	const struct bc_value *list = bc_value_get(k->map, "fragments"), *item;
	for (size_t i = 0; (item = bc_value_at(list, i)); i++) {
		BC_AUTO_FREE char *label = list->kind == BC_VALUE_SEQ
			? bc_asprintf("fragments[%zu]", i)
			: bc_strdup("fragments");
		BC_AUTO_FREE char *path = bc_job_input(k->job, input_of(k->job->node, label), err);
		BC_AUTO(bc_buf) text = {.max = BC_KCONFIG_MAX};
		if (!path || !bc_fs_read(path, BC_KCONFIG_MAX, &text, err))
			return false;
		if (!bc_kconfig_parse(
			    wanted, item->text, text.data ? text.data : "", text.len, err)) {
			if (err && err->code == BC_E_FORMAT)
				err->code = BC_E_CASE;
			return false;
		}
	}
	return bc_kconfig_from_value(wanted, bc_value_get(k->map, "config"), err);
}

static bool read_config(const char *path, struct bc_kconfig *config, struct bc_err *err)
{
	BC_AUTO(bc_buf) text = {.max = BC_KCONFIG_MAX};
	return bc_fs_read(path, BC_KCONFIG_MAX, &text, err) &&
		bc_kconfig_parse(config, path, text.data ? text.data : "", text.len, err);
}

/* The folder of the source tree that holds the defconfigs. */
static char *configs_folder(const struct bc_kbuild *k)
{
	const char *arch = bc_node_get(k->job->node, "arch");
	if (strcmp(k->kind->configs, "arch/%s/configs") != 0)
		return bc_strdup(k->kind->configs);
	bool is_x86 = arch && (strcmp(arch, "x86_64") == 0 || strcmp(arch, "i386") == 0);
	return bc_asprintf("arch/%s/configs", is_x86 ? "x86" : (arch ? arch : ""));
}

/* Names of defconfigs that may be meant. */
static void list_near(const char *dir, const char *below, const char *base, struct bc_buf *out)
{
	BC_AUTO(bc_strs) names = {0};
	if (!bc_fs_is_dir(dir) || !bc_fs_list(dir, &names, NULL) || !names.len)
		return;
	const char *near = bc_suggest(base, (const char *const *)bc_strs_argv(&names));
	if (near)
		bc_buf_addf(out, "did you mean %s? ", near);
	bc_buf_addf(out, "%s has", below);
	size_t told = 0;
	for (size_t i = 0; i < names.len && told < 8; i++)
		if (strncmp(names.items[i], base, 2) == 0 || names.len <= 8)
			bc_buf_addf(out, "%s %s", told++ ? "," : "", names.items[i]);
	if (!told)
		bc_buf_addf(out, " %zu files", names.len);
}

/* After make failed: whether that is because there is no such configuration. */
static bool no_defconfig(struct bc_kbuild *k, const char *base, struct bc_err *err)
{
	BC_AUTO_FREE char *below = configs_folder(k);
	BC_AUTO_FREE char *dir = bc_path_join(k->src, below);
	BC_AUTO_FREE char *file = bc_path_join(dir, base);
	BC_AUTO(bc_buf) near = {.max = 380};
	bool is_told = strstr(err->message, "No rule to make target") ||
		strstr(err->message, "Can't find default configuration");
	if (err->code != BC_E_COMMAND || bc_fs_exists(file) ||
		(!is_told && !bc_has_suffix(base, "_defconfig")))
		return false;
	list_near(dir, below, base, &near);
	(void)bc_fail(err, BC_E_CASE, 0, "%s has no %s", k->kind->whose, base);
	if (near.len)
		(void)bc_err_hint(err, "%s", near.data);
	return false;
}

/* Configurations that Kconfig makes around given options, so that these bring what they depend on. */
static bool is_around(const char *base)
{
	return strcmp(base, "allnoconfig") == 0 || strcmp(base, "allyesconfig") == 0 ||
		strcmp(base, "allmodconfig") == 0 || strcmp(base, "alldefconfig") == 0;
}

static bool make_one(struct bc_kbuild *k, const char *target, const char *all_path,
	const char *answers, struct bc_err *err)
{
	BC_AUTO_FREE char *all = all_path ? bc_asprintf("KCONFIG_ALLCONFIG=%s", all_path) : NULL;
	const char *targets[] = {target, all, NULL};
	return bc_kbuild_make(k, targets, answers, err);
}

/* obj/.config from the base alone, or, for the configurations around options, from those too. */
static bool make_base(struct bc_kbuild *k, const char *base, const struct bc_kconfig *wanted,
	const char *config, struct bc_err *err)
{
	size_t file = input_of(k->job->node, "defconfig");
	if (file < k->job->node->inputs.len) {
		BC_AUTO_FREE char *path = bc_job_input(k->job, file, err);
		(void)unlink(config);
		return path && bc_copy_file(path, config, err);
	}
	if (!is_around(base))
		return make_one(k, base, NULL, NULL, err) || no_defconfig(k, base, err);
	BC_AUTO_FREE char *all = bc_path_join(k->dir, "allconfig");
	BC_AUTO(bc_buf) text = {0};
	bc_kconfig_print(wanted, &text);
	return bc_fs_write_unsynced(all, text.data ? text.data : "", text.len, err) &&
		make_one(k, base, all, NULL, err);
}

/* The options over what is there, and whatever they bring. */
static bool merge_wanted(struct bc_kbuild *k, const struct bc_kconfig *wanted, const char *config,
	struct bc_err *err)
{
	BC_AUTO(bc_kconfig) merged = {0};
	BC_AUTO(bc_buf) text = {0};
	BC_AUTO(bc_buf) empty = {0};
	BC_AUTO_FREE char *answers = bc_path_join(k->job->work_dir, "answers");
	if (!read_config(config, &merged, err))
		return false;
	bc_vec_each (o, wanted)
		bc_kconfig_set(&merged, o->name, o->value, NULL, 0);
	bc_kconfig_print(&merged, &text);
	for (size_t i = 0; i < ANSWERS; i++)
		bc_buf_addc(&empty, '\n');
	return bc_fs_write_unsynced(config, text.data ? text.data : "", text.len, err) &&
		bc_fs_write_unsynced(answers, empty.data, empty.len, err) &&
		make_one(k, k->kind->settle, NULL, answers, err);
}

bool bc_kbuild_configure(struct bc_kbuild *k, struct bc_err *err)
{
	const char *base = bc_node_get(k->job->node, "base");
	BC_AUTO_FREE char *config = bc_path_join(k->obj, ".config");
	BC_AUTO(bc_kconfig) wanted = {0};
	BC_AUTO(bc_kconfig) got = {0};
	BC_AUTO(bc_buf) report = {.max = (size_t)1 << 20};
	struct bc_err none;
	err = err ? err : &none;
	bc_job_step(k->job, "configuring", 0, 0);
	if (!read_wanted(k, &wanted, err) || !make_base(k, base, &wanted, config, err) ||
		(!is_around(base) && !merge_wanted(k, &wanted, config, err)) ||
		!read_config(config, &got, err))
		return false;
	bool ok = bc_kconfig_verify(
		&wanted, &got, k->kind->whose, k->kind->scans_obj ? k->obj : k->src, &report, err);
	if (report.len)
		bc_job_log(k->job, "%s", report.data);
	return ok;
}
