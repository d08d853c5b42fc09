/* Any bytes as what is typed at U-Boot's prompt, as its environment, and as the files that it loads. The map that comes
 * of it must hold together. */
#include <bootcheck/plan/memory.h>
#include <bootcheck/plan/uboot_line.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const char *data;
	size_t len;
};

static bool look(void *ctx, const struct bc_case *c, const struct bc_memory_file *file,
	struct bc_bootimage *image)
{
	const struct input *in = ctx;
	(void)c;
	(void)file;
	/* libfdt wants what it reads aligned, as malloc does it. */
	BC_AUTO_FREE char *copy = bc_calloc(1, in->len + 1);
	memcpy(copy, in->data, in->len);
	bc_bootimage_parse(copy, in->len, in->len, NULL, image);
	return true;
}

static bool script(
	void *ctx, const struct bc_case *c, const struct bc_memory_file *file, struct bc_buf *out)
{
	const struct input *in = ctx;
	const char *text;
	size_t len;
	(void)c;
	(void)file;
	if (!bc_bootimage_script(in->data, in->len, &text, &len))
		return false;
	bc_buf_add(out, text, len);
	return true;
}

static bool loader(
	void *ctx, const struct bc_case *c, const void *mark, size_t len, struct bc_buf *out)
{
	(void)mark;
	(void)len;
	const struct input *in = ctx;
	(void)c;
	bc_buf_add(out, in->data, in->len);
	return true;
}

static const char *value(void *ctx, const char *name)
{
	(void)ctx;
	return name[0] == 'u' ? NULL : name[0] == 'e' ? "" : "a b;c";
}

static void check_words(const char *text, size_t len)
{
	struct bc_uboot_line line = {.text = text, .len = len};
	BC_AUTO(bc_uboot_command) command = {0};
	size_t before = 0;
	while (bc_uboot_line_next(&line, value, NULL, &command)) {
		if (line.at <= before || !command.len)
			abort();
		before = line.at;
		for (size_t i = 0; i < command.len; i++)
			if (command.items[i].at + command.items[i].len > len)
				abort();
		bc_uboot_command_release(&command);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* What is behind the first NUL is the file. */
	const char *nul = memchr(data, '\0', size);
	size_t n = nul ? (size_t)(nul - (const char *)data) : size;
	struct input file = {nul ? nul + 1 : "", nul ? size - n - 1 : 0};
	check_words((const char *)data, size);
	BC_AUTO_FREE char *text = bc_strndup((const char *)data, n);
	BC_AUTO_VALUE *params = bc_value_new(BC_VALUE_MAP, (struct bc_loc){0});
	bc_value_set(params, "uboot", (struct bc_loc){0},
		bc_value_new_scalar(text, (struct bc_loc){.file = "fuzz", .line = 1}));
	struct bc_step step = {.kind = (char[]){"uboot"}, .params = params};
	struct bc_case c = {.machine = {.arch = (char[]){"arm"},
				    .model = (char[]){"vexpress-a9"},
				    .memory_bytes = (uint64_t)256 << 20}};
	c.steps.items = &step;
	c.steps.len = 1;
	struct bc_memory_store store = {look, script, NULL, loader, &file};
	BC_AUTO(bc_memory) memory = {0};
	BC_AUTO(bc_diag) diag = {0};
	BC_AUTO(bc_buf) out = {.max = (size_t)4 << 20};
	bc_memory_read(&c, NULL, &store, &memory);
	if (memory.loads.len != memory.map.blocks.len || memory.boots.len != memory.map.boots.len)
		abort();
	bc_memory_check(&memory, &diag);
	bc_memory_print(&memory, &out);
	bc_diag_render(&diag, &out, false, NULL, NULL);
	return 0;
}
