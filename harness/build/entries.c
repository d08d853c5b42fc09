/* The single entries of a root file system, as an initramfs or an image lists them. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/recipes.h>

/* The kernel's MAJOR() has 12 bits, its MINOR() 20. */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

/* One function for each list of single entries: it puts item into the tree. `tree` is NULL while planning,
 * when only the field is wanted that goes into the key. */
struct entry_list {
	const char *key;
	bool (*make)(const struct bc_value *item, const struct bc_value *list, struct bc_entry *e,
		struct bc_strs *texts, struct bc_err *err);
};

/* Keeps a text alive as long as the entry. */
static const char *keep(struct bc_strs *texts, char *text)
{
	if (text)
		bc_vec_push(texts, text);
	return text;
}

static void take_owner(const struct bc_value *item, struct bc_entry *e)
{
	e->uid = (uint32_t)bc_value_int(item, "uid", 0);
	e->gid = (uint32_t)bc_value_int(item, "gid", 0);
}

static bool make_dir(const struct bc_value *item, const struct bc_value *list, struct bc_entry *e,
	struct bc_strs *texts, struct bc_err *err)
{
	(void)list;
	e->type = BC_ENTRY_DIR;
	e->path = keep(texts, bc_inside_path(item, "path", err));
	take_owner(item, e);
	return e->path && bc_mode_of(item, 0755, &e->mode, err);
}

static bool make_file(const struct bc_value *item, const struct bc_value *list, struct bc_entry *e,
	struct bc_strs *texts, struct bc_err *err)
{
	(void)list;
	e->type = BC_ENTRY_FILE;
	e->path = keep(texts, bc_inside_path(item, "path", err));
	take_owner(item, e);
	return e->path && bc_mode_of(item, 0644, &e->mode, err);
}

static bool make_link(const struct bc_value *item, const struct bc_value *list, struct bc_entry *e,
	struct bc_strs *texts, struct bc_err *err)
{
	(void)list;
	const char *to = bc_value_text(item, "to", "");
	e->type = BC_ENTRY_LINK;
	e->mode = 0777;
	e->is_hard = bc_value_bool(item, "hard", false);
	e->path = keep(texts, bc_inside_path(item, "path", err));
	e->target = keep(texts, e->is_hard ? bc_inside_path(item, "to", err) : bc_strdup(to));
	if (e->path && (!*to || strlen(to) > BC_ARCHIVE_NAME_MAX))
		return bc_planner_fail(err, item->loc, "'%s' points to no usable path", e->path);
	return e->path && e->target;
}

static bool make_node(const struct bc_value *item, const struct bc_value *list, struct bc_entry *e,
	struct bc_strs *texts, struct bc_err *err)
{
	(void)list;
	const char *type = bc_value_text(item, "type", "c");
	e->type = *type == 'c' ? BC_ENTRY_CHAR : (*type == 'b' ? BC_ENTRY_BLOCK : BC_ENTRY_FIFO);
	e->path = keep(texts, bc_inside_path(item, "path", err));
	take_owner(item, e);
	if (e->type != BC_ENTRY_FIFO) {
		e->major = (unsigned)bc_value_int(item, "major", 0);
		e->minor = (unsigned)bc_value_int(item, "minor", 0);
		if (bc_value_int(item, "major", 0) > MAJOR_MAX ||
			bc_value_int(item, "minor", 0) > MINOR_MAX)
			return bc_planner_fail(err, item->loc,
				"a device of Linux has a major up to %d and a minor up to %d",
				MAJOR_MAX, MINOR_MAX);
	}
	return e->path && bc_mode_of(item, 0600, &e->mode, err);
}

static bool make_applet(const struct bc_value *item, const struct bc_value *map, struct bc_entry *e,
	struct bc_strs *texts, struct bc_err *err)
{
	const char *name = item->text ? item->text : "";
	const char *dir = bc_value_text(map, "dir", "/bin");
	struct bc_value *full = bc_value_new_scalar("", item->loc);
	free(full->text);
	full->text = strchr(name, '/') ? bc_strdup(name) : bc_path_join(dir, name);
	e->type = BC_ENTRY_LINK;
	e->mode = 0777;
	e->path = keep(texts, *name ? bc_inside_path(full, "", err) : NULL);
	e->target = keep(texts, bc_strdup(bc_value_text(map, "busybox", "/bin/busybox")));
	bc_value_free(full);
	return e->path || (*name ? false : bc_planner_fail(err, item->loc, "an applet has a name"));
}

static const struct entry_list lists[] = {
	{"dirs", make_dir},
	{"files", make_file},
	{"links", make_link},
	{"nodes", make_node},
	{"applets", make_applet},
};

/* Calls fn for every single entry of the map, in the order in which later ones win. */
typedef bool each_fn(void *ctx, size_t index, const struct entry_list *list,
	const struct bc_value *item, const struct bc_entry *e, struct bc_err *err);

static bool each_entry(const struct bc_value *map, each_fn *fn, void *ctx, struct bc_err *err)
{
	for (size_t l = 0; l < BC_LEN(lists); l++) {
		const struct bc_value *value = bc_value_get(map, lists[l].key);
		const struct bc_value *items =
			lists[l].make == make_applet ? bc_value_get(value, "names") : value;
		const struct bc_value *item;
		for (size_t i = 0; (item = bc_value_at(items, i)); i++) {
			struct bc_entry e = {0};
			BC_AUTO(bc_strs) texts = {0};
			if (!lists[l].make(item, value, &e, &texts, err) ||
				!fn(ctx, i, &lists[l], item, &e, err))
				return false;
		}
	}
	return true;
}

