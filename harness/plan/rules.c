/* What no single key tells. */
#include <bootcheck/base/text.h>
#include <bootcheck/plan/memory.h>
#include <bootcheck/plan/read.h>
#include <bootcheck/plan/uboot_line.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>

static void check_reject_expect(struct bc_lint *lint, const struct bc_case *c)
{
	for (size_t i = 0; i < c->rejects.len; i++) {
		const struct bc_reject *reject = &c->rejects.items[i];
		for (size_t s = 0; s < c->steps.len; s++) {
			const struct bc_value *expect =
				bc_value_get(c->steps.items[s].params, "expect");
			if (!expect || expect->kind != BC_VALUE_SCALAR ||
				strcmp(expect->text, reject->pattern) != 0)
				continue;
			struct bc_finding *f = bc_lint_warn(lint, "reject-expect", reject->loc,
				"the case rejects what it expects");
			bc_lint_note(f, expect->loc, "expected here");
		}
	}
}

static void check_known(struct bc_lint *lint, const struct bc_case *c)
{
	char today[11];
	bc_clock_today(today);
	for (size_t i = 0; i < c->known.len; i++) {
		const struct bc_known *known = &c->known.items[i];
		if (!known->until || strcmp(known->until, today) >= 0)
			continue;
		bc_lint_hint(bc_lint_warn(lint, "known-expired", known->loc,
				     "this known failure counted until %s", known->until),
			"look whether it is fixed; then remove the entry, or give it a new day");
	}
}

struct visit {
	const struct bc_case *c;
	struct bc_lint *lint;
	unsigned char *state; /* per artifact: 0 new, 1 on the path, 2 done */
	const struct bc_artifact *from;
	bool is_reported;
};

static void visit(struct visit *v, size_t index);

static bool visit_ref(void *ctx, const char *name, const char *member)
{
	struct visit *v = ctx;
	(void)member;
	const struct bc_artifact *from = v->from;
	for (size_t i = 0; i < v->c->artifacts.len; i++) {
		if (strcmp(v->c->artifacts.items[i].name, name) != 0)
			continue;
		if (v->state[i] == 1 && !v->is_reported) {
			struct bc_finding *f = bc_lint_error(v->lint, "artifact-cycle", from->loc,
				"the artifact '%s' needs '%s', which needs it", from->name, name);
			bc_lint_note(f, v->c->artifacts.items[i].loc, "'%s' is defined here", name);
			v->is_reported = true;
		} else if (v->state[i] == 0) {
			visit(v, i);
		}
	}
	v->from = from;
	return true;
}

static void visit_tree(struct visit *v, const struct bc_value *tree)
{
	if (tree->kind == BC_VALUE_SCALAR && !bc_refs_each(tree->text, visit_ref, v))
		return;
	for (size_t i = 0; i < tree->len; i++)
		visit_tree(v, tree->items[i]);
}

/* A path visits each artifact once and a map has at most BC_YAML_MAX_KEYS of them. */
static void visit(struct visit *v, size_t index)
{
	v->state[index] = 1;
	v->from = &v->c->artifacts.items[index];
	visit_tree(v, v->c->artifacts.items[index].params);
	v->state[index] = 2;
}

static void check_cycles(struct bc_lint *lint, const struct bc_case *c)
{
	if (!c->artifacts.len)
		return;
	struct visit v = {.c = c, .lint = lint, .state = bc_calloc(c->artifacts.len, 1)};
	for (size_t i = 0; i < c->artifacts.len; i++)
		if (v.state[i] == 0)
			visit(&v, i);
	free(v.state);
}

static void check_served_names(struct bc_lint *lint, const struct bc_artifact *tree)
{
	const struct bc_value *layers = bc_value_get(tree->params, "tree"), *layer;
	if (!bc_value_count(layers))
		bc_lint_hint(bc_lint_error(lint, "net-tftp", tree->loc, "nothing is served"),
			"name at least one file, such as `uImage: ${uimage}`");
	for (size_t i = 0; (layer = bc_value_at(layers, i)); i++) {
		const struct bc_value *to = bc_value_get(layer, "to");
		size_t len = strlen(to->text);
		if (bc_path_is_inside(to->text) && len <= 255 && to->text[len - 1] != '/')
			continue;
		bc_lint_hint(bc_lint_error(lint, "net-tftp", to->loc,
				     "'%s' is no name that a file can be served under", to->text),
			"a path inside the folder, such as uImage or dtb/board.dtb");
	}
}

static void check_net(struct bc_lint *lint, const struct bc_case *c)
{
	const struct bc_net *net = &c->machine.net;
	const struct bc_artifact *found = NULL;
	bc_vec_each (a, &c->artifacts) {
		if (strcmp(a->name, BC_TFTP_ARTIFACT) != 0)
			continue;
		if (found)
			bc_lint_error(lint, "name-clash", found->loc,
				"'%s' is what `net.tftp` makes", found->name);
		found = a;
	}
	if (!net->tftp)
		return;
	if (found)
		check_served_names(lint, found);
	if (net->mode == BC_NET_NONE)
		bc_lint_hint(bc_lint_error(lint, "net-tftp", net->tftp_loc,
				     "a machine without a network can load nothing by TFTP"),
			"write `mode: user`");
	else if (net->tftp_server == BC_TFTP_TFTPD && net->is_restricted)
		bc_lint_hint(bc_lint_error(lint, "net-tftp", net->tftp_loc,
				     "`restrict: yes` keeps the guest from in.tftpd, too"),
			"leave `restrict` out: in the network namespace there is nothing else "
			"that it could reach");
}

