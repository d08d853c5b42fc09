/* A download. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/sys/fetch.h>
#include <bootcheck/sys/fs.h>

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	bc_job_step(ctx, "fetching", done, total);
}

static void on_note(void *ctx, const char *text)
{
	bc_job_log(ctx, "%s", text);
	bc_job_step(ctx, text, 0, 0);
}

static void list_urls(const struct bc_value *map, struct bc_strs *urls)
{
	const struct bc_value *mirrors = bc_value_get(map, "mirrors"), *mirror;
	bc_strs_add(urls, bc_value_text(map, "url", ""));
	for (size_t i = 0; (mirror = bc_value_at(mirrors, i)); i++)
		bc_strs_add(urls, mirror->text);
}

/* The partial file lies outside the temporary folder, so that the next run goes on where this one was
 * cut off. The lock of the key keeps others away from it. */
static bool build(struct bc_job *job, struct bc_err *err)
{
	const char *sum = bc_node_get(job->node, "sha256");
	BC_AUTO_FREE char *dir = bc_path_join(job->cache_dir, "downloads");
	BC_AUTO_FREE char *path = bc_path_join(dir, sum);
	BC_AUTO_FREE char *to = bc_job_main(job, bc_node_get(job->node, "name"));
	BC_AUTO(bc_strs) urls = {0};
	list_urls(job->node->params, &urls);
	if (job->offline && !bc_has_prefix(urls.items[0], "file:")) {
		(void)bc_fail(
			err, BC_E_NET, 0, "not in the store, and nothing is fetched when offline");
		return bc_err_hint(err, "run once without --offline");
	}
	struct bc_fetch fetch = {.urls = &urls,
		.path = path,
		.sha256 = sum,
		.max_bytes = bc_value_size(job->node->params, "size", 0),
		.cancelled = job->cancelled,
		.on_progress = on_progress,
		.on_note = on_note,
		.ctx = job};
	if (!bc_fs_mkdirs(dir, 0755, err) || !bc_fetch_file(&fetch, err))
		return false;
	if (rename(path, to) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create %s", to);
	return true;
}

static const struct bc_node_kind kind_fetch = {
	.name = "fetch",
	.version = "1",
	.build = build,
};

/* The last part of the address, without a query. */
static char *name_of(const char *url)
{
	BC_AUTO_FREE char *copy = bc_strdup(url);
	copy[strcspn(copy, "?#")] = '\0';
	return bc_file_name(bc_path_base(copy));
}

static bool check_urls(const struct bc_value *map, struct bc_err *err)
{
	BC_AUTO(bc_strs) urls = {0};
	list_urls(map, &urls);
	for (size_t i = 0; i < urls.len; i++) {
		if (bc_fetch_knows(urls.items[i]))
			continue;
		(void)bc_planner_fail(
			err, map->loc, "'%s' is no address that can be fetched", urls.items[i]);
		return bc_err_hint(err, "http://, https://, ftp://, tftp:// and file:// are known");
	}
	return true;
}

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *map, struct bc_err *err)
{
	const struct bc_value *sum = bc_value_get(map, "sha256");
	const char *text = bc_value_text(map, "sha256", "");
	char lower[BC_DIGEST_HEX] = "";
	if (!check_urls(map, err))
		return NULL;
	if (strlen(text) != 64 || strspn(text, "0123456789abcdefABCDEF") != 64) {
		(void)bc_planner_fail(err, sum ? sum->loc : map->loc,
			"'%s' is no sha256: 64 hexadecimal digits are needed", text);
		return NULL;
	}
	for (size_t i = 0; i < 64; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	struct bc_node *node = bc_node_new(&kind_fetch, map->loc);
	const char *given = bc_value_text(map, "name", NULL);
	BC_AUTO_FREE char *name =
		given ? bc_file_name(given) : name_of(bc_value_text(map, "url", ""));
	node->params = bc_value_clone(map);
	bc_node_title(node, "url %s", bc_value_text(map, "url", ""));
	bc_node_set(node, "sha256", lower);
	bc_node_set(node, "name", name);
	node = bc_planner_add(planner, node);
	if (bc_value_bool(map, "extract", false) || bc_planner_wants_tree(planner))
		return bc_extract_plan(planner, node, map, err);
	if (!bc_value_get(map, "members") && !bc_value_get(map, "strip"))
		return node;
	(void)bc_planner_fail(err, map->loc, "`members` and `strip` need `extract: true`");
	return NULL;
}

const struct bc_recipe bc_recipe_url = {.variant = &bc_variant_url, .plan = plan};
