/* Images of root file systems: ext2, ext3 and ext4 in process, squashfs by sqfstar. */
#include <errno.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/sys/extfs.h>
#include <bootcheck/sys/fs.h>

#define MIB ((uint64_t)1 << 20)

static const char *const formats[] = {"ext2", "ext3", "ext4", "squashfs", NULL};
static const struct bc_shape format = {.type = BC_T_WORD, .words = formats};
static const char *const compressions[] = {"gzip", "xz", "lzo", "lz4", "zstd", NULL};
static const struct bc_shape compression = {.type = BC_T_WORD, .words = compressions};

static const struct bc_field fields[] = {
	{"format", &format, "The file system.", true, NULL},
	{"size", &bc_shape_size,
		"The size of the image, such as 64M; as large as its content needs when not given. "
		"The image of an SD card is made as large as the next power of two, since QEMU "
		"takes "
		"no other.",
		false, NULL},
	{"label", &bc_shape_text, "The volume's name.", false, NULL},
	{"inodes", &bc_shape_uint,
		"How many files an ext image has room for; mke2fs's number when "
		"not given.",
		false, NULL},
	{"compress", &compression, "How squashfs is compressed.", false, "gzip"},
	BC_FIELDS_ENTRIES,
	{0},
};
static const struct bc_shape head = {.type = BC_T_OBJECT, .fields = fields};
const struct bc_variant bc_variant_image = {
	.tag = "image",
	.doc = "The image of a file system, with owners, modes and device nodes, written without "
	       "root "
	       "and without mounting: the same input gives the same bytes.",
	.head = &head,
};

static bool is_card(const struct bc_planner *planner)
{
	const struct bc_case *c = bc_planner_case(planner);
	BC_AUTO_FREE char *ref = bc_asprintf("${%s}", bc_planner_artifact(planner));
	BC_AUTO_FREE char *member = bc_asprintf("${%s:", bc_planner_artifact(planner));
	bc_vec_each (drive, &c->boot.drives)
		if (strcmp(drive->interface, "sd") == 0 &&
			(strcmp(drive->file, ref) == 0 || bc_has_prefix(drive->file, member)))
			return true;
	return false;
}

static uint64_t to_power_of_two(uint64_t size)
{
	uint64_t p = MIB;
	while (p < size)
		p <<= 1;
	return p;
}

static void tell_size(uint64_t bytes, struct bc_buf *out)
{
	if (bytes % MIB == 0)
		bc_buf_addf(out, "%lluM", (unsigned long long)(bytes / MIB));
	else
		bc_buf_addf(out, "%lluK", (unsigned long long)((bytes + 1023) / 1024));
}

static bool too_small(struct bc_job *job, uint64_t needed, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(job->node->params, "image");
	const struct bc_value *size = bc_value_get(map, "size");
	BC_AUTO(bc_buf) text = {0};
	tell_size(needed, &text);
	(void)bc_planner_fail(err, size ? size->loc : map->loc,
		"the content does not fit in %s: %s is needed", size ? size->text : "the image",
		text.data);
	return bc_err_hint(err, "`size: %s`, or none to have it counted", text.data);
}

static bool is_card_field(const struct bc_job *job)
{
	return strcmp(bc_node_get(job->node, "card"), "yes") == 0;
}

/* The size that is made: what the case says or the content needs, as the machine takes it. */
static bool choose_size(struct bc_job *job, uint64_t needed, uint64_t *size, struct bc_err *err)
{
	uint64_t wanted = bc_value_size(bc_value_get(job->node->params, "image"), "size", 0);
	*size = wanted ? wanted : needed + needed / 8 / MIB * MIB + MIB;
	if (is_card_field(job)) {
		uint64_t rounded = to_power_of_two(*size);
		if (rounded != *size)
			bc_job_log(job, "%llu bytes instead of %llu: a power of two for an SD card",
				(unsigned long long)rounded, (unsigned long long)*size);
		*size = rounded;
	}
	return *size >= BC_EXTFS_MIN_BYTES || too_small(job, needed, err);
}

