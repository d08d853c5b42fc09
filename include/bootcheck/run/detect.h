/* Detectors: what a serial console says when a boot goes wrong. Push: lines in, findings out. */
#ifndef BOOTCHECK_RUN_DETECT_H
#define BOOTCHECK_RUN_DETECT_H

#include <bootcheck/base/err.h>
#include <bootcheck/model/case.h>

/* The boot's phases, each entered on evidence; they never go back except by a reset. */
enum bc_phase_id {
	BC_PHASE_NONE, /* nothing was printed yet */
	BC_PHASE_LOADER,
	BC_PHASE_DECOMPRESSOR,
	BC_PHASE_KERNEL,
	BC_PHASE_INIT,
	BC_PHASE_SHELL,
	BC_PHASE_OFF,
};
const char *bc_phase_name(enum bc_phase_id phase);

struct bc_facts; /* what earlier lines told: root=, partitions, inits that failed, … */
struct bc_hit;

/* One thing that can be found. Static data in tables by group. */
struct bc_detector {
	const char *id;	   /* stable, e.g. "vfs-root" */
	const char *group; /* "panic", "oops", "splat", …: `detect:` may switch off a whole group */
	enum bc_fail_kind kind;
	const char *literal; /* a text that each matching line contains (alternatives on lines of
				their own); the prefilter looks for it */
	const char *regex; /* over the line without its printk prefix; NULL = the literal decides */
	const char *ignore; /* a line that matches this is none, or NULL */
	const char *title; /* "$1" … are the regex's groups, "$s1" without addresses and numbers of
				CPUs and processes, "$x1" decoded as an exit code, "$p" the line before */
	unsigned phases;   /* bit set of 1 << enum bc_phase_id in which it is armed; 0 = all */
	unsigned flags;
	void (*hint)(const struct bc_facts *facts, struct bc_buf *out); /* tells causes apart from
				what came before; appends nothing when it cannot tell; or NULL */
	const char *means;   /* for `explain`: what it means … */
	const char *example; /* … a line as the kernel prints it … */
	const char *unlike;  /* … one that looks alike and does not count (NULL = none) … */
	const char *advice;  /* … and what to do; also the hint of a failure */
};

enum {
	/* The guest will not go on. */
	BC_DETECT_FATAL = 1,
	/* Opens a report of several lines (a trace). */
	BC_DETECT_REPORT = 2,
	/* Only in lines that the kernel can have written: with printk time stamps on, a line without one
	 * does not count. */
	BC_DETECT_KERNEL = 4,
	/* The title goes on with " in FUNCTION" once the report tells it. */
	BC_DETECT_FUNCTION = 8,
	/* No failure: worth telling when the boot fails otherwise. */
	BC_DETECT_NOTE = 16,
	/* The guest ended in order (halted, restarted, powered off): a failure of `kind` only when the
	 * case did not ask for it. Comes as a note. */
	BC_DETECT_END = 32,
	/* A note that explains nothing: usual in boots that are well. */
	BC_DETECT_HARMLESS = 128,
	/* Not told by a line: the session knows, and the entry is there for `explain` and `detect`. */
	BC_DETECT_BY_SESSION = 256,
	/* A failure only if a prompt follows: what came before it was no boot. */
	BC_DETECT_AT_PROMPT = 64,
};

/* All of them, in the order in which they are tried; NULL-terminated. */
const struct bc_detector *const *bc_detector_list(void);
/* The ids and groups as names, NULL-terminated. */
const char *const *bc_detector_names(void);
/* NULL if there is none of that id. */
const struct bc_detector *bc_detector_find(const char *id);

struct bc_hit {
	const struct bc_detector *detector;
	char *title;	/* refined by later lines while the report is open */
	char *hint;	/* may be NULL */
	char *function; /* the guilty one, without offset; NULL = not told */
	char *place;	/* "mm/slub.c:123"; NULL = not told */
	uint64_t line;	/* number of its first line as given to bc_detect_line */
	uint64_t last;	/* number of the newest line that belongs to its report */
	uint64_t count; /* notes: how often it was seen */
	bool is_open;	/* its report goes on */
	bool is_fatal; /* the guest will not go on: by itself, or a panic followed within its report */
};

