/* Layers: what a tree, an initramfs or an image is made from. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/sys/fs.h>

char *bc_inside_path(const struct bc_value *map, const char *key, struct bc_err *err)
{
	const struct bc_value *value =
		map && map->kind == BC_VALUE_SCALAR ? map : bc_value_get(map, key);
	const char *text = value && value->text ? value->text : "";
	const char *p = text + strspn(text, "/");
	BC_AUTO_FREE char *normal = bc_path_normal(p);
	if (bc_path_is_inside(p) && strcmp(normal, ".") != 0 &&
		strlen(normal) <= BC_ARCHIVE_NAME_MAX)
		return BC_TAKE(normal);
	(void)bc_planner_fail(
		err, value ? value->loc : map->loc, "'%s' is no path inside the tree", text);
	return NULL;
}

bool bc_mode_of(const struct bc_value *map, unsigned fallback, unsigned *mode, struct bc_err *err)
{
	const struct bc_value *value = bc_value_get(map, "mode");
	int64_t n;
	if (!value || value->kind != BC_VALUE_SCALAR) {
		*mode = fallback;
		return true;
	}
	if (value->text[0] != '0' || !bc_number_parse(value->text, &n) || n < 0 || n > 07777) {
		(void)bc_planner_fail(err, value->loc, "'%s' is no octal mode", value->text);
		return bc_err_hint(err, "modes start with a 0, such as 0755");
	}
	*mode = (unsigned)n;
	return true;
}

bool bc_refs_plan(struct bc_planner *planner, struct bc_node *node, const char *label,
	const struct bc_value *list, struct bc_err *err)
{
	const struct bc_value *item;
	for (size_t i = 0; (item = bc_value_at(list, i)); i++) {
		BC_AUTO_FREE char *member = NULL;
		BC_AUTO_FREE char *full = list->kind == BC_VALUE_SEQ
			? bc_asprintf("%s[%zu]", label, i)
			: bc_strdup(label);
		struct bc_node *input =
			bc_planner_ref(planner, item->text, item->loc, &member, err);
		if (!input)
			return false;
		bc_node_add_input(node, full, input, member);
	}
	return true;
}

/* The layer's folder inside, "" for the root. */
static char *layer_to(const struct bc_value *item, struct bc_err *err)
{
	const char *to = item->kind == BC_VALUE_MAP ? bc_value_text(item, "to", "/") : "/";
	return to[strspn(to, "/.")] ? bc_inside_path(item, "to", err) : bc_strdup("");
}

/* "tree", "file", "source", or "ref" for a plain text. */
static const char *layer_kind(const struct bc_value *item)
{
	if (item->kind == BC_VALUE_SCALAR)
		return "ref";
	if (bc_value_get(item, "tree"))
		return "tree";
	return bc_value_get(item, "file") ? "file" : "source";
}

static struct bc_node *layer_node(
	struct bc_planner *planner, const struct bc_value *item, char **member, struct bc_err *err)
{
	const char *kind = layer_kind(item);
	*member = NULL;
	if (strcmp(kind, "source") == 0)
		return bc_planner_source(planner, item, true, err);
	const struct bc_value *ref =
		item->kind == BC_VALUE_SCALAR ? item : bc_value_get(item, kind);
	if (!ref || ref->kind != BC_VALUE_SCALAR) {
		(void)bc_planner_fail(err, item->loc, "a reference or a path is needed");
		return NULL;
	}
	return bc_planner_ref(planner, ref->text, ref->loc, member, err);
}

/* A file of an artifact, which has an owner and a mode that are not those on disk. */
static bool may_have_mode(const struct bc_value *item, const struct bc_node *input)
{
	return input->kind->build &&
		(strcmp(layer_kind(item), "file") == 0 || strcmp(layer_kind(item), "ref") == 0);
}

