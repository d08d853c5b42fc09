/* U-Boot. */
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/kbuild.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/source.h>
#include <bootcheck/sys/fs.h>

static const char *const tools[] = {"make", "gcc", "flex", "bison", "bc", NULL};
static const struct bc_kbuild_kind uboot = {
	.whose = "U-Boot", .settle = "olddefconfig", .configs = "configs", .tools = tools};

/* What a board may have; `u-boot` is always there. */
static const char *const images[] = {"u-boot", "u-boot.bin", "u-boot.map", "u-boot.dtb",
	"u-boot.img", "u-boot.srec", "u-boot-dtb.bin", "u-boot.rom", "u-boot-nodtb.bin",
	"System.map"};

static const struct bc_field fields[] = {
	BC_FIELDS_KBUILD,
	{0},
};
static const struct bc_shape head = {.type = BC_T_OBJECT, .fields = fields};
const struct bc_variant bc_variant_uboot = {
	.tag = "uboot",
	.doc = "U-Boot from source. Gives a tree with u-boot (the ELF file), u-boot.bin and what "
	       "else "
	       "the board has.",
	.head = &head,
};

/* obj/ may hold images of other configurations. */
static void drop_images(const struct bc_kbuild *k)
{
	for (size_t i = 0; i < BC_LEN(images); i++) {
		BC_AUTO_FREE char *path = bc_path_join(k->obj, images[i]);
		(void)unlink(path);
	}
}

static bool take_images(struct bc_kbuild *k, struct bc_err *err)
{
	for (size_t i = 0; i < BC_LEN(images); i++) {
		BC_AUTO_FREE char *from = bc_path_join(k->obj, images[i]);
		BC_AUTO_FREE char *to = bc_path_join(k->job->out_dir, images[i]);
		if ((i == 0 || bc_fs_exists(from)) && !bc_copy_file(from, to, err))
			return false;
	}
	BC_AUTO_FREE char *from = bc_path_join(k->obj, ".config");
	BC_AUTO_FREE char *to = bc_path_join(k->job->out_dir, "config");
	return bc_copy_file(from, to, err);
}

static bool build_in(struct bc_kbuild *k, struct bc_err *err)
{
	static const char *const all[] = {"all", NULL};
	if (!bc_kbuild_configure(k, err))
		return false;
	drop_images(k);
	return bc_kbuild_make(k, all, NULL, err) && take_images(k, err);
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	BC_AUTO(bc_kbuild) k = {.lock = -1};
	return bc_kbuild_open(&k, job, &uboot, bc_value_get(job->node->params, "uboot"), err) &&
		build_in(&k, err);
}

static void describe(struct bc_node *node)
{
	const char *from = node->inputs.items[0].node->title;
	from += bc_has_prefix(from, "source ") ? strlen("source ") : 0;
	bc_node_title(node, "u-boot of %s, %s", from, bc_node_get(node, "base"));
}

static const struct bc_node_kind kind_uboot = {
	.name = "uboot",
	.version = "3",
	.resolve = bc_kbuild_resolve,
	.describe = describe,
	.build = build,
};

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *params, struct bc_err *err)
{
	struct bc_node *node = bc_node_new(&kind_uboot, params->loc);
	node->params = bc_value_share(params);
	if (bc_kbuild_plan(planner, node, bc_value_get(params, "uboot"), &uboot, err))
		return bc_planner_add(planner, node);
	bc_node_free(node);
	return NULL;
}

const struct bc_recipe bc_recipe_uboot = {.variant = &bc_variant_uboot, .plan = plan};
