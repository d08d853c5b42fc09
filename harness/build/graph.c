/* Keys, hits, and why there is a miss. */
#include <time.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/graph.h>

static void note(void *ctx, const char *text)
{
	bc_build_tell(ctx, BC_PROGRESS_NOTE, NULL, text, 0, 0);
}

void bc_graph_resolver(struct bc_build *build, bool may_ask, struct bc_resolver *resolver)
{
	*resolver = (struct bc_resolver){.cache_dir = bc_store_dir(build->store),
		.tools = build->tools,
		.may_ask = may_ask,
		.refresh = build->options.refresh,
		.offline = build->options.offline,
		.cancelled = build->options.cancelled,
		.started_ns = build->started_ns,
		.on_note = note,
		.ctx = build};
}

void bc_graph_fail(struct bc_node *node, const struct bc_err *why)
{
	node->node_state = BC_NODE_FAILED;
	node->err = *why;
	if (!why->file[0] && node->loc.file)
		(void)bc_err_at(&node->err, node->loc.file, node->loc.line, node->loc.col);
}

bool bc_graph_inherit_failure(struct bc_node *node)
{
	bc_vec_each (i, &node->inputs) {
		if (i->node->node_state != BC_NODE_FAILED)
			continue;
		struct bc_err err = i->node->err;
		/* One level of explanation is enough: the root cause, and who needs it. */
		bool is_told = bc_has_prefix(err.message, "needs ");
		bool is_named = bc_has_prefix(err.message, i->node->title);
		if (!is_told)
			(void)(is_named ? bc_err_prefix(&err, "needs what failed")
					: bc_err_prefix(
						  &err, "needs %s, which failed", i->node->title));
		bc_graph_fail(node, &err);
		return true;
	}
	return false;
}

static bool compute_key(struct bc_node *node)
{
	bc_vec_each (i, &node->inputs)
		if (!i->node->key[0])
			return false;
	struct bc_digest *digest = bc_digest_new();
	bc_digest_field(digest, "bootcheck", "1");
	bc_digest_field(digest, "kind", node->kind->name);
	bc_digest_field(digest, "version", node->kind->version);
	bc_vec_each (f, &node->fields)
		bc_digest_field(digest, f->label, f->text);
	bc_vec_each (i, &node->inputs) {
		bc_digest_field(digest, i->label, i->node->key);
		bc_digest_field(digest, "member", i->member ? i->member : "");
	}
	bc_digest_end(digest, node->key);
	return true;
}

/* What the record of a node holds: long texts as their sums. */
static void fill_record(const struct bc_node *node, struct bc_record *record)
{
	record->key = bc_strdup(node->key);
	bc_vec_push(&record->fields, bc_strdup("recipe"));
	bc_vec_push(&record->fields, bc_asprintf("%s %s", node->kind->name, node->kind->version));
	bc_vec_each (f, &node->fields) {
		char hex[BC_DIGEST_HEX];
		bc_vec_push(&record->fields, bc_strdup(f->label));
		if (strlen(f->text) <= 100) {
			bc_vec_push(&record->fields, bc_strdup(f->text));
			continue;
		}
		struct bc_digest *digest = bc_digest_new();
		bc_digest_add(digest, f->text, strlen(f->text));
		bc_digest_end(digest, hex);
		bc_vec_push(&record->fields, bc_asprintf("sha256 %.12s", hex));
	}
	bc_vec_each (i, &node->inputs) {
		bc_vec_push(&record->fields, bc_asprintf("input %s", i->label));
		bc_vec_push(&record->fields,
			bc_asprintf("%s%s%s %.12s", i->node->title, i->member ? ":" : "",
				i->member ? i->member : "", i->node->key));
	}
}

static const char *pair_value(const struct bc_record *record, const char *label)
{
	for (size_t i = 0; i + 1 < record->fields.len; i += 2)
		if (strcmp(record->fields.items[i], label) == 0)
			return record->fields.items[i + 1];
	return NULL;
}

static void add_change(struct bc_buf *out, const char *label, const char *was, const char *is)
{
	if (out->len)
		bc_buf_adds(out, "; ");
	if (!was)
		bc_buf_addf(out, "%s is new (%s)", label, is ? is : "");
	else if (!is)
		bc_buf_addf(out, "%s is gone (was %s)", label, was);
	else
		bc_buf_addf(out, "%s changed: %s -> %s", label, was, is);
}

