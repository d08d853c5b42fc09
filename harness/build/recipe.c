/* What can be built. A new kind is one line here, and its variant. */
#include <bootcheck/build/recipes.h>

const struct bc_recipe *const bc_recipes[] = {
	&bc_recipe_apt,
	&bc_recipe_apt_source,
	&bc_recipe_url,
	&bc_recipe_git,
	&bc_recipe_path,
	&bc_recipe_tree,
	&bc_recipe_file,
	&bc_recipe_initramfs,
	&bc_recipe_image,
	&bc_recipe_linux,
	&bc_recipe_busybox,
	&bc_recipe_uboot,
	&bc_recipe_libc,
	&bc_recipe_dtb,
	&bc_recipe_uimage,
	&bc_recipe_fit,
	&bc_recipe_command,
	NULL,
};

const struct bc_variant *const bc_artifact_variants[] = {
	&bc_variant_apt,
	&bc_variant_apt_source,
	&bc_variant_url,
	&bc_variant_git,
	&bc_variant_path,
	&bc_variant_tree,
	&bc_variant_file,
	&bc_variant_initramfs,
	&bc_variant_image,
	&bc_variant_linux,
	&bc_variant_busybox,
	&bc_variant_uboot,
	&bc_variant_libc,
	&bc_variant_dtb,
	&bc_variant_uimage,
	&bc_variant_fit,
	&bc_variant_command,
	NULL,
};

const struct bc_variant *const bc_source_variants[] = {
	&bc_variant_apt,
	&bc_variant_apt_source,
	&bc_variant_url,
	&bc_variant_git,
	&bc_variant_path,
	NULL,
};
