#include <argp.h>
#include <signal.h>
#include <unistd.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/cli/cli.h>

extern const struct bc_command_line bc_cmd_build;
extern const struct bc_command_line bc_cmd_cache;
extern const struct bc_command_line bc_cmd_doctor;
extern const struct bc_command_line bc_cmd_explain;
extern const struct bc_command_line bc_cmd_lint;
extern const struct bc_command_line bc_cmd_list;
extern const struct bc_command_line bc_cmd_machines;
extern const struct bc_command_line bc_cmd_run;
extern const struct bc_command_line bc_cmd_plan;
extern const struct bc_command_line bc_cmd_replay;
extern const struct bc_command_line bc_cmd_report;

const struct bc_command_line *const bc_commands[] = {
	&bc_cmd_run,
	&bc_cmd_lint,
	&bc_cmd_list,
	&bc_cmd_build,
	&bc_cmd_plan,
	&bc_cmd_replay,
	&bc_cmd_report,
	&bc_cmd_explain,
	&bc_cmd_cache,
	&bc_cmd_machines,
	&bc_cmd_doctor,
	NULL,
};

bool bc_cli_color(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fd) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

int bc_cli_error(const struct bc_err *err)
{
	BC_AUTO(bc_buf) text = {0};
	bool color = bc_cli_color(STDERR_FILENO);
	bc_buf_adds(&text, color ? "\033[1;31mbootcheck:\033[0m " : "bootcheck: ");
	if (err->file[0]) {
		bc_escape_text(&text, err->file, strlen(err->file), false);
		if (err->line)
			bc_buf_addf(&text, ":%d:%d", err->line, err->col);
		bc_buf_adds(&text, ": ");
	}
	bc_escape_text(&text, err->message, strlen(err->message), false);
	if (err->hint[0]) {
		bc_buf_adds(&text, "\n  hint: ");
		bc_escape_text(&text, err->hint, strlen(err->hint), false);
	}
	fprintf(stderr, "%s\n", text.data);
	switch (err->code) {
	case BC_E_USAGE:
	case BC_E_CASE:
		return BC_EXIT_USAGE;
	case BC_E_CANCELLED:
		return BC_EXIT_INTERRUPTED;
	case BC_E_NONE:
	case BC_E_MISSING:
	case BC_E_CONTENT:
	case BC_E_IO:
	case BC_E_NET:
	case BC_E_CHECKSUM:
	case BC_E_FORMAT:
	case BC_E_LIMIT:
	case BC_E_COMMAND:
	case BC_E_INTERNAL:
		break;
	}
	return BC_EXIT_ENVIRONMENT;
}

static void help(FILE *to)
{
	fputs("Usage: bootcheck [--version] [--help] COMMAND [ARGUMENTS]\n\n"
	      "Boots what you are about to ship in QEMU, reads its serial console and says "
	      "whether\n"
	      "it booted, why not, and since which change.\n\nCommands:\n",
		to);
	for (const struct bc_command_line *const *c = bc_commands; *c; c++)
		fprintf(to, "  %-10s %s\n", (*c)->name, (*c)->summary);
	fputs("\n`bootcheck COMMAND --help` tells the rest; bootcheck(1) and bootcheck-case(5) are "
	      "the manual.\n",
		to);
}

static int unknown(const char *name)
{
	BC_AUTO(bc_strs) names = {0};
	for (const struct bc_command_line *const *c = bc_commands; *c; c++)
		bc_strs_add(&names, (*c)->name);
	bc_strs_add(&names, "help");
	const char *near = bc_suggest(name, (const char *const *)bc_strs_argv(&names));
	struct bc_err err;
	(void)bc_fail(&err, BC_E_USAGE, 0, "there is no command '%s'", name);
	if (near)
		(void)bc_err_hint(&err, "did you mean '%s'?", near);
	else
		(void)bc_err_hint(&err, "`bootcheck --help` lists the commands");
	return bc_cli_error(&err);
}

int bc_cli_main(int argc, char **argv)
{
	/* A file that may not grow is an error to report, like a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	if (argc < 2) {
		help(stderr);
		return BC_EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		puts("bootcheck " BC_VERSION);
		return BC_EXIT_OK;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		help(stdout);
		return BC_EXIT_OK;
	}
	for (const struct bc_command_line *const *c = bc_commands; *c; c++) {
		if (strcmp((*c)->name, argv[1]) != 0)
			continue;
		/* argp prints argv[0] in its messages. */
		BC_AUTO_FREE char *name = bc_asprintf("bootcheck %s", argv[1]);
		argv[1] = name;
		argp_err_exit_status = BC_EXIT_USAGE;
		return (*c)->run(argc - 1, argv + 1);
	}
	return unknown(argv[1]);
}
