/* A Debian package: the .deb is one node, what is unpacked from it another, so that several selections
 * share a download. */
#include <errno.h>
#include <stdio.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/apt.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/sys/fs.h>

/* node->params: {package, arch, version, follow}. */
static void query_of(const struct bc_node *node, struct bc_apt_query *q)
{
	*q = (struct bc_apt_query){.package = bc_value_text(node->params, "package", ""),
		.arch = bc_value_text(node->params, "arch", ""),
		.version = bc_value_text(node->params, "version", NULL),
		.follow = bc_value_text(node->params, "follow", NULL)};
	q->is_source = strcmp(q->arch, BC_APT_SOURCE) == 0;
}

static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	struct bc_apt_query q;
	BC_AUTO(bc_apt_package) p = {0};
	query_of(node, &q);
	enum bc_resolved done = bc_apt_resolve(&q, resolver, &p, err);
	if (done != BC_RESOLVE_DONE) {
		if (done == BC_RESOLVE_FAILED && err && !err->file[0])
			(void)bc_err_at(err, node->loc.file, node->loc.line, node->loc.col);
		return done;
	}
	bc_node_set(node, "package", p.package);
	bc_node_set(node, "version", p.version);
	bc_node_set(node, "file", p.file);
	bc_node_set(node, "sha256", p.sha256);
	if (q.is_source)
		bc_node_title(node, "apt-source %s", p.file);
	else
		bc_node_title(node, "apt %s:%s %s", p.package, q.arch, p.version);
	return BC_RESOLVE_DONE;
}

/* What apt left in dir: the one .deb, or the tarball whose name became this one. */
static char *find_file(const struct bc_job *job, const struct bc_apt_query *q, struct bc_err *err)
{
	const char *wanted = bc_node_get(job->node, "file");
	BC_AUTO(bc_strs) names = {0};
	if (!bc_fs_list(job->work_dir, &names, err))
		return NULL;
	bc_vec_each (name, &names) {
		BC_AUTO_FREE char *stored = bc_file_name(*name);
		if (q->is_source ? strcmp(stored, wanted) == 0 : bc_has_suffix(*name, ".deb"))
			return bc_path_join(job->work_dir, *name);
	}
	(void)bc_fail(err, BC_E_NET, 0, "apt downloaded no %s", q->is_source ? wanted : ".deb");
	(void)bc_err_hint(err, "--refresh looks for its present version");
	return NULL;
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	struct bc_apt_query q;
	char sum[BC_DIGEST_HEX];
	const char *wanted = bc_node_get(job->node, "sha256");
	query_of(job->node, &q);
	struct bc_apt_package p = {.package = (char *)bc_node_get(job->node, "package"),
		.version = (char *)bc_node_get(job->node, "version"),
		.arch = (char *)q.arch};
	if (job->offline) {
		(void)bc_fail(
			err, BC_E_NET, 0, "not in the store, and nothing is fetched when offline");
		return bc_err_hint(err, "run once without --offline");
	}
	bc_job_step(job, "downloading by apt", 0, 0);
	if (!bc_apt_download(job, &p, job->work_dir, err))
		return false;
	BC_AUTO_FREE char *deb = find_file(job, &q, err);
	BC_AUTO_FREE char *to = bc_job_main(job, bc_node_get(job->node, "file"));
	if (!deb || !bc_digest_file(deb, sum, err))
		return false;
	if (strcmp(sum, wanted) != 0)
		return bc_fail(err, BC_E_CHECKSUM, 0,
			"the downloaded package has the sha256 %s, but %s is expected", sum,
			wanted);
	/* From a file: source apt gives a link. */
	struct stat st;
	if (lstat(deb, &st) == 0 && S_ISLNK(st.st_mode))
		return bc_copy_file(deb, to, err);
	if (rename(deb, to) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create %s", to);
	return true;
}

static const struct bc_node_kind kind_deb = {
	.name = "deb",
	.version = "1",
	.resolve = resolve,
	.build = build,
};

/* Debian's name for what QEMU calls the machine's architecture. */
static const char *debian_arch(const char *arch)
{
	static const char *const names[][2] = {{"arm", "armhf"}, {"aarch64", "arm64"},
		{"x86_64", "amd64"}, {"i386", "i386"}, {"ppc64", "ppc64el"}, {"mipsel", "mipsel"},
		{"mips64el", "mips64el"}, {"riscv64", "riscv64"}, {"s390x", "s390x"}};
	for (size_t i = 0; arch && i < BC_LEN(names); i++)
		if (strcmp(names[i][0], arch) == 0)
			return names[i][1];
	return NULL;
}

/* Names go into argv and paths: only what Debian allows in them. */
static bool is_name(const char *text, const char *more)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789");
	if (!n || strlen(text) > 200)
		return false;
	for (const char *p = text + n; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *p) && !strchr(more, *p))
			return false;
	return true;
}

