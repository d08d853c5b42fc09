#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/cli/cli.h>
#include <bootcheck/cli/jobs.h>
#include <bootcheck/cli/memory.h>
#include <bootcheck/cli/reports.h>
#include <bootcheck/cli/select.h>
#include <bootcheck/report/load.h>
#include <bootcheck/report/report.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>

enum {
	OPT_REPEAT = 256,
	OPT_RETRIES,
	OPT_FAIL_FAST,
	OPT_RESUME,
	OPT_JUNIT,
	OPT_TAP,
	OPT_BISECT,
	OPT_SCALE,
	OPT_MEMORY,
	OPT_REFRESH,
	OPT_OFFLINE
};

struct args {
	struct bc_select select; /* first: the child parser's input */
	int jobs, repeat, retries;
	bool fail_fast, resume, tap, bisect, quiet, refresh, offline;
	double scale;
	uint64_t memory_bytes;
	const char *output, *junit;
};

static const struct argp_option options[] = {
	{"jobs", 'j', "N", 0, "Boots and builds at once (default: the processors)", 0},
	{"memory", OPT_MEMORY, "SIZE", 0,
		"Memory for all guests together (default: four fifths of what is free)", 0},
	{"repeat", OPT_REPEAT, "N", 0, "Boot each case N times; the worst verdict counts", 0},
	{"retries", OPT_RETRIES, "N", 0, "Boot a case that did not pass up to N times more", 0},
	{"fail-fast", OPT_FAIL_FAST, 0, 0, "Start nothing more after the first FAIL", 0},
	{"timeout-scale", OPT_SCALE, "FACTOR", 0, "Stretch every limit, for slow hosts", 0},
	{"output", 'o', "DIR", 0, "The run's folder (default: reports/<time>)", 0},
	{"resume", OPT_RESUME, 0, 0, "Go on with the run in --output (default: reports/latest)", 0},
	{"junit", OPT_JUNIT, "FILE", 0, "Write the JUnit XML there as well", 0},
	{"tap", OPT_TAP, 0, 0, "Print TAP 14 instead of the summary", 0},
	{"quiet", 'q', 0, 0, "Only failures", 0},
	{"refresh", OPT_REFRESH, 0, 0, "Ask the sources again what is newest", 0},
	{"offline", OPT_OFFLINE, 0, 0, "Use no network", 0},
	{"bisect", OPT_BISECT, 0, 0,
		"Exit codes for `git bisect run`: 0 good, 1 bad, 125 cannot tell, 128 stop", 0},
	{0}};

/* The option as the user may write it, and what it takes. */
static void refuse_value(struct argp_state *state, int key, const char *arg)
{
	const char *name = "", *takes = "a whole number, 1 or more";
	for (const struct argp_option *o = options; o->name; o++)
		if (o->key == key)
			name = o->name;
	if (key == OPT_RETRIES)
		takes = "a whole number, 0 or more";
	else if (key == OPT_SCALE)
		takes = "a factor from 0.01 to 1000";
	else if (key == OPT_MEMORY)
		takes = "a size with a unit, such as 4G";
	argp_error(state, "--%s takes %s, not '%s'", name, takes, arg);
}

static bool parse_count(const char *text, int *out)
{
	int64_t n;
	if (!bc_number_parse(text, &n) || n < 0 || n > 10000)
		return false;
	*out = (int)n;
	return true;
}

