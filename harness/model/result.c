#include <bootcheck/model/result.h>

const char *const bc_verdict_names[] = {"pass", "fail", "known", "skip", "error", NULL};
static const char *const kinds[] = {"none", "panic", "splat", "rejected", "missing", "command",
	"timeout", "hang-idle", "hang-spin", "reset-loop", "exited", "slow", "loader",
	"silent-kernel", NULL};
const char *const bc_kind_names[] = {"panic", "splat", "rejected", "missing", "command", "timeout",
	"hang-idle", "hang-spin", "reset-loop", "exited", "slow", "loader", "silent-kernel", NULL};

const char *bc_verdict_name(enum bc_verdict verdict)
{
	return bc_verdict_names[verdict];
}

const char *bc_kind_name(enum bc_fail_kind kind)
{
	return kinds[kind];
}

static int find(const char *name, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

bool bc_verdict_parse(const char *name, enum bc_verdict *verdict)
{
	int i = find(name, bc_verdict_names);
	if (i < 0)
		return false;
	*verdict = (enum bc_verdict)i;
	return true;
}

bool bc_kind_parse(const char *name, enum bc_fail_kind *kind)
{
	int i = find(name, kinds);
	if (i < 0)
		return false;
	*kind = (enum bc_fail_kind)i;
	return true;
}

const struct bc_attempt *bc_result_last(const struct bc_result *result)
{
	for (size_t i = result->attempts.len; i-- > 0;)
		if (result->attempts.items[i].verdict == result->verdict)
			return &result->attempts.items[i];
	return result->attempts.len ? &result->attempts.items[result->attempts.len - 1] : NULL;
}

struct bc_counts bc_run_count(const struct bc_run *run)
{
	struct bc_counts n = {0};
	bc_vec_each (r, &run->results) {
		size_t *counts[] = {&n.pass, &n.fail, &n.known, &n.skip, &n.error};
		++*counts[r->is_done ? r->verdict : BC_ERROR];
		n.flaky += r->is_flaky;
	}
	return n;
}

int bc_run_exit_code(const struct bc_run *run)
{
	struct bc_counts n = bc_run_count(run);
	if (n.fail)
		return 1;
	return n.error || n.pass + n.known == 0 ? 3 : 0;
}

#define properties_release(list)                                                                   \
	do {                                                                                       \
		bc_vec_each (p_, list) {                                                           \
			free(p_->name);                                                            \
			free(p_->value);                                                           \
		}                                                                                  \
		free((list)->items);                                                               \
	} while (0)

void bc_attempt_release(struct bc_attempt *a)
{
	free(a->title);
	free(a->detector);
	free(a->excerpt);
	free(a->hint);
	free(a->error_code);
	free(a->dir);
	bc_vec_each (p, &a->phases)
		free(p->name);
	free(a->phases.items);
	bc_vec_each (e, &a->dialog) {
		free(e->kind);
		free(e->typed);
		free(e->output);
	}
	free(a->dialog.items);
	free(a->healed.items);
	properties_release(&a->properties);
	*a = (struct bc_attempt){0};
}

void bc_result_release(struct bc_result *r)
{
	free(r->id);
	free(r->name);
	free(r->file);
	free(r->summary);
	bc_strs_release(&r->labels);
	bc_vec_each (a, &r->attempts)
		bc_attempt_release(a);
	free(r->attempts.items);
	*r = (struct bc_result){0};
}

void bc_run_release(struct bc_run *run)
{
	free(run->id);
	free(run->dir);
	free(run->started);
	free(run->version);
	free(run->host);
	properties_release(&run->properties);
	bc_vec_each (r, &run->results)
		bc_result_release(r);
	free(run->results.items);
	*run = (struct bc_run){0};
}
