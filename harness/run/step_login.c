/* login: user and password at a getty.
 *
 * Gettys and logins throw away what was typed before they ask, so each answer waits for its question, and the
 * name, which is echoed, is watched (run/typist.h). */
#include <strings.h>

#include <bootcheck/run/steps.h>

#define MAX_TRIES 3 /* a getty that asks again without a word has not got the name */
/* A question stays open. What agetty says of an automatic login begins like one: `vm login: root (automatic login)`. */
#define SETTLE_MS 50

struct login {
	const char *user, *password; /* borrowed from the case; password may be NULL */
	enum { NAME, NAME_TYPED, PASSWORD_TYPED } phase;
	bool is_activated;
	bool is_asked; /* the name, a moment ago */
	int tries;
};

static const struct bc_field fields[] = {{"user", &bc_shape_text, "Who logs in.", true, NULL},
	{"password", &bc_shape_text, "The password, typed when it is asked for.", false, NULL},
	{0}};
static const struct bc_shape object = {.type = BC_T_OBJECT, .fields = fields};
static const struct bc_shape *const heads[] = {&bc_shape_text, &object, NULL};
static const struct bc_shape head = {.type = BC_T_EITHER, .either = heads};
extern const struct bc_variant bc_step_login_variant;
const struct bc_variant bc_step_login_variant = {"login",
	"Logs in: answers `login:` and `Password:` when they are asked, and waits for the shell's "
	"prompt. `Login incorrect` and `Login timed out` are failures.",
	&head, NULL};

static bool init(
	void *state, struct bc_dialog *d, const struct bc_value *params, struct bc_err *err)
{
	struct login *l = state;
	const struct bc_value *v = bc_value_get(params, "login");
	(void)d;
	(void)err;
	l->user = bc_value_text(params, "login", NULL);
	if (!l->user) {
		l->user = bc_value_text(v, "user", "");
		l->password = bc_value_text(v, "password", NULL);
	}
	return true;
}

static void release(void *state)
{
	(void)state;
}

static enum bc_step_state start(void *state, struct bc_dialog *d)
{
	(void)state;
	(void)d;
	return BC_STEP_WAIT;
}

/* Does the open line end in this question? Blanks behind its colon do not count. In a recording the answer may
 * stand behind it already. *at is where the question begins, *end is behind it. */
static bool asks(const struct bc_dialog *d, const struct bc_text *t, const char *question,
	size_t *at, size_t *end)
{
	size_t n = strlen(question);
	if (t->is_line && !bc_dialog_is_replay(d))
		return false;
	for (*at = t->start; *at + n <= t->len; ++*at) {
		if (strncasecmp(t->data + *at, question, n) != 0)
			continue;
		size_t after = *at + n;
		while (after < t->len && t->data[after] == ' ')
			after++;
		if (after < t->len && !t->is_line)
			continue;
		*end = after;
		return true;
	}
	return false;
}

/* Gettys ask `HOST login: `. `Last login:`, `Last failed login:` and a date are told by a login that has succeeded,
 * and the date may be late. */
static bool asks_name(
	const struct login *l, const struct bc_dialog *d, const struct bc_text *t, size_t *consumed)
{
	size_t at, end;
	/* A recording has the answer in the same line, or agetty's word that there is none. */
	if (bc_dialog_is_replay(d) && !t->is_line)
		return false;
	if (l->phase == PASSWORD_TYPED || !asks(d, t, "login:", &at, &end))
		return false;
	for (size_t i = 0; i + 5 <= at; i++)
		if (strncasecmp(t->data + i, "last ", 5) == 0 && (!i || t->data[i - 1] == ' '))
			return false;
	*consumed = end;
	return true;
}

static bool asks_password(const struct bc_dialog *d, const struct bc_text *t, size_t *consumed)
{
	size_t at;
	return asks(d, t, "password:", &at, consumed);
}

static bool says(const struct bc_text *t, const char *text)
{
	return t->len > t->start &&
		memmem(t->data + t->start, t->len - t->start, text, strlen(text)) != NULL;
}

static enum bc_step_state typed(void *state, struct bc_dialog *d)
{
	(void)state;
	bc_dialog_claim(d, BC_CLAIM_NONE);
	return BC_STEP_WAIT;
}

static enum bc_step_state type_name(struct login *l, struct bc_dialog *d)
{
	struct bc_typing how = {
		.reader = BC_PROMPT_SHELL, .echo = BC_ECHO_SHOWN, .is_followed = true};
	if (l->tries++ == MAX_TRIES)
		return bc_dialog_fail(d, BC_KIND_COMMAND,
			"the login of \"%s\" was refused without a word", l->user);
	l->phase = NAME_TYPED;
	bc_dialog_type(d, l->user, &how);
	return bc_dialog_is_typed(d) ? typed(l, d) : BC_STEP_WAIT;
}

