#include <bootcheck/base/buf.h>
#include <bootcheck/plan/uboot_line.h>

/* A word that grows. */
struct growing {
	struct bc_buf text;
	size_t start;
	bool has_any;	 /* also true for '' */
	bool is_quoted;	 /* no keyword then */
	bool is_unknown; /* a variable in it has no known value */
};

struct reader {
	struct bc_uboot_line *line;
	bc_uboot_var_fn *fn;
	void *ctx;
	struct bc_uboot_command *command;
	struct growing word;
	bool first_is_quoted;
};

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '_';
}

static int peek(const struct bc_uboot_line *l, size_t ahead)
{
	return l->at + ahead < l->len ? (unsigned char)l->text[l->at + ahead] : -1;
}

static void add(struct reader *r, char c)
{
	r->word.has_any = true;
	bc_buf_addc(&r->word.text, c);
}

static void end_word(struct reader *r)
{
	struct growing *w = &r->word;
	if (w->has_any && r->command->len < BC_UBOOT_WORDS_MAX) {
		struct bc_uboot_word word = {.text = bc_buf_take(&w->text),
			.is_known = !w->is_unknown,
			.at = w->start,
			.len = r->line->at - w->start};
		if (!r->command->len)
			r->first_is_quoted = w->is_quoted;
		bc_vec_push(r->command, word);
	}
	bc_buf_release(&w->text);
	*w = (struct growing){.text = {.max = BC_UBOOT_WORD_MAX}};
}

static void begin_word(struct reader *r)
{
	if (!r->word.has_any)
		r->word.start = r->line->at;
}

/* A value outside of quotes makes several words where it has blanks. */
static void add_value(struct reader *r, const char *value, bool in_quotes)
{
	if (!value) {
		r->word.has_any = r->word.is_unknown = true;
		return;
	}
	size_t start = r->word.start;
	for (; *value; value++) {
		if (in_quotes || !strchr(" \t\n", *value)) {
			add(r, *value);
			continue;
		}
		end_word(r);
		r->word.start = start;
	}
}

/* $name, ${name} or $? at the line's place. ${name:-…} has no known value. */
static void take_variable(struct reader *r, bool in_quotes)
{
	struct bc_uboot_line *l = r->line;
	char name[128];
	size_t n = 0, at = l->at + 1;
	bool is_braced = at < l->len && l->text[at] == '{', is_odd = false;
	at += is_braced;
	while (at < l->len && (is_braced ? l->text[at] != '}' : is_name(l->text[at]))) {
		is_odd = is_odd || !is_name(l->text[at]) || n + 1 >= sizeof(name);
		if (n + 1 < sizeof(name))
			name[n++] = l->text[at];
		at++;
	}
	name[n] = '\0';
	if (is_braced && at >= l->len) { /* not closed */
		add(r, '$');
		l->at++;
		return;
	}
	if (!is_braced && !n) {
		bool is_status = at < l->len && l->text[at] == '?';
		if (is_status)
			r->word.has_any = r->word.is_unknown = true;
		else
			add(r, '$');
		l->at += is_status ? 2 : 1;
		return;
	}
	l->at = at + is_braced;
	add_value(r, is_odd ? NULL : r->fn ? r->fn(r->ctx, name) : NULL, in_quotes);
}

static void take_quoted(struct reader *r, char quote)
{
	struct bc_uboot_line *l = r->line;
	r->word.has_any = r->word.is_quoted = true;
	size_t start = l->at++;
	while (l->at < l->len && l->text[l->at] != quote) {
		char c = l->text[l->at];
		if (quote == '"' && c == '$') {
			take_variable(r, true);
			continue;
		}
		if (quote == '"' && c == '\\' && l->at + 1 < l->len)
			c = l->text[++l->at];
		add(r, c);
		l->at++;
	}
	if (l->at < l->len) {
		l->at++;
	} else if (!l->is_open) {
		l->is_open = true;
		l->open_at = start;
	}
}

