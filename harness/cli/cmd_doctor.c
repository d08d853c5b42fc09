#include <argp.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/graph.h>
#include <bootcheck/cli/cli.h>
#include <bootcheck/cli/emulators.h>
#include <bootcheck/cli/select.h>
#include <bootcheck/serve/services.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>
#include <bootcheck/sys/json.h>

/* What an unpacked kernel package with its modules takes, and a guest besides its RAM; both measured
 * on Debian's kernels and rounded up. */
#define PACKAGE_BYTES	    ((uint64_t)400 << 20)
#define GUEST_EXTRA_BYTES   ((uint64_t)192 << 20)
#define MAX_APT_SOURCE_FILE (1 << 20)

enum { KEY_JSON = 256 };

struct args {
	struct bc_select select;
	bool is_json;
};

static const struct argp_option options[] = {
	{"json", KEY_JSON, NULL, 0, "Print JSON", 0},
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
	.doc = "Says what the cases need from this host, what is there, and the one command that "
	       "installs the rest. Nothing is fetched, built or booted. PATH is a file or a folder "
	       "(default: cases).\v"
	       "Exit status: 0 when nothing is missing, 3 when something is, 2 when a case has an "
	       "error.\n\n"
	       "Examples:\n"
	       "  bootcheck doctor\n"
	       "  bootcheck doctor cases/quick --label arm\n"
	       "  bootcheck doctor --json | jq -r .install\n",
};

enum state { STATE_OK, STATE_MISSING, STATE_INFO };

struct check {
	enum state state;
	char *what;   /* "qemu-system-arm" */
	char *detail; /* may be "" */
	size_t cases; /* that need it; 0 = all */
};

struct report {
	BC_VEC(struct check);
	struct bc_strs packages; /* to install */
	size_t missing;
};

static void report_release(struct report *r)
{
	bc_vec_each (c, r) {
		free(c->what);
		free(c->detail);
	}
	free(r->items);
	bc_strs_release(&r->packages);
}

static void add(struct report *r, enum state state, size_t cases, const char *what, char *detail)
{
	struct check c = {state, bc_strdup(what), detail, cases};
	r->missing += state == STATE_MISSING;
	bc_vec_push(r, c);
}

static void need_package(struct report *r, const char *package)
{
	if (package && !bc_strs_has(&r->packages, package))
		bc_strs_add(&r->packages, package);
}

/* What the cases ask for. */
struct needs {
	size_t apt_cases;
	struct bc_strs packages; /* different apt sources */
	uint64_t guest_bytes;	 /* the largest guest */
	struct bc_strs programs; /* that builds call */
	uint64_t build_bytes;
};

/* Depth is bounded by the plan, which refuses deeper files. */
static bool collect_apt(const struct bc_value *value, struct bc_strs *packages)
{
	const char *name = value->kind == BC_VALUE_MAP ? bc_value_text(value, "apt", NULL) : NULL;
	bool found = name != NULL;
	if (name && !bc_strs_has(packages, name))
		bc_strs_add(packages, name);
	for (size_t i = 0; i < value->len; i++)
		found |= collect_apt(value->items[i], packages);
	return found;
}

/* Cases share most of what they build: the largest one tells the size. */
static void collect_builds(const struct bc_case *c, struct needs *needs)
{
	uint64_t bytes = 0;
	bc_build_needs(c, &needs->programs, &bytes);
	if (bytes > needs->build_bytes)
		needs->build_bytes = bytes;
}

static void collect(const struct bc_plan *plan, struct needs *needs)
{
	for (size_t i = 0; i < plan->len; i++) {
		const struct bc_case *c = plan->items[i];
		bool has_apt = false;
		bc_vec_each (a, &c->artifacts) {
			/* `kernel: {apt: NAME}`: the kind is the tag, NAME is its own value. */
			if (strcmp(a->kind, "apt") == 0 && a->params->kind == BC_VALUE_SCALAR) {
				has_apt = true;
				if (!bc_strs_has(&needs->packages, a->params->text))
					bc_strs_add(&needs->packages, a->params->text);
			} else {
				has_apt |= collect_apt(a->params, &needs->packages);
			}
		}
		needs->apt_cases += has_apt;
		collect_builds(c, needs);
		if (c->machine.memory_bytes > needs->guest_bytes)
			needs->guest_bytes = c->machine.memory_bytes;
	}
}