static bool plan_layer(struct bc_planner *planner, struct bc_node *node, size_t index,
	const struct bc_value *item, struct bc_err *err)
{
	static const char *const options[] = {"to", "members", "strip", "mode"};
	BC_AUTO_FREE char *label = bc_asprintf("from[%zu]", index);
	BC_AUTO_FREE char *member = NULL, *to = layer_to(item, err);
	BC_AUTO(bc_buf) field = {0};
	unsigned mode;
	if (!to || !bc_mode_of(item, 0, &mode, err))
		return false;
	struct bc_node *input = layer_node(planner, item, &member, err);
	if (!input)
		return false;
	bc_buf_adds(&field, layer_kind(item));
	if (may_have_mode(item, input))
		bc_buf_adds(&field, " as listed");
	/* A source's own members and strip are in its own key. */
	bool is_source = strcmp(layer_kind(item), "source") == 0;
	for (size_t i = 0; !is_source && i < BC_LEN(options); i++) {
		const struct bc_value *value = bc_value_get(item, options[i]);
		bc_buf_addf(&field, " %s=", options[i]);
		if (value)
			bc_value_print(value, &field);
	}
	bc_node_set(node, label, field.data);
	bc_node_add_input(node, label, input, member);
	return true;
}

bool bc_layers_plan(struct bc_planner *planner, struct bc_node *node, const struct bc_value *list,
	struct bc_err *err)
{
	const struct bc_value *item;
	for (size_t i = 0; (item = bc_value_at(list, i)); i++)
		if (!plan_layer(planner, node, i, item, err))
			return false;
	return true;
}

/* The folder of a store entry that holds the artifact, which is that folder or a file in it. */
static char *out_of(const struct bc_node *node)
{
	return bc_fs_is_dir(node->path) ? bc_strdup(node->path) : bc_path_dir(node->path);
}

/* The listing of a store entry, or NULL for what is the host's. */
static char *listing_of(const struct bc_node *node)
{
	if (!node->kind->build)
		return NULL;
	BC_AUTO_FREE char *out = out_of(node);
	BC_AUTO_FREE char *entry = bc_path_dir(out);
	return bc_path_join(entry, "files.jsonl");
}

static void take_members(const struct bc_value *item, struct bc_strs *members)
{
	const struct bc_value *list = bc_value_get(item, "members"), *glob;
	for (size_t i = 0; (glob = bc_value_at(list, i)); i++)
		bc_strs_add(members, glob->text);
}

/* The path without its leading components; NULL when nothing is left. */
static const char *strip(const char *path, int64_t count)
{
	for (; path && count > 0; count--) {
		path = strchr(path, '/');
		path += path ? 1 : 0;
	}
	return path;
}

struct layer {
	const char *below; /* folder inside the input, "" = all of it */
	const char *to;
	struct bc_strs members;
	int64_t strip;
};

/* Where the layer puts a path of its input; NULL when it does not take it. */
static char *place(const char *path, const struct layer *layer)
{
	size_t n = strlen(layer->below);
	if (n && (strncmp(path, layer->below, n) != 0 || path[n] != '/'))
		return NULL;
	path += n ? n + 1 : 0;
	if (!bc_archive_selects(&layer->members, path) || !(path = strip(path, layer->strip)))
		return NULL;
	return bc_path_join(layer->to, path);
}

/* Adds to tree what the layer takes of all. */
static size_t take(struct bc_tree *tree, const struct bc_tree *all, const struct layer *layer)
{
	size_t taken = 0;
	for (size_t i = 0; i < all->len; i++) {
		const struct bc_tree_entry *t = &all->items[i];
		BC_AUTO_FREE char *placed = place(t->e.path, layer);
		if (!placed)
			continue;
		/* A hard link names a path of the tree, which moves with it. */
		BC_AUTO_FREE char *target = t->e.is_hard ? place(t->e.target, layer) : NULL;
		struct bc_entry e = t->e;
		e.path = placed;
		e.target = target ? target : e.target;
		bc_tree_add(tree, &e, t->source, NULL);
		taken++;
	}
	return taken;
}