static enum bc_step_state type_password(struct login *l, struct bc_dialog *d)
{
	struct bc_typing how = {.reader = BC_PROMPT_SHELL, .echo = BC_ECHO_HIDDEN};
	if (!l->password) {
		bc_dialog_hint(d, "write `login: {user: %s, password: ...}`", l->user);
		return bc_dialog_fail(d, BC_KIND_COMMAND,
			"\"%s\" is asked for a password, and the case has none", l->user);
	}
	l->phase = PASSWORD_TYPED;
	bc_dialog_type(d, l->password, &how);
	return bc_dialog_is_typed(d) ? typed(l, d) : BC_STEP_WAIT;
}

/* What a login says when it gives up. */
static enum bc_step_state refuse(struct login *l, struct bc_dialog *d, const struct bc_text *t)
{
	if (says(t, "Login timed out")) {
		bc_dialog_hint(d, "the answer to \"%s\" did not reach the login",
			l->phase == NAME_TYPED ? "Password:" : "login:");
		return bc_dialog_fail(d, BC_KIND_COMMAND, "Login timed out: user \"%s\"", l->user);
	}
	bc_dialog_hint(d,
		"look for the user in the root file system's /etc/passwd and /etc/shadow, "
		"and for this terminal in /etc/securetty");
	return bc_dialog_fail(d, BC_KIND_COMMAND, "Login incorrect: user \"%s\"", l->user);
}

/* agetty logs somebody in by itself. True if that was told; it need not be our user. */
static bool follow_automatic(struct login *l, const struct bc_text *t)
{
	BC_AUTO_FREE char *name = bc_asprintf("login: %s (automatic login)", l->user);
	if (!t->is_line || l->phase != NAME || !memmem(t->data, t->len, "(automatic login)", 17))
		return false;
	l->is_asked = false;
	if (memmem(t->data, t->len, name, strlen(name)))
		l->phase = NAME_TYPED;
	return true;
}

/* What comes right behind the question: is it still one? */
static enum bc_step_state settle(struct login *l, const struct bc_text *t, size_t *consumed)
{
	size_t after = t->start;
	while (after < t->len && t->data[after] == ' ')
		after++;
	*consumed = after;
	/* A kernel without time stamps may have ended the line: then the question stands. */
	l->is_asked = !t->is_line || t->stream == BC_STREAM_ANY;
	return BC_STEP_WAIT;
}

static enum bc_step_state wake(void *state, struct bc_dialog *d)
{
	struct login *l = state;
	if (!l->is_asked)
		return BC_STEP_WAIT;
	l->is_asked = false;
	return type_name(l, d);
}

static enum bc_step_state on_name(struct login *l, struct bc_dialog *d)
{
	if (bc_dialog_is_replay(d))
		return type_name(l, d);
	l->is_asked = true;
	bc_dialog_wake(d, SETTLE_MS);
	return BC_STEP_WAIT;
}

static enum bc_step_state text(
	void *state, struct bc_dialog *d, const struct bc_text *t, size_t *consumed)
{
	struct login *l = state;
	if (t->stream == BC_STREAM_KERNEL)
		return BC_STEP_WAIT;
	if (!l->is_activated && says(t, "Please press Enter to activate this console")) {
		l->is_activated = true;
		*consumed = t->len;
		bc_dialog_send(d, "\n", 1);
		return BC_STEP_WAIT;
	}
	if (l->phase != NAME && (says(t, "Login incorrect") || says(t, "Login timed out")))
		return refuse(l, d, t);
	if (follow_automatic(l, t)) {
		*consumed = t->len;
		return BC_STEP_WAIT;
	}
	if (l->is_asked)
		return settle(l, t, consumed);
	if (asks_name(l, d, t, consumed))
		return on_name(l, d);
	if (l->phase == NAME)
		return BC_STEP_WAIT;
	if (l->phase == NAME_TYPED && asks_password(d, t, consumed))
		return type_password(l, d);
	return bc_dialog_match_prompt(d, BC_PROMPT_SHELL, t, consumed) ? BC_STEP_DONE
								       : BC_STEP_WAIT;
}

static void describe(const void *state, const struct bc_dialog *d, struct bc_buf *out)
{
	const struct login *l = state;
	(void)d;
	if (l->phase == NAME)
		bc_buf_adds(out, "\"login:\"");
	else
		bc_buf_addf(out, "the shell prompt of \"%s\"", l->user);
}

extern const struct bc_step_kind bc_step_login;
const struct bc_step_kind bc_step_login = {&bc_step_login_variant, sizeof(struct login), false,
	init, release, start, text, wake, NULL, describe, typed, false, NULL};
