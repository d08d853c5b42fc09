#include <bootcheck/base/text.h>
#include <bootcheck/plan/check.h>
#include <bootcheck/plan/files.h>
#include <bootcheck/plan/matrix.h>
#include <bootcheck/plan/merge.h>
#include <bootcheck/plan/read.h>
#include <bootcheck/plan/search.h>
#include <bootcheck/plan/select.h>

/* Cells times values of one case. */
#define MAX_WORK 1000000

struct load {
	struct bc_lint lint;
	struct bc_plan *plan;
	struct bc_strs names; /* of all variables and axes, for --set */
};

/* One case file while its cells are made. */
struct source {
	struct load *load;
	const struct bc_plan_file *file;
	struct bc_value *tree; /* merged; without vars and matrix */
	struct bc_value *vars, *matrix;
	struct bc_cells cells;
	struct bc_strs used_vars, used_artifacts;
	bool is_broken; /* a part is not there: no cell is a case */
};

static struct bc_value *take_member(struct bc_value *map, const char *key)
{
	for (size_t i = 0; i < map->len; i++) {
		struct bc_value *member = map->items[i];
		if (strcmp(member->key, key) != 0)
			continue;
		memmove(map->items + i, map->items + i + 1,
			(map->len - i - 1) * sizeof(struct bc_value *));
		map->len--;
		return member;
	}
	return NULL;
}

static const struct bc_shape *field_shape(const char *key)
{
	for (const struct bc_field *f = bc_case_shape.fields; f->key; f++)
		if (strcmp(f->key, key) == 0)
			return f->shape;
	return NULL;
}

static size_t count_values(const struct bc_value *tree)
{
	size_t n = 1;
	for (size_t i = 0; i < tree->len; i++)
		n += count_values(tree->items[i]);
	return n;
}

static void release_source(struct source *s)
{
	bc_value_free(s->tree);
	bc_value_free(s->vars);
	bc_value_free(s->matrix);
	bc_cells_release(&s->cells);
	bc_strs_release(&s->used_vars);
	bc_strs_release(&s->used_artifacts);
}

static void set_vars(struct source *s, const struct bc_cell *cell, struct bc_vars *vars)
{
	const struct bc_strs *sets = &s->load->lint.options->sets;
	for (size_t i = 0; s->vars && i < s->vars->len; i++) {
		const struct bc_value *v = s->vars->items[i];
		if (v->kind == BC_VALUE_SCALAR && v->key)
			bc_vars_set(vars, v->key, v->text, v->loc, false);
	}
	for (size_t i = 0; cell && i < cell->len; i++)
		bc_vars_set(vars, cell->items[i].key, cell->items[i].value, cell->items[i].loc,
			cell->items[i].is_in_id);
	bc_vec_each (var, vars) {
		const char *set = bc_set_value(sets, var->name);
		if (set)
			var->text = set;
	}
}

static void remember_used(struct source *s, const struct bc_vars *vars)
{
	for (size_t i = 0; i < vars->len; i++)
		if (vars->items[i].is_used && !bc_strs_has(&s->used_vars, vars->items[i].name))
			bc_strs_add(&s->used_vars, vars->items[i].name);
}

/* The values of the matrix may use variables, but not its own axes. */
static bool expand_matrix(struct source *s)
{
	struct bc_lint *lint = &s->load->lint;
	size_t before = lint->errors;
	struct bc_check check = {.lint = lint, .artifact_depth = 1};
	if (s->vars)
		bc_check_value(&check, s->vars, field_shape("vars"));
	if (s->matrix)
		bc_check_value(&check, s->matrix, field_shape("matrix"));
	if (lint->errors != before)
		return false;
	if (s->matrix) {
		BC_AUTO(bc_vars) vars = {0};
		set_vars(s, NULL, &vars);
		bc_vars_expand(&vars, lint, s->matrix);
		remember_used(s, &vars);
	}
	if (lint->errors != before || !bc_matrix_expand(lint, s->matrix, &s->cells))
		return false;
	if (s->cells.len * count_values(s->tree) > MAX_WORK) {
		bc_lint_error(lint, "matrix-size", s->matrix ? s->matrix->key_loc : s->tree->loc,
			"cells times values is more than %d", MAX_WORK);
		return false;
	}
	return true;
}

static void check_clash(struct source *s, const struct bc_vars *vars)
{
	const struct bc_value *artifacts = bc_value_get(s->tree, "artifacts");
	for (size_t i = 0; i < vars->len; i++) {
		const struct bc_value *artifact = bc_value_get(artifacts, vars->items[i].name);
		if (!artifact)
			continue;
		struct bc_finding *f = bc_lint_error(&s->load->lint, "name-clash",
			artifact->key_loc, "'%s' is an artifact and a variable", artifact->key);
		bc_lint_note(f, vars->items[i].loc, "the variable is defined here");
	}
}

