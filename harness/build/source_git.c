/* A commit of a git repository, unpacked. */
#include <ctype.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/git.h>
#include <bootcheck/build/graph.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/sys/fs.h>

#define ASK_MS	   60000
#define SHA_LEN	   40
#define ANSWER_MAX ((size_t)8 << 20)

static const struct bc_field options[] = {
	{"rev", &bc_shape_text, "The commit: a tag, a branch or a sum.", false, "HEAD"},
	{0},
};
const struct bc_variant bc_variant_git = {
	.tag = "git",
	.doc = "A commit of a git repository: a folder of this host, or an address. What is not "
	       "committed does not count; `path` takes a work tree as it is, as the source of a "
	       "build without what git ignores. Gives a tree.",
	.head = &bc_shape_text,
	.options = options,
};

/* node->state is the folder of a local repository, NULL for an address. */

static bool is_sum(const char *rev)
{
	return strlen(rev) == SHA_LEN && strspn(rev, "0123456789abcdef") == SHA_LEN;
}

static void no_revision(const struct bc_node *node, struct bc_err *err)
{
	(void)bc_fail(err, BC_E_CASE, 0, "the repository %s has no commit %s",
		bc_value_text(node->params, "git", ""), bc_value_text(node->params, "rev", "HEAD"));
	(void)bc_err_at(err, node->loc.file, node->loc.line, node->loc.col);
}

static bool ask_local(struct bc_node *node, const struct bc_resolver *r, const char *rev,
	char sum[SHA_LEN + 1], struct bc_err *err)
{
	BC_AUTO(bc_buf) out = {.max = ANSWER_MAX};
	BC_AUTO_FREE char *commit = bc_asprintf("%s^{commit}", rev);
	const char *const args[] = {"-C", node->state, "rev-parse", "--quiet", "--verify",
		"--end-of-options", commit, NULL};
	struct bc_git git = {.cancelled = r->cancelled, .log_fd = -1, .limit_ms = ASK_MS};
	struct bc_err why = {0};
	if (bc_git_run(&git, args, &out, &why) && out.len > SHA_LEN) {
		memcpy(sum, out.data, SHA_LEN);
		return true;
	}
	if (why.code == BC_E_COMMAND || why.code == BC_E_NONE)
		no_revision(node, err);
	else if (err)
		*err = why;
	return false;
}

/* The best of several lines "sum<TAB>ref": what an annotated tag points to is worth more than the tag. */
static bool pick(const char *text, const char *rev, char sum[SHA_LEN + 1])
{
	int best = 0;
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\n");
		const char *tab = memchr(p, '\t', n);
		BC_AUTO_FREE char *ref =
			tab ? bc_strndup(tab + 1, n - (size_t)(tab + 1 - p)) : bc_strdup("");
		BC_AUTO_FREE char *tag = bc_asprintf("refs/tags/%s", rev);
		BC_AUTO_FREE char *peeled = bc_asprintf("refs/tags/%s^{}", rev);
		BC_AUTO_FREE char *head = bc_asprintf("refs/heads/%s", rev);
		int rank = strcmp(ref, peeled) == 0 ? 4
			: strcmp(ref, tag) == 0	    ? 3
			: strcmp(ref, head) == 0    ? 2
			: strcmp(ref, rev) == 0	    ? 1
						    : 0;
		if (rank > best && tab == p + SHA_LEN) {
			best = rank;
			memcpy(sum, p, SHA_LEN);
		}
		p += n + (p[n] == '\n');
	}
	return best > 0;
}

/* A server that was reached and has no such repository: git's words for HTTP's 404 and its like. */
static bool is_refused(const char *message)
{
	static const char words[] = "The requested URL returned error: ";
	const char *status = strstr(message, words);
	long code = status ? strtol(status + strlen(words), NULL, 10) : 404;
	return (status || bc_has_suffix(message, " not found")) && code / 100 == 4 && code != 407 &&
		code != 408 && code != 429;
}

static bool ask_remote(struct bc_node *node, const struct bc_resolver *r, const char *rev,
	char sum[SHA_LEN + 1], struct bc_err *err)
{
	BC_AUTO(bc_buf) out = {.max = ANSWER_MAX};
	BC_AUTO_FREE char *peeled = bc_asprintf("%s^{}", rev);
	const char *url = bc_value_text(node->params, "git", "");
	const char *const args[] = {"ls-remote", "--", url, rev, peeled, NULL};
	struct bc_git git = {
		.cancelled = r->cancelled, .log_fd = -1, .limit_ms = ASK_MS, .talks = true};
	struct bc_err why = {0};
	if (!bc_git_run(&git, args, &out, &why)) {
		if (why.code == BC_E_COMMAND)
			return bc_fail(err, is_refused(why.message) ? BC_E_CONTENT : BC_E_NET, 0,
				"git cannot reach %s: %s", url, why.message);
		if (err)
			*err = why;
		return false;
	}
	if (pick(out.data ? out.data : "", rev, sum))
		return true;
	no_revision(node, err);
	return false;
}

