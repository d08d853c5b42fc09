/* Nodes of the artifact graph, and what one who adds a kind of artifact needs.
 *
 * A recipe is what a case writes (`apt:`, `initramfs:`); its plan function makes one node or a short
 * chain of nodes. A node kind is one way to make bytes (unpack an archive, write an initramfs). A node's
 * key is the SHA-256 over its kind's name and version, its fields and the keys of its inputs: whatever can
 * change the bytes must be among them, and nothing that cannot. Equal nodes of several cases are one.
 *
 * To add a kind: one file with its variant (the keys of a case) and its recipe, their names in shapes.h and
 * recipes.h, one line in each table of recipe.c. */
#ifndef BOOTCHECK_BUILD_NODE_H
#define BOOTCHECK_BUILD_NODE_H

#include <bootcheck/base/buf.h>
#include <bootcheck/build/build.h>
#include <bootcheck/sys/archive.h>
#include <bootcheck/sys/digest.h>

struct bc_node;
struct bc_job;

/* What a resolve function may do and knows. */
struct bc_tool_memo;
struct bc_resolver {
	const char *cache_dir;
	struct bc_tool_memo *tools; /* what programs said in this run; may be NULL */
	bool may_ask; /* take time: the network, apt. Without it only what is known is looked at */
	bool refresh; /* what was found out before this run does not count */
	bool offline;
	const volatile int *cancelled;
	int64_t started_ns;			      /* of this run, since the epoch */
	void (*on_note)(void *ctx, const char *text); /* a warning for the user */
	void *ctx;
};

enum bc_resolved { BC_RESOLVE_FAILED, BC_RESOLVE_LATER, BC_RESOLVE_DONE };

struct bc_node_kind {
	const char *name;
	const char *version; /* changed whenever the same key would give other bytes */
	/* Finds out what the key depends on besides the case's text (the newest version of a package) and
	 * sets the node's fields. BC_RESOLVE_LATER: not without asking. Thread-safe for different nodes.
	 * NULL: the key is known from the start. */
	enum bc_resolved (*resolve)(
		struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err);
	/* Makes the title exact, now that those of the inputs are. May be NULL. */
	void (*describe)(struct bc_node *node);
	/* Fills the job's output. NULL: the node stands for something outside the store; resolve() then
	 * sets node->path. */
	bool (*build)(struct bc_job *job, struct bc_err *err);
};

struct bc_input {
	char *label; /* "archive", "from[0]" */
	struct bc_node *node;
	char *member; /* path or glob inside, NULL = the whole */
};

struct bc_node_field {
	char *label, *text;
};

struct bc_node {
	const struct bc_node_kind *kind;
	char *title;		 /* for people; resolve() may make it more exact */
	struct bc_value *params; /* what the case says, or NULL */
	struct {
		BC_VEC(struct bc_input);
	} inputs;
	struct {
		BC_VEC(struct bc_node_field);
	} fields;      /* in the key, and compared when somebody asks why it changed */
	void *state;   /* of the kind; freed with free() */
	char *lineage; /* of a source: what stays the same when it moves on (a repository, a package's
				name); NULL = none. Builds that keep their objects go by it */
	struct bc_loc loc;

	/* The graph's part. */
	struct bc_strs
		origins; /* "case file#case id#artifact", stable from run to run; of each case
				     that has it */
	char *artifact;	 /* its name in the case, NULL for an inner node */
	char spec[BC_DIGEST_HEX]; /* what makes it equal to another node, known from the start */
	char key[BC_DIGEST_HEX];  /* "" while it is not known */
	enum bc_node_state node_state;
	bool is_target, is_needed;
	bool is_busy, is_done; /* in the phase that runs */
	char *path;	       /* of the content, once it is there: a file or a folder */
	char *why;
	struct bc_err err;
	uint64_t started_ms;
};

/* A node that is not in the graph yet. */
struct bc_node *bc_node_new(const struct bc_node_kind *kind, struct bc_loc loc) BC_MUST_CHECK;
/* Adds or replaces a field. */
void bc_node_set(struct bc_node *node, const char *label, const char *text);
/* The text of a field, or NULL. */
const char *bc_node_get(const struct bc_node *node, const char *label);
/* Adds an input; copies the texts. */
void bc_node_add_input(
	struct bc_node *node, const char *label, struct bc_node *input, const char *member);
/* Sets the title. */
void bc_node_title(struct bc_node *node, const char *fmt, ...) BC_PRINTF(2, 3);
/* Frees a node that never came into the graph, or with the graph. */
void bc_node_free(struct bc_node *node);

/* What a plan function gets. */
struct bc_planner;
struct bc_recipe {
	const struct bc_variant *variant;
	/* Makes the node for a map of this variant (tag and options). NULL with BC_E_CASE. */
	struct bc_node *(*plan)(
		struct bc_planner *planner, const struct bc_value *map, struct bc_err *err);
};
extern const struct bc_recipe *const bc_recipes[]; /* NULL-terminated */

