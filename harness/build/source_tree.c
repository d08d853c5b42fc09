/* From an archive, a package or a folder to a source tree, with patches. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/source.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/build/worktree.h>
#include <bootcheck/sys/fs.h>

#define PATCH_MAX ((size_t)64 << 20)

static const struct bc_shape source_map = {.type = BC_T_TAGGED, .name = "source"};
static const struct bc_shape *const source_either[] = {&bc_shape_ref, &source_map, NULL};
const struct bc_shape bc_shape_source = {.type = BC_T_EITHER, .either = source_either};

bool bc_source_lift(const char *dir, const char *work_dir, struct bc_err *err)
{
	BC_AUTO(bc_strs) names = {0};
	if (!bc_fs_list(dir, &names, err))
		return false;
	if (names.len != 1)
		return true;
	BC_AUTO_FREE char *top = bc_path_join(dir, names.items[0]);
	BC_AUTO_FREE char *aside = bc_path_join(work_dir, "top");
	if (!bc_fs_is_dir(top))
		return true;
	/* The way round: what is inside may have the folder's own name. */
	if (rename(top, aside) != 0 || rmdir(dir) != 0 || rename(aside, dir) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot move %s", top);
	return true;
}

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	bc_job_step(ctx, "unpacking the source", done, total);
}

static bool unpack(struct bc_job *job, const char *archive, struct bc_err *err)
{
	struct bc_extract extract = {.archive = archive,
		.dir = job->out_dir,
		.cancelled = job->cancelled,
		.on_progress = on_progress,
		.ctx = job};
	return bc_archive_extract(&extract, err) &&
		bc_source_lift(job->out_dir, job->work_dir, err);
}

/* The tarball that a package of sources brings (linux-source-6.1, u-boot-source); NULL when root is a tree. */
static char *find_tarball(const char *root)
{
	BC_AUTO_FREE char *dir = bc_path_join(root, "usr/src");
	BC_AUTO(bc_strs) names = {0};
	char *found = NULL;
	if (!bc_fs_is_dir(dir) || !bc_fs_list(dir, &names, NULL))
		return NULL;
	for (size_t i = 0; i < names.len; i++) {
		if (!strstr(names.items[i], ".tar"))
			continue;
		free(found);
		found = bc_path_join(dir, names.items[i]);
	}
	return found;
}

static bool copy_tree(struct bc_job *job, const char *root, struct bc_err *err)
{
	const struct bc_node *input = job->node->inputs.items[0].node;
	BC_AUTO_FREE char *entry = bc_path_dir(root);
	BC_AUTO_FREE char *listing = bc_path_join(entry, "files.jsonl");
	BC_AUTO(bc_tree) tree = {0};
	bool is_stored = input->kind->build && !job->node->inputs.items[0].member;
	bc_job_step(job, "copying the source", 0, 0);
	bool ok = input->kind == &bc_kind_worktree
		? bc_worktree_read(&tree, root, job->log_fd, job->cancelled, err)
		: bc_tree_read(&tree, root, is_stored ? listing : NULL, err) &&
			bc_tree_merge(&tree, err) && bc_tree_copy_links(&tree, err);
	ok = ok && bc_tree_write(job, &tree, err);
	/* Patches remove files and change modes, and no build looks at owners. */
	bc_job_forget_entries(job);
	return ok;
}

/* Of the header that patch repeats (`|+++ b/dir/file<TAB>time`), the name without the component that -p1 takes away. */
static char *name_in_header(const char *text, const char *mark)
{
	const char *at = strstr(text, mark);
	if (!at)
		return NULL;
	at += strlen(mark);
	size_t n = strcspn(at, "\t\n");
	const char *slash = memchr(at, '/', n);
	if (!slash || bc_has_prefix(at, "/dev/null"))
		return NULL;
	return bc_strndup(slash + 1, n - (size_t)(slash + 1 - at));
}

