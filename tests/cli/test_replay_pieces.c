/* The recorded dialogs of fixtures/dialogs, judged by the shipped cases that they come from: the same events and the same
 * verdict whether their bytes come one by one, in random pieces or all at once. */
#include <bootcheck/base/text.h>
#include <bootcheck/cli/select.h>
#include <bootcheck/run/records.h>
#include <bootcheck/run/session.h>
#include <bootcheck/sys/fs.h>

#include "../check_main.h"
#include "../pieces.h"

#define MAX_LOG	   ((size_t)1 << 20)
#define SEEDS	   20 /* of each recording's random pieces */
#define RANDOM_MAX 80 /* bytes */

static const struct dialog {
	const char *name;
	const char *log, *records;  /* the records: NULL = judged by its bytes alone */
	const char *kernel, *order; /* of two ports */
} dialogs[] = {
	{.name = "activate", .log = "activate.log"},
	{.name = "colours", .log = "colours.log"},
	{.name = "login", .log = "login.log"},
	{.name = "login-incorrect", .log = "login-incorrect.log"},
	{.name = "splices", .log = "splices.log"},
	{.name = "caller-ids",
		.log = "caller-ids/console.log",
		.records = "caller-ids/console.records"},
	{.name = "caller-ids", .log = "caller-ids/console.log"},
	{.name = "no-stamps",
		.log = "no-stamps/console.log",
		.records = "no-stamps/console.records"},
	{.name = "quiet", .log = "quiet/console.log", .records = "quiet/console.records"},
	{.name = "user-stamps",
		.log = "user-stamps/console.log",
		.records = "user-stamps/console.records"},
	{.name = "two-ports",
		.log = "two-ports/console.log",
		.kernel = "two-ports/uart0.log",
		.order = "two-ports/serial.order"},
};

struct replay {
	const struct dialog *dialog;
	struct bc_case *c;
	struct bc_buf log, records, kernel, order;
	struct bc_session *s;
	struct cut cut;
	/* A prompt counts as soon as it is there, which no line awaits: in which order that is told and a line depends on
	 * where the bytes were cut, so each is told for itself. */
	struct bc_buf lines, steps;
};

static void on_send(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	ck_abort_msg("a recording was answered: %.*s", (int)len, data);
}

static void on_power(void *ctx, enum bc_power action)
{
	(void)ctx;
	(void)action;
}

static void on_serve(void *ctx, const char *stop)
{
	(void)ctx;
	(void)stop;
}

/* Everything that an event says. */
static void on_event(void *ctx, const struct bc_session_event *e)
{
	struct replay *r = ctx;
	bool is_line = e->kind == BC_SESSION_LINE || e->kind == BC_SESSION_HEALED ||
		e->kind == BC_SESSION_DETECT;
	struct bc_buf *told = is_line ? &r->lines : &r->steps;
	bool has_len = e->kind == BC_SESSION_LINE || e->kind == BC_SESSION_ANSWER;
	size_t len = has_len ? e->len : e->text ? strlen(e->text) : 0;
	bc_buf_addf(told, "%d %s %d %d %llu %s %d ", (int)e->kind, e->id ? e->id : "-", e->number,
		e->status, (unsigned long long)e->line, e->state ? e->state : "-", e->is_partial);
	for (size_t i = 0; i < e->span_count; i++)
		bc_buf_addf(told, "%llu+%llu ", (unsigned long long)e->spans[i].offset,
			(unsigned long long)e->spans[i].len);
	bc_buf_add(told, e->text ? e->text : "", len);
	bc_buf_addc(told, '\n');
}

/* Gives up to `most` bytes of a port, from *at on. */
static void give(
	struct replay *r, bool is_kernel, const struct bc_buf *data, size_t *at, uint64_t most)
{
	size_t end = data->len - *at < most ? data->len : *at + (size_t)most;
	while (*at < end && !bc_session_is_done(r->s)) {
		size_t n = next_piece(&r->cut, end - *at);
		/* A copy: the sanitizers see who keeps a piece that was given before. */
		char *piece = bc_strndup(data->data + *at, n);
		(is_kernel ? bc_session_kernel_bytes : bc_session_bytes)(r->s, 0, piece, n);
		free(piece);
		*at += n;
	}
}

/* One port: what was known of the kernel's records comes where the boot had it. */
static void give_console(struct replay *r)
{
	struct bc_records *records = bc_records_parse(r->records.data, r->records.len);
	struct bc_console_ring ring = bc_records_ring(records);
	for (size_t at = 0; at < r->log.len && !bc_session_is_done(r->s);) {
		if (bc_records_reach(records, at))
			bc_session_follow(r->s, &ring);
		uint64_t next = bc_records_next(records);
		give(r, false, &r->log, &at, next < r->log.len ? next - at : UINT64_MAX);
	}
	bc_session_end(r->s, 0, BC_END_RECORD, NULL);
	bc_records_free(records);
}

