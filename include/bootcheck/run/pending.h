/* The kernel's records that its console has still to print, taken from the ring buffer in guest RAM: what
 * tells the kernel's lines exactly, with or without time stamps. */
#ifndef BOOTCHECK_RUN_PENDING_H
#define BOOTCHECK_RUN_PENDING_H

#include <bootcheck/run/printk.h>

/* A record as the ring holds it. */
struct bc_console_record {
	const char *text; /* not NUL-terminated; may hold several lines */
	size_t len;
	uint64_t seq;  /* grows by one from record to record */
	uint64_t us;   /* its time stamp */
	int level;     /* 0..7 */
	bool is_loose; /* of a log before 5.10, whose lines the console may print in other pieces */
};

/* Fills *out with the next record, in the ring's order; false if there is none at the moment. The text is
 * borrowed until the next call. */
typedef bool bc_console_record_fn(void *ctx, struct bc_console_record *out);

struct bc_pending;

/* Never NULL. */
struct bc_pending *bc_pending_new(void) BC_MUST_CHECK;
/* NULL is fine. */
void bc_pending_free(struct bc_pending *p);
/* A record appeared. The kernel's command line, which is one of them, tells up to which level records are
 * printed. */
void bc_pending_add(struct bc_pending *p, const struct bc_console_record *record, uint64_t now_ms);
/* After the ring was read for the first time: lines that the console printed before are not awaited. was_printed
 * tells whether a line with this text was seen. */
void bc_pending_sync(struct bc_pending *p,
	bool (*was_printed)(void *ctx, const char *text, size_t len), void *ctx);
/* The same by the stamp of the newest line that the console printed. False, and nothing happens, if the ring does not know
 * it: then it may be another kernel's. */
bool bc_pending_sync_stamp(struct bc_pending *p, uint64_t us);
/* console_loglevel, as the guest has it: records below it are printed. */
void bc_pending_set_level(struct bc_pending *p, int level);
/* Time passes: what a console that prints other things has not printed for seconds, it never will. */
void bc_pending_age(struct bc_pending *p, uint64_t now_ms);

/* What a line is. */
enum {
	BC_PENDING_UNKNOWN = -1, /* the ring does not tell: it was not read at that time */
	BC_PENDING_OLD = -2,	 /* no awaited one: printed before */
	BC_PENDING_NEW = -3,	 /* newer than all that was read: nobody has said that yet */
	BC_PENDING_SILENT = -4,	 /* a record of a level that the console does not print */
};
/* The whole text of a line with a time stamp: the index of an awaited line (for bc_pending_took()), or one of the above.
 * A line that another record cut short counts as its own; is_last: one that the end cut short, too. */
long bc_pending_find(
	const struct bc_pending *p, uint64_t us, const char *text, size_t len, bool is_last);
/* How long the text of an awaited line is. */
size_t bc_pending_len(const struct bc_pending *p, long index);
/* True if a line of this time is kept. */
bool bc_pending_has_stamp(const struct bc_pending *p, uint64_t us);
/* The same for the whole text of a line whose time is not known: the index, or BC_PENDING_OLD. */
long bc_pending_find_text(const struct bc_pending *p, const char *text, size_t len);
/* Whether an awaited line stands at data, its line end included: with YES *len is how long both are and
 * *index which it is. An empty one counts only at the start of a line. */
enum bc_printk_match bc_pending_match(
	const struct bc_pending *p, const char *data, size_t *len, bool at_start, long *index);
/* The console printed this one; those before it are not awaited any more. */
void bc_pending_took(struct bc_pending *p, long index, uint64_t now_ms);
/* True once a record was found on the console. */
bool bc_pending_is_proven(const struct bc_pending *p);
/* True if the ring tells each line: it is of 5.10 or later. */
bool bc_pending_is_exact(const struct bc_pending *p);
/* False if nothing is awaited. */
bool bc_pending_has(const struct bc_pending *p);

#endif
