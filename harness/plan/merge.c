#include <bootcheck/base/text.h>
#include <bootcheck/plan/merge.h>
#include <bootcheck/sys/fs.h>

const struct bc_variant *const *bc_shape_variants(
	const struct bc_plan_options *options, const struct bc_shape *shape)
{
	if (shape->variants || !shape->name)
		return shape->variants;
	if (strcmp(shape->name, "artifact") == 0)
		return options->artifacts;
	if (strcmp(shape->name, "source") == 0)
		return options->sources;
	return strcmp(shape->name, "step") == 0 ? options->steps : NULL;
}

struct bc_value *bc_shape_tag(const struct bc_value *map, const struct bc_variant *const *variants,
	const struct bc_variant **variant)
{
	for (size_t i = 0; map->kind == BC_VALUE_MAP && i < map->len; i++) {
		for (size_t v = 0; variants && variants[v]; v++) {
			if (strcmp(map->items[i]->key, variants[v]->tag) != 0)
				continue;
			if (variant)
				*variant = variants[v];
			return map->items[i];
		}
	}
	return NULL;
}

/* The shape of the member called key of a value of this shape; NULL when it is not known. */
static const struct bc_shape *member_shape(
	const struct bc_shape *shape, const char *key, const struct bc_plan_options *options)
{
	if (!shape)
		return NULL;
	for (const struct bc_field *f = shape->fields; f && f->key; f++)
		if (strcmp(f->key, key) == 0)
			return f->shape;
	if (shape->type == BC_T_MAP || shape->type == BC_T_OBJECT)
		return shape->item;
	const struct bc_variant *const *variants =
		shape->type == BC_T_TAGGED ? bc_shape_variants(options, shape) : NULL;
	for (size_t i = 0; variants && variants[i]; i++)
		if (strcmp(variants[i]->tag, key) == 0)
			return variants[i]->head;
	return NULL;
}

static bool is_other_variant(const struct bc_value *base, const struct bc_value *over,
	const struct bc_shape *shape, const struct bc_plan_options *options)
{
	if (!shape || shape->type != BC_T_TAGGED)
		return false;
	const struct bc_variant *const *variants = bc_shape_variants(options, shape);
	const struct bc_variant *old = NULL, *new = NULL;
	return bc_shape_tag(base, variants, &old) && bc_shape_tag(over, variants, &new) &&
		old != new;
}

static size_t index_of(const struct bc_value *map, const char *key)
{
	size_t i = 0;
	while (i < map->len && strcmp(map->items[i]->key, key) != 0)
		i++;
	return i;
}

static void remove_at(struct bc_value *map, size_t at)
{
	bc_value_free(map->items[at]);
	memmove(map->items + at, map->items + at + 1,
		(map->len - at - 1) * sizeof(struct bc_value *));
	map->len--;
}

/* Empties over into base. */
static void merge_members(struct bc_value *base, struct bc_value *over,
	const struct bc_shape *shape, const struct bc_plan_options *options)
{
	for (size_t i = 0; i < over->len; i++) {
		struct bc_value *item = over->items[i];
		size_t at = index_of(base, item->key);
		if (at < base->len && item->kind == BC_VALUE_NULL) {
			remove_at(base, at);
			bc_value_free(item);
		} else if (at < base->len) {
			base->items[at] = bc_merge(base->items[at], item,
				member_shape(shape, item->key, options), options);
		} else {
			bc_vec_push(base, item);
		}
	}
	over->len = 0;
}

struct bc_value *bc_merge(struct bc_value *base, struct bc_value *over,
	const struct bc_shape *shape, const struct bc_plan_options *options)
{
	if (base && base->kind == BC_VALUE_MAP && over->kind == BC_VALUE_MAP &&
		!is_other_variant(base, over, shape, options)) {
		merge_members(base, over, shape, options);
		bc_value_free(over);
		return base;
	}
	if (base) {
		over->was = base->key_loc.file ? base->key_loc : base->loc;
		bc_value_free(base);
	}
	return over;
}

struct uses {
	struct bc_lint *lint;
	const struct bc_plan_file *chain[BC_USE_MAX_DEPTH + 1];
	size_t depth, count;
};

static struct bc_value *resolve(struct uses *uses, const struct bc_plan_file *file);

static void print_chain(
	const struct uses *uses, const struct bc_plan_file *last, size_t from, struct bc_buf *out)
{
	for (size_t i = from; i < uses->depth; i++)
		bc_buf_addf(out, "%s → ", uses->chain[i]->path);
	bc_buf_adds(out, last->path);
}