static void give_ports(struct replay *r)
{
	size_t console_at = 0, kernel_at = 0;
	char port[16];
	unsigned long long bytes;
	for (const char *line = r->order.data; sscanf(line, "%15s %llu", port, &bytes) == 2;
		line = strchr(line, '\n') + 1) {
		bool is_kernel = strcmp(port, "console") != 0;
		give(r, is_kernel, is_kernel ? &r->kernel : &r->log,
			is_kernel ? &kernel_at : &console_at, bytes);
	}
	bc_session_end(r->s, 0, BC_END_RECORD, NULL);
}

/* Everything that was said of the recording, cut like this; the caller frees. */
static char *judge(struct replay *r, struct cut cut)
{
	struct bc_session_io io = {on_send, on_power, on_serve, on_event, r};
	struct bc_err err = {0};
	BC_AUTO(bc_attempt) a = {0};
	r->cut = cut;
	r->s = bc_session_new(r->c, &io, 1, true, &err);
	ck_assert_msg(r->s != NULL, "%s", err.message);
	bc_session_start(r->s);
	if (r->dialog->order)
		give_ports(r);
	else
		give_console(r);
	bc_session_result(r->s, 0, &a);
	bc_session_free(BC_TAKE(r->s));
	ck_assert_msg(a.verdict == BC_PASS || a.verdict == BC_FAIL, "%s", a.title);
	bc_buf_addf(&r->steps, "%s %s %s %s step %d line %d\n%s\n%s\n", bc_verdict_name(a.verdict),
		bc_kind_name(a.kind), a.title ? a.title : "-", a.detector ? a.detector : "-",
		a.step, a.line, a.hint ? a.hint : "-", a.excerpt ? a.excerpt : "-");
	bc_vec_each (p, &a.healed)
		bc_buf_addf(&r->steps, "%llu+%llu\n", (unsigned long long)p->offset,
			(unsigned long long)p->len);
	if (r->lines.len)
		bc_buf_add(&r->steps, r->lines.data, r->lines.len);
	bc_buf_release(&r->lines);
	return bc_buf_take(&r->steps);
}

static void read_part(const char *name, struct bc_buf *data)
{
	struct bc_err err = {0};
	*data = (struct bc_buf){.max = MAX_LOG};
	bc_buf_adds(data, "");
	if (!name)
		return;
	BC_AUTO_FREE char *path = bc_asprintf(BC_SOURCE_DIR "/fixtures/dialogs/%s", name);
	ck_assert_msg(bc_fs_read(path, MAX_LOG, data, &err), "%s", err.message);
	ck_assert_uint_gt(data->len, 0);
}

static void same(const char *whole, char *other, struct cut cut)
{
	size_t at = 0;
	while (whole[at] && whole[at] == other[at])
		at++;
	while (at && whole[at - 1] != '\n')
		at--;
	if (strcmp(whole, other) != 0)
		ck_abort_msg("%s (seed %u), from here on: %.500s\nwhole: %.500s", cut.name,
			cut.seed, other + at, whole + at);
	free(other);
}

START_TEST(every_cut)
{
	struct replay r = {.dialog = &dialogs[_i]};
	struct bc_select select;
	struct bc_err err = {0};
	BC_AUTO(bc_diag) diag = {0};
	BC_AUTO_FREE char *file =
		bc_asprintf(BC_SOURCE_DIR "/cases/console/%s.yaml", r.dialog->name);
	bc_select_init(&select);
	bc_strs_add(&select.paths, file);
	struct bc_plan *plan = bc_select_open(&select, &diag, &err);
	ck_assert_msg(plan && plan->len == 1 && !diag.errors, "%s: %s", file, err.message);
	r.c = plan->items[0];
	read_part(r.dialog->log, &r.log);
	read_part(r.dialog->records, &r.records);
	read_part(r.dialog->kernel, &r.kernel);
	read_part(r.dialog->order, &r.order);

	struct cut bytes = {"byte by byte", 1, 0};
	BC_AUTO_FREE char *whole = judge(&r, (struct cut){"whole", 0, 0});
	same(whole, judge(&r, bytes), bytes);
	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		struct cut pieces = {"in pieces", RANDOM_MAX, seed};
		same(whole, judge(&r, pieces), pieces);
	}
	bc_buf_release(&r.log);
	bc_buf_release(&r.records);
	bc_buf_release(&r.kernel);
	bc_buf_release(&r.order);
	bc_plan_free(plan);
	bc_select_release(&select);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("recorded dialogs");
	TCase *tc = tcase_create("all");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_cut, 0, (int)BC_LEN(dialogs));
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN_OF(make_suite)
