#include <bootcheck/model/case.h>

static void machine_release(struct bc_machine *m)
{
	free(m->arch);
	free(m->model);
	free(m->cpu);
	free(m->qemu);
	bc_strs_release(&m->options);
	free(m->net.model);
	free(m->net.tftp);
	bc_vec_each (x, &m->net.nfs) {
		free(x->at);
		free(x->ref);
	}
	free(m->net.nfs.items);
	free(m->net.nfs_server);
	bc_strs_release(&m->net.forwards);
}

static void boot_release(struct bc_boot *boot)
{
	free(boot->kernel);
	free(boot->dtb);
	free(boot->initrd);
	free(boot->bios);
	free(boot->cmdline);
	bc_vec_each (d, &boot->drives) {
		free(d->file);
		free(d->interface);
		free(d->format);
	}
	free(boot->drives.items);
}

static void lists_release(struct bc_case *c)
{
	bc_vec_each (a, &c->artifacts) {
		free(a->name);
		free(a->kind);
		bc_value_free(a->params);
	}
	free(c->artifacts.items);
	bc_vec_each (s, &c->steps) {
		free(s->kind);
		bc_value_free(s->params);
	}
	free(c->steps.items);
	bc_vec_each (r, &c->rejects)
		free(r->pattern);
	free(c->rejects.items);
	bc_vec_each (k, &c->known) {
		free(k->pattern);
		free(k->reason);
		free(k->until);
	}
	free(c->known.items);
	bc_vec_each (text, &c->cell)
		free(*text);
	free(c->cell.items);
}

/* The value of the last printk.time= on a command line, NULL if there is none. */
static const char *printk_time(const char *cmdline)
{
	static const char key[] = "printk.time=";
	const char *value = NULL;
	for (const char *at = cmdline; (at = strstr(at, key)); at += sizeof(key) - 1)
		if (at == cmdline || at[-1] == ' ')
			value = at + sizeof(key) - 1;
	return value;
}

char *bc_boot_cmdline(const struct bc_boot *boot)
{
	if (!boot->cmdline)
		return NULL;
	if (boot->no_printk_time || printk_time(boot->cmdline))
		return bc_strdup(boot->cmdline);
	return bc_asprintf("%s%sprintk.time=1", boot->cmdline, *boot->cmdline ? " " : "");
}

bool bc_boot_has_printk_time(const struct bc_boot *boot)
{
	BC_AUTO_FREE char *cmdline = bc_boot_cmdline(boot);
	const char *value = cmdline ? printk_time(cmdline) : NULL;
	return value && strchr("1yYo", *value) && strncmp(value, "of", 2) != 0;
}

void bc_case_free(struct bc_case *c)
{
	if (!c)
		return;
	free(c->id);
	free(c->name);
	free(c->summary);
	free(c->file);
	free(c->root);
	bc_strs_release(&c->labels);
	machine_release(&c->machine);
	boot_release(&c->boot);
	lists_release(c);
	bc_strs_release(&c->detect_off);
	free(c->prompt);
	free(c->loader.prompt);
	free(c->loader.autoboot);
	free(c->outcome.title);
	free(c);
}

/* Splits the text of one "${…}" (len bytes between the braces) at its first colon. */
static void split_ref(const char *inner, size_t len, char **name, char **member)
{
	const char *colon = memchr(inner, ':', len);
	size_t n = colon ? (size_t)(colon - inner) : len;
	*name = bc_strndup(inner, n);
	*member = colon ? bc_strndup(colon + 1, len - n - 1) : NULL;
}

bool bc_refs_each(const char *text, bc_ref_fn *fn, void *ctx)
{
	for (const char *p = text; (p = strstr(p, "${"));) {
		if (p > text && p[-1] == '$') {
			p += 2;
			continue;
		}
		const char *end = strchr(p, '}');
		if (!end)
			return false;
		BC_AUTO_FREE char *name = NULL, *member = NULL;
		split_ref(p + 2, (size_t)(end - p - 2), &name, &member);
		if (!fn(ctx, name, member))
			return false;
		p = end + 1;
	}
	return true;
}

char *bc_refs_expand(const char *text, bc_ref_value_fn *fn, void *ctx)
{
	BC_AUTO(bc_buf) out = {0};
	const char *p = text;
	for (const char *at; (at = strstr(p, "${"));) {
		if (at > text && at[-1] == '$') {
			bc_buf_add(&out, p, (size_t)(at - p - 1));
			bc_buf_adds(&out, "${");
			p = at + 2;
			continue;
		}
		const char *end = strchr(at, '}');
		if (!end)
			return NULL;
		bc_buf_add(&out, p, (size_t)(at - p));
		BC_AUTO_FREE char *name = NULL, *member = NULL;
		split_ref(at + 2, (size_t)(end - at - 2), &name, &member);
		const char *value = fn(ctx, name, member);
		if (!value)
			return NULL;
		bc_buf_adds(&out, value);
		p = end + 1;
	}
	bc_buf_adds(&out, p);
	return bc_buf_take(&out);
}
