/* One failure travelling up. By value with fixed buffers, so that an error path cannot fail.
 *
 * Fallible functions return bool (or a pointer), take `struct bc_err *err` last and are must-check:
 * on success err is untouched, on failure outputs are untouched. */
#ifndef BOOTCHECK_BASE_ERR_H
#define BOOTCHECK_BASE_ERR_H

#include <bootcheck/base/compat.h>

enum bc_code {
	BC_E_NONE = 0,
	BC_E_USAGE,   /* the command line is wrong */
	BC_E_CASE,    /* a case file is wrong */
	BC_E_MISSING, /* a program, package, file or network that is needed is not there */
	BC_E_CONTENT, /* what was built, fetched or asked for does not hold what a case wants of it */
	BC_E_IO,      /* the operating system refused; sys_errno says why */
	BC_E_NET,     /* a transfer failed after its retries */
	BC_E_CHECKSUM,	/* bytes are not the promised ones */
	BC_E_FORMAT,	/* bytes from outside do not parse */
	BC_E_LIMIT,	/* a bound was reached */
	BC_E_COMMAND,	/* a child process failed */
	BC_E_CANCELLED, /* interrupted */
	BC_E_INTERNAL,	/* a mistake of ours */
};

struct bc_err {
	enum bc_code code;
	int sys_errno;	   /* 0 = none */
	char file[256];	   /* "" = no place */
	int line, col;	   /* 1-based, 0 = none */
	char message[768]; /* one line, no trailing full stop or newline */
	char hint[384];	   /* the next step, or "" */
};

/* Fills err and returns false, so that a failing return is one line:
 * `return bc_fail(err, BC_E_IO, errno, "cannot open %s", path);` A sys_errno other than 0 appends
 * ": strerror". err may be NULL. Long text is cut. */
bool bc_fail(struct bc_err *err, enum bc_code code, int sys_errno, const char *fmt, ...)
	BC_PRINTF(4, 5);
/* As bc_fail, returns NULL. */
void *bc_fail_null(struct bc_err *err, enum bc_code code, int sys_errno, const char *fmt, ...)
	BC_PRINTF(4, 5);
/* Sets the hint; returns false. */
bool bc_err_hint(struct bc_err *err, const char *fmt, ...) BC_PRINTF(2, 3);
/* Puts "context: " before the message; returns false. */
bool bc_err_prefix(struct bc_err *err, const char *fmt, ...) BC_PRINTF(2, 3);
/* Sets the place; returns false. */
bool bc_err_at(struct bc_err *err, const char *file, int line, int col);
/* The code's stable name, such as "checksum". */
const char *bc_code_name(enum bc_code code);

#endif
