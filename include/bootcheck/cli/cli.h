/* The command line: the only place that composes the layers, prints and exits. */
#ifndef BOOTCHECK_CLI_CLI_H
#define BOOTCHECK_CLI_CLI_H

#include <bootcheck/base/diag.h>
#include <bootcheck/base/err.h>

/* DESIGN's exit codes. */
enum {
	BC_EXIT_OK = 0,
	BC_EXIT_FAILED = 1,
	BC_EXIT_USAGE = 2,
	BC_EXIT_ENVIRONMENT = 3,
	BC_EXIT_INTERRUPTED = 130
};

/* One subcommand: a file cmd_<name>.c that ends in its one exported const, and a line in the array of
 * cli.c. argv[0] is the command's name ("bootcheck run"). run returns the exit code. */
struct bc_command_line {
	const char *name;
	const char *summary; /* one line for `bootcheck --help` */
	int (*run)(int argc, char **argv);
};

/* All commands, NULL-terminated, in the order of the help. */
extern const struct bc_command_line *const bc_commands[];

/* Parses the global options, dispatches, returns the exit code. */
int bc_cli_main(int argc, char **argv);

/* True if colours are wanted on fd: a tty, no NO_COLOR, TERM is not dumb; --color overrides. */
bool bc_cli_color(int fd);
/* Prints "bootcheck: message" and the hint to stderr; returns the exit code that fits err->code. */
int bc_cli_error(const struct bc_err *err);

#endif
