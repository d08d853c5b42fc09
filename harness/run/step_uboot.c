/* uboot: a command at the boot loader's prompt, with its output and exit status, or the key that keeps it from
 * booting by itself. The exit status comes from a line of its own, `echo bc-NONCE-$?`: the line that is
 * typed never holds the marker with a number behind it. */
#include <bootcheck/base/text.h>
#include <bootcheck/run/phase.h>

#include "command.h"

enum { UNKNOWN = -1 }; /* exit status of a U-Boot that tells none */

struct uboot {
	struct command command; /* text NULL: autoboot is interrupted */
	const char *key;
	struct bc_pattern *autoboot;
	enum { MAY_BOOT, MUST_BOOT, MUST_NOT_BOOT } boots;
	enum { COUNTS_DOWN, WAITS, TYPING, RUNS, ASKING, ANSWERS, ENDS } phase;
	int status;
	char *ran; /* what was printed between the countdown and the prompt: autoboot ran */
};

static const struct bc_field interrupt_fields[] = {
	{"interrupt", &bc_shape_text,
		"What is typed, without Enter, when the line of `loader.autoboot` shows.", true,
		NULL},
	{0}};
static const struct bc_shape interrupt = {.type = BC_T_OBJECT, .fields = interrupt_fields};
static const struct bc_shape *const heads[] = {&bc_shape_text, &interrupt, NULL};
static const struct bc_shape head = {.type = BC_T_EITHER, .either = heads};
static const struct bc_field options[] = {COMMAND_OPTIONS,
	{"boots", &bc_shape_bool,
		"Whether the command starts a kernel and so does not come back. When not given, a "
		"kernel that starts ends the step, and so does the prompt.",
		false, NULL},
	{0}};
extern const struct bc_variant bc_step_uboot_variant;
const struct bc_variant bc_step_uboot_variant = {"uboot",
	"Types a command at the boot loader's prompt, waits for its end, and checks its exit "
	"status "
	"and output; or stops autoboot, and waits for the prompt.",
	&head, options};

static bool check_command(const struct bc_dialog *d, const char *text, struct bc_err *err)
{
	size_t most = (size_t)bc_dialog_loader(d)->line_max, len = strlen(text);
	if (!*text || strspn(text, " ") == len)
		return bc_fail(err, BC_E_CASE, 0,
			"an empty command would repeat U-Boot's last one: write the command");
	if (len > most) {
		(void)bc_fail(err, BC_E_CASE, 0,
			"the command has %zu bytes, and a line of the boot loader's console at "
			"most "
			"%zu",
			len, most);
		return bc_err_hint(err,
			"split it, load a script and `source` it, or set loader.line to U-Boot's "
			"CONFIG_SYS_CBSIZE");
	}
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return bc_fail(err, BC_E_CASE, 0,
				"a command of U-Boot is one line without tabs: separate commands "
				"with ;");
	return true;
}

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	struct uboot *u = state;
	const struct bc_value *tag = bc_value_get(params, "uboot");
	u->key = tag->kind == BC_VALUE_MAP ? bc_value_text(tag, "interrupt", " ") : NULL;
	u->phase = u->key ? COUNTS_DOWN : WAITS;
	u->status = UNKNOWN;
	if (bc_value_get(params, "boots"))
		u->boots = bc_value_bool(params, "boots", true) ? MUST_BOOT : MUST_NOT_BOOT;
	u->autoboot = bc_pattern_new(bc_dialog_loader(d)->autoboot, err);
	return u->autoboot && bc_command_init(&u->command, params, "uboot", err) &&
		(u->key || check_command(d, u->command.text, err));
}

static void release(void *state)
{
	struct uboot *u = state;
	bc_pattern_free(u->autoboot);
	bc_command_release(&u->command);
	free(u->ran);
}

static enum bc_step_state typed(void *state, struct bc_dialog *d)
{
	struct uboot *u = state;
	/* What a command prints is the loader's word, for detectors and rejects too. */
	bc_dialog_claim(d, BC_CLAIM_NONE);
	u->phase = u->phase == ASKING ? ANSWERS : RUNS;
	return BC_STEP_WAIT;
}

static const struct bc_typing how = {
	.reader = BC_PROMPT_LOADER, .echo = BC_ECHO_SHOWN, .is_followed = true};

