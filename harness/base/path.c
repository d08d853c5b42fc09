/* Paths as text; nothing here looks at the file system. */
#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>

char *bc_path_join(const char *a, const char *b)
{
	if (*b == '/' || !*a)
		return bc_strdup(b);
	size_t n = strlen(a), m = strlen(b), slash = a[n - 1] != '/';
	char *path = bc_calloc(n + slash + m + 1, 1);
	memcpy(path, a, n);
	if (slash)
		path[n] = '/';
	memcpy(path + n + slash, b, m);
	return path;
}

char *bc_path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return bc_strdup(".");
	return slash == path ? bc_strdup("/") : bc_strndup(path, (size_t)(slash - path));
}

const char *bc_path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

char *bc_path_normal(const char *path)
{
	bool absolute = *path == '/';
	BC_AUTO(bc_strs) parts = {0};
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");
		bool is_up = n == 2 && p[0] == '.' && p[1] == '.';
		if (is_up && parts.len && strcmp(parts.items[parts.len - 1], "..") != 0)
			free(parts.items[--parts.len]);
		else if (n && !(n == 1 && *p == '.') && !(is_up && absolute))
			bc_vec_push(&parts, bc_strndup(p, n));
		p += n;
		while (*p == '/')
			p++;
	}
	BC_AUTO(bc_buf) out = {0};
	if (absolute)
		bc_buf_addc(&out, '/');
	for (size_t i = 0; i < parts.len; i++)
		bc_buf_addf(&out, "%s%s", i ? "/" : "", parts.items[i]);
	if (!out.len)
		bc_buf_addc(&out, '.');
	return bc_buf_take(&out);
}

bool bc_path_is_inside(const char *path)
{
	if (!*path || *path == '/')
		return false;
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return false;
		p += n;
		while (*p == '/')
			p++;
	}
	return true;
}
