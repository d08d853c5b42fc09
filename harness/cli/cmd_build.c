#include <argp.h>
#include <signal.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/build.h>
#include <bootcheck/cli/cli.h>
#include <bootcheck/cli/select.h>
#include <bootcheck/sys/host.h>
#include <bootcheck/sys/json.h>

enum { KEY_JSON = 256, KEY_EXPLAIN, KEY_REFRESH, KEY_OFFLINE };

struct args {
	struct bc_select select;
	bool is_json, is_explaining, is_dry;
	struct bc_build_options build;
};

static const struct argp_option options[] = {
	{"jobs", 'j', "N", 0, "Artifacts at once (default: the processors)", 0},
	{"explain", KEY_EXPLAIN, NULL, 0,
		"Show what the artifacts are made from too, with their keys", 0},
	{"dry-run", 'n', NULL, 0, "Build nothing, say what would be built and why", 0},
	{"refresh", KEY_REFRESH, NULL, 0,
		"Ask the sources again what is newest, whatever was found out before", 0},
	{"offline", KEY_OFFLINE, NULL, 0, "Use no network; what is not in the store is an error",
		0},
	{"json", KEY_JSON, NULL, 0, "Print the artifacts as JSON", 0},
	{0},
};

static int parse_jobs(const char *text, struct argp_state *state)
{
	int64_t n = 0;
	if (!bc_number_parse(text, &n) || n < 1 || n > 1024)
		argp_error(state, "--jobs takes a whole number from 1 to 1024, not '%s'", text);
	return (int)n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->select;
		return 0;
	case 'j':
		args->build.jobs = parse_jobs(arg, state);
		return 0;
	case 'n':
		args->is_dry = true;
		return 0;
	case KEY_EXPLAIN:
		args->is_explaining = true;
		return 0;
	case KEY_REFRESH:
		args->build.refresh = true;
		return 0;
	case KEY_OFFLINE:
		args->build.offline = true;
		return 0;
	case KEY_JSON:
		args->is_json = true;
		return 0;
	case ARGP_KEY_END:
		if (args->build.refresh && args->build.offline)
			argp_error(state, "--refresh needs the network, --offline forbids it");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = {{.argp = &bc_select_argp}, {0}};
static const struct argp argp = {
	.options = options,
	.parser = parse,
	.children = children,
	.args_doc = "[PATH...]",
	.doc = "Builds what the cases boot, without booting: fetches, unpacks and writes what is "
	       "not "
	       "in the store yet, and prints each artifact with its path.\v"
	       "The store is $XDG_CACHE_HOME/bootcheck, or ~/.cache/bootcheck.\n"
	       "Exit status: 0 when all artifacts are there, 2 when a case is wrong, 3 when an "
	       "artifact could not be built, 130 when interrupted.\n\n"
	       "Examples:\n"
	       "  bootcheck build cases/quick\n"
	       "  bootcheck build --explain cases/quick/arm-vexpress-a9.yaml\n"
	       "  bootcheck build -n --refresh\n"
	       "  bootcheck build --json | jq -r '.cases[].artifacts[] | .path // empty'\n",
};

static volatile sig_atomic_t is_interrupted;

static void on_signal(int signum)
{
	(void)signum;
	is_interrupted = 1;
}

static void catch_signals(void)
{
	/* The second one ends the program at once. */
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
}

/* Progress on stderr: a line for each thing that starts and ends; on a terminal also one that is written
 * over, with the bytes. */
static void on_progress(void *ctx, const struct bc_progress *p)
{
	bool is_tty = *(const bool *)ctx;
	BC_AUTO(bc_buf) line = {0};
	char elapsed[32];
	const char *text = p->text ? p->text : "";
	if (is_tty)
		bc_buf_adds(&line, "\r\033[K");
	if (p->kind == BC_PROGRESS_NOTE) {
		bc_buf_adds(&line, "note: ");
		bc_escape_text(&line, text, strlen(text), false);
	} else if (p->kind == BC_PROGRESS_BUILD_SUM) {
		bc_buf_adds(&line, text);
	} else if (p->kind == BC_PROGRESS_BUILD_STEP) {
		if (!is_tty)
			return;
		bc_escape_text(&line, p->id, strlen(p->id), false);
		bc_buf_adds(&line, ": ");
		bc_escape_text(&line, text, strlen(text), false);
		if (p->total)
			bc_buf_addf(&line, " %u%%", (unsigned)(100 * p->done / p->total));
		fwrite(line.data, 1, line.len, stderr);
		return;
	} else if (p->kind == BC_PROGRESS_BUILD_END && strcmp(text, "hit") != 0 &&
		strcmp(text, "needs") != 0) {
		bc_duration_format(p->elapsed_ms, elapsed, sizeof(elapsed));
		bc_escape_text(&line, p->id, strlen(p->id), false);
		bc_buf_adds(&line, ": ");
		bc_escape_text(&line, text, strlen(text), false);
		bc_buf_addf(&line, " (%s)", elapsed);
	} else {
		return;
	}
	bc_buf_addc(&line, '\n');
	fwrite(line.data, 1, line.len, stderr);
}

static const char *state_name(enum bc_node_state state)
{
	static const char *const names[] = {[BC_NODE_HIT] = "hit",
		[BC_NODE_MISS] = "miss",
		[BC_NODE_UNKNOWN] = "unknown",
		[BC_NODE_BUILT] = "built",
		[BC_NODE_FAILED] = "failed"};
	return names[state];
}

struct table {
	const struct args *args;
	const struct bc_case *c; /* whose nodes come */
	struct bc_buf out;
	struct {
		BC_VEC(const char
				*); /* titles of nodes that were printed: their addresses stand for them */
	} seen;
	struct bc_json *list;	    /* of the case, with --json */
	const struct bc_err *worst; /* of the failures: a mistake in a case before all others */
};

static void add_node_json(struct table *t, const struct bc_node_info *info)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set_string(json, "artifact", info->artifact);
	bc_json_set_string(json, "title", info->title);
	bc_json_set_string(json, "state", state_name(info->state));
	bc_json_set_string(json, "why", info->why);
	bc_json_set_string(json, "key", info->key);
	bc_json_set_string(json, "path", info->path);
	bc_json_set_int(json, "depth", info->depth);
	if (info->err) {
		struct bc_json *err = bc_json_new_object();
		bc_json_set_string(err, "code", bc_code_name(info->err->code));
		bc_json_set_string(err, "message", info->err->message);
		bc_json_set_string(err, "hint", info->err->hint[0] ? info->err->hint : NULL);
		bc_json_set(json, "error", err);
	}
	bc_json_append(t->list, json);
}

