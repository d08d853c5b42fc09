/* run: a command at the shell's prompt, with its output and exit status.
 *
 * What is typed is framed: echo 'bc-''begin-N'; COMMAND; echo 'bc-''end-N' $? — the quotes make sure that
 * the echo of the typed line never holds the joined marker, however the terminal wraps it. */
#include <bootcheck/base/text.h>
#include <bootcheck/run/console.h>

#include "command.h"

#define HEAD	   "echo 'bc-''begin-" /* of what is typed */
#define MAX_MARKER 64		       /* bytes: the end marker with the exit status is shorter */
/* A shell that shows nothing where a command of several lines goes on gets the next line after this. */
#define NO_PROMPT_MS 1000

struct run {
	struct command command;
	enum { WAITS, TYPING, GOES_ON, TYPED, OUTPUT } phase;
	bool had_line;	      /* since it was typed */
	struct bc_strs lines; /* still to be typed, from `next` on */
	size_t next;
	struct bc_buf held; /* the end of a line that the console cut */
	bool is_traced;	    /* by `set -x`; each line of it begins with … */
	struct bc_buf trace;
};

static const struct bc_field options[] = {COMMAND_OPTIONS, {0}};
extern const struct bc_variant bc_step_run_variant;
const struct bc_variant bc_step_run_variant = {"run",
	"Types a command at the shell's prompt, waits for its end, and checks its exit status and "
	"output.",
	&bc_shape_text, options};

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	(void)d;
	return bc_command_init(&((struct run *)state)->command, params, "run", err);
}

static void release(void *state)
{
	struct run *r = state;
	bc_command_release(&r->command);
	bc_strs_release(&r->lines);
	bc_buf_release(&r->held);
	bc_buf_release(&r->trace);
}

static bool has_control(const char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line < 0x20 || *line == 0x7f)
			return true;
	return false;
}

static enum bc_step_state typed(void *state, struct bc_dialog *d)
{
	struct run *r = state;
	/* A recording is read from the first marker on. */
	bool goes_on = r->next < r->lines.len && !bc_dialog_is_replay(d);
	r->phase = goes_on ? GOES_ON : TYPED;
	if (goes_on)
		bc_dialog_wake(d, NO_PROMPT_MS);
	return BC_STEP_WAIT;
}

/* A tab would complete, and what other controls do nobody can see: such a line is typed unwatched. */
static void type_line(struct run *r, struct bc_dialog *d)
{
	const char *line = r->lines.items[r->next++];
	struct bc_typing how = {.reader = BC_PROMPT_SHELL,
		.echo = has_control(line) ? BC_ECHO_HIDDEN : BC_ECHO_SHOWN};
	r->phase = TYPING;
	bc_dialog_type(d, line, &how);
	if (bc_dialog_is_typed(d))
		(void)typed(r, d);
}

/* A newline, a comment or a trailing & or ; does not get on with a ; behind it. */
static void type(struct run *r, struct bc_dialog *d)
{
	BC_AUTO(bc_buf) text = {0};
	const char *command = r->command.text;
	size_t len = strlen(command);
	while (len && strchr(" \t", command[len - 1]))
		len--;
	bool needs_line = strpbrk(command, "\n#") != NULL;
	bool needs_group = len && strchr("&;", command[len - 1]);
	bc_dialog_typed(d, command);
	bc_dialog_new_nonce(d);
	const char *n = bc_dialog_nonce(d);
	bc_buf_addf(&text,
		needs_line	      ? HEAD "%s'; { %s\n}; echo 'bc-''end-%s' $?"
			: needs_group ? HEAD "%s'; { %s }; echo 'bc-''end-%s' $?"
				      : HEAD "%s'; %s; echo 'bc-''end-%s' $?",
		n, command, n);
	for (char *at = text.data, *end; at; at = end) {
		end = strchr(at, '\n');
		if (end)
			*end++ = '\0';
		bc_strs_add(&r->lines, at);
	}
	type_line(r, d);
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	struct run *r = state;
	if (bc_dialog_at_prompt(d, BC_PROMPT_SHELL))
		type(r, d);
	return BC_STEP_WAIT;
}