/* tree: that of the source, or a copy of it. Its variables are filled in. */
static void load_tree(struct source *s, const struct bc_cell *cell, struct bc_value *tree)
{
	struct bc_lint *lint = &s->load->lint;
	size_t before = lint->errors;
	BC_AUTO(bc_vars) vars = {.artifacts = bc_value_get(tree, "artifacts")};
	set_vars(s, cell, &vars);
	check_clash(s, &vars);
	bc_vars_expand(&vars, lint, tree);
	remember_used(s, &vars);
	bc_rules_used(tree, &s->used_artifacts);
	struct bc_check check = {.lint = lint, .artifacts = vars.artifacts};
	bc_check_value(&check, tree, &bc_case_shape);
	if (lint->errors != before || s->is_broken)
		return;
	struct bc_case *c = bc_case_read(lint, s->file, tree, cell);
	bc_rules_check(lint, c);
	if (lint->errors == before)
		bc_vec_push(s->load->plan, c);
	else
		bc_case_free(c);
}

/* The last cell may have the tree itself: what follows looks at its keys only. */
static void load_cell(struct source *s, const struct bc_cell *cell, bool is_last)
{
	BC_AUTO_VALUE *copy = is_last ? NULL : bc_value_clone(s->tree);
	load_tree(s, cell, copy ? copy : s->tree);
}

/* Cells also differ by what `include:` adds to those with one value of the axis. */
static bool is_chosen_by(const struct source *s, const char *axis)
{
	const struct bc_value *include = bc_value_get(s->matrix, "include");
	for (size_t i = 0; include && i < include->len; i++) {
		const struct bc_value *entry = include->items[i];
		if (!bc_value_get(entry, axis))
			continue;
		for (size_t k = 0; k < entry->len; k++)
			if (strcmp(entry->items[k]->key, axis) != 0 &&
				!bc_value_get(s->matrix, entry->items[k]->key) &&
				bc_strs_has(&s->used_vars, entry->items[k]->key))
				return true;
	}
	return false;
}

/* Only what the case file itself defines: what a part offers, another case may use. */
static void warn_unused(struct source *s)
{
	struct bc_lint *lint = &s->load->lint;
	const struct bc_value *artifacts = bc_value_get(s->tree, "artifacts");
	for (size_t i = 0; artifacts && i < artifacts->len; i++) {
		const struct bc_value *a = artifacts->items[i];
		if (a->key_loc.file == s->file->path && !bc_strs_has(&s->used_artifacts, a->key))
			bc_lint_hint(bc_lint_warn(lint, "unused-artifact", a->key_loc,
					     "nothing uses the artifact '%s'", a->key),
				"refer to it as ${%s}, or remove it", a->key);
	}
	for (size_t i = 0; s->vars && i < s->vars->len; i++) {
		const struct bc_value *v = s->vars->items[i];
		if (v->key_loc.file == s->file->path && !bc_strs_has(&s->used_vars, v->key))
			bc_lint_hint(bc_lint_warn(lint, "unused-variable", v->key_loc,
					     "nothing uses the variable '%s'", v->key),
				"refer to it as ${%s}, or remove it", v->key);
	}
	for (size_t i = 0; s->matrix && i < s->matrix->len; i++) {
		const struct bc_value *axis = s->matrix->items[i];
		bool is_axis =
			strcmp(axis->key, "exclude") != 0 && strcmp(axis->key, "include") != 0;
		if (is_axis && axis->key_loc.file == s->file->path &&
			!bc_strs_has(&s->used_vars, axis->key) && !is_chosen_by(s, axis->key))
			bc_lint_hint(bc_lint_warn(lint, "unused-variable", axis->key_loc,
					     "nothing uses the axis '%s': its cells are all alike",
					     axis->key),
				"refer to it as ${%s}, or remove it", axis->key);
	}
}

static void remember_names(struct load *load, const struct bc_value *map)
{
	for (size_t i = 0; map && map->kind == BC_VALUE_MAP && i < map->len; i++)
		if (!bc_strs_has(&load->names, map->items[i]->key))
			bc_strs_add(&load->names, map->items[i]->key);
}

static void load_file(struct load *load, const struct bc_plan_file *file)
{
	struct source s = {.load = load, .file = file};
	size_t before = load->lint.errors;
	s.tree = bc_merge_uses(&load->lint, file);
	if (!s.tree)
		return;
	load->lint.lacks_parts = load->lint.lacks_vars = load->lint.errors != before;
	if (!bc_value_get(file->root, "bootcheck") && !bc_value_get(file->root, "name")) {
		bc_lint_hint(bc_lint_error(&load->lint, "not-a-case", file->root->loc,
				     "the file has neither `bootcheck:` nor `name:`"),
			"a case starts with `bootcheck: 1`; what cases share lies in a folder "
			"called parts");
		release_source(&s);
		return;
	}
	s.vars = take_member(s.tree, "vars");
	s.matrix = take_member(s.tree, "matrix");
	remember_names(load, s.vars);
	remember_names(load, s.matrix);
	s.is_broken = load->lint.lacks_parts;
	if (!expand_matrix(&s)) {
		/* The rest of the file is looked at nevertheless, once. */
		s.is_broken = load->lint.lacks_vars = true;
		load_cell(&s, &(struct bc_cell){0}, true);
	} else {
		for (size_t i = 0; i < s.cells.len; i++)
			load_cell(&s, &s.cells.items[i], i + 1 == s.cells.len);
		if (load->lint.errors == before)
			warn_unused(&s);
	}
	release_source(&s);
}

