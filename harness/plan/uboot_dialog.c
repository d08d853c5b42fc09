/* From a case to the memory map of its boot loader: who types what, and what the environment says. */
#include "uboot_dialog.h"

#include <bootcheck/base/text.h>
#include <bootcheck/plan/files.h>

#define MAX_COMMANDS 4000
#define MIB	     ((uint64_t)1 << 20)

/* Where QEMU puts the RAM, and what U-Boot 2023.01 keeps at its end (`bdinfo`: the reserved regions). The vexpress
 * boards have two banks, and it sits at the end of the first; a virt machine has its device tree at the start. */
static const struct board {
	const char *arch, *model;
	uint64_t ram, loader_bytes, bank_bytes;
	struct bc_mem_range flash;
	bool has_dtb;
} boards[] = {
	{"arm", "vexpress-a9", 0x60000000, 21 * MIB, 512 * MIB, {0x40000000, 128 * MIB}, false},
	{"arm", "vexpress-a15", 0x80000000, 21 * MIB, 512 * MIB, {0x08000000, 128 * MIB}, false},
	{"arm", "virt", 0x40000000, 35 * MIB, 0, {0, 128 * MIB}, true},
	{"aarch64", "virt", 0x40000000, 35 * MIB, 0, {0, 128 * MIB}, true},
};

static void find_board(const struct bc_machine *machine, struct bc_memory *m)
{
	size_t n = strcspn(machine->model, ",");
	for (size_t i = 0; i < BC_LEN(boards); i++) {
		const struct board *b = &boards[i];
		if (strcmp(b->arch, machine->arch) != 0 || strlen(b->model) != n ||
			strncmp(b->model, machine->model, n) != 0)
			continue;
		m->map.ram = (struct bc_mem_range){b->ram, machine->memory_bytes};
		m->map.loader_bytes = b->loader_bytes;
		m->map.loader_top = b->bank_bytes ? b->ram + b->bank_bytes : 0;
		m->flash = b->flash;
		m->dtb_at = b->has_dtb ? b->ram : 0;
	}
}

void walk_text(struct walk *w, const char *text)
{
	struct bc_uboot_line line = {.text = text, .len = strlen(text)};
	BC_AUTO(bc_uboot_command) command = {0};
	if (line.len > BC_UBOOT_LINE_MAX)
		w->m->is_opaque = true;
	while (bc_uboot_line_next(&line, walk_get, w, &command)) {
		if (w->budget-- <= 0) {
			w->m->is_opaque = true;
			return;
		}
		walk_command(w, &command);
		bc_uboot_command_release(&command);
	}
}

static void walk_scalar(struct walk *w, const struct bc_value *scalar)
{
	w->scalar = scalar;
	w->loc = scalar->loc;
	walk_text(w, scalar->text);
	w->scalar = NULL;
}

/* What is typed. `send` also types at a shell: once something was booted it is left alone. */
static bool walk_steps(struct walk *w)
{
	const struct bc_case *c = w->m->c;
	bool has_typed = false;
	for (size_t i = 0; i < c->steps.len; i++) {
		const struct bc_step *step = &c->steps.items[i];
		const struct bc_value *typed = bc_value_get(step->params, "uboot");
		bool is_sent = !typed;
		if (is_sent)
			typed = bc_value_get(step->params, "send");
		/* A map stops autoboot: then nothing runs by itself. */
		has_typed = has_typed || typed;
		if (!typed || typed->kind != BC_VALUE_SCALAR)
			continue;
		if (is_sent && w->has_booted)
			continue;
		bool is_blank = typed->text[strspn(typed->text, " \t\r\n")] == '\0';
		if (is_sent && !bc_value_bool(step->params, "enter", true)) {
			w->m->is_opaque = w->m->is_opaque || !is_blank;
			continue;
		}
		w->step = (int)i + 1;
		walk_scalar(w, typed);
	}
	w->step = 0;
	return has_typed;
}

static bool is_mkenvimage(const char *program)
{
	return strcmp(bc_path_base(program), "mkenvimage") == 0;
}

/* The last argument of mkenvimage in the text of `sh -c`. U-Boot's shell is close enough to it for that. The caller
 * frees. */
static char *env_in_script(const char *script)
{
	struct bc_uboot_line line = {.text = script, .len = strlen(script)};
	BC_AUTO(bc_uboot_command) command = {0};
	char *found = NULL;
	while (!found && bc_uboot_line_next(&line, NULL, NULL, &command)) {
		const struct bc_uboot_word *last = &command.items[command.len - 1];
		if (command.len > 1 && is_mkenvimage(command.items[0].text) && last->is_known)
			found = bc_strdup(last->text);
		bc_uboot_command_release(&command);
	}
	return found;
}

