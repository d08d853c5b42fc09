#include <bootcheck/plan/select.h>

bool bc_glob_match(const char *glob, const char *text)
{
	/* On a mismatch only the newest star takes one byte more: earlier ones need no second try. */
	const char *star = NULL, *back = NULL;
	while (*text) {
		if (*glob == '*') {
			star = ++glob;
			back = text;
		} else if (*glob == '?' || *glob == *text) {
			glob++;
			text++;
		} else if (star) {
			glob = star;
			text = ++back;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return !*glob;
}

static bool fits_filters(const struct bc_case *c, const struct bc_strs *filters)
{
	for (size_t i = 0; i < filters->len; i++)
		if (bc_glob_match(filters->items[i], c->id) ||
			bc_glob_match(filters->items[i], c->name))
			return true;
	return !filters->len;
}

static bool fits_labels(const struct bc_case *c, const struct bc_strs *labels)
{
	for (size_t i = 0; i < labels->len; i++) {
		const char *label = labels->items[i];
		bool is_unwanted = *label == '!';
		if (bc_strs_has(&c->labels, label + is_unwanted) == is_unwanted)
			return false;
	}
	return true;
}

void bc_plan_select(struct bc_plan *plan, const struct bc_plan_options *options)
{
	size_t kept = 0, fitting = 0;
	for (size_t i = 0; i < plan->len; i++) {
		struct bc_case *c = plan->items[i];
		bool is_wanted =
			fits_filters(c, &options->filters) && fits_labels(c, &options->labels);
		if (is_wanted && options->shards > 0)
			is_wanted =
				fitting++ % (size_t)options->shards + 1 == (size_t)options->shard;
		if (is_wanted)
			plan->items[kept++] = c;
		else
			bc_case_free(c);
	}
	plan->len = kept;
}