static enum bc_step_state type(struct uboot *u, struct bc_dialog *d)
{
	u->phase = TYPING;
	bc_dialog_typed(d, u->command.text);
	bc_dialog_type(d, u->command.text, &how);
	return BC_STEP_WAIT;
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	struct uboot *u = state;
	if (!bc_dialog_at_prompt(d, BC_PROMPT_LOADER))
		return BC_STEP_WAIT;
	return u->key ? BC_STEP_DONE : type(u, d);
}

static enum bc_step_state judge(struct uboot *u, struct bc_dialog *d)
{
	const struct command *c = &u->command;
	const char *output = c->output.data ? c->output.data : "";
	bc_dialog_answered(d, output, c->output.len, u->status);
	bool is_any = strcmp(c->status, "any") == 0, is_zero = bc_command_is_status(c, 0);
	bool is_good = u->status != UNKNOWN ? bc_command_is_status(c, u->status) : is_any;
	/* Without a status, what it printed tells. */
	if (u->status == UNKNOWN && !is_any && u->boots != MUST_BOOT)
		is_good = is_zero == !bc_dialog_knows_failure(d, output, c->output.len);
	if (u->boots == MUST_BOOT)
		is_good = false;
	if (is_good)
		return bc_command_check_output(&u->command, d);
	if ((u->boots == MUST_BOOT || is_zero) &&
		bc_dialog_fail_by_output(d, BC_KIND_COMMAND, output, c->output.len, c->text))
		return BC_STEP_FAILED;
	if (u->boots == MUST_BOOT)
		return bc_dialog_fail(d, BC_KIND_COMMAND, "`%s` came back without a boot", c->text);
	/* What a command complains of comes last; before it stands what it found on its way. */
	BC_AUTO_FREE char *line = bc_command_last_line(c);
	if (u->status == UNKNOWN)
		return bc_dialog_fail(d, BC_KIND_COMMAND,
			"the exit status of `%s` cannot be told%s%s", c->text, *line ? ": " : "",
			line);
	return bc_dialog_fail(d, BC_KIND_COMMAND, "`%s` ended with status %d, not %s%s%s", c->text,
		u->status, c->status, *line ? ": " : "", line);
}

/* The prompt is back. */
static enum bc_step_state on_prompt(struct uboot *u, struct bc_dialog *d)
{
	if (u->key && u->ran)
		return bc_dialog_fail(d, BC_KIND_COMMAND,
			"autoboot was not stopped: it printed \"%s\" and came back", u->ran);
	if (u->key)
		return BC_STEP_DONE;
	if (u->phase == WAITS)
		return type(u, d);
	/* The answer may be that there is no `echo`. */
	bool is_over = u->phase == ANSWERS || u->phase == ENDS || u->boots == MUST_BOOT ||
		strcmp(u->command.status, "any") == 0;
	if (is_over)
		return judge(u, d);
	bc_dialog_new_nonce(d);
	BC_AUTO_FREE char *line = bc_asprintf("echo bc-%s-$?", bc_dialog_nonce(d));
	u->phase = ASKING;
	bc_dialog_type(d, line, &how);
	return BC_STEP_WAIT;
}

/* The status in `bc-NONCE-STATUS`, UNKNOWN if it is none. */
static int read_status(struct bc_dialog *d, const struct bc_text *t)
{
	const char *p = t->data + t->start;
	size_t len = t->len - t->start;
	int status = 0;
	if (len < 13 || len > 15 || memcmp(p, "bc-", 3) != 0 || p[11] != '-')
		return UNKNOWN;
	if (!bc_dialog_is_replay(d) && memcmp(p + 3, bc_dialog_nonce(d), 8) != 0)
		return UNKNOWN;
	for (size_t i = 12; i < len; i++) {
		if (p[i] < '0' || p[i] > '9')
			return UNKNOWN;
		status = status * 10 + (p[i] - '0');
	}
	return status;
}

/* True when the line is evidence that something else than the loader runs, and no step before took it. Records of the
 * kernel alone are none: after a reset the last ones of before may still be on their way. */
static bool is_started(const struct bc_text *t)
{
	struct bc_console_line line = {.data = t->data, .len = t->len, .stream = t->stream};
	return t->is_line && t->start < t->len && bc_phase_is_jump(&line);
}