static bool parse_scale(const char *text, double *out)
{
	char *end = NULL;
	double n = strtod(text, &end);
	if (end == text || *end || !(n >= 0.01 && n <= 1000))
		return false;
	*out = n;
	return true;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;
	bool ok = true;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &a->select;
		return 0;
	case 'j':
		ok = parse_count(arg, &a->jobs) && a->jobs >= 1;
		break;
	case OPT_REPEAT:
		ok = parse_count(arg, &a->repeat) && a->repeat >= 1;
		break;
	case OPT_RETRIES:
		ok = parse_count(arg, &a->retries);
		break;
	case OPT_SCALE:
		ok = parse_scale(arg, &a->scale);
		break;
	case OPT_MEMORY:
		ok = bc_size_parse(arg, &a->memory_bytes);
		break;
	case OPT_FAIL_FAST:
		a->fail_fast = true;
		break;
	case OPT_RESUME:
		a->resume = true;
		break;
	case 'o':
		a->output = arg;
		break;
	case OPT_JUNIT:
		a->junit = arg;
		break;
	case OPT_TAP:
		a->tap = true;
		break;
	case 'q':
		a->quiet = true;
		break;
	case OPT_REFRESH:
		a->refresh = true;
		break;
	case OPT_OFFLINE:
		a->offline = true;
		break;
	case OPT_BISECT:
		a->bisect = true;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	if (!ok)
		refuse_value(state, key, arg);
	return 0;
}

/* The run's folder */

static bool make_dir(const struct args *a, char **dir, char **id, struct bc_err *err)
{
	if (a->output || a->resume) {
		*dir = bc_fs_absolute(a->output ? a->output : "reports/latest");
		if (a->resume) {
			char *real = realpath(*dir, NULL);
			if (!real)
				return bc_fail(err, BC_E_USAGE, errno,
					"there is no run to resume in %s", *dir);
			free(*dir);
			*dir = real;
		}
		*id = bc_strdup(bc_path_base(*dir));
		return bc_fs_mkdirs(*dir, 0777, err);
	}
	if (!bc_fs_mkdirs("reports", 0777, err))
		return bc_err_hint(err, "--output names another place for the run's folder");
	time_t now = time(NULL);
	struct tm tm;
	char stamp[32];
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	for (int n = 0; n < 1000; n++) {
		*id = n ? bc_asprintf("%s-%d", stamp, n) : bc_strdup(stamp);
		BC_AUTO_FREE char *relative = bc_asprintf("reports/%s", *id);
		if (mkdir(relative, 0777) == 0) {
			*dir = bc_fs_absolute(relative);
			return true;
		}
		if (errno != EEXIST)
			return bc_fail(err, BC_E_IO, errno, "cannot create %s", relative);
		free(BC_TAKE(*id));
	}
	return bc_fail(err, BC_E_IO, EEXIST, "cannot create a folder in reports");
}

/* Reports */

struct reporting {
	const struct args *args;
	struct bc_terminal *terminal;
	uint64_t next_ms;  /* earliest time of the next writing */
	struct bc_err err; /* the first report that could not be written */
};

static void write_report(struct reporting *r, const char *path, const struct bc_buf *text)
{
	struct bc_err err;
	if (!bc_fs_write_unsynced(path, text->data, text->len, &err) && !r->err.code)
		r->err = err;
}

static void write_junit(struct reporting *r, const struct bc_run *run, const char *path)
{
	BC_AUTO(bc_buf) text = {0};
	BC_AUTO_FREE char *absolute = bc_fs_absolute(path);
	BC_AUTO_FREE char *base = bc_path_dir(absolute);
	struct bc_err err;
	if (bc_report_junit(run, base, &text, &err))
		write_report(r, path, &text);
	else if (!r->err.code)
		r->err = err;
}

static void write_reports(struct reporting *r, const struct bc_run *run)
{
	BC_AUTO_FREE char *junit = bc_path_join(run->dir, "junit.xml");
	BC_AUTO_FREE char *json = bc_path_join(run->dir, "results.json");
	BC_AUTO(bc_buf) text = {0};
	write_junit(r, run, junit);
	if (r->args->junit)
		write_junit(r, run, r->args->junit);
	bc_report_json(run, &text);
	write_report(r, json, &text);
}

static void write_page(struct reporting *r, const struct bc_run *run)
{
	BC_AUTO_FREE char *path = bc_path_join(run->dir, "index.html");
	BC_AUTO(bc_buf) text = {0};
	bc_report_html(run, &text);
	write_report(r, path, &text);
}

