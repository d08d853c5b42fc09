/* A download. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/sys/fetch.h>
#include <bootcheck/sys/fs.h>

#define SUMS_MAX ((size_t)4 << 20)

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	bc_job_step(ctx, "fetching", done, total);
}

static void on_note(void *ctx, const char *text)
{
	bc_job_log(ctx, "%s", text);
	bc_job_step(ctx, text, 0, 0);
}

/* BOOTCHECK_MIRRORS, "FROM=TO …": what begins with FROM is looked for at TO first. It changes where the bytes come
 * from, never which. */
static void add_mirrored(const char *url, struct bc_strs *urls)
{
	const char *mirrors = getenv("BOOTCHECK_MIRRORS");
	BC_AUTO_FREE char *copy = bc_strdup(mirrors ? mirrors : "");
	char *rest = copy, *rule;
	while ((rule = strsep(&rest, " \t\n"))) {
		char *to = strchr(rule, '=');
		if (!to)
			continue;
		*to++ = '\0';
		if (*rule && bc_has_prefix(url, rule))
			bc_strs_addf(urls, "%s%s", to, url + strlen(rule));
	}
	bc_strs_add(urls, url);
}

static void list_urls(const struct bc_value *map, struct bc_strs *urls)
{
	const struct bc_value *mirrors = bc_value_get(map, "mirrors"), *mirror;
	add_mirrored(bc_value_text(map, "url", ""), urls);
	for (size_t i = 0; (mirror = bc_value_at(mirrors, i)); i++)
		add_mirrored(mirror->text, urls);
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

/* Sums by name */

/* The sum of the file called name: a line "sum  name" or "sum *name". Signatures around the list are passed over. */
static bool find_sum(const char *text, const char *name, char sum[BC_DIGEST_HEX])
{
	size_t len = strlen(name);
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, "\r\n");
		const char *rest = p + 64;
		if (n == 66 + len && strspn(p, "0123456789abcdef") == 64 && rest[0] == ' ' &&
			(rest[1] == ' ' || rest[1] == '*') && memcmp(rest + 2, name, len) == 0) {
			memcpy(sum, p, 64);
			sum[64] = '\0';
			return true;
		}
		p += n + (p[n] != '\0');
	}
	return false;
}

static bool fetch_sums(const struct bc_node *node, const struct bc_resolver *r, const char *path,
	struct bc_err *err)
{
	BC_AUTO(bc_strs) urls = {0};
	BC_AUTO_FREE char *dir = bc_path_dir(path);
	add_mirrored(bc_value_text(node->params, "sums", ""), &urls);
	(void)unlink(path);
	struct bc_fetch fetch = {
		.urls = &urls, .path = path, .max_bytes = SUMS_MAX, .cancelled = r->cancelled};
	return bc_fs_mkdirs(dir, 0755, err) && bc_fetch_file(&fetch, err);
}

/* The list of sums, remembered by its address until --refresh. */
static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *r, struct bc_err *err)
{
	const char *sums = bc_value_text(node->params, "sums", NULL);
	const char *name = bc_node_get(node, "name");
	char hex[BC_DIGEST_HEX], sum[BC_DIGEST_HEX];
	BC_AUTO(bc_buf) text = {.max = SUMS_MAX};
	if (!sums)
		return BC_RESOLVE_DONE;
	struct bc_digest *digest = bc_digest_new();
	bc_digest_field(digest, "sums", sums);
	bc_digest_end(digest, hex);
	BC_AUTO_FREE char *path = bc_asprintf("%s/sums/%.32s", r->cache_dir, hex);
	bool is_known = !r->refresh && bc_fs_read(path, SUMS_MAX, &text, NULL) && text.data &&
		find_sum(text.data, name, sum);
	if (!is_known && r->offline) {
		(void)bc_fail(err, BC_E_NET, 0,
			"%s was never fetched here, and nothing is asked when offline", sums);
		return BC_RESOLVE_FAILED;
	}
	if (!is_known && !r->may_ask)
		return BC_RESOLVE_LATER;
	if (!is_known) {
		bc_buf_clear(&text);
		if (!fetch_sums(node, r, path, err) || !bc_fs_read(path, SUMS_MAX, &text, err))
			return BC_RESOLVE_FAILED;
		if (!text.data || !find_sum(text.data, name, sum)) {
			(void)bc_fail(err, BC_E_CASE, 0, "%s has no sum of %s", sums, name);
			return BC_RESOLVE_FAILED;
		}
	}
	bc_node_set(node, "sha256", sum);
	return BC_RESOLVE_DONE;
}

static const struct bc_node_kind kind_fetch = {
	.name = "fetch",
	.version = "1",
	.resolve = resolve,
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

/* The sum in lower case; BC_E_CASE when it is none. Empty when a list of sums is asked instead. */
static bool take_sum(const struct bc_value *map, char lower[BC_DIGEST_HEX], struct bc_err *err)
{
	const struct bc_value *sum = bc_value_get(map, "sha256"), *sums = bc_value_get(map, "sums");
	const char *text = sum && sum->text ? sum->text : "";
	lower[0] = '\0';
	if ((sum != NULL) == (sums != NULL)) {
		(void)bc_planner_fail(err, map->loc, "a `url` has either `sha256` or `sums`");
		return bc_err_hint(err, "what is fetched must be known, or it is no input");
	}
	if (sums)
		return bc_fetch_knows(sums->text) ||
			bc_planner_fail(err, sums->loc, "'%s' is no address that can be fetched",
				sums->text);
	if (strlen(text) != 64 || strspn(text, "0123456789abcdefABCDEF") != 64)
		return bc_planner_fail(
			err, sum->loc, "'%s' is no sha256: 64 hexadecimal digits are needed", text);
	for (size_t i = 0; i <= 64; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	return true;
}

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *map, struct bc_err *err)
{
	char lower[BC_DIGEST_HEX];
	if (!check_urls(map, err) || !take_sum(map, lower, err))
		return NULL;
	struct bc_node *node = bc_node_new(&kind_fetch, map->loc);
	const char *given = bc_value_text(map, "name", NULL);
	const char *sums = bc_value_text(map, "sums", "");
	BC_AUTO_FREE char *name =
		given ? bc_file_name(given) : name_of(bc_value_text(map, "url", ""));
	node->params = bc_value_share(map);
	bc_node_title(node, "url %s", bc_value_text(map, "url", ""));
	bc_node_set(node, "sha256", lower);
	bc_node_set(node, "name", name);
	node = bc_planner_add_as(planner, node, sums);
	if (bc_value_bool(map, "extract", false) || bc_planner_wants_tree(planner))
		return bc_extract_plan(planner, node, map, err);
	if (!bc_value_get(map, "members") && !bc_value_get(map, "strip"))
		return node;
	(void)bc_planner_fail(err, map->loc, "`members` and `strip` need `extract: true`");
	return NULL;
}

const struct bc_recipe bc_recipe_url = {.variant = &bc_variant_url, .plan = plan};
