/* Which boot starts when: as many at once as processors and memory allow, retries, repetitions, the end. */
#include <signal.h>

#include <bootcheck/run/boot.h>
#include <bootcheck/run/outcome.h>
#include <bootcheck/run/run.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/host.h>

/* What an emulator needs besides the guest's memory. */
#define EMULATOR_BYTES ((uint64_t)160 << 20)
#define TICK_MS	       100

struct slot {
	struct bc_boot_run *boot; /* NULL = free */
	size_t job;
	uint64_t bytes;
};

struct schedule {
	struct bc_job *jobs;
	size_t count, next; /* next: the first job that was not started yet */
	const struct bc_run_options *o;
	struct bc_run *run;
	struct bc_journal *journal;
	struct bc_loop *loop;
	struct bc_signal *sigint, *sigterm;
	struct bc_timer *tick, *reap;
	struct slot *slots;
	uint64_t used_bytes;
	int busy, signum;
	bool is_stopping;
	struct {
		BC_VEC(struct bc_boot_run *); /* over, freed outside their callbacks */
	} dead;
};

static void start_more(struct schedule *s);

/* Results */

static int badness(enum bc_verdict v)
{
	static const int order[] = {
		[BC_PASS] = 0, [BC_KNOWN] = 1, [BC_SKIP] = 2, [BC_ERROR] = 3, [BC_FAIL] = 4};
	return order[v];
}

static void end_case(struct schedule *s, size_t index)
{
	struct bc_result *r = &s->run->results.items[index];
	size_t passed = 0;
	r->verdict = r->attempts.items[r->attempts.len - 1].verdict;
	/* The worst boot of a repetition counts. Of retries it is the last one, unless that one could not
	 * be judged: what failed before is not excused by it. */
	bool takes_worst = s->o->repeat > 1 || r->verdict == BC_ERROR;
	bc_vec_each (a, &r->attempts) {
		passed += a->verdict == BC_PASS;
		if (takes_worst && badness(a->verdict) > badness(r->verdict))
			r->verdict = a->verdict;
	}
	r->is_flaky = passed && passed < r->attempts.len;
	r->is_done = true;
	struct bc_json *line = bc_journal_line("case-end", r->id, 0);
	bc_json_set_string(line, "verdict", bc_verdict_name(r->verdict));
	bc_json_set_bool(line, "flaky", r->is_flaky);
	bc_journal_write(s->journal, line);
	bc_watcher_tell(&s->o->watcher,
		&(struct bc_progress){.kind = BC_PROGRESS_END, .id = r->id, .result = r});
	if (s->o->after_case)
		s->o->after_case(s->o->ctx, s->run);
	if (s->o->fail_fast && r->verdict == BC_FAIL)
		s->is_stopping = true;
}

/* Before the kernel spoke, a warning from before the boot is the likeliest cause. */
static bool is_early(const struct bc_attempt *a)
{
	const char *phase = a->phases.len ? a->phases.items[a->phases.len - 1].name : "";
	return a->verdict == BC_FAIL &&
		(!*phase || strcmp(phase, "loader") == 0 || strcmp(phase, "decompressor") == 0);
}

static void add_warnings(const struct bc_strs *warnings, struct bc_attempt *a)
{
	BC_AUTO(bc_buf) all = {.max = 8000};
	if (!warnings->len)
		return;
	for (size_t i = 0; i < warnings->len; i++)
		bc_buf_addf(&all, "%s%s", i ? " / " : "", warnings->items[i]);
	bc_property_add(&a->properties, "memory", all.data);
	if (!is_early(a))
		return;
	char *hint = bc_asprintf("said before the boot: %s%s%s", all.data, a->hint ? "; " : "",
		a->hint ? a->hint : "");
	free(a->hint);
	a->hint = hint;
}

static void add_attempt(struct schedule *s, size_t index, struct bc_attempt *attempt)
{
	struct bc_result *r = &s->run->results.items[index];
	struct bc_json *line = bc_journal_line("attempt", r->id, (int)r->attempts.len + 1);
	add_warnings(&s->jobs[index].warnings, attempt);
	bc_json_set(line, "result", bc_journal_attempt(attempt));
	bc_journal_write(s->journal, line);
	bc_vec_push(&r->attempts, *attempt);
	*attempt = (struct bc_attempt){0};
}

/* A case that ended in the run that is resumed: the journal has it already. */
static void take_previous(struct schedule *s, size_t index)
{
	struct bc_result *r = &s->run->results.items[index], *old = s->jobs[index].previous;
	bc_vec_each (a, &old->attempts)
		bc_vec_push(&r->attempts, *a);
	old->attempts.len = 0;
	r->verdict = old->verdict;
	r->is_flaky = old->is_flaky;
	r->is_done = true;
}