static void add_field(struct bc_buf *out, const char *label, const char *text)
{
	if (!text || !*text)
		return;
	bc_buf_addf(out, "           %s", label);
	bc_escape_text(out, text, strlen(text), false);
	bc_buf_addc(out, '\n');
}

static void add_node(struct table *t, const struct bc_node_info *info)
{
	bc_vec_each (s, &t->seen)
		if (*s == info->title)
			return;
	bc_vec_push(&t->seen, info->title);
	if (!info->artifact && !t->args->is_explaining && !info->err)
		return;
	bc_buf_addf(&t->out, "  %-7s  ", state_name(info->state));
	if (info->artifact)
		bc_buf_addf(&t->out, "%s: ", info->artifact);
	bc_escape_text(&t->out, info->title, strlen(info->title), false);
	bc_buf_addc(&t->out, '\n');
	bool wants_why = info->state != BC_NODE_HIT || t->args->is_explaining;
	add_field(&t->out, "", info->path);
	add_field(&t->out, "why: ", wants_why && !info->err ? info->why : NULL);
	add_field(&t->out, "key: ", t->args->is_explaining ? info->key : NULL);
	if (info->err && info->err->file[0]) {
		BC_AUTO_FREE char *place = bc_asprintf(
			"%s:%d: %s", info->err->file, info->err->line, info->err->message);
		add_field(&t->out, "error: ", place);
	} else {
		add_field(&t->out, "error: ", info->err ? info->err->message : NULL);
	}
	add_field(&t->out, "hint: ", info->err ? info->err->hint : NULL);
}

