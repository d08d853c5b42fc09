/* Source packages: the host's sources as deb-src, and the upstream tarball of a package. */
#include <stdio.h>
#include <strings.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/apt.h>
#include <bootcheck/build/apt_state.h>
#include <bootcheck/sys/fs.h>

#define LIST_MAX   ((size_t)1 << 20)
#define OUTPUT_MAX ((size_t)1 << 20)

/* One line of a .list: `deb …` becomes `deb-src …`; everything else that is no comment is as it was. */
static void convert_list_line(const char *line, size_t n, struct bc_buf *out)
{
	size_t skip = strspn(line, " \t");
	skip = skip < n ? skip : n;
	const char *p = line + skip;
	n -= skip;
	if (n > 4 && strncmp(p, "deb", 3) == 0 && (p[3] == ' ' || p[3] == '\t')) {
		bc_buf_adds(out, "deb-src");
		p += 3;
		n -= 3;
	}
	bc_buf_add(out, p, n);
	bc_buf_addc(out, '\n');
}

/* One line of a .sources: the types become deb-src. */
static void convert_deb822_line(const char *line, size_t n, struct bc_buf *out)
{
	if (n > 6 && strncasecmp(line, "Types:", 6) == 0)
		bc_buf_adds(out, "Types: deb-src");
	else
		bc_buf_add(out, line, n);
	bc_buf_addc(out, '\n');
}

static bool convert(const char *from, const char *to, struct bc_err *err)
{
	BC_AUTO(bc_buf) text = {.max = LIST_MAX};
	BC_AUTO(bc_buf) out = {.max = 2 * LIST_MAX};
	bool is_deb822 = bc_has_suffix(from, ".sources");
	if (!bc_fs_read(from, LIST_MAX, &text, err))
		return false;
	for (const char *p = text.data ? text.data : ""; *p;) {
		size_t n = strcspn(p, "\n");
		(is_deb822 ? convert_deb822_line : convert_list_line)(p, n, &out);
		p += n + (p[n] == '\n');
	}
	return bc_fs_write(to, out.data ? out.data : "", out.len, err);
}

/* Where the host's apt has a list, by its name in the configuration. */
static char *host_path(const struct bc_apt_state *state, const char *key, struct bc_err *err)
{
	const char *const argv[] = {"apt-config", "shell", "X", key, NULL};
	BC_AUTO(bc_buf) out = {.max = 8192};
	if (!bc_apt_run(state, true, argv, &out, err))
		return NULL;
	/* X='/etc/apt/sources.list' */
	const char *start = out.data ? strchr(out.data, '\'') : NULL;
	const char *end = start ? strchr(start + 1, '\'') : NULL;
	return end ? bc_strndup(start + 1, (size_t)(end - start - 1)) : bc_strdup("");
}

static bool convert_dir(const char *from, const char *to, struct bc_err *err)
{
	BC_AUTO(bc_strs) names = {0};
	if (!bc_fs_is_dir(from))
		return true;
	if (!bc_fs_list(from, &names, err))
		return false;
	bc_vec_each (name, &names) {
		BC_AUTO_FREE char *source = bc_path_join(from, *name);
		BC_AUTO_FREE char *target = bc_path_join(to, *name);
		if ((bc_has_suffix(*name, ".list") || bc_has_suffix(*name, ".sources")) &&
			!convert(source, target, err))
			return false;
	}
	return true;
}

bool bc_apt_source_lists(
	const struct bc_apt_state *state, struct bc_buf *config, struct bc_err *err)
{
	BC_AUTO_FREE char *parts = bc_path_join(state->dir, "sources.list.d");
	BC_AUTO_FREE char *list = bc_path_join(state->dir, "sources.list");
	BC_AUTO_FREE char *host_list = host_path(state, "Dir::Etc::sourcelist/f", err);
	BC_AUTO_FREE char *host_parts =
		host_list ? host_path(state, "Dir::Etc::sourceparts/d", err) : NULL;
	if (!host_parts || !bc_fs_remove(parts, err) || !bc_fs_mkdirs(parts, 0755, err))
		return false;
	bool has_list = bc_fs_size(host_list) >= 0 && !bc_fs_is_dir(host_list);
	if (has_list ? !convert(host_list, list, err) : !bc_fs_write(list, "", 0, err))
		return false;
	bc_buf_addf(config, "Dir::Etc::sourcelist \"%s\";\nDir::Etc::sourceparts \"%s/\";\n", list,
		parts);
	return convert_dir(host_parts, parts, err);
}

/* A line of --print-uris: 'URI' NAME SIZE SHA256:SUM. True when it is the upstream tarball's. */
static bool take_line(const char *line, size_t n, struct bc_apt_package *package)
{
	BC_AUTO_FREE char *text = bc_strndup(line, n);
	char name[256], sum[80];
	long long size;
	const char *rest = strrchr(text, '\'');
	if (*text != '\'' || !rest ||
		sscanf(rest + 1, " %255s %lld SHA256:%79s", name, &size, sum) != 3 ||
		strlen(sum) != 64 || size < 0 || !strstr(name, ".tar.") ||
		bc_has_suffix(name, ".asc") || strstr(name, ".debian.tar."))
		return false;
	/* `orig-COMPONENT` are additions to the tarball that counts. */
	if (strstr(name, ".orig-"))
		return false;
	free(package->file);
	free(package->sha256);
	package->file = bc_file_name(name);
	package->sha256 = bc_strdup(sum);
	package->size_bytes = (uint64_t)size;
	return true;
}

bool bc_apt_show_source(const struct bc_apt_state *state, const char *name, const char *version,
	struct bc_apt_package *package, struct bc_err *err)
{
	BC_AUTO_FREE char *which = version ? bc_asprintf("%s=%s", name, version) : bc_strdup(name);
	const char *const argv[] = {
		"apt-get", "-q", "source", "--only-source", "--print-uris", which, NULL};
	BC_AUTO(bc_buf) out = {.max = OUTPUT_MAX};
	struct bc_err why = {0};
	bool found = false;
	if (!bc_apt_run(state, false, argv, &out, &why) && why.code != BC_E_COMMAND) {
		if (err)
			*err = why;
		return false;
	}
	for (const char *p = out.data ? out.data : ""; *p;) {
		size_t n = strcspn(p, "\n");
		found = take_line(p, n, package) || found;
		p += n + (p[n] == '\n');
	}
	if (!found)
		return bc_fail(err, BC_E_CONTENT, 0,
			"this host's apt sources have no source package %s", which);
	package->package = bc_strdup(name);
	package->version = bc_strdup(version ? version : "");
	package->arch = bc_strdup(BC_APT_SOURCE);
	return true;
}
