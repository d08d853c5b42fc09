#include <argp.h>

#include <bootcheck/base/text.h>
#include <bootcheck/cli/cli.h>
#include <bootcheck/plan/checks.h>
#include <bootcheck/run/detect.h>
#include <bootcheck/sys/json.h>

enum { KEY_JSON = 256 };

#define WIDTH 80

struct args {
	const char *id; /* NULL = list */
	bool is_json;
};

static const struct argp_option options[] = {
	{"json", KEY_JSON, NULL, 0, "Print JSON", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	switch (key) {
	case KEY_JSON:
		args->is_json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (args->id)
			argp_error(state, "one ID at most");
		args->id = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[ID]",
	.doc = "Says what a detector, a check of `lint`, a verdict or a kind of failure means, "
	       "shows an "
	       "example, and what to do. ID is a name as it stands in a report or in the brackets "
	       "of "
	       "a finding; a group of detectors explains each of its detectors. Without ID it "
	       "lists "
	       "them all.\v"
	       "Exit status: 0; 2 for an unknown ID.\n\n"
	       "Examples:\n"
	       "  bootcheck explain vfs-root\n"
	       "  bootcheck explain hang-idle\n"
	       "  bootcheck explain --json | jq -r '.detectors[].id'\n",
};

struct word {
	const char *id, *what, *means, *example, *advice;
};

static const struct word words[] = {
	{"pass", "verdict", "All steps of the case succeeded and no detector found a failure.",
		"PASS vexpress-a9-sd-ext3 (2.1 s)", "nothing"},
	{"fail", "verdict",
		"The guest was at fault: the boot was decided by what it did. The kind of failure "
		"and "
		"the title say how.",
		"FAIL vexpress-a9-sd-ext3: Kernel panic - not syncing: VFS: …",
		"read the title, the quoted lines and the hint; the whole console is in "
		"console.log"},
	{"known", "verdict",
		"The boot failed in a way that an entry of `known:` in the case expects.",
		"known: [{match: 'possible circular locking', reason: 'reported upstream'}]",
		"nothing until the entry's `until:`; an entry that no longer matches is reported"},
	{"skip", "verdict", "The case was not run because something it needs is not on this host.",
		"SKIP: qemu-system-ppc64 is not installed",
		"`bootcheck doctor` prints the command that "
		"installs it"},
	{"error", "verdict",
		"Nothing was decided about the guest: an artifact could not be built or fetched, "
		"QEMU "
		"did not start, or the run was interrupted.",
		"ERROR  boots: kernel: make zImage failed: init/main.c:12:1: error: …",
		"the message and its hint name the cause; it is never the guest's fault"},
	{"panic", "kind of failure", "The kernel panicked, or the loader or decompressor gave up.",
		"Kernel panic - not syncing: …",
		"`bootcheck explain` lists the detectors of the group "
		"panic"},
	{"splat", "kind of failure",
		"The kernel reported a bug of its own (an oops, BUG, WARNING, lockup, …).",
		"WARNING in kmem_cache_free at mm/slub.c:123",
		"fix it, or keep a reported one from failing the case with `known:`"},
	{"rejected", "kind of failure", "A line matched one of the case's `reject:` patterns.",
		"reject: ['EXT4-fs.*errors=remount-ro']", "see the line quoted in the report"},
	{"missing", "kind of failure",
		"The console ended before output came that a step waited for.",
		"missing: \"login:\"", "compare the last lines of console.log with the pattern"},
	{"command", "kind of failure",
		"A command at the guest's prompt exited with another status, or wrote other "
		"output, "
		"than the step asks for.",
		"`uname -r` printed \"5.10.0\", which does not match \"^6\\.\"",
		"see the step's captured output"},
	{"timeout", "kind of failure",
		"A limit passed while the guest was still doing something, without the awaited "
		"output.",
		"timeout: the shell prompt did not come within 60.0 s",
		"raise the limit under `limits:`, or find out what takes so "
		"long; notes above the verdict often say why"},
	{"hang-idle", "kind of failure",
		"The guest stopped writing and its processors sleep: it waits for something that "
		"does "
		"not come.",
		"Waiting for root device /dev/mmcblk0...",
		"most often input, a device or a network answer; a wrong console= looks the same"},
	{"hang-spin", "kind of failure",
		"The guest stopped writing and its processors are busy: it loops.",
		"Starting kernel ... and then nothing",
		"earlycon shows more; the program counter in the report names the loop"},
	{"reset-loop", "kind of failure", "The machine started again without having said so.",
		"a second Linux version banner",
		"a triple fault, a watchdog or firmware; the last lines before the banner tell "
		"most"},
	{"exited", "kind of failure",
		"The machine went away before the case was done: the guest switched itself off or "
		"restarted, or QEMU ended.",
		"reboot: Power down", "look at what init ran last"},
	{"slow", "kind of failure", "Everything succeeded, but took longer than the case allows.",
		"shell after 9.2 s, 8 s "
		"are allowed",
		"see the time of each phase in the report; was the host busy?"},
	{"loader", "kind of failure", "The boot loader was to boot, and is back at its prompt.",
		"autoboot failed: U-Boot: TFTP error: 'File not found' (1)",
		"the title has the first thing that it complained of"},
	{"silent-kernel", "kind of failure",
		"The boot loader started a kernel, and nothing came after that.",
		"Starting kernel ...",
		"check console= and mem= in bootargs, and the device tree; earlycon shows more"},
};

/* Appends "  name  text" wrapped at WIDTH. */
static void add_field(struct bc_buf *out, const char *name, const char *text, bool is_wrapped)
{
	size_t column = 12;
	if (!text)
		return;
	bc_buf_addf(out, "  %-9s ", name);
	while (is_wrapped && *text) {
		size_t n = strcspn(text, " ");
		if (column > 12 && column + 1 + n > WIDTH) {
			bc_buf_addf(out, "\n%12s", "");
			column = 12;
		} else if (column > 12) {
			bc_buf_addc(out, ' ');
			column++;
		}
		bc_buf_add(out, text, n);
		column += n;
		text += n;
		text += *text == ' ';
	}
	if (!is_wrapped)
		bc_buf_adds(out, text);
	bc_buf_addc(out, '\n');
}

static const char *severity(const struct bc_detector *d)
{
	if (d->flags & BC_DETECT_NOTE)
		return "a note, no failure by itself";
	if (d->flags & BC_DETECT_END)
		return "the guest's end, a failure only when it was not asked for";
	return d->flags & BC_DETECT_FATAL ? "fatal" : "fails the boot";
}

static void add_detector(struct bc_buf *out, const struct bc_detector *d)
{
	bc_buf_addf(out, "%s: detector of the group %s; %s", d->id, d->group, severity(d));
	if (d->kind != BC_KIND_NONE)
		bc_buf_addf(out, "; kind %s", bc_kind_name(d->kind));
	bc_buf_addc(out, '\n');
	add_field(out, "means", d->means, true);
	add_field(out, "example", d->example, false);
	add_field(out, "unlike", d->unlike, false);
	add_field(out, "advice", d->advice, true);
}

static void add_check(struct bc_buf *out, const struct bc_check_info *c)
{
	bc_buf_addf(out, "%s: check of `lint`, %s\n", c->id,
		c->severity == BC_SEV_ERROR ? "an error" : "a warning");
	add_field(out, "means", c->means, true);
	add_field(out, "advice", c->advice, true);
}

static void add_word(struct bc_buf *out, const struct word *w)
{
	bc_buf_addf(out, "%s: %s\n", w->id, w->what);
	add_field(out, "means", w->means, true);
	add_field(out, "example", w->example, false);
	add_field(out, "advice", w->advice, true);
}

static struct bc_json *json_detector(const struct bc_detector *d)
{
	struct bc_json *o = bc_json_new_object();
	bc_json_set_string(o, "id", d->id);
	bc_json_set_string(o, "group", d->group);
	bc_json_set_string(o, "kind", d->kind == BC_KIND_NONE ? NULL : bc_kind_name(d->kind));
	bc_json_set_bool(o, "fails", !(d->flags & (BC_DETECT_NOTE | BC_DETECT_END)));
	bc_json_set_bool(o, "fatal", d->flags & BC_DETECT_FATAL);
	bc_json_set_string(o, "means", d->means);
	bc_json_set_string(o, "example", d->example);
	bc_json_set_string(o, "unlike", d->unlike);
	bc_json_set_string(o, "advice", d->advice);
	return o;
}

static struct bc_json *json_entry(const char *id, const char *what, const char *means,
	const char *example, const char *advice)
{
	struct bc_json *o = bc_json_new_object();
	bc_json_set_string(o, "id", id);
	bc_json_set_string(o, "what", what);
	bc_json_set_string(o, "means", means);
	bc_json_set_string(o, "example", example);
	bc_json_set_string(o, "advice", advice);
	return o;
}

static bool is_wanted(const struct args *args, const char *id, const char *group)
{
	return !args->id || strcmp(args->id, id) == 0 || (group && strcmp(args->id, group) == 0);
}

/* Number of entries that fit. */
static size_t print_json(const struct args *args, struct bc_buf *out)
{
	BC_AUTO_JSON *all = bc_json_new_object();
	struct bc_json *detectors = bc_json_new_array(), *checks = bc_json_new_array();
	struct bc_json *verdicts = bc_json_new_array();
	for (const struct bc_detector *const *d = bc_detector_list(); *d; d++)
		if (is_wanted(args, (*d)->id, (*d)->group))
			bc_json_append(detectors, json_detector(*d));
	for (const struct bc_check_info *c = bc_checks; c->id; c++)
		if (is_wanted(args, c->id, NULL))
			bc_json_append(
				checks, json_entry(c->id, "check", c->means, NULL, c->advice));
	for (size_t i = 0; i < BC_LEN(words); i++)
		if (is_wanted(args, words[i].id, NULL))
			bc_json_append(verdicts,
				json_entry(words[i].id, words[i].what, words[i].means,
					words[i].example, words[i].advice));
	size_t n = bc_json_len(detectors) + bc_json_len(checks) + bc_json_len(verdicts);
	bc_json_set(all, "verdicts", verdicts);
	bc_json_set(all, "detectors", detectors);
	bc_json_set(all, "checks", checks);
	bc_json_print(all, true, out);
	bc_buf_addc(out, '\n');
	return n;
}

static void add_gap(struct bc_buf *out, size_t n)
{
	if (n)
		bc_buf_addc(out, '\n');
}

static size_t print_one(const struct args *args, struct bc_buf *out)
{
	size_t n = 0;
	for (size_t i = 0; i < BC_LEN(words); i++) {
		if (!is_wanted(args, words[i].id, NULL))
			continue;
		add_gap(out, n++);
		add_word(out, &words[i]);
	}
	for (const struct bc_detector *const *d = bc_detector_list(); *d; d++) {
		if (!is_wanted(args, (*d)->id, (*d)->group))
			continue;
		add_gap(out, n++);
		add_detector(out, *d);
	}
	for (const struct bc_check_info *c = bc_checks; c->id; c++) {
		if (!is_wanted(args, c->id, NULL))
			continue;
		add_gap(out, n++);
		add_check(out, c);
	}
	return n;
}

static void print_list(struct bc_buf *out)
{
	const char *group = "";
	bc_buf_adds(out, "Verdicts and kinds of failure\n");
	for (size_t i = 0; i < BC_LEN(words); i++)
		bc_buf_addf(out, "  %-25s %s\n", words[i].id, words[i].what);
	for (const struct bc_detector *const *d = bc_detector_list(); *d; d++) {
		if (strcmp(group, (*d)->group) != 0)
			bc_buf_addf(out, "\nDetectors: %s\n", (*d)->group);
		group = (*d)->group;
		bc_buf_addf(out, "  %-25s %s\n", (*d)->id, (*d)->example);
	}
	bc_buf_adds(out, "\nChecks of `lint`\n");
	for (const struct bc_check_info *c = bc_checks; c->id; c++)
		bc_buf_addf(out, "  %-25s %s\n", c->id,
			c->severity == BC_SEV_ERROR ? "error" : "warning");
}

static int fail_unknown(const char *id)
{
	BC_AUTO(bc_strs) names = {0};
	for (const char *const *n = bc_detector_names(); *n; n++)
		bc_strs_add(&names, *n);
	for (const struct bc_check_info *c = bc_checks; c->id; c++)
		bc_strs_add(&names, c->id);
	for (size_t i = 0; i < BC_LEN(words); i++)
		bc_strs_add(&names, words[i].id);
	const char *near = bc_suggest(id, (const char *const *)bc_strs_argv(&names));
	struct bc_err err = {0};
	(void)bc_fail(&err, BC_E_USAGE, 0, "nothing is called '%s'", id);
	if (near)
		(void)bc_err_hint(&err, "did you mean '%s'?", near);
	else
		(void)bc_err_hint(&err, "`bootcheck explain` lists what there is");
	return bc_cli_error(&err);
}

static int run(int argc, char **argv)
{
	struct args args = {0};
	BC_AUTO(bc_buf) out = {0};
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	size_t n = 1;
	if (args.is_json)
		n = print_json(&args, &out);
	else if (args.id)
		n = print_one(&args, &out);
	else
		print_list(&out);
	if (!n)
		return fail_unknown(args.id);
	fwrite(out.data, 1, out.len, stdout);
	return BC_EXIT_OK;
}

const struct bc_command_line bc_cmd_explain = {
	.name = "explain",
	.summary = "say what a detector, check or verdict means",
	.run = run,
};