static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *r, struct bc_err *err)
{
	const char *rev = bc_value_text(node->params, "rev", "HEAD");
	char sum[SHA_LEN + 1] = "";
	if (!bc_tool_there("git", err))
		return BC_RESOLVE_FAILED;
	if (is_sum(rev)) {
		memcpy(sum, rev, SHA_LEN);
	} else if (node->state) {
		if (!ask_local(node, r, rev, sum, err))
			return BC_RESOLVE_FAILED;
	} else if (r->offline) {
		(void)bc_fail(err, BC_E_NET, 0,
			"%s of %s is not known without asking, and nothing is asked when offline",
			rev, bc_value_text(node->params, "git", ""));
		(void)bc_err_hint(err, "the sum of the commit, as `rev`, needs no asking");
		return BC_RESOLVE_FAILED;
	} else if (!r->may_ask) {
		return BC_RESOLVE_LATER;
	} else if (!ask_remote(node, r, rev, sum, err)) {
		return BC_RESOLVE_FAILED;
	}
	bc_node_set(node, "commit", sum);
	bc_node_title(node, "git %s %s%s%.12s%s", bc_value_text(node->params, "git", ""), rev,
		is_sum(rev) ? "" : " (", is_sum(rev) ? "" : sum, is_sum(rev) ? "" : ")");
	return BC_RESOLVE_DONE;
}

/* The bare repository in the cache that gathers what was fetched from an address. */
static char *fetch(struct bc_job *job, const char *url, const char *sum, struct bc_err *err)
{
	char hex[BC_DIGEST_HEX];
	struct bc_digest *digest = bc_digest_new();
	bc_digest_field(digest, "url", url);
	bc_digest_end(digest, hex);
	BC_AUTO_FREE char *git = bc_path_join(job->cache_dir, "git");
	BC_AUTO_FREE char *dir = bc_asprintf("%s/%.16s", git, hex);
	BC_AUTO_FREE char *lock = bc_asprintf("%s.lock", dir);
	const char *const init[] = {"init", "--quiet", "--bare", dir, NULL};
	struct bc_git here = {.cancelled = job->cancelled, .log_fd = job->log_fd};
	struct bc_git there = {
		.cancelled = job->cancelled, .log_fd = job->log_fd, .talks = true, .git_dir = dir};
	const char *const have[] = {"cat-file", "-e", sum, NULL};
	const char *const one[] = {"fetch", "--no-tags", "--depth=1", "--", url, sum, NULL};
	const char *const all[] = {"fetch", "--no-tags", "--", url, "+refs/heads/*:refs/heads/*",
		"+refs/tags/*:refs/tags/*", NULL};
	if (!bc_fs_mkdirs(git, 0755, err))
		return NULL;
	BC_AUTO_FD fd = bc_fs_lock(lock, true, job->cancelled, err);
	if (fd < 0 || !bc_git_run(&here, init, NULL, err))
		return NULL;
	here.git_dir = dir;
	if (bc_git_run(&here, have, NULL, NULL))
		return bc_strdup(dir);
	if (job->offline)
		return bc_fail_null(
			err, BC_E_NET, 0, "not in the cache, and nothing is fetched when offline");
	bc_job_step(job, "fetching by git", 0, 0);
	struct bc_err why = {0};
	/* Not every server gives a commit by its sum. */
	if (!bc_git_run(&there, one, NULL, &why) && why.code == BC_E_COMMAND) {
		why = (struct bc_err){0};
		BC_IGNORE(bc_git_run(&there, all, NULL, &why));
	}
	if (why.code == BC_E_NONE && bc_git_run(&here, have, NULL, &why))
		return bc_strdup(dir);
	if (why.code == BC_E_COMMAND)
		(void)bc_fail(err, is_refused(why.message) ? BC_E_CONTENT : BC_E_NET, 0,
			"git cannot fetch %.12s from %s: %s", sum, url, why.message);
	else if (err)
		*err = why;
	return NULL;
}

/* Where the repository has its objects. */
static char *objects_of(struct bc_job *job, const char *dir, struct bc_err *err)
{
	const char *const args[] = {"-C", dir, "rev-parse", "--git-path", "objects", NULL};
	struct bc_git git = {.cancelled = job->cancelled, .log_fd = job->log_fd};
	BC_AUTO(bc_buf) out = {.max = ANSWER_MAX};
	if (!bc_git_run(&git, args, &out, err))
		return NULL;
	if (!out.len)
		return bc_fail_null(
			err, BC_E_FORMAT, 0, "git does not tell where %s has its objects", dir);
	out.data[strcspn(out.data, "\n")] = '\0';
	return *out.data == '/' ? bc_strdup(out.data) : bc_path_join(dir, out.data);
}

