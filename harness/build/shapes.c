/* What the kinds share of the case format. Every key here is the final one: docs/case.schema.json and
 * the manual page are made from these tables. */
#include <bootcheck/build/build.h>
#include <bootcheck/build/shapes.h>

const struct bc_shape bc_shape_mode = {.type = BC_T_INT, .min = 0, .max = 07777};

/* What can be in a list of layers. */

static const struct bc_field tree_options[] = {
	{"to", &bc_shape_text, "The folder inside that receives the tree.", false, "/"},
	BC_FIELDS_SELECT,
	{0},
};
static const struct bc_variant layer_tree = {
	.tag = "tree",
	.doc = "All that a folder, or an artifact that is a tree, holds.",
	.head = &bc_shape_ref,
	.options = tree_options,
};

static const struct bc_field file_options[] = {
	{"to", &bc_shape_text,
		"Its path inside. When it ends in a slash, or is not given, the file keeps its "
		"name.",
		false, "/"},
	{"mode", &bc_shape_mode, "Permissions; those of the file when not given.", false, NULL},
	{0},
};
static const struct bc_variant layer_file = {
	.tag = "file",
	.doc = "A single file, or an artifact that is one.",
	.head = &bc_shape_ref,
	.options = file_options,
};

static const struct bc_variant *const layer_variants[] = {
	&layer_tree,
	&layer_file,
	&bc_variant_apt,
	&bc_variant_apt_source,
	&bc_variant_url,
	&bc_variant_git,
	&bc_variant_path,
	NULL,
};
static const struct bc_shape layer_map = {.type = BC_T_TAGGED, .variants = layer_variants};
static const struct bc_shape *const layer_either[] = {&bc_shape_ref, &layer_map, NULL};
static const struct bc_shape layer = {.type = BC_T_EITHER, .either = layer_either};
const struct bc_shape bc_shape_layers = {.type = BC_T_LIST, .item = &layer};

/* Single entries of a root file system. */

#define FIELDS_OWNER                                                                               \
	{"uid", &bc_shape_uint, "The owner.", false, "0"},                                         \
	{                                                                                          \
		"gid", &bc_shape_uint, "The group.", false, "0"                                    \
	}

static const struct bc_field file_fields[] = {
	{"path", &bc_shape_text, "Where the file is inside.", true, NULL},
	{"content", &bc_shape_text, "What it holds, byte for byte.", false, NULL},
	{"source", &bc_shape_ref, "The file that is copied; instead of `content`.", false, NULL},
	{"mode", &bc_shape_mode, "Permissions.", false, "0644"},
	FIELDS_OWNER,
	{0},
};
static const struct bc_shape file_entry = {.type = BC_T_OBJECT, .fields = file_fields};
const struct bc_shape bc_shape_files = {.type = BC_T_LIST, .item = &file_entry};

static const struct bc_field link_fields[] = {
	{"path", &bc_shape_text, "Where the link is inside.", true, NULL},
	{"to", &bc_shape_text, "What it points to, as it is written into the link.", true, NULL},
	{"hard", &bc_shape_bool,
		"A hard link instead: `to` is then the path inside of another file. A tree "
		"and an image hold it as one; in an initramfs it is a copy.",
		false, "false"},
	{0},
};
static const struct bc_shape link_entry = {.type = BC_T_OBJECT, .fields = link_fields};
const struct bc_shape bc_shape_links = {.type = BC_T_LIST, .item = &link_entry};

static const struct bc_field dir_fields[] = {
	{"path", &bc_shape_text, "Where the folder is inside.", true, NULL},
	{"mode", &bc_shape_mode, "Permissions.", false, "0755"},
	FIELDS_OWNER,
	{0},
};
static const struct bc_shape dir_entry = {.type = BC_T_OBJECT, .fields = dir_fields};
static const struct bc_shape *const dir_either[] = {&bc_shape_text, &dir_entry, NULL};
static const struct bc_shape dir = {.type = BC_T_EITHER, .either = dir_either};
const struct bc_shape bc_shape_dirs = {.type = BC_T_LIST, .item = &dir};

static const char *const node_types[] = {"c", "b", "p", NULL};
static const struct bc_shape node_type = {.type = BC_T_WORD, .words = node_types};
static const struct bc_field node_fields[] = {
	{"path", &bc_shape_text, "Where the node is inside.", true, NULL},
	{"type", &node_type, "Character device, block device, or named pipe.", true, NULL},
	{"major", &bc_shape_uint, "Major number of a device.", false, "0"},
	{"minor", &bc_shape_uint, "Minor number of a device.", false, "0"},
	{"mode", &bc_shape_mode, "Permissions.", false, "0600"},
	FIELDS_OWNER,
	{0},
};
static const struct bc_shape node_entry = {.type = BC_T_OBJECT, .fields = node_fields};
const struct bc_shape bc_shape_nodes = {.type = BC_T_LIST, .item = &node_entry};

static const struct bc_field applet_fields[] = {
	{"names", &bc_shape_texts, "The applets; one with a slash is a path, others go into `dir`.",
		true, NULL},
	{"dir", &bc_shape_text, "The folder that receives the links.", false, "/bin"},
	{"busybox", &bc_shape_text, "What the links point to.", false, "/bin/busybox"},
	{0},
};
const struct bc_shape bc_shape_applets = {.type = BC_T_OBJECT, .fields = applet_fields};

static const struct bc_field owner_fields[] = {
	{"paths", &bc_shape_texts,
		"Globs over the paths inside, such as /home/*; `*` also matches a slash, and what "
		"is "
		"below a folder that fits is meant too.",
		true, NULL},
	{"uid", &bc_shape_uint, "The owner; as it was when not given.", false, NULL},
	{"gid", &bc_shape_uint, "The group; as it was when not given.", false, NULL},
	{"mode", &bc_shape_mode, "Permissions; as they were when not given.", false, NULL},
	{0},
};
static const struct bc_shape owner_entry = {.type = BC_T_OBJECT, .fields = owner_fields};
const struct bc_shape bc_shape_owners = {.type = BC_T_LIST, .item = &owner_entry};
