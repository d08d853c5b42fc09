#include <bootcheck/plan/matrix.h>

const char *bc_set_value(const struct bc_strs *sets, const char *key)
{
	size_t n = strlen(key);
	for (size_t i = sets->len; i-- > 0;)
		if (strncmp(sets->items[i], key, n) == 0 && sets->items[i][n] == '=')
			return sets->items[i] + n + 1;
	return NULL;
}

void bc_cells_release(struct bc_cells *cells)
{
	bc_vec_each (c, cells)
		free(c->items);
	free(cells->items);
	*cells = (struct bc_cells){0};
}

static bool is_axis(const struct bc_value *member)
{
	return strcmp(member->key, "exclude") != 0 && strcmp(member->key, "include") != 0;
}

static size_t axis_length(struct bc_lint *lint, const struct bc_value *axis)
{
	return bc_set_value(&lint->options->sets, axis->key) ? 1 : axis->len;
}

static struct bc_cell_pair axis_pair(
	struct bc_lint *lint, const struct bc_value *axis, size_t index)
{
	const char *set = bc_set_value(&lint->options->sets, axis->key);
	const struct bc_value *value =
		axis->len ? axis->items[index < axis->len ? index : 0] : axis;
	return (struct bc_cell_pair){.key = axis->key,
		.value = set ? set : value->text,
		.loc = value->loc,
		.is_in_id = true};
}

static void check_axis(struct bc_lint *lint, const struct bc_value *axis)
{
	if (!axis->len)
		bc_lint_error(lint, "bad-matrix", axis->key_loc, "the axis '%s' has no values",
			axis->key);
	for (size_t i = 0; i < axis->len; i++) {
		const struct bc_value *value = axis->items[i];
		if (strlen(value->text) > 64 || strpbrk(value->text, ",[]=\n\t"))
			bc_lint_hint(bc_lint_error(lint, "bad-matrix", value->loc,
					     "a value that cannot be part of an id"),
				"at most 64 bytes, no comma, bracket, '=' or line break; give the "
				"cell a short key and the long text by `include:`");
		for (size_t j = 0; j < i; j++)
			if (strcmp(axis->items[j]->text, value->text) == 0)
				bc_lint_note(bc_lint_error(lint, "bad-matrix", value->loc,
						     "the axis '%s' has the value '%s' twice",
						     axis->key, value->text),
					axis->items[j]->loc, "first given here");
	}
}

/* The number of cells of the product; 0 after a finding. */
static size_t count_cells(struct bc_lint *lint, const struct bc_value *matrix)
{
	size_t count = 1, axes = 0;
	for (size_t i = 0; i < matrix->len; i++) {
		if (!is_axis(matrix->items[i]))
			continue;
		size_t n = axis_length(lint, matrix->items[i]);
		axes++;
		/* Both factors are small: the counter stops growing once it is over the limit. */
		count = count > BC_MATRIX_MAX_CELLS ? count : count * n;
	}
	if (count > BC_MATRIX_MAX_CELLS) {
		bc_lint_hint(bc_lint_error(lint, "matrix-size", matrix->key_loc,
				     "the matrix has more than %d cells", BC_MATRIX_MAX_CELLS),
			"`exclude:` does not help: list the wanted combinations under `include:`");
		return 0;
	}
	return axes || bc_value_get(matrix, "include") ? count : 1;
}

static void make_product(
	struct bc_lint *lint, const struct bc_value *matrix, size_t count, struct bc_cells *cells)
{
	for (size_t n = 0; n < count; n++) {
		struct bc_cell cell = {0};
		size_t rest = n, block = count;
		for (size_t i = 0; i < matrix->len; i++) {
			const struct bc_value *axis = matrix->items[i];
			if (!is_axis(axis))
				continue;
			block /= axis_length(lint, axis);
			bc_vec_push(&cell, axis_pair(lint, axis, rest / block));
			rest %= block;
		}
		bc_vec_push(cells, cell);
	}
}

static struct bc_cell_pair *find_pair(const struct bc_cell *cell, const char *key)
{
	for (size_t i = 0; i < cell->len; i++)
		if (strcmp(cell->items[i].key, key) == 0)
			return &cell->items[i];
	return NULL;
}

static bool fits(const struct bc_cell *cell, const struct bc_value *entry)
{
	for (size_t i = 0; i < entry->len; i++) {
		const struct bc_cell_pair *pair = find_pair(cell, entry->items[i]->key);
		if (!pair || strcmp(pair->value, entry->items[i]->text) != 0)
			return false;
	}
	return true;
}