/* The difference between what the name was built from last and what it is made from now. */
static char *why_miss(struct bc_build *build, const struct bc_node *node)
{
	BC_AUTO(bc_record) was = {0};
	BC_AUTO(bc_record) is = {0};
	bool is_known = false;
	bc_vec_each (origin, &node->origins)
		is_known = is_known || bc_store_recall(build->store, *origin, &was);
	if (!is_known)
		return bc_strdup("never built here");
	if (strcmp(was.key, node->key) == 0)
		return bc_strdup("built before, but no longer in the store");
	BC_AUTO(bc_buf) out = {.max = 2000};
	fill_record(node, &is);
	for (size_t i = 0; i + 1 < is.fields.len; i += 2) {
		const char *before = pair_value(&was, is.fields.items[i]);
		if (!before || strcmp(before, is.fields.items[i + 1]) != 0)
			add_change(&out, is.fields.items[i], before, is.fields.items[i + 1]);
	}
	for (size_t i = 0; i + 1 < was.fields.len; i += 2)
		if (!pair_value(&is, was.fields.items[i]))
			add_change(&out, was.fields.items[i], was.fields.items[i + 1], NULL);
	if (!out.len)
		bc_buf_adds(&out, "its inputs changed");
	return bc_buf_take(&out);
}

void bc_graph_remember(struct bc_build *build, const struct bc_node *node)
{
	BC_AUTO(bc_record) is = {0};
	if (!node->kind->build)
		return;
	bc_vec_each (origin, &node->origins) {
		if (bc_store_remembers(build->store, *origin, node->key))
			continue;
		if (!is.key)
			fill_record(node, &is);
		bc_store_remember(build->store, *origin, &is);
	}
}

/* A name that is asked about when it is a miss one day. */
static bool is_named(const struct bc_node *node)
{
	return node->node_state == BC_NODE_HIT && node->kind->build &&
		(node->is_target || node->artifact);
}

void bc_graph_remember_hits(struct bc_build *build)
{
	char sum[BC_DIGEST_HEX];
	struct bc_digest *digest = bc_digest_new();
	bc_vec_each (n, &build->nodes)
		if (is_named(*n))
			bc_vec_each (origin, &(*n)->origins)
				bc_digest_field(digest, *origin, (*n)->key);
	bc_digest_end(digest, sum);
	if (bc_store_remembers_all(build->store, sum))
		return;
	bc_vec_each (n, &build->nodes)
		if (is_named(*n))
			bc_graph_remember(build, *n);
	bc_store_remember_all(build->store, sum);
}

void bc_graph_settle(struct bc_build *build, struct bc_node *node)
{
	if (node->node_state == BC_NODE_FAILED || node->key[0] || bc_graph_inherit_failure(node) ||
		!compute_key(node))
		return;
	if (node->kind->describe)
		node->kind->describe(node);
	if (!node->kind->build) {
		node->node_state = BC_NODE_HIT;
		free(node->why);
		node->why = bc_strdup("used where it is");
		return;
	}
	node->path = bc_store_find(build->store, node->key);
	node->node_state = node->path ? BC_NODE_HIT : BC_NODE_MISS;
	free(node->why);
	node->why = node->path ? bc_strdup("in the store") : why_miss(build, node);
}

static void look_at(struct bc_build *build, struct bc_node *node)
{
	struct bc_resolver resolver;
	struct bc_err err = {0};
	bc_graph_resolver(build, false, &resolver);
	enum bc_resolved done =
		node->kind->resolve ? node->kind->resolve(node, &resolver, &err) : BC_RESOLVE_DONE;
	if (done == BC_RESOLVE_FAILED)
		bc_graph_fail(node, &err);
	else if (done == BC_RESOLVE_DONE)
		bc_graph_settle(build, node);
	else
		node->why = bc_strdup("not known before its source was asked");
	if (node->node_state == BC_NODE_UNKNOWN && !node->why)
		node->why = bc_strdup("not known before its inputs are");
}

void bc_graph_look(struct bc_build *build)
{
	for (; build->resolved < build->nodes.len; build->resolved++)
		look_at(build, build->nodes.items[build->resolved]);
}
