/* Console steps: what a case does with the serial console, one after the other. A new kind of step is
 * one file harness/run/step_<kind>.c that ends in its one exported const, and a line in steps.c. */
#ifndef BOOTCHECK_RUN_STEPS_H
#define BOOTCHECK_RUN_STEPS_H

#include <bootcheck/base/buf.h>
#include <bootcheck/model/case.h>
#include <bootcheck/model/schema.h>
#include <bootcheck/sys/pattern.h>

struct bc_dialog;

/* A piece of console that is offered to the running step. */
struct bc_text {
	const char *data; /* the whole line, or the open tail */
	size_t len;
	size_t start; /* bytes before it were consumed by an earlier match */
	bool is_line; /* complete; otherwise it may grow */
	enum bc_stream stream;
	uint64_t line; /* number of the line; of the coming one for a tail */
};

enum bc_step_state { BC_STEP_WAIT, BC_STEP_DONE, BC_STEP_FAILED };

/* Who reads what is typed. */
enum bc_prompt {
	BC_PROMPT_SHELL,  /* the case's `prompt` */
	BC_PROMPT_LOADER, /* the case's `loader.prompt` */
	BC_PROMPTS,
};

/* What comes back of a typed line. */
enum bc_echo {
	BC_ECHO_SHOWN,	/* all of it */
	BC_ECHO_MAYBE,	/* all of it, stars, or nothing at all */
	BC_ECHO_HIDDEN, /* nothing: it is not looked for */
};

/* What a piece of a recording says of a step. */
enum bc_sign {
	BC_SIGN_NONE, /* the step leaves none there: the next step may */
	BC_SIGN_SEEN,
	BC_SIGN_MISSING,
};

enum bc_machine_event {
	BC_EVENT_OFF,	/* the guest powered the machine off */
	BC_EVENT_RESET, /* it reset it */
};

struct bc_step_kind {
	const struct bc_variant *variant; /* tag and options in the case format */
	size_t size;			  /* of its state */
	bool may_be_silent;		  /* no output is no sign of a hang while it runs */
	/* Fills the zeroed state; patterns were checked when the case was loaded. */
	bool (*init)(void *state, struct bc_dialog *d, const struct bc_value *params,
		struct bc_err *err);
	void (*release)(void *state);
	/* The step's turn has come. May send. */
	enum bc_step_state (*start)(void *state, struct bc_dialog *d);
	/* Offers text. With DONE, *consumed is how much of text->data is used up (text->start..len). NULL: the
	 * step does not read. */
	enum bc_step_state (*text)(
		void *state, struct bc_dialog *d, const struct bc_text *text, size_t *consumed);
	/* The moment asked for by bc_dialog_wake() has come. May be NULL. */
	enum bc_step_state (*wake)(void *state, struct bc_dialog *d);
	/* The machine went off or reset. NULL: no step of this kind expects it. */
	enum bc_step_state (*machine)(
		void *state, struct bc_dialog *d, enum bc_machine_event event);
	/* What is awaited, for a time-out's title: `"login:"`, `the prompt`. */
	void (*describe)(const void *state, const struct bc_dialog *d, struct bc_buf *out);
	/* The line that bc_dialog_type() was given is out. NULL: the step is done then. */
	enum bc_step_state (*typed)(void *state, struct bc_dialog *d);
	bool ends_itself; /* when it is woken: its limit does not count */
	/* In a recording: does the line show from t->start on that this step ran at a prompt? The prompt may
	 * stand before t->start; 0 = it stood in a line before. NULL: steps of this kind leave no sign. */
	enum bc_sign (*sign)(const void *state, const struct bc_text *t);
};

/* All kinds, NULL-terminated, and their parts of the case format for the plan. */
extern const struct bc_step_kind *const bc_step_kinds[];
extern const struct bc_variant *const bc_step_variants[];

/* What steps may do. */

/* Types bytes as they are, whoever reads them. */
void bc_dialog_send(struct bc_dialog *d, const char *data, size_t len);
struct bc_typing {
	enum bc_prompt reader;
	enum bc_echo echo;
	bool ends_at_enter; /* it is out when Enter is pressed, not when the line has ended */
	bool is_followed; /* in a recording its echo is looked for; otherwise it is out at once there */
};
/* Types a line and Enter, watched in its echo (run/typist.h). The step's text() and wake() rest until it is
 * out, then typed() is called; if it is out at once, bc_dialog_is_typed() says so. line is copied. */
