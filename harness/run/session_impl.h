/* What the session's files share. */
#ifndef BOOTCHECK_RUN_SESSION_IMPL_H
#define BOOTCHECK_RUN_SESSION_IMPL_H

#include <bootcheck/run/dialog.h>
#include <bootcheck/run/excerpt.h>
#include <bootcheck/run/phase.h>

/* A report that is being printed is over this long after its last byte. */
#define REPORT_QUIET_MS 300

struct phase_time {
	enum bc_phase_id phase;
	uint64_t start_ms;
};

enum late { ON_TIME, LATE_BOOT, LATE_TOTAL, LATE_PHASE, LATE_STEP };

struct known {
	struct bc_pattern *pattern;
	const struct bc_known *entry;
	bool is_used, is_over;
};

/* A serial port that is judged. */
struct port {
	struct bc_session *s;
	struct bc_console console;
	struct bc_detect *detect;
	struct bc_excerpt excerpt;
};

struct bc_session {
	const struct bc_case *c;
	struct bc_session_io io;
	double scale;
	bool is_replay;
	/* The dialog's port and the kernel's; usually one port is both, and the second one is not used. */
	struct port ports[2];
	struct port *shell, *kernel;
	struct bc_dialog *dialog;
	struct {
		BC_VEC(struct known);
	} known;
	enum bc_phase_id phase;
	struct {
		BC_VEC(struct phase_time);
	} phases;
	uint64_t now_ms, last_byte_ms;
	uint64_t healed; /* lines that records had cut */
	uint64_t healed_pieces;
	bool is_healed_partly; /* not all of their bytes were told of */
	bool is_started, is_ended, saw_prompt;
	bool is_doubtful; /* the open line matches a reject so far; what is still to come may change that */

	bool is_resetting; /* a step has reset the machine, and nothing has shown yet that it starts */
	bool is_stranded;   /* at the loader's prompt, which nobody wanted */
	uint64_t jumped_at; /* line of "Starting kernel ...", 0 = none or something came after it */

	/* The examination of a silence, or of a machine that is late. */
	void (*examine)(void *ctx, enum bc_since since);
	void *examine_ctx;
	bool is_examined;
	enum late late;	      /* the limit that has passed: the dialog stands still */
	uint64_t late_offset; /* of the ports then, summed */

	/* The kernel's records that the console has not shown. */
	struct bc_buf unseen; /* printed as lines, in the order of the log */
	char *last_record;    /* text of the newest one that a console would show */
	bool is_from_memory;  /* the deciding hit is one of theirs */
	char *memory_panic;   /* what the kernel said there when it gave up */
	bool was_running;     /* … and the machine still ran */
	uint64_t memory_line; /* number of the first such line, 0 = none */

	/* The verdict, once is_decided. */
	bool is_decided, is_collecting;
	uint64_t decided_ms;
	enum bc_verdict verdict;
	enum bc_fail_kind kind;
	char *title, *hint, *detector;
	enum bc_code error;
	size_t at_prompt; /* index + 1 of a hit that a prompt makes a failure; 0 = none */
	struct port *at_prompt_port;
	size_t hit; /* index + 1 of the deciding hit, whose title may still be refined; 0 = none */
	uint64_t line;	   /* the decisive console line, 0 = none */
	struct port *port; /* where it and the hit are */
	int step;
};

/* Compiles the case's `known:`. */
bool bc_session_load_known(struct bc_session *s, struct bc_err *err) BC_MUST_CHECK;
#define BC_PANIC_TEXT "Kernel panic - not syncing: "

/* The entry of `known:` that fits a title or a line, marked as used; NULL if none does. */
struct known *bc_session_known(
	struct bc_session *s, const char *title, const char *line, size_t len);
/* The verdict, unless there is one already. */
void bc_session_decide(struct bc_session *s, enum bc_verdict verdict, enum bc_fail_kind kind,
	const char *title, const char *hint);

/* Where the dialog has got to may decide. */
void bc_session_follow_dialog(struct bc_session *s);
/* True if the case rejects the text: that decides. */
bool bc_session_rejects(struct port *port, const struct bc_text *text);
/* Userspace's open line on the shell's port. */
struct bc_text bc_session_tail(const struct bc_session *s);
/* Shows it to the dialog. */
void bc_session_offer_tail(struct bc_session *s);

/* session_loader.c */

/* Follows whether anything came after "Starting kernel ...". */
void bc_session_follow_jump(struct bc_session *s, const struct bc_console_line *line);
/* Turns a limit that passed right after that line into a kernel that is silent: the new title, for the
 * caller to free; NULL if it is none. *kind and *hint are replaced. */
char *bc_session_silent_title(
	struct bc_session *s, enum bc_fail_kind *kind, const char *title, const char **hint);
/* What the loader complained of since a step typed last, and has not got over; NULL = nothing. */
const struct bc_hit *bc_session_complaint(const struct bc_session *s);
/* True when the loader is at its prompt and nobody wants it there. */
bool bc_session_is_stranded(struct bc_session *s, const struct bc_text *tail);
void bc_session_decide_stranded(struct bc_session *s);
/* When the limit of the phase that runs passes; UINT64_MAX = it has none. */
uint64_t bc_session_phase_ends_at(const struct bc_session *s);
/* seen: what the machine does meanwhile, or "". */
void bc_session_decide_phase(
	struct bc_session *s, const char *last_words, const char *seen, const char *hint);

/* session_limits.c */

/* A limit has passed, and this is what the machine was found to do; NULL: nobody looked. */
void bc_session_decide_late(struct bc_session *s, const struct bc_silence *found);

/* A finding of the detectors, by its 1-based number, decides. */
void bc_session_decide_hit(struct port *port, size_t n, const char *line, size_t len);
/* True for what timers say long after the boot has stopped somewhere. */
bool bc_session_is_chatter(const char *text, size_t len);
/* The last words that the guest said, on the console or in its memory, printable. */
void bc_session_last_words(const struct bc_session *s, struct bc_buf *out);
/* True if a judged port printed anything. */
static inline bool bc_session_has_output(const struct bc_session *s)
{
	return s->shell->console.offset || s->kernel->console.offset;
}
uint64_t bc_session_scaled(const struct bc_session *s, uint64_t ms);

#endif