/* The layers: a tree artifact has them as the value of its tag. */
static const struct bc_value *layers_of(const struct bc_value *map)
{
	const struct bc_value *from = bc_value_get(map, "from");
	return from ? from : bc_value_get(map, "tree");
}

struct planning {
	struct bc_planner *planner;
	struct bc_node *node;
};

/* What of an entry goes into the key, as people read it when they ask what changed. */
static void set_fields(struct bc_node *node, const char *label, const struct bc_entry *e)
{
	static const char letters[] = {[BC_ENTRY_FILE] = '-',
		[BC_ENTRY_DIR] = 'd',
		[BC_ENTRY_LINK] = 'l',
		[BC_ENTRY_CHAR] = 'c',
		[BC_ENTRY_BLOCK] = 'b',
		[BC_ENTRY_FIFO] = 'p'};
	BC_AUTO(bc_buf) text = {0};
	/* A capital since hard links are such on disk, too. */
	bc_buf_addf(&text, "%c 0%o %u:%u ", e->is_hard ? 'H' : letters[e->type], e->mode, e->uid,
		e->gid);
	if (e->type == BC_ENTRY_CHAR || e->type == BC_ENTRY_BLOCK)
		bc_buf_addf(&text, "%u,%u ", e->major, e->minor);
	bc_buf_adds(&text, e->path);
	bc_node_set(node, label, text.data);
	if (!e->target)
		return;
	BC_AUTO_FREE char *to = bc_asprintf("%s to", label);
	bc_node_set(node, to, e->target);
}

static bool plan_entry(void *ctx, size_t index, const struct entry_list *list,
	const struct bc_value *item, const struct bc_entry *e, struct bc_err *err)
{
	struct planning *p = ctx;
	BC_AUTO_FREE char *label = bc_asprintf("%s[%zu]", list->key, index);
	BC_AUTO_FREE char *content = bc_asprintf("/%s", e->path);
	set_fields(p->node, label, e);
	return list->make != make_file || bc_content_plan(p->planner, p->node, content, item, err);
}

struct reading {
	struct bc_job *job;
	struct bc_tree *tree;
	size_t next; /* input of the next file with a source */
};

static bool read_entry(void *ctx, size_t index, const struct entry_list *list,
	const struct bc_value *item, const struct bc_entry *e, struct bc_err *err)
{
	struct reading *r = ctx;
	(void)index;
	if (list->make == make_file)
		return bc_content_read(r->job, item, e, &r->next, r->tree, err);
	bc_tree_add(r->tree, e, NULL, NULL);
	return true;
}

/* Owners and modes by the paths that they are for. */
static bool plan_owners(struct bc_node *node, const struct bc_value *map, struct bc_err *err)
{
	const struct bc_value *list = bc_value_get(map, "owners"), *item;
	for (size_t i = 0; (item = bc_value_at(list, i)); i++) {
		BC_AUTO_FREE char *label = bc_asprintf("owners[%zu]", i);
		BC_AUTO(bc_buf) text = {0};
		unsigned mode;
		if (!bc_mode_of(item, 0, &mode, err))
			return false;
		bc_value_print(item, &text);
		bc_node_set(node, label, text.data);
	}
	return true;
}

/* Modes are for what is named, and never for a symbolic link, whose own mode is of no use. */
static bool apply_owner(const struct bc_value *item, struct bc_tree *tree, struct bc_err *err)
{
	const struct bc_value *paths = bc_value_get(item, "paths"), *glob;
	BC_AUTO(bc_strs) globs = {0};
	unsigned mode;
	size_t fitting = 0;
	for (size_t i = 0; (glob = bc_value_at(paths, i)); i++)
		bc_strs_add(&globs, glob->text + strspn(glob->text, "/"));
	bc_vec_each (t, tree) {
		if (!bc_archive_selects(&globs, t->e.path))
			continue;
		fitting++;
		t->e.uid = (uint32_t)bc_value_int(item, "uid", t->e.uid);
		t->e.gid = (uint32_t)bc_value_int(item, "gid", t->e.gid);
		if (t->e.type == BC_ENTRY_LINK)
			continue;
		if (!bc_mode_of(item, t->e.mode, &mode, err))
			return false;
		t->e.mode = mode;
	}
	return fitting || bc_planner_fail(err, item->loc, "these `paths` fit nothing inside");
}

bool bc_entries_plan(struct bc_planner *planner, struct bc_node *node, const struct bc_value *map,
	struct bc_err *err)
{
	struct planning p = {.planner = planner, .node = node};
	return bc_layers_plan(planner, node, layers_of(map), err) &&
		each_entry(map, plan_entry, &p, err) && plan_owners(node, map, err);
}

bool bc_entries_read(
	struct bc_job *job, const struct bc_value *map, struct bc_tree *tree, struct bc_err *err)
{
	const struct bc_value *from = layers_of(map);
	struct reading r = {.job = job, .tree = tree, .next = bc_value_count(from)};
	return bc_layers_read(job, from, tree, err) && each_entry(map, read_entry, &r, err);
}

bool bc_entries_settle(const struct bc_value *map, struct bc_tree *tree, struct bc_err *err)
{
	const struct bc_value *owners = bc_value_get(map, "owners"), *item;
	if (!bc_tree_merge(tree, err))
		return false;
	for (size_t i = 0; (item = bc_value_at(owners, i)); i++)
		if (!apply_owner(item, tree, err))
			return false;
	return true;
}