void bc_dialog_type(struct bc_dialog *d, const char *line, const struct bc_typing *how);
bool bc_dialog_is_typed(const struct bc_dialog *d);
/* True when the open line asks for what is not to be seen, such as a password. */
bool bc_dialog_is_secret(const struct bc_dialog *d);
/* For the transcript: the step typed this (before bc_dialog_type()), and this came back. status: -1 = not known. */
void bc_dialog_typed(struct bc_dialog *d, const char *text);
void bc_dialog_answered(struct bc_dialog *d, const char *output, size_t len, int status);
/* Ends the step with a verdict; returns BC_STEP_FAILED. */
enum bc_step_state bc_dialog_fail(struct bc_dialog *d, enum bc_fail_kind kind, const char *fmt, ...)
	BC_PRINTF(3, 4);
/* Adds a hint to the failure. */
void bc_dialog_hint(struct bc_dialog *d, const char *fmt, ...) BC_PRINTF(2, 3);
/* True when a detector of the boot loader's knows a failure in what a command printed. */
bool bc_dialog_knows_failure(const struct bc_dialog *d, const char *output, size_t len);
/* Fails the step with the first of them as title, if there is one. command goes into the hint. */
bool bc_dialog_fail_by_output(struct bc_dialog *d, enum bc_fail_kind kind, const char *output,
	size_t len, const char *command);
/* Calls wake() after ms. */
void bc_dialog_wake(struct bc_dialog *d, uint64_t ms);
/* A prompt: true and *consumed when the open line ends with it, or when a whole line has it and behind it what was
 * typed there: a recording, or a reader that was faster than we. */
bool bc_dialog_match_prompt(
	struct bc_dialog *d, enum bc_prompt whose, const struct bc_text *text, size_t *consumed);
/* True when the line shows from t->start on what was typed, up to its first control. */
bool bc_dialog_shows(const struct bc_text *t, const char *typed);
/* From now on this is the prompt. Takes the pattern. */
void bc_dialog_set_prompt(struct bc_dialog *d, enum bc_prompt whose, struct bc_pattern *pattern);
/* True from a matched prompt until something is typed. */
bool bc_dialog_at_prompt(const struct bc_dialog *d, enum bc_prompt whose);
/* Makes a text that occurs in no other command of this boot: 8 hexadecimal digits; says the newest. */
void bc_dialog_new_nonce(struct bc_dialog *d);
const char *bc_dialog_nonce(struct bc_dialog *d);
/* Asks the machine: cut = stop it at once, reset = press its reset button. */
enum bc_power { BC_POWER_CUT, BC_POWER_RESET };
void bc_dialog_power(struct bc_dialog *d, enum bc_power action);
/* Stops one of the boot's servers, by its name in bc_service_names. */
void bc_dialog_serve_stop(struct bc_dialog *d, const char *name);
/* From now on a line or tail that matches fails the boot. Takes the pattern. */
void bc_dialog_reject(struct bc_dialog *d, struct bc_pattern *pattern, enum bc_stream stream);
/* What the coming userspace text is: nothing special, the echo of what was typed (no pattern may match
 * it), or a command's output (userspace's, even where it looks like the kernel's). */
enum bc_claim { BC_CLAIM_NONE, BC_CLAIM_ECHO, BC_CLAIM_OUTPUT };
void bc_dialog_claim(struct bc_dialog *d, enum bc_claim claim);
/* What the case says of the boot loader's console. */
const struct bc_loader *bc_dialog_loader(const struct bc_dialog *d);
/* True when a recording is judged: what is "sent" goes nowhere, and markers carry other nonces. */
bool bc_dialog_is_replay(const struct bc_dialog *d);

/* Shared by steps that search. */
enum bc_stream bc_stream_parse(const char *word);
bool bc_stream_fits(enum bc_stream wanted, enum bc_stream is);
extern const struct bc_shape bc_shape_stream; /* kernel | user | any */

#endif
