/* FIT images: the .its is ours, mkimage makes the rest. */
#include <inttypes.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/sys/fs.h>

static const struct bc_field image_fields[] = {
	{"data", &bc_shape_ref, "What it holds.", true, NULL},
	{"type", &bc_shape_name, "kernel, flat_dt, ramdisk, script, firmware and so on.", true,
		NULL},
	{"arch", &bc_shape_name, "U-Boot's name of the architecture.", false, "arm"},
	{"os", &bc_shape_name, "U-Boot's name of the operating system.", false, "linux"},
	{"compression", &bc_shape_name, "How the data is compressed.", false, "none"},
	{"load", &bc_shape_text, "The load address.", false, NULL},
	{"entry", &bc_shape_text, "The entry point; the load address when not given.", false, NULL},
	{"hashes", &bc_shape_texts, "The hashes of this image; those of the FIT when not given.",
		false, NULL},
	{0},
};
static const struct bc_shape image = {.type = BC_T_OBJECT, .fields = image_fields};
static const struct bc_shape images = {.type = BC_T_MAP, .item = &image, .name = "image"};

static const struct bc_field configuration_fields[] = {
	{"kernel", &bc_shape_name, "The image that is the kernel.", false, NULL},
	{"fdt", &bc_shape_name, "The image that is the device tree.", false, NULL},
	{"ramdisk", &bc_shape_name, "The image that is the initial RAM disk.", false, NULL},
	{"script", &bc_shape_name, "The image that is the script.", false, NULL},
	{"firmware", &bc_shape_name, "The image that is the firmware.", false, NULL},
	{0},
};
static const struct bc_shape configuration = {.type = BC_T_OBJECT, .fields = configuration_fields};
static const struct bc_shape configurations = {
	.type = BC_T_MAP, .item = &configuration, .name = "configuration"};

static const struct bc_field sign_fields[] = {
	{"key", &bc_shape_ref, "The private key, a PEM file.", true, NULL},
	{"cert", &bc_shape_ref, "Its certificate; needed for `control`.", false, NULL},
	{"name", &bc_shape_name, "The hint by which U-Boot finds the public key.", false, "dev"},
	{"algo", &bc_shape_text, "Hash and key.", false, "sha256,rsa2048"},
	{"control", &bc_shape_ref,
		"A device tree of U-Boot, of which a copy gets the public key, required for "
		"configurations: `control.dtb` of the artifact, which is then a tree.",
		false, NULL},
	{0},
};
static const struct bc_shape sign_shape = {.type = BC_T_OBJECT, .fields = sign_fields};

static const struct bc_field fields[] = {
	{"description", &bc_shape_text, "The description of the whole.", false, "bootcheck"},
	{"images", &images, "The images by their names.", true, NULL},
	{"configurations", &configurations, "The configurations by their names.", true, NULL},
	{"default", &bc_shape_name, "The configuration that is taken when none is named.", false,
		NULL},
	{"hashes", &bc_shape_texts, "The hashes of every image: crc32, sha1, sha256 and so on.",
		false, "[sha256]"},
	{"sign", &sign_shape, "Sign the configurations.", false, NULL},
	{0},
};
static const struct bc_shape head = {.type = BC_T_OBJECT, .fields = fields};
const struct bc_variant bc_variant_fit = {
	.tag = "fit",
	.doc = "A FIT image (flattened image tree) for U-Boot's bootm. Gives a file, `fit.itb`.",
	.head = &head,
};

static const struct bc_value *fit_of(const struct bc_node *node)
{
	return bc_value_get(node->params, "fit");
}

/* A string of device tree source. */
static void add_string(struct bc_buf *out, const char *text)
{
	bc_buf_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			bc_buf_addc(out, '\\');
		if ((unsigned char)*text >= ' ')
			bc_buf_addc(out, *text);
	}
	bc_buf_addc(out, '"');
}

