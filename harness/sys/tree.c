#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <bootcheck/base/text.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/json.h>
#include <bootcheck/sys/tree.h>

static const char *const type_names[] = {
	[BC_ENTRY_FILE] = "f",
	[BC_ENTRY_DIR] = "d",
	[BC_ENTRY_LINK] = "l",
	[BC_ENTRY_CHAR] = "c",
	[BC_ENTRY_BLOCK] = "b",
	[BC_ENTRY_FIFO] = "p",
};

struct bc_tree_entry *bc_tree_add(
	struct bc_tree *tree, const struct bc_entry *entry, const char *source, char *data)
{
	struct bc_tree_entry t = {.e = *entry, .data = data, .order = tree->len};
	t.e.path = bc_strdup(entry->path);
	t.e.target = bc_strdup(entry->target);
	t.source = bc_strdup(source);
	bc_vec_push(tree, t);
	return &tree->items[tree->len - 1];
}

static void entry_release(struct bc_tree_entry *t)
{
	free((char *)t->e.path);
	free((char *)t->e.target);
	free(t->source);
	free(t->data);
}

void bc_tree_release(struct bc_tree *tree)
{
	for (size_t i = 0; i < tree->len; i++)
		entry_release(&tree->items[i]);
	free(tree->items);
	*tree = (struct bc_tree){0};
}

int bc_tree_compare(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	unsigned char x = *a == '/' ? 1 : (unsigned char)*a;
	unsigned char y = *b == '/' ? 1 : (unsigned char)*b;
	return x < y ? -1 : x > y;
}

void bc_tree_print_entry(
	const struct bc_entry *entry, const char *sha256, bool is_data_sum, struct bc_buf *out)
{
	BC_AUTO_JSON *line = bc_json_new_object();
	bc_json_set_string(line, "path", entry->path);
	bc_json_set_string(line, "type", type_names[entry->type]);
	bc_json_set_int(line, "mode", entry->mode);
	if (entry->uid || entry->gid) {
		bc_json_set_int(line, "uid", entry->uid);
		bc_json_set_int(line, "gid", entry->gid);
	}
	if (entry->type == BC_ENTRY_FILE) {
		bc_json_set_int(line, "size", (int64_t)entry->size);
		bc_json_set_string(line, is_data_sum ? "data_sha256" : "sha256", sha256);
	}
	bc_json_set_string(line, "target", entry->target);
	if (entry->is_hard)
		bc_json_set_bool(line, "hard", true);
	if (entry->type == BC_ENTRY_CHAR || entry->type == BC_ENTRY_BLOCK) {
		bc_json_set_int(line, "major", entry->major);
		bc_json_set_int(line, "minor", entry->minor);
	}
	bc_json_print(line, false, out);
	bc_buf_addc(out, '\n');
}

static bool take_number(const struct bc_json *json, const char *key, int64_t max, int64_t *value)
{
	*value = bc_json_get_int(json, key, 0);
	return *value >= 0 && *value <= max;
}

