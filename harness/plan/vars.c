#include <bootcheck/base/text.h>
#include <bootcheck/plan/vars.h>

void bc_vars_set(
	struct bc_vars *vars, const char *name, const char *text, struct bc_loc loc, bool is_axis)
{
	struct bc_var *var = bc_vars_find(vars, name);
	if (!var) {
		bc_vec_push(vars, ((struct bc_var){.name = name}));
		var = &vars->items[vars->len - 1];
	}
	var->text = text;
	var->loc = loc;
	var->is_axis |= is_axis;
}

struct bc_var *bc_vars_find(struct bc_vars *vars, const char *name)
{
	bc_vec_each (v, vars)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

void bc_vars_release(struct bc_vars *vars)
{
	bc_vec_each (v, vars)
		free(v->value);
	free(vars->items);
	*vars = (struct bc_vars){0};
}

static void report_unknown(struct bc_vars *vars, struct bc_lint *lint, const char *name,
	const struct bc_value *scalar, size_t at)
{
	if (lint->lacks_vars)
		return;
	BC_AUTO(bc_strs) known = {0};
	bc_vec_each (v, vars)
		bc_strs_add(&known, v->name);
	for (size_t i = 0; vars->artifacts && i < vars->artifacts->len; i++)
		bc_strs_add(&known, vars->artifacts->items[i]->key);
	struct bc_loc loc = bc_file_inside(lint->files, scalar, at);
	loc.span = (int)strlen(name) + 3;
	struct bc_finding *f = bc_lint_error(lint, "unknown-reference", loc,
		"there is no variable and no artifact called '%s'", name);
	const char *near = bc_suggest(name, (const char *const *)bc_strs_argv(&known));
	if (near)
		bc_lint_hint(f, "did you mean '%s'?", near);
	else
		bc_lint_hint(f,
			"write $${%s} for a literal ${%s}, such as a variable of the "
			"guest's shell",
			name, name);
}

static char *expand_text(struct bc_vars *vars, struct bc_lint *lint, const char *text,
	const struct bc_value *scalar);

/* The expanded value of var; NULL after a finding. */
static const char *value_of(struct bc_vars *vars, struct bc_lint *lint, struct bc_var *var)
{
	var->is_used = true;
	if (var->state == BC_VAR_DONE)
		return var->value;
	/* Variables of variables nest at most as deep as there are variables. */
	if (var->state == BC_VAR_BUSY) {
		bc_lint_error(lint, "variable-cycle", var->loc, "the variable '%s' needs itself",
			var->name);
		return NULL;
	}
	var->state = BC_VAR_BUSY;
	struct bc_value stand_in = {.kind = BC_VALUE_SCALAR, .loc = var->loc};
	stand_in.text = bc_strdup(var->text);
	var->value = expand_text(vars, lint, var->text, &stand_in);
	free(stand_in.text);
	var->state = BC_VAR_DONE;
	return var->value;
}

/* Appends what stands for "${inner}" (len bytes from at); false after a finding. */
static bool expand_one(struct bc_vars *vars, struct bc_lint *lint, const char *text, size_t at,
	size_t len, const struct bc_value *scalar, struct bc_buf *out)
{
	const char *inner = text + at + 2;
	size_t inner_len = len - 3;
	const char *colon = memchr(inner, ':', inner_len);
	BC_AUTO_FREE char *name = bc_strndup(inner, colon ? (size_t)(colon - inner) : inner_len);
	struct bc_var *var = colon ? NULL : bc_vars_find(vars, name);
	if (var) {
		const char *value = value_of(vars, lint, var);
		if (value)
			bc_buf_adds(out, value);
		return value != NULL;
	}
	if (bc_value_get(vars->artifacts, name)) {
		bc_buf_add(out, text + at, len);
		return true;
	}
	report_unknown(vars, lint, name, scalar, at);
	return false;
}

static char *expand_text(
	struct bc_vars *vars, struct bc_lint *lint, const char *text, const struct bc_value *scalar)
{
	BC_AUTO(bc_buf) out = {.max = BC_VARS_MAX_TEXT};
	bool ok = true;
	const char *p = text;
	for (const char *at; (at = strstr(p, "${"));) {
		bool is_literal = at > text && at[-1] == '$';
		const char *end = is_literal ? at + 1 : strchr(at, '}');
		bc_buf_add(&out, p, (size_t)(at - p));
		if (!end) {
			bc_lint_hint(
				bc_lint_error(lint, "bad-reference",
					bc_file_inside(lint->files, scalar, (size_t)(at - text)),
					"'${' without a closing brace"),
				"write $${ for a literal ${");
			return NULL;
		}
		size_t len = (size_t)(end - at) + 1;
		if (is_literal)
			bc_buf_adds(&out, "${");
		else
			ok = expand_one(vars, lint, text, (size_t)(at - text), len, scalar, &out) &&
				ok;
		p = end + 1;
	}
	bc_buf_adds(&out, p);
	vars->total += out.len;
	if (out.overflow || vars->total > BC_VARS_MAX_TOTAL) {
		bc_lint_error(lint, "too-long", scalar->loc,
			out.overflow ? "longer than 64 KiB once its variables are filled in"
				     : "the case is longer than 8 MiB once its variables are "
				       "filled in");
		return NULL;
	}
	return ok ? bc_buf_take(&out) : NULL;
}

void bc_vars_expand(struct bc_vars *vars, struct bc_lint *lint, struct bc_value *tree)
{
	if (tree->kind == BC_VALUE_SCALAR && strstr(tree->text, "${")) {
		char *text = expand_text(vars, lint, tree->text, tree);
		if (text) {
			free(tree->text);
			tree->text = text;
		}
	}
	for (size_t i = 0; i < tree->len; i++)
		bc_vars_expand(vars, lint, tree->items[i]);
}