static void add_property(struct bc_buf *out, const char *indent, const char *name, const char *text)
{
	bc_buf_addf(out, "%s%s = ", indent, name);
	add_string(out, text);
	bc_buf_adds(out, ";\n");
}

static void add_address(struct bc_buf *out, const char *name, const char *text)
{
	int64_t n = 0;
	if (!text || !bc_number_parse(text, &n))
		return;
	uint64_t u = (uint64_t)n;
	if (u > UINT32_MAX)
		bc_buf_addf(out, "\t\t\t%s = <0x%" PRIx64 " 0x%" PRIx64 ">;\n", name, u >> 32,
			u & UINT32_MAX);
	else
		bc_buf_addf(out, "\t\t\t%s = <0x%" PRIx64 ">;\n", name, u);
}

static void add_hashes(struct bc_buf *out, const struct bc_value *fit, const struct bc_value *one)
{
	const struct bc_value *list = bc_value_get(one, "hashes"), *hash;
	list = list ? list : bc_value_get(fit, "hashes");
	for (size_t i = 0; (hash = bc_value_at(list, i)); i++) {
		bc_buf_addf(out, "\t\t\thash-%zu {\n", i + 1);
		add_property(out, "\t\t\t\t", "algo", hash->text);
		bc_buf_adds(out, "\t\t\t};\n");
	}
	if (!list)
		bc_buf_adds(out, "\t\t\thash-1 {\n\t\t\t\talgo = \"sha256\";\n\t\t\t};\n");
}

static void add_image(struct bc_buf *out, const struct bc_value *fit, const struct bc_value *one,
	const char *path)
{
	const char *type = bc_value_text(one, "type", "");
	const char *load = bc_value_text(one, "load", NULL);
	bc_buf_addf(out, "\t\t%s {\n", one->key);
	add_property(out, "\t\t\t", "description", one->key);
	bc_buf_adds(out, "\t\t\tdata = /incbin/(");
	add_string(out, path);
	bc_buf_adds(out, ");\n");
	add_property(out, "\t\t\t", "type", type);
	add_property(out, "\t\t\t", "arch", bc_value_text(one, "arch", "arm"));
	add_property(out, "\t\t\t", "os", bc_value_text(one, "os", "linux"));
	add_property(out, "\t\t\t", "compression", bc_value_text(one, "compression", "none"));
	add_address(out, "load", load);
	add_address(out, "entry",
		bc_value_text(one, "entry", strcmp(type, "kernel") == 0 ? load : NULL));
	add_hashes(out, fit, one);
	bc_buf_adds(out, "\t\t};\n");
}

static void add_configuration(
	struct bc_buf *out, const struct bc_value *fit, const struct bc_value *one)
{
	const struct bc_value *sign = bc_value_get(fit, "sign");
	BC_AUTO(bc_buf) signed_images = {0};
	bc_buf_addf(out, "\t\t%s {\n", one->key);
	add_property(out, "\t\t\t", "description", one->key);
	for (size_t i = 0; i < one->len; i++) {
		add_property(out, "\t\t\t", one->items[i]->key, one->items[i]->text);
		bc_buf_adds(&signed_images, i ? ", " : "");
		add_string(&signed_images, one->items[i]->key);
	}
	if (sign) {
		bc_buf_adds(out, "\t\t\tsignature-1 {\n");
		add_property(
			out, "\t\t\t\t", "algo", bc_value_text(sign, "algo", "sha256,rsa2048"));
		add_property(out, "\t\t\t\t", "key-name-hint", bc_value_text(sign, "name", "dev"));
		bc_buf_addf(out, "\t\t\t\tsign-images = %s;\n\t\t\t};\n",
			signed_images.data ? signed_images.data : "\"\"");
	}
	bc_buf_adds(out, "\t\t};\n");
}

static const char *default_of(const struct bc_value *fit)
{
	const struct bc_value *all = bc_value_get(fit, "configurations");
	return bc_value_text(fit, "default", all && all->len ? all->items[0]->key : "");
}

