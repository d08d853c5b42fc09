#include <libfyaml.h>

#include <bootcheck/base/text.h>
#include <bootcheck/plan/yaml.h>
#include <bootcheck/plan/yaml_text.h>

#define MAX_ANCHOR 1000

struct frame {
	struct bc_value *node;
	char *key; /* of the member that comes next, NULL while the key itself is awaited */
	struct bc_loc key_loc;
	char *anchor; /* of the node, or NULL */
};

struct anchor {
	char *name;
	const struct bc_value *node;
};

struct yaml {
	struct bc_lint *lint;
	const struct bc_plan_file *file;
	struct bc_yaml_text text;
	struct frame stack[BC_YAML_MAX_DEPTH];
	size_t depth, nodes;
	struct {
		BC_VEC(struct anchor);
	} anchors;
	struct {
		BC_VEC(struct bc_value *); /* doubled members: anchors may point into them */
	} dropped;
	struct bc_value *root;
	bool has_document, is_over;
	struct bc_loc last; /* of the newest scalar: where a token without a place must be near */
};

/* What the marks of a scalar's token leave out. */
static size_t skip_indent(const struct yaml *y, size_t at)
{
	while (at < y->file->text.len && y->file->text.data[at] == ' ')
		at++;
	return at;
}

static struct bc_loc token_loc(const struct yaml *y, struct fy_token *token, int quote)
{
	const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
	const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
	if (!start)
		return (struct bc_loc){0};
	size_t from = bc_yaml_original(&y->text, start->input_pos),
	       to = end ? bc_yaml_original(&y->text, end->input_pos) : from + 1;
	/* A quoted token's marks leave its quotes out; a block starts at its first line's indentation. */
	if (quote && from)
		from--;
	else
		from = skip_indent(y, from);
	return bc_file_loc(y->file, from, to + (size_t)quote);
}

static void fail_deep(struct yaml *y, struct bc_loc loc)
{
	bc_lint_error(
		y->lint, "too-deep", loc, "more than %d levels of nesting", BC_YAML_MAX_DEPTH);
	y->is_over = true;
}

static bool count_node(struct yaml *y, struct bc_loc loc)
{
	if (++y->nodes <= BC_YAML_MAX_NODES)
		return true;
	bc_lint_hint(bc_lint_error(y->lint, "too-big", loc,
			     "more than %d values once aliases are followed", BC_YAML_MAX_NODES),
		"a generated file is better split into cases with a matrix");
	y->is_over = true;
	return false;
}

static void add_duplicate(struct yaml *y, const struct bc_value *first, struct bc_value *again)
{
	struct bc_finding *f = bc_lint_error(y->lint, "duplicate-key", again->key_loc,
		"the key '%s' is given twice", again->key);
	bc_lint_note(f, first->key_loc, "first given here");
	bc_vec_push(&y->dropped, again);
}

/* Takes node: into the map, the sequence, or as the document. */
static void attach(struct yaml *y, struct bc_value *node)
{
	if (!y->depth) {
		y->root = node;
		return;
	}
	struct frame *top = &y->stack[y->depth - 1];
	if (top->node->kind == BC_VALUE_SEQ) {
		bc_value_append(top->node, node);
		return;
	}
	node->key = BC_TAKE(top->key);
	node->key_loc = top->key_loc;
	if (!node->loc.file)
		node->loc = node->key_loc;
	const struct bc_value *first = bc_value_get(top->node, node->key);
	if (first) {
		add_duplicate(y, first, node);
		return;
	}
	if (top->node->len >= BC_YAML_MAX_KEYS) {
		bc_lint_error(y->lint, "too-big", node->key_loc, "a map with more than %d keys",
			BC_YAML_MAX_KEYS);
		y->is_over = true;
	}
	bc_vec_push(top->node, node);
}

static bool awaits_key(const struct yaml *y)
{
	return y->depth && y->stack[y->depth - 1].node->kind == BC_VALUE_MAP &&
		!y->stack[y->depth - 1].key;
}

static void fail_key(struct yaml *y, struct bc_loc loc)
{
	if (!loc.file)
		loc = y->last.file ? y->last : y->stack[y->depth - 1].node->loc;
	bc_lint_hint(bc_lint_error(y->lint, "complex-key", loc, "a key must be a plain text"),
		"${name} at the start of a value in braces, or a text with ': ', needs quotes");
	y->is_over = true;
}

