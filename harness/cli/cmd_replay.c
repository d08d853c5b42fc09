#include <argp.h>
#include <unistd.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/cli/cli.h>
#include <bootcheck/cli/select.h>
#include <bootcheck/report/report.h>
#include <bootcheck/run/run.h>
#include <bootcheck/sys/fs.h>

#define MAX_LOG ((size_t)256 << 20)

struct args {
	struct bc_select select;
	const char *log;
	bool has_case, json;
};

static const struct argp_option options[] = {{"json", 'J', 0, 0, "Print results.json", 0}, {0}};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->select;
		return 0;
	case ARGP_KEY_ARG:
		/* The case goes to the selection, the log stays here. state->arg_num would count only what
		 * this parser took. */
		if (!a->has_case) {
			a->has_case = true;
			return ARGP_ERR_UNKNOWN;
		}
		if (a->log)
			argp_error(state, "one case and one log are wanted");
		a->log = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->log)
			argp_error(state, "a case and a log are wanted");
		return 0;
	case 'J':
		a->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* A case whose kernel has a port of its own: that port's log lies beside the console's. */
static bool replay_ports(const struct bc_case *c, const char *path, const struct bc_buf *log,
	struct bc_attempt *attempt, struct bc_err *err)
{
	BC_AUTO(bc_buf) kernel = {.max = MAX_LOG}, order = {.max = MAX_LOG};
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path + 1) : 0;
	BC_AUTO_FREE char *kernel_path =
		bc_asprintf("%.*suart%d.log", folder, path, c->machine.kernel);
	BC_AUTO_FREE char *order_path = bc_asprintf("%.*sserial.order", folder, path);
	if (!bc_fs_exists(kernel_path)) {
		(void)bc_fail(err, BC_E_USAGE, 0,
			"there is no %s: in %s the kernel prints on another port than the shell",
			kernel_path, c->id);
		return bc_err_hint(err, "keep both logs of a run in one folder");
	}
	if (!bc_fs_read(kernel_path, MAX_LOG, &kernel, err) ||
		(bc_fs_exists(order_path) && !bc_fs_read(order_path, MAX_LOG, &order, err)))
		return false;
	struct bc_recording recording = {.console = log->data ? log->data : "",
		.console_len = log->len,
		.kernel = kernel.data ? kernel.data : "",
		.kernel_len = kernel.len,
		.order = order.data ? order.data : "",
		.uart = c->machine.kernel};
	return bc_run_replay_ports(c, &recording, attempt, err);
}

static bool replay(const struct bc_case *c, const char *path, const struct bc_buf *log,
	struct bc_attempt *attempt, struct bc_err *err)
{
	static const char name[] = "console.log";
	BC_AUTO(bc_buf) records = {.max = MAX_LOG};
	if (c->machine.kernel != c->machine.console)
		return replay_ports(c, path, log, attempt, err);
	/* What a run knew of the kernel's records. */
	const char *base = bc_path_base(path);
	BC_AUTO_FREE char *beside = bc_asprintf("%.*sconsole.records", (int)(base - path), path);
	if (strcmp(base, name) == 0 && bc_fs_exists(beside))
		return bc_fs_read(beside, MAX_LOG, &records, err) &&
			bc_run_replay_records(
				c, log->data ? log->data : "", log->len, &records, attempt, err);
	return bc_run_replay(c, log->data ? log->data : "", log->len, 0, attempt, err);
}

static int judge(const struct args *a, const struct bc_plan *plan)
{
	struct bc_err err = {0};
	BC_AUTO(bc_buf) log = {.max = MAX_LOG}, text = {0};
	BC_AUTO(bc_run)
	run = {.id = bc_strdup("replay"), .version = bc_strdup(BC_VERSION), .is_finished = true};
	if (!bc_fs_exists(a->log)) {
		(void)bc_fail(&err, BC_E_USAGE, 0, "there is no %s", a->log);
		(void)bc_err_hint(&err, "a run keeps it as cases/<id>/console.log in its folder");
		return bc_cli_error(&err);
	}
	if (!bc_fs_read(a->log, MAX_LOG, &log, &err))
		return bc_cli_error(&err);
	for (size_t i = 0; i < plan->len; i++) {
		const struct bc_case *c = plan->items[i];
		struct bc_attempt attempt = {0};
		if (!replay(c, a->log, &log, &attempt, &err))
			return bc_cli_error(&err);
		struct bc_result r = {.id = bc_strdup(c->id),
			.name = bc_strdup(c->name),
			.file = bc_strdup(c->file),
			.verdict = attempt.verdict,
			.is_done = true};
		bc_vec_push(&r.attempts, attempt);
		bc_vec_push(&run.results, r);
	}
	if (a->json)
		bc_report_json(&run, &text);
	else
		bc_report_summary(&run, bc_cli_color(STDOUT_FILENO), &text);
	fwrite(text.data ? text.data : "", 1, text.len, stdout);
	return bc_run_exit_code(&run);
}

static int cmd_replay(int argc, char **argv)
{
	static const struct argp_child children[] = {{&bc_select_argp, 0, "Selection:", 1}, {0}};
	static const struct argp argp = {options, parse, "CASE LOG",
		"Judges a recorded console (raw bytes, such as a run's console.log) again, without "
		"QEMU."
		"\v"
		"Examples:\n"
		"  bootcheck replay cases/quick/arm-vexpress-a9.yaml "
		"reports/latest/cases/arm-vexpress-a9/console.log\n",
		children, 0, 0};
	struct args a = {0};
	bc_select_init(&a.select);
	argp_err_exit_status = BC_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	struct bc_plan *plan = NULL;
	int code = bc_select_load(&a.select, &plan);
	if (plan)
		code = judge(&a, plan);
	bc_plan_free(plan);
	bc_select_release(&a.select);
	return code;
}

extern const struct bc_command_line bc_cmd_replay;
const struct bc_command_line bc_cmd_replay = {
	"replay", "judge a recorded console again", cmd_replay};