/* The whole .its. The images' files are the first inputs of the node, in order. */
static bool make_its(struct bc_job *job, struct bc_buf *out, struct bc_err *err)
{
	const struct bc_value *fit = fit_of(job->node);
	const struct bc_value *all = bc_value_get(fit, "images");
	const struct bc_value *ways = bc_value_get(fit, "configurations");
	bc_buf_adds(out, "/dts-v1/;\n/ {\n");
	add_property(out, "\t", "description", bc_value_text(fit, "description", "bootcheck"));
	bc_buf_adds(out, "\t#address-cells = <1>;\n\timages {\n");
	for (size_t i = 0; i < all->len; i++) {
		BC_AUTO_FREE char *path = bc_job_input(job, i, err);
		if (!path)
			return false;
		add_image(out, fit, all->items[i], path);
	}
	bc_buf_adds(out, "\t};\n\tconfigurations {\n");
	add_property(out, "\t\t", "default", default_of(fit));
	for (size_t i = 0; i < ways->len; i++)
		add_configuration(out, fit, ways->items[i]);
	bc_buf_adds(out, "\t};\n};\n");
	return true;
}

static bool run(struct bc_job *job, struct bc_strs *argv, struct bc_err *err)
{
	BC_AUTO(bc_strs) env = {0};
	struct bc_err none;
	err = err ? err : &none;
	int64_t mark = bc_job_mark(job);
	bc_job_env(job, &env);
	if (bc_job_run(job, bc_strs_argv(argv), bc_strs_argv(&env), NULL, NULL, err))
		return true;
	return bc_job_quote(job, mark, "mkimage failed", err);
}

/* Copies an input of the node under a name, if there is one with this label. */
static bool place(
	struct bc_job *job, const char *label, const char *to, bool *found, struct bc_err *err)
{
	*found = false;
	for (size_t i = 0; i < job->node->inputs.len; i++) {
		if (strcmp(job->node->inputs.items[i].label, label) != 0)
			continue;
		BC_AUTO_FREE char *from = bc_job_input(job, i, err);
		*found = true;
		return from && bc_copy_file(from, to, err);
	}
	return true;
}

static bool sign(struct bc_job *job, struct bc_strs *argv, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(fit_of(job->node), "sign");
	const char *name = bc_value_text(map, "name", "dev");
	BC_AUTO_FREE char *keys = bc_path_join(job->work_dir, "keys");
	BC_AUTO_FREE char *key = bc_asprintf("%s/%s.key", keys, name);
	BC_AUTO_FREE char *cert = bc_asprintf("%s/%s.crt", keys, name);
	BC_AUTO_FREE char *control = bc_path_join(job->out_dir, "control.dtb");
	bool has_key, has_cert, has_control;
	if (!bc_fs_mkdirs(keys, 0700, err) || !place(job, "sign.key", key, &has_key, err) ||
		!place(job, "sign.cert", cert, &has_cert, err) ||
		!place(job, "sign.control", control, &has_control, err))
		return false;
	bc_strs_add(argv, "-k");
	bc_strs_add(argv, keys);
	bc_strs_add(argv, "-r");
	if (has_control) {
		bc_strs_add(argv, "-K");
		bc_strs_add(argv, control);
	}
	return true;
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	const struct bc_value *signing = bc_value_get(fit_of(job->node), "sign");
	BC_AUTO_FREE char *its = bc_path_join(job->work_dir, "fit.its");
	BC_AUTO_FREE char *to = bc_value_get(signing, "control")
		? bc_path_join(job->out_dir, "fit.itb")
		: bc_job_main(job, "fit.itb");
	BC_AUTO(bc_buf) text = {0};
	BC_AUTO(bc_strs) argv = {0};
	if (!bc_tool_there("mkimage", err) || !bc_tool_there("dtc", err) ||
		!make_its(job, &text, err) || !bc_fs_write_unsynced(its, text.data, text.len, err))
		return false;
	bc_job_log(job, "%s", text.data);
	bc_strs_add(&argv, "mkimage");
	bc_strs_add(&argv, "-f");
	bc_strs_add(&argv, its);
	if (signing && !sign(job, &argv, err))
		return false;
	bc_strs_add(&argv, to);
	return run(job, &argv, err);
}