struct bc_detect;

/* What the console knows of a line's writer. */
enum bc_author {
	BC_AUTHOR_UNKNOWN, /* a time stamp makes it the kernel's, also one inside of it */
	BC_AUTHOR_TEXT,	   /* userspace's, unless it begins with a time stamp */
	BC_AUTHOR_USER,	   /* userspace's, whatever it says */
};

/* off: ids and groups that are not wanted (may be NULL). Never NULL. */
struct bc_detect *bc_detect_new(const struct bc_strs *off) BC_MUST_CHECK;
void bc_detect_free(struct bc_detect *detect);
/* Takes one whole line (no line end, ANSI stripped, any bytes). True if a failure began with it, or one
 * that was known became fatal. Never keeps data. Costs less than a nanosecond per byte on ordinary boot
 * lines. */
bool bc_detect_line_of(struct bc_detect *detect, const char *data, size_t len, uint64_t line,
	enum bc_phase_id phase, enum bc_author author);
static inline bool bc_detect_line(struct bc_detect *detect, const char *data, size_t len,
	uint64_t line, enum bc_phase_id phase)
{
	return bc_detect_line_of(detect, data, len, line, phase, BC_AUTHOR_UNKNOWN);
}
/* Takes a line that a command prints: userspace's, even where it looks like the kernel's. */
void bc_detect_output(struct bc_detect *detect, const char *data, size_t len, uint64_t line);
/* The command has ended: its output was output. */
void bc_detect_end_output(struct bc_detect *detect);
/* The command will never end. True if what it seemed to print was another boot: that is the newest failure now. */
bool bc_detect_was_no_output(struct bc_detect *detect);
/* The machine was reset, and that was expected: time stamps start again, a new banner is no finding. */
void bc_detect_reset(struct bc_detect *detect);

/* The failures so far, in the order of their first lines, at most BC_DETECT_HITS; valid until the next
 * bc_detect_line(). */
#define BC_DETECT_HITS 256
size_t bc_detect_count(const struct bc_detect *detect);
const struct bc_hit *bc_detect_hit(const struct bc_detect *detect, size_t index);
/* True while a failure's report is open. */
bool bc_detect_is_open(const struct bc_detect *detect);

/* What was seen and is no failure by itself (BC_DETECT_NOTE, BC_DETECT_END): one entry per detector,
 * its newest title. */
size_t bc_detect_notes(const struct bc_detect *detect);
const struct bc_hit *bc_detect_note(const struct bc_detect *detect, size_t index);
/* The note of the group whose line came first, at or after `from`; NULL if there is none. Harmless ones do
 * not count. */
const struct bc_hit *bc_detect_complaint(
	const struct bc_detect *detect, const char *group, uint64_t from);
/* The same among those that came, for the first time or again, at or after `from`. */
const struct bc_hit *bc_detect_complaint_since(
	const struct bc_detect *detect, const char *group, uint64_t from);
/* True unless the detector, or its group, is switched off. */
bool bc_detect_is_on(const struct bc_strs *off, const char *id);
/* The note whose line came last, NULL if there is none: what a boot that just stopped may have stopped
 * for. */
const struct bc_hit *bc_detect_clue(const struct bc_detect *detect);
/* The first line of text, lines of `group` printed in `phase`, that one of the group's detectors knows,
 * failure or note; false if none does. The caller owns hit's texts: bc_hit_release(). off as above. */
bool bc_detect_text(const struct bc_strs *off, const char *group, enum bc_phase_id phase,
	const char *text, size_t len, struct bc_hit *hit);
void bc_hit_release(struct bc_hit *hit);
/* True if the guest said that it ends (detectors with BC_DETECT_END); *hit (may be NULL) is that note. */
bool bc_detect_ended(const struct bc_detect *detect, const struct bc_hit **hit);

#endif
