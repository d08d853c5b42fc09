/* BusyBox. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/kbuild.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/source.h>
#include <bootcheck/build/tools.h>

static const char *const tools[] = {"make", "gcc", NULL};
/* oldconfig alone, with the default for all that is new: it has no olddefconfig. */
static const struct bc_kbuild_kind busybox = {.whose = "BusyBox",
	.deflt = "defconfig",
	.settle = "oldconfig",
	.configs = "configs",
	.tools = tools,
	.scans_obj = true};

static const struct bc_field fields[] = {
	BC_FIELDS_KBUILD,
	{0},
};
static const struct bc_shape head = {.type = BC_T_OBJECT, .fields = fields};
const struct bc_variant bc_variant_busybox = {
	.tag = "busybox",
	.doc = "BusyBox from source, as `make install` installs it: bin/busybox and the links to "
	       "it. "
	       "Gives a tree. With `config: {STATIC: y}` it needs no libraries.",
	.head = &head,
};

static bool build(struct bc_job *job, struct bc_err *err)
{
	BC_AUTO(bc_kbuild) k = {.lock = -1};
	BC_AUTO_FREE char *prefix = bc_asprintf("CONFIG_PREFIX=%s", job->out_dir);
	const char *all[] = {"all", NULL}, *install[] = {"install", prefix, NULL};
	return bc_kbuild_open(&k, job, &busybox, bc_value_get(job->node->params, "busybox"), err) &&
		bc_kbuild_configure(&k, err) && bc_kbuild_make(&k, all, NULL, err) &&
		bc_kbuild_make(&k, install, NULL, err);
}

static void describe(struct bc_node *node)
{
	const char *from = node->inputs.items[0].node->title;
	from += bc_has_prefix(from, "source ") ? strlen("source ") : 0;
	bc_node_title(node, "busybox of %s, %s", from, bc_node_get(node, "base"));
}

/* Besides the compiler, the C library that it is linked with. */
static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	static const char *const names[] = {"libc.a", "libc.so.6"};
	enum bc_resolved done = bc_kbuild_resolve(node, resolver, err);
	for (size_t i = 0; i < BC_LEN(names) && done == BC_RESOLVE_DONE; i++) {
		BC_AUTO_FREE char *path = NULL;
		const char *cross = bc_node_get(node, "cross_compile");
		char hex[BC_DIGEST_HEX];
		done = bc_tool_library(resolver, cross, names[i], false, &path, err);
		if (done == BC_RESOLVE_DONE && !path)
			done = bc_tool_library(resolver, cross, names[i], true, &path, err);
		if (done != BC_RESOLVE_DONE || !path)
			continue;
		if (!bc_pathsum(resolver->cache_dir, path, hex, err))
			return BC_RESOLVE_FAILED;
		bc_node_set(node, names[i], hex);
	}
	return done;
}

static const struct bc_node_kind kind_busybox = {
	.name = "busybox",
	.version = "3",
	.resolve = resolve,
	.describe = describe,
	.build = build,
};

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *params, struct bc_err *err)
{
	struct bc_node *node = bc_node_new(&kind_busybox, params->loc);
	node->params = bc_value_share(params);
	if (bc_kbuild_plan(planner, node, bc_value_get(params, "busybox"), &busybox, err))
		return bc_planner_add(planner, node);
	bc_node_free(node);
	return NULL;
}

const struct bc_recipe bc_recipe_busybox = {.variant = &bc_variant_busybox, .plan = plan};