static void check_emulators(
	const struct bc_plan *plan, struct bc_emulators *emulators, struct report *r)
{
	BC_AUTO(bc_strs) seen = {0};
	for (size_t i = 0; i < plan->len; i++) {
		BC_AUTO_FREE char *program = bc_emulators_program(&plan->items[i]->machine);
		if (bc_strs_has(&seen, program))
			continue;
		bc_strs_add(&seen, program);
		size_t cases = 0;
		for (size_t k = i; k < plan->len; k++) {
			BC_AUTO_FREE char *other = bc_emulators_program(&plan->items[k]->machine);
			cases += strcmp(other, program) == 0;
		}
		struct bc_err err;
		const struct bc_emulator *e = bc_emulators_get(emulators, program, &err);
		if (e) {
			add(r, STATE_OK, cases, program, bc_strdup(e->version));
			continue;
		}
		bool is_absent = err.code == BC_E_MISSING;
		const char *package = is_absent ? bc_host_package(program) : NULL;
		need_package(r, package);
		add(r, STATE_MISSING, cases, program,
			is_absent ? bc_asprintf("not installed%s%s", package ? ", package " : "",
					    package ? package : "")
				  : bc_asprintf("%s %s", err.message, err.hint));
	}
}

/* Only what is wrong: a machine that is known is no news. */
static void check_machines(
	const struct bc_plan *plan, struct bc_emulators *emulators, struct report *r)
{
	BC_AUTO(bc_strs) seen = {0};
	for (size_t i = 0; i < plan->len; i++) {
		const struct bc_case *c = plan->items[i];
		struct bc_err err;
		if (bc_emulators_check(emulators, c, &err) || err.code != BC_E_CASE)
			continue;
		if (bc_strs_has(&seen, err.message))
			continue;
		bc_strs_add(&seen, err.message);
		add(r, STATE_MISSING, 1, c->id, bc_asprintf("%s; %s", err.message, err.hint));
	}
}

static void check_file(const struct bc_case *c, const char *text, struct report *r)
{
	if (!text || strstr(text, "${"))
		return;
	BC_AUTO_FREE char *path = bc_case_path(c, text);
	if (!path)
		add(r, STATE_MISSING, 1, c->id, bc_asprintf("there is no file %s", text));
}

/* Only what is not there, of the files that the cases name themselves. */
static void check_files(const struct bc_plan *plan, struct report *r)
{
	for (size_t i = 0; i < plan->len; i++) {
		const struct bc_case *c = plan->items[i];
		check_file(c, c->boot.kernel, r);
		check_file(c, c->boot.dtb, r);
		check_file(c, c->boot.initrd, r);
		check_file(c, c->boot.bios, r);
		bc_vec_each (drive, &c->boot.drives)
			check_file(c, drive->file, r);
	}
}

/* True if apt's configuration names a source of binary packages. */
static bool has_apt_sources(void)
{
	BC_AUTO(bc_strs) files = {0};
	bc_strs_add(&files, "/etc/apt/sources.list");
	BC_AUTO(bc_strs) names = {0};
	(void)!bc_fs_list("/etc/apt/sources.list.d", &names, NULL);
	bc_vec_each (name, &names)
		bc_strs_addf(&files, "/etc/apt/sources.list.d/%s", *name);
	bc_vec_each (file, &files) {
		BC_AUTO(bc_buf) text = {.max = MAX_APT_SOURCE_FILE};
		if (!bc_fs_read(*file, MAX_APT_SOURCE_FILE, &text, NULL) || !text.data)
			continue;
		if (strncmp(text.data, "deb ", 4) == 0 || strstr(text.data, "\ndeb ") ||
			strstr(text.data, "Types:"))
			return true;
	}
	return false;
}

