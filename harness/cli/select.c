#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/build.h>
#include <bootcheck/cli/cli.h>
#include <bootcheck/cli/select.h>
#include <bootcheck/run/detect.h>
#include <bootcheck/run/steps.h>

enum { KEY_SET = 256, KEY_SHARD };

static const struct argp_option options[] = {
	{"filter", 'f', "GLOB", 0, "Only cases whose id or name fits; * and ? are wild, repeatable",
		1},
	{"label", 'l', "LABEL", 0, "Only cases with this label; !LABEL: without it; all must fit",
		1},
	{"set", KEY_SET, "KEY=VALUE", 0,
		"Give a variable, or an axis of the matrix, this one value", 1},
	{"shard", KEY_SHARD, "I/N", 0,
		"Every N-th of the selected cases, from the I-th on (1 to N)", 1},
	{0},
};

static void parse_shard(const char *text, struct bc_plan_options *o, struct argp_state *state)
{
	const char *slash = strchr(text, '/');
	BC_AUTO_FREE char *part = slash ? bc_strndup(text, (size_t)(slash - text)) : NULL;
	int64_t i = 0, n = 0;
	if (!slash || !bc_number_parse(part, &i) || !bc_number_parse(slash + 1, &n) || n < 1 ||
		n > 100000 || i < 1 || i > n)
		argp_error(
			state, "'%s' is no shard; write --shard 2/4 for the second of four", text);
	o->shard = (int)i;
	o->shards = (int)n;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct bc_select *select = state->input;
	switch (key) {
	case 'f':
		bc_strs_add(&select->options.filters, arg);
		return 0;
	case 'l':
		bc_strs_add(&select->options.labels, arg);
		return 0;
	case KEY_SET:
		if (!strchr(arg, '='))
			argp_error(state, "'%s' is not KEY=VALUE", arg);
		bc_strs_add(&select->options.sets, arg);
		return 0;
	case KEY_SHARD:
		parse_shard(arg, &select->options, state);
		return 0;
	case ARGP_KEY_ARG:
		bc_strs_add(&select->paths, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp bc_select_argp = {.options = options, .parser = parse};

void bc_select_init(struct bc_select *select)
{
	*select = (struct bc_select){0};
	select->options.artifacts = bc_artifact_variants;
	select->options.sources = bc_source_variants;
	select->options.steps = bc_step_variants;
	select->options.detectors = bc_detector_names();
}

void bc_select_release(struct bc_select *select)
{
	bc_strs_release(&select->options.filters);
	bc_strs_release(&select->options.labels);
	bc_strs_release(&select->options.sets);
	bc_strs_release(&select->paths);
}

struct bc_plan *bc_select_open(struct bc_select *select, struct bc_diag *diag, struct bc_err *err)
{
	if (!select->paths.len)
		bc_strs_add(&select->paths, "cases");
	return bc_plan_load(select->paths.items, select->paths.len, &select->options, diag, err);
}

void bc_select_print(struct bc_plan *plan, const struct bc_diag *diag, FILE *to)
{
	BC_AUTO(bc_buf) text = {0};
	bc_diag_render(diag, &text, bc_cli_color(fileno(to)), bc_plan_line, plan);
	if (diag->errors || diag->warnings)
		bc_buf_addf(&text, "%zu error%s, %zu warning%s\n", diag->errors,
			diag->errors == 1 ? "" : "s", diag->warnings,
			diag->warnings == 1 ? "" : "s");
	if (text.len)
		fwrite(text.data, 1, text.len, to);
}

static int nothing_selected(const struct bc_select *select)
{
	struct bc_err err;
	(void)bc_fail(&err, BC_E_USAGE, 0, "no case is selected");
	if (select->options.filters.len || select->options.labels.len || select->options.shards)
		(void)bc_err_hint(&err,
			"`bootcheck list` without --filter, --label and --shard shows what is "
			"there");
	return bc_cli_error(&err);
}

int bc_select_load(struct bc_select *select, struct bc_plan **plan)
{
	BC_AUTO(bc_diag) diag = {0};
	struct bc_err err;
	struct bc_plan *loaded = bc_select_open(select, &diag, &err);
	if (!loaded)
		return bc_cli_error(&err);
	if (diag.len)
		bc_select_print(loaded, &diag, stderr);
	if (!diag.errors && loaded->len) {
		*plan = loaded;
		return BC_EXIT_OK;
	}
	bc_plan_free(loaded);
	return diag.errors ? BC_EXIT_USAGE : nothing_selected(select);
}
