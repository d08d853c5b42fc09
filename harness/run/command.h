/* A command that a step types: its output, its exit status, and what the case says they must be. */
#ifndef BOOTCHECK_RUN_COMMAND_H
#define BOOTCHECK_RUN_COMMAND_H

#include <bootcheck/run/steps.h>

struct command_patterns {
	BC_VEC(struct bc_pattern *);
};

struct command {
	const char *text;   /* borrowed from the case */
	const char *status; /* "0", "any", "nonzero", … */
	struct command_patterns wanted, unwanted;
	struct bc_buf output; /* lines, each with its '\n' */
};

#define COMMAND_OUTPUT_DOC                                                                         \
	"Patterns that the command's output must match, each on any of its lines."
#define COMMAND_NOT_DOC	   "Patterns that no line of the command's output may match."
#define COMMAND_STATUS_DOC "The exit status it must end with: a number, `nonzero` or `any`."
#define COMMAND_OPTIONS                                                                            \
	{"output", &bc_shape_patterns, COMMAND_OUTPUT_DOC, false, NULL},                           \
		{"not", &bc_shape_patterns, COMMAND_NOT_DOC, false, NULL},                         \
	{                                                                                          \
		"status", &bc_shape_text, COMMAND_STATUS_DOC, false, "0"                           \
	}

/* Reads the options of the step whose tag has the command's text. False with BC_E_CASE. */
bool bc_command_init(struct command *c, const struct bc_value *params, const char *tag,
	struct bc_err *err) BC_MUST_CHECK;
void bc_command_release(struct command *c);
/* True when the status is the wanted one. */
bool bc_command_is_status(const struct command *c, int status);
/* The first line of the output, for a title; the caller frees. */
char *bc_command_first_line(const struct command *c);
/* … and the last one that says something. */
char *bc_command_last_line(const struct command *c);
/* Checks the output: BC_STEP_DONE, or fails. */
enum bc_step_state bc_command_check_output(struct command *c, struct bc_dialog *d);

#endif
