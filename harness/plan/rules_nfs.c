/* What is served over NFS. */
#include <bootcheck/plan/read.h>

static void check_server(struct bc_lint *lint, const struct bc_net *net)
{
	const char *colon = strchr(net->nfs_server, ':');
	if (net->nfs.len)
		bc_lint_hint(
			bc_lint_error(lint, "bad-export", net->nfs_loc,
				"`server` names another NFS server, which cannot serve this too"),
			"leave out either `server` or the paths");
	if (!colon || colon == net->nfs_server || colon[1] != '/')
		bc_lint_error(lint, "bad-export", net->nfs_loc, "'%s' is not HOST:/path",
			net->nfs_server);
}

/* The boards of QEMU with a lan9118, whose receive FIFO holds less than what Linux asks for at once. */
static bool has_small_fifo(const struct bc_machine *m)
{
	return m->net.model ? strcmp(m->net.model, "lan9118") == 0
			    : strncmp(m->model, "vexpress-a", 10) == 0;
}

static void add_cmdline(const char *text, bool *has_root, bool *is_bounded)
{
	*has_root = *has_root || (text && strstr(text, "root=/dev/nfs"));
	*is_bounded = *is_bounded || (text && strstr(text, "tcp_max_slot_table_entries="));
}

/* The command line may also be typed at U-Boot, in several steps. */
static void check_slots(struct bc_lint *lint, const struct bc_case *c)
{
	struct bc_loc loc = c->boot.loc;
	bool has_root = false, is_bounded = !has_small_fifo(&c->machine);
	add_cmdline(c->boot.cmdline, &has_root, &is_bounded);
	bc_vec_each (step, &c->steps) {
		const struct bc_value *typed = bc_value_get(step->params, "uboot");
		if (!typed || typed->kind != BC_VALUE_SCALAR)
			continue;
		if (!has_root)
			loc = typed->loc;
		add_cmdline(typed->text, &has_root, &is_bounded);
	}
	if (!has_root || is_bounded)
		return;
	bc_lint_hint(bc_lint_warn(lint, "nfs-slots", loc,
			     "a root over NFS asks for more at once than the receive FIFO of this "
			     "machine's lan9118 holds: packets are lost, and the boot takes twice "
			     "as long"),
		"add to the command line: sunrpc.tcp_slot_table_entries=2 "
		"sunrpc.tcp_max_slot_table_entries=2");
}

void bc_rules_nfs(struct bc_lint *lint, const struct bc_case *c)
{
	const struct bc_net *net = &c->machine.net;
	if (!net->nfs.len && !net->nfs_server)
		return;
	check_slots(lint, c);
	if (net->nfs_server)
		check_server(lint, net);
	if (net->mode == BC_NET_NONE)
		bc_lint_error(lint, "bad-export", net->nfs_loc,
			"a machine without a network reaches no NFS server");
	else if (net->is_restricted)
		bc_lint_hint(bc_lint_error(lint, "bad-export", net->nfs_loc,
				     "`restrict: yes` keeps the guest from the NFS server"),
			"leave it out: bootcheck's own server is alone with the guest in a network "
			"namespace");
	for (size_t i = 0; i < net->nfs.len; i++) {
		const struct bc_nfs_export *x = &net->nfs.items[i];
		if (x->at[0] != '/')
			bc_lint_hint(bc_lint_error(lint, "bad-export", x->loc,
					     "'%s' is no absolute path of a server", x->at),
				"write '/%s'", x->at);
	}
}