static void hint_near(const struct bc_lint *lint, struct bc_finding *finding, const char *path)
{
	BC_AUTO_FREE char *dir = bc_path_dir(path);
	BC_AUTO(bc_strs) names = {0};
	struct bc_err ignored;
	if (lint->files->is_closed || !bc_fs_list(dir, &names, &ignored)) {
		bc_lint_hint(
			finding, "paths in `use:` start at the folder of the file that holds it");
		return;
	}
	const char *near =
		bc_suggest(bc_path_base(path), (const char *const *)bc_strs_argv(&names));
	if (near)
		bc_lint_hint(finding, "did you mean '%s'?", near);
	else
		bc_lint_hint(finding, "%s has no such file", dir);
}

/* False (with a finding) when file must not be entered. */
static bool check_chain(struct uses *uses, const struct bc_plan_file *file, struct bc_loc loc)
{
	BC_AUTO(bc_buf) chain = {.max = 3000};
	for (size_t i = 0; i < uses->depth; i++) {
		if (uses->chain[i] != file)
			continue;
		print_chain(uses, file, i, &chain);
		bc_lint_hint(bc_lint_error(uses->lint, "use-cycle", loc,
				     "`use:` runs in a circle: %s", chain.data),
			"move what both need into a third file");
		return false;
	}
	if (uses->depth > BC_USE_MAX_DEPTH) {
		print_chain(uses, file, 0, &chain);
		bc_lint_error(uses->lint, "use-depth", loc, "`use:` is deeper than %d files: %s",
			BC_USE_MAX_DEPTH, chain.data);
		return false;
	}
	if (++uses->count > BC_USE_MAX_FILES) {
		bc_lint_error(uses->lint, "use-depth", loc,
			"the case uses more than %d parts, counting each use", BC_USE_MAX_FILES);
		return false;
	}
	return true;
}

static struct bc_value *use_one(struct uses *uses, const struct bc_plan_file *file,
	const struct bc_value *entry, struct bc_value *base)
{
	if (entry->kind != BC_VALUE_SCALAR || !*entry->text || strstr(entry->text, "${")) {
		bc_lint_hint(bc_lint_error(uses->lint, "bad-use", entry->loc, "`use:` names files"),
			"a path relative to this file, without variables: parts are joined "
			"before the matrix is expanded");
		return base;
	}
	BC_AUTO_FREE char *dir = bc_path_dir(file->path);
	BC_AUTO_FREE char *joined = bc_path_join(dir, entry->text);
	BC_AUTO_FREE char *path = bc_path_normal(joined);
	const struct bc_plan_file *part = bc_files_open(uses->lint, path);
	if (part->err.code != BC_E_NONE) {
		struct bc_finding *f = bc_lint_error(uses->lint, "use-missing", entry->loc,
			"cannot use %s: %s", entry->text, part->err.message);
		hint_near(uses->lint, f, path);
		return base;
	}
	if (!check_chain(uses, part, entry->loc))
		return base;
	struct bc_value *tree = resolve(uses, part);
	/* A part's own YAML findings were reported once, for whichever case opened it first. */
	if (!tree) {
		uses->lint->errors++;
		return base;
	}
	size_t name = index_of(tree, "name");
	if (tree->kind == BC_VALUE_MAP && name < tree->len)
		remove_at(tree, name);
	return bc_merge(base, tree, &bc_case_shape, uses->lint->options);
}

static struct bc_value *use_all(struct uses *uses, const struct bc_plan_file *file,
	const struct bc_value *use, struct bc_value *base)
{
	if (use->kind != BC_VALUE_SEQ)
		return use_one(uses, file, use, base);
	for (size_t i = 0; i < use->len; i++)
		base = use_one(uses, file, use->items[i], base);
	return base;
}

static struct bc_value *resolve(struct uses *uses, const struct bc_plan_file *file)
{
	if (!file->root)
		return NULL;
	if (file->root->kind != BC_VALUE_MAP) {
		bc_lint_error(uses->lint, "bad-type", file->root->loc,
			"a case file is a map of keys such as `name:`");
		return NULL;
	}
	uses->chain[uses->depth++] = file;
	struct bc_value *base = NULL;
	const struct bc_value *use = bc_value_get(file->root, "use");
	if (use)
		base = use_all(uses, file, use, base);
	struct bc_value *own = bc_value_clone(file->root);
	size_t at = index_of(own, "use");
	if (at < own->len)
		remove_at(own, at);
	base = bc_merge(base, own, &bc_case_shape, uses->lint->options);
	uses->depth--;
	return base;
}

struct bc_value *bc_merge_uses(struct bc_lint *lint, const struct bc_plan_file *file)
{
	struct uses uses = {.lint = lint};
	return resolve(&uses, file);
}
