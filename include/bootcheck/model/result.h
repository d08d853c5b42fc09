/* What came of a run. Plain data; the run layer fills it, the journal carries it, the report layer
 * reads it back. */
#ifndef BOOTCHECK_MODEL_RESULT_H
#define BOOTCHECK_MODEL_RESULT_H

#include <bootcheck/base/err.h>
#include <bootcheck/base/mem.h>

enum bc_verdict { BC_PASS, BC_FAIL, BC_KNOWN, BC_SKIP, BC_ERROR };

enum bc_fail_kind {
	BC_KIND_NONE, /* not a FAIL */
	BC_KIND_PANIC,
	BC_KIND_SPLAT,
	BC_KIND_REJECTED,
	BC_KIND_MISSING, /* output that was required did not come before the end of the stream */
	BC_KIND_COMMAND, /* a command's exit status or output was wrong */
	BC_KIND_TIMEOUT,
	BC_KIND_HANG_IDLE,
	BC_KIND_HANG_SPIN,
	BC_KIND_RESET_LOOP,
	BC_KIND_EXITED, /* the machine went away by itself */
	BC_KIND_SLOW,
	BC_KIND_LOADER, /* the boot loader did not boot, and is back at its prompt */
	BC_KIND_SILENT, /* the kernel was started and said nothing */
};

/* Stable lower-case names as in DESIGN: "pass", "fail", … and "panic", "hang-idle", … */
const char *bc_verdict_name(enum bc_verdict verdict);
const char *bc_kind_name(enum bc_fail_kind kind);
/* The reverse; false for an unknown name. */
bool bc_verdict_parse(const char *name, enum bc_verdict *verdict) BC_MUST_CHECK;
bool bc_kind_parse(const char *name, enum bc_fail_kind *kind) BC_MUST_CHECK;
/* NULL-terminated names, for suggestions and schemas. kinds leaves out "none". */
extern const char *const bc_verdict_names[], *const bc_kind_names[];

struct bc_phase {
	char *name;	   /* "loader", "decompressor", "kernel", "init", "shell", "off" */
	uint64_t start_ms; /* since QEMU's start */
	uint64_t length_ms;
};

/* What was typed at the console, and what came back. */
struct bc_exchange {
	int step;     /* 1-based */
	char *kind;   /* of the step: "uboot", "run", "send" */
	char *typed;  /* as the case says it */
	char *output; /* lines, printable, maybe cut; NULL = not known */
	int status;   /* exit status, -1 = not known */
	uint64_t ms;  /* since QEMU's start, when Enter was pressed */
};

/* Bytes of console.log. */
struct bc_piece {
	uint64_t offset, len;
};

/* A named fact for reports, such as qemu.version. */
struct bc_property {
	char *name, *value;
};

/* One boot of a case, or the reason that there was none. */
struct bc_attempt {
	enum bc_verdict verdict;
	enum bc_fail_kind kind;
	char *title; /* one line: the cause as a maintainer would title the bug; PASS: a short note or NULL */
	char *detector; /* id of what decided, or NULL */
	char *excerpt; /* the console's decisive lines, raw bytes made printable, '\n' between; may be NULL */
	char *hint;	      /* the next step, or NULL */
	char *error_code;     /* with ERROR: bc_code_name() of the cause, otherwise NULL */
	int step;	      /* 1-based step that was running, 0 = none */
	int line;	      /* 1-based console line that decided, 0 = none */
	uint64_t duration_ms; /* from QEMU's start to its end; 0 = not started */
	uint64_t verdict_ms;  /* from QEMU's start to the verdict */
	struct {
		BC_VEC(struct bc_phase);
	} phases;
	struct {
		BC_VEC(struct bc_exchange);
	} dialog;
	struct {
		BC_VEC(struct bc_piece);
	} healed; /* of userspace's lines that the kernel cut, in order */
	struct {
		BC_VEC(struct bc_property);
	} properties;
	char *dir; /* folder of this attempt's files, relative to the run's folder; NULL = none */
};

struct bc_result {
	char *id, *name, *file, *summary;
	struct bc_strs labels;
	enum bc_verdict verdict; /* of the last attempt; with --repeat the worst one */
	bool is_flaky;		 /* attempts of one case differ between PASS and not PASS */
	struct {
		BC_VEC(struct bc_attempt); /* at least one once the case ended */
	} attempts;
	bool is_done; /* false: interrupted before its verdict; reported as ERROR */
};

struct bc_run {
	char *id;      /* name of its folder */
	char *dir;     /* path of its folder */
	char *started; /* RFC 3339, UTC */
	char *version; /* of bootcheck */
	char *host;    /* host name */
	uint64_t duration_ms;
	bool is_finished; /* the journal has the run's end */
	struct {
		BC_VEC(struct bc_property);
	} properties;
	struct {
		BC_VEC(struct bc_result);
	} results; /* in the order of the plan */
};

struct bc_counts {
	size_t pass, fail, known, skip, error, flaky;
};

/* The attempt that a result stands for: the last one with its verdict; NULL when there is none. */
const struct bc_attempt *bc_result_last(const struct bc_result *result);
struct bc_counts bc_run_count(const struct bc_run *run);
/* DESIGN's exit code: 1 if any FAIL, else 3 if any ERROR or nothing was decided, else 0. */
int bc_run_exit_code(const struct bc_run *run);

/* Adds a property (copies). `properties` is any vector of struct bc_property. */
#define bc_property_add(properties, name_, value_)                                                 \
	bc_vec_push(properties, ((struct bc_property){bc_strdup(name_), bc_strdup(value_)}))

void bc_attempt_release(struct bc_attempt *attempt);
void bc_result_release(struct bc_result *result);
void bc_run_release(struct bc_run *run);
static inline void bc_attempt_cleanup(struct bc_attempt *attempt)
{
	bc_attempt_release(attempt);
}
static inline void bc_run_cleanup(struct bc_run *run)
{
	bc_run_release(run);
}

#endif
