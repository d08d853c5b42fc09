/* The variables of U-Boot, as far as a case tells them. */
#include "uboot_dialog.h"

#define MAX_VARS 1024

const char *walk_get(void *ctx, const char *name)
{
	struct walk *w = ctx;
	bc_vec_each (v, &w->env)
		if (strcmp(v->name, name) == 0)
			return v->value;
	return NULL;
}

void walk_set(struct walk *w, const char *name, const char *value)
{
	bc_vec_each (v, &w->env)
		if (strcmp(v->name, name) == 0) {
			char *copy = bc_strdup(value);
			free(v->value);
			v->value = copy;
			return;
		}
	if (w->env.len < MAX_VARS)
		bc_vec_push(&w->env, ((struct uboot_var){bc_strdup(name), bc_strdup(value)}));
}

void walk_forget(struct walk *w)
{
	bc_vec_each (v, &w->env) {
		free(v->name);
		free(v->value);
	}
	w->env.len = 0;
}

void walk_read_env(struct walk *w, const char *text, size_t len)
{
	for (size_t at = 0; at < len;) {
		const char *line = text + at, *end = memchr(line, '\n', len - at);
		size_t n = end ? (size_t)(end - line) : len - at;
		at += n + 1;
		/* A backslash joins lines. */
		BC_AUTO(bc_buf) whole = {.max = BC_UBOOT_LINE_MAX};
		while (n && line[n - 1] == '\\' && at < len) {
			bc_buf_add(&whole, line, n - 1);
			line = text + at;
			end = memchr(line, '\n', len - at);
			n = end ? (size_t)(end - line) : len - at;
			at += n + 1;
		}
		bc_buf_add(&whole, line, n && line[n - 1] == '\r' ? n - 1 : n);
		char *equals = whole.len ? memchr(whole.data, '=', whole.len) : NULL;
		if (!equals || whole.data[0] == '#')
			continue;
		*equals = '\0';
		walk_set(w, whole.data, equals + 1);
	}
}

/* The length of an entry NAME=VALUE that ends in a NUL before len; 0 if there is none. */
static size_t entry_at(const char *data, size_t len)
{
	size_t n = strnlen(data, len < BC_UBOOT_LINE_MAX ? len : BC_UBOOT_LINE_MAX), name = 0;
	while (name < n && (data[name] == '_' || (data[name] | 32) >= 'a') &&
		(data[name] | 32) <= 'z')
		name++;
	while (name < n && data[name] > ' ' && data[name] != '=' && data[name] < 0x7f)
		name++;
	return n < len && !data[n] && name && name < n && data[name] == '=' ? n : 0;
}

void walk_read_program(struct walk *w, const char *data, size_t len)
{
	const char *found = len ? memmem(data, len, WALK_MARK, WALK_MARK_LEN) : NULL;
	if (!found)
		return;
	/* Back to the first entry of the list, then forward through it. */
	size_t at = (size_t)(found - data) + 1;
	while (at > 1) {
		size_t before = at - 1;
		while (before > 0 && data[before - 1])
			before--;
		if (!entry_at(data + before, len - before) || before == at - 1)
			break;
		at = before;
	}
	for (size_t n; at < len && (n = entry_at(data + at, len - at)) > 0; at += n + 1) {
		BC_AUTO_FREE char *name = bc_strdup(data + at);
		char *equals = strchr(name, '=');
		*equals = '\0';
		walk_set(w, name, equals + 1);
	}
}

void walk_release(struct walk *w)
{
	walk_forget(w);
	free(w->env.items);
	bc_vec_each (s, &w->sources) {
		free(s->path);
		free(s->interface);
	}
	free(w->sources.items);
}