/* Written again after each case, so that whatever ends the run, valid reports of what was decided stay.
 * With thousands of cases each writing takes its time, so it gets a twentieth of the whole; the journal
 * has the rest. */
static void after_case(void *ctx, const struct bc_run *run)
{
	struct reporting *r = ctx;
	uint64_t start = bc_clock_ms();
	if (start < r->next_ms)
		return;
	write_reports(r, run);
	uint64_t end = bc_clock_ms();
	r->next_ms = end + (end - start) * 19;
}

static void on_tick(void *ctx)
{
	bc_terminal_tick(((struct reporting *)ctx)->terminal);
}

/* Everything after the plan. */

static volatile int cancelled;

static void on_interrupt(int signum)
{
	(void)signum;
	cancelled = 1;
}

static int exit_code(const struct args *a, const struct bc_run *run, int interrupted)
{
	if (interrupted)
		return BC_EXIT_INTERRUPTED;
	int code = bc_run_exit_code(run);
	if (!a->bisect)
		return code;
	/* A case that was skipped may be the one that fails: such a commit is not good. */
	bool is_good = code == BC_EXIT_OK && !bc_run_count(run).skip;
	return is_good || code == BC_EXIT_FAILED ? code : 125;
}

static struct bc_run_options run_options(
	const struct args *a, struct reporting *r, const char *dir, const char *id)
{
	return (struct bc_run_options){.dir = dir,
		.id = id,
		.jobs = a->jobs,
		.memory_bytes = a->memory_bytes,
		.repeat = a->repeat,
		.retries = a->retries,
		.fail_fast = a->fail_fast,
		.scale = a->scale,
		.watcher = {bc_terminal_progress, r->terminal},
		.after_case = after_case,
		.tick = on_tick,
		.ctx = r};
}

static bool run_jobs(struct reporting *r, struct bc_journal *journal, struct bc_jobs *jobs,
	struct bc_run_options *o, struct bc_run *run, int *interrupted, struct bc_err *err)
{
	o->is_cancelled = cancelled != 0;
	if (!bc_run_all(journal, jobs->items, jobs->len, o, run, interrupted, err))
		return false;
	write_reports(r, run);
	write_page(r, run);
	return true;
}

static struct bc_build *new_build(
	const struct args *a, struct bc_terminal *terminal, const char *dir, struct bc_err *err)
{
	struct bc_build_options o = {.log_dir = dir,
		.jobs = a->jobs,
		.refresh = a->refresh,
		.offline = a->offline,
		.watcher = {bc_terminal_progress, terminal},
		.cancelled = &cancelled};
	return bc_build_new(&o, err);
}

static void print_end(const struct args *a, const struct bc_run *run, struct reporting *r)
{
	BC_AUTO(bc_buf) text = {0};
	if (a->tap)
		bc_report_tap(run, &text);
	else
		bc_report_summary(run, bc_cli_color(STDOUT_FILENO), &text);
	struct bc_err err;
	const char *actions = getenv("GITHUB_ACTIONS");
	bool ok = bc_cli_print_guest(&text, &err);
	if (ok && actions && strcmp(actions, "true") == 0)
		ok = bc_cli_reports_github(run, false, &err);
	if (!ok && !r->err.code)
		r->err = err;
}

/* Seen before the boots, which may take hours, rather than after. */
static bool can_write_junit(const struct args *a, struct bc_err *err)
{
	if (!a->junit)
		return true;
	BC_AUTO_FREE char *dir = bc_path_dir(a->junit);
	if (access(dir, W_OK | X_OK) == 0)
		return true;
	(void)bc_fail(err, BC_E_IO, errno, "cannot write --junit=%s", a->junit);
	return bc_err_hint(err, "its folder must be there and writable");
}

