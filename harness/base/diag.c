#include <stdarg.h>

#include <bootcheck/base/diag.h>
#include <bootcheck/base/text.h>

#define MAX_FINDINGS 1000
#define MAX_SHOWN    160 /* bytes of a source line */

static char *formatted(const char *fmt, va_list args)
{
	BC_AUTO(bc_buf) text = {.max = 4096};
	bc_buf_vaddf(&text, fmt, args);
	return bc_buf_take(&text);
}

struct bc_finding *bc_diag_add(struct bc_diag *diag, enum bc_severity severity, const char *check,
	struct bc_loc loc, const char *fmt, ...)
{
	struct bc_finding *f;
	if (diag->len >= MAX_FINDINGS) {
		/* The list is full: the last place is written over, the counts still tell. */
		f = diag->items[diag->len - 1];
		free(f->message);
		free(f->hint);
		f->hint = NULL;
	} else {
		f = bc_calloc(1, sizeof(*f));
		f->order = diag->len;
		bc_vec_push(diag, f);
	}
	f->severity = severity;
	f->check = check;
	f->loc = loc;
	va_list args;
	va_start(args, fmt);
	f->message = formatted(fmt, args);
	va_end(args);
	if (severity == BC_SEV_ERROR)
		diag->errors++;
	else if (severity == BC_SEV_WARNING)
		diag->warnings++;
	return f;
}

void bc_finding_hint(struct bc_finding *f, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	free(f->hint);
	f->hint = formatted(fmt, args);
	va_end(args);
}

void bc_finding_note(struct bc_finding *f, struct bc_loc loc, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct bc_diag_note note = {loc, formatted(fmt, args)};
	va_end(args);
	bc_vec_push(&f->notes, note);
}

static int compare(const void *pa, const void *pb)
{
	const struct bc_finding *a = *(struct bc_finding *const *)pa,
				*b = *(struct bc_finding *const *)pb;
	const char *fa = a->loc.file ? a->loc.file : "", *fb = b->loc.file ? b->loc.file : "";
	int c = strcmp(fa, fb);
	if (c)
		return c;
	if (a->loc.line != b->loc.line)
		return a->loc.line < b->loc.line ? -1 : 1;
	if (a->loc.col != b->loc.col)
		return a->loc.col < b->loc.col ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void bc_diag_sort(struct bc_diag *diag)
{
	if (diag->len)
		qsort(diag->items, diag->len, sizeof(struct bc_finding *), compare);
}

static void render_place(struct bc_buf *out, struct bc_loc loc)
{
	if (!loc.file)
		return;
	bc_escape_text(out, loc.file, strlen(loc.file), false);
	if (loc.line)
		bc_buf_addf(out, ":%d", loc.line);
	if (loc.line && loc.col)
		bc_buf_addf(out, ":%d", loc.col);
	bc_buf_adds(out, ": ");
}

/* The source line and a caret under the place. Tabs are kept in the pad, so the caret lines up. */
static void render_line(
	struct bc_buf *out, struct bc_loc loc, bool color, bc_line_fn *fn, void *ctx)
{
	size_t len = 0;
	const char *line = fn && loc.file && loc.line ? fn(ctx, loc.file, loc.line, &len) : NULL;
	if (!line || !loc.col)
		return;
	size_t col = (size_t)loc.col - 1;
	if (col > len)
		col = len;
	size_t from = col > MAX_SHOWN ? col - MAX_SHOWN / 2 : 0;
	size_t shown = len - from > MAX_SHOWN ? MAX_SHOWN : len - from;
	bc_buf_addf(out, "%5d | ", loc.line);
	bc_escape_text(out, line + from, shown, false);
	bc_buf_adds(out, "\n      | ");
	for (size_t i = from; i < col; i++) {
		if (((unsigned char)line[i] & 0xc0) != 0x80)
			bc_buf_addc(out, line[i] == '\t' ? '\t' : ' ');
	}
	bc_buf_adds(out, color ? "\033[1;32m^" : "^");
	for (int i = 1; i < loc.span && col + (size_t)i < from + shown; i++)
		bc_buf_addc(out, '~');
	bc_buf_adds(out, color ? "\033[0m\n" : "\n");
}

void bc_diag_render(
	const struct bc_diag *diag, struct bc_buf *out, bool color, bc_line_fn *fn, void *ctx)
{
	static const char *const word[] = {"error", "warning", "note"};
	static const char *const paint[] = {"\033[1;31m", "\033[1;33m", "\033[1;36m"};
	for (size_t i = 0; i < diag->len; i++) {
		const struct bc_finding *f = diag->items[i];
		render_place(out, f->loc);
		bc_buf_addf(out, "%s%s:%s ", color ? paint[f->severity] : "", word[f->severity],
			color ? "\033[0m" : "");
		bc_escape_text(out, f->message, strlen(f->message), false);
		bc_buf_addf(out, " [%s]\n", f->check);
		render_line(out, f->loc, color, fn, ctx);
		if (f->hint) {
			bc_buf_adds(out, "      hint: ");
			bc_escape_text(out, f->hint, strlen(f->hint), false);
			bc_buf_addc(out, '\n');
		}
		for (size_t n = 0; n < f->notes.len; n++) {
			bc_buf_adds(out, "      ");
			render_place(out, f->notes.items[n].loc);
			bc_buf_adds(out, "note: ");
			bc_escape_text(
				out, f->notes.items[n].text, strlen(f->notes.items[n].text), false);
			bc_buf_addc(out, '\n');
		}
	}
}

void bc_diag_release(struct bc_diag *diag)
{
	for (size_t i = 0; i < diag->len; i++) {
		struct bc_finding *f = diag->items[i];
		for (size_t n = 0; n < f->notes.len; n++)
			free(f->notes.items[n].text);
		free(f->notes.items);
		free(f->message);
		free(f->hint);
		free(f);
	}
	free(diag->items);
	*diag = (struct bc_diag){0};
}