bool bc_tree_parse_entry(
	const char *line, size_t len, struct bc_tree_entry *entry, struct bc_err *err)
{
	BC_AUTO_JSON *json = bc_json_parse(line, len, err);
	if (!json)
		return false;
	const char *path = bc_json_get_string(json, "path", "");
	const char *type = bc_json_get_string(json, "type", "");
	const char *target = bc_json_get_string(json, "target", NULL);
	const char *data_sum = bc_json_get_string(json, "data_sha256", NULL);
	const char *sum = data_sum ? data_sum : bc_json_get_string(json, "sha256", "");
	bool is_hard = bc_json_get_bool(json, "hard", false);
	struct bc_tree_entry t = {0};
	size_t i = 0;
	while (i < BC_LEN(type_names) && strcmp(type, type_names[i]) != 0)
		i++;
	int64_t mode, uid, gid, size, major, minor;
	if (i == BC_LEN(type_names) || !bc_path_is_inside(path) ||
		strlen(path) > BC_ARCHIVE_NAME_MAX || !take_number(json, "mode", 07777, &mode) ||
		!take_number(json, "uid", UINT32_MAX, &uid) ||
		!take_number(json, "gid", UINT32_MAX, &gid) ||
		!take_number(json, "size", INT64_MAX, &size) ||
		!take_number(json, "major", INT32_MAX, &major) ||
		!take_number(json, "minor", INT32_MAX, &minor) ||
		(i == BC_ENTRY_LINK) != (target != NULL) || strlen(sum) >= sizeof(t.sha256) ||
		(is_hard && (!target || !bc_path_is_inside(target))))
		return bc_fail(err, BC_E_FORMAT, 0, "not a line of a listing: '%.80s'", path);
	t.e = (struct bc_entry){.type = (enum bc_entry_type)i,
		.mode = (unsigned)mode,
		.uid = (uint32_t)uid,
		.gid = (uint32_t)gid,
		.size = (uint64_t)size,
		.is_hard = is_hard,
		.major = (unsigned)major,
		.minor = (unsigned)minor};
	t.e.path = bc_strdup(path);
	t.e.target = bc_strdup(target);
	memcpy(t.sha256, sum, strlen(sum));
	t.is_data_sum = data_sum != NULL;
	*entry = t;
	return true;
}

static bool read_listing(
	struct bc_tree *tree, const char *root, const char *listing, struct bc_err *err)
{
	FILE *f = fopen(listing, "re");
	if (!f)
		return bc_fail(err, BC_E_IO, errno, "cannot open %s", listing);
	char *line = NULL;
	size_t cap = 0;
	bool ok = true;
	for (ssize_t n; ok && (n = getline(&line, &cap, f)) > 0;) {
		struct bc_tree_entry t;
		ok = tree->len < BC_ARCHIVE_MAX_ENTRIES ||
			bc_fail(err, BC_E_LIMIT, 0, "%s is too long", listing);
		ok = ok &&
			(bc_tree_parse_entry(line, (size_t)n, &t, err) ||
				bc_err_prefix(err, "%s", listing));
		if (!ok)
			break;
		t.order = tree->len;
		if (t.e.type == BC_ENTRY_FILE)
			t.source = bc_path_join(root, t.e.path);
		bc_vec_push(tree, t);
	}
	if (ok && ferror(f))
		ok = bc_fail(err, BC_E_IO, errno, "cannot read %s", listing);
	free(line);
	fclose(f);
	return ok;
}

static bool read_link(const char *full, char target[BC_ARCHIVE_NAME_MAX + 1], struct bc_err *err)
{
	ssize_t n = readlink(full, target, BC_ARCHIVE_NAME_MAX);
	if (n < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot read the link %s", full);
	target[n] = '\0';
	return true;
}

struct bc_stamp bc_stamp_of(const struct stat *st)
{
	return (struct bc_stamp){
		.size = (int64_t)st->st_size,
		.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
		.ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec,
		.inode = (uint64_t)st->st_ino,
	};
}

/* One thing on disk, as an entry; false without an error object never happens. */
static bool add_from_disk(struct bc_tree *tree, const char *full, const char *path,
	const struct stat *st, struct bc_err *err)
{
	char target[BC_ARCHIVE_NAME_MAX + 1];
	struct bc_entry e = {.path = path, .mode = (st->st_mode & 0100) ? 0755 : 0644};
	if (S_ISREG(st->st_mode)) {
		e.size = (uint64_t)st->st_size;
	} else if (S_ISDIR(st->st_mode)) {
		e.type = BC_ENTRY_DIR;
		e.mode = 0755;
	} else if (S_ISLNK(st->st_mode)) {
		if (!read_link(full, target, err))
			return false;
		e.type = BC_ENTRY_LINK;
		e.mode = 0777;
		e.target = target;
	} else if (S_ISFIFO(st->st_mode)) {
		e.type = BC_ENTRY_FIFO;
	} else if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		e.type = S_ISCHR(st->st_mode) ? BC_ENTRY_CHAR : BC_ENTRY_BLOCK;
		e.mode = st->st_mode & 0777;
		e.major = major(st->st_rdev);
		e.minor = minor(st->st_rdev);
	} else {
		return bc_fail(
			err, BC_E_FORMAT, 0, "%s is a socket: it cannot be part of a tree", full);
	}
	struct bc_tree_entry *t =
		bc_tree_add(tree, &e, e.type == BC_ENTRY_FILE ? full : NULL, NULL);
	t->stamp = bc_stamp_of(st);
	return true;
}

