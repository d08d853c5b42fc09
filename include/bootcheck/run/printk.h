/* How the kernel writes a record on a console: `<6>[   12.345678][    T1] text`, where the level is
 * there with console_msg_format=syslog, the time with printk.time=1 and the caller with
 * CONFIG_PRINTK_CALLER. Source: info_print_prefix() and console_emit_next_record() in the kernel's
 * kernel/printk/printk.c. */
#ifndef BOOTCHECK_RUN_PRINTK_H
#define BOOTCHECK_RUN_PRINTK_H

#include <bootcheck/base/compat.h>

struct bc_printk {
	size_t len;	 /* bytes of the prefix */
	uint64_t us;	 /* the time stamp, with has_stamp */
	char caller[12]; /* "T1", "C0"; "" = none */
	bool has_stamp, has_level;
};

enum bc_printk_match {
	BC_PRINTK_NO,
	BC_PRINTK_MORE, /* the bytes so far may be the beginning of one */
	BC_PRINTK_YES,
};

/* Reads a prefix at data. One without a time must have a caller, padded as the kernel pads it. With
 * is_whole the bytes end where the line does, and MORE never comes. *out is filled with YES. */
enum bc_printk_match bc_printk_parse(
	const char *data, size_t len, bool is_whole, struct bc_printk *out);
/* A line that the console's driver adds by itself: `** 12 printk messages dropped **` or
 * `** replaying previous printk message **`. Its line end belongs to it: YES needs to see that.
 * Before 4.13 a record follows in the same line instead: *before is then the length of the notice and *next the
 * record's prefix, otherwise *before is 0. */
enum bc_printk_match bc_printk_notice(
	const char *data, size_t len, size_t *before, struct bc_printk *next);
/* The length of the prefix of a whole line, 0 if it has none with a time. *us (may be NULL) receives the
 * stamp in microseconds. */
size_t bc_printk_prefix(const char *data, size_t len, uint64_t *us);

#endif