/* The text that a `command:` artifact hands to mkenvimage, by itself or in the text of a shell: its last argument, an
 * input by that name. */
static const struct bc_value *env_of(const struct bc_artifact *a)
{
	const struct bc_value *map = bc_value_get(a->params, "command");
	const struct bc_value *argv = bc_value_get(map, "argv");
	BC_AUTO_FREE char *in_script = NULL;
	const char *name = NULL;
	size_t n = bc_value_count(argv);
	if (n > 2 && strcmp(bc_value_at(argv, 1)->text, "-c") == 0)
		name = in_script = env_in_script(bc_value_at(argv, 2)->text);
	else if (n > 1 && is_mkenvimage(bc_value_at(argv, 0)->text))
		name = bc_value_at(argv, n - 1)->text;
	return name ? bc_value_get(bc_value_get(map, "inputs"), name) : NULL;
}

/* The first environment of the case's artifacts: the text for mkenvimage, or the boot command that is compiled in.
 * Gives the value that stands for it, NULL without one. */
static const struct bc_value *read_environment(struct walk *w)
{
	const struct bc_case *c = w->m->c;
	for (size_t i = 0; i < c->artifacts.len; i++) {
		const struct bc_value *ref = env_of(&c->artifacts.items[i]);
		BC_AUTO(bc_buf) text = {.max = (size_t)1 << 20};
		if (!ref || ref->kind != BC_VALUE_SCALAR)
			continue;
		if (!w->store || !w->store->text ||
			!w->store->text(w->store->ctx, c, ref->text, &text))
			return NULL;
		walk_forget(w); /* it takes the place of the one that is compiled in */
		walk_read_env(w, text.data ? text.data : "", text.len);
		return ref;
	}
	for (size_t i = 0; i < c->artifacts.len; i++) {
		const struct bc_value *map = bc_value_get(c->artifacts.items[i].params, "uboot");
		const struct bc_value *command =
			bc_value_get(bc_value_get(map, "config"), "BOOTCOMMAND");
		if (!command || command->kind != BC_VALUE_SCALAR)
			continue;
		/* Kconfig's text may stand in its quotes. */
		size_t n = strlen(command->text);
		bool has_quotes = n > 1 && command->text[0] == '"' && command->text[n - 1] == '"';
		BC_AUTO_FREE char *inside =
			bc_strndup(command->text + has_quotes, n - 2 * (size_t)has_quotes);
		walk_set(w, "bootcmd", inside);
		return command;
	}
	return NULL;
}

/* True when something may be typed at a loader, or run by it. */
static bool has_dialog(const struct bc_case *c)
{
	for (size_t i = 0; i < c->steps.len; i++)
		if (bc_value_get(c->steps.items[i].params, "uboot") ||
			bc_value_get(c->steps.items[i].params, "send"))
			return true;
	for (size_t i = 0; i < c->artifacts.len; i++)
		if (env_of(&c->artifacts.items[i]) ||
			bc_value_get(c->artifacts.items[i].params, "uboot"))
			return true;
	return false;
}

void bc_memory_read(const struct bc_case *c, const struct bc_plan_files *files,
	const struct bc_memory_store *store, struct bc_memory *memory)
{
	*memory = (struct bc_memory){.c = c};
	struct walk w = {.m = memory, .files = files, .store = store, .budget = MAX_COMMANDS};
	if (!c->machine.arch || !c->machine.model || !has_dialog(c))
		return;
	find_board(&c->machine, memory);
	BC_AUTO(bc_buf) program = {.max = (size_t)32 << 20};
	if (store && store->loader &&
		store->loader(store->ctx, c, WALK_MARK, WALK_MARK_LEN, &program))
		walk_read_program(&w, program.data ? program.data : "", program.len);
	bc_buf_release(&program);
	const struct bc_value *env = read_environment(&w);
	/* Nobody types: U-Boot boots by itself. */
	if (!walk_steps(&w) && env) {
		w.loc = env->loc;
		const char *command = walk_get(&w, "bootcmd");
		BC_AUTO_FREE char *text = bc_strdup(command ? command : "");
		walk_text(&w, text);
	}
	walk_release(&w);
}

void bc_memory_release(struct bc_memory *m)
{
	bc_memmap_release(&m->map);
	bc_vec_each (o, &m->loads)
		free(o->command);
	bc_vec_each (o, &m->boots)
		free(o->command);
	bc_vec_each (l, &m->lost)
		free(l->command);
	free(m->loads.items);
	free(m->boots.items);
	free(m->lost.items);
	*m = (struct bc_memory){0};
}
