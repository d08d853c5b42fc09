/* Any bytes as the store's JSON: a manifest, and a line of a listing. What parses must come out as it went
 * in. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/store.h>
#include <bootcheck/sys/tree.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void release(struct bc_tree_entry *t)
{
	free((char *)t->e.path);
	free((char *)t->e.target);
}

static void entry(const char *text, size_t size)
{
	struct bc_tree_entry first, second;
	BC_AUTO(bc_buf) line = {0};
	if (!bc_tree_parse_entry(text, size, &first, NULL))
		return;
	bc_tree_print_entry(&first.e, first.sha256, first.is_data_sum, &line);
	if (!bc_tree_parse_entry(line.data, line.len, &second, NULL))
		abort();
	if (strcmp(first.e.path, second.e.path) != 0 || first.e.type != second.e.type ||
		first.is_data_sum != second.is_data_sum || first.e.mode != second.e.mode ||
		first.e.uid != second.e.uid)
		abort();
	release(&first);
	release(&second);
}

/* A glance may see less than a parse, but never a path outside. */
static void glance(const char *data, size_t size)
{
	BC_AUTO(bc_manifest) manifest = {0};
	BC_AUTO_FREE char *text = bc_strndup(data, size);
	if (bc_manifest_glance(text, &manifest) && !bc_path_is_inside(manifest.output))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BC_AUTO(bc_manifest) manifest = {0};
	glance((const char *)data, size);
	if (bc_manifest_parse((const char *)data, size, &manifest, NULL) &&
		(strlen(manifest.key) != 64 || manifest.output[0] == '/'))
		abort();
	entry((const char *)data, size);
	return 0;
}
