/* The inside of struct bc_build, shared by the files that make it up. */
#ifndef BOOTCHECK_BUILD_GRAPH_H
#define BOOTCHECK_BUILD_GRAPH_H

#include <pthread.h>

#include <bootcheck/build/node.h>
#include <bootcheck/build/store.h>

/* An artifact of a case. */
struct bc_target {
	const struct bc_case *c;
	const char *name;
	struct bc_node *node; /* NULL while it is planned, which is how a cycle shows */
};

struct bc_build {
	struct bc_build_options options;
	struct bc_store *store;
	struct bc_tool_memo *tools;
	int use; /* lock that keeps `cache gc` away */
	struct {
		BC_VEC(struct bc_node *);
	} nodes; /* inputs before what is made from them */
	struct {
		BC_VEC(struct bc_target);
	} targets;
	int64_t started_ns;	    /* since the epoch */
	size_t resolved;	    /* nodes[0..resolved) were looked at */
	pthread_mutex_t lock;	    /* over the nodes' states while workers run */
	pthread_cond_t changed;	    /* a worker finished something */
	pthread_mutex_t watch_lock; /* one call of the watcher at a time */
};

/* Plans the artifact `name` of a case with all it needs. BC_E_CASE. */
struct bc_node *bc_graph_plan(struct bc_build *build, const struct bc_case *c, const char *name,
	struct bc_loc loc, struct bc_err *err) BC_MUST_CHECK;
/* Looks at every new node: what can be known of it without asking, its key, hit or miss. */
void bc_graph_look(struct bc_build *build);
/* Computes the key if everything is known, and looks into the store. */
void bc_graph_settle(struct bc_build *build, struct bc_node *node);
/* Marks the node failed because of its own error, or of an input's. */
void bc_graph_fail(struct bc_node *node, const struct bc_err *why);
bool bc_graph_inherit_failure(struct bc_node *node);
/* Writes down what the node was built from. */
void bc_graph_remember(struct bc_build *build, const struct bc_node *node);
/* The same of everything that was there, which is little when the last run saw the same. */
void bc_graph_remember_hits(struct bc_build *build);
void bc_graph_resolver(struct bc_build *build, bool may_ask, struct bc_resolver *resolver);

/* Builds one node into the store. Called by a worker without the lock. */
bool bc_job_build(struct bc_build *build, struct bc_node *node, bool *was_hit,
	struct bc_err *err) BC_MUST_CHECK;
/* Both phases: ask for what is not known, then build what is missing. */
bool bc_schedule_run(struct bc_build *build, struct bc_err *err) BC_MUST_CHECK;
/* Tells the watcher. */
void bc_build_tell(struct bc_build *build, enum bc_progress_kind kind, const struct bc_node *node,
	const char *text, uint64_t done, uint64_t total);

/* The absolute path of a plain path that a case names, NULL when there is nothing. The caller frees. */
char *bc_case_path(const struct bc_case *c, const char *text) BC_MUST_CHECK;

#endif
