/* The layer's door: what build.h promises. */
#include <time.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/cache.h>
#include <bootcheck/build/graph.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/tree.h>

static void note(void *ctx, const char *text)
{
	bc_build_tell(ctx, BC_PROGRESS_NOTE, NULL, text, 0, 0);
}

struct bc_build *bc_build_new(const struct bc_build_options *options, struct bc_err *err)
{
	BC_AUTO_FREE char *cache =
		options->cache_dir ? bc_strdup(options->cache_dir) : bc_fs_cache_dir();
	struct bc_store *store = bc_store_open(cache, err);
	if (!store)
		return NULL;
	/* Held until the end: `cache gc` waits for nobody, and must not take away what is in use. */
	int use = bc_cache_use(bc_store_dir(store), err);
	if (use < 0) {
		bc_store_free(store);
		return NULL;
	}
	struct bc_build *build = bc_calloc(1, sizeof(*build));
	build->use = use;
	build->options = *options;
	build->options.cache_dir = NULL;
	build->options.log_dir = bc_strdup(options->log_dir);
	build->store = store;
	bc_store_on_note(store, note, build);
	build->tools = bc_tool_memo_new();
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	build->started_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	pthread_mutex_init(&build->lock, NULL);
	pthread_cond_init(&build->changed, NULL);
	pthread_mutex_init(&build->watch_lock, NULL);
	return build;
}

void bc_build_free(struct bc_build *build)
{
	if (!build)
		return;
	bc_vec_each (node, &build->nodes)
		bc_node_free(*node);
	free(build->nodes.items);
	free(build->targets.items);
	bc_store_free(build->store);
	bc_tool_memo_free(build->tools);
	close(build->use);
	free((char *)build->options.log_dir);
	pthread_mutex_destroy(&build->lock);
	pthread_cond_destroy(&build->changed);
	pthread_mutex_destroy(&build->watch_lock);
	free(build);
}

void bc_build_tell(struct bc_build *build, enum bc_progress_kind kind, const struct bc_node *node,
	const char *text, uint64_t done, uint64_t total)
{
	struct bc_progress progress = {.kind = kind, .text = text, .done = done, .total = total};
	if (node) {
		progress.id = node->artifact ? node->artifact : node->title;
		progress.elapsed_ms = node->started_ms ? bc_clock_ms() - node->started_ms : 0;
	}
	pthread_mutex_lock(&build->watch_lock);
	bc_watcher_tell(&build->options.watcher, &progress);
	pthread_mutex_unlock(&build->watch_lock);
}

struct adding {
	struct bc_build *build;
	const struct bc_case *c;
	struct bc_loc loc;
	struct bc_err *err;
};

static bool add_ref(void *ctx, const char *name, const char *member)
{
	struct adding *adding = ctx;
	(void)member;
	struct bc_node *node =
		bc_graph_plan(adding->build, adding->c, name, adding->loc, adding->err);
	if (node)
		node->is_target = true;
	return node != NULL;
}

static bool add_text(struct adding *adding, const char *text, struct bc_loc loc)
{
	if (!text)
		return true;
	adding->loc = loc;
	struct bc_err none = {0}, *err = adding->err ? adding->err : &none;
	adding->err = err;
	err->code = BC_E_NONE;
	if (bc_refs_each(text, add_ref, adding))
		return true;
	if (err->code == BC_E_NONE)
		(void)bc_planner_fail(err, loc, "'%s' has a \"${\" without its \"}\"", text);
	return false;
}

bool bc_build_add_case(struct bc_build *build, const struct bc_case *c, struct bc_err *err)
{
	struct bc_err scratch = {0};
	struct adding adding = {.build = build, .c = c, .err = &scratch};
	const struct bc_boot *boot = &c->boot;
	bool ok = add_text(&adding, boot->kernel, boot->loc) &&
		add_text(&adding, boot->dtb, boot->loc) &&
		add_text(&adding, boot->initrd, boot->loc) &&
		add_text(&adding, boot->bios, boot->loc) &&
		add_text(&adding, c->machine.net.tftp, c->machine.loc);
	for (size_t i = 0; ok && i < c->machine.net.nfs.len; i++)
		ok = add_text(
			&adding, c->machine.net.nfs.items[i].ref, c->machine.net.nfs.items[i].loc);
	for (size_t i = 0; ok && i < boot->drives.len; i++)
		ok = add_text(&adding, boot->drives.items[i].file, boot->drives.items[i].loc);
	for (size_t i = 0; ok && i < c->machine.options.len; i++)
		ok = add_text(&adding, c->machine.options.items[i], c->machine.loc);
	bc_graph_look(build);
	if (!ok && err)
		*err = scratch;
	return ok;
}