/* A case that does not boot: skipped, or in error, or done before. */
static void settle_without_boot(struct schedule *s, size_t index)
{
	struct bc_job *job = &s->jobs[index];
	if (job->state == BC_JOB_DONE) {
		take_previous(s, index);
		return;
	}
	struct bc_attempt a = {.verdict = job->state == BC_JOB_SKIP ? BC_SKIP : BC_ERROR,
		.title = bc_strdup(job->why.message),
		.hint = job->why.hint[0] ? bc_strdup(job->why.hint) : NULL};
	if (job->state == BC_JOB_ERROR)
		a.error_code = bc_strdup(bc_code_name(job->why.code));
	/* A case can be about an artifact that cannot be built, not about a network that is down. */
	if (job->why.code == BC_E_CASE || job->why.code == BC_E_COMMAND)
		bc_outcome_judge(&job->c->outcome, &a);
	add_attempt(s, index, &a);
	end_case(s, index);
}

/* Boots */

static bool wants_another(const struct schedule *s, const struct bc_result *r)
{
	const struct bc_attempt *last = &r->attempts.items[r->attempts.len - 1];
	int done = (int)r->attempts.len;
	if (s->o->fail_fast && last->verdict == BC_FAIL && (s->is_stopping || s->o->repeat > 1))
		return false;
	if (s->o->repeat > 1)
		return done < s->o->repeat;
	return (last->verdict == BC_FAIL || last->verdict == BC_ERROR) && done <= s->o->retries;
}

static void on_done(void *ctx, struct bc_boot_run *boot, struct bc_attempt *attempt);

/* What is known to be wrong is said, and booted: the boot decides. */
static void tell_warnings(struct schedule *s, size_t index)
{
	const struct bc_job *job = &s->jobs[index];
	for (size_t i = 0; i < job->warnings.len; i++) {
		struct bc_json *line = bc_journal_line("note", job->c->id, 0);
		bc_json_set_string(line, "text", job->warnings.items[i]);
		bc_journal_write(s->journal, line);
		bc_watcher_tell(&s->o->watcher,
			&(struct bc_progress){.kind = BC_PROGRESS_NOTE,
				.id = job->c->id,
				.text = job->warnings.items[i]});
	}
}

static void start_boot(struct schedule *s, struct slot *slot)
{
	struct bc_boot_options options = {.loop = s->loop,
		.job = &s->jobs[slot->job],
		.journal = s->journal,
		.run_dir = s->o->dir,
		.number = (int)s->run->results.items[slot->job].attempts.len + 1,
		.scale = s->o->scale,
		.watcher = &s->o->watcher,
		.done = on_done,
		.ctx = s};
	slot->boot = bc_boot_run_new(&options);
}

static void on_reap(void *ctx)
{
	struct schedule *s = ctx;
	bc_vec_each (b, &s->dead)
		bc_boot_run_free(*b);
	s->dead.len = 0;
	start_more(s);
}

static void on_done(void *ctx, struct bc_boot_run *boot, struct bc_attempt *attempt)
{
	struct schedule *s = ctx;
	struct slot *slot = s->slots;
	while (slot->boot != boot)
		slot++;
	struct bc_result *r = &s->run->results.items[slot->job];
	add_attempt(s, slot->job, attempt);
	bc_vec_push(&s->dead, boot);
	bc_timer_start(s->reap, 0);
	bool is_more = wants_another(s, r);
	if (is_more && !s->signum) {
		bc_watcher_tell(&s->o->watcher,
			&(struct bc_progress){.kind = BC_PROGRESS_ATTEMPT,
				.id = r->id,
				.number = (int)r->attempts.len,
				.attempt = &r->attempts.items[r->attempts.len - 1],
				.result = r});
		start_boot(s, slot);
		return;
	}
	size_t index = slot->job;
	s->used_bytes -= slot->bytes;
	slot->boot = NULL;
	s->busy--;
	/* A case that was interrupted, or still had boots to come, stays undone and is reported so. */
	if (!s->signum || (!is_more && r->attempts.items[r->attempts.len - 1].verdict != BC_ERROR))
		end_case(s, index);
}

static void start_more(struct schedule *s)
{
	while (s->next < s->count && !s->is_stopping) {
		if (s->jobs[s->next].state != BC_JOB_READY) {
			settle_without_boot(s, s->next++);
			continue;
		}
		uint64_t bytes = s->jobs[s->next].c->machine.memory_bytes + EMULATOR_BYTES;
		bool fits = !s->o->memory_bytes || s->used_bytes + bytes <= s->o->memory_bytes ||
			!s->busy;
		if (s->busy >= s->o->jobs || !fits)
			return;
		struct slot *slot = s->slots;
		while (slot->boot)
			slot++;
		*slot = (struct slot){.job = s->next++, .bytes = bytes};
		s->used_bytes += bytes;
		s->busy++;
		tell_warnings(s, slot->job);
		start_boot(s, slot);
	}
	if (!s->busy && !s->dead.len)
		bc_loop_stop(s->loop);
}

static void on_tick(void *ctx)
{
	struct schedule *s = ctx;
	if (s->o->tick)
		s->o->tick(s->o->ctx);
	bc_timer_start(s->tick, TICK_MS);
}

