#include <bootcheck/base/text.h>
#include <bootcheck/plan/merge.h>
#include <bootcheck/plan/read.h>

static char *text_of(const struct bc_value *map, const char *key)
{
	return bc_strdup(bc_value_text(map, key, NULL));
}

static struct bc_loc loc_of(const struct bc_value *map, const char *key, struct bc_loc fallback)
{
	const struct bc_value *v = bc_value_get(map, key);
	return v ? v->loc : fallback;
}

static void read_texts(const struct bc_value *list, struct bc_strs *out)
{
	for (size_t i = 0; list && i < list->len; i++)
		bc_strs_add(out, list->items[i]->text);
}

/* A single reference is exported as the root; a map has a path for each. */
static void read_nfs(const struct bc_value *v, struct bc_net *net)
{
	bool is_single = v && v->kind == BC_VALUE_SCALAR;
	net->nfs_loc = v ? v->key_loc : (struct bc_loc){0};
	net->nfs_server = v && !is_single ? text_of(v, "server") : NULL;
	for (size_t i = 0; v && i < (is_single ? 1 : v->len); i++) {
		const struct bc_value *item = is_single ? v : v->items[i];
		struct bc_nfs_export x = {.at = bc_path_normal(is_single ? "/" : item->key),
			.ref = bc_strdup(item->text),
			.loc = is_single ? v->loc : item->key_loc};
		if (!is_single && strcmp(item->key, "server") == 0) {
			free(x.at);
			free(x.ref);
			continue;
		}
		bc_vec_push(&net->nfs, x);
	}
}

/* A map of names to files is a tree of the store that no file names. */
static char *read_served(const struct bc_value *files, struct bc_case *c)
{
	if (!files || files->kind == BC_VALUE_SCALAR)
		return bc_strdup(files ? files->text : NULL);
	struct bc_value *layers = bc_value_new(BC_VALUE_SEQ, files->loc);
	for (size_t i = 0; i < files->len; i++) {
		const struct bc_value *file = files->items[i];
		struct bc_value *layer = bc_value_new(BC_VALUE_MAP, file->loc);
		bc_value_set(layer, "file", file->loc, bc_value_clone(file));
		bc_value_set(
			layer, "to", file->key_loc, bc_value_new_scalar(file->key, file->key_loc));
		bc_value_append(layers, layer);
	}
	struct bc_artifact tree = {.name = bc_strdup(BC_TFTP_ARTIFACT),
		.kind = bc_strdup("tree"),
		.params = bc_value_new(BC_VALUE_MAP, files->loc),
		.loc = files->key_loc};
	bc_value_set(tree.params, "tree", files->loc, layers);
	bc_vec_push(&c->artifacts, tree);
	return bc_strdup("${" BC_TFTP_ARTIFACT "}");
}

static void read_tftp(const struct bc_value *v, struct bc_case *c)
{
	struct bc_net *net = &c->machine.net;
	const struct bc_value *files = v && v->kind == BC_VALUE_MAP ? bc_value_get(v, "files") : v;
	net->tftp = read_served(files, c);
	net->tftp_server = strcmp(bc_value_text(v, "server", "qemu"), "tftpd") == 0 ? BC_TFTP_TFTPD
										    : BC_TFTP_QEMU;
	net->tftp_loc = v ? v->key_loc : (struct bc_loc){0};
}

static void read_net(const struct bc_value *v, struct bc_case *c)
{
	struct bc_net *net = &c->machine.net;
	net->is_restricted = true;
	if (!v)
		return;
	const char *mode = v->kind == BC_VALUE_SCALAR ? v->text : bc_value_text(v, "mode", "user");
	net->mode = strcmp(mode, "user") == 0 ? BC_NET_USER : BC_NET_NONE;
	read_tftp(bc_value_get(v, "tftp"), c);
	read_nfs(bc_value_get(v, "nfs"), net);
	bool is_alone = net->tftp_server != BC_TFTP_TFTPD && !net->nfs.len && !net->nfs_server;
	net->is_restricted = bc_value_bool(v, "restrict", is_alone);
	net->model = text_of(v, "model");
	read_texts(bc_value_get(v, "forwards"), &net->forwards);
}