static bool is_version(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-~:",
			    *p))
			return false;
	return *text && *text != '-' && strlen(text) <= 200;
}

static bool take_names(struct bc_planner *planner, const struct bc_value *map, char **package,
	char **arch, struct bc_err *err)
{
	const struct bc_value *head = bc_value_get(map, "apt");
	const char *text = bc_value_text(map, "apt", "");
	const char *colon = strchr(text, ':');
	const char *machine = bc_planner_case(planner)->machine.arch;
	const char *given = bc_value_text(map, "arch", colon ? colon + 1 : debian_arch(machine));
	const char *version = bc_value_text(map, "version", NULL);
	struct bc_loc loc = head ? head->loc : map->loc;
	*package = bc_strndup(text, colon ? (size_t)(colon - text) : strlen(text));
	*arch = bc_strdup(given);
	if (!is_name(*package, ".+"))
		return bc_planner_fail(err, loc, "'%s' is no name of a Debian package", *package);
	if (version && !is_version(version))
		return bc_planner_fail(err, loc, "'%s' is no version of a Debian package", version);
	if (*arch && is_name(*arch, ""))
		return true;
	(void)bc_planner_fail(err, loc,
		*arch ? "'%s' is no Debian architecture"
		      : "no Debian architecture fits the machine (%s)",
		*arch ? *arch : (machine ? machine : "none"));
	return bc_err_hint(err, "`arch: armhf` beside `apt:` names it");
}

static void set(struct bc_value *map, const char *key, const char *text, struct bc_loc loc)
{
	if (text)
		bc_value_set(map, key, loc, bc_value_new_scalar(text, loc));
}

/* The node of the file. */
static struct bc_node *add_file(struct bc_planner *planner, const struct bc_value *map,
	const char *package, const char *arch, struct bc_loc loc)
{
	BC_AUTO(bc_buf) identity = {0};
	struct bc_node *node = bc_node_new(&kind_deb, loc);
	node->params = bc_value_new(BC_VALUE_MAP, loc);
	set(node->params, "package", package, loc);
	set(node->params, "arch", arch, loc);
	set(node->params, "version", bc_value_text(map, "version", NULL), loc);
	set(node->params, "follow", bc_value_text(map, "follow", NULL), loc);
	bc_value_print(node->params, &identity);
	if (strcmp(arch, BC_APT_SOURCE) == 0)
		bc_node_title(node, "apt-source %s", package);
	else
		bc_node_title(node, "apt %s:%s", package, arch);
	node->lineage = bc_asprintf("apt %s", package);
	return bc_planner_add_as(planner, node, identity.data);
}

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *map, struct bc_err *err)
{
	const struct bc_value *head = bc_value_get(map, "apt");
	struct bc_loc loc = head ? head->loc : map->loc;
	BC_AUTO_FREE char *package = NULL, *arch = NULL;
	if (!take_names(planner, map, &package, &arch, err))
		return NULL;
	return bc_extract_plan(planner, add_file(planner, map, package, arch, loc), map, err);
}

const struct bc_recipe bc_recipe_apt = {.variant = &bc_variant_apt, .plan = plan};

static struct bc_node *plan_source(
	struct bc_planner *planner, const struct bc_value *map, struct bc_err *err)
{
	const struct bc_value *head = bc_value_get(map, "apt-source");
	const char *package = bc_value_text(map, "apt-source", "");
	const char *version = bc_value_text(map, "version", NULL);
	struct bc_loc loc = head ? head->loc : map->loc;
	if (!is_name(package, ".+")) {
		(void)bc_planner_fail(
			err, loc, "'%s' is no name of a Debian source package", package);
		return NULL;
	}
	if (version && !is_version(version)) {
		(void)bc_planner_fail(err, loc, "'%s' is no version of a Debian package", version);
		return NULL;
	}
	struct bc_node *node = add_file(planner, map, package, BC_APT_SOURCE, loc);
	if (bc_value_bool(map, "extract", false) || bc_planner_wants_tree(planner))
		return bc_extract_plan(planner, node, map, err);
	return node;
}

const struct bc_recipe bc_recipe_apt_source = {
	.variant = &bc_variant_apt_source, .plan = plan_source};
