#include "command.h"

#include <bootcheck/base/text.h>

#define MAX_OUTPUT ((size_t)1 << 20)

static bool compile(const struct bc_value *params, const char *key, struct command_patterns *out,
	struct bc_err *err)
{
	const struct bc_value *v = bc_value_get(params, key);
	size_t n = !v ? 0 : v->kind == BC_VALUE_SEQ ? v->len : 1;
	for (size_t i = 0; i < n; i++) {
		/* ^ and $ are a line's, since output is lines. */
		const struct bc_value *item = v->kind == BC_VALUE_SEQ ? v->items[i] : v;
		BC_AUTO_FREE char *regex = bc_asprintf("(?m)%s", item->text);
		struct bc_pattern *p = bc_pattern_new(regex, err);
		if (!p)
			return false;
		bc_vec_push(out, p);
	}
	return true;
}

bool bc_command_init(
	struct command *c, const struct bc_value *params, const char *tag, struct bc_err *err)
{
	int64_t n;
	c->output.max = MAX_OUTPUT;
	c->text = bc_value_text(params, tag, "");
	c->status = bc_value_text(params, "status", "0");
	if (strcmp(c->status, "any") != 0 && strcmp(c->status, "nonzero") != 0 &&
		(!bc_number_parse(c->status, &n) || n < 0 || n > 255))
		return bc_fail(err, BC_E_CASE, 0, "status is 0 to 255, `nonzero` or `any`, not %s",
			c->status);
	return compile(params, "output", &c->wanted, err) &&
		compile(params, "not", &c->unwanted, err);
}

static void release_patterns(struct command_patterns *list)
{
	bc_vec_each (p, list)
		bc_pattern_free(*p);
	free(list->items);
}

void bc_command_release(struct command *c)
{
	release_patterns(&c->wanted);
	release_patterns(&c->unwanted);
	bc_buf_release(&c->output);
}

bool bc_command_is_status(const struct command *c, int status)
{
	int64_t wanted = 0;
	if (strcmp(c->status, "any") == 0)
		return true;
	if (strcmp(c->status, "nonzero") == 0)
		return status != 0;
	return bc_number_parse(c->status, &wanted) && status == wanted;
}

char *bc_command_first_line(const struct command *c)
{
	const char *text = c->output.data ? c->output.data : "";
	size_t n = strcspn(text, "\n");
	return bc_strndup(text, n > 120 ? 120 : n);
}

char *bc_command_last_line(const struct command *c)
{
	const char *text = c->output.data ? c->output.data : "";
	size_t end = c->output.len;
	while (end && (text[end - 1] == '\n' || text[end - 1] == ' '))
		end--;
	size_t from = end;
	while (from && text[from - 1] != '\n')
		from--;
	return bc_strndup(text + from, end - from > 120 ? 120 : end - from);
}

enum bc_step_state bc_command_check_output(struct command *c, struct bc_dialog *d)
{
	const char *text = c->output.data ? c->output.data : "";
	BC_AUTO_FREE char *line = bc_command_first_line(c);
	bc_vec_each (p, &c->wanted)
		if (bc_pattern_find(*p, text, c->output.len, 0, 0, NULL, 0) != BC_MATCH_YES)
			return bc_dialog_fail(d, BC_KIND_COMMAND,
				c->output.overflow
					? "`%s` printed \"%s\" and more than is kept, which does "
					  "not match \"%s\""
					: "`%s` printed \"%s\", which does not match \"%s\"",
				c->text, line, bc_pattern_text(*p) + 4);
	bc_vec_each (p, &c->unwanted) {
		enum bc_match match = bc_pattern_find(*p, text, c->output.len, 0, 0, NULL, 0);
		if (match == BC_MATCH_YES)
			return bc_dialog_fail(d, BC_KIND_COMMAND,
				"`%s` printed something that matches \"%s\"", c->text,
				bc_pattern_text(*p) + 4);
		/* What could not be searched to its end is not known to be clean. */
		if (match == BC_MATCH_LIMIT || c->output.overflow)
			return bc_dialog_fail(d, BC_KIND_COMMAND,
				"`%s` printed too much to tell that nothing matches \"%s\"",
				c->text, bc_pattern_text(*p) + 4);
	}
	return BC_STEP_DONE;
}