static void on_node(void *ctx, const struct bc_node_info *info)
{
	struct table *t = ctx;
	/* A case that is about an artifact that must not be built is none the worse for it. */
	bool is_meant = t->c->outcome.verdict == BC_ERROR;
	if (info->err && !is_meant && (!t->worst || info->err->code == BC_E_CASE))
		t->worst = info->err;
	if (t->list)
		add_node_json(t, info);
	else
		add_node(t, info);
}

static void print(struct bc_build *build, const struct bc_plan *plan, struct table *t)
{
	BC_AUTO_JSON *json = bc_json_new_object();
	struct bc_json *cases = bc_json_new_array();
	for (size_t i = 0; i < plan->len; i++) {
		const struct bc_case *c = plan->items[i];
		t->c = c;
		if (!t->args->is_json) {
			size_t before = t->out.len;
			bc_buf_addf(&t->out, "%s\n", c->id);
			size_t head = t->out.len;
			bc_build_explain(build, c, on_node, t);
			/* All it needs was listed under an earlier case. */
			if (t->out.len == head)
				t->out.len = before;
			t->out.data[t->out.len] = '\0';
			continue;
		}
		struct bc_json *one = bc_json_new_object();
		t->list = bc_json_new_array();
		bc_build_explain(build, c, on_node, t);
		bc_json_set_string(one, "id", c->id);
		bc_json_set(one, "artifacts", t->list);
		bc_json_append(cases, one);
	}
	bc_json_set(json, "cases", cases);
	if (t->args->is_json)
		bc_json_print(json, true, &t->out);
	if (t->out.len)
		printf("%s%s", t->out.data, t->args->is_json ? "\n" : "");
}

static int build_plan(const struct args *args, const struct bc_plan *plan)
{
	struct bc_err err;
	int code = BC_EXIT_OK;
	struct bc_build *build = bc_build_new(&args->build, &err);
	if (!build)
		return bc_cli_error(&err);
	for (size_t i = 0; i < plan->len; i++)
		if (!bc_build_add_case(build, plan->items[i], &err))
			code = bc_cli_error(&err);
	if (code == BC_EXIT_OK) {
		struct table t = {.args = args};
		if (!args->is_dry && !bc_build_run(build, &err))
			code = bc_cli_error(&err);
		else
			print(build, plan, &t);
		if (code == BC_EXIT_OK && t.worst)
			code = t.worst->code == BC_E_CASE ? BC_EXIT_USAGE : BC_EXIT_ENVIRONMENT;
		bc_buf_release(&t.out);
		free(t.seen.items);
	}
	bc_build_free(build);
	return code;
}

static int run(int argc, char **argv)
{
	struct args args = {.build.jobs = bc_host_cpus()};
	bool is_tty = isatty(STDERR_FILENO);
	bc_select_init(&args.select);
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	args.build.cancelled = (const volatile int *)&is_interrupted;
	args.build.watcher = (struct bc_watcher){on_progress, &is_tty};
	catch_signals();
	struct bc_plan *plan = NULL;
	int code = bc_select_load(&args.select, &plan);
	if (code == BC_EXIT_OK)
		code = build_plan(&args, plan);
	bc_plan_free(plan);
	bc_select_release(&args.select);
	return code;
}

const struct bc_command_line bc_cmd_build = {
	.name = "build",
	.summary = "fetch and build what the cases boot, without booting",
	.run = run,
};
