/* What the files of the detectors share; nobody else's business. */
#ifndef BOOTCHECK_HARNESS_DETECT_IMPL_H
#define BOOTCHECK_HARNESS_DETECT_IMPL_H

#include <bootcheck/base/mem.h>
#include <bootcheck/run/detect.h>
#include <bootcheck/run/printk.h>
#include <bootcheck/run/scan.h>
#include <bootcheck/sys/pattern.h>

#define MAX_LINE      2048 /* a printk record has at most 1024 bytes of text; more is never looked at */
#define MAX_GROUPS    6
#define MAX_DETECTORS 400

/* A line split into its printk prefix and its text. */
struct line {
	const char *text;
	size_t len;
	uint64_t number;
	uint64_t stamp_us;
	enum bc_phase_id phase;
	bool has_stamp;
	char caller[12]; /* "T1", "C0" with CONFIG_PRINTK_CALLER, otherwise "" */
};

/* A pattern that is compiled when it is first needed: a boot needs few of them. */
struct lazy {
	const char *regex;
	struct bc_pattern *pattern;
};

struct groups {
	struct bc_span spans[MAX_GROUPS];
	const char *text;
};

/* detect_line.c */
size_t bc_line_parse(const char *data, size_t len, struct line *line);
/* Looks for a record that starts inside the line (behind a prompt, say); false if there is none. */
bool bc_line_embedded(const char *data, size_t len, struct line *line);
bool bc_lazy_find(struct lazy *lazy, const struct line *line, struct groups *groups);
void bc_lazy_release(struct lazy *lazy);
/* A copy of group n, escaped and bounded; NULL if it took no part. */
char *bc_group_copy(const struct groups *groups, unsigned n);
/* group n as a number; fallback if it is none. */
long bc_group_number(const struct groups *groups, unsigned n, long fallback);
void bc_title_expand(
	const char *title, const struct groups *groups, const char *previous, struct bc_buf *out);
/* "init exited with status 127: command not found", "init was killed by SIGSEGV". */
void bc_exit_decode(unsigned long code, struct bc_buf *out);
/* The name of a function without the compiler's suffixes; the caller frees. */
char *bc_function_name(const char *name, size_t len);
/* " (-2: no such file)" and the like. */
const char *bc_errno_means(long error);

/* detect_facts.c */
struct bc_facts *bc_facts_new(struct bc_scan *scan, unsigned first_id);
void bc_facts_free(struct bc_facts *facts);
void bc_facts_line(struct bc_facts *facts, const struct line *line, bool is_user,
	const uint64_t found[BC_SCAN_WORDS]);
bool bc_facts_in_selftest(const struct bc_facts *facts);

/* Hints, used by the tables. */
void bc_hint_vfs(const struct bc_facts *facts, struct bc_buf *out);
void bc_hint_no_init(const struct bc_facts *facts, struct bc_buf *out);
void bc_hint_kill_init(const struct bc_facts *facts, struct bc_buf *out);

/* detect_report.c */
#define MAX_REPORTS 4
struct report {
	size_t hit; /* index + 1; 0 = unused */
	char caller[12];
	unsigned lines, frames, strangers;
	uint64_t
		closed_at; /* lines seen when it ended; a panic that follows at once belongs to it */
	int rank;	   /* how certain its function is */
	bool has_message;  /* what WARN() was told is in the title */
	bool has_oops;	   /* the kernel died of it: a panic is its consequence */
};
struct trace; /* the patterns of trace lines */
struct trace *bc_trace_new(void);
void bc_trace_free(struct trace *trace);
enum trace_line {
	TRACE_OTHER, /* nothing that belongs to a report */
	TRACE_PART,  /* registers, code, headings */
	TRACE_FRAME, /* one of the functions */
	TRACE_END,   /* its end marker */
	TRACE_START, /* "[ cut here ]": whatever follows is another report */
};
/* What the line is to a report. function/rank are set when it names a better one than rank. */
enum trace_line bc_trace_line(
	struct trace *trace, const struct line *line, int *rank, char **function);

/* detect_reset.c */
#define SHORT_BOOT 16 /* lines with a time stamp: fewer than a user's dmesg may show */
struct resets {
	uint64_t newest_us;
	uint32_t known[64]; /* hashes of the first lines with a time stamp above zero */
	size_t known_len;
	uint32_t texts[SHORT_BOOT]; /* of the first ones without their stamps */
	unsigned moved;		    /* lines behind the banner with such a text and another stamp */
	uint64_t banners, banner_line, kernel_lines, console_line;
	bool is_suspected, is_announced;
};
enum reset { RESET_NO, RESET_YES, RESET_REPLAY };
/* Called for every line. RESET_YES: the kernel at line *at is another boot's. RESET_REPLAY: this line
 * was printed before (a console that took over, or dmesg) and counts no more. */
enum reset bc_resets_line(
	struct resets *resets, const struct line *line, bool is_banner, uint64_t *at);

/* What a command prints is no kernel's word, until the command never ends. */
struct aside {
	struct resets resets; /* as they were when it began */
	bool is_open;
	uint64_t at; /* the banner's line of another boot, 0 = none */
};
void bc_aside_line(struct aside *aside, const struct resets *before, const struct line *line);

/* A "[ cut here ]" of one caller: two processors may be at it at once. */
struct cut {
	char caller[12];
	bool is_open;
	unsigned lines; /* of this caller since */
	char *message;	/* the first of them */
};

struct bc_detect {
	struct bc_scan *scan;
	const struct bc_detector *detectors[MAX_DETECTORS];
	struct lazy regexes[MAX_DETECTORS], ignores[MAX_DETECTORS];
	unsigned count, banner_id, console_id, restart_id;
	const struct bc_detector *reset;
	struct bc_facts *facts;
	struct trace *trace;
	struct lazy derived, place;
	struct {
		BC_VEC(struct bc_hit);
	} hits, notes;
	struct report reports[MAX_REPORTS];
	struct resets resets;
	struct aside aside;
	uint64_t kernel_lines;
	struct cut cuts[MAX_REPORTS];
	size_t next_cut;
	bool has_stamps;
	unsigned unstamped; /* lines in a row */
	char previous[256];
};

/* The tables, each ended by an entry without an id. */
extern const struct bc_detector bc_detectors_panic[], bc_detectors_oops[], bc_detectors_splat[],
	bc_detectors_lock[], bc_detectors_user[], bc_detectors_end[], bc_detectors_loader[],
	bc_detectors_early[];

#endif
