#include <bootcheck/base/text.h>
#include <bootcheck/build/build.h>
#include <bootcheck/cli/cli.h>
#include <bootcheck/cli/select.h>
#include <bootcheck/sys/host.h>
#include <bootcheck/sys/json.h>

enum { KEY_JSON = 256 };

struct args {
	struct bc_select select;
	bool is_json;
};

static const struct argp_option options[] = {
	{"json", KEY_JSON, NULL, 0, "Print the cases as JSON", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &args->select;
		return 0;
	case KEY_JSON:
		args->is_json = true;
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
	.doc = "Lists the cases with their matrix expanded: id, labels, machine, and why a case "
	       "would be skipped here. PATH is a file or a folder that is searched for *.yaml and "
	       "*.yml (default: cases).\v"
	       "Exit status: 0, or 2 when a case has an error or none is selected.\n\n"
	       "Examples:\n"
	       "  bootcheck list\n"
	       "  bootcheck list --label arm --label '!slow' cases\n"
	       "  bootcheck list --filter 'arm-virt[cpu=*]' cases/quick\n"
	       "  bootcheck list --json | jq -r '.cases[].id'\n",
};

/* The emulator's name; the caller frees. */
static char *emulator(const struct bc_machine *m)
{
	return m->qemu ? bc_strdup(m->qemu) : bc_asprintf("qemu-system-%s", m->arch);
}

/* Why the case cannot run on this host; NULL when it can. The caller frees. */
static char *skip_reason(const struct bc_case *c)
{
	BC_AUTO_FREE char *name = emulator(&c->machine);
	BC_AUTO_FREE char *path = bc_host_find(name);
	const char *package = bc_host_package(name);
	if (path)
		return NULL;
	if (!package)
		return bc_asprintf("%s is not installed", name);
	return bc_asprintf("%s is not installed (apt-get install %s)", name, package);
}

/* What the case needs that may be in its way: programs that its artifacts are built with, unless they are in the store,
 * and the network. */
static void missing_programs(const struct bc_case *c, struct bc_strs *out)
{
	BC_AUTO(bc_strs) programs = {0};
	uint64_t bytes = 0;
	bc_build_needs(c, &programs, &bytes);
	for (size_t i = 0; i < programs.len; i++) {
		BC_AUTO_FREE char *path = bc_host_find(programs.items[i]);
		if (!path && !bc_strs_has(out, programs.items[i]))
			bc_strs_add(out, programs.items[i]);
	}
}

static char *note_of(const struct bc_case *c)
{
	BC_AUTO(bc_buf) note = {0};
	BC_AUTO(bc_strs) missing = {0};
	BC_AUTO_FREE char *skip = skip_reason(c);
	if (skip)
		bc_buf_addf(&note, "skip: %s", skip);
	missing_programs(c, &missing);
	for (size_t i = 0; i < missing.len; i++) {
		const char *package = bc_host_package(missing.items[i]);
		bc_buf_addf(&note, "%sneeds %s to build%s%s%s", note.len ? "; " : "",
			missing.items[i], package ? " (apt-get install " : "",
			package ? package : "", package ? ")" : "");
	}
	if (c->needs_network)
		bc_buf_addf(&note, "%sneeds the network", note.len ? "; " : "");
	return note.len ? bc_buf_take(&note) : bc_strdup("");
}

static struct bc_json *strings(const struct bc_strs *list)
{
	struct bc_json *json = bc_json_new_array();
	for (size_t i = 0; i < list->len; i++)
		bc_json_append(json, bc_json_new_string(list->items[i]));
	return json;
}

static struct bc_json *machine_json(const struct bc_machine *m)
{
	struct bc_json *json = bc_json_new_object();
	BC_AUTO_FREE char *qemu = emulator(m);
	bc_json_set_string(json, "arch", m->arch);
	bc_json_set_string(json, "model", m->model);
	bc_json_set_string(json, "cpu", m->cpu);
	bc_json_set_int(json, "cpus", m->cpus);
	bc_json_set_int(json, "memory_bytes", (int64_t)m->memory_bytes);
	bc_json_set_string(json, "qemu", qemu);
	return json;
}

static struct bc_json *case_json(const struct bc_case *c)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set_string(json, "id", c->id);
	bc_json_set_string(json, "name", c->name);
	bc_json_set_string(json, "summary", c->summary);
	bc_json_set_string(json, "file", c->file);
	bc_json_set_int(json, "line", c->loc.line);
	bc_json_set(json, "labels", strings(&c->labels));
	struct bc_json *cell = bc_json_new_object();
	for (size_t i = 0; i + 1 < c->cell.len; i += 2)
		bc_json_set_string(cell, c->cell.items[i], c->cell.items[i + 1]);
	bc_json_set(json, "matrix", cell);
	bc_json_set(json, "machine", machine_json(&c->machine));
	struct bc_json *needs = bc_json_new_array();
	for (size_t i = 0; i < c->artifacts.len; i++) {
		struct bc_json *artifact = bc_json_new_object();
		bc_json_set_string(artifact, "name", c->artifacts.items[i].name);
		bc_json_set_string(artifact, "kind", c->artifacts.items[i].kind);
		bc_json_append(needs, artifact);
	}
	bc_json_set(json, "artifacts", needs);
	bc_json_set_string(json, "outcome", bc_verdict_name(c->outcome.verdict));
	BC_AUTO_FREE char *skip = skip_reason(c);
	bc_json_set_string(json, "skip", skip);
	BC_AUTO(bc_strs) missing = {0};
	missing_programs(c, &missing);
	bc_json_set(json, "missing", strings(&missing));
	bc_json_set_bool(json, "needs_network", c->needs_network);
	return json;
}