static char *line_of_file(const char *path, long number)
{
	BC_AUTO(bc_buf) text = {.max = PATCH_MAX};
	if (!bc_fs_read(path, PATCH_MAX, &text, NULL) || !text.data)
		return NULL;
	const char *p = text.data;
	for (long i = 1; p && i < number; i++) {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	return p && *p ? bc_strndup(p, strcspn(p, "\r\n")) : NULL;
}

static void say_outside(const char *name, size_t len, struct bc_buf *out)
{
	bc_buf_adds(out, "its file ");
	bc_escape_text(out, name, len, false);
	bc_buf_adds(out, " is outside of the source");
}

/* text begins with patch's "can't find file to patch at input line N", which names no file. */
static void say_missing(const char *text, const char *patch, struct bc_buf *out)
{
	static const char words[] = "can't find file to patch at input line ";
	const char *end = strstr(text, "\n--------------------------\n");
	end = end ? strstr(end + 1, "\n--------------------------\n") : NULL;
	BC_AUTO_FREE char *header = end ? bc_strndup(text, (size_t)(end - text)) : bc_strdup(text);
	BC_AUTO_FREE char *name = name_in_header(header, "|+++ ");
	BC_AUTO_FREE char *hunk = bc_has_prefix(text, words)
		? line_of_file(patch, strtol(text + strlen(words), NULL, 10))
		: NULL;
	if (!name)
		name = name_in_header(header, "|--- ");
	if (!name) {
		bc_escape_text(out, text, strcspn(text, "\n"), false);
		return;
	}
	if (!bc_path_is_inside(name)) {
		say_outside(name, strlen(name), out);
		return;
	}
	bc_buf_adds(out, "there is no file ");
	bc_escape_text(out, name, strlen(name), false);
	if (hunk && bc_has_prefix(hunk, "@@")) {
		bc_buf_adds(out, " for its hunk ");
		bc_escape_text(out, hunk, strlen(hunk), false);
	}
}

/* What went wrong, in patch's own words, for one line: the file and the first hunk. */
static void first_reject(const char *output, const char *patch, struct bc_buf *out)
{
	static const char danger[] = "Ignoring potentially dangerous file name ";
	const char *file = NULL;
	size_t file_len = 0;
	for (const char *line = output; line && *line;) {
		size_t n = strcspn(line, "\n");
		if (bc_has_prefix(line, "patching file ")) {
			file = line + strlen("patching file ");
			file_len = n - strlen("patching file ");
		} else if (bc_has_prefix(line, "Hunk #") && memmem(line, n, " FAILED", 7)) {
			bc_buf_adds(out, "hunk ");
			bc_escape_text(out, line + 5, n - 5, false);
			bc_buf_adds(out, " of ");
			bc_escape_text(out, file ? file : "?", file ? file_len : 1, false);
			return;
		} else if (bc_has_prefix(line, danger)) {
			say_outside(line + strlen(danger), n - strlen(danger), out);
			return;
		} else if (bc_has_prefix(line, "can't find file to patch")) {
			say_missing(line, patch, out);
			return;
		} else if (bc_has_prefix(line, "patch: ****") || bc_has_prefix(line, "File ")) {
			bc_escape_text(out, line, n, false);
			return;
		}
		line += n + (line[n] == '\n');
	}
}

static bool apply(struct bc_job *job, size_t index, struct bc_err *err)
{
	BC_AUTO_FREE char *file = bc_job_input(job, index, err);
	BC_AUTO(bc_buf) output = {.max = (size_t)1 << 20};
	BC_AUTO(bc_buf) why = {.max = 400};
	if (!file)
		return false;
	char *argv[] = {"patch", "-p1", "--force", "--no-backup-if-mismatch", "-i", file, NULL};
	struct bc_err run = {0};
	bc_job_step(job, "patching", 0, 0);
	bool ok = bc_job_run(job, argv, NULL, job->out_dir, &output, &run);
	bc_job_log(job, "%s", output.data ? output.data : "");
	if (ok || run.code != BC_E_COMMAND) {
		if (!ok && err)
			*err = run;
		return ok;
	}
	first_reject(output.data, file, &why);
	(void)bc_fail(err, BC_E_CASE, 0, "the patch %s does not apply%s%s", bc_path_base(file),
		why.len ? ": " : "", why.len ? why.data : "");
	return bc_err_hint(err, "patches are applied in order, with -p1, to %s",
		job->node->inputs.items[0].node->title);
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	BC_AUTO_FREE char *from = bc_job_input(job, 0, err);
	if (!from || (job->node->inputs.len > 1 && !bc_tool_there("patch", err)))
		return false;
	BC_AUTO_FREE char *inner = bc_fs_is_dir(from) ? find_tarball(from) : bc_strdup(from);
	if (inner ? !unpack(job, inner, err) : !copy_tree(job, from, err))
		return false;
	for (size_t i = 1; i < job->node->inputs.len; i++)
		if (!apply(job, i, err))
			return false;
	return true;
}

static void describe(struct bc_node *node)
{
	size_t patches = node->inputs.len - 1;
	const char *from = node->inputs.items[0].node->title;
	from += bc_has_prefix(from, "unpack ") ? strlen("unpack ") : 0;
	if (patches)
		bc_node_title(
			node, "source %s with %zu patch%s", from, patches, patches > 1 ? "es" : "");
	else
		bc_node_title(node, "source %s", from);
}

static const struct bc_node_kind kind_source = {
	.name = "source",
	.version = "1",
	.describe = describe,
	.build = build,
};

/* A folder of the host, or a checkout, is used where it is. */
static bool is_tree_already(const struct bc_node *node)
{
	return strcmp(node->kind->name, "git") == 0 || node->kind == &bc_kind_worktree ||
		(strcmp(node->kind->name, "path") == 0 && node->state && bc_fs_is_dir(node->state));
}

bool bc_source_is_host(const struct bc_node *tree)
{
	const char *member = NULL;
	while (tree->kind == &kind_source) {
		member = tree->inputs.items[0].member;
		tree = tree->inputs.items[0].node;
	}
	if (tree->kind->build || !tree->path)
		return false;
	/* An archive that lies on the host, or in a folder of it, is an archive. */
	BC_AUTO_FREE char *at =
		member ? bc_tree_member(tree->path, member, NULL) : bc_strdup(tree->path);
	return at && bc_fs_is_dir(at);
}

/* What stays the same when the source moves on: its text without digits, for want of anything better. */
static char *guess_lineage(const char *title)
{
	BC_AUTO(bc_buf) out = {0};
	for (const char *p = title; *p; p++)
		if (!isdigit((unsigned char)*p))
			bc_buf_addc(&out, *p);
	return bc_buf_take(&out);
}

struct bc_node *bc_source_tree_plan(struct bc_planner *planner, const struct bc_value *source,
	const struct bc_value *patches, struct bc_err *err)
{
	BC_AUTO_FREE char *member = NULL;
	bc_planner_want_source(planner, true);
	struct bc_node *from = source->kind == BC_VALUE_SCALAR
		? bc_planner_ref(planner, source->text, source->loc, &member, err)
		: bc_planner_source(planner, source, false, err);
	bc_planner_want_source(planner, false);
	if (!from)
		return NULL;
	if (!from->lineage)
		from->lineage = guess_lineage(from->title);
	if (is_tree_already(from) && !bc_value_count(patches) && !member)
		return from;
	struct bc_node *node = bc_node_new(&kind_source, source->loc);
	node->lineage = bc_strdup(from->lineage);
	bc_node_add_input(node, "source", from, member);
	if (bc_refs_plan(planner, node, "patches", patches, err)) {
		describe(node);
		return bc_planner_add(planner, node);
	}
	bc_node_free(node);
	return NULL;
}
