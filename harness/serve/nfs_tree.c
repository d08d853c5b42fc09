#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/serve/nfs_tree.h>
#include <bootcheck/sys/fs.h>

/* Reading the exports */

/* The part of a path that lies below a folder; NULL when it lies elsewhere. */
static const char *part_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	if (!n)
		return path;
	return strncmp(path, folder, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

static void add_folder(struct bc_tree *tree, const char *at)
{
	struct bc_entry e = {.type = BC_ENTRY_DIR, .path = at, .mode = 0755};
	if (*at)
		bc_tree_add(tree, &e, NULL, NULL);
}

static bool add_tree(struct bc_tree *tree, const struct bc_export *x, struct bc_err *err)
{
	BC_AUTO(bc_tree) all = {0};
	const char *at = x->at + strspn(x->at, "/");
	if (!bc_tree_read(&all, x->root, x->listing, err))
		return false;
	add_folder(tree, at);
	for (size_t i = 0; i < all.len; i++) {
		const struct bc_tree_entry *t = &all.items[i];
		const char *path = part_below(t->e.path, x->below);
		if (!path)
			continue;
		struct bc_entry e = t->e;
		const char *to = e.is_hard ? part_below(e.target, x->below) : NULL;
		BC_AUTO_FREE char *placed = bc_path_join(at, path);
		BC_AUTO_FREE char *target = to ? bc_path_join(at, to) : NULL;
		e.path = placed;
		e.target = target ? target : e.target;
		bc_tree_add(tree, &e, t->source, NULL);
	}
	return true;
}

static bool add_file(struct bc_tree *tree, const struct bc_export *x, struct bc_err *err)
{
	struct stat st;
	if (stat(x->root, &st) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot read %s", x->root);
	struct bc_entry e = {.path = x->at + strspn(x->at, "/"),
		.mode = st.st_mode & 0100 ? 0755 : 0644,
		.size = (uint64_t)st.st_size};
	if (!S_ISREG(st.st_mode) || !*e.path)
		return bc_fail(
			err, BC_E_CASE, 0, "%s cannot be served as %s over NFS", x->root, x->at);
	bc_tree_add(tree, &e, x->root, NULL);
	return true;
}

/* From a merged tree to numbers */

static uint32_t number_of(const struct bc_tree *tree, const char *path)
{
	const struct bc_tree_entry *t = *path ? bc_tree_find(tree, path) : NULL;
	return t ? (uint32_t)(t - tree->items) + 1 : BC_NFS_ROOT;
}

static uint32_t parent_of(const struct bc_tree *tree, const char *path)
{
	BC_AUTO_FREE char *dir = bc_path_dir(path);
	return number_of(tree, strcmp(dir, ".") == 0 ? "" : dir);
}

static void add_node(struct bc_nfs_tree *out, const struct bc_tree_entry *t)
{
	struct bc_nfs_node n = {.type = t->e.type,
		.mode = t->e.mode,
		.uid = t->e.uid,
		.gid = t->e.gid,
		.size = t->e.size,
		.links = t->e.type == BC_ENTRY_DIR ? 2 : 1,
		.major = t->e.major,
		.minor = t->e.minor,
		.target = bc_strdup(t->e.target),
		.source = bc_strdup(t->source)};
	bc_vec_push(&out->nodes, n);
}

/* Folders come before what they hold, and siblings in the order of their bytes: one pass counts, a second
 * one fills. */
static bool join(struct bc_nfs_tree *out, const struct bc_tree *tree, struct bc_err *err)
{
	size_t first = 0;
	for (size_t i = 0; i < tree->len; i++)
		out->nodes.items[parent_of(tree, tree->items[i].e.path)].count++;
	bc_vec_each (n, &out->nodes) {
		n->first = first;
		first += n->count;
		n->count = 0;
	}
	out->names.items = bc_calloc(first ? first : 1, sizeof(*out->names.items));
	out->names.len = out->names.cap = first;
	for (size_t i = 0; i < tree->len; i++) {
		const struct bc_tree_entry *t = &tree->items[i];
		uint32_t number = (uint32_t)i + 1, above = parent_of(tree, t->e.path);
		struct bc_nfs_node *folder = &out->nodes.items[above];
		if (t->e.is_hard) {
			number = number_of(tree, t->e.target);
			if (!number || tree->items[number - 1].e.type == BC_ENTRY_DIR ||
				tree->items[number - 1].e.is_hard)
				return bc_fail(err, BC_E_CASE, 0,
					"the hard link '%s' leads to '%s', which is no file inside",
					t->e.path, t->e.target);
			out->nodes.items[number].links++;
		} else if (t->e.type == BC_ENTRY_DIR) {
			out->nodes.items[number].parent = above;
			folder->links++;
		}
		out->names.items[folder->first + folder->count++] = (struct bc_nfs_name){
			.name = bc_strdup(bc_path_base(t->e.path)), .node = number};
	}
	return true;
}

static struct bc_nfs_tree *make(struct bc_tree *tree, struct bc_err *err)
{
	if (!bc_tree_merge(tree, err))
		return NULL;
	if (tree->len >= BC_ARCHIVE_MAX_ENTRIES)
		return bc_fail_null(err, BC_E_LIMIT, 0, "what is served holds too many entries");
	struct bc_nfs_tree *out = bc_calloc(1, sizeof(*out));
	struct bc_nfs_node root = {.type = BC_ENTRY_DIR, .mode = 0755, .links = 2};
	bc_vec_push(&out->nodes, root);
	for (size_t i = 0; i < tree->len; i++)
		add_node(out, &tree->items[i]);
	if (join(out, tree, err))
		return out;
	bc_nfs_tree_free(out);
	return NULL;
}

struct bc_nfs_tree *bc_nfs_tree_of(struct bc_tree *tree, struct bc_err *err)
{
	struct bc_nfs_tree *out = make(tree, err);
	if (out)
		bc_vec_each (n, &out->nodes)
			n->is_exported = true;
	return out;
}

/* What a client may mount: an export and all below it, and the folder of an exported file. */
static void mark_exported(struct bc_nfs_tree *tree, const struct bc_export *x)
{
	uint32_t number;
	BC_AUTO_FREE char *dir = bc_fs_is_dir(x->root) ? bc_strdup(x->at) : bc_path_dir(x->at);
	if (bc_nfs_tree_path(tree, dir, strlen(dir), &number))
		tree->nodes.items[number].is_exported = true;
}

/* Where the part of a source begins that may not leave its export. */
static void confine(struct bc_nfs_tree *tree, const struct bc_exports *exports)
{
	bc_vec_each (n, &tree->nodes) {
		if (!n->source)
			continue;
		n->inside = (size_t)(bc_path_base(n->source) - n->source);
		bc_vec_each (x, exports) {
			const char *part = part_below(n->source, x->root);
			if (part && *part && (size_t)(part - n->source) < n->inside)
				n->inside = (size_t)(part - n->source);
		}
	}
}

struct bc_nfs_tree *bc_nfs_tree_new(const struct bc_exports *exports, struct bc_err *err)
{
	BC_AUTO(bc_tree) tree = {0};
	bc_vec_each (x, exports)
		if (bc_fs_is_dir(x->root) ? !add_tree(&tree, x, err) : !add_file(&tree, x, err))
			return NULL;
	struct bc_nfs_tree *out = make(&tree, err);
	if (!out)
		return NULL;
	bc_vec_each (x, exports)
		mark_exported(out, x);
	/* Folders come before what they hold. */
	for (size_t i = 1; i < out->nodes.len; i++) {
		struct bc_nfs_node *n = &out->nodes.items[i];
		if (n->type == BC_ENTRY_DIR)
			n->is_exported |= out->nodes.items[n->parent].is_exported;
	}
	confine(out, exports);
	return out;
}

void bc_nfs_tree_free(struct bc_nfs_tree *tree)
{
	if (!tree)
		return;
	bc_vec_each (n, &tree->nodes) {
		free(n->target);
		free(n->source);
	}
	bc_vec_each (n, &tree->names)
		free(n->name);
	free(tree->nodes.items);
	free(tree->names.items);
	free(tree);
}

/* Names */

static int compare_name(const char *have, const void *name, size_t len)
{
	size_t n = strlen(have);
	int c = memcmp(have, name, n < len ? n : len);
	return c ? c : (n > len) - (n < len);
}

bool bc_nfs_tree_lookup(const struct bc_nfs_tree *tree, uint32_t folder, const void *name,
	size_t len, uint32_t *node)
{
	const struct bc_nfs_node *dir = &tree->nodes.items[folder];
	const char *text = name;
	if (dir->type != BC_ENTRY_DIR || !len)
		return false;
	if (text[0] == '.' && (len == 1 || (len == 2 && text[1] == '.'))) {
		*node = len == 1 ? folder : dir->parent;
		return true;
	}
	size_t low = dir->first, high = dir->first + dir->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = compare_name(tree->names.items[middle].name, name, len);
		if (c == 0) {
			*node = tree->names.items[middle].node;
			return true;
		}
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

bool bc_nfs_tree_path(const struct bc_nfs_tree *tree, const void *path, size_t len, uint32_t *node)
{
	const char *p = path, *end = p + len;
	uint32_t at = BC_NFS_ROOT;
	while (p < end) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		const char *stop = slash ? slash : end;
		if (stop > p && !bc_nfs_tree_lookup(tree, at, p, (size_t)(stop - p), &at))
			return false;
		p = slash ? slash + 1 : end;
	}
	*node = at;
	return true;
}

/* Opening */

int bc_nfs_node_open(const struct bc_nfs_node *node)
{
	BC_AUTO_FREE char *root = bc_strndup(node->source, node->inside);
	int dir = open(*root ? root : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *p = node->source + node->inside;
	while (dir >= 0) {
		const char *slash = strchr(p, '/');
		BC_AUTO_FREE char *name = bc_strndup(p, slash ? (size_t)(slash - p) : strlen(p));
		int flags = slash ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK;
		int next = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC);
		int why = errno;
		close(dir);
		errno = why;
		if (!slash)
			return next;
		dir = next;
		p = slash + 1;
	}
	return -1;
}
