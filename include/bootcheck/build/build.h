/* Artifacts: a graph of what the cases need, a content-addressed store, and the work between. */
#ifndef BOOTCHECK_BUILD_BUILD_H
#define BOOTCHECK_BUILD_BUILD_H

#include <bootcheck/model/case.h>
#include <bootcheck/model/progress.h>
#include <bootcheck/model/schema.h>

/* The artifact kinds' and sources' parts of the case format, for the plan. */
extern const struct bc_variant *const bc_artifact_variants[];
extern const struct bc_variant *const bc_source_variants[];

/* Adds the programs that building the case's artifacts calls, and the bytes of disk that it may take, roughly. */
void bc_build_needs(const struct bc_case *c, struct bc_strs *programs, uint64_t *bytes);

struct bc_build_options {
	const char *cache_dir; /* NULL = bc_fs_cache_dir() */
	const char *log_dir;   /* build-<artifact>.log go here; NULL = into the store */
	int jobs;	       /* nodes at once, ≥ 1 */
	bool refresh;	       /* ask the sources again what is newest (apt) */
	bool offline;	       /* no network: what is not there is an error */
	struct bc_watcher watcher;
	const volatile int *cancelled; /* may be NULL */
};

struct bc_build;

/* BC_E_IO when the cache cannot be created. The caller frees with bc_build_free(). */
struct bc_build *bc_build_new(
	const struct bc_build_options *options, struct bc_err *err) BC_MUST_CHECK;
void bc_build_free(struct bc_build *build);
/* Adds all artifacts that the case's boot, drives, machine and network refer to, with what they need.
 * Equal artifacts of several cases become one node. The case must outlive the build. BC_E_CASE with
 * the place for what only this layer can see (a cycle, a file that is not there). */
bool bc_build_add_case(
	struct bc_build *build, const struct bc_case *c, struct bc_err *err) BC_MUST_CHECK;
/* Builds every node that is a miss, independent ones in parallel. A node's failure is kept with it and
 * given by bc_build_path(); false only when nothing could be tried (BC_E_CANCELLED, BC_E_IO). */
bool bc_build_run(struct bc_build *build, struct bc_err *err) BC_MUST_CHECK;
/* Where a path inside the store belongs: the folder of the artifact's content, the listing of owners,
 * modes and nodes in it, and what part of the content is meant ("" = all). False for a path elsewhere. The
 * caller frees all three. */
bool bc_build_listing(const struct bc_build *build, const char *path, char **root, char **listing,
	char **below) BC_MUST_CHECK;
/* The path of an artifact, or of a member of it, in the store (after bc_build_run). text may also be a
 * plain path, which is resolved against the case's folders and must exist. The caller frees. NULL with
 * the error that explains why it is not there. */
char *bc_build_path(struct bc_build *build, const struct bc_case *c, const char *text,
	struct bc_err *err) BC_MUST_CHECK;

enum bc_node_state {
	BC_NODE_HIT,	 /* in the store */
	BC_NODE_MISS,	 /* would be built */
	BC_NODE_UNKNOWN, /* its key depends on something that is not known before it is built */
	BC_NODE_BUILT,	 /* built in this run */
	BC_NODE_FAILED,
};

struct bc_node_info {
	const char *artifact; /* its name in the case; NULL for an inner node such as a source */
	const char *title;    /* "initramfs", "apt busybox-static:armhf 1:1.35.0-4+b7" */
	const char *key;      /* hexadecimal, NULL when UNKNOWN */
	const char *path;     /* in the store, NULL unless HIT or BUILT */
	const char *why;      /* why it is a hit or a miss: which input changed */
	enum bc_node_state state;
	int depth;		  /* in the graph, for indentation */
	const struct bc_err *err; /* FAILED */
};
/* Calls fn for each node that the case needs, dependencies first. */
void bc_build_explain(struct bc_build *build, const struct bc_case *c,
	void (*fn)(void *ctx, const struct bc_node_info *info), void *ctx);

#endif