static int run_plan(struct args *a, const struct bc_plan *plan)
{
	struct bc_err err = {0};
	BC_AUTO_FREE char *dir = NULL, *id = NULL;
	BC_AUTO(bc_run) old = {0}, run = {0};
	BC_AUTO(bc_jobs) jobs = {0};
	int interrupted = 0;
	if (!can_write_junit(a, &err) || !make_dir(a, &dir, &id, &err) ||
		(a->resume && !bc_report_load(dir, &old, &err)))
		return bc_cli_error(&err);
	struct sigaction act = {.sa_handler = on_interrupt};
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	int out = a->tap ? STDERR_FILENO : STDOUT_FILENO;
	struct reporting r = {.args = a,
		.terminal = bc_terminal_new(out, isatty(out), bc_cli_color(out), a->quiet)};
	struct bc_run_options o = run_options(a, &r, dir, id);
	struct bc_build *build = new_build(a, r.terminal, dir, &err);
	struct bc_journal *journal =
		build ? bc_run_begin(plan->items, plan->len, &o, &run, &err) : NULL;
	if (journal && !a->output && !a->resume)
		BC_IGNORE(bc_fs_symlink(id, "reports/latest", NULL));
	else if (!journal && !a->output && !a->resume)
		(void)rmdir(
			dir); /* without a journal it is no run; one that holds anything stays */
	bool ok = journal && bc_jobs_make(plan, build, a->resume ? &old : NULL, &jobs, &err);
	if (ok)
		bc_cli_memory_warn(plan, build, &jobs);
	/* Interrupted while building: the reports say so of each case. */
	struct bc_err cut = {0};
	if (journal && !ok && err.code == BC_E_CANCELLED)
		cut = err;
	if (ok || cut.code)
		ok = run_jobs(&r, journal, &jobs, &o, &run, &interrupted, &err);
	bc_journal_free(journal);
	bc_terminal_free(r.terminal);
	bc_build_free(build);
	if (cut.code)
		(void)bc_cli_error(&cut);
	if (!ok)
		return bc_cli_error(&err);
	print_end(a, &run, &r);
	int code = exit_code(a, &run, interrupted);
	if (r.err.code)
		return code == BC_EXIT_OK ? bc_cli_error(&r.err) : (bc_cli_error(&r.err), code);
	return code;
}

static int cmd_run(int argc, char **argv)
{
	static const struct argp_child children[] = {{&bc_select_argp, 0, "Selection:", 1}, {0}};
	static const struct argp argp = {options, parse, "[PATH...]",
		"Builds what the cases need, boots them in QEMU, judges their serial consoles and "
		"writes reports."
		"\v"
		"Examples:\n"
		"  bootcheck run cases/quick\n"
		"  bootcheck run --label arm --retries 1 --junit out.xml cases\n"
		"  git bisect run bootcheck run --bisect cases/mine.yaml\n\n"
		"Exit codes: 0 all passed, 1 a case failed, 2 usage or case error, 3 nothing "
		"decided, 130 interrupted.",
		children, 0, 0};
	struct args a = {.jobs = bc_host_cpus(),
		.repeat = 1,
		.scale = 1,
		.memory_bytes = bc_host_memory_free() / 5 * 4};
	bc_select_init(&a.select);
	argp_err_exit_status = BC_EXIT_USAGE;
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--bisect") == 0)
			argp_err_exit_status = 128;
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	struct bc_plan *plan = NULL;
	int code = bc_select_load(&a.select, &plan);
	if (plan)
		code = run_plan(&a, plan);
	bc_plan_free(plan);
	bc_select_release(&a.select);
	/* What is wrong with the case or the command line does not get better in the next commit. */
	return a.bisect && code == BC_EXIT_USAGE	  ? 128
		: a.bisect && code == BC_EXIT_ENVIRONMENT ? 125
							  : code;
}

extern const struct bc_command_line bc_cmd_run;
const struct bc_command_line bc_cmd_run = {"run", "build, boot, judge, report", cmd_run};
