/* Types one line at whoever reads the console and watches it in the echo. Push: console text and time in,
 * bytes to type out. Knows neither steps nor the loop.
 *
 * The line goes out in pieces of at most a window that grows with each piece that comes back and shrinks
 * with each that does not. What is shown behind the prompt must be the beginning of the line; the rest
 * follows, and Enter is pressed when all of it is shown. What does not come back in a time that is
 * learnt from the pieces before was lost: the line is cleared with Ctrl-U, which U-Boot's editor, ash, bash
 * and a tty in canonical mode all understand, and typed again once the console shows that it is empty.
 * Enter too is only ever pressed on a line that was seen whole, so that nothing is run twice. */
#ifndef BOOTCHECK_RUN_TYPIST_H
#define BOOTCHECK_RUN_TYPIST_H

#include <bootcheck/run/steps.h>

enum bc_typist_state {
	BC_TYPIST_TYPING,
	BC_TYPIST_CLEARING, /* Ctrl-U was typed; the console does not show an empty line yet */
	BC_TYPIST_ENTERED,  /* Enter was pressed; the line has not ended yet */
	BC_TYPIST_DONE,
	BC_TYPIST_REFUSED, /* the reader never takes more than `stuck_at` bytes */
};

/* Why a line is typed again. */
enum bc_retype {
	BC_RETYPE_SILENT,  /* nothing came back */
	BC_RETYPE_LOST,	   /* a beginning came back, and then nothing */
	BC_RETYPE_GARBLED, /* something else came back, or between */
	BC_RETYPE_ENTER,   /* the whole line came back, but it did not end with Enter */
};
const char *bc_retype_name(enum bc_retype why);

/* What is learnt of the reader; one for a boot, kept from line to line. */
struct bc_pace {
	double scale;	  /* of all times: the host's */
	double mean_ms;	  /* of the echo's delay; 0 = nothing measured */
	double spread_ms; /* its mean deviation */
	size_t window;	  /* bytes that may be on the way */
};
void bc_pace_init(struct bc_pace *pace, double scale);

struct bc_typist_io {
	void (*send)(void *ctx, const char *data, size_t len);
	/* The line is typed again; confirmed bytes of it had come back. */
	void (*retype)(void *ctx, enum bc_retype why, size_t confirmed);
	/* The length of a prompt that the text begins with, 0 if it begins with none. */
	size_t (*prompt)(void *ctx, const char *data, size_t len);
	void *ctx;
};

struct bc_typist_options {
	const char *line; /* without Enter; copied */
	size_t len;
	enum bc_echo echo;
	bool has_no_enter;
	bool ends_at_enter;    /* done when Enter is pressed, not when the line ends */
	bool enter_repeats;    /* Enter on an empty line runs the last command again */
	bool is_replay;	       /* nothing is typed; the line is looked for */
	size_t wild, wild_len; /* replay: bytes of the line that may be others */
};

struct bc_typist {
	enum bc_typist_state state;
	const struct bc_typist_io *io;
	struct bc_pace *pace;
	struct bc_typist_options o;
	char *line;
	size_t sent;	  /* bytes of the line typed in this try */
	size_t wrapped;	  /* bytes shown by lines that the reader wrapped */
	size_t confirmed; /* bytes shown */
	bool is_foreign;  /* the open line shows something else than the line's beginning */
	bool is_torn;	  /* the shown beginning went away with a line of somebody else's */
	bool was_entered; /* Enter was pressed, and no line ended */
	bool is_blind;	  /* the reader does not echo: the rest goes out unwatched */
	int tries;
	size_t stuck_at;
	int stuck;		    /* tries that ended there */
	int clears;		    /* that showed nothing */
	size_t shown, shown_before; /* bytes behind the prompt; before the line was cleared */
	bool takes_rest;	    /* Ctrl-U works, and what is still shown is somebody else's */
	size_t flight; /* when so much is confirmed, the delay of this piece is known; 0 = none is timed */
	uint64_t flight_ms, due_ms; /* a piece's start; when it counts as lost */
};

/* io and pace outlive the typist. Call bc_typist_start() next. */
void bc_typist_init(struct bc_typist *t, const struct bc_typist_options *options,
	const struct bc_typist_io *io, struct bc_pace *pace);
void bc_typist_release(struct bc_typist *t);
/* Types the first piece. */
void bc_typist_start(struct bc_typist *t, uint64_t now_ms);
/* A line or the open tail, also when there is nothing in it behind text->start. *consumed as for a step:
 * what was the prompt or the echo. */
void bc_typist_text(
	struct bc_typist *t, uint64_t now_ms, const struct bc_text *text, size_t *consumed);
/* When bc_typist_tick() must be called; UINT64_MAX = never. After it, the open tail is offered again. */
uint64_t bc_typist_deadline(const struct bc_typist *t);
void bc_typist_tick(struct bc_typist *t, uint64_t now_ms);
/* True when text, a whole line, has something of the typed line in it. */
bool bc_typist_is_echo(const struct bc_typist *t, const struct bc_text *text);

#endif
