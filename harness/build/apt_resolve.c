/* Which .deb a case means: asked once, remembered for a week. */
#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/apt.h>
#include <bootcheck/build/apt_state.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/json.h>
#include <bootcheck/sys/pattern.h>

#define HOUR_NS	    ((int64_t)3600 * 1000000000)
#define REMEMBER_NS (7 * 24 * HOUR_NS)
#define LISTS_FRESH_NS                                                                             \
	(24 * HOUR_NS) /* lists of another run that are young enough to answer from */
#define COMPLAINTS_MAX ((size_t)600)
#define RECORD_MAX     ((size_t)1 << 16)

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return ns_of(now);
}

void bc_apt_package_release(struct bc_apt_package *p)
{
	free(p->package);
	free(p->version);
	free(p->arch);
	free(p->sha256);
	free(p->file);
	*p = (struct bc_apt_package){0};
}

static void add_stamp(struct bc_digest *digest, const char *path)
{
	struct stat st;
	char text[96] = "none";
	if (stat(path, &st) == 0)
		snprintf(text, sizeof(text), "%lld.%09ld %lld", (long long)st.st_mtim.tv_sec,
			st.st_mtim.tv_nsec, (long long)st.st_size);
	bc_digest_field(digest, path, text);
}

/* Other sources give other answers: when the host's sources change, what was remembered does not count. */
static void add_sources(struct bc_digest *digest)
{
	static const char *const files[] = {"/etc/apt/sources.list", "/etc/apt/sources.list.d",
		"/etc/apt/preferences", "/etc/apt/preferences.d"};
	const char *config = getenv("APT_CONFIG");
	for (size_t i = 0; i < BC_LEN(files); i++)
		add_stamp(digest, files[i]);
	bc_digest_field(digest, "APT_CONFIG", config ? config : "");
	if (config)
		add_stamp(digest, config);
}

static char *record_path(const struct bc_apt_query *q, const char *cache_dir)
{
	char hex[BC_DIGEST_HEX];
	struct bc_digest *digest = bc_digest_new();
	bc_digest_field(digest, "package", q->package);
	bc_digest_field(digest, "arch", q->arch);
	bc_digest_field(digest, "version", q->version ? q->version : "");
	bc_digest_field(digest, "follow", q->follow ? q->follow : "");
	add_sources(digest);
	bc_digest_end(digest, hex);
	return bc_asprintf("%s/apt/records/%s.json", cache_dir, hex);
}

static bool load_record(const char *path, struct bc_apt_package *p)
{
	BC_AUTO(bc_buf) text = {.max = RECORD_MAX};
	if (!bc_fs_read(path, RECORD_MAX, &text, NULL) || !text.data)
		return false;
	BC_AUTO_JSON *json = bc_json_parse(text.data, text.len, NULL);
	const char *sum = bc_json_get_string(json, "sha256", "");
	int64_t size = bc_json_get_int(json, "size", -1);
	if (!json || strlen(sum) != 64 || size < 0)
		return false;
	*p = (struct bc_apt_package){.package = bc_strdup(bc_json_get_string(json, "package", "")),
		.version = bc_strdup(bc_json_get_string(json, "version", "")),
		.arch = bc_strdup(bc_json_get_string(json, "arch", "")),
		.file = bc_file_name(bc_json_get_string(json, "file", "")),
		.sha256 = bc_strdup(sum),
		.size_bytes = (uint64_t)size,
		.resolved_ns = bc_json_get_int(json, "resolved_ns", 0)};
	return true;
}

static void save_record(
	const char *path, const struct bc_apt_query *q, const struct bc_apt_package *p)
{
	BC_AUTO_JSON *json = bc_json_new_object();
	BC_AUTO_FREE char *dir = bc_path_dir(path);
	BC_AUTO(bc_buf) text = {0};
	bc_json_set_string(json, "asked", q->package);
	bc_json_set_string(json, "package", p->package);
	bc_json_set_string(json, "version", p->version);
	bc_json_set_string(json, "arch", p->arch);
	bc_json_set_string(json, "sha256", p->sha256);
	bc_json_set_string(json, "file", p->file);
	bc_json_set_int(json, "size", (int64_t)p->size_bytes);
	bc_json_set_int(json, "resolved_ns", p->resolved_ns);
	bc_json_print(json, true, &text);
	/* Without the record the next run asks again. */
	if (!bc_fs_mkdirs(dir, 0755, NULL) || !bc_fs_write(path, text.data, text.len, NULL))
		return;
}

