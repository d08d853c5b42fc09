/* The work: first everything that is not known is asked for, then everything that is missing is built,
 * independent nodes at the same time. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/graph.h>
#include <bootcheck/sys/clock.h>

enum phase { PHASE_ASK, PHASE_BUILD };

struct crew {
	struct bc_build *build;
	enum phase phase;
	size_t busy;
};

static bool is_cancelled(const struct bc_build *build)
{
	return build->options.cancelled && *build->options.cancelled;
}

static bool is_wanted(const struct crew *crew, const struct bc_node *node)
{
	if (node->is_busy || node->is_done || node->node_state == BC_NODE_FAILED)
		return false;
	return crew->phase == PHASE_ASK ? node->node_state == BC_NODE_UNKNOWN
					: node->is_needed && node->node_state == BC_NODE_MISS;
}

/* An input that is still to be worked on in this phase. */
static bool is_waiting(const struct crew *crew, const struct bc_node *node)
{
	bc_vec_each (i, &node->inputs)
		if (i->node->is_busy || is_wanted(crew, i->node))
			return true;
	return false;
}

static struct bc_node *next_node(const struct crew *crew)
{
	if (is_cancelled(crew->build))
		return NULL;
	bc_vec_each (n, &crew->build->nodes)
		if (is_wanted(crew, *n) && !is_waiting(crew, *n))
			return *n;
	return NULL;
}

static void ask(struct bc_build *build, struct bc_node *node)
{
	struct bc_resolver resolver;
	struct bc_err err = {0};
	bc_graph_resolver(build, true, &resolver);
	enum bc_resolved done = BC_RESOLVE_DONE;
	if (node->kind->resolve) {
		node->started_ms = bc_clock_ms();
		bc_build_tell(build, BC_PROGRESS_BUILD_START, node, node->title, 0, 0);
		done = node->kind->resolve(node, &resolver, &err);
		if (done == BC_RESOLVE_FAILED)
			bc_build_tell(build, BC_PROGRESS_BUILD_END, node, err.message, 0, 0);
	}
	pthread_mutex_lock(&build->lock);
	if (done == BC_RESOLVE_FAILED) {
		bc_graph_fail(node, &err);
	} else {
		free(node->why);
		node->why = NULL;
		bc_graph_settle(build, node);
	}
	pthread_mutex_unlock(&build->lock);
	if (done != BC_RESOLVE_FAILED && node->kind->resolve)
		bc_build_tell(build, BC_PROGRESS_BUILD_END, node,
			node->node_state == BC_NODE_HIT ? "hit" : "found", 0, 0);
}

/* The progress of an inner node goes by its title: an error that begins with it need not say it again. */
static const char *without_title(const struct bc_node *node, const char *message)
{
	size_t n = strlen(node->title);
	bool is_told = !node->artifact && bc_has_prefix(message, node->title) &&
		bc_has_prefix(message + n, ": ");
	return is_told ? message + n + 2 : message;
}

static void build_node(struct bc_build *build, struct bc_node *node)
{
	struct bc_err err = {0};
	bool was_hit = false;
	pthread_mutex_lock(&build->lock);
	bool is_hopeless = bc_graph_inherit_failure(node);
	pthread_mutex_unlock(&build->lock);
	if (is_hopeless) {
		/* What failed was told. */
		bc_build_tell(build, BC_PROGRESS_BUILD_END, node, "needs", 0, 0);
		return;
	}
	node->started_ms = bc_clock_ms();
	bc_build_tell(build, BC_PROGRESS_BUILD_START, node, node->title, 0, 0);
	bool ok = bc_job_build(build, node, &was_hit, &err);
	pthread_mutex_lock(&build->lock);
	if (!ok) {
		bc_graph_fail(node, &err);
	} else {
		node->path = bc_store_find(build->store, node->key);
		node->node_state = was_hit ? BC_NODE_HIT : BC_NODE_BUILT;
	}
	pthread_mutex_unlock(&build->lock);
	if (ok)
		bc_graph_remember(build, node);
	bc_build_tell(build, BC_PROGRESS_BUILD_END, node,
		!ok ? without_title(node, err.message) : (was_hit ? "hit" : "built"), 0, 0);
}

static void *work(void *ctx)
{
	struct crew *crew = ctx;
	struct bc_build *build = crew->build;
	pthread_mutex_lock(&build->lock);
	for (;;) {
		struct bc_node *node = next_node(crew);
		if (!node && !crew->busy)
			break;
		if (!node) {
			pthread_cond_wait(&build->changed, &build->lock);
			continue;
		}
		node->is_busy = true;
		crew->busy++;
		pthread_mutex_unlock(&build->lock);
		if (crew->phase == PHASE_ASK)
			ask(build, node);
		else
			build_node(build, node);
		pthread_mutex_lock(&build->lock);
		node->is_busy = false;
		node->is_done = true;
		crew->busy--;
		pthread_cond_broadcast(&build->changed);
	}
	pthread_cond_broadcast(&build->changed);
	pthread_mutex_unlock(&build->lock);
	return NULL;
}

