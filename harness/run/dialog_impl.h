/* What the dialog's files share. */
#ifndef BOOTCHECK_RUN_DIALOG_IMPL_H
#define BOOTCHECK_RUN_DIALOG_IMPL_H

#include <bootcheck/run/dialog.h>
#include <bootcheck/run/typist.h>

struct reject {
	struct bc_pattern *pattern;
	enum bc_stream stream;
};

struct step {
	const struct bc_step_kind *kind;
	void *state;
	uint64_t limit_ms;
};

struct bc_dialog {
	const struct bc_case *c;
	const struct bc_session_io *io;
	bool is_replay;
	struct bc_pattern *prompts[BC_PROMPTS];
	struct {
		BC_VEC(struct step);
	} steps;
	struct {
		BC_VEC(struct reject);
	} rejects;
	size_t at; /* the running step; steps.len = done */
	uint64_t now_ms, started_ms, wake_ms;
	bool has_typed; /* since the machine's start or reset */
	bool is_started, is_failed, has_prompt, was_reset;
	bool is_in_uboot;	   /* U-Boot has spoken, and has not left */
	uint64_t line, typed_line; /* of the newest text; … when something was typed last */
	enum bc_prompt at_prompt;  /* whose prompt the console shows; BC_PROMPTS = none */
	enum bc_claim claim;

	char open[80];	     /* the end of the open line */
	char typed[80];	     /* the beginning of the line that was typed last */
	bool has_typed_line; /* … Enter included */
	bool had_likeness;   /* a whole line that may have begun with a prompt */
	char prompt[80];     /* the shell's last one */
	size_t prompt_len;

	/* A line on its way. */
	bool is_typing;
	enum bc_prompt reader;
	struct bc_typist typist;
	struct bc_typist_io typist_io;
	struct bc_pace pace;
	enum bc_fail_kind kind;
	char *title, *hint, *detector;
	char nonce[9];
	unsigned nonces; /* made so far */
};

/* The typist's part: text while a line is typed. True once the line is out; *consumed as for a step. */
bool bc_dialog_feed_typist(struct bc_dialog *d, const struct bc_text *text, size_t *consumed);
/* The typist's time has come. True once the line is out. */
bool bc_dialog_tick_typist(struct bc_dialog *d);
/* Fails the step when the reader does not take the line. */
bool bc_dialog_is_refused(struct bc_dialog *d);
/* What is awaited while a line is typed. */
void bc_dialog_describe_typing(const struct bc_dialog *d, struct bc_buf *out);
/* The length of a prompt that the text begins with; 0 = none. */
size_t bc_dialog_prompt_len(
	struct bc_dialog *d, enum bc_prompt whose, const char *data, size_t len);

#endif