static bool read_tree(struct bc_job *job, const struct bc_node *input, const char *full,
	const struct bc_value *item, const char *to, struct bc_tree *tree, struct bc_err *err)
{
	BC_AUTO_FREE char *listing = listing_of(input);
	BC_AUTO(bc_tree) all = {0};
	if (!bc_tree_read(&all, input->path, listing, err))
		return false;
	struct layer layer = {.below = full + strlen(input->path), .to = to};
	layer.below += strspn(layer.below, "/");
	if (item->kind == BC_VALUE_MAP && strcmp(layer_kind(item), "source") != 0) {
		take_members(item, &layer.members);
		layer.strip = bc_value_int(item, "strip", 0);
	}
	size_t taken = take(tree, &all, &layer);
	bool nothing = !taken && layer.members.len;
	if (nothing)
		(void)bc_fail(err, BC_E_CONTENT, 0, "nothing in %s fits '%s'", input->title,
			layer.members.items[0]);
	bc_job_log(job, "%s: %zu entries to /%s", input->title, taken, to);
	bc_strs_release(&layer.members);
	return !nothing;
}

/* Owner and mode of a file, as the listing of its artifact has them. */
static bool take_listed(
	const struct bc_node *input, const char *full, struct bc_entry *e, struct bc_err *err)
{
	BC_AUTO_FREE char *listing = listing_of(input);
	BC_AUTO_FREE char *out = listing ? out_of(input) : NULL;
	BC_AUTO(bc_tree) all = {0};
	if (!listing)
		return true;
	if (!bc_tree_read(&all, out, listing, err))
		return false;
	bc_vec_each (t, &all) {
		if (t->e.type != BC_ENTRY_FILE || strcmp(t->source, full) != 0)
			continue;
		e->mode = t->e.mode;
		e->uid = t->e.uid;
		e->gid = t->e.gid;
	}
	return true;
}