static enum bc_step_state wake(void *state, struct bc_dialog *d)
{
	struct run *r = state;
	if (r->phase == GOES_ON)
		type_line(r, d);
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

/* `set -x` shows an echo before it runs: `+ echo bc-begin-N`. Where that begins in the text whose marker is at `at`,
 * SIZE_MAX if the marker is the echo's own. */
static size_t find_trace(const struct run *r, const char *data, size_t at)
{
	size_t n = r->trace.len;
	if (at < 5 || memcmp(data + at - 5, "echo ", 5) != 0)
		return SIZE_MAX;
	at -= 5;
	if (n && at >= n && memcmp(data + at - n, r->trace.data, n) == 0)
		return at - n;
	if (at >= 2 && memcmp(data + at - 2, "+ ", 2) == 0)
		for (at--; at && data[at - 1] == '+';)
			at--;
	else if (!r->is_traced)
		return SIZE_MAX;
	return at;
}

/* The first line behind the command, or its echo. */
static void take_begin(struct run *r, struct bc_dialog *d, const struct bc_text *t)
{
	size_t end = 0, at = find_marker(d, t, "begin", &end);
	r->had_line = true;
	if (at == SIZE_MAX)
		return;
	const char *shown = t->data + t->start;
	at -= t->start;
	/* No output comes before it: whatever is in front of an echo is PS4. */
	if (at >= 5 && memcmp(shown + at - 5, "echo ", 5) == 0) {
		r->is_traced = true;
		bc_buf_clear(&r->trace);
		bc_buf_add(&r->trace, shown, at - 5);
		return;
	}
	r->phase = OUTPUT;
	bc_dialog_claim(d, BC_CLAIM_OUTPUT);
}

static enum bc_step_state check(struct run *r, struct bc_dialog *d, int status)
{
	BC_AUTO_FREE char *line = bc_command_first_line(&r->command);
	bc_dialog_answered(d, r->command.output.data, r->command.output.len, status);
	if (bc_command_is_status(&r->command, status))
		return bc_command_check_output(&r->command, d);
	if (status == 127)
		bc_dialog_hint(d, "the guest has no such program: is it in the root file system?");
	return bc_dialog_fail(d, BC_KIND_COMMAND, "`%s` ended with status %d, not %s%s%s",
		r->command.text, status, r->command.status, *line ? ": " : "", line);
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
	size_t trace = at == SIZE_MAX ? SIZE_MAX : find_trace(r, joined.data, at);
	if (trace != SIZE_MAX) {
		bc_buf_add(&r->command.output, joined.data, trace);
		return BC_STEP_WAIT;
	}
	if (at != SIZE_MAX) {
		int status = read_status(joined.data + end, joined.len - end);
		bc_buf_add(&r->command.output, joined.data, at);
		bc_dialog_claim(d, BC_CLAIM_NONE);
		if (status >= 0)
			return check(r, d, status);
		return bc_dialog_fail(d, BC_KIND_COMMAND, "the exit status of `%s` did not arrive",
			r->command.text);
	}
	size_t held = is_cut && joined.len > MAX_MARKER ? MAX_MARKER : 0;
	bc_buf_add(&r->command.output, joined.data, joined.len - held);
	bc_buf_add(&r->held, joined.data + joined.len - held, held);
	if (!is_cut)
		bc_buf_addc(&r->command.output, '\n');
	return BC_STEP_WAIT;
}

static enum bc_step_state text(
	void *state, struct bc_dialog *d, const struct bc_text *t, size_t *consumed)
{
	struct run *r = state;
	if (t->stream == BC_STREAM_KERNEL)
		return BC_STEP_WAIT;
	if (r->phase == WAITS) {
		if (bc_dialog_match_prompt(d, BC_PROMPT_SHELL, t, consumed))
			type(r, d);
		return BC_STEP_WAIT;
	}
	if (r->phase == GOES_ON) {
		/* The shell's second prompt: the command goes on. */
		if (!t->is_line && t->len >= 2 && memcmp(t->data + t->len - 2, "> ", 2) == 0) {
			*consumed = t->len;
			type_line(r, d);
		}
		return BC_STEP_WAIT;
	}
	if (r->phase == TYPED && t->is_line) {
		take_begin(r, d, t);
		*consumed = t->len;
		return BC_STEP_WAIT;
	}
	if (r->phase == TYPED) {
		/* The prompt is back and nothing ran: the shell did not understand the line. */
		if (!r->had_line || bc_dialog_is_replay(d) ||
			!bc_dialog_match_prompt(d, BC_PROMPT_SHELL, t, consumed))
			return BC_STEP_WAIT;
		bc_dialog_claim(d, BC_CLAIM_NONE);
		return bc_dialog_fail(
			d, BC_KIND_COMMAND, "the shell did not accept `%s`", r->command.text);
	}
	return t->is_line ? take_output(r, d, t, consumed) : BC_STEP_WAIT;
}

static enum bc_sign sign(const void *state, const struct bc_text *t)
{
	(void)state;
	return bc_dialog_shows(t, HEAD) ? BC_SIGN_SEEN : BC_SIGN_MISSING;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	const struct run *r = state;
	(void)d;
	if (r->phase == WAITS)
		bc_buf_addf(out, "the shell prompt to run `%s`", r->command.text);
	else
		bc_buf_addf(out, "the end of `%s`", r->command.text);
}

extern const struct bc_step_kind bc_step_run;
const struct bc_step_kind bc_step_run = {&bc_step_run_variant, sizeof(struct run), true, init,
	release, start, text, wake, NULL, describe, typed, false, sign};