static void add_anchor(struct yaml *y, char *name, const struct bc_value *node)
{
	if (!name)
		return;
	if (y->anchors.len >= MAX_ANCHOR) {
		bc_lint_error(y->lint, "too-big", node->loc, "more than %d anchors", MAX_ANCHOR);
		y->is_over = true;
		free(name);
		return;
	}
	struct anchor anchor = {name, node};
	bc_vec_push(&y->anchors, anchor);
}

static char *token_text(struct fy_token *token)
{
	size_t len = 0;
	const char *text = token ? fy_token_get_text(token, &len) : NULL;
	return text ? bc_yaml_decode(text, len) : NULL;
}

static void check_tag(struct yaml *y, struct fy_token *tag)
{
	if (!tag)
		return;
	bc_lint_hint(bc_lint_error(y->lint, "yaml-feature", token_loc(y, tag, 0),
			     "YAML tags have no meaning in a case"),
		"quotes make a number a text");
}

static bool is_null_text(const char *text)
{
	return !*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

static void on_key(struct yaml *y, char *text, struct bc_loc loc)
{
	struct frame *top = &y->stack[y->depth - 1];
	if (!*text || !loc.file) {
		fail_key(y, loc);
		free(text);
		return;
	}
	if (strcmp(text, "<<") == 0)
		bc_lint_hint(bc_lint_error(y->lint, "yaml-feature", loc,
				     "the merge key `<<` is not part of YAML 1.2"),
			"put what cases share into a part and name it in `use:`");
	top->key = text;
	top->key_loc = loc;
}

/* `expect: ~ #` is a tilde and a comment, though a prompt is meant. Whoever means a comment writes a
 * space behind its '#'. */
static void check_comment(struct yaml *y, struct fy_token *token)
{
	const struct fy_mark *mark = token ? fy_token_end_mark(token) : NULL;
	size_t end = mark ? bc_yaml_original(&y->text, mark->input_pos) : 0,
	       at = skip_indent(y, end);
	const char *data = y->file->text.data;
	if (!mark || at == end || at >= y->file->text.len || data[at] != '#')
		return;
	char next = at + 1 < y->file->text.len ? data[at + 1] : '\n';
	if (next == ' ' || next == '\t' || next == '#')
		return;
	bc_lint_hint(bc_lint_warn(y->lint, "hash-comment", bc_file_loc(y->file, at, at + 1),
			     "this '#' and what follows is a comment, not part of the text"),
		"quote the text, or write a space behind the '#'");
}

static void on_scalar(struct yaml *y, struct fy_event *e)
{
	struct fy_token *token = e->scalar.value;
	enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
	bool has_quotes = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
	struct bc_loc loc = token_loc(y, token, has_quotes);
	check_tag(y, e->scalar.tag);
	size_t len = 0;
	const char *raw = token ? fy_token_get_text(token, &len) : NULL;
	if (raw && memchr(raw, '\0', len)) {
		bc_lint_error(y->lint, "bad-character", loc, "a text may not hold a NUL");
		y->is_over = true;
		return;
	}
	BC_AUTO_FREE char *text = raw ? bc_yaml_decode(raw, len) : bc_strdup("");
	if (!count_node(y, loc))
		return;
	if (loc.file)
		y->last = loc;
	if (awaits_key(y)) {
		on_key(y, BC_TAKE(text), loc);
		return;
	}
	struct bc_value *node = bc_value_new(BC_VALUE_SCALAR, loc);
	node->is_quoted = style != FYSS_PLAIN;
	if (style == FYSS_PLAIN && is_null_text(text))
		node->kind = BC_VALUE_NULL;
	else
		node->text = BC_TAKE(text);
	if (style == FYSS_PLAIN)
		check_comment(y, token);
	attach(y, node);
	add_anchor(y, token_text(e->scalar.anchor), node);
}

static void on_start(struct yaml *y, enum bc_value_kind kind, struct fy_event *e)
{
	bool is_map = kind == BC_VALUE_MAP;
	const struct fy_mark *mark = fy_event_start_mark(e);
	struct bc_loc loc = {0};
	if (mark) {
		size_t at = bc_yaml_original(&y->text, mark->input_pos);
		loc = bc_file_loc(y->file, at, at + 1);
	}
	check_tag(y, is_map ? e->mapping_start.tag : e->sequence_start.tag);
	if (awaits_key(y)) {
		fail_key(y, loc);
		return;
	}
	if (y->depth >= BC_YAML_MAX_DEPTH) {
		fail_deep(y, loc);
		return;
	}
	if (!count_node(y, loc))
		return;
	y->stack[y->depth++] = (struct frame){.node = bc_value_new(kind, loc),
		.anchor = token_text(is_map ? e->mapping_start.anchor : e->sequence_start.anchor)};
}

static void on_end(struct yaml *y)
{
	struct frame frame = y->stack[--y->depth];
	free(frame.key);
	attach(y, frame.node);
	add_anchor(y, frame.anchor, frame.node);
}

/* Depth is bounded: the tree came through the stack, and aliases are measured before they are copied. */
static size_t height(const struct bc_value *node, size_t *count)
{
	size_t deepest = 0;
	++*count;
	for (size_t i = 0; i < node->len; i++) {
		size_t h = height(node->items[i], count);
		deepest = h > deepest ? h : deepest;
	}
	return node->kind == BC_VALUE_SEQ || node->kind == BC_VALUE_MAP ? deepest + 1 : 0;
}

static void copy_alias(struct yaml *y, const struct bc_value *node, struct bc_loc loc)
{
	size_t count = 0;
	if (y->depth + height(node, &count) > BC_YAML_MAX_DEPTH) {
		fail_deep(y, loc);
		return;
	}
	y->nodes += count - 1;
	if (!count_node(y, loc))
		return;
	struct bc_value *copy = bc_value_clone(node);
	free(copy->key);
	copy->key = NULL;
	attach(y, copy);
}

static void on_alias(struct yaml *y, struct fy_event *e)
{
	struct bc_loc loc = token_loc(y, e->alias.anchor, 0);
	BC_AUTO_FREE char *name = token_text(e->alias.anchor);
	if (awaits_key(y)) {
		fail_key(y, loc);
		return;
	}
	/* The newest anchor of a name counts. */
	for (size_t i = y->anchors.len; name && i-- > 0;) {
		if (strcmp(y->anchors.items[i].name, name) == 0) {
			copy_alias(y, y->anchors.items[i].node, loc);
			return;
		}
	}
	struct bc_finding *f = bc_lint_error(y->lint, "yaml", loc,
		"there is no anchor '&%s' before this alias", name ? name : "");
	bc_lint_hint(f, "a text that starts with '*' needs quotes");
	if (y->depth)
		attach(y, bc_value_new(BC_VALUE_NULL, loc));
	else
		y->is_over = true;
}

static void on_document(struct yaml *y, struct fy_event *e)
{
	if (y->has_document) {
		const struct fy_mark *mark = fy_event_start_mark(e);
		size_t at = mark ? bc_yaml_original(&y->text, mark->input_pos) : 0;
		bc_lint_hint(
			bc_lint_error(y->lint, "multi-document", bc_file_loc(y->file, at, at + 3),
				"a second document in one file"),
			"one case is one file; the rest of this one is not read");
		y->is_over = true;
	}
	y->has_document = true;
}

static void on_event(struct yaml *y, struct fy_event *e)
{
	switch (e->type) {
	case FYET_DOCUMENT_START:
		on_document(y, e);
		break;
	case FYET_MAPPING_START:
		on_start(y, BC_VALUE_MAP, e);
		break;
	case FYET_SEQUENCE_START:
		on_start(y, BC_VALUE_SEQ, e);
		break;
	case FYET_MAPPING_END:
	case FYET_SEQUENCE_END:
		on_end(y);
		break;
	case FYET_SCALAR:
		on_scalar(y, e);
		break;
	case FYET_ALIAS:
		on_alias(y, e);
		break;
	case FYET_NONE:
	case FYET_STREAM_START:
	case FYET_STREAM_END:
	case FYET_DOCUMENT_END:
		break;
	}
}

/* The scanner's place: 1-based, columns in characters. */
static struct bc_loc error_loc(const struct yaml *y, const struct fy_diag_error *error)
{
	size_t len = 0;
	int last = (int)y->file->lines.len;
	int line = error->line < 1 ? 1 : error->line > last ? last : error->line;
	const char *text = bc_file_line(y->file, line, &len);
	size_t at = 0;
	for (int col = 1; text && col < error->column && at < len; col++) {
		int n = bc_utf8_next(text + at, len - at, NULL);
		at += n > 0 ? (size_t)n : 1;
	}
	if (error->line > last)
		at = len;
	return (struct bc_loc){.file = y->file->path, .line = line, .col = (int)at + 1, .span = 1};
}

/* Offset of a tab in the indentation of a line, -1 if there is none. */
static int tab_in_indent(const struct yaml *y, int line)
{
	size_t len = 0;
	const char *text = bc_file_line(y->file, line, &len);
	for (size_t i = 0; text && i < len && (text[i] == ' ' || text[i] == '\t'); i++)
		if (text[i] == '\t')
			return (int)i;
	return -1;
}

static const char *syntax_hint(const char *message)
{
	if (strstr(message, "plain scalar cannot start") ||
		strstr(message, "nested block mapping") || strstr(message, "plain key"))
		return "a text with ': ' or that starts with one of %@`*&!|>{[ needs quotes";
	if (strstr(message, "quoted scalar"))
		return "the quote that opens here is never closed";
	if (strstr(message, "flow"))
		return "a brace or bracket is not closed, or a comma is missing";
	if (strstr(message, "indent"))
		return "keys of one map start in the same column";
	return NULL;
}

static void report_syntax(struct yaml *y, struct fy_diag *diag)
{
	void *at = NULL;
	const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &at);
	if (!error) {
		bc_lint_error(y->lint, "yaml", bc_file_loc(y->file, 0, 1), "the file is not YAML");
		return;
	}
	struct bc_loc loc = error_loc(y, error);
	int tab = tab_in_indent(y, loc.line);
	if (tab >= 0) {
		loc.col = tab + 1;
		bc_lint_hint(bc_lint_error(y->lint, "tab", loc, "a tab in the indentation"),
			"YAML indents with spaces only");
		return;
	}
	const char *message = error->msg ? error->msg : "not YAML";
	struct bc_finding *f = bc_lint_error(y->lint, "yaml", loc, "%s", message);
	const char *hint = syntax_hint(message);
	if (hint)
		bc_lint_hint(f, "%s", hint);
}

