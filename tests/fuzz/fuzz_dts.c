/* Any bytes as the source of a device tree: the names that are found lie in it. */
#include <bootcheck/base/mem.h>
#include <bootcheck/build/dts.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
	const char *data;
	size_t len;
};

static void on_name(void *ctx, const char *name, bool is_data)
{
	const struct text *text = ctx;
	(void)is_data;
	if (!*name || strchr(name, '\n') || !memmem(text->data, text->len, name, strlen(name)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text text = {(const char *)data, size};
	bc_dts_scan(text.data, size, on_name, &text);
	return 0;
}
