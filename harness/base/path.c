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

/* Takes the last component off out, unless it is one that cannot be taken back: a "..", or nothing. */
static bool take_back(char *out, size_t *len, size_t root)
{
	if (*len == root)
		return false;
	size_t at = *len;
	while (at > root && out[at - 1] != '/')
		at--;
	if (*len - at == 2 && memcmp(out + at, "..", 2) == 0)
		return false;
	*len = at > root ? at - 1 : root;
	return true;
}

char *bc_path_normal(const char *path)
{
	size_t root = *path == '/', len = root;
	char *out = bc_calloc(strlen(path) + 2, 1);
	if (root)
		out[0] = '/';
	for (const char *p = path; *p; p += strspn(p, "/")) {
		size_t n = strcspn(p, "/");
		bool is_up = n == 2 && p[0] == '.' && p[1] == '.';
		bool is_kept = n && !(n == 1 && *p == '.') && !(is_up && root);
		if (!(is_up && take_back(out, &len, root)) && is_kept) {
			if (len > root)
				out[len++] = '/';
			memcpy(out + len, p, n);
			len += n;
		}
		p += n;
	}
	if (!len)
		out[len++] = '.';
	out[len] = '\0';
	return out;
}

bool bc_path_link_is_inside(const char *path, const char *target)
{
	int depth = 0;
	if (*target == '/')
		return false;
	for (const char *p = path; (p = strchr(p, '/')); p++)
		depth++;
	for (const char *p = target; *p;) {
		size_t n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			depth--;
		else if (n && !(n == 1 && *p == '.'))
			depth++;
		if (depth < 0)
			return false;
		p += n;
		while (*p == '/')
			p++;
	}
	return true;
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