static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	char *mkimage[] = {"mkimage", "-V", NULL}, *dtc[] = {"dtc", "--version", NULL};
	enum bc_resolved done = bc_tool_resolve(node, resolver, "mkimage", mkimage, err);
	return done == BC_RESOLVE_DONE ? bc_tool_resolve(node, resolver, "dtc", dtc, err) : done;
}

static const struct bc_node_kind kind_fit = {
	.name = "fit",
	.version = "1",
	.resolve = resolve,
	.build = build,
};

/* Every image that a configuration names is there. */
static bool check_configuration(
	const struct bc_value *all, const struct bc_value *one, struct bc_err *err)
{
	for (size_t i = 0; i < one->len; i++) {
		const struct bc_value *name = one->items[i];
		if (bc_value_get(all, name->text))
			continue;
		return bc_planner_fail(err, name->loc, "the FIT has no image '%s'", name->text);
	}
	return true;
}

static bool check(const struct bc_value *fit, struct bc_err *err)
{
	const struct bc_value *all = bc_value_get(fit, "images");
	const struct bc_value *ways = bc_value_get(fit, "configurations");
	const struct bc_value *sign_map = bc_value_get(fit, "sign");
	if (!all || !all->len || !ways || !ways->len)
		return bc_planner_fail(
			err, fit->loc, "a FIT needs an image and a configuration at least");
	for (size_t i = 0; i < all->len; i++)
		if (!bc_address_check(all->items[i], "load", err) ||
			!bc_address_check(all->items[i], "entry", err))
			return false;
	for (size_t i = 0; i < ways->len; i++)
		if (!check_configuration(all, ways->items[i], err))
			return false;
	if (!bc_value_get(ways, default_of(fit)))
		return bc_planner_fail(err, bc_value_get(fit, "default")->loc,
			"the FIT has no configuration '%s'", default_of(fit));
	if (bc_value_get(sign_map, "control") && !bc_value_get(sign_map, "cert"))
		return bc_planner_fail(
			err, sign_map->loc, "`control` needs the `cert` of the key beside it");
	return true;
}

static bool plan_inputs(struct bc_planner *planner, struct bc_node *node,
	const struct bc_value *fit, struct bc_err *err)
{
	static const char *const keys[] = {"key", "cert", "control"};
	const struct bc_value *all = bc_value_get(fit, "images");
	const struct bc_value *sign_map = bc_value_get(fit, "sign");
	for (size_t i = 0; i < all->len; i++)
		if (!bc_refs_plan(planner, node, all->items[i]->key,
			    bc_value_get(all->items[i], "data"), err))
			return false;
	for (size_t i = 0; i < BC_LEN(keys); i++) {
		BC_AUTO_FREE char *label = bc_asprintf("sign.%s", keys[i]);
		if (!bc_refs_plan(planner, node, label, bc_value_get(sign_map, keys[i]), err))
			return false;
	}
	return true;
}

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *params, struct bc_err *err)
{
	const struct bc_value *fit = bc_value_get(params, "fit");
	struct bc_node *node = bc_node_new(&kind_fit, params->loc);
	BC_AUTO(bc_buf) text = {0};
	node->params = bc_value_share(params);
	/* References in it are inputs too, whose content counts; their text does no harm. */
	bc_value_print(fit, &text);
	bc_node_set(node, "fit", text.data ? text.data : "");
	if (check(fit, err) && plan_inputs(planner, node, fit, err))
		return bc_planner_add(planner, node);
	bc_node_free(node);
	return NULL;
}

const struct bc_recipe bc_recipe_fit = {.variant = &bc_variant_fit, .plan = plan};
