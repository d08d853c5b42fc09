/* The emulator's command line. */
#include <bootcheck/base/text.h>
#include <bootcheck/run/run.h>

/* QEMU's option parser wants a comma in a value doubled. */
static char *escape(const char *value)
{
	BC_AUTO(bc_buf) out = {0};
	for (const char *p = value; *p; p++) {
		bc_buf_addc(&out, *p);
		if (*p == ',')
			bc_buf_addc(&out, ',');
	}
	return bc_buf_take(&out);
}

static void add2(struct bc_strs *argv, const char *option, const char *value)
{
	if (!value)
		return;
	bc_strs_add(argv, option);
	bc_strs_add(argv, value);
}

static void add_machine(const struct bc_machine *m, int ram_fd, struct bc_strs *argv)
{
	if (m->qemu)
		bc_strs_add(argv, m->qemu);
	else
		bc_strs_addf(argv, "qemu-system-%s", m->arch);
	bc_strs_add(argv, "-M");
	bc_strs_addf(argv, "%s%s", m->model, ram_fd >= 0 ? ",memory-backend=guest" : "");
	add2(argv, "-cpu", m->cpu);
	if (m->cpus > 1) {
		bc_strs_add(argv, "-smp");
		bc_strs_addf(argv, "%d", m->cpus);
	}
	bc_strs_add(argv, "-m");
	bc_strs_addf(argv, "%lluM", (unsigned long long)(m->memory_bytes >> 20));
	if (ram_fd >= 0) {
		bc_strs_add(argv, "-object");
		bc_strs_addf(argv,
			"memory-backend-file,id=guest,size=%lluM,mem-path=/proc/self/fd/"
			"%d,share=on,align=2M",
			(unsigned long long)(m->memory_bytes >> 20), ram_fd);
	}
}

static bool has_reset_step(const struct bc_case *c)
{
	for (size_t i = 0; i < c->steps.len; i++)
		if (strcmp(bc_value_text(c->steps.items[i].params, "power", ""), "reset") == 0)
			return true;
	return false;
}

static void add_drives(const struct bc_case *c, const struct bc_files *files, struct bc_strs *argv)
{
	for (size_t i = 0; i < c->boot.drives.len && i < files->drives.len; i++) {
		const struct bc_drive *d = &c->boot.drives.items[i];
		BC_AUTO_FREE char *file = escape(files->drives.items[i]);
		BC_AUTO_FREE char *index =
			d->index >= 0 ? bc_asprintf(",index=%d", d->index) : bc_strdup("");
		bc_strs_add(argv, "-drive");
		/* snapshot=on: what the guest writes goes to a temporary file, never into the artifact. */
		bc_strs_addf(argv, "if=%s,format=%s,snapshot=on%s,file=%s", d->interface, d->format,
			index, file);
	}
}

static void add_net(const struct bc_net *net, const struct bc_files *files, struct bc_strs *argv)
{
	bc_strs_add(argv, "-nic");
	if (net->mode == BC_NET_NONE) {
		bc_strs_add(argv, "none");
		return;
	}
	BC_AUTO(bc_buf) nic = {0};
	bc_buf_addf(&nic, "user,restrict=%s", net->is_restricted ? "on" : "off");
	if (net->model)
		bc_buf_addf(&nic, ",model=%s", net->model);
	if (files->tftp && net->tftp_server == BC_TFTP_QEMU) {
		BC_AUTO_FREE char *folder = escape(files->tftp);
		bc_buf_addf(&nic, ",tftp=%s", folder);
	}
	for (size_t i = 0; i < net->forwards.len; i++)
		bc_buf_addf(&nic, ",hostfwd=%s", net->forwards.items[i]);
	bc_strs_add(argv, nic.data);
}

static void add_serial(
	const struct bc_machine *m, bool by_hand, const char *pipes, struct bc_strs *argv)
{
	for (int i = 0; i < m->uarts; i++) {
		if (by_hand) {
			add2(argv, "-serial", i == m->console ? "mon:stdio" : "null");
			continue;
		}
		BC_AUTO_FREE char *folder = escape(pipes);
		bc_strs_add(argv, "-chardev");
		bc_strs_addf(argv, "pipe,id=uart%d,path=%s/uart%d", i, folder, i);
		bc_strs_add(argv, "-serial");
		bc_strs_addf(argv, "chardev:uart%d", i);
	}
}

void bc_qemu_argv(const struct bc_case *c, const struct bc_files *files, bool by_hand,
	const char *pipes, int qmp_fd, int ram_fd, struct bc_strs *argv)
{
	add_machine(&c->machine, ram_fd, argv);
	bc_strs_add(argv, "-nodefaults");
	add2(argv, "-display", "none");
	/* Boards with a sound chip would otherwise talk to the host's sound server, or warn. */
	add2(argv, "-audiodev", "none,id=a0");
	if (!has_reset_step(c))
		bc_strs_add(argv, "-no-reboot");
	if (!by_hand)
		add2(argv, "-action", "shutdown=pause");
	add2(argv, "-kernel", files->kernel);
	add2(argv, "-dtb", files->dtb);
	add2(argv, "-initrd", files->initrd);
	add2(argv, "-bios", files->bios);
	BC_AUTO_FREE char *cmdline = bc_boot_cmdline(&c->boot);
	add2(argv, "-append", cmdline);
	add_drives(c, files, argv);
	add_net(&c->machine.net, files, argv);
	add_serial(&c->machine, by_hand, pipes, argv);
	if (!by_hand) {
		bc_strs_add(argv, "-chardev");
		bc_strs_addf(argv, "socket,id=qmp,fd=%d", qmp_fd);
		add2(argv, "-mon", "chardev=qmp,mode=control");
		add2(argv, "-sandbox",
			"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
	}
	for (size_t i = 0; i < files->options.len; i++)
		bc_strs_add(argv, files->options.items[i]);
}
