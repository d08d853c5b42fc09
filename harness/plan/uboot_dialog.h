/* The walk through a dialog with U-Boot, shared by the files that make it up. */
#ifndef UBOOT_DIALOG_H
#define UBOOT_DIALOG_H

#include <bootcheck/plan/memory.h>
#include <bootcheck/plan/uboot_line.h>

struct uboot_var {
	char *name, *value; /* value NULL: it is set, to what is not known */
};

/* What a block was loaded from; file.path NULL when it is no file. */
struct walk_source {
	struct bc_memory_file file;
	char *path, *interface; /* the texts of `file` */
};

/* Where bootm and its like look without an address. */
enum walk_load_addr {
	WALK_LOAD_VARIABLE, /* what `loadaddr` says */
	WALK_LOAD_KNOWN,
	WALK_LOAD_LOST,
};

struct walk {
	struct bc_memory *m;
	const struct bc_plan_files *files;
	const struct bc_memory_store *store;
	struct {
		BC_VEC(struct uboot_var);
	} env;
	struct {
		BC_VEC(struct walk_source);
	} sources; /* one for each block of the map */
	enum walk_load_addr load_addr_from;
	uint64_t load_addr; /* KNOWN */
	/* The command that is walked. */
	const struct bc_value *scalar; /* the text that holds it, NULL = loc alone counts */
	struct bc_loc loc;
	int step;
	int depth;  /* of `run` */
	int budget; /* commands that are still looked at */
	bool has_booted;
};

/* In uboot_env.c */
const char *walk_get(void *walk, const char *name);
/* value NULL: not known. */
void walk_set(struct walk *w, const char *name, const char *value);
/* Nothing is known of any variable from here on. */
void walk_forget(struct walk *w);
/* The lines NAME=VALUE of an environment, as mkenvimage takes them. */
void walk_read_env(struct walk *w, const char *text, size_t len);
/* What stands where a loader's program has its environment: an entry that each has. */
#define WALK_MARK     "\0bootcmd="
#define WALK_MARK_LEN (sizeof(WALK_MARK) - 1)
/* The variables that are compiled into a loader's program: NAME=VALUE, each with a NUL behind it. */
void walk_read_program(struct walk *w, const char *data, size_t len);
void walk_release(struct walk *w);

/* In uboot_load.c. Numbers at U-Boot's prompt are hexadecimal, with or without 0x. */
bool walk_hex(const char *text, uint64_t *out);
/* Word i as a number; false also when it is not known. */
bool walk_number(const struct bc_uboot_command *c, size_t i, uint64_t *out);
/* The command as it is typed, variables filled in. The caller frees. */
char *walk_typed(const struct bc_uboot_command *c) BC_MUST_CHECK;
/* The place of a word of the command. */
struct bc_loc walk_place(const struct walk *w, const struct bc_uboot_command *c, size_t i);
/* The board's RAM may have a second address: this is the first. */
uint64_t walk_in_ram(const struct walk *w, uint64_t address);
/* The newest block that starts at an address, and that of the first `count` blocks; or BC_MEM_NONE. */
size_t walk_block_at(const struct walk *w, uint64_t address);
size_t walk_block_before(const struct walk *w, uint64_t address, size_t count);
/* A command that uses blocks; and one that only reads what lies at the address in a word. */
void walk_use(struct walk *w, const struct bc_uboot_command *c, struct bc_mem_boot boot);
void walk_use_one(struct walk *w, const struct bc_uboot_command *c, size_t word);
/* A command of which nobody knows what it does. */
void walk_opaque(struct walk *w, const struct bc_uboot_command *c);
/* Commands. */
void walk_load_net(struct walk *w, const struct bc_uboot_command *c);
void walk_load_disk(struct walk *w, const struct bc_uboot_command *c);
void walk_load_serial(struct walk *w, const struct bc_uboot_command *c);
void walk_read_blocks(struct walk *w, const struct bc_uboot_command *c);
void walk_copy(struct walk *w, const struct bc_uboot_command *c);
void walk_fill(struct walk *w, const struct bc_uboot_command *c);
void walk_fdt(struct walk *w, const struct bc_uboot_command *c);
/* What a block that holds a FIT is to bootm: `inside` as in struct bc_memory_file; is_known false: nobody knows. */
void walk_choose(struct walk *w, size_t block, const char *inside, bool is_known);
/* The text of the boot script in a block; false when nobody knows it. */
bool walk_script(struct walk *w, size_t block, struct bc_buf *text) BC_MUST_CHECK;

/* In uboot_commands.c: what a command does to memory and variables. */
void walk_command(struct walk *w, const struct bc_uboot_command *command);
/* In uboot_dialog.c: all commands of a text. */
void walk_text(struct walk *w, const char *text);

#endif