static void check_serve_steps(struct bc_lint *lint, const struct bc_case *c)
{
	const struct bc_net *net = &c->machine.net;
	bc_vec_each (step, &c->steps) {
		const struct bc_value *serve = bc_value_get(step->params, "serve");
		const char *stop = bc_value_text(serve, "stop", "");
		if (strcmp(stop, "tftp") == 0 && (!net->tftp || net->tftp_server != BC_TFTP_TFTPD))
			bc_lint_hint(bc_lint_error(lint, "serve-stop", step->loc,
					     "the case has no TFTP server that can be stopped"),
				"%s",
				net->tftp ? "QEMU's own is a part of QEMU: write `tftp: {server: "
					    "tftpd, …}`"
					  : "`machine.net.tftp` gives it one");
		else if (strcmp(stop, "nfs") == 0 && !net->nfs.len)
			bc_lint_hint(bc_lint_error(lint, "serve-stop", step->loc,
					     "the case has no NFS server that can be stopped"),
				"%s",
				net->nfs_server ? "that of another machine is out of reach"
						: "`machine.net.nfs` gives it one");
	}
}

/* U-Boot's shell would ask for the rest by another prompt, and the step would wait for nothing. */
static void check_quotes(struct bc_lint *lint, const struct bc_case *c)
{
	bc_vec_each (step, &c->steps) {
		const struct bc_value *typed = bc_value_get(step->params, "uboot");
		if (!typed || typed->kind != BC_VALUE_SCALAR)
			continue;
		struct bc_uboot_line line = {.text = typed->text, .len = strlen(typed->text)};
		BC_AUTO(bc_uboot_command) command = {0};
		bool is_cut = line.len > BC_UBOOT_LINE_MAX;
		while (bc_uboot_line_next(&line, NULL, NULL, &command))
			bc_uboot_command_release(&command);
		if (!line.is_open || is_cut)
			continue;
		bc_lint_hint(bc_lint_error(lint, "open-quote",
				     bc_file_inside(lint->files, typed, line.open_at),
				     "this quote is not closed: U-Boot would wait for the rest"),
			"close it, or write \\%c for the character itself",
			typed->text[line.open_at]);
	}
}

/* A text beside the case; what an artifact gives is not known here. */
static bool read_text(void *ctx, const struct bc_case *c, const char *ref, struct bc_buf *out)
{
	const struct bc_lint *lint = ctx;
	if (lint->files->is_closed || strstr(ref, "${"))
		return false;
	BC_AUTO_FREE char *path = bc_path_join(c->root, ref);
	return bc_fs_read(path, (size_t)1 << 20, out, NULL);
}

/* A case that is about a failure says so itself. */
static void check_memory(struct bc_lint *lint, const struct bc_case *c)
{
	BC_AUTO(bc_memory) memory = {0};
	struct bc_memory_store store = {.text = read_text, .ctx = lint};
	if (c->outcome.verdict != BC_PASS)
		return;
	bc_memory_read(c, lint->files, &store, &memory);
	bc_memory_check(&memory, lint->diag);
}

void bc_rules_check(struct bc_lint *lint, const struct bc_case *c)
{
	const struct bc_machine *m = &c->machine;
	if (m->console >= m->uarts || m->kernel >= m->uarts) {
		bool is_kernel = m->console < m->uarts;
		int port = is_kernel ? m->kernel : m->console;
		bc_lint_hint(bc_lint_error(lint, "console-index", m->loc,
				     "%s: %d is not among the %d captured serial ports",
				     is_kernel ? "kernel" : "console", port, m->uarts),
			"they count from 0; set `uarts: %d`", port + 1);
	}
	if (!c->steps.len && c->outcome.verdict == BC_PASS)
		bc_lint_hint(bc_lint_error(lint, "no-steps", c->loc,
				     "without `console:` steps the case proves nothing"),
			"at least `- expect: 'a line of a good boot'`, or `outcome: fail`");
	if (c->outcome.verdict == BC_PASS && (c->outcome.kind || c->outcome.title))
		bc_lint_error(lint, "outcome-pass", c->outcome.loc,
			"`kind` and `title` go with `verdict: fail` or `error`");
	if (c->outcome.verdict == BC_ERROR && c->outcome.kind)
		bc_lint_error(lint, "outcome-pass", c->outcome.loc,
			"an error has a `title`, but no `kind`");
	bc_rules_nfs(lint, c);
	check_reject_expect(lint, c);
	check_known(lint, c);
	check_cycles(lint, c);
	check_net(lint, c);
	check_serve_steps(lint, c);
	check_quotes(lint, c);
	check_memory(lint, c);
}

static bool add_used(void *ctx, const char *name, const char *member)
{
	struct bc_strs *used = ctx;
	(void)member;
	if (!bc_strs_has(used, name))
		bc_strs_add(used, name);
	return true;
}

static void add_tree(const struct bc_value *tree, struct bc_strs *used)
{
	/* A reference that is not closed ends the text's part in this; it is a finding of its own. */
	if (tree->kind == BC_VALUE_SCALAR)
		(void)!bc_refs_each(tree->text, add_used, used);
	for (size_t i = 0; i < tree->len; i++)
		add_tree(tree->items[i], used);
}

void bc_rules_used(const struct bc_value *tree, struct bc_strs *used)
{
	const struct bc_value *artifacts = bc_value_get(tree, "artifacts");
	size_t first = used->len;
	for (size_t i = 0; i < tree->len; i++)
		if (tree->items[i] != artifacts)
			add_tree(tree->items[i], used);
	for (size_t i = first; i < used->len; i++) {
		const struct bc_value *artifact = bc_value_get(artifacts, used->items[i]);
		if (artifact)
			add_tree(artifact, used);
	}
}