static bool read_file(const struct bc_node *input, const char *full, const struct bc_value *item,
	const char *to, struct bc_tree *tree, struct bc_err *err)
{
	const char *given = item->kind == BC_VALUE_MAP ? bc_value_text(item, "to", "/") : "/";
	struct stat st;
	struct bc_entry e = {0};
	if (stat(full, &st) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot read %s", full);
	BC_AUTO_FREE char *path =
		bc_has_suffix(given, "/") ? bc_path_join(to, bc_path_base(full)) : bc_strdup(to);
	e.path = path;
	e.size = (uint64_t)st.st_size;
	e.mode = st.st_mode & 0100 ? 0755 : 0644;
	if (!take_listed(input, full, &e, err) || !bc_mode_of(item, e.mode, &e.mode, err))
		return false;
	/* What a link leads to is in the key, and no writer of trees follows one. */
	BC_AUTO_FREE char *real = realpath(full, NULL);
	bc_tree_add(tree, &e, real ? real : full, NULL);
	return true;
}

static bool read_layer(struct bc_job *job, size_t index, const struct bc_value *item,
	struct bc_tree *tree, struct bc_err *err)
{
	const struct bc_node *input = job->node->inputs.items[index].node;
	BC_AUTO_FREE char *full = bc_job_input(job, index, err);
	BC_AUTO_FREE char *to = full ? layer_to(item, err) : NULL;
	if (!to)
		return false;
	const char *kind = layer_kind(item);
	bool is_dir = bc_fs_is_dir(full);
	if (is_dir ? strcmp(kind, "file") == 0 : strcmp(kind, "tree") == 0)
		return bc_planner_fail(err, item->loc, "%s is a %s, not a %s", input->title,
			is_dir ? "folder" : "file", kind);
	return is_dir ? read_tree(job, input, full, item, to, tree, err)
		      : read_file(input, full, item, to, tree, err);
}

bool bc_layers_read(
	struct bc_job *job, const struct bc_value *list, struct bc_tree *tree, struct bc_err *err)
{
	const struct bc_value *item;
	for (size_t i = 0; (item = bc_value_at(list, i)); i++)
		if (!read_layer(job, i, item, tree, err))
			return false;
	return true;
}

bool bc_content_plan(struct bc_planner *planner, struct bc_node *node, const char *label,
	const struct bc_value *item, struct bc_err *err)
{
	const struct bc_value *source = bc_value_get(item, "source");
	const struct bc_value *content = bc_value_get(item, "content");
	BC_AUTO_FREE char *member = NULL;
	if ((source != NULL) == (content != NULL))
		return bc_planner_fail(err, item->loc, "a file has either `content` or `source`%s",
			source ? ", not both" : "");
	if (content) {
		bc_node_set(node, label, content->text ? content->text : "");
		return true;
	}
	struct bc_node *input = bc_planner_ref(planner, source->text, source->loc, &member, err);
	if (input)
		bc_node_add_input(node, label, input, member);
	return input != NULL;
}

bool bc_content_read(struct bc_job *job, const struct bc_value *item, const struct bc_entry *entry,
	size_t *next, struct bc_tree *tree, struct bc_err *err)
{
	const struct bc_value *content = bc_value_get(item, "content");
	struct bc_entry e = *entry;
	if (content) {
		const char *text = content->text ? content->text : "";
		e.size = strlen(text);
		bc_tree_add(tree, &e, NULL, bc_strdup(text));
		return true;
	}
	BC_AUTO_FREE char *full = bc_job_input(job, (*next)++, err);
	struct stat st;
	if (!full)
		return false;
	if (stat(full, &st) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot read %s", full);
	if (!S_ISREG(st.st_mode))
		return bc_planner_fail(
			err, item->loc, "the source of '%s' is no file", entry->path);
	e.size = (uint64_t)st.st_size;
	BC_AUTO_FREE char *real = realpath(full, NULL);
	bc_tree_add(tree, &e, real ? real : full, NULL);
	return true;
}

bool bc_copy_file(const char *from, const char *to, struct bc_err *err)
{
	BC_AUTO_FD in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot read %s", from);
	BC_AUTO_FD out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (out < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create %s", to);
	char piece[65536];
	for (;;) {
		ssize_t n = copy_file_range(in, NULL, out, NULL, (size_t)1 << 30, 0);
		if (n > 0)
			continue;
		if (n == 0)
			return true;
		if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
			return bc_fail(err, BC_E_IO, errno, "cannot write %s", to);
		break;
	}
	for (;;) {
		ssize_t n = read(in, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bc_fail(err, BC_E_IO, errno, "cannot read %s", from);
		if (n == 0)
			return true;
		if (!bc_fs_write_all(out, piece, (size_t)n, err))
			return bc_err_prefix(err, "%s", to);
	}
}

static bool write_entry(
	const struct bc_tree_entry *t, const char *out, const char *full, struct bc_err *err)
{
	BC_AUTO_FREE char *target = NULL;
	switch (t->e.type) {
	case BC_ENTRY_DIR:
		return mkdir(full, 0755) == 0 ||
			bc_fail(err, BC_E_IO, errno, "cannot create %s", full);
	case BC_ENTRY_LINK:
		target = t->e.is_hard ? bc_path_join(out, t->e.target) : bc_strdup(t->e.target);
		return (t->e.is_hard ? link(target, full) : symlink(target, full)) == 0 ||
			bc_fail(err, BC_E_IO, errno, "cannot create %s", full);
	case BC_ENTRY_FILE:
		return (t->source ? bc_copy_file(t->source, full, err)
				  : bc_fs_write_unsynced(full, t->data, (size_t)t->e.size, err)) &&
			(chmod(full, t->e.mode & 0100 ? 0755 : 0644) == 0 ||
				bc_fail(err, BC_E_IO, errno, "cannot change %s", full));
	case BC_ENTRY_CHAR:
	case BC_ENTRY_BLOCK:
	case BC_ENTRY_FIFO:
		return true; /* in the listing only */
	}
	return true;
}

bool bc_tree_write(struct bc_job *job, const struct bc_tree *tree, struct bc_err *err)
{
	/* Hard links last: what they lead to may come later in the order of paths. */
	for (int pass = 0; pass < 2; pass++)
		bc_vec_each (t, tree) {
			BC_AUTO_FREE char *full = bc_path_join(job->out_dir, t->e.path);
			if (t->e.is_hard != (pass == 1))
				continue;
			if (job->cancelled && *job->cancelled)
				return bc_fail(err, BC_E_CANCELLED, 0, "interrupted");
			if (!write_entry(t, job->out_dir, full, err))
				return false;
			bc_job_entry(job, &t->e);
		}
	return true;
}
