#include <argp.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/cli/cli.h>
#include <bootcheck/cli/jobs.h>
#include <bootcheck/cli/memory.h>
#include <bootcheck/cli/select.h>

static const char *state_word(enum bc_node_state state)
{
	switch (state) {
	case BC_NODE_HIT:
		return "hit";
	case BC_NODE_MISS:
		return "miss";
	case BC_NODE_UNKNOWN:
		return "unknown";
	case BC_NODE_BUILT:
		return "built";
	case BC_NODE_FAILED:
		return "failed";
	}
	return "?";
}

static void add_node(void *ctx, const struct bc_node_info *info)
{
	struct bc_buf *out = ctx;
	bc_buf_addf(out, "  %*s%-7s %.12s  %s%s%s\n", info->depth * 2, "", state_word(info->state),
		info->key ? info->key : "------------", info->artifact ? info->artifact : "",
		info->artifact ? ": " : "", info->title);
	if (info->err)
		bc_buf_addf(out, "  %*s        %s\n", info->depth * 2, "", info->err->message);
	else if (info->why)
		bc_buf_addf(out, "  %*s        %s\n", info->depth * 2, "", info->why);
}

/* What is not built yet is shown as the reference that stands for it; a file that is not there is told. */
static char *shown(
	const struct bc_case *c, struct bc_build *build, const char *text, struct bc_buf *out)
{
	if (!text)
		return NULL;
	struct bc_err err;
	char *path = bc_build_path(build, c, text, &err);
	if (path)
		return path;
	if (!strstr(text, "${")) {
		bc_buf_adds(out, "  missing ");
		bc_escape_text(out, err.message, strlen(err.message), false);
		bc_buf_addc(out, '\n');
	}
	return bc_strdup(text);
}

static void add_command(const struct bc_case *c, struct bc_build *build, struct bc_buf *out)
{
	struct bc_files files = {.kernel = shown(c, build, c->boot.kernel, out),
		.dtb = shown(c, build, c->boot.dtb, out),
		.initrd = shown(c, build, c->boot.initrd, out),
		.bios = shown(c, build, c->boot.bios, out),
		.tftp = shown(c, build, c->machine.net.tftp, out)};
	for (size_t i = 0; i < c->boot.drives.len; i++)
		bc_vec_push(&files.drives, shown(c, build, c->boot.drives.items[i].file, out));
	for (size_t i = 0; i < c->machine.options.len; i++)
		bc_strs_add(&files.options, c->machine.options.items[i]);
	BC_AUTO(bc_strs) argv = {0};
	bc_qemu_argv(c, &files, true, NULL, -1, -1, &argv);
	bc_buf_adds(out, "QEMU, by hand:\n  ");
	bc_escape_argv(out, bc_strs_argv(&argv));
	bc_buf_adds(out, "\n");
	bc_files_release(&files);
}

static void add_limit(struct bc_buf *out, const char *name, uint64_t ms)
{
	char text[32] = "none";
	if (ms)
		bc_duration_format(ms, text, sizeof(text));
	bc_buf_addf(out, "%s %s", name, text);
}

static void add_console(const struct bc_case *c, struct bc_buf *out)
{
	bc_buf_adds(out, "Console: ");
	add_limit(out, "boot", c->limits.boot);
	add_limit(out, ", silence", c->limits.silence);
	add_limit(out, ", step", c->limits.step);
	add_limit(out, ", total", c->limits.total);
	bc_buf_addc(out, '\n');
	for (size_t i = 0; i < c->steps.len; i++) {
		bc_buf_addf(out, "  %2zu. ", i + 1);
		bc_value_print(c->steps.items[i].params, out);
		bc_buf_addc(out, '\n');
	}
	for (size_t i = 0; i < c->rejects.len; i++)
		bc_buf_addf(out, "  reject \"%s\"\n", c->rejects.items[i].pattern);
	if (c->outcome.verdict != BC_PASS)
		bc_buf_addf(out, "Outcome: %s%s%s%s%s\n",
			c->outcome.verdict == BC_FAIL ? "fail" : "error",
			c->outcome.kind == BC_KIND_NONE ? "" : ", kind ",
			c->outcome.kind == BC_KIND_NONE ? "" : bc_kind_name(c->outcome.kind),
			c->outcome.title ? ", title " : "",
			c->outcome.title ? c->outcome.title : "");
}

/* The map, and what does not go together in it. */
static void add_memory(
	struct bc_plan *plan, const struct bc_case *c, struct bc_build *build, struct bc_buf *out)
{
	BC_AUTO(bc_memory) memory = {0};
	BC_AUTO(bc_diag) diag = {0};
	bc_cli_memory_read(plan, c, build, &memory);
	bc_memory_print(&memory, out);
	bc_memory_check(&memory, &diag);
	bc_diag_sort(&diag);
	bc_diag_render(&diag, out, bc_cli_color(STDOUT_FILENO), bc_plan_line, plan);
}

static int show(struct bc_plan *plan)
{
	struct bc_err err = {0};
	/* Nothing is run, so nothing is asked: what is not known stays so. */
	struct bc_build_options o = {.jobs = 1};
	struct bc_build *build = bc_build_new(&o, &err);
	if (!build)
		return bc_cli_error(&err);
	BC_AUTO(bc_buf) out = {0};
	int code = BC_EXIT_OK;
	for (size_t i = 0; i < plan->len; i++) {
		const struct bc_case *c = plan->items[i];
		bc_buf_addf(&out, "%s%s: %s\n", i ? "\n" : "", c->id,
			c->summary ? c->summary : c->file);
		if (!bc_build_add_case(build, c, &err)) {
			code = bc_cli_error(&err);
			continue;
		}
		bc_buf_adds(&out, "Artifacts:\n");
		bc_build_explain(build, c, add_node, &out);
		add_command(c, build, &out);
		add_console(c, &out);
		add_memory(plan, c, build, &out);
	}
	fwrite(out.data ? out.data : "", 1, out.len, stdout);
	bc_build_free(build);
	return code;
}

static int cmd_plan(int argc, char **argv)
{
	static const struct argp_child children[] = {{&bc_select_argp, 0, "Selection:", 1}, {0}};
	static const struct argp argp = {NULL, NULL, "[PATH...]",
		"Shows what would happen, and does nothing: each artifact with its key, hit or "
		"miss and why, the QEMU "
		"command to paste, and the console script. PATH is a case file or a folder "
		"(default: cases)."
		"\v"
		"Examples:\n"
		"  bootcheck plan cases/quick/arm-vexpress-a9.yaml\n",
		children, 0, 0};
	struct bc_select select;
	bc_select_init(&select);
	argp_err_exit_status = BC_EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &select);
	struct bc_plan *plan = NULL;
	int code = bc_select_load(&select, &plan);
	if (plan)
		code = show(plan);
	bc_plan_free(plan);
	bc_select_release(&select);
	return code;
}

extern const struct bc_command_line bc_cmd_plan;
const struct bc_command_line bc_cmd_plan = {
	"plan", "show artifacts, QEMU command and console script", cmd_plan};
