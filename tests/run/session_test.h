/* The rig of the session's tests: a case, a session, what it typed. */
#ifndef SESSION_TEST_H
#define SESSION_TEST_H

#include <check.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/run/session.h>
#include <bootcheck/sys/fs.h>

struct rig {
	struct bc_case c;
	struct bc_session *s;
	struct bc_buf sent;
	size_t echoed; /* of sent, by echo() */
	struct bc_attempt attempt;
	int verdicts; /* events */
	int healed;   /* of lines in two pieces */
};

static struct rig rig;

static void on_send(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	bc_buf_add(&rig.sent, data, len);
}

static void on_power(void *ctx, enum bc_power action)
{
	(void)ctx;
	bc_buf_adds(&rig.sent, action == BC_POWER_CUT ? "<cut>" : "<reset>");
}

static void on_serve(void *ctx, const char *stop)
{
	(void)ctx;
	bc_buf_addf(&rig.sent, "<stop %s>", stop);
}

static void on_event(void *ctx, const struct bc_session_event *event)
{
	(void)ctx;
	rig.verdicts += event->kind == BC_SESSION_VERDICT;
	rig.healed += event->kind == BC_SESSION_HEALED && event->span_count == 2;
}

/* A step as the plan would give it: "run", "uname -r", then pairs of options. */
static inline void add_step(const char *tag, const char *head, ...)
{
	struct bc_loc nowhere = {0};
	struct bc_step step = {
		.kind = bc_strdup(tag), .params = bc_value_new(BC_VALUE_MAP, nowhere)};
	if (strcmp(head, "{prompt}") == 0 || strcmp(head, "{stop}") == 0) {
		bool is_prompt = strcmp(head, "{prompt}") == 0;
		struct bc_value *map = bc_value_new(BC_VALUE_MAP, nowhere);
		bc_value_set(map, is_prompt ? "prompt" : "stop", nowhere,
			bc_value_new_scalar(is_prompt ? "shell" : "tftp", nowhere));
		bc_value_set(step.params, tag, nowhere, map);
	} else {
		bc_value_set(step.params, tag, nowhere, bc_value_new_scalar(head, nowhere));
	}
	va_list args;
	va_start(args, head);
	for (const char *key; (key = va_arg(args, const char *));)
		bc_value_set(step.params, key, nowhere,
			bc_value_new_scalar(va_arg(args, const char *), nowhere));
	va_end(args);
	bc_vec_push(&rig.c.steps, step);
}

/* A step whose head is a map: add_map_step("login", "user", "root", "password", "x", NULL). */
static inline void add_map_step(const char *tag, ...)
{
	struct bc_loc nowhere = {0};
	struct bc_step step = {
		.kind = bc_strdup(tag), .params = bc_value_new(BC_VALUE_MAP, nowhere)};
	struct bc_value *map = bc_value_new(BC_VALUE_MAP, nowhere);
	va_list args;
	va_start(args, tag);
	for (const char *key; (key = va_arg(args, const char *));)
		bc_value_set(map, key, nowhere,
			bc_value_new_scalar(va_arg(args, const char *), nowhere));
	va_end(args);
	bc_value_set(step.params, tag, nowhere, map);
	bc_vec_push(&rig.c.steps, step);
}

static inline void setup(void)
{
	rig = (struct rig){
		.c = {.limits = {.boot = 60000, .silence = 20000, .total = 120000, .step = 30000}}};
	rig.c.prompt = bc_strdup("^[^ ]* ?[#$] $");
	rig.c.loader =
		(struct bc_loader){bc_strdup(BC_LOADER_PROMPT), bc_strdup(BC_LOADER_AUTOBOOT), 512};
	rig.c.id = bc_strdup("t");
}

static inline void begin(void)
{
	struct bc_session_io io = {on_send, on_power, on_serve, on_event, NULL};
	struct bc_err err = {0};
	rig.s = bc_session_new(&rig.c, &io, 1, false, &err);
	ck_assert_msg(rig.s != NULL, "%s", err.message);
	bc_session_start(rig.s);
}

static inline void say(uint64_t ms, const char *text)
{
	bc_session_bytes(rig.s, ms, text, strlen(text));
}

static inline const struct bc_attempt *result(uint64_t ms)
{
	bc_attempt_release(&rig.attempt);
	bc_session_result(rig.s, ms, &rig.attempt);
	return &rig.attempt;
}

static inline void teardown(void)
{
	bc_session_free(rig.s);
	bc_attempt_release(&rig.attempt);
	bc_buf_release(&rig.sent);
	struct bc_case *heap = bc_calloc(1, sizeof(*heap));
	*heap = rig.c;
	bc_case_free(heap);
}

/* A terminal that shows what is typed, until nothing more is. */
static inline void echo(uint64_t ms)
{
	while (rig.echoed < rig.sent.len) {
		char c = rig.sent.data[rig.echoed++];
		say(ms, (const char[]){c == '\n' ? '\r' : c, c == '\n' ? '\n' : '\0', '\0'});
	}
}

/* What comes last in the text that was typed. */
static inline const char *typed_last(const char *what)
{
	const char *last = NULL;
	for (const char *at = rig.sent.data; at && (at = strstr(at, what)); at++)
		last = at;
	ck_assert_msg(last != NULL, "never typed: %s", what);
	return last;
}

/* Shows what is typed, and gives the nonce of the command that was typed last. */
static inline void nonce(char out[9])
{
	echo(1);
	memcpy(out, typed_last("begin-") + 6, 8);
	out[8] = '\0';
}

/* A step that stops autoboot with a key. */
static inline void add_autoboot(const char *key)
{
	struct bc_loc nowhere = {0};
	add_step("uboot", "x", NULL);
	struct bc_step *step = &rig.c.steps.items[rig.c.steps.len - 1];
	struct bc_value *map = bc_value_new(BC_VALUE_MAP, nowhere);
	bc_value_set(map, "interrupt", nowhere, bc_value_new_scalar(key, nowhere));
	bc_value_set(step->params, "uboot", nowhere, map);
}

#endif