static void check_ids(struct load *load)
{
	struct bc_plan *plan = load->plan;
	for (size_t i = 0; i < plan->len; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(plan->items[i]->id, plan->items[j]->id) != 0)
				continue;
			struct bc_finding *f = bc_lint_error(&load->lint, "duplicate-id",
				plan->items[i]->loc, "the id '%s' is taken", plan->items[i]->id);
			bc_lint_note(f, plan->items[j]->loc, "also defined here");
			break;
		}
	}
}

static bool check_sets(struct load *load, struct bc_err *err)
{
	const struct bc_strs *sets = &load->lint.options->sets;
	for (size_t i = 0; i < sets->len; i++) {
		const char *equals = strchr(sets->items[i], '=');
		BC_AUTO_FREE char *key = bc_strndup(sets->items[i],
			equals ? (size_t)(equals - sets->items[i]) : strlen(sets->items[i]));
		if (!equals)
			return bc_fail(err, BC_E_USAGE, 0, "'%s' is not KEY=VALUE", key);
		/* With errors, the file that has the variable may be one that was not read. */
		if (bc_strs_has(&load->names, key) || load->lint.errors)
			continue;
		(void)bc_fail(err, BC_E_USAGE, 0, "no case has a variable '%s' to set", key);
		const char *near = bc_suggest(key, (const char *const *)bc_strs_argv(&load->names));
		if (near)
			return bc_err_hint(err, "did you mean '%s'?", near);
		return bc_err_hint(err, "variables are defined in `vars:` or `matrix:`");
	}
	return true;
}

static bool load_all(struct load *load, char *const *paths, size_t count, struct bc_err *err)
{
	BC_AUTO(bc_strs) found = {0};
	if (!bc_search_cases(paths, count, &found, err))
		return false;
	for (size_t i = 0; i < found.len; i++) {
		struct bc_plan_file *file = bc_files_open(&load->lint, found.items[i]);
		if (file->is_case)
			continue;
		file->is_case = true;
		if (file->err.code != BC_E_NONE)
			bc_lint_error(&load->lint, "unreadable",
				(struct bc_loc){.file = file->path}, "%s", file->err.message);
		else if (file->root && !bc_search_is_part(file))
			load_file(load, file);
	}
	return true;
}

static struct bc_plan *finish(struct load *load, bool ok, struct bc_err *err)
{
	if (ok) {
		check_ids(load);
		ok = check_sets(load, err);
	}
	if (ok)
		bc_plan_select(load->plan, load->lint.options);
	bc_diag_sort(load->lint.diag);
	bc_strs_release(&load->names);
	if (!ok) {
		/* The findings point into the texts that go now. */
		bc_diag_release(load->lint.diag);
		bc_plan_free(load->plan);
		return NULL;
	}
	return load->plan;
}

static struct bc_plan *new_plan(void)
{
	struct bc_plan *plan = bc_calloc(1, sizeof(*plan));
	plan->files = bc_files_new();
	return plan;
}

struct bc_plan *bc_plan_load(char *const *paths, size_t count,
	const struct bc_plan_options *options, struct bc_diag *diag, struct bc_err *err)
{
	struct load load = {.plan = new_plan()};
	load.lint = (struct bc_lint){.diag = diag, .options = options, .files = load.plan->files};
	return finish(&load, load_all(&load, paths, count, err), err);
}

struct bc_plan *bc_plan_load_text(const char *name, const char *data, size_t len,
	const struct bc_plan_options *options, struct bc_diag *diag, struct bc_err *err)
{
	struct load load = {.plan = new_plan()};
	load.lint = (struct bc_lint){.diag = diag, .options = options, .files = load.plan->files};
	load.plan->files->is_closed = true;
	struct bc_plan_file *file = bc_files_add(&load.lint, name, data, len);
	file->is_case = true;
	if (file->root)
		load_file(&load, file);
	return finish(&load, true, err);
}

const char *bc_plan_line(void *ctx, const char *file, int line, size_t *len)
{
	const struct bc_plan *plan = ctx;
	const struct bc_plan_file *f = bc_files_of(plan->files, (struct bc_loc){.file = file});
	return f ? bc_file_line(f, line, len) : NULL;
}

size_t bc_plan_file_count(const struct bc_plan *plan)
{
	size_t count = 0;
	for (size_t i = 0; i < plan->files->len; i++)
		count += plan->files->items[i]->is_case;
	return count;
}

void bc_plan_free(struct bc_plan *plan)
{
	if (!plan)
		return;
	bc_vec_each (c, plan)
		bc_case_free(*c);
	free(plan->items);
	bc_files_free(plan->files);
	free(plan);
}
