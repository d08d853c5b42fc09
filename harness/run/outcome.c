#include <string.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/run/outcome.h>
#include <bootcheck/sys/pattern.h>

static bool title_fits(const struct bc_outcome *o, const struct bc_attempt *a)
{
	struct bc_pattern *p = o->title ? bc_pattern_new(o->title, NULL) : NULL;
	const char *title = a->title ? a->title : "";
	bool fits = !p || bc_pattern_find(p, title, strlen(title), 0, 0, NULL, 0) == BC_MATCH_YES;
	bc_pattern_free(p);
	return fits;
}

static void set_title(struct bc_attempt *a, char *title)
{
	free(a->title);
	a->title = title;
}

static void is_as_expected(const struct bc_outcome *o, struct bc_attempt *a)
{
	set_title(a, bc_asprintf("failed as expected: %s", a->title ? a->title : ""));
	a->verdict = BC_PASS;
	a->kind = BC_KIND_NONE;
	if (o->verdict != BC_ERROR)
		return;
	free(a->error_code);
	a->error_code = NULL;
}

static void is_other(const struct bc_outcome *o, struct bc_attempt *a)
{
	const char *wanted = o->verdict == BC_ERROR ? "an error"
		: o->kind == BC_KIND_NONE	    ? "a failure"
						    : bc_kind_name(o->kind);
	set_title(a,
		bc_asprintf("expected %s%s%s%s, got %s%s%s", wanted, o->title ? " \"" : "",
			o->title ? o->title : "", o->title ? "\"" : "",
			a->verdict == BC_PASS ? "a boot without one" : bc_kind_name(a->kind),
			a->title ? ": " : "", a->title ? a->title : ""));
	a->kind = a->verdict == BC_PASS ? BC_KIND_MISSING : a->kind;
	a->verdict = BC_FAIL;
}

void bc_outcome_judge(const struct bc_outcome *o, struct bc_attempt *a)
{
	if (o->verdict == BC_PASS || a->verdict == BC_KNOWN || a->verdict == BC_SKIP)
		return;
	bool is_meant = a->verdict == o->verdict &&
		(o->kind == BC_KIND_NONE || o->kind == a->kind) && title_fits(o, a);
	if (is_meant)
		is_as_expected(o, a);
	else if (a->verdict != BC_ERROR)
		is_other(o, a);
}