static void on_signal(void *ctx, int signum)
{
	struct schedule *s = ctx;
	s->signum = signum;
	s->is_stopping = true;
	for (int i = 0; i < s->o->jobs; i++)
		if (s->slots[i].boot)
			bc_boot_run_cancel(s->slots[i].boot);
	if (!s->busy)
		bc_loop_stop(s->loop);
}

/* The run */

static void write_start(struct bc_journal *journal, const struct bc_run *run)
{
	struct bc_json *line = bc_journal_line("run-start", NULL, 0), *cases = bc_json_new_array();
	struct bc_json *properties = bc_json_new_object();
	bc_json_set_string(line, "run", run->id);
	bc_json_set_string(line, "version", run->version);
	bc_json_set_string(line, "host", run->host);
	bc_json_set_string(line, "started", run->started);
	bc_vec_each (p, &run->properties)
		bc_json_set_string(properties, p->name, p->value);
	bc_json_set(line, "properties", properties);
	bc_vec_each (r, &run->results) {
		struct bc_json *c = bc_json_new_object(), *labels = bc_json_new_array();
		bc_json_set_string(c, "id", r->id);
		bc_json_set_string(c, "name", r->name);
		bc_json_set_string(c, "file", r->file);
		bc_json_set_string(c, "summary", r->summary);
		bc_vec_each (label, &r->labels)
			bc_json_append(labels, bc_json_new_string(*label));
		bc_json_set(c, "labels", labels);
		bc_json_append(cases, c);
	}
	bc_json_set(line, "cases", cases);
	bc_journal_write(journal, line);
}

static void describe(struct bc_case *const *cases, size_t count, const struct bc_run_options *o,
	struct bc_run *run)
{
	char started[21], number[32];
	bc_clock_wall(started);
	run->id = bc_strdup(o->id);
	run->dir = bc_strdup(o->dir);
	run->started = bc_strdup(started);
	run->version = bc_strdup(BC_VERSION);
	run->host = bc_host_name();
	snprintf(number, sizeof(number), "%d", bc_host_cpus());
	bc_property_add(&run->properties, "host.cpus", number);
	snprintf(number, sizeof(number), "%d", o->jobs);
	bc_property_add(&run->properties, "jobs", number);
	for (size_t i = 0; i < count; i++) {
		const struct bc_case *c = cases[i];
		struct bc_result r = {.id = bc_strdup(c->id),
			.name = bc_strdup(c->name),
			.file = bc_strdup(c->file),
			.summary = bc_strdup(c->summary),
			.verdict = BC_ERROR};
		for (size_t k = 0; k < c->labels.len; k++)
			bc_strs_add(&r.labels, c->labels.items[k]);
		bc_vec_push(&run->results, r);
	}
}

struct bc_journal *bc_run_begin(struct bc_case *const *cases, size_t count,
	const struct bc_run_options *options, struct bc_run *run, struct bc_err *err)
{
	struct bc_journal *journal = bc_journal_new(options->dir, err);
	if (!journal)
		return NULL;
	describe(cases, count, options, run);
	write_start(journal, run);
	return journal;
}

static void finish(struct schedule *s, uint64_t start_ms)
{
	s->run->duration_ms = bc_clock_ms() - start_ms;
	if (!s->signum) {
		struct bc_json *line = bc_journal_line("run-end", NULL, 0);
		bc_json_set_int(line, "duration_ms", (int64_t)s->run->duration_ms);
		bc_journal_write(s->journal, line);
		s->run->is_finished = true;
	}
	bc_signal_close(s->sigint);
	bc_signal_close(s->sigterm);
	bc_timer_close(s->tick);
	bc_timer_close(s->reap);
	bc_vec_each (b, &s->dead)
		bc_boot_run_free(*b);
	free(s->dead.items);
	bc_loop_free(s->loop);
	free(s->slots);
}

bool bc_run_all(struct bc_journal *journal, struct bc_job *jobs, size_t count,
	const struct bc_run_options *options, struct bc_run *run, int *interrupted,
	struct bc_err *err)
{
	struct schedule s = {
		.journal = journal, .jobs = jobs, .count = count, .o = options, .run = run};
	if (options->is_cancelled) {
		s.signum = SIGINT;
		s.is_stopping = true;
	}
	uint64_t start_ms = bc_clock_ms();
	s.loop = bc_loop_new();
	s.slots = bc_calloc((size_t)options->jobs, sizeof(*s.slots));
	s.sigint = bc_signal_new(s.loop, SIGINT, on_signal, &s);
	s.sigterm = bc_signal_new(s.loop, SIGTERM, on_signal, &s);
	s.tick = bc_timer_new(s.loop, on_tick, &s);
	s.reap = bc_timer_new(s.loop, on_reap, &s);
	bc_timer_start(s.reap, 0); /* starts the first ones */
	if (options->tick)
		bc_timer_start(s.tick, TICK_MS);
	bc_loop_run(s.loop);
	finish(&s, start_ms);
	*interrupted = s.signum;
	const struct bc_err *failed = bc_journal_error(s.journal);
	if (failed && err)
		*err = *failed;
	return !failed;
}