static enum bc_step_state on_boot(struct uboot *u, struct bc_dialog *d)
{
	if (u->key && u->phase == COUNTS_DOWN) {
		bc_dialog_hint(d, "nothing was typed: no line came that `loader.autoboot` matches");
		return bc_dialog_fail(d, BC_KIND_COMMAND, "autoboot was not stopped");
	}
	if (u->key)
		return bc_dialog_fail(d, BC_KIND_COMMAND, "autoboot was not stopped");
	if (u->phase == WAITS) {
		bc_dialog_hint(d, "stop autoboot with a step `uboot: {interrupt: \" \"}`");
		return bc_dialog_fail(d, BC_KIND_COMMAND,
			"the boot loader started a kernel before `%s` could be typed",
			u->command.text);
	}
	bc_dialog_answered(d, u->command.output.data, u->command.output.len, UNKNOWN);
	if (u->boots == MUST_NOT_BOOT || !bc_command_is_status(&u->command, 0))
		return bc_dialog_fail(d, BC_KIND_COMMAND, "`%s` started a kernel", u->command.text);
	return bc_command_check_output(&u->command, d);
}

static enum bc_step_state on_count(
	struct uboot *u, struct bc_dialog *d, const struct bc_text *t, size_t *consumed)
{
	struct bc_span span;
	/* From the line's start: a step before may have waited for the very same text. */
	if (bc_pattern_find(u->autoboot, t->data, t->len, 0, 0, &span, 1) != BC_MATCH_YES)
		return BC_STEP_WAIT;
	*consumed = span.end > t->start ? span.end : t->start;
	u->phase = WAITS;
	bc_dialog_typed(d, strcmp(u->key, " ") == 0 ? "(space, to stop autoboot)" : u->key);
	bc_dialog_send(d, u->key, strlen(u->key));
	return BC_STEP_WAIT;
}

/* A countdown that is stopped is followed by the prompt; one that is not, by what the boot command prints. */
static void note_run(struct uboot *u, const struct bc_text *t)
{
	size_t skip = 0;
	while (skip < t->len && (t->data[skip] == ' ' || t->data[skip] == '\b'))
		skip++;
	if (u->ran || t->start || skip == t->len || t->stream == BC_STREAM_KERNEL)
		return;
	size_t n = t->len - skip;
	u->ran = bc_strndup(t->data + skip, n > 80 ? 80 : n);
}

static enum bc_step_state text(
	void *state, struct bc_dialog *d, const struct bc_text *t, size_t *consumed)
{
	struct uboot *u = state;
	if (u->phase != TYPING && u->phase != ASKING && is_started(t)) {
		*consumed = t->len;
		return on_boot(u, d);
	}
	if (bc_dialog_match_prompt(d, BC_PROMPT_LOADER, t, consumed))
		return on_prompt(u, d);
	if (u->phase == COUNTS_DOWN)
		return on_count(u, d, t, consumed);
	if (u->key && t->is_line)
		note_run(u, t);
	if (!t->is_line || u->phase == WAITS)
		return BC_STEP_WAIT;
	*consumed = t->len;
	if (u->phase == RUNS) {
		bc_buf_add(&u->command.output, t->data + t->start, t->len - t->start);
		bc_buf_addc(&u->command.output, '\n');
	} else if (u->phase == ANSWERS) {
		u->status = read_status(d, t);
		u->phase = u->status == UNKNOWN ? ANSWERS : ENDS;
	}
	return BC_STEP_WAIT;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	const struct uboot *u = state;
	(void)d;
	if (u->phase == COUNTS_DOWN)
		bc_buf_adds(out, "the boot loader's countdown");
	else if (u->key)
		bc_buf_adds(out, "the boot loader's prompt");
	else if (u->phase == WAITS)
		bc_buf_addf(out, "the boot loader's prompt to run `%s`", u->command.text);
	else
		bc_buf_addf(out, "the end of `%s`", u->command.text);
}

/* In a recording: what was typed behind the prompt, the question for the exit status among it. */
static enum bc_sign sign(const void *state, const struct bc_text *t)
{
	const struct uboot *u = state;
	static const char asked[] = "echo bc-";
	size_t len = t->len - t->start;
	bool is_asked = len >= sizeof(asked) - 1 &&
		memcmp(t->data + t->start, asked, sizeof(asked) - 1) == 0;
	bool is_typed = u->command.text && bc_dialog_shows(t, u->command.text);
	return is_asked || is_typed ? BC_SIGN_SEEN : BC_SIGN_NONE;
}

extern const struct bc_step_kind bc_step_uboot;
const struct bc_step_kind bc_step_uboot = {&bc_step_uboot_variant, sizeof(struct uboot), true, init,
	release, start, text, NULL, NULL, describe, typed, false, sign};
