/* run: a command at the shell's prompt, with its output and exit status.
 *
 * What is typed is framed: echo 'bc-''begin-N'; COMMAND; echo 'bc-''end-N' $? — the quotes make sure that
 * the echo of the typed line never holds the joined marker, however the terminal wraps it. */
#include <bootcheck/base/text.h>
#include <bootcheck/run/console.h>
#include <bootcheck/run/steps.h>

#define MAX_OUTPUT ((size_t)1 << 20)
#define MAX_MARKER 64 /* bytes: the end marker with the exit status is shorter */

struct patterns {
	BC_VEC(struct bc_pattern *);
};

struct run {
	const char *command; /* borrowed from the case */
	const char *status;  /* "0", "any", "nonzero", … */
	struct patterns wanted, unwanted;
	enum { WAITS, TYPED, OUTPUT } phase;
	bool had_line; /* since it was typed */
	struct bc_buf output;
	struct bc_buf held; /* the end of a line that the console cut */
};

static const struct bc_field options[] = {
	{"output", &bc_shape_patterns,
		"Patterns that the command's output must match, each on any of its lines.", false,
		NULL},
	{"not", &bc_shape_patterns, "Patterns that no line of the command's output may match.",
		false, NULL},
	{"status", &bc_shape_text,
		"The exit status it must end with: a number, `nonzero` or `any`.", false, "0"},
	{0}};
extern const struct bc_variant bc_step_run_variant;
const struct bc_variant bc_step_run_variant = {"run",
	"Types a command at the shell's prompt, waits for its end, and checks its exit status and "
	"output.",
	&bc_shape_text, options};

static bool compile(
	const struct bc_value *params, const char *key, struct patterns *out, struct bc_err *err)
{
	const struct bc_value *v = bc_value_get(params, key);
	size_t n = !v ? 0 : v->kind == BC_VALUE_SEQ ? v->len : 1;
	for (size_t i = 0; i < n; i++) {
		/* ^ and $ are a line's, since output is lines. */
		const struct bc_value *item = v->kind == BC_VALUE_SEQ ? v->items[i] : v;
		BC_AUTO_FREE char *regex = bc_asprintf("(?m)%s", item->text);
		struct bc_pattern *p = bc_pattern_new(regex, err);
		if (!p)
			return false;
		bc_vec_push(out, p);
	}
	return true;
}

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	struct run *r = state;
	int64_t n;
	(void)d;
	r->output.max = MAX_OUTPUT;
	r->command = bc_value_text(params, "run", "");
	r->status = bc_value_text(params, "status", "0");
	if (strcmp(r->status, "any") != 0 && strcmp(r->status, "nonzero") != 0 &&
		(!bc_number_parse(r->status, &n) || n < 0 || n > 255))
		return bc_fail(err, BC_E_CASE, 0, "status is 0 to 255, `nonzero` or `any`, not %s",
			r->status);
	return compile(params, "output", &r->wanted, err) &&
		compile(params, "not", &r->unwanted, err);
}

static void release_patterns(struct patterns *list)
{
	bc_vec_each (p, list)
		bc_pattern_free(*p);
	free(list->items);
}

static void release(void *state)
{
	struct run *r = state;
	release_patterns(&r->wanted);
	release_patterns(&r->unwanted);
	bc_buf_release(&r->output);
	bc_buf_release(&r->held);
}

static void type(struct run *r, struct bc_dialog *d)
{
	const char *n = bc_dialog_nonce(d);
	BC_AUTO(bc_buf) line = {0};
	size_t len = strlen(r->command);
	while (len && strchr(" \t", r->command[len - 1]))
		len--;
	/* A newline, a comment or a trailing & or ; does not get on with a ; behind it. */
	bool needs_group = strpbrk(r->command, "\n#") || (len && strchr("&;", r->command[len - 1]));
	bc_buf_addf(&line,
		needs_group ? "echo 'bc-''begin-%s'; { %s\n}; echo 'bc-''end-%s' $?\n"
			    : "echo 'bc-''begin-%s'; %s; echo 'bc-''end-%s' $?\n",
		n, r->command, n);
	r->phase = TYPED;
	bc_dialog_claim(d, BC_CLAIM_ECHO);
	bc_dialog_send(d, line.data, line.len);
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	struct run *r = state;
	if (bc_dialog_at_prompt(d))
		type(r, d);
	return BC_STEP_WAIT;
}