static void print_json(const struct bc_plan *plan)
{
	BC_AUTO_JSON *json = bc_json_new_object();
	struct bc_json *cases = bc_json_new_array();
	for (size_t i = 0; i < plan->len; i++)
		bc_json_append(cases, case_json(plan->items[i]));
	bc_json_set(json, "cases", cases);
	BC_AUTO(bc_buf) text = {0};
	bc_json_print(json, true, &text);
	printf("%s\n", text.data);
}

static char *join(const struct bc_strs *list)
{
	BC_AUTO(bc_buf) out = {0};
	for (size_t i = 0; i < list->len; i++)
		bc_buf_addf(&out, "%s%s", i ? "," : "", list->items[i]);
	return bc_buf_take(&out);
}

static size_t widest(size_t a, const char *text)
{
	size_t n = strlen(text);
	return n > a ? n : a;
}

/* The model without its options; --json has them. */
static size_t model_length(const struct bc_case *c)
{
	return strcspn(c->machine.model, ",");
}

static void print_table(const struct bc_plan *plan)
{
	size_t id = 2, machine = 7, labels = 6;
	for (size_t i = 0; i < plan->len; i++) {
		const struct bc_case *c = plan->items[i];
		BC_AUTO_FREE char *list = join(&c->labels);
		id = widest(id, c->id);
		labels = widest(labels, list);
		size_t n = strlen(c->machine.arch) + 1 + model_length(c);
		machine = n > machine ? n : machine;
	}
	BC_AUTO(bc_buf) out = {0};
	bc_buf_addf(&out, "%-*s  %-*s  %-*s  %s\n", (int)id, "ID", (int)machine, "MACHINE",
		(int)labels, "LABELS", "NOTE");
	for (size_t i = 0; i < plan->len; i++) {
		const struct bc_case *c = plan->items[i];
		BC_AUTO_FREE char *list = join(&c->labels);
		BC_AUTO_FREE char *where = bc_asprintf(
			"%s/%.*s", c->machine.arch, (int)model_length(c), c->machine.model);
		BC_AUTO_FREE char *note = note_of(c);
		BC_AUTO_FREE char *line = bc_asprintf("%-*s  %-*s  %-*s  %s", (int)id, c->id,
			(int)machine, where, (int)labels, list, note);
		size_t n = strlen(line);
		while (n && line[n - 1] == ' ')
			n--;
		bc_escape_text(&out, line, n, false);
		bc_buf_addc(&out, '\n');
	}
	bc_buf_addf(&out, "%zu case%s\n", plan->len, plan->len == 1 ? "" : "s");
	fwrite(out.data, 1, out.len, stdout);
}

static int run(int argc, char **argv)
{
	struct args args = {0};
	bc_select_init(&args.select);
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	struct bc_plan *plan = NULL;
	int code = bc_select_load(&args.select, &plan);
	if (code == BC_EXIT_OK && args.is_json)
		print_json(plan);
	else if (code == BC_EXIT_OK)
		print_table(plan);
	bc_plan_free(plan);
	bc_select_release(&args.select);
	return code;
}

const struct bc_command_line bc_cmd_list = {
	.name = "list",
	.summary = "list the cases, their machines and why they would be skipped",
	.run = run,
};