/* The case that is planned. */
const struct bc_case *bc_planner_case(const struct bc_planner *planner);
/* The name of the artifact that is planned. */
const char *bc_planner_artifact(const struct bc_planner *planner);
/* Hands a node to the graph; returns it, or the equal one that is already there. */
struct bc_node *bc_planner_add(struct bc_planner *planner, struct bc_node *node);
/* The same for a node that identity tells from others besides its kind, fields and inputs. It is no part
 * of the key: a path, or the question to which resolve() finds the answer. */
struct bc_node *bc_planner_add_as(
	struct bc_planner *planner, struct bc_node *node, const char *identity);
/* The node and member that a reference or a plain path stands for. *member is the caller's. BC_E_CASE:
 * no such artifact, a cycle, no such file. */
struct bc_node *bc_planner_ref(struct bc_planner *planner, const char *text, struct bc_loc loc,
	char **member, struct bc_err *err) BC_MUST_CHECK;
/* The node of a map that is one of the recipes, such as `{url: …, sha256: …}`. With want_tree, an archive
 * is unpacked whether it says so or not. */
struct bc_node *bc_planner_source(struct bc_planner *planner, const struct bc_value *map,
	bool want_tree, struct bc_err *err) BC_MUST_CHECK;
/* True while a source is planned by bc_planner_source() with want_tree. */
bool bc_planner_wants_tree(const struct bc_planner *planner);
/* Between the two calls, a folder is planned as the sources of a build: of a git work tree, what git does not
 * ignore. */
void bc_planner_want_source(struct bc_planner *planner, bool wants);
bool bc_planner_wants_source(const struct bc_planner *planner);
/* BC_E_CASE at a place. */
bool bc_planner_fail(struct bc_err *err, struct bc_loc loc, const char *fmt, ...) BC_PRINTF(3, 4);

/* What a build function gets. Everything it leaves in out_dir becomes the artifact. */
struct bc_job {
	const struct bc_node *node;
	char *out_dir;	/* empty folder */
	char *work_dir; /* empty folder, removed afterwards */
	int log_fd;
	const char *cache_dir;
	bool offline;
	const volatile int *cancelled;
	char *main_file; /* set by bc_job_main(): the artifact is this file of out_dir, not the folder */
	struct {
		BC_VEC(struct bc_entry); /* strings owned */
	} entries;			 /* set by bc_job_entry() */
	void (*on_step)(void *ctx, const char *text, uint64_t done, uint64_t total);
	void *ctx;
	uint64_t last_step_ms;
};

/* The path of an input's content (of its member). The caller frees. BC_E_CONTENT: no such member, or
 * several. */
char *bc_job_input(struct bc_job *job, size_t index, struct bc_err *err) BC_MUST_CHECK;
/* The artifact is a single file: returns out_dir/name. The caller frees. */
char *bc_job_main(struct bc_job *job, const char *name) BC_MUST_CHECK;
/* Records an owner, mode or type that the files on disk do not have (they belong to the caller, and
 * device nodes are not there at all). Copies. */
void bc_job_entry(struct bc_job *job, const struct bc_entry *entry);
/* Forgets what was recorded: what is on disk is the artifact. */
void bc_job_forget_entries(struct bc_job *job);
/* Writes a line to the log. */
void bc_job_log(struct bc_job *job, const char *fmt, ...) BC_PRINTF(2, 3);
/* Tells whoever watches what goes on. */
void bc_job_step(struct bc_job *job, const char *text, uint64_t done, uint64_t total);
/* Every date in what is built, in seconds since the epoch: 2020-01-01, so that it is plainly not the real one. */
#define BC_BUILD_EPOCH "1577836800"
/* Adds the environment that every tool of a build gets: PATH, a HOME and TMPDIR that go away, C, UTC. */
void bc_job_env(const struct bc_job *job, struct bc_strs *env);
/* Where the log is now, for bc_job_quote(). */
int64_t bc_job_mark(const struct bc_job *job);
/* After a command failed (BC_E_COMMAND): puts the first error that it wrote to the log since mark into *err, as
 * "what: file:line: message". Does nothing for other failures. Always false. */
bool bc_job_quote(const struct bc_job *job, int64_t mark, const char *what, struct bc_err *err);
/* The first error in a tool's output, as one line: "drivers/a.c:12:3: error: message". False when none is
 * recognised. Hostile text is fine. */
bool bc_first_error(const char *log, size_t len, struct bc_buf *out);
/* The last line that says anything and is not the command itself. False when there is none. */
bool bc_last_line(const char *log, size_t len, struct bc_buf *out);
/* Adds it to the message of a failed command: "sh ended with exit status 3: …". */
void bc_err_add_last_line(struct bc_err *err, const char *text, size_t len);
/* Runs a command in cwd (NULL: work_dir); all it prints goes to the log, stdout to output when that is not
 * NULL. env: NULL = bc_job_env(). Errors of bc_command_run(). */
bool bc_job_run(struct bc_job *job, char *const *argv, char *const *env, const char *cwd,
	struct bc_buf *output, struct bc_err *err) BC_MUST_CHECK;
/* The same with a file as stdin (NULL: nothing) and a limit in ms (0: none). */
bool bc_job_run_from(struct bc_job *job, char *const *argv, char *const *env, const char *cwd,
	const char *input_path, uint64_t limit_ms, struct bc_buf *output,
	struct bc_err *err) BC_MUST_CHECK;

#endif
