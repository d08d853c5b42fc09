/* Any bytes as a device tree, and as one with an overlay behind it. What is accepted must stay a valid tree. */
#include <string.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/sys/devtree.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The first two bytes say where the overlay begins. */
	if (size < 2)
		return 0;
	size_t at = (size_t)data[0] << 8 | data[1];
	data += 2;
	size -= 2;
	at = at < size ? at : size;
	/* libfdt wants what it reads aligned, as malloc does it. */
	BC_AUTO_FREE char *whole = bc_calloc(1, size + 1), *overlay = bc_calloc(1, size - at + 1);
	memcpy(whole, data, size);
	memcpy(overlay, data + at, size - at);
	BC_AUTO(bc_buf) tree = {.max = (size_t)1 << 20};
	if (!bc_devtree_check(whole, at, NULL))
		return 0;
	bc_buf_add(&tree, whole, at);
	if (bc_devtree_overlay(&tree, overlay, size - at, NULL) &&
		!bc_devtree_check(tree.data, tree.len, NULL))
		abort();
	return 0;
}
