#include <argp.h>
#include <unistd.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/cli/cli.h>
#include <bootcheck/cli/reports.h>
#include <bootcheck/report/load.h>
#include <bootcheck/report/report.h>
#include <bootcheck/sys/fs.h>

enum { OPT_JUNIT = 0x100, OPT_BASE, OPT_TAP, OPT_JSON, OPT_GITHUB, OPT_WRITE };

struct options {
	const char *run, *junit, *base;
	bool write;
	int print; /* what goes to stdout: 0 = the summary, or OPT_TAP, OPT_JSON, OPT_GITHUB */
};

static const struct argp_option option_list[] = {
	{"junit", OPT_JUNIT, "FILE", 0, "Write JUnit XML to FILE (- is the standard output)", 0},
	{"base", OPT_BASE, "DIR", 0,
		"Name attachments as seen from DIR instead of FILE's folder: GitLab wants the "
		"checkout, Jenkins / (absolute paths)",
		0},
	{"tap", OPT_TAP, NULL, 0, "Print TAP 14", 0},
	{"json", OPT_JSON, NULL, 0, "Print results.json", 0},
	{"github", OPT_GITHUB, NULL, 0,
		"Print GitHub annotations; the Markdown summary goes to $GITHUB_STEP_SUMMARY, or "
		"is printed without it",
		0},
	{"write", OPT_WRITE, NULL, 0, "Write junit.xml, results.json and index.html in RUN anew",
		0},
	{0},
};

static void choose(struct argp_state *state, struct options *o, int what)
{
	if (o->print && o->print != what)
		argp_error(state, "--tap, --json and --github exclude each other");
	o->print = what;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	switch (key) {
	case OPT_JUNIT:
		o->junit = arg;
		return 0;
	case OPT_BASE:
		o->base = arg;
		return 0;
	case OPT_TAP:
	case OPT_JSON:
	case OPT_GITHUB:
		choose(state, o, key);
		return 0;
	case OPT_WRITE:
		o->write = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "one RUN only");
		o->run = arg;
		return 0;
	case ARGP_KEY_END:
		if (o->base && !o->junit)
			argp_error(state, "--base goes with --junit");
		if (o->junit && strcmp(o->junit, "-") == 0 && o->print)
			argp_error(state,
				"--junit - and --tap, --json or --github exclude each "
				"other");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char doc[] =
	"Makes the reports of a run again from its journal. RUN is a run's folder (default: "
	"reports/latest). Without an option the summary is printed.\v"
	"The exit code is the run's: 0 all passed, 1 a case failed, 3 nothing was decided.\n\n"
	"Examples:\n"
	"  bootcheck report\n"
	"  bootcheck report reports/20261122-214000-1a2b --tap\n"
	"  bootcheck report --junit junit.xml --base .     (for GitLab)\n"
	"  bootcheck report --write";

/* A run's own folder is worth more in what is printed than the link to it. */
static char *resolve(const char *path)
{
	BC_AUTO_FREE char *plain = bc_path_normal(path);
	char target[4096];
	ssize_t n = readlink(plain, target, sizeof(target) - 1);
	if (n <= 0)
		return BC_TAKE(plain);
	target[n] = '\0';
	BC_AUTO_FREE char *dir = bc_path_dir(plain);
	BC_AUTO_FREE char *joined = bc_path_join(dir, target);
	return bc_path_normal(joined);
}

static bool print(const struct options *o, const struct bc_run *run, struct bc_err *err)
{
	BC_AUTO(bc_buf) out = {0};
	if (o->print == OPT_GITHUB)
		return bc_cli_reports_github(run, true, err);
	if (o->print == OPT_TAP)
		bc_report_tap(run, &out);
	else if (o->print == OPT_JSON)
		bc_report_json(run, &out);
	else if (!o->junit && !o->write)
		bc_report_summary(run, bc_cli_color(STDOUT_FILENO), &out);
	return bc_cli_print_guest(&out, err);
}

static int run_report(int argc, char **argv)
{
	struct options o = {.run = "reports/latest"};
	const struct argp argp = {option_list, parse, "[RUN]", doc, NULL, NULL, NULL};
	argp_err_exit_status = BC_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	BC_AUTO_FREE char *dir = resolve(o.run);
	BC_AUTO(bc_run) run = {0};
	struct bc_err err = {0};
	if (!bc_fs_is_dir(dir)) {
		(void)bc_fail(&err, BC_E_USAGE, 0, "there is no run in %s", dir);
		(void)bc_err_hint(&err, "`bootcheck run` leaves its runs in reports/");
		return bc_cli_error(&err);
	}
	if (!bc_report_load(dir, &run, &err) || (o.write && !bc_cli_reports_write(&run, &err)) ||
		(o.junit && !bc_cli_reports_junit(&run, o.junit, o.base, &err)) ||
		!print(&o, &run, &err))
		return bc_cli_error(&err);
	return bc_run_exit_code(&run);
}

const struct bc_command_line bc_cmd_report = {
	"report", "make any report of a run again", run_report};