/* Half of the key: the same input has the same, another another. */
static void make_uuid(const struct bc_job *job, unsigned char uuid[16])
{
	for (size_t i = 0; i < 16; i++) {
		char pair[3] = {job->node->key[2 * i], job->node->key[2 * i + 1], 0};
		uuid[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x80);
	uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
}

/* Files and folders first, then hard links, whose targets may come later in the order of paths. */
static bool add_all(
	struct bc_job *job, struct bc_extfs *fs, const struct bc_tree *tree, struct bc_err *err)
{
	for (int pass = 0; pass < 2; pass++)
		bc_vec_each (t, tree) {
			bool is_hard = t->e.type == BC_ENTRY_LINK && t->e.is_hard;
			if (is_hard != (pass == 1))
				continue;
			if (job->cancelled && *job->cancelled)
				return bc_fail(err, BC_E_CANCELLED, 0, "interrupted");
			if (!bc_extfs_add(fs, &t->e, t->data, t->source, err))
				return false;
		}
	return true;
}

static bool write_ext(
	struct bc_job *job, int version, const struct bc_tree *tree, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(job->node->params, "image");
	BC_AUTO_FREE char *name = bc_asprintf("image.ext%d", version);
	BC_AUTO_FREE char *path = bc_job_main(job, name);
	struct bc_extfs_need need = {0};
	struct bc_err why = {0};
	struct bc_extfs_options o = {.path = path,
		.version = version,
		.inodes = (uint64_t)bc_value_int(map, "inodes", 0),
		.label = bc_value_text(map, "label", NULL)};
	bc_vec_each (t, tree)
		bc_extfs_count(&need, &t->e);
	uint64_t needed = bc_extfs_size(&need, version);
	if (!bc_tree_check_links(tree, err) || !choose_size(job, needed, &o.size_bytes, err))
		return false;
	make_uuid(job, o.uuid);
	/* Without a size, the number of files may be more than mke2fs would expect of so many bytes. */
	if (!bc_value_get(map, "size") && !o.inodes && need.inodes + 32 > o.size_bytes / 4096)
		o.inodes = need.inodes + need.inodes / 8 + 32;
	__attribute__((cleanup(bc_extfs_ptr_cleanup))) struct bc_extfs *fs = bc_extfs_new(&o, &why);
	if (fs && add_all(job, fs, tree, &why) && bc_extfs_finish(fs, &why)) {
		bc_job_log(job, "%zu entries, %llu bytes", tree->len,
			(unsigned long long)o.size_bytes);
		return true;
	}
	if (why.code == BC_E_LIMIT && needed > o.size_bytes)
		return too_small(job, needed, err);
	if (why.code == BC_E_LIMIT)
		why.code = BC_E_CASE;
	if (err)
		*err = why;
	return false;
}

static bool write_tar(
	struct bc_job *job, const char *path, const struct bc_tree *tree, struct bc_err *err)
{
	__attribute__((cleanup(bc_pack_ptr_cleanup))) struct bc_pack *pack =
		bc_pack_new(path, BC_PACK_TAR, err);
	if (!pack)
		return false;
	bc_vec_each (t, tree) {
		if (job->cancelled && *job->cancelled)
			return bc_fail(err, BC_E_CANCELLED, 0, "interrupted");
		if (!bc_pack_add(pack, &t->e, t->data, t->source, err))
			return false;
	}
	return bc_pack_finish(pack, err);
}

/* The file, grown with zeros to what the case or the card wants. */
static bool fit(struct bc_job *job, const char *path, struct bc_err *err)
{
	uint64_t has = (uint64_t)bc_fs_size(path), size;
	uint64_t wanted = bc_value_size(bc_value_get(job->node->params, "image"), "size", 0);
	if (wanted && has > wanted)
		return too_small(job, (has + MIB - 1) / MIB * MIB, err);
	size = wanted ? wanted : has;
	size = is_card_field(job) ? to_power_of_two(size) : size;
	return truncate(path, (off_t)size) == 0 ||
		bc_fail(err, BC_E_IO, errno, "cannot write %s", path);
}

/* sqfstar takes the date from its options, and not beside this variable. */
static void set_env(const struct bc_job *job, struct bc_strs *env)
{
	BC_AUTO(bc_strs) all = {0};
	bc_job_env(job, &all);
	bc_vec_each (variable, &all)
		if (!bc_has_prefix(*variable, "SOURCE_DATE_EPOCH="))
			bc_strs_add(env, *variable);
}

static bool write_squashfs(struct bc_job *job, struct bc_tree *tree, struct bc_err *err)
{
	BC_AUTO_FREE char *tar = bc_path_join(job->work_dir, "tree.tar");
	BC_AUTO_FREE char *path = bc_job_main(job, "image.squashfs");
	BC_AUTO(bc_strs) env = {0};
	set_env(job, &env);
	char *compress = (char *)bc_node_get(job->node, "compress");
	char *argv[] = {"sqfstar", "-reproducible", "-no-progress", "-no-xattrs", "-comp", compress,
		"-mkfs-time", BC_BUILD_EPOCH, "-all-time", BC_BUILD_EPOCH, path, NULL};
	if (!bc_tool_there("sqfstar", err) || !bc_tree_copy_links(tree, err) ||
		!write_tar(job, tar, tree, err))
		return false;
	int64_t mark = bc_job_mark(job);
	if (!bc_job_run_from(job, argv, bc_strs_argv(&env), NULL, tar, 0, NULL, err))
		return bc_job_quote(job, mark, "sqfstar failed", err);
	return fit(job, path, err);
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(job->node->params, "image");
	const char *name = bc_node_get(job->node, "format");
	BC_AUTO(bc_tree) tree = {0};
	bc_job_step(job, "writing the image", 0, 0);
	if (!bc_entries_read(job, map, &tree, err) || !bc_entries_settle(map, &tree, err))
		return false;
	if (strcmp(name, "squashfs") == 0)
		return write_squashfs(job, &tree, err);
	return write_ext(job, name[3] - '0', &tree, err);
}

static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	char *argv[] = {"sqfstar", "-version", NULL};
	if (strcmp(bc_node_get(node, "format"), "squashfs") == 0)
		return bc_tool_resolve(node, resolver, "sqfstar", argv, err);
	bc_node_set(node, "libext2fs", bc_extfs_version());
	return BC_RESOLVE_DONE;
}