static void read_machine(const struct bc_value *v, struct bc_case *c)
{
	struct bc_machine *m = &c->machine;
	m->arch = text_of(v, "arch");
	m->model = text_of(v, "model");
	m->cpu = text_of(v, "cpu");
	m->cpus = (int)bc_value_int(v, "cpus", 1);
	m->memory_bytes = bc_value_size(v, "memory", (uint64_t)256 << 20);
	m->uarts = (int)bc_value_int(v, "uarts", 1);
	m->console = (int)bc_value_int(v, "console", 0);
	m->kernel = (int)bc_value_int(v, "kernel", m->console);
	m->inspect = bc_value_bool(v, "inspect", true);
	m->qemu = text_of(v, "qemu");
	read_texts(bc_value_get(v, "options"), &m->options);
	read_net(bc_value_get(v, "net"), c);
	m->loc = v->key_loc;
	m->arch_loc = loc_of(v, "arch", v->loc);
	m->model_loc = loc_of(v, "model", v->loc);
	m->cpu_loc = loc_of(v, "cpu", v->loc);
}

static void read_boot(const struct bc_value *v, struct bc_boot *boot)
{
	if (!v)
		return;
	boot->kernel = text_of(v, "kernel");
	boot->dtb = text_of(v, "dtb");
	boot->initrd = text_of(v, "initrd");
	boot->bios = text_of(v, "bios");
	boot->cmdline = text_of(v, "cmdline");
	boot->no_printk_time = !bc_value_bool(v, "printk_time", true);
	boot->loc = v->key_loc;
	const struct bc_value *sd = bc_value_get(v, "sd"), *drives = bc_value_get(v, "drives");
	if (sd) {
		struct bc_drive drive = {.file = bc_strdup(sd->text),
			.interface = bc_strdup("sd"),
			.format = bc_strdup("raw"),
			.index = -1,
			.loc = sd->loc};
		bc_vec_push(&boot->drives, drive);
	}
	for (size_t i = 0; drives && i < drives->len; i++) {
		const struct bc_value *d = drives->items[i];
		struct bc_drive drive = {.file = text_of(d, "file"),
			.interface = bc_strdup(bc_value_text(d, "interface", "virtio")),
			.format = bc_strdup(bc_value_text(d, "format", "raw")),
			.index = (int)bc_value_int(d, "index", -1),
			.loc = d->loc};
		bc_vec_push(&boot->drives, drive);
	}
}

static void read_artifacts(
	const struct bc_value *v, const struct bc_plan_options *options, struct bc_case *c)
{
	for (size_t i = 0; v && i < v->len; i++) {
		const struct bc_value *item = v->items[i];
		const struct bc_value *tag = bc_shape_tag(item, options->artifacts, NULL);
		if (!tag && item->len)
			tag = item->items[0];
		struct bc_artifact artifact = {.name = bc_strdup(item->key),
			.kind = bc_strdup(tag ? tag->key : ""),
			.params = bc_value_share(item),
			.loc = item->key_loc};
		bc_vec_push(&c->artifacts, artifact);
	}
}

static void read_steps(
	const struct bc_value *v, const struct bc_plan_options *options, struct bc_case *c)
{
	for (size_t i = 0; v && i < v->len; i++) {
		const struct bc_value *item = v->items[i];
		const struct bc_value *tag = bc_shape_tag(item, options->steps, NULL);
		if (!tag && item->len)
			tag = item->items[0];
		struct bc_step step = {.kind = bc_strdup(tag ? tag->key : ""),
			.params = bc_value_share(item),
			.limit_ms = bc_value_ms(item, "limit", 0),
			.loc = tag ? tag->key_loc : item->loc};
		bc_vec_push(&c->steps, step);
	}
}

static enum bc_stream stream_of(const char *word)
{
	return strcmp(word, "kernel") == 0  ? BC_STREAM_KERNEL
		: strcmp(word, "user") == 0 ? BC_STREAM_USER
					    : BC_STREAM_ANY;
}

static void read_judgement(const struct bc_value *tree, struct bc_case *c)
{
	const struct bc_value *reject = bc_value_get(tree, "reject"),
			      *known = bc_value_get(tree, "known"),
			      *detect = bc_value_get(tree, "detect");
	for (size_t i = 0; reject && i < reject->len; i++) {
		const struct bc_value *r = reject->items[i];
		bool is_plain = r->kind == BC_VALUE_SCALAR;
		struct bc_reject item = {
			.pattern = is_plain ? bc_strdup(r->text) : text_of(r, "match"),
			.stream = stream_of(bc_value_text(r, "in", "any")),
			.loc = is_plain ? r->loc : loc_of(r, "match", r->loc)};
		bc_vec_push(&c->rejects, item);
	}
	for (size_t i = 0; known && i < known->len; i++) {
		const struct bc_value *k = known->items[i];
		struct bc_known item = {.pattern = text_of(k, "match"),
			.reason = text_of(k, "reason"),
			.until = text_of(k, "until"),
			.loc = loc_of(k, "match", k->loc)};
		bc_vec_push(&c->known, item);
	}
	c->detect_none = detect && detect->kind == BC_VALUE_SCALAR;
	read_texts(bc_value_get(detect, "off"), &c->detect_off);
}