/* A submodule's files are in another repository, and an empty folder in their place is found late, or never. */
static bool has_all(const struct bc_git *git, const char *sum, struct bc_err *err)
{
	const char *const args[] = {"ls-files", "--stage", "-z", NULL};
	BC_AUTO(bc_buf) out = {.max = (size_t)64 << 20};
	if (!bc_git_run(git, args, &out, err))
		return false;
	for (size_t at = 0; at < out.len; at += strlen(out.data + at) + 1) {
		const char *path = strchr(out.data + at, '\t');
		if (!path || !bc_has_prefix(out.data + at, "160000 "))
			continue;
		(void)bc_fail(err, BC_E_CASE, 0,
			"the commit %.12s has the submodule %s, whose files are in another "
			"repository",
			sum, path + 1);
		return bc_err_hint(err,
			"`path` takes a work tree with the submodules that are checked out in it");
	}
	return true;
}

/* The commit's files, by a repository that has nothing but the objects: what a user's has besides (attributes, filters,
 * a sparse checkout, replacements) is in no key. And no archive of git's: its export-ignore and export-subst give less
 * than the commit, and what depends on tags. */
static bool check_out(struct bc_job *job, const char *dir, const char *sum, struct bc_err *err)
{
	BC_AUTO_FREE char *bare = bc_path_join(job->work_dir, "git");
	BC_AUTO_FREE char *index = bc_path_join(job->work_dir, "index");
	BC_AUTO_FREE char *objects = objects_of(job, dir, err);
	const char *const init[] = {"init", "--quiet", "--bare", "--template=", bare, NULL};
	const char *const read[] = {"read-tree", "--reset", "-u", sum, NULL};
	struct bc_git git = {.cancelled = job->cancelled, .log_fd = job->log_fd};
	if (!objects || !bc_git_run(&git, init, NULL, err))
		return false;
	git.git_dir = bare;
	git.objects = objects;
	git.index = index;
	git.work_tree = job->out_dir;
	return bc_git_run(&git, read, NULL, err) && has_all(&git, sum, err);
}

/* A partial clone asks its server for what it lacks, but only when it is asked itself. */
static bool complete(struct bc_job *job, const char *dir, const char *sum)
{
	const char *const args[] = {
		"-C", dir, "archive", "--format=tar", "-o", "/dev/null", sum, NULL};
	struct bc_git git = {.cancelled = job->cancelled, .log_fd = job->log_fd, .talks = true};
	return !job->offline && bc_git_run(&git, args, NULL, NULL);
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	const struct bc_node *node = job->node;
	const char *sum = bc_node_get(node, "commit");
	BC_AUTO_FREE char *dir = node->state
		? bc_strdup(node->state)
		: fetch(job, bc_value_text(node->params, "git", ""), sum, err);
	if (!dir)
		return false;
	struct bc_err why = {0};
	if (check_out(job, dir, sum, &why))
		return true;
	if (why.code != BC_E_COMMAND) {
		if (err)
			*err = why;
		return false;
	}
	if (complete(job, dir, sum))
		return check_out(job, dir, sum, err);
	no_revision(node, err);
	return false;
}

static const struct bc_node_kind kind_git = {
	.name = "git",
	.version = "1",
	.resolve = resolve,
	.build = build,
};

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *map, struct bc_err *err)
{
	const struct bc_value *head = bc_value_get(map, "git");
	const char *where = bc_value_text(map, "git", ""), *rev = bc_value_text(map, "rev", "HEAD");
	bool is_address = strstr(where, "://") != NULL;
	struct bc_loc loc = head ? head->loc : map->loc;
	BC_AUTO_FREE char *path = is_address ? NULL : bc_case_path(bc_planner_case(planner), where);
	if (*rev == '-' || !*rev || *where == '-' || (!is_address && !path)) {
		(void)bc_planner_fail(err, loc, "'%s' is no %s", path || is_address ? rev : where,
			path || is_address ? "revision"
					   : "repository that is here, nor an address");
		return NULL;
	}
	struct bc_node *node = bc_node_new(&kind_git, loc);
	node->params = bc_value_share(map);
	node->state = BC_TAKE(path);
	node->lineage = bc_asprintf("git %s", node->state ? (char *)node->state : where);
	bc_node_title(node, "git %s %s", where, rev);
	BC_AUTO_FREE char *identity = bc_asprintf("%s %s", node->lineage, rev);
	return bc_planner_add_as(planner, node, identity);
}

const struct bc_recipe bc_recipe_git = {.variant = &bc_variant_git, .plan = plan};
