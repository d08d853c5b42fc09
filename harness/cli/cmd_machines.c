#include <argp.h>
#include <fnmatch.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/cli/cli.h>
#include <bootcheck/sys/emulator.h>
#include <bootcheck/sys/host.h>
#include <bootcheck/sys/json.h>

enum { KEY_JSON = 256, KEY_CPUS };

struct args {
	const char *arch, *filter; /* NULL = all */
	bool is_json, with_cpus;
};

static const struct argp_option options[] = {
	{"json", KEY_JSON, NULL, 0, "Print JSON", 0},
	{"cpus", KEY_CPUS, NULL, 0, "Print the processors too", 0},
	{"filter", 'f', "GLOB", 0, "Only machines and processors whose name fits; * and ? are wild",
		0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	switch (key) {
	case KEY_JSON:
		args->is_json = true;
		return 0;
	case KEY_CPUS:
		args->with_cpus = true;
		return 0;
	case 'f':
		args->filter = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->arch)
			argp_error(state, "one ARCH at most");
		args->arch = bc_has_prefix(arg, "qemu-system-") ? arg + 12 : arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[ARCH]",
	.doc = "Lists the QEMU system emulators on PATH with their versions and machines, as each "
	       "emulator itself describes them. ARCH is what follows qemu-system-, such as "
	       "aarch64.\v"
	       "Exit status: 0; 2 for an unknown ARCH or a GLOB that fits nothing; 3 when there is "
	       "no working emulator.\n\n"
	       "Examples:\n"
	       "  bootcheck machines\n"
	       "  bootcheck machines arm --filter 'vexpress-*'\n"
	       "  bootcheck machines aarch64 --cpus\n"
	       "  bootcheck machines --json | jq '.emulators[].machines[].name'\n",
};

static bool fits(const struct args *args, const char *name)
{
	return !args->filter || fnmatch(args->filter, name, 0) == 0;
}

/* How many machines and processors of the emulator are to be shown. */
static size_t count(const struct args *args, const struct bc_emulator *e)
{
	size_t n = 0;
	bc_vec_each (m, &e->machines)
		n += fits(args, m->name);
	if (args->with_cpus)
		bc_vec_each (c, &e->cpus)
			n += fits(args, c->name);
	return n;
}

static struct bc_json *to_json(const struct args *args, const struct bc_emulator *e)
{
	struct bc_json *o = bc_json_new_object(), *machines = bc_json_new_array(),
		       *cpus = bc_json_new_array();
	bc_vec_each (m, &e->machines) {
		if (!fits(args, m->name))
			continue;
		struct bc_json *item = bc_json_new_object();
		bc_json_set_string(item, "name", m->name);
		bc_json_set_string(item, "description", m->summary);
		bc_json_set_string(item, "alias_of", m->alias_of);
		bc_json_set_bool(item, "default", m->is_default);
		bc_json_set_bool(item, "deprecated", m->is_deprecated);
		bc_json_append(machines, item);
	}
	bc_vec_each (c, &e->cpus) {
		if (!fits(args, c->name))
			continue;
		struct bc_json *item = bc_json_new_object();
		bc_json_set_string(item, "name", c->name);
		bc_json_set_string(item, "description", c->summary);
		bc_json_append(cpus, item);
	}
	bc_json_set_string(o, "name", e->name);
	bc_json_set_string(o, "arch", e->arch);
	bc_json_set_string(o, "path", e->path);
	bc_json_set_string(o, "version", e->version);
	bc_json_set_string(o, "package", e->package);
	bc_json_set(o, "machines", machines);
	if (args->with_cpus)
		bc_json_set(o, "cpus", cpus);
	else
		bc_json_free(cpus);
	return o;
}

/* A row of two columns; the text comes from a program and is made safe. */
static void add_row(struct bc_buf *out, const char *name, const char *text, const char *marks)
{
	BC_AUTO_FREE char *row = bc_asprintf("  %-20s %s%s", name, text, marks);
	size_t n = strlen(row);
	while (n && row[n - 1] == ' ')
		n--;
	bc_escape_text(out, row, n, false);
	bc_buf_addc(out, '\n');
}

static void add_text(const struct args *args, const struct bc_emulator *e, struct bc_buf *out)
{
	bool color = bc_cli_color(STDOUT_FILENO);
	BC_AUTO_FREE char *about = bc_asprintf(" %s%s%s%s  %s", e->version, *e->package ? " (" : "",
		e->package, *e->package ? ")" : "", e->path);
	bc_buf_adds(out, color ? "\033[1m" : "");
	bc_escape_text(out, e->name, strlen(e->name), false);
	bc_buf_adds(out, color ? "\033[0m" : "");
	bc_escape_text(out, about, strlen(about), false);
	bc_buf_addc(out, '\n');
	bc_vec_each (m, &e->machines) {
		BC_AUTO(bc_buf) marks = {0};
		if (m->alias_of)
			bc_buf_addf(&marks, " (alias of %s)", m->alias_of);
		if (m->is_default)
			bc_buf_adds(&marks, " (default)");
		if (m->is_deprecated)
			bc_buf_adds(&marks, " (deprecated)");
		if (fits(args, m->name))
			add_row(out, m->name, m->summary, marks.data ? marks.data : "");
	}
	if (!args->with_cpus)
		return;
	bc_buf_adds(out, "  CPUs:\n");
	bc_vec_each (c, &e->cpus)
		if (fits(args, c->name))
			add_row(out, c->name, c->summary, "");
}

/* No emulator for the architecture that was asked for, or none at all. */
static int none_found(const struct args *args, const struct bc_strs *all)
{
	struct bc_err err;
	if (!args->arch) {
		(void)bc_fail(&err, BC_E_MISSING, 0, "no QEMU system emulator is on PATH");
		(void)bc_err_hint(
			&err, "apt-get install qemu-system-arm (or -x86, -ppc, -mips, -misc)");
		return bc_cli_error(&err);
	}
	BC_AUTO_FREE char *program = bc_asprintf("qemu-system-%s", args->arch);
	const char *package = bc_host_package(program);
	if (package) {
		(void)bc_fail(&err, BC_E_MISSING, 0, "%s is not installed", program);
		(void)bc_err_hint(&err, "apt-get install %s", package);
		return bc_cli_error(&err);
	}
	BC_AUTO(bc_strs) archs = {0};
	for (size_t i = 0; i < all->len; i++)
		bc_strs_add(&archs, bc_path_base(all->items[i]) + 12);
	const char *near = bc_suggest(args->arch, (const char *const *)bc_strs_argv(&archs));
	(void)bc_fail(&err, BC_E_USAGE, 0, "there is no %s here", program);
	(void)bc_err_hint(&err, near ? "did you mean '%s'?" : "`bootcheck machines` lists them%s",
		near ? near : "");
	return bc_cli_error(&err);
}

/* Reads the emulators and adds them to one of the outputs. Returns how many entries were shown; *loaded
 * counts the emulators that answered. */
static size_t collect(const struct args *args, const struct bc_strs *paths, struct bc_json *json,
	struct bc_buf *text, size_t *loaded)
{
	size_t shown = 0;
	for (size_t i = 0; i < paths->len; i++) {
		BC_AUTO(bc_emulator) e = {0};
		struct bc_err err;
		if (!bc_emulator_load(paths->items[i], NULL, &e, &err)) {
			(void)bc_cli_error(&err);
			continue;
		}
		++*loaded;
		size_t n = count(args, &e);
		shown += n;
		if (!n)
			continue;
		if (args->is_json)
			bc_json_append(json, to_json(args, &e));
		else
			add_text(args, &e, text);
	}
	return shown;
}

static int list(const struct args *args)
{
	BC_AUTO(bc_strs) all = {0}, wanted = {0};
	bc_host_find_all("qemu-system-", &all);
	for (size_t i = 0; i < all.len; i++)
		if (!args->arch || strcmp(bc_path_base(all.items[i]) + 12, args->arch) == 0)
			bc_strs_add(&wanted, all.items[i]);
	if (!wanted.len)
		return none_found(args, &all);
	BC_AUTO(bc_buf) text = {0};
	BC_AUTO_JSON *json = bc_json_new_object();
	struct bc_json *emulators = bc_json_new_array();
	size_t loaded = 0, shown = collect(args, &wanted, emulators, &text, &loaded);
	bc_json_set(json, "emulators", emulators);
	if (!loaded)
		return BC_EXIT_ENVIRONMENT;
	if (args->is_json) {
		bc_json_print(json, true, &text);
		bc_buf_addc(&text, '\n');
	}
	fwrite(text.data ? text.data : "", 1, text.len, stdout);
	if (shown)
		return BC_EXIT_OK;
	struct bc_err err;
	(void)bc_fail(&err, BC_E_USAGE, 0, "nothing fits '%s'", args->filter);
	(void)bc_err_hint(&err, "a GLOB covers the whole name: --filter '*%s*'", args->filter);
	return bc_cli_error(&err);
}

static int run(int argc, char **argv)
{
	struct args args = {0};
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	return list(&args);
}

const struct bc_command_line bc_cmd_machines = {
	.name = "machines",
	.summary = "list the QEMU emulators here and their machines",
	.run = run,
};
