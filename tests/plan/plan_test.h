/* Small stand-ins for what the build and run layers bring to the case format, and loading for tests. */
#ifndef PLAN_TEST_H
#define PLAN_TEST_H

#include <bootcheck/base/text.h>
#include <bootcheck/plan/load.h>

#include "../check_main.h"

static const struct bc_field fake_apt_options[] = {
	{"arch", &bc_shape_text, "Its architecture.", false, NULL}, {0}};
static const struct bc_variant fake_apt = {"apt", "A package.", &bc_shape_text, fake_apt_options};
static const struct bc_field fake_path_options[] = {
	{"sha256", &bc_shape_text, "The sum.", false, NULL}, {0}};
static const struct bc_variant fake_path = {"path", "A file.", &bc_shape_ref, fake_path_options};

static const struct bc_variant fake_layer_tree = {"tree", "A folder.", &bc_shape_ref, NULL};
static const struct bc_field fake_to[] = {{"to", &bc_shape_text, "Where to.", true, NULL}, {0}};
static const struct bc_variant fake_layer_file = {"file", "A file.", &bc_shape_ref, fake_to};
static const struct bc_variant *const fake_layers[] = {&fake_layer_tree, &fake_layer_file, NULL};
static const struct bc_shape fake_layer_map = {.type = BC_T_TAGGED, .variants = fake_layers};
static const struct bc_shape *const fake_layer_either[] = {&bc_shape_ref, &fake_layer_map, NULL};
static const struct bc_shape fake_layer = {.type = BC_T_EITHER, .either = fake_layer_either};
static const struct bc_shape fake_tree_head = {.type = BC_T_LIST, .item = &fake_layer};
static const struct bc_variant fake_tree = {"tree", "A tree.", &fake_tree_head, NULL};

static const char *const fake_formats[] = {"ext3", "ext4", NULL};
static const struct bc_shape fake_format = {.type = BC_T_WORD, .words = fake_formats};
static const struct bc_field fake_image_fields[] = {
	{"format", &fake_format, "The file system.", true, NULL},
	{"size", &bc_shape_size, "Its size.", true, NULL},
	{"from", &fake_tree_head, "What is in it.", false, NULL},
	{"title", &bc_shape_text, "Its name.", false, NULL}, {0}};
static const struct bc_shape fake_image_head = {.type = BC_T_OBJECT, .fields = fake_image_fields};
static const struct bc_variant fake_image = {"image", "An image.", &fake_image_head, NULL};
static const struct bc_variant *const fake_artifacts[] = {
	&fake_apt, &fake_path, &fake_tree, &fake_image, NULL};
static const struct bc_variant *const fake_sources[] = {&fake_apt, &fake_path, NULL};

static const struct bc_field fake_prompt_fields[] = {
	{"prompt", &bc_shape_text, "Whose prompt.", true, NULL}, {0}};
static const struct bc_shape fake_prompt = {.type = BC_T_OBJECT, .fields = fake_prompt_fields};
static const struct bc_shape *const fake_expect_either[] = {&bc_shape_pattern, &fake_prompt, NULL};
static const struct bc_shape fake_expect_head = {.type = BC_T_EITHER, .either = fake_expect_either};
static const char *const fake_streams[] = {"kernel", "user", "any", NULL};
static const struct bc_shape fake_stream = {.type = BC_T_WORD, .words = fake_streams};
static const struct bc_field fake_expect_options[] = {
	{"in", &fake_stream, "Whose text.", false, "any"}, {0}};
static const struct bc_variant fake_expect = {
	"expect", "Waits.", &fake_expect_head, fake_expect_options};
static const struct bc_field fake_run_options[] = {
	{"output", &bc_shape_patterns, "What it prints.", false, NULL}, {0}};
static const struct bc_variant fake_run = {"run", "A command.", &bc_shape_text, fake_run_options};
static const char *const fake_powers[] = {"off", NULL};
static const struct bc_shape fake_power_head = {.type = BC_T_WORD, .words = fake_powers};
static const struct bc_variant fake_power = {"power", "Off.", &fake_power_head, NULL};
static const struct bc_field fake_serve_fields[] = {
	{"stop", &bc_shape_name, "A server.", true, NULL}, {0}};
static const struct bc_shape fake_serve_head = {.type = BC_T_OBJECT, .fields = fake_serve_fields};
static const struct bc_variant fake_serve = {"serve", "Servers.", &fake_serve_head, NULL};
static const struct bc_variant fake_send = {"send", "Types.", &bc_shape_text, NULL};
static const struct bc_variant fake_uboot_step = {"uboot", "Types.", &bc_shape_text, NULL};
static const struct bc_variant *const fake_steps[] = {
	&fake_expect, &fake_run, &fake_power, &fake_serve, &fake_send, &fake_uboot_step, NULL};
static const char *const fake_detectors[] = {"panic", "lockdep", "splat", NULL};

static inline struct bc_plan_options fake_options(void)
{
	return (struct bc_plan_options){.artifacts = fake_artifacts,
		.sources = fake_sources,
		.steps = fake_steps,
		.detectors = fake_detectors};
}

/* "check check …" of all findings, in order; the caller frees. */
static inline char *finding_names(const struct bc_diag *diag)
{
	BC_AUTO(bc_buf) out = {0};
	for (size_t i = 0; i < diag->len; i++)
		bc_buf_addf(&out, "%s%s", i ? " " : "", diag->items[i]->check);
	return bc_buf_take(&out);
}

#endif