static const struct bc_node_kind kind_image = {
	.name = "image",
	.version = "1",
	.resolve = resolve,
	.build = build,
};

static bool check(const struct bc_value *map, struct bc_err *err)
{
	const struct bc_value *label = bc_value_get(map, "label");
	bool is_squashfs = strcmp(bc_value_text(map, "format", ""), "squashfs") == 0;
	if (label && is_squashfs)
		return bc_planner_fail(err, label->loc, "squashfs has no label");
	if (label && strlen(label->text) > BC_EXTFS_LABEL_MAX)
		return bc_planner_fail(
			err, label->loc, "a label has at most %d bytes", BC_EXTFS_LABEL_MAX);
	return true;
}

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *params, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(params, "image");
	const char *name = bc_value_text(map, "format", "");
	struct bc_node *node = bc_node_new(&kind_image, params->loc);
	BC_AUTO_FREE char *size =
		bc_asprintf("%llu", (unsigned long long)bc_value_size(map, "size", 0));
	node->params = bc_value_share(params);
	bc_node_title(node, "%s image", name);
	bc_node_set(node, "format", name);
	bc_node_set(node, "size", size);
	bc_node_set(node, "card", is_card(planner) ? "yes" : "no");
	bc_node_set(node, "label", bc_value_text(map, "label", ""));
	bc_node_set(node, "inodes", bc_value_text(map, "inodes", ""));
	if (strcmp(name, "squashfs") == 0)
		bc_node_set(node, "compress", bc_value_text(map, "compress", "gzip"));
	if (check(map, err) && bc_entries_plan(planner, node, map, err))
		return bc_planner_add(planner, node);
	bc_node_free(node);
	return NULL;
}

const struct bc_recipe bc_recipe_image = {.variant = &bc_variant_image, .plan = plan};