static bool walk(
	struct bc_tree *tree, const char *root, const char *below, int depth, struct bc_err *err)
{
	BC_AUTO_FREE char *dir = bc_path_join(root, below);
	BC_AUTO(bc_strs) names = {0};
	if (depth > BC_TREE_DEPTH)
		return bc_fail(err, BC_E_LIMIT, 0, "%s is nested too deep", dir);
	if (!bc_fs_list(dir, &names, err))
		return false;
	/* Names are looked up from here: a kernel has tens of thousands of them, deep down. */
	BC_AUTO_FD at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < names.len; i++) {
		struct stat st;
		if (strcmp(names.items[i], ".git") == 0)
			continue;
		if (tree->len >= BC_ARCHIVE_MAX_ENTRIES)
			return bc_fail(err, BC_E_LIMIT, 0, "%s holds more than %zu entries", root,
				BC_ARCHIVE_MAX_ENTRIES);
		BC_AUTO_FREE char *path = bc_path_join(below, names.items[i]);
		BC_AUTO_FREE char *full = bc_path_join(root, path);
		if (fstatat(at, names.items[i], &st, AT_SYMLINK_NOFOLLOW) != 0)
			return bc_fail(err, BC_E_IO, errno, "cannot read %s", full);
		if (!add_from_disk(tree, full, path, &st, err))
			return false;
		if (S_ISDIR(st.st_mode) && !walk(tree, root, path, depth + 1, err))
			return false;
	}
	return true;
}

bool bc_tree_read(struct bc_tree *tree, const char *root, const char *listing, struct bc_err *err)
{
	return listing ? read_listing(tree, root, listing, err) : walk(tree, root, "", 0, err);
}

static int by_path(const void *a, const void *b)
{
	const struct bc_tree_entry *x = a, *y = b;
	int c = bc_tree_compare(x->e.path, y->e.path);
	return c ? c : (x->order > y->order) - (x->order < y->order);
}

/* A walk of one folder comes in order, and to see that is cheap. */
static bool is_sorted(const struct bc_tree *tree)
{
	for (size_t i = 1; i < tree->len; i++)
		if (by_path(&tree->items[i - 1], &tree->items[i]) > 0)
			return false;
	return true;
}

static void sort(struct bc_tree *tree)
{
	if (!is_sorted(tree))
		qsort(tree->items, tree->len, sizeof(*tree->items), by_path);
}

static void add_parents(struct bc_tree *tree)
{
	size_t given = tree->len;
	const char *before = "";
	for (size_t i = 0; i < given; i++) {
		const char *path = tree->items[i].e.path;
		for (const char *p = path; (p = strchr(p, '/')); p++) {
			size_t n = (size_t)(p - path);
			/* What the entry before shares with this one has its parents already. */
			if (strncmp(before, path, n) == 0 && (before[n] == '/' || !before[n]))
				continue;
			BC_AUTO_FREE char *parent = bc_strndup(path, n);
			struct bc_entry e = {.type = BC_ENTRY_DIR, .path = parent, .mode = 0755};
			/* Order 0, so that every entry that says more about it wins. */
			bc_tree_add(tree, &e, NULL, NULL)->order = 0;
			path = tree->items[i].e.path; /* unmoved, but the vector is not */
		}
		before = tree->items[i].e.path;
	}
	/* Given entries move behind the made ones in the order. */
	for (size_t i = 0; i < given; i++)
		tree->items[i].order++;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	return strncmp(path, dir, n) == 0 && path[n] == '/';
}

