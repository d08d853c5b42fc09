#include <stdarg.h>

#include <bootcheck/base/err.h>

static void fill(
	struct bc_err *err, enum bc_code code, int sys_errno, const char *fmt, va_list args)
{
	if (!err)
		return;
	/* The arguments may point into err itself. */
	char text[sizeof(err->message)];
	vsnprintf(text, sizeof(text), fmt, args);
	*err = (struct bc_err){.code = code, .sys_errno = sys_errno};
	if (sys_errno) {
		char reason[128];
		const char *why = strerror_r(sys_errno, reason, sizeof(reason));
		snprintf(err->message, sizeof(err->message), "%.*s: %s", (int)(sizeof(text) - 130),
			text, why);
	} else {
		memcpy(err->message, text, sizeof(text));
	}
}

bool bc_fail(struct bc_err *err, enum bc_code code, int sys_errno, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fill(err, code, sys_errno, fmt, args);
	va_end(args);
	return false;
}

void *bc_fail_null(struct bc_err *err, enum bc_code code, int sys_errno, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fill(err, code, sys_errno, fmt, args);
	va_end(args);
	return NULL;
}

bool bc_err_hint(struct bc_err *err, const char *fmt, ...)
{
	if (!err)
		return false;
	va_list args;
	va_start(args, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, args);
	va_end(args);
	return false;
}

bool bc_err_prefix(struct bc_err *err, const char *fmt, ...)
{
	if (!err)
		return false;
	char prefix[256], old[sizeof(err->message)];
	va_list args;
	va_start(args, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, args);
	va_end(args);
	memcpy(old, err->message, sizeof(old));
	snprintf(err->message, sizeof(err->message), "%s: %.*s", prefix, (int)(sizeof(old) - 260),
		old);
	return false;
}

bool bc_err_at(struct bc_err *err, const char *file, int line, int col)
{
	if (!err)
		return false;
	snprintf(err->file, sizeof(err->file), "%s", file ? file : "");
	err->line = line;
	err->col = col;
	return false;
}

const char *bc_code_name(enum bc_code code)
{
	switch (code) {
	case BC_E_NONE:
		return "none";
	case BC_E_USAGE:
		return "usage";
	case BC_E_CASE:
		return "case";
	case BC_E_MISSING:
		return "missing";
	case BC_E_CONTENT:
		return "content";
	case BC_E_IO:
		return "io";
	case BC_E_NET:
		return "network";
	case BC_E_CHECKSUM:
		return "checksum";
	case BC_E_FORMAT:
		return "format";
	case BC_E_LIMIT:
		return "limit";
	case BC_E_COMMAND:
		return "command";
	case BC_E_CANCELLED:
		return "cancelled";
	case BC_E_INTERNAL:
		return "internal";
	}
	return "internal";
}