/* The dependency that `follow` means, as "name" or "name=version". */
static char *follow(const struct bc_apt_query *q, const char *stanza, struct bc_err *err)
{
	BC_AUTO_FREE char *depends = bc_apt_field(stanza, "Depends");
	BC_AUTO(bc_strs) names = {0};
	BC_AUTO(bc_strs) found = {0};
	BC_AUTO(bc_buf) list = {.max = 300};
	struct bc_pattern *pattern = bc_pattern_new(q->follow, err);
	if (!pattern)
		return NULL;
	bc_apt_depends(depends ? depends : "", &names);
	for (size_t i = 0; i < names.len; i++) {
		size_t n = strcspn(names.items[i], "=");
		bc_buf_addf(&list, "%s%s", i ? ", " : "", names.items[i]);
		if (bc_pattern_find(pattern, names.items[i], n, 0, 0, NULL, 0) == BC_MATCH_YES &&
			!bc_strs_has(&found, names.items[i]))
			bc_strs_add(&found, names.items[i]);
	}
	bc_pattern_free(pattern);
	if (found.len == 1)
		return bc_strdup(found.items[0]);
	(void)bc_fail(err, BC_E_CASE, 0, "`follow: %s` fits %s dependency of %s:%s", q->follow,
		found.len ? "more than one" : "no", q->package, q->arch);
	(void)bc_err_hint(err, "it depends on %s", list.len ? list.data : "nothing");
	return NULL;
}

static bool take_stanza(const struct bc_apt_query *q, const char *stanza, struct bc_apt_package *p,
	struct bc_err *err)
{
	BC_AUTO_FREE char *path = bc_apt_field(stanza, "Filename");
	BC_AUTO_FREE char *size = bc_apt_field(stanza, "Size");
	BC_AUTO(bc_apt_package)
	got = {.package = bc_apt_field(stanza, "Package"),
		.version = bc_apt_field(stanza, "Version"),
		.sha256 = bc_apt_field(stanza, "SHA256"),
		.arch = bc_strdup(q->arch),
		.resolved_ns = now_ns()};
	int64_t n = 0;
	if (!got.package || !got.version || !got.sha256 || strlen(got.sha256) != 64 || !path ||
		!size || !bc_number_parse(size, &n) || n < 0)
		return bc_fail(err, BC_E_FORMAT, 0,
			"apt's record of %s:%s has no file with a sha256", q->package, q->arch);
	got.file = bc_file_name(bc_path_base(path));
	got.size_bytes = (uint64_t)n;
	*p = got;
	got = (struct bc_apt_package){0};
	return true;
}

/* Looks the query up in the lists as they are. */
static bool look_up(const struct bc_apt_state *state, const struct bc_apt_query *q,
	struct bc_apt_package *p, struct bc_err *err)
{
	if (q->is_source) {
		*p = (struct bc_apt_package){.resolved_ns = now_ns()};
		return bc_apt_show_source(state, q->package, q->version, p, err);
	}
	BC_AUTO_FREE char *stanza = bc_apt_show(state, q->package, q->version, err);
	if (!stanza)
		return false;
	if (q->follow) {
		BC_AUTO_FREE char *next = follow(q, stanza, err);
		if (!next)
			return false;
		char *version = strchr(next, '=');
		if (version)
			*version++ = '\0';
		BC_AUTO_FREE char *second = bc_apt_show(state, next, version, err);
		return second && take_stanza(q, second, p, err);
	}
	return take_stanza(q, stanza, p, err);
}

static char *stamp_path(const struct bc_apt_state *state)
{
	return bc_path_join(state->dir, "updated");
}

static int64_t lists_time(const struct bc_apt_state *state)
{
	BC_AUTO_FREE char *path = stamp_path(state);
	struct stat st;
	return stat(path, &st) == 0 ? ns_of(st.st_mtim) : 0;
}

/* The identity of the sources that the lists were fetched from. */
static bool same_sources(const struct bc_apt_state *state, char hex[BC_DIGEST_HEX])
{
	BC_AUTO_FREE char *path = stamp_path(state);
	BC_AUTO(bc_buf) text = {.max = 256};
	struct bc_digest *digest = bc_digest_new();
	add_sources(digest);
	bc_digest_end(digest, hex);
	return bc_fs_read(path, 256, &text, NULL) && text.data && strcmp(text.data, hex) == 0;
}

/* Fetches the lists and writes down beside them what could not be fetched: whoever misses a package in them
 * later wants to know. */
static bool update(struct bc_apt_state *state, const char *sources, struct bc_err *err)
{
	BC_AUTO_FREE char *stamp = stamp_path(state);
	BC_AUTO_FREE char *path = bc_path_join(state->dir, "complaints");
	BC_AUTO(bc_buf) complaints = {.max = COMPLAINTS_MAX};
	return bc_apt_configure(state, err) && bc_apt_update(state, &complaints, err) &&
		bc_fs_write(path, complaints.data ? complaints.data : "", complaints.len, err) &&
		bc_fs_write(stamp, sources, strlen(sources), err);
}

