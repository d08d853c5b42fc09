/* One boot as seen from its serial console: bytes, time and machine events in; typing, events and a
 * verdict out. Knows neither QEMU nor the event loop, so that a recording is judged by the same code. */
#ifndef BOOTCHECK_RUN_SESSION_H
#define BOOTCHECK_RUN_SESSION_H

#include <bootcheck/guest/log.h>
#include <bootcheck/run/detect.h>
#include <bootcheck/run/pending.h>
#include <bootcheck/run/steps.h>
#include <bootcheck/run/writer.h>

struct bc_session;
struct bc_console_ring;

enum bc_session_event_kind {
	BC_SESSION_PHASE, /* text: name */
	BC_SESSION_STEP,  /* number: 1-based, text: kind, state */
	BC_SESSION_RETYPE, /* a line is typed again. number: step, text: the line, len: bytes of it that
				had come back, state: why */
	BC_SESSION_TYPED,   /* number: step, id: its kind, text: what the case has it type */
	BC_SESSION_ANSWER,  /* number: step, text and len: what came back, status */
	BC_SESSION_DETECT,  /* text: title, id: detector, line */
	BC_SESSION_HEALED,  /* a line that records had cut. line, spans: its raw bytes */
	BC_SESSION_VERDICT, /* it is certain */
	BC_SESSION_LINE,    /* text: newest line, for progress; not NUL-terminated: len */
};

#define BC_HEALED_PIECES 10000 /* of a boot's healed lines, in its result */

struct bc_session_event {
	enum bc_session_event_kind kind;
	uint64_t ms; /* since the boot's start */
	const char *text, *id;
	size_t len;
	int number;
	int status; /* exit status, -1 = not known */
	uint64_t line;
	const char *state; /* "start", "done", "failed" */
	const struct bc_console_span *spans;
	size_t span_count;
	bool is_partial; /* the line has more of them */
};

struct bc_session_io {
	void (*send)(void *ctx, const char *data, size_t len);
	void (*power)(void *ctx, enum bc_power action);
	/* Stops the server of this name; see serve/services.h. */
	void (*serve)(void *ctx, const char *stop);
	void (*event)(void *ctx, const struct bc_session_event *event);
	void *ctx;
};

/* Does nothing, for recordings. */
extern const struct bc_session_io bc_session_io_none;

enum bc_end {
	BC_END_SHUTDOWN, /* the guest powered off */
	BC_END_RESET,	 /* the guest reset (-no-reboot turns that into an end) */
	BC_END_EXIT,	 /* the machine went away without either; text says how */
	BC_END_RECORD,	 /* a recording ends here */
};

/* Why no output comes, as far as the host can tell. */
enum bc_activity { BC_ACTIVITY_UNKNOWN, BC_ACTIVITY_IDLE, BC_ACTIVITY_SPINNING };

/* c must outlive the session. scale stretches every limit (1 = as written). NULL with BC_E_CASE or
 * BC_E_INTERNAL. is_replay: nothing can be typed; steps only read. */
struct bc_session *bc_session_new(const struct bc_case *c, const struct bc_session_io *io,
	double scale, bool is_replay, struct bc_err *err) BC_MUST_CHECK;
void bc_session_free(struct bc_session *s);
/* The machine runs; ms is 0. */
void bc_session_start(struct bc_session *s);
/* Console bytes. now_ms since the start. */
void bc_session_bytes(struct bc_session *s, uint64_t now_ms, const char *data, size_t len);
/* Bytes of the kernel's own port, where the case has one (`machine.kernel`). */
void bc_session_kernel_bytes(struct bc_session *s, uint64_t now_ms, const char *data, size_t len);
/* From now on, until the machine is reset, the kernel's records come from its ring buffer (run/console.h). */
void bc_session_follow(struct bc_session *s, const struct bc_console_ring *ring);
bool bc_session_is_following(const struct bc_session *s);
/* True if these bytes, which come next on the kernel's port, are better judged with its records, and they are not
 * followed yet: it prints without time stamps, or others may write stamps as well. */
bool bc_session_wants_records(
	const struct bc_session *s, const char *data, size_t len) BC_MUST_CHECK;
/* Another UART spoke: the machine is not silent. */
void bc_session_other_bytes(struct bc_session *s, uint64_t now_ms);
/* When bc_session_tick() must be called at the latest, in ms since the start; UINT64_MAX = never. */
uint64_t bc_session_deadline(const struct bc_session *s);
/* Time has passed. activity says what the processor did lately. */
void bc_session_tick(struct bc_session *s, uint64_t now_ms, enum bc_activity activity);
/* The end of the stream. Every byte before it was given. */
void bc_session_end(struct bc_session *s, uint64_t now_ms, enum bc_end end, const char *text);
/* What a silence was found to be (run/hang.h fills it). */
struct bc_silence {
	enum bc_fail_kind kind;
	const char *what;  /* "idle in do_idle"; "" = only that it is silent */
	const char *joint; /* between it and the last words: " after ", ": " */
	const char *hint;  /* may be NULL */
};
/* Since when the processors' time tells why a limit has passed. */
enum bc_since { BC_SINCE_OUTPUT, BC_SINCE_STEP, BC_SINCE_PHASE, BC_SINCE_START };
/* From now on neither a silence nor another limit is a verdict by itself: fn is called once when it has passed, and
 * whoever examines the machine then calls bc_session_silence(), or bc_session_error(). Output that comes first ends the
 * silence; whatever else was late stays late. */
void bc_session_examine(
	struct bc_session *s, void (*fn)(void *ctx, enum bc_since since), void *ctx);
/* True while such an answer is awaited. */
bool bc_session_is_examined(const struct bc_session *s);
/* The answer. Nothing if the silence ended meanwhile. */
void bc_session_silence(struct bc_session *s, uint64_t now_ms, const struct bc_silence *silence);
/* The kernel's records out of its memory, in order, and after the last one of a batch the call without a record (NULL).
 * Those that the console has not shown go through the detectors, and tell what failed where the verdict only knows that
 * nothing came: a silence, a time-out, an end. */
void bc_session_memory(struct bc_session *s, uint64_t now_ms, const struct bc_guest_record *record);
/* The verdict is certain. */
bool bc_session_is_decided(const struct bc_session *s);
/* The verdict is certain, and it is no pass. */
bool bc_session_is_failing(const struct bc_session *s);
/* Nothing more is worth waiting for: decided, and an open report was collected. */
bool bc_session_is_done(const struct bc_session *s);
/* Sets an ERROR verdict from outside (QEMU, environment), unless one is certain already. */
void bc_session_error(struct bc_session *s, uint64_t now_ms, const struct bc_err *err);
/* Fills verdict, kind, title, detector, excerpt, hint, step, line, verdict_ms and phases; the caller
 * owns the texts. Call it once the session is done or ended. */
void bc_session_result(struct bc_session *s, uint64_t now_ms, struct bc_attempt *attempt);

#endif