static void check_apt(const struct needs *needs, struct report *r)
{
	if (!needs->apt_cases)
		return;
	BC_AUTO_FREE char *program = bc_host_find("apt-get");
	if (!program) {
		add(r, STATE_MISSING, needs->apt_cases, "apt-get",
			bc_strdup("not installed: `apt:` sources need a Debian host"));
		return;
	}
	bool has_sources = has_apt_sources();
	add(r, has_sources ? STATE_OK : STATE_MISSING, needs->apt_cases, "apt sources",
		bc_strdup(has_sources ? ""
				      : "no deb line in /etc/apt/sources.list or sources.list.d"));
}

static void check_programs(const struct needs *needs, struct report *r)
{
	bc_vec_each (name, &needs->programs) {
		BC_AUTO_FREE char *path = bc_host_find(*name);
		const char *package = bc_host_package(*name);
		add(r, path ? STATE_OK : STATE_MISSING, 0, *name,
			bc_strdup(path		  ? ""
					: package ? package
						  : "in no package that is known here"));
		if (!path)
			need_package(r, package);
	}
}

/* The servers of boots, and the network that they run in. */
static void check_services(const struct bc_plan *plan, struct needs *needs, struct report *r)
{
	size_t cases = 0;
	for (size_t i = 0; i < plan->len; i++) {
		const struct bc_case *c = plan->items[i];
		bc_services_programs(c, &needs->programs);
		cases += bc_services_want_netns(c);
	}
	struct bc_err err;
	if (!cases)
		return;
	bool ok = bc_services_check_netns(&err);
	add(r, ok ? STATE_OK : STATE_MISSING, cases, "network namespace",
		ok ? bc_strdup("") : bc_asprintf("%s; %s", err.message, err.hint));
}

/* The nearest folder above path that exists; the caller frees. */
static char *existing(const char *path)
{
	char *at = bc_fs_absolute(path);
	while (!bc_fs_exists(at) && strcmp(at, "/") != 0) {
		char *up = bc_path_dir(at);
		free(at);
		at = up;
	}
	return at;
}

static void check_folder(struct report *r, const char *what, const char *path, uint64_t needed)
{
	BC_AUTO_FREE char *at = existing(path);
	if (!bc_fs_is_dir(at) || access(at, W_OK | X_OK) != 0) {
		add(r, STATE_MISSING, 0, what, bc_asprintf("%s cannot be written", at));
		return;
	}
	int64_t room = bc_host_disk_free(at);
	char have[32], want[32];
	bc_size_format(room > 0 ? (uint64_t)room : 0, have, sizeof(have));
	bc_size_format(needed, want, sizeof(want));
	bool is_enough = room < 0 || (uint64_t)room >= needed;
	add(r, is_enough ? STATE_OK : STATE_MISSING, 0, what,
		bc_asprintf("%s, %s free, up to %s needed", path, have, want));
}

static void check_memory(const struct needs *needs, struct report *r)
{
	char have[32], want[32];
	uint64_t room = bc_host_memory_free(), needed = needs->guest_bytes + GUEST_EXTRA_BYTES;
	bc_size_format(room, have, sizeof(have));
	bc_size_format(needs->guest_bytes, want, sizeof(want));
	add(r, room >= needed ? STATE_OK : STATE_MISSING, 0, "memory",
		bc_asprintf("%s free, the largest guest has %s", have, want));
}

static void examine(const struct bc_plan *plan, struct report *r)
{
	BC_AUTO(bc_emulators) emulators = {0};
	struct needs needs = {0};
	collect(plan, &needs);
	check_emulators(plan, &emulators, r);
	check_machines(plan, &emulators, r);
	check_files(plan, r);
	check_apt(&needs, r);
	check_services(plan, &needs, r);
	check_programs(&needs, r);
	BC_AUTO_FREE char *cache = bc_fs_cache_dir();
	check_folder(r, "cache", cache, needs.packages.len * PACKAGE_BYTES + needs.build_bytes);
	check_folder(r, "reports", "reports", (uint64_t)16 << 20);
	check_memory(&needs, r);
	bool has_kvm = access("/dev/kvm", R_OK | W_OK) == 0;
	add(r, STATE_INFO, 0, "/dev/kvm",
		bc_strdup(has_kvm ? "there; not needed: every machine is emulated"
				  : "not there; not needed: every machine is emulated"));
	bc_strs_release(&needs.packages);
	bc_strs_release(&needs.programs);
}