static bool look_up_new(const struct bc_apt_state *state, const struct bc_apt_query *q,
	struct bc_apt_package *p, struct bc_buf *complaints, struct bc_err *err)
{
	BC_AUTO_FREE char *path = bc_path_join(state->dir, "complaints");
	struct bc_err why = {0};
	if (!bc_fs_read(path, COMPLAINTS_MAX, complaints, NULL))
		bc_buf_clear(complaints);
	if (look_up(state, q, p, &why))
		return true;
	if (complaints->len && why.code == BC_E_CONTENT) {
		why.code = BC_E_NET;
		(void)bc_err_hint(
			&why, "apt could not fetch all of its lists: %.300s", complaints->data);
	} else if (why.code == BC_E_CONTENT) {
		(void)bc_err_hint(&why, "is it in a suite of /etc/apt/sources.list?");
	}
	if (err)
		*err = why;
	return false;
}

static bool ask(const struct bc_apt_query *q, const struct bc_resolver *r,
	struct bc_apt_state *state, struct bc_apt_package *p, struct bc_err *err)
{
	char sources[BC_DIGEST_HEX];
	BC_AUTO(bc_buf) complaints = {.max = COMPLAINTS_MAX};
	bool is_same = same_sources(state, sources) && bc_fs_exists(state->config);
	int64_t age = now_ns() - lists_time(state);
	/* By this run, or by a process that runs at the same time. */
	bool is_new = is_same && lists_time(state) >= r->started_ns;
	bool is_young = is_same && !r->refresh && age >= 0 && age < LISTS_FRESH_NS;
	if (is_new)
		return look_up_new(state, q, p, &complaints, err);
	struct bc_err why = {0};
	if (is_young && look_up(state, q, p, &why))
		return true;
	/* Without apt, the update says what to do. */
	if (is_young && why.code != BC_E_CONTENT && why.code != BC_E_MISSING) {
		if (err)
			*err = why;
		return false;
	}
	if (!update(state, sources, err) || !look_up_new(state, q, p, &complaints, err))
		return false;
	if (complaints.len && r->on_note) {
		BC_AUTO_FREE char *text =
			bc_asprintf("apt lists of %s: %s (the package was found all the same)",
				state->arch, complaints.data);
		r->on_note(r->ctx, text);
	}
	return true;
}

static bool ask_apt(const struct bc_apt_query *q, const struct bc_resolver *r,
	struct bc_apt_package *p, struct bc_err *err)
{
	struct bc_apt_state state;
	bool ok = bc_apt_state_open(&state, r->cache_dir, q->arch, r->cancelled, err) &&
		ask(q, r, &state, p, err);
	bc_apt_state_close(&state);
	return ok;
}

enum bc_resolved bc_apt_resolve(const struct bc_apt_query *query,
	const struct bc_resolver *resolver, struct bc_apt_package *package, struct bc_err *err)
{
	BC_AUTO_FREE char *path = record_path(query, resolver->cache_dir);
	BC_AUTO(bc_apt_package) known = {0};
	bool has = load_record(path, &known);
	int64_t age = resolver->started_ns - known.resolved_ns;
	bool is_young = age < REMEMBER_NS &&
		(!resolver->refresh || known.resolved_ns >= resolver->started_ns);
	if (has && (is_young || resolver->offline)) {
		*package = known;
		known = (struct bc_apt_package){0};
		return BC_RESOLVE_DONE;
	}
	if (resolver->offline) {
		(void)bc_fail(err, BC_E_NET, 0,
			"apt %s:%s was never looked up here, and nothing is asked when offline",
			query->package, query->arch);
		(void)bc_err_hint(err, "run once without --offline");
		return BC_RESOLVE_FAILED;
	}
	if (!resolver->may_ask)
		return BC_RESOLVE_LATER;
	struct bc_err why = {0};
	if (ask_apt(query, resolver, package, &why)) {
		save_record(path, query, package);
		return BC_RESOLVE_DONE;
	}
	if (has && why.code == BC_E_NET && !resolver->refresh) {
		BC_AUTO_FREE char *text = bc_asprintf("%s; going on with %s %s, found earlier",
			why.message, known.package, known.version);
		if (resolver->on_note)
			resolver->on_note(resolver->ctx, text);
		*package = known;
		known = (struct bc_apt_package){0};
		return BC_RESOLVE_DONE;
	}
	if (err)
		*err = why;
	return BC_RESOLVE_FAILED;
}
