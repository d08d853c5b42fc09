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

/* One thing that can be found. Static data; an array lists them all. */
struct bc_detector {
	const char *id; /* stable, e.g. "vfs-root" */
	const char *
		group; /* "panic", "splat", "init", "reset", … : `detect:` may switch off a whole group */
	enum bc_fail_kind kind;
	const char
		*literal;  /* a text that each matching line contains; the prefilter looks for it */
	const char *regex; /* over the line without its printk prefix; NULL = the literal decides */
	const char *ignore; /* a line that matches this is none, or NULL */
	const char *title;  /* "$1" … are the regex's groups, "$0" the match */
	unsigned phases;    /* bit set of 1 << enum bc_phase_id in which it is armed; 0 = all */
	unsigned flags;
	const char *means;   /* for `explain`: what it means … */
	const char *example; /* … a line as the kernel prints it … */
	const char *advice;  /* … and what to do; also the hint of a failure */
};

enum {
	BC_DETECT_FATAL = 1, /* the guest will not go on */
	BC_DETECT_REPORT =
		2, /* opens a report of several lines (a trace) that ends at its end marker */
	BC_DETECT_KERNEL =
		4, /* only in lines that the kernel can have written: with printk time stamps on,
				 a line without one does not count */
};

/* All of them, NULL-terminated; and the ids and groups as names, NULL-terminated. */
extern const struct bc_detector *const bc_detectors[];
const char *const *bc_detector_names(void);
/* NULL if there is none of that id. */
const struct bc_detector *bc_detector_find(const char *id);

struct bc_hit {
	const struct bc_detector *detector;
	char *title; /* refined by later lines while the report is open (PC is at …, Comm: …) */
	char *hint;  /* may be NULL */
	uint64_t line; /* number of its first line as given to bc_detect_line */
	uint64_t last; /* number of the newest line that belongs to its report */
	bool is_open;  /* its report goes on */
};

struct bc_detect;

/* off: ids and groups that are not wanted (may be NULL). Never NULL. */
struct bc_detect *bc_detect_new(const struct bc_strs *off) BC_MUST_CHECK;
void bc_detect_free(struct bc_detect *detect);
/* Takes one whole line (no line end, ANSI stripped, any bytes). True if a new hit began with it. Never
 * keeps data. Must stay under 3 ns per byte on ordinary boot lines (scripts/bench measures). */
bool bc_detect_line(struct bc_detect *detect, const char *data, size_t len, uint64_t line,
	enum bc_phase_id phase);
/* The hits so far; valid until the next bc_detect_line(). */
size_t bc_detect_count(const struct bc_detect *detect);
const struct bc_hit *bc_detect_hit(const struct bc_detect *detect, size_t index);
/* True while the newest hit's report is open. */
bool bc_detect_is_open(const struct bc_detect *detect);

#endif
