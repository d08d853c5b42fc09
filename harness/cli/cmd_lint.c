#include <bootcheck/cli/cli.h>
#include <bootcheck/cli/emulators.h>
#include <bootcheck/cli/select.h>
#include <bootcheck/sys/json.h>

enum { KEY_JSON = 256, KEY_SCHEMA, KEY_MANUAL, KEY_SET };

struct args {
	struct bc_select select;
	bool is_json, is_schema, is_manual;
};

static const struct argp_option options[] = {
	{"json", KEY_JSON, NULL, 0, "Print the findings as JSON", 0},
	{"schema", KEY_SCHEMA, NULL, 0,
		"Print the JSON Schema of the case format and do nothing else", 0},
	{"manual", KEY_MANUAL, NULL, 0,
		"Print the reference part of bootcheck-case(5) in roff and do nothing else", 0},
	{"set", KEY_SET, "KEY=VALUE", 0,
		"Give a variable, or an axis of the matrix, this one value", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	switch (key) {
	case KEY_JSON:
		args->is_json = true;
		return 0;
	case KEY_SCHEMA:
		args->is_schema = true;
		return 0;
	case KEY_MANUAL:
		args->is_manual = true;
		return 0;
	case KEY_SET:
		if (!strchr(arg, '='))
			argp_error(state, "'%s' is not KEY=VALUE", arg);
		bc_strs_add(&args->select.options.sets, arg);
		return 0;
	case ARGP_KEY_ARG:
		bc_strs_add(&args->select.paths, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[PATH...]",
	.doc = "Checks case files, and nothing else: every finding with its place, the line and "
	       "what to do. PATH is a file or a folder that is searched for *.yaml and *.yml "
	       "(default: cases).\v"
	       "Exit status: 0 without errors (warnings are fine), 2 with errors.\n\n"
	       "Examples:\n"
	       "  bootcheck lint\n"
	       "  bootcheck lint cases/arm my-case.yaml\n"
	       "  bootcheck lint --json cases | jq '.findings[].check'\n"
	       "  bootcheck lint --schema > docs/case.schema.json\n",
};

static void set_place(struct bc_json *to, struct bc_loc loc)
{
	bc_json_set_string(to, "file", loc.file);
	if (loc.line)
		bc_json_set_int(to, "line", loc.line);
	if (loc.line && loc.col)
		bc_json_set_int(to, "col", loc.col);
	if (loc.line && loc.span)
		bc_json_set_int(to, "span", loc.span);
}

static struct bc_json *finding_json(const struct bc_finding *f)
{
	static const char *const severity[] = {"error", "warning", "note"};
	struct bc_json *json = bc_json_new_object();
	bc_json_set_string(json, "severity", severity[f->severity]);
	bc_json_set_string(json, "check", f->check);
	set_place(json, f->loc);
	bc_json_set_string(json, "message", f->message);
	bc_json_set_string(json, "hint", f->hint);
	struct bc_json *notes = bc_json_new_array();
	for (size_t i = 0; i < f->notes.len; i++) {
		struct bc_json *note = bc_json_new_object();
		set_place(note, f->notes.items[i].loc);
		bc_json_set_string(note, "message", f->notes.items[i].text);
		bc_json_append(notes, note);
	}
	bc_json_set(json, "notes", notes);
	return json;
}

static void print_json(const struct bc_plan *plan, const struct bc_diag *diag)
{
	BC_AUTO_JSON *json = bc_json_new_object();
	bc_json_set_int(json, "cases", (int64_t)plan->len);
	bc_json_set_int(json, "files", (int64_t)bc_plan_file_count(plan));
	bc_json_set_int(json, "errors", (int64_t)diag->errors);
	bc_json_set_int(json, "warnings", (int64_t)diag->warnings);
	struct bc_json *findings = bc_json_new_array();
	for (size_t i = 0; i < diag->len; i++)
		bc_json_append(findings, finding_json(diag->items[i]));
	bc_json_set(json, "findings", findings);
	BC_AUTO(bc_buf) text = {0};
	bc_json_print(json, true, &text);
	printf("%s\n", text.data);
}

static void print_tables(const struct args *args)
{
	BC_AUTO(bc_buf) text = {0};
	if (args->is_schema)
		bc_plan_schema(&args->select.options, &text);
	if (args->is_manual)
		bc_plan_manual(&args->select.options, &text);
	fwrite(text.data, 1, text.len, stdout);
}

/* A machine or CPU that the emulator here does not have. Only a warning: another host's may. */
static void ask_emulators(const struct bc_plan *plan, struct bc_diag *diag)
{
	BC_AUTO(bc_emulators) emulators = {0};
	BC_AUTO(bc_strs) seen = {0}; /* many cases share one part file */
	for (size_t i = 0; i < plan->len; i++) {
		const struct bc_case *c = plan->items[i];
		struct bc_err err;
		if (bc_emulators_check(&emulators, c, &err) || err.code != BC_E_CASE)
			continue;
		BC_AUTO_FREE char *place = bc_asprintf("%s:%d:%d", err.file, err.line, err.col);
		if (bc_strs_has(&seen, place))
			continue;
		bc_strs_add(&seen, place);
		bool is_cpu = c->machine.cpu && err.line == c->machine.cpu_loc.line &&
			err.col == c->machine.cpu_loc.col;
		struct bc_finding *f = bc_diag_add(diag, BC_SEV_WARNING,
			is_cpu ? "unknown-cpu" : "unknown-machine",
			is_cpu ? c->machine.cpu_loc : c->machine.model_loc, "%s", err.message);
		bc_finding_hint(f, "%s", err.hint);
	}
	bc_diag_sort(diag);
}

static int lint(struct args *args)
{
	BC_AUTO(bc_diag) diag = {0};
	struct bc_err err;
	struct bc_plan *plan = bc_select_open(&args->select, &diag, &err);
	if (!plan)
		return bc_cli_error(&err);
	ask_emulators(plan, &diag);
	if (args->is_json) {
		print_json(plan, &diag);
	} else {
		bc_select_print(plan, &diag, stdout);
		size_t files = bc_plan_file_count(plan);
		printf("%zu case%s in %zu file%s%s\n", plan->len, plan->len == 1 ? "" : "s", files,
			files == 1 ? "" : "s", diag.len ? "" : ", no findings");
	}
	bc_plan_free(plan);
	return diag.errors ? BC_EXIT_USAGE : BC_EXIT_OK;
}

static int run(int argc, char **argv)
{
	struct args args = {0};
	bc_select_init(&args.select);
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	int code = BC_EXIT_OK;
	if (args.is_schema || args.is_manual)
		print_tables(&args);
	else
		code = lint(&args);
	bc_select_release(&args.select);
	return code;
}

const struct bc_command_line bc_cmd_lint = {
	.name = "lint",
	.summary = "check case files only",
	.run = run,
};
