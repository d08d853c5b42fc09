/* What is typed at U-Boot's prompt, taken apart as its hush shell does it: commands, words, quotes, variables. */
#ifndef BOOTCHECK_PLAN_UBOOT_LINE_H
#define BOOTCHECK_PLAN_UBOOT_LINE_H

#include <bootcheck/base/mem.h>

/* Longer lines, and more of a command, are cut: U-Boot's own line has 512 to 2048 bytes and 16 to 64 words. */
#define BC_UBOOT_LINE_MAX  16384
#define BC_UBOOT_WORD_MAX  4096
#define BC_UBOOT_WORDS_MAX 64

struct bc_uboot_word {
	char *text;    /* without quotes and escapes, variables filled in */
	bool is_known; /* false: a variable in it has no known value; what stands for it is left out */
	size_t at, len; /* of what is written, in the line */
};

struct bc_uboot_command {
	BC_VEC(struct bc_uboot_word);
	/* It runs if what is before it works. False behind `||`, and inside of if, while, until and for. */
	bool is_certain;
};

/* The value of a variable; NULL when it is not known. An empty text is a variable that is not set. */
typedef const char *bc_uboot_var_fn(void *ctx, const char *name);

/* Zero initialised but for text and len. */
struct bc_uboot_line {
	const char *text; /* need not be NUL-terminated */
	size_t len, at;
	int depth; /* of if, while, until, for */
	bool is_alternative;
	bool is_open;	/* a quote was not closed: the shell would wait for more */
	size_t open_at; /* where it stands */
};

/* Takes the next command off the line; variables get the value that they have at the time of the call. False at the
 * end. The caller releases the command. Keywords are not part of it; of `for NAME in …` the words are "for" and
 * NAME. A comment ends the line. Any bytes are fine. */
bool bc_uboot_line_next(struct bc_uboot_line *line, bc_uboot_var_fn *fn, void *ctx,
	struct bc_uboot_command *command) BC_MUST_CHECK;
void bc_uboot_command_release(struct bc_uboot_command *command);
static inline void bc_uboot_command_cleanup(struct bc_uboot_command *command)
{
	bc_uboot_command_release(command);
}

#endif