static bool is_nonce(const char *digits)
{
	for (int i = 0; i < 8; i++)
		if (!(digits[i] >= '0' && digits[i] <= '9') &&
			!(digits[i] >= 'a' && digits[i] <= 'f'))
			return false;
	return true;
}

/* Where the marker `bc-<word>-<nonce>` begins in the text, SIZE_MAX if it is not there; *end is behind it. */
static size_t find_marker(
	struct bc_dialog *d, const struct bc_text *t, const char *word, size_t *end)
{
	BC_AUTO_FREE char *head = bc_asprintf("bc-%s-", word);
	size_t n = strlen(head);
	for (size_t at = t->start; at + n + 8 <= t->len; at++) {
		const char *p = memmem(t->data + at, t->len - at, head, n);
		if (!p)
			break;
		at = (size_t)(p - t->data);
		if (at + n + 8 > t->len)
			break;
		const char *digits = p + n;
		if (bc_dialog_is_replay(d) ? is_nonce(digits)
					   : memcmp(digits, bc_dialog_nonce(d), 8) == 0) {
			*end = at + n + 8;
			return at;
		}
	}
	return SIZE_MAX;
}

/* The first line of the output, for a title. */
static char *first_line(const struct run *r)
{
	const char *text = r->output.data ? r->output.data : "";
	size_t n = strcspn(text, "\n");
	return bc_strndup(text, n > 120 ? 120 : n);
}

static enum bc_step_state check_output(struct run *r, struct bc_dialog *d, const char *line)
{
	const char *text = r->output.data ? r->output.data : "";
	bc_vec_each (p, &r->wanted)
		if (bc_pattern_find(*p, text, r->output.len, 0, 0, NULL, 0) != BC_MATCH_YES)
			return bc_dialog_fail(d, BC_KIND_COMMAND,
				r->output.overflow
					? "`%s` printed \"%s\" and more than is kept, which does "
					  "not match \"%s\""
					: "`%s` printed \"%s\", which does not match \"%s\"",
				r->command, line, bc_pattern_text(*p) + 4);
	bc_vec_each (p, &r->unwanted) {
		enum bc_match match = bc_pattern_find(*p, text, r->output.len, 0, 0, NULL, 0);
		if (match == BC_MATCH_YES)
			return bc_dialog_fail(d, BC_KIND_COMMAND,
				"`%s` printed something that matches \"%s\"", r->command,
				bc_pattern_text(*p) + 4);
		/* What could not be searched to its end is not known to be clean. */
		if (match == BC_MATCH_LIMIT || r->output.overflow)
			return bc_dialog_fail(d, BC_KIND_COMMAND,
				"`%s` printed too much to tell that nothing matches \"%s\"",
				r->command, bc_pattern_text(*p) + 4);
	}
	return BC_STEP_DONE;
}

static enum bc_step_state check(struct run *r, struct bc_dialog *d, int status)
{
	bool is_any = strcmp(r->status, "any") == 0, is_nonzero = strcmp(r->status, "nonzero") == 0;
	int64_t wanted = 0;
	BC_AUTO_FREE char *line = first_line(r);
	if (!is_any && !is_nonzero && !bc_number_parse(r->status, &wanted))
		wanted = 0;
	if (!is_any && (is_nonzero ? status == 0 : status != wanted)) {
		if (status == 127)
			bc_dialog_hint(
				d, "the guest has no such program: is it in the root file system?");
		return bc_dialog_fail(d, BC_KIND_COMMAND, "`%s` ended with status %d, not %s%s%s",
			r->command, status, r->status, *line ? ": " : "", line);
	}
	return check_output(r, d, line);
}