/* Ends at a separator, which is left there. */
static void take_words(struct reader *r)
{
	struct bc_uboot_line *l = r->line;
	for (int c; (c = peek(l, 0)) >= 0;) {
		if (c == ';' || c == '\n' || c == '\r' || (c == '&' && peek(l, 1) == '&') ||
			(c == '|' && peek(l, 1) == '|'))
			break;
		if (c == ' ' || c == '\t' || c == '\0') {
			end_word(r);
			l->at++;
			continue;
		}
		if (c == '#' && !r->word.has_any) {
			while (peek(l, 0) >= 0 && peek(l, 0) != '\n')
				l->at++;
			break;
		}
		begin_word(r);
		if (c == '$') {
			take_variable(r, false);
		} else if (c == '\'' || c == '"') {
			take_quoted(r, (char)c);
		} else {
			if (c == '\\' && peek(l, 1) >= 0)
				l->at++;
			r->word.is_quoted = r->word.is_quoted || c == '\\';
			add(r, l->text[l->at++]);
		}
	}
	end_word(r);
}

/* True when the first word is a keyword that only opens, parts or closes a compound; it is then dropped. */
static bool drop_keyword(struct reader *r)
{
	static const struct {
		const char *word;
		int before, after; /* change of the depth, for what is read next */
	} keywords[] = {{"if", 1, 0}, {"while", 1, 0}, {"until", 1, 0}, {"then", 0, 0},
		{"elif", 0, 0}, {"else", 0, 0}, {"do", 0, 0}, {"fi", -1, 0}, {"done", -1, 0},
		{"!", 0, 0}, {"{", 0, 0}, {"}", 0, 0}};
	if (!r->command->len || r->first_is_quoted)
		return false;
	for (size_t i = 0; i < BC_LEN(keywords); i++) {
		if (strcmp(r->command->items[0].text, keywords[i].word) != 0)
			continue;
		r->line->depth += keywords[i].before;
		if (r->line->depth < 0)
			r->line->depth = 0;
		free(r->command->items[0].text);
		r->command->len--;
		memmove(r->command->items, r->command->items + 1,
			r->command->len * sizeof(*r->command->items));
		return true;
	}
	return false;
}

static void take_for(struct reader *r)
{
	r->line->depth += 1;
	r->command->is_certain = false;
	while (r->command->len > 2)
		free(r->command->items[--r->command->len].text);
}

bool bc_uboot_line_next(struct bc_uboot_line *line, bc_uboot_var_fn *fn, void *ctx,
	struct bc_uboot_command *command)
{
	if (line->len > BC_UBOOT_LINE_MAX)
		line->len = BC_UBOOT_LINE_MAX;
	struct reader r = {.line = line, .fn = fn, .ctx = ctx, .command = command};
	r.word.text.max = BC_UBOOT_WORD_MAX;
	while (line->at < line->len) {
		*command = (struct bc_uboot_command){0};
		int c = peek(line, 0);
		if (c == ';' || c == '\n' || c == '\r') {
			line->is_alternative = false;
			line->at++;
			continue;
		}
		if (c == '&' || c == '|') {
			/* What follows `a || b &&` depends on both. */
			line->is_alternative = line->is_alternative || c == '|';
			line->at += peek(line, 1) == c ? 2 : 1;
			continue;
		}
		take_words(&r);
		while (drop_keyword(&r))
			;
		if (!command->len) {
			bc_uboot_command_release(command);
			continue;
		}
		command->is_certain = !line->depth && !line->is_alternative;
		if (!r.first_is_quoted && strcmp(command->items[0].text, "for") == 0)
			take_for(&r);
		return true;
	}
	return false;
}

void bc_uboot_command_release(struct bc_uboot_command *command)
{
	bc_vec_each (w, command)
		free(w->text);
	free(command->items);
	*command = (struct bc_uboot_command){0};
}