bool bc_tree_merge(struct bc_tree *tree, struct bc_err *err)
{
	sort(tree);
	add_parents(tree);
	sort(tree);
	size_t kept = 0;
	const struct bc_tree_entry *wall = NULL; /* the last entry kept that is no folder */
	struct bc_tree_entry copy;
	for (size_t i = 0; i < tree->len; i++) {
		struct bc_tree_entry *t = &tree->items[i];
		bool is_last =
			i + 1 == tree->len || strcmp(t->e.path, tree->items[i + 1].e.path) != 0;
		bool is_hidden = wall && is_below(t->e.path, wall->e.path);
		if (is_last && is_hidden && t->order > wall->order)
			return bc_fail(err, BC_E_CASE, 0,
				"'%s' lies below '%s', which is no folder", t->e.path,
				wall->e.path);
		if (!is_last || is_hidden) {
			entry_release(t);
			t->e.path = NULL;
			t->e.target = NULL;
			t->source = t->data = NULL;
			continue;
		}
		copy = *t;
		if (kept != i) {
			*t = (struct bc_tree_entry){0};
			tree->items[kept] = copy;
		}
		if (copy.e.type != BC_ENTRY_DIR)
			wall = &tree->items[kept];
		kept++;
	}
	tree->len = kept;
	return true;
}

static int compare_path(const void *key, const void *item)
{
	return bc_tree_compare(key, ((const struct bc_tree_entry *)item)->e.path);
}

struct bc_tree_entry *bc_tree_find(const struct bc_tree *tree, const char *path)
{
	if (!tree->len)
		return NULL;
	return bsearch(path, tree->items, tree->len, sizeof(*tree->items), compare_path);
}

bool bc_tree_check_links(const struct bc_tree *tree, struct bc_err *err)
{
	bc_vec_each (t, tree) {
		if (t->e.type != BC_ENTRY_LINK || !t->e.is_hard)
			continue;
		const struct bc_tree_entry *to = bc_tree_find(tree, t->e.target);
		if (!to || to->e.type != BC_ENTRY_FILE)
			return bc_fail(err, BC_E_CASE, 0,
				"the hard link '%s' leads to '%s', which is no file inside",
				t->e.path, t->e.target);
	}
	return true;
}

/* Where a link really leads shows what its text does not: its way may go over another link. */
static bool leads_out(const struct bc_tree_entry *t, const char *root)
{
	if (!bc_path_link_is_inside(t->e.path, t->e.target))
		return true;
	BC_AUTO_FREE char *full = bc_path_join(root, t->e.path);
	BC_AUTO_FREE char *real = realpath(full, NULL);
	size_t n = strlen(root);
	return real && (strncmp(real, root, n) != 0 || (real[n] && real[n] != '/'));
}

bool bc_tree_check_inside(const struct bc_tree *tree, const char *root, struct bc_err *err)
{
	BC_AUTO_FREE char *real = realpath(root, NULL);
	if (!real)
		return bc_fail(err, BC_E_IO, errno, "cannot read %s", root);
	bc_vec_each (t, tree)
		if (t->e.type == BC_ENTRY_LINK && !t->e.is_hard && leads_out(t, real))
			return bc_fail(err, BC_E_FORMAT, 0, "its link '%s' leads outside, to '%s'",
				t->e.path, t->e.target);
	return true;
}

bool bc_tree_copy_links(struct bc_tree *tree, struct bc_err *err)
{
	if (!bc_tree_check_links(tree, err))
		return false;
	bc_vec_each (t, tree) {
		if (t->e.type != BC_ENTRY_LINK || !t->e.is_hard)
			continue;
		const struct bc_tree_entry *to = bc_tree_find(tree, t->e.target);
		free((char *)t->e.target);
		t->e = (struct bc_entry){.type = BC_ENTRY_FILE,
			.path = t->e.path,
			.mode = to->e.mode,
			.uid = to->e.uid,
			.gid = to->e.gid,
			.size = to->e.size};
		t->source = bc_strdup(to->source);
		t->data = to->data ? bc_strndup(to->data, (size_t)to->e.size) : NULL;
	}
	return true;
}
