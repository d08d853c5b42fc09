/* What building needs from a host, told from the case alone: nothing is planned or asked. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/build.h>
#include <bootcheck/build/kbuild.h>

/* Programs by the key of a case that makes them necessary, and bytes of disk, measured and rounded up. */
static const struct {
	const char *key, *programs;
	bool is_cross; /* the compiler of the machine's architecture too */
	uint64_t bytes;
} needs[] = {
	{"linux", "make gcc flex bison bc depmod", true, (uint64_t)3 << 30},
	{"busybox", "make gcc", true, (uint64_t)200 << 20},
	{"uboot", "make gcc flex bison bc", true, (uint64_t)500 << 20},
	{"libc", "", true, (uint64_t)10 << 20},
	{"image", "", false, (uint64_t)20 << 20},
	{"dtb", "dtc cpp", false, 0},
	{"uimage", "mkimage", false, (uint64_t)20 << 20},
	{"fit", "mkimage dtc", false, (uint64_t)20 << 20},
	{"git", "git", false, (uint64_t)1 << 30},
	{"patches", "patch", false, 0},
};

static void add_words(const char *words, struct bc_strs *programs)
{
	while (*words) {
		size_t n = strcspn(words, " ");
		BC_AUTO_FREE char *word = bc_strndup(words, n);
		if (n && !bc_strs_has(programs, word))
			bc_strs_add(programs, word);
		words += n + (words[n] == ' ');
	}
}

static void add_compiler(const char *machine, const struct bc_value *map, struct bc_strs *programs)
{
	BC_AUTO_FREE char *arch = NULL, *cross = NULL;
	if (!map || !bc_kbuild_tools(machine, map, &arch, &cross, NULL))
		return;
	BC_AUTO_FREE char *gcc = bc_asprintf("%sgcc", cross);
	add_words(gcc, programs);
}

/* Depth is bounded by the plan, which refuses deeper files. */
static void collect(const struct bc_value *value, const char *machine, struct bc_strs *programs,
	uint64_t *bytes)
{
	for (size_t i = 0; i < BC_LEN(needs); i++) {
		const struct bc_value *inner = bc_value_get(value, needs[i].key);
		if (!inner)
			continue;
		add_words(needs[i].programs, programs);
		if (needs[i].is_cross)
			add_compiler(machine, inner, programs);
		*bytes += needs[i].bytes;
	}
	const struct bc_value *command = bc_value_get(value, "command"),
			      *program = bc_value_at(bc_value_get(command, "argv"), 0), *tool;
	if (program)
		add_words(program->text, programs);
	for (size_t i = 0; (tool = bc_value_at(bc_value_get(command, "tools"), i)); i++)
		add_words(tool->text, programs);
	if (strcmp(bc_value_text(value, "format", ""), "squashfs") == 0)
		add_words("sqfstar", programs);
	for (size_t i = 0; i < value->len; i++)
		collect(value->items[i], machine, programs, bytes);
}

void bc_build_needs(const struct bc_case *c, struct bc_strs *programs, uint64_t *bytes)
{
	bc_vec_each (a, &c->artifacts)
		collect(a->params, c->machine.arch, programs, bytes);
}