static void read_outcome(const struct bc_value *v, struct bc_outcome *outcome)
{
	if (!v)
		return;
	const char *verdict =
		v->kind == BC_VALUE_SCALAR ? v->text : bc_value_text(v, "verdict", "pass");
	outcome->loc = v->key_loc;
	outcome->verdict = strcmp(verdict, "fail") == 0 ? BC_FAIL
		: strcmp(verdict, "error") == 0		? BC_ERROR
							: BC_PASS;
	/* The words were checked; none leaves the kind at "any". */
	if (!bc_kind_parse(bc_value_text(v, "kind", ""), &outcome->kind))
		outcome->kind = BC_KIND_NONE;
	outcome->title = text_of(v, "title");
}

static char *make_id(const char *name, const struct bc_cell *cell)
{
	BC_AUTO(bc_buf) id = {0};
	bc_buf_adds(&id, name);
	size_t count = 0;
	for (size_t i = 0; i < cell->len; i++) {
		const struct bc_cell_pair *pair = &cell->items[i];
		if (pair->is_in_id)
			bc_buf_addf(&id, "%c%s=%s", count++ ? ',' : '[', pair->key, pair->value);
	}
	if (count)
		bc_buf_addc(&id, ']');
	return bc_buf_take(&id);
}

/* The parent of the nearest folder called `cases` above the file, else the file's own folder. */
static char *find_root(const char *absolute)
{
	BC_AUTO_FREE char *own = bc_path_dir(absolute);
	BC_AUTO_FREE char *dir = bc_strdup(own);
	while (strcmp(dir, "/") != 0 && strcmp(dir, ".") != 0) {
		char *parent = bc_path_dir(dir);
		if (strcmp(bc_path_base(dir), "cases") == 0)
			return parent;
		free(dir);
		dir = parent;
	}
	return BC_TAKE(own);
}

struct bc_case *bc_case_read(const struct bc_lint *lint, const struct bc_plan_file *file,
	const struct bc_value *tree, const struct bc_cell *cell)
{
	struct bc_case *c = bc_calloc(1, sizeof(*c));
	const struct bc_value *limits = bc_value_get(tree, "limits");
	c->name = text_of(tree, "name");
	c->id = make_id(c->name, cell);
	c->summary = text_of(tree, "summary");
	c->file = bc_strdup(file->path);
	c->root = find_root(file->absolute);
	c->loc = loc_of(tree, "name", tree->loc);
	read_texts(bc_value_get(tree, "labels"), &c->labels);
	for (size_t i = 0; i < cell->len; i++) {
		bc_vec_push(&c->cell, bc_strdup(cell->items[i].key));
		bc_vec_push(&c->cell, bc_strdup(cell->items[i].value));
	}
	read_artifacts(bc_value_get(tree, "artifacts"), lint->options, c);
	read_machine(bc_value_get(tree, "machine"), c);
	read_boot(bc_value_get(tree, "boot"), &c->boot);
	c->limits.boot = bc_value_ms(limits, "boot", 120000);
	c->limits.silence = bc_value_ms(limits, "silence", 60000);
	c->limits.total = bc_value_ms(limits, "total", 300000);
	c->limits.loader = bc_value_ms(limits, "loader", 0);
	c->limits.decompressor = bc_value_ms(limits, "decompressor", 0);
	c->limits.kernel = bc_value_ms(limits, "kernel", 0);
	c->limits.init = bc_value_ms(limits, "init", 0);
	c->limits.step = bc_value_ms(limits, "step", 90000);
	c->limits.is_guest_time = strcmp(bc_value_text(limits, "clock", "host"), "guest") == 0;
	read_steps(bc_value_get(tree, "console"), lint->options, c);
	read_judgement(tree, c);
	c->prompt = bc_strdup(bc_value_text(tree, "prompt", "^[^#$]{0,80}[#$] $"));
	const struct bc_value *loader = bc_value_get(tree, "loader");
	c->loader.prompt = bc_strdup(bc_value_text(loader, "prompt", BC_LOADER_PROMPT));
	c->loader.autoboot = bc_strdup(bc_value_text(loader, "autoboot", BC_LOADER_AUTOBOOT));
	c->loader.line_max = (int)bc_value_int(loader, "line", 512);
	c->needs_network = bc_value_lists(bc_value_get(tree, "needs"), "network");
	read_outcome(bc_value_get(tree, "outcome"), &c->outcome);
	return c;
}