bool bc_build_run(struct bc_build *build, struct bc_err *err)
{
	return bc_schedule_run(build, err);
}

static struct bc_node *node_of(struct bc_build *build, const struct bc_case *c, const char *name)
{
	bc_vec_each (t, &build->targets)
		if (t->c == c && strcmp(t->name, name) == 0)
			return t->node;
	return NULL;
}

struct lookup {
	char *name, *member;
	size_t count;
};

static bool take_ref(void *ctx, const char *name, const char *member)
{
	struct lookup *l = ctx;
	if (!l->count++) {
		l->name = bc_strdup(name);
		l->member = bc_strdup(member);
	}
	return true;
}

static char *path_of(
	struct bc_build *build, const struct bc_case *c, const struct lookup *l, struct bc_err *err)
{
	const struct bc_node *node = node_of(build, c, l->name);
	if (!node)
		return bc_fail_null(
			err, BC_E_INTERNAL, 0, "the artifact '%s' was not planned", l->name);
	if (node->node_state == BC_NODE_FAILED) {
		if (err) {
			*err = node->err;
			(void)bc_err_prefix(err, "artifact '%s'", l->name);
		}
		return NULL;
	}
	if (!node->path)
		return bc_fail_null(
			err, BC_E_INTERNAL, 0, "the artifact '%s' was not built", l->name);
	if (!l->member)
		return bc_strdup(node->path);
	char *path = bc_tree_member(node->path, l->member, err);
	if (!path)
		(void)bc_err_prefix(err, "artifact '%s' (%s)", l->name, node->title);
	return path;
}

char *bc_build_path(
	struct bc_build *build, const struct bc_case *c, const char *text, struct bc_err *err)
{
	struct lookup l = {0};
	char *path = NULL;
	bool ok = bc_refs_each(text, take_ref, &l);
	if (!ok || l.count > 1 ||
		(l.count && (!bc_has_prefix(text, "${") || !bc_has_suffix(text, "}")))) {
		(void)bc_fail(err, BC_E_CASE, 0, "'%s' is neither a path nor one reference", text);
	} else if (l.count) {
		path = path_of(build, c, &l, err);
	} else {
		bool is_absolute = text[0] == '/';
		const char *root = c->root ? c->root : ".";
		path = bc_case_path(c, text);
		if (!path)
			(void)bc_fail(err, BC_E_MISSING, 0, "there is no file %s%s%s", text,
				is_absolute ? "" : " in ", is_absolute ? "" : root);
	}
	free(l.name);
	free(l.member);
	return path;
}

/* `<cache>/store/<xx>/<key>/out/<below>`, by the store's own shape. */
bool bc_build_listing(
	const struct bc_build *build, const char *path, char **root, char **listing, char **below)
{
	BC_AUTO_FREE char *store = bc_asprintf("%s/store/", bc_store_dir(build->store));
	const char *p = path, *out;
	if (!bc_has_prefix(path, store))
		return false;
	p += strlen(store);
	for (int i = 0; i < 2 && p; i++)
		p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL;
	if (!p || strncmp(p, "out", 3) != 0 || (p[3] && p[3] != '/'))
		return false;
	out = p + 3;
	*root = bc_strndup(path, (size_t)(out - path));
	*listing = bc_asprintf("%.*sfiles.jsonl", (int)(p - path), path);
	*below = bc_strdup(out + strspn(out, "/"));
	return true;
}

struct explaining {
	void (*fn)(void *ctx, const struct bc_node_info *info);
	void *ctx;
	struct {
		BC_VEC(const struct bc_node *);
	} seen;
};

static void explain_node(struct explaining *x, const struct bc_node *node, int depth)
{
	bc_vec_each (s, &x->seen)
		if (*s == node)
			return;
	bc_vec_push(&x->seen, node);
	bc_vec_each (i, &node->inputs)
		explain_node(x, i->node, depth + 1);
	bool is_there = node->node_state == BC_NODE_HIT || node->node_state == BC_NODE_BUILT;
	struct bc_node_info info = {.artifact = node->artifact,
		.title = node->title,
		.key = node->key[0] ? node->key : NULL,
		.path = is_there ? node->path : NULL,
		.why = node->why,
		.state = node->node_state,
		.depth = depth,
		.err = node->node_state == BC_NODE_FAILED ? &node->err : NULL};
	x->fn(x->ctx, &info);
}

void bc_build_explain(struct bc_build *build, const struct bc_case *c,
	void (*fn)(void *ctx, const struct bc_node_info *info), void *ctx)
{
	struct explaining x = {.fn = fn, .ctx = ctx};
	bc_vec_each (t, &build->targets)
		if (t->c == c && t->node && t->node->is_target)
			explain_node(&x, t->node, 0);
	free(x.seen.items);
}