/* The exit status behind the end marker, -1 if there is none: the line was torn. */
static int read_status(const char *data, size_t len)
{
	int status = 0;
	size_t digits = 0;
	if (!len || *data != ' ')
		return -1;
	for (const char *p = data + 1; digits + 1 < len && p[digits] >= '0' && p[digits] <= '9';
		digits++)
		if (digits < 3)
			status = status * 10 + (p[digits] - '0');
	return digits >= 1 && digits <= 3 ? status : -1;
}

/* A line between the markers, or the one that ends them. */
static enum bc_step_state take_output(
	struct run *r, struct bc_dialog *d, const struct bc_text *t, size_t *consumed)
{
	/* A line that the console cut goes on in the next one; so may the marker. */
	bool is_cut = t->len >= BC_CONSOLE_LINE_MAX;
	BC_AUTO(bc_buf) joined = {0};
	bc_buf_add(&joined, r->held.data, r->held.len);
	bc_buf_add(&joined, t->data + t->start, t->len - t->start);
	bc_buf_clear(&r->held);
	*consumed = t->len;
	const struct bc_text line = {.data = joined.data, .len = joined.len};
	size_t end = 0, at = is_cut ? SIZE_MAX : find_marker(d, &line, "end", &end);
	if (at != SIZE_MAX) {
		int status = read_status(joined.data + end, joined.len - end);
		bc_buf_add(&r->output, joined.data, at);
		bc_dialog_claim(d, BC_CLAIM_NONE);
		if (status >= 0)
			return check(r, d, status);
		return bc_dialog_fail(
			d, BC_KIND_COMMAND, "the exit status of `%s` did not arrive", r->command);
	}
	size_t held = is_cut && joined.len > MAX_MARKER ? MAX_MARKER : 0;
	bc_buf_add(&r->output, joined.data, joined.len - held);
	bc_buf_add(&r->held, joined.data + joined.len - held, held);
	if (!is_cut)
		bc_buf_addc(&r->output, '\n');
	return BC_STEP_WAIT;
}

static enum bc_step_state text(
	void *state, struct bc_dialog *d, const struct bc_text *t, size_t *consumed)
{
	struct run *r = state;
	size_t end = 0;
	if (t->stream == BC_STREAM_KERNEL)
		return BC_STEP_WAIT;
	if (r->phase == WAITS) {
		if (bc_dialog_match_prompt(d, t, consumed))
			type(r, d);
		return BC_STEP_WAIT;
	}
	if (r->phase == TYPED && t->is_line) {
		r->had_line = true;
		if (find_marker(d, t, "begin", &end) != SIZE_MAX) {
			r->phase = OUTPUT;
			bc_dialog_claim(d, BC_CLAIM_OUTPUT);
		}
		*consumed = t->len;
		return BC_STEP_WAIT;
	}
	if (r->phase == TYPED) {
		/* The prompt is back and nothing ran: the shell did not understand the line. */
		if (!r->had_line || bc_dialog_is_replay(d) ||
			!bc_dialog_match_prompt(d, t, consumed))
			return BC_STEP_WAIT;
		bc_dialog_claim(d, BC_CLAIM_NONE);
		return bc_dialog_fail(
			d, BC_KIND_COMMAND, "the shell did not accept `%s`", r->command);
	}
	return t->is_line ? take_output(r, d, t, consumed) : BC_STEP_WAIT;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	const struct run *r = state;
	(void)d;
	if (r->phase == WAITS)
		bc_buf_addf(out, "the shell prompt to run `%s`", r->command);
	else
		bc_buf_addf(out, "the end of `%s`", r->command);
}

extern const struct bc_step_kind bc_step_run;
const struct bc_step_kind bc_step_run = {&bc_step_run_variant, sizeof(struct run), true, init,
	release, start, text, NULL, NULL, describe};