static void run_phase(struct bc_build *build, enum phase phase)
{
	struct crew crew = {.build = build, .phase = phase};
	pthread_t threads[64];
	size_t started = 0, wanted = 0;
	bc_vec_each (n, &build->nodes) {
		(*n)->is_done = false;
		wanted += is_wanted(&crew, *n);
	}
	size_t jobs = build->options.jobs > 1 ? (size_t)build->options.jobs : 1;
	jobs = jobs < BC_LEN(threads) ? jobs : BC_LEN(threads);
	jobs = jobs < wanted ? jobs : wanted;
	while (started < jobs && pthread_create(&threads[started], NULL, work, &crew) == 0)
		started++;
	if (wanted && !started)
		work(&crew);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

/* A miss needs its inputs; a hit does not, whatever became of them. Nodes come after their inputs, so one
 * pass from the end is enough. */
static void mark_needed(struct bc_build *build)
{
	for (size_t n = build->nodes.len; n-- > 0;) {
		struct bc_node *node = build->nodes.items[n];
		node->is_needed |= node->is_target;
		if (!node->is_needed || node->node_state != BC_NODE_MISS)
			continue;
		bc_vec_each (i, &node->inputs)
			i->node->is_needed = true;
	}
}

/* One line on what this run cost; nothing when there are no artifacts. Failures were told, each with its reason: here
 * they are counted only. */
static void tell_sum(struct bc_build *build, uint64_t start_ms)
{
	size_t hits = 0, built = 0, failed = 0;
	bc_vec_each (n, &build->nodes) {
		bool counts = (*n)->kind->build && ((*n)->is_target || (*n)->artifact);
		hits += counts && (*n)->node_state == BC_NODE_HIT;
		built += counts && (*n)->node_state == BC_NODE_BUILT;
		failed += counts && (*n)->node_state == BC_NODE_FAILED;
	}
	BC_AUTO(bc_buf) text = {0};
	char elapsed[32];
	bc_duration_format(bc_clock_ms() - start_ms, elapsed, sizeof(elapsed));
	if (built)
		bc_buf_addf(&text, "built %zu artifact%s in %s, %zu from the store", built,
			built == 1 ? "" : "s", elapsed, hits);
	else if (hits)
		bc_buf_addf(&text, "nothing to build: %zu artifact%s from the store", hits,
			hits == 1 ? "" : "s");
	if (text.len && failed)
		bc_buf_addf(&text, ", %zu failed", failed);
	if (text.len)
		bc_build_tell(build, BC_PROGRESS_BUILD_SUM, NULL, text.data, 0, 0);
}

/* What was in the middle, and whose it was. */
static bool interrupted(const struct bc_build *build, struct bc_err *err)
{
	bc_vec_each (n, &build->nodes) {
		const struct bc_node *node = *n;
		if (node->node_state != BC_NODE_FAILED || node->err.code != BC_E_CANCELLED ||
			!node->origins.len)
			continue;
		/* "case file#case id#artifact", or "…#artifact/part". */
		const char *id = strchr(node->origins.items[0], '#');
		const char *artifact = id ? strchr(id + 1, '#') : NULL;
		if (!artifact)
			continue;
		return bc_fail(err, BC_E_CANCELLED, 0,
			"interrupted in the build of '%.*s' of the case %.*s (%s)",
			(int)strcspn(artifact + 1, "/"), artifact + 1, (int)(artifact - id - 1),
			id + 1, node->title);
	}
	return bc_fail(err, BC_E_CANCELLED, 0, "interrupted before all was built");
}

bool bc_schedule_run(struct bc_build *build, struct bc_err *err)
{
	uint64_t start_ms = bc_clock_ms();
	bc_graph_look(build);
	run_phase(build, PHASE_ASK);
	bc_vec_each (n, &build->nodes)
		bc_graph_settle(build, *n);
	mark_needed(build);
	bc_graph_remember_hits(build);
	bc_vec_each (n, &build->nodes)
		if ((*n)->node_state == BC_NODE_HIT && (*n)->is_target)
			bc_build_tell(build, BC_PROGRESS_BUILD_END, *n, "hit", 0, 0);
	run_phase(build, PHASE_BUILD);
	if (is_cancelled(build))
		return interrupted(build, err);
	tell_sum(build, start_ms);
	return true;
}
