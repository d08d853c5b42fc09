#include <bootcheck/build/build.h>
#include <bootcheck/build/shapes.h>

static const struct bc_field apt_options[] = {
	{"arch", &bc_shape_text,
		"Debian's name of the architecture. Without it, what stands behind a colon in the "
		"package's name, or else the architecture that fits the machine: armhf, arm64, "
		"amd64, i386, ppc64el, mipsel, mips64el, riscv64, s390x.",
		false, NULL},
	{"version", &bc_shape_text,
		"The exact version; without it the one that the host's apt prefers.", false, NULL},
	{"follow", &bc_shape_pattern,
		"For a metapackage such as linux-image-armmp: the package is replaced by the one "
		"of "
		"its dependencies whose name matches.",
		false, NULL},
	BC_FIELDS_SELECT,
	{0},
};
const struct bc_variant bc_variant_apt = {
	.tag = "apt",
	.doc = "The content of a binary package of any Debian architecture, from the host's own "
	       "apt "
	       "sources; the host's package state is not touched. Gives a tree.",
	.head = &bc_shape_text,
	.options = apt_options,
};

static const struct bc_field apt_source_options[] = {
	{"version", &bc_shape_text,
		"The exact version; without it the one that the host's apt prefers.", false, NULL},
	{"extract", &bc_shape_bool, "Unpack the tarball: gives a tree.", false, "false"},
	BC_FIELDS_SELECT,
	{0},
};
const struct bc_variant bc_variant_apt_source = {
	.tag = "apt-source",
	.doc = "The upstream tarball of a Debian source package, without Debian's patches, from "
	       "the "
	       "host's own apt sources (those that have only binary packages too). Gives a file, "
	       "or a "
	       "tree with `extract`.",
	.head = &bc_shape_text,
	.options = apt_source_options,
};

static const struct bc_field url_options[] = {
	{"sha256", &bc_shape_text, "The sum of the file, 64 hexadecimal digits.", false, NULL},
	{"sums", &bc_shape_text,
		"Instead of `sha256`: the address of a list of sums, as sha256sum writes it, in "
		"which "
		"the file is looked up by its name. It is asked once and remembered.",
		false, NULL},
	{"mirrors", &bc_shape_texts, "Other places of the same file, tried in order.", false, NULL},
	{"size", &bc_shape_size, "A larger file is refused.", false, "4G"},
	{"name", &bc_shape_text, "Its file name; the last part of the address when not given.",
		false, NULL},
	{"extract", &bc_shape_bool,
		"Unpack the archive (tar with any compression, zip, cpio or .deb): gives a tree.",
		false, "false"},
	BC_FIELDS_SELECT,
	{0},
};
const struct bc_variant bc_variant_url = {
	.tag = "url",
	.doc = "A download by http, https, ftp, tftp or file. Gives a file, or a tree with "
	       "`extract`.",
	.head = &bc_shape_text,
	.options = url_options,
};

static const struct bc_field path_options[] = {
	{"extract", &bc_shape_bool, "Unpack the archive: gives a tree.", false, "false"},
	BC_FIELDS_SELECT,
	{0},
};
const struct bc_variant bc_variant_path = {
	.tag = "path",
	.doc = "A file or folder of this host. It is not copied: its content is part of the key of "
	       "what "
	       "is made from it.",
	.head = &bc_shape_ref,
	.options = path_options,
};

static const struct bc_field tree_options[] = {
	BC_FIELDS_SINGLE,
	{0},
};
const struct bc_variant bc_variant_tree = {
	.tag = "tree",
	.doc = "A folder merged from several layers; a later one wins. It can be part of an image "
	       "and be served over NFS, with the owners, modes and nodes that are listed.",
	.head = &bc_shape_layers,
	.options = tree_options,
};

static const struct bc_field file_fields[] = {
	{"name", &bc_shape_text, "Its file name.", false, "file"},
	{"content", &bc_shape_text, "What it holds, byte for byte.", false, NULL},
	{"source", &bc_shape_ref, "The file that is copied; instead of `content`.", false, NULL},
	{"mode", &bc_shape_mode, "Permissions.", false, "0644"},
	{0},
};
static const struct bc_shape file_head = {.type = BC_T_OBJECT, .fields = file_fields};
const struct bc_variant bc_variant_file = {
	.tag = "file",
	.doc = "A single file, written in the case or copied.",
	.head = &file_head,
};

static const char *const compressions[] = {"none", "gzip", NULL};
static const struct bc_shape compression = {.type = BC_T_WORD, .words = compressions};
static const struct bc_field initramfs_fields[] = {
	BC_FIELDS_ENTRIES,
	{"init", &bc_shape_text, "The text of /init, mode 0755.", false, NULL},
	{"compress", &compression, "How the archive is compressed.", false, "none"},
	{0},
};
static const struct bc_shape initramfs_head = {.type = BC_T_OBJECT, .fields = initramfs_fields};
const struct bc_variant bc_variant_initramfs = {
	.tag = "initramfs",
	.doc = "An initial RAM file system (newc cpio), written without root: the same input gives "
	       "the "
	       "same bytes.",
	.head = &initramfs_head,
};
