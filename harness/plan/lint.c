#include <stdarg.h>

#include <bootcheck/base/text.h>
#include <bootcheck/plan/lint.h>

static bool is_same_place(struct bc_loc a, struct bc_loc b)
{
	/* Names of files are unique strings per load, so the pointers tell. */
	return a.file == b.file && a.line == b.line && a.col == b.col;
}

static struct bc_finding *add(struct bc_lint *lint, enum bc_severity severity, const char *check,
	struct bc_loc loc, const char *text)
{
	for (size_t i = 0; i < lint->diag->len; i++) {
		const struct bc_finding *f = lint->diag->items[i];
		if (is_same_place(f->loc, loc) && strcmp(f->check, check) == 0 &&
			strcmp(f->message, text) == 0)
			return NULL;
	}
	return bc_diag_add(lint->diag, severity, check, loc, "%s", text);
}

struct bc_finding *bc_lint_error(
	struct bc_lint *lint, const char *check, struct bc_loc loc, const char *fmt, ...)
{
	BC_AUTO(bc_buf) text = {.max = 4096};
	va_list args;
	va_start(args, fmt);
	bc_buf_vaddf(&text, fmt, args);
	va_end(args);
	lint->errors++;
	return add(lint, BC_SEV_ERROR, check, loc, text.data ? text.data : "");
}

struct bc_finding *bc_lint_warn(
	struct bc_lint *lint, const char *check, struct bc_loc loc, const char *fmt, ...)
{
	BC_AUTO(bc_buf) text = {.max = 4096};
	va_list args;
	va_start(args, fmt);
	bc_buf_vaddf(&text, fmt, args);
	va_end(args);
	return add(lint, BC_SEV_WARNING, check, loc, text.data ? text.data : "");
}

void bc_lint_suggest(struct bc_finding *finding, const char *word, const char *const *candidates,
	const char *what)
{
	if (!finding || !candidates || !candidates[0])
		return;
	const char *near = bc_suggest(word, candidates);
	if (near) {
		bc_finding_hint(finding, "did you mean '%s'?", near);
		return;
	}
	BC_AUTO(bc_buf) list = {.max = 300};
	for (size_t i = 0; candidates[i]; i++)
		bc_buf_addf(&list, "%s%s", i ? ", " : "", candidates[i]);
	if (!list.overflow)
		bc_finding_hint(finding, "%s here: %s", what, list.data);
}
