/* The steps of a case, one after the other, over whatever text the session offers. */
#ifndef BOOTCHECK_RUN_DIALOG_H
#define BOOTCHECK_RUN_DIALOG_H

#include <bootcheck/run/session.h>

/* c and io must outlive the dialog. NULL with BC_E_CASE when a pattern does not compile. */
struct bc_dialog *bc_dialog_new(const struct bc_case *c, const struct bc_session_io *io,
	double scale, bool is_replay, struct bc_err *err) BC_MUST_CHECK;
/* Frees; NULL is fine. */
void bc_dialog_free(struct bc_dialog *d);
/* Begins with the first step. */
void bc_dialog_start(struct bc_dialog *d, uint64_t now_ms);
/* Offers a line or the tail; returns how much of it is consumed now. */
size_t bc_dialog_text(struct bc_dialog *d, uint64_t now_ms, struct bc_text text);
/* The machine went off or reset; true if the running step wanted that. */
bool bc_dialog_machine(struct bc_dialog *d, uint64_t now_ms, enum bc_machine_event event);
/* When bc_dialog_tick() must be called; UINT64_MAX = never. */
uint64_t bc_dialog_deadline(const struct bc_dialog *d);
/* When the running step's limit passes; UINT64_MAX = it has none, or ends by itself. */
uint64_t bc_dialog_limit(const struct bc_dialog *d);
/* Time has passed: a wake that a step asked for. */
void bc_dialog_tick(struct bc_dialog *d, uint64_t now_ms);
/* Fails the running step, whose limit has passed. seen: what the machine does meanwhile, or "". */
void bc_dialog_end_late(struct bc_dialog *d, uint64_t now_ms, const char *seen);

bool bc_dialog_is_done(const struct bc_dialog *d); /* every step succeeded */
bool bc_dialog_is_failed(
	const struct bc_dialog *d); /* a step failed; kind, title and hint say why */
/* Why it failed; meaningful once it did. The texts are borrowed. */
enum bc_fail_kind bc_dialog_kind(const struct bc_dialog *d);
/* One line, printable. */
const char *bc_dialog_title(const struct bc_dialog *d);
const char *bc_dialog_hint_text(const struct bc_dialog *d); /* may be NULL */
/* The detector that told it; NULL = none. */
const char *bc_dialog_detector(const struct bc_dialog *d);
/* 1-based number of the running step; 0 after the last. */
int bc_dialog_step(const struct bc_dialog *d);
/* What the running step waits for. */
void bc_dialog_describe(const struct bc_dialog *d, struct bc_buf *out);
/* True while the running step may wait without output. */
bool bc_dialog_may_be_silent(const struct bc_dialog *d);
/* What the coming userspace text is, as the running step said. */
enum bc_claim bc_dialog_claimed(const struct bc_dialog *d);
/* True when a whole line shows something of what is being typed; in a recording, while anything is. */
bool bc_dialog_is_echo(const struct bc_dialog *d, const char *data, size_t len);
/* True once after a step pressed the reset button: the console begins again. */
bool bc_dialog_take_reset(struct bc_dialog *d);
/* True while a line is on its way: its echo is looked at, and so is an empty line. */
bool bc_dialog_is_typing(const struct bc_dialog *d);
/* U-Boot has printed its banner, or has left: until then no prompt is a shell's. */
void bc_dialog_in_uboot(struct bc_dialog *d, bool is_in_uboot);
bool bc_dialog_is_in_uboot(const struct bc_dialog *d);
/* The number of the console's line that was the newest when a step typed last; 0 = none has. */
uint64_t bc_dialog_typed_line(const struct bc_dialog *d);
/* True when the boot loader's prompt is all that the open line shows, nothing was typed, and no step is about
 * it: it did not boot. */
bool bc_dialog_is_stranded(struct bc_dialog *d, const struct bc_text *tail);
/* True once a prompt of the shell was seen. */
bool bc_dialog_has_prompt(const struct bc_dialog *d);
/* The rejected pattern that the text matches, or NULL. */
const char *bc_dialog_rejects(struct bc_dialog *d, const struct bc_text *text);

#endif