static void check_exclude(
	struct bc_lint *lint, const struct bc_value *matrix, const struct bc_value *entry)
{
	BC_AUTO(bc_strs) axes = {0};
	for (size_t i = 0; i < matrix->len; i++)
		if (is_axis(matrix->items[i]))
			bc_strs_add(&axes, matrix->items[i]->key);
	for (size_t i = 0; i < entry->len; i++) {
		const struct bc_value *item = entry->items[i];
		if (bc_strs_has(&axes, item->key))
			continue;
		struct bc_finding *f = bc_lint_error(lint, "unknown-key", item->key_loc,
			"'%s' is no axis of this matrix", item->key);
		bc_lint_suggest(f, item->key, (const char *const *)bc_strs_argv(&axes), "the axes");
	}
}

static void exclude(struct bc_cells *cells, const struct bc_value *entry)
{
	size_t kept = 0;
	for (size_t i = 0; i < cells->len; i++) {
		if (entry->len && fits(&cells->items[i], entry))
			free(cells->items[i].items);
		else
			cells->items[kept++] = cells->items[i];
	}
	cells->len = kept;
}

static bool contradicts(const struct bc_cell *cell, const struct bc_value *entry)
{
	for (size_t i = 0; i < entry->len; i++) {
		const struct bc_cell_pair *pair = find_pair(cell, entry->items[i]->key);
		if (pair && pair->is_in_id && strcmp(pair->value, entry->items[i]->text) != 0)
			return true;
	}
	return false;
}

static void add_keys(struct bc_cell *cell, const struct bc_value *entry, bool is_in_id)
{
	for (size_t i = 0; i < entry->len; i++) {
		const struct bc_value *item = entry->items[i];
		struct bc_cell_pair *pair = find_pair(cell, item->key);
		struct bc_cell_pair new = {item->key, item->text, item->loc, is_in_id};
		if (!pair)
			bc_vec_push(cell, new);
		else if (!pair->is_in_id)
			*pair = new;
	}
}

static void include(struct bc_lint *lint, struct bc_cells *cells, const struct bc_value *entry)
{
	bool is_added = false;
	for (size_t i = 0; i < cells->len; i++) {
		struct bc_cell *cell = &cells->items[i];
		if (cell->is_included || !cell->len || contradicts(cell, entry))
			continue;
		add_keys(cell, entry, false);
		is_added = true;
	}
	if (is_added || !entry->len)
		return;
	for (size_t i = 0; i < entry->len; i++) {
		const struct bc_value *item = entry->items[i];
		const char *set = bc_set_value(&lint->options->sets, item->key);
		if (set && strcmp(set, item->text) != 0)
			return;
	}
	struct bc_cell cell = {.is_included = true};
	add_keys(&cell, entry, true);
	bc_vec_push(cells, cell);
}

bool bc_matrix_expand(struct bc_lint *lint, const struct bc_value *matrix, struct bc_cells *cells)
{
	size_t before = lint->errors;
	if (!matrix) {
		bc_vec_push(cells, (struct bc_cell){0});
		return true;
	}
	bool has_axis = false;
	for (size_t i = 0; i < matrix->len; i++) {
		if (!is_axis(matrix->items[i]))
			continue;
		has_axis = true;
		check_axis(lint, matrix->items[i]);
	}
	size_t count = count_cells(lint, matrix);
	const struct bc_value *out = bc_value_get(matrix, "exclude"),
			      *in = bc_value_get(matrix, "include");
	for (size_t i = 0; out && i < out->len; i++)
		check_exclude(lint, matrix, out->items[i]);
	if (in && in->len > BC_MATRIX_MAX_CELLS)
		bc_lint_error(lint, "matrix-size", in->key_loc, "more than %d entries",
			BC_MATRIX_MAX_CELLS);
	if (lint->errors != before)
		return false;
	if (has_axis)
		make_product(lint, matrix, count, cells);
	for (size_t i = 0; out && i < out->len; i++)
		exclude(cells, out->items[i]);
	for (size_t i = 0; in && i < in->len; i++)
		include(lint, cells, in->items[i]);
	if (!cells->len && !lint->options->sets.len)
		bc_lint_error(lint, "bad-matrix", matrix->key_loc, "the matrix has no cells");
	return lint->errors == before;
}
