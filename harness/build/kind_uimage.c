/* U-Boot's legacy images, by mkimage. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/tools.h>

static const char *const types[] = {"kernel", "ramdisk", "multi", "script", "firmware",
	"standalone", "filesystem", "flat_dt", NULL};
static const struct bc_shape type = {.type = BC_T_WORD, .words = types};
static const char *const compressions[] = {
	"none", "gzip", "bzip2", "lzma", "lzo", "lz4", "zstd", NULL};
static const struct bc_shape compression = {.type = BC_T_WORD, .words = compressions};

static const struct bc_field fields[] = {
	{"type", &type, "What the image is.", true, NULL},
	{"data", &bc_shape_refs,
		"What it holds; several files, in order, for `multi`. They are taken as they are: "
		"`compression` only says what they are.",
		true, NULL},
	{"arch", &bc_shape_name, "mkimage's name of the architecture.", false, "arm"},
	{"os", &bc_shape_name, "mkimage's name of the operating system.", false, "linux"},
	{"compression", &compression, "How the data is compressed.", false, "none"},
	{"load", &bc_shape_text, "The load address, such as 0x60008000.", false, "0"},
	{"entry", &bc_shape_text, "The entry point; the load address when not given.", false, NULL},
	{"name", &bc_shape_text, "The name in the header, 32 bytes at most.", false, ""},
	{0},
};
static const struct bc_shape head = {.type = BC_T_OBJECT, .fields = fields};
const struct bc_variant bc_variant_uimage = {
	.tag = "uimage",
	.doc = "A legacy image for U-Boot's bootm and source, by mkimage. Gives a file.",
	.head = &head,
};

/* mkimage takes a list of paths with colons between them. */
static bool join_data(struct bc_job *job, struct bc_buf *out, struct bc_err *err)
{
	for (size_t i = 0; i < job->node->inputs.len; i++) {
		BC_AUTO_FREE char *path = bc_job_input(job, i, err);
		if (!path)
			return false;
		if (strchr(path, ':'))
			return bc_fail(err, BC_E_CASE, 0,
				"mkimage cannot take a path with a colon: %s", path);
		bc_buf_addf(out, "%s%s", i ? ":" : "", path);
	}
	return true;
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	const struct bc_node *node = job->node;
	BC_AUTO_FREE char *to = bc_job_main(job, "uImage");
	BC_AUTO(bc_buf) data = {0};
	BC_AUTO(bc_strs) env = {0};
	struct bc_err none;
	err = err ? err : &none;
	if (!bc_tool_there("mkimage", err) || !join_data(job, &data, err))
		return false;
	bc_job_env(job, &env);
#define FIELD(label) ((char *)bc_node_get(node, label))
	char *argv[] = {"mkimage", "-A", FIELD("arch"), "-O", FIELD("os"), "-T", FIELD("type"),
		"-C", FIELD("compression"), "-a", FIELD("load"), "-e", FIELD("entry"), "-n",
		FIELD("name"), "-d", data.data, to, NULL};
#undef FIELD
	int64_t mark = bc_job_mark(job);
	if (bc_job_run(job, argv, bc_strs_argv(&env), NULL, NULL, err))
		return true;
	return bc_job_quote(job, mark, "mkimage failed", err);
}

static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	char *argv[] = {"mkimage", "-V", NULL};
	return bc_tool_resolve(node, resolver, "mkimage", argv, err);
}

static const struct bc_node_kind kind_uimage = {
	.name = "uimage",
	.version = "1",
	.resolve = resolve,
	.build = build,
};

bool bc_address_check(const struct bc_value *map, const char *key, struct bc_err *err)
{
	const struct bc_value *value = bc_value_get(map, key);
	int64_t n;
	return !value || (bc_number_parse(value->text, &n) && n >= 0) ||
		bc_planner_fail(err, value->loc, "'%s' is no address", value->text);
}

static bool check(const struct bc_value *map, struct bc_err *err)
{
	const struct bc_value *data = bc_value_get(map, "data"), *name = bc_value_get(map, "name");
	bool is_multi = strcmp(bc_value_text(map, "type", ""), "multi") == 0;
	if (!is_multi && bc_value_count(data) != 1)
		return bc_planner_fail(
			err, data ? data->loc : map->loc, "only `type: multi` holds several files");
	if (name && strlen(name->text) > 32)
		return bc_planner_fail(err, name->loc, "a name has at most 32 bytes");
	return bc_address_check(map, "load", err) && bc_address_check(map, "entry", err);
}

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *params, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(params, "uimage");
	struct bc_node *node = bc_node_new(&kind_uimage, params->loc);
	const char *load = bc_value_text(map, "load", "0");
	bc_node_set(node, "type", bc_value_text(map, "type", ""));
	bc_node_set(node, "arch", bc_value_text(map, "arch", "arm"));
	bc_node_set(node, "os", bc_value_text(map, "os", "linux"));
	bc_node_set(node, "compression", bc_value_text(map, "compression", "none"));
	bc_node_set(node, "load", load);
	bc_node_set(node, "entry", bc_value_text(map, "entry", load));
	bc_node_set(node, "name", bc_value_text(map, "name", ""));
	bc_node_title(node, "uimage, %s", bc_value_text(map, "type", ""));
	if (check(map, err) && bc_refs_plan(planner, node, "data", bc_value_get(map, "data"), err))
		return bc_planner_add(planner, node);
	bc_node_free(node);
	return NULL;
}

const struct bc_recipe bc_recipe_uimage = {.variant = &bc_variant_uimage, .plan = plan};
