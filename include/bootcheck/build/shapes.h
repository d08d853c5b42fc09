/* Parts of the case format that several artifact kinds share. */
#ifndef BOOTCHECK_BUILD_SHAPES_H
#define BOOTCHECK_BUILD_SHAPES_H

#include <bootcheck/model/schema.h>

/* Choosing what of an archive or a tree is taken: the fields `members` and `strip`. */
#define BC_FIELDS_SELECT                                                                           \
	{"members", &bc_shape_texts,                                                               \
		"Globs over the paths inside; only what matches is taken. `*` also matches a "     \
		"slash. Everything when not given.",                                               \
		false, NULL},                                                                      \
	{                                                                                          \
		"strip", &bc_shape_uint,                                                           \
			"Leading folders that are removed from each path; entries with fewer "     \
			"are left out.",                                                           \
			false, "0"                                                                 \
	}

/* A permission mode: an octal number with a leading zero, such as 0755. */
extern const struct bc_shape bc_shape_mode;
/* A list of what a tree is made of: references, paths, or maps (tree, file, and the sources). */
extern const struct bc_shape bc_shape_layers;
/* Lists of files, links, folders and device nodes, as an initramfs or an image names them. */
extern const struct bc_shape bc_shape_files, bc_shape_links, bc_shape_dirs, bc_shape_nodes;
/* Symbolic links to a multi-call binary. */
extern const struct bc_shape bc_shape_applets;
/* Owners and modes of what is inside, by globs. */
extern const struct bc_shape bc_shape_owners;

/* What stands beside the layers of a root file system, for bc_entries_plan(). */
#define BC_FIELDS_SINGLE                                                                           \
	{"files", &bc_shape_files, "Single files, after the layers.", false, NULL},                \
		{"links", &bc_shape_links, "Symbolic and hard links.", false, NULL},               \
		{"dirs", &bc_shape_dirs, "Folders; parents of entries need not be named.", false,  \
			NULL},                                                                     \
		{"nodes", &bc_shape_nodes, "Device nodes and pipes.", false, NULL},                \
		{"applets", &bc_shape_applets, "Symbolic links to BusyBox.", false, NULL},         \
	{                                                                                          \
		"owners", &bc_shape_owners, "Owners and modes, over all of that.", false, NULL     \
	}

/* The same with its layers. */
#define BC_FIELDS_ENTRIES                                                                          \
	{"from", &bc_shape_layers, "What it is made from, in order; a later layer wins.", false,   \
		NULL},                                                                             \
		BC_FIELDS_SINGLE

extern const struct bc_variant bc_variant_url, bc_variant_git, bc_variant_path, bc_variant_apt,
	bc_variant_apt_source, bc_variant_tree, bc_variant_file, bc_variant_initramfs,
	bc_variant_linux, bc_variant_busybox, bc_variant_uboot, bc_variant_libc, bc_variant_image,
	bc_variant_dtb, bc_variant_uimage, bc_variant_fit, bc_variant_command;

#endif