/* The one command; NULL when there is nothing to install. The caller frees. */
static char *install_command(const struct report *r)
{
	if (!r->packages.len)
		return NULL;
	BC_AUTO(bc_buf) out = {0};
	bc_buf_addf(&out, "%sapt-get install --no-install-recommends", getuid() ? "sudo " : "");
	bc_vec_each (package, &r->packages)
		bc_buf_addf(&out, " %s", *package);
	return bc_buf_take(&out);
}

static void print_json(const struct report *r)
{
	static const char *const names[] = {"ok", "missing", "info"};
	BC_AUTO_JSON *o = bc_json_new_object();
	struct bc_json *checks = bc_json_new_array();
	bc_vec_each (c, r) {
		struct bc_json *item = bc_json_new_object();
		bc_json_set_string(item, "what", c->what);
		bc_json_set_string(item, "state", names[c->state]);
		bc_json_set_string(item, "detail", c->detail);
		if (c->cases)
			bc_json_set_int(item, "cases", (int64_t)c->cases);
		bc_json_append(checks, item);
	}
	BC_AUTO_FREE char *command = install_command(r);
	bc_json_set_bool(o, "ok", !r->missing);
	bc_json_set(o, "checks", checks);
	bc_json_set_string(o, "install", command);
	BC_AUTO(bc_buf) text = {0};
	bc_json_print(o, true, &text);
	printf("%s\n", text.data);
}

static void print_text(const struct report *r)
{
	static const char *const marks[] = {"✓", "✗", "·"};
	static const char *const paint[] = {"\033[32m", "\033[1;31m", "\033[2m"};
	bool color = bc_cli_color(STDOUT_FILENO);
	BC_AUTO(bc_buf) out = {0};
	int width = 0;
	bc_vec_each (c, r)
		width = (int)strlen(c->what) > width ? (int)strlen(c->what) : width;
	bc_vec_each (c, r) {
		BC_AUTO_FREE char *row = bc_asprintf(" %-*s  %s", width, c->what, c->detail);
		size_t n = strlen(row);
		while (n && row[n - 1] == ' ')
			n--;
		bc_buf_addf(&out, "%s%s%s", color ? paint[c->state] : "", marks[c->state],
			color ? "\033[0m" : "");
		bc_escape_text(&out, row, n, false);
		if (c->cases)
			bc_buf_addf(&out, " (%zu case%s)", c->cases, c->cases == 1 ? "" : "s");
		bc_buf_addc(&out, '\n');
	}
	BC_AUTO_FREE char *command = install_command(r);
	if (command)
		bc_buf_addf(&out, "\nThis installs what is missing:\n  %s\n", command);
	fwrite(out.data ? out.data : "", 1, out.len, stdout);
}

static int run(int argc, char **argv)
{
	struct args args = {0};
	bc_select_init(&args.select);
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	struct bc_plan *plan = NULL;
	int code = bc_select_load(&args.select, &plan);
	if (code == BC_EXIT_OK) {
		struct report report = {0};
		examine(plan, &report);
		if (args.is_json)
			print_json(&report);
		else
			print_text(&report);
		code = report.missing ? BC_EXIT_ENVIRONMENT : BC_EXIT_OK;
		report_release(&report);
		bc_plan_free(plan);
	}
	bc_select_release(&args.select);
	return code;
}

const struct bc_command_line bc_cmd_doctor = {
	.name = "doctor",
	.summary = "say what this host lacks for these cases, and how to install it",
	.run = run,
};