static void scan(struct yaml *y)
{
	struct fy_diag_cfg diag_cfg;
	fy_diag_cfg_default(&diag_cfg);
	diag_cfg.fp = NULL;
	diag_cfg.colorize = false;
	struct fy_diag *diag = fy_diag_create(&diag_cfg);
	if (!diag)
		abort();
	fy_diag_set_collect_errors(diag, true);
	struct fy_parse_cfg cfg = {
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE, .diag = diag};
	struct fy_parser *parser = fy_parser_create(&cfg);
	if (!parser || fy_parser_set_string(parser, y->text.encoded.data, y->text.encoded.len) != 0)
		abort();
	for (struct fy_event *e; !y->is_over && (e = fy_parser_parse(parser));) {
		on_event(y, e);
		fy_parser_event_free(parser, e);
	}
	if (!y->is_over && fy_parser_get_stream_error(parser))
		report_syntax(y, diag);
	fy_parser_destroy(parser);
	fy_diag_destroy(diag);
}

static void release(struct yaml *y)
{
	while (y->depth) {
		struct frame *f = &y->stack[--y->depth];
		bc_value_free(f->node);
		free(f->key);
		free(f->anchor);
	}
	bc_vec_each (a, &y->anchors)
		free(a->name);
	bc_vec_each (d, &y->dropped)
		bc_value_free(*d);
	free(y->anchors.items);
	free(y->dropped.items);
	bc_yaml_text_release(&y->text);
	bc_value_free(y->root);
}

struct bc_value *bc_yaml_parse(struct bc_lint *lint, const struct bc_plan_file *file)
{
	struct yaml *y = bc_calloc(1, sizeof(*y));
	y->lint = lint;
	y->file = file;
	size_t before = lint->errors;
	if (bc_yaml_text_check(lint, file) && file->text.len) {
		bc_yaml_encode(&y->text, &file->text);
		scan(y);
	}
	if (lint->errors == before && (!y->root || y->root->kind == BC_VALUE_NULL))
		bc_lint_error(lint, "empty-file", (struct bc_loc){.file = file->path},
			"the file says nothing");
	struct bc_value *root = NULL;
	if (lint->errors == before)
		root = BC_TAKE(y->root);
	release(y);
	free(y);
	return root;
}
