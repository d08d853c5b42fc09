#include <ctype.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/kconfig.h>
#include <bootcheck/build/kconfig_scan.h>
#include <bootcheck/build/node.h>

#define REPORTED_MAX 20 /* lost options that are looked up in the Kconfig files */

void bc_kconfig_release(struct bc_kconfig *config)
{
	bc_vec_each (o, config) {
		free(o->name);
		free(o->value);
		free(o->file);
	}
	free(config->items);
	*config = (struct bc_kconfig){0};
}

static struct bc_koption *find(const struct bc_kconfig *config, const char *name)
{
	bc_vec_each (o, config)
		if (strcmp(o->name, name) == 0)
			return o;
	return NULL;
}

const char *bc_kconfig_get(const struct bc_kconfig *config, const char *name)
{
	const struct bc_koption *o = find(config, name);
	return o ? o->value : NULL;
}

static void add(struct bc_kconfig *config, const char *name, size_t len, const char *value,
	size_t value_len, const char *file, unsigned line)
{
	bc_vec_push(config,
		((struct bc_koption){bc_strndup(name, len), bc_strndup(value, value_len),
			bc_strdup(file), line}));
}

void bc_kconfig_set(struct bc_kconfig *config, const char *name, const char *value,
	const char *file, unsigned line)
{
	struct bc_koption *o = find(config, name);
	if (!o) {
		add(config, name, strlen(name), value, strlen(value), file, line);
		return;
	}
	char *copy = bc_strdup(value), *where = bc_strdup(file);
	free(o->value);
	free(o->file);
	o->value = copy;
	o->file = where;
	o->line = line;
}

static size_t name_length(const char *text, size_t len)
{
	size_t n = 0;
	while (n < len && (isalnum((unsigned char)text[n]) || text[n] == '_'))
		n++;
	return n <= BC_KCONFIG_NAME_MAX ? n : 0;
}

static bool is_value(const char *text, size_t len)
{
	if (len >= 2 && text[0] == '"') {
		for (size_t i = 1; i + 1 < len; i++) {
			if (text[i] == '"')
				return false;
			if (text[i] == '\\')
				i++;
		}
		return text[len - 1] == '"';
	}
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-_.", text[i]))
			return false;
	return true;
}

/* The line as an assignment; name NULL for a comment or an empty line. False when it is neither. */
static bool read_line(
	const char *text, size_t len, const char **name, size_t *n, const char **value, size_t *v)
{
	static const char prefix[] = "CONFIG_", suffix[] = " is not set";
	*name = NULL;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	bool is_comment = len && text[0] == '#';
	const char *p = text, *end = text + len;
	if (is_comment)
		for (p++; p < end && *p == ' '; p++)
			;
	if ((size_t)(end - p) < sizeof(prefix) || memcmp(p, prefix, sizeof(prefix) - 1) != 0)
		return is_comment || !len;
	p += sizeof(prefix) - 1;
	size_t count = name_length(p, (size_t)(end - p));
	const char *rest = p + count;
	size_t left = (size_t)(end - rest);
	if (is_comment) {
		if (!count || left != sizeof(suffix) - 1 || memcmp(rest, suffix, left) != 0)
			return true;
		*value = "n";
		*v = 1;
	} else {
		if (!count || !left || *rest != '=' || !is_value(rest + 1, left - 1))
			return false;
		*value = rest + 1;
		*v = left - 1;
	}
	*name = p;
	*n = count;
	return true;
}

/* Later assignments win in one pass over all that was read: with the thousands of options of a whole
 * configuration a search for each line would be slow. */
static int by_name(const void *a, const void *b)
{
	const struct bc_koption *x = *(const struct bc_koption *const *)a,
				*y = *(const struct bc_koption *const *)b;
	int order = strcmp(x->name, y->name);
	return order ? order : (x < y ? -1 : x > y);
}

static void keep_last(struct bc_kconfig *config)
{
	struct bc_koption **sorted = bc_calloc(config->len + 1, sizeof(struct bc_koption *));
	for (size_t i = 0; i < config->len; i++)
		sorted[i] = &config->items[i];
	qsort(sorted, config->len, sizeof(struct bc_koption *), by_name);
	for (size_t i = 0; i + 1 < config->len; i++) {
		if (strcmp(sorted[i]->name, sorted[i + 1]->name) != 0)
			continue;
		/* The later assignment takes the earlier one's place. */
		struct bc_koption was = *sorted[i];
		*sorted[i] = *sorted[i + 1];
		free(was.name);
		free(was.value);
		free(was.file);
		*sorted[i + 1] = (struct bc_koption){0};
		struct bc_koption *place = sorted[i];
		sorted[i] = sorted[i + 1];
		sorted[i + 1] = place;
	}
	size_t kept = 0;
	for (size_t i = 0; i < config->len; i++)
		if (config->items[i].name)
			config->items[kept++] = config->items[i];
	config->len = kept;
	free(sorted);
}

bool bc_kconfig_parse(struct bc_kconfig *config, const char *file, const char *text, size_t len,
	struct bc_err *err)
{
	unsigned line = 1;
	size_t before = config->len;
	if (len > BC_KCONFIG_MAX)
		return bc_fail(err, BC_E_LIMIT, 0, "%s is too large for a configuration", file);
	for (size_t at = 0; at < len; line++) {
		const char *start = text + at, *name, *value;
		const char *newline = memchr(start, '\n', len - at);
		size_t n = newline ? (size_t)(newline - start) : len - at, count, v;
		if (memchr(start, '\0', n) || !read_line(start, n, &name, &count, &value, &v)) {
			BC_AUTO(bc_buf) shown = {0};
			bc_escape_text(&shown, start, n < 60 ? n : 60, false);
			(void)bc_fail(err, BC_E_FORMAT, 0,
				"'%s' is no line of a configuration: CONFIG_NAME=value is needed",
				shown.data ? shown.data : "");
			/* What was read before the failure is not handed out. */
			for (size_t i = before; i < config->len; i++) {
				free(config->items[i].name);
				free(config->items[i].value);
				free(config->items[i].file);
			}
			config->len = before;
			return bc_err_at(err, file, (int)line, 1);
		}
		if (name)
			add(config, name, count, value, v, file, line);
		at += n + 1;
	}
	keep_last(config);
	return true;
}

void bc_kconfig_print(const struct bc_kconfig *config, struct bc_buf *out)
{
	bc_vec_each (o, config) {
		if (strcmp(o->value, "n") == 0)
			bc_buf_addf(out, "# CONFIG_%s is not set\n", o->name);
		else
			bc_buf_addf(out, "CONFIG_%s=%s\n", o->name, o->value);
	}
}

static bool is_plain(const char *text)
{
	int64_t number;
	return strcmp(text, "y") == 0 || strcmp(text, "n") == 0 || strcmp(text, "m") == 0 ||
		bc_number_parse(text, &number);
}

static char *quoted(const char *text)
{
	BC_AUTO(bc_buf) out = {0};
	bc_buf_addc(&out, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			bc_buf_addc(&out, '\\');
		bc_buf_addc(&out, *p);
	}
	bc_buf_addc(&out, '"');
	return bc_buf_take(&out);
}

bool bc_kconfig_from_value(
	struct bc_kconfig *config, const struct bc_value *map, struct bc_err *err)
{
	for (size_t i = 0; map && i < map->len; i++) {
		const struct bc_value *item = map->items[i];
		const char *name = item->key, *text = item->text ? item->text : "";
		if (bc_has_prefix(name, "CONFIG_"))
			name += strlen("CONFIG_");
		size_t n = strlen(name);
		if (!n || name_length(name, n) != n)
			return bc_planner_fail(
				err, item->key_loc, "'%s' is no name of an option", item->key);
		if (item->kind != BC_VALUE_SCALAR || strchr(text, '\n'))
			return bc_planner_fail(
				err, item->loc, "the option %s needs one value", item->key);
		bool has_quotes = text[0] == '"' && is_value(text, strlen(text));
		BC_AUTO_FREE char *value =
			is_plain(text) || has_quotes ? bc_strdup(text) : quoted(text);
		bc_kconfig_set(config, name, value, item->loc.file, (unsigned)item->loc.line);
	}
	return true;
}

static bool is_off(const char *value)
{
	return !value || strcmp(value, "n") == 0;
}

static bool survived(const struct bc_koption *wanted, const char *got)
{
	int64_t a, b;
	if (is_off(wanted->value) || is_off(got))
		return is_off(wanted->value) && is_off(got);
	/* 0x80 and 128 are the same number to Kconfig. */
	return strcmp(wanted->value, got) == 0 ||
		(bc_number_parse(wanted->value, &a) && bc_number_parse(got, &b) && a == b);
}

static void describe(const struct bc_koption *o, const char *got, const char *whose,
	const struct bc_kconfig_symbol *symbol, struct bc_buf *out)
{
	if (o->file)
		bc_buf_addf(out, "%s:%u: ", o->file, o->line);
	bc_buf_addf(out, "CONFIG_%s=%s did not survive: ", o->name, o->value);
	if (symbol && !symbol->is_known)
		bc_buf_addf(out, "%s has no such option", whose);
	else if (is_off(got))
		bc_buf_addf(out, "the configuration of %s has it off", whose);
	else
		bc_buf_addf(out, "the configuration of %s has %s", whose, got);
}

bool bc_kconfig_verify(const struct bc_kconfig *wanted, const struct bc_kconfig *got,
	const char *whose, const char *source, struct bc_buf *report, struct bc_err *err)
{
	BC_AUTO(bc_buf) first = {.max = 700};
	BC_AUTO(bc_buf) hint = {.max = 380};
	size_t lost = 0;
	bc_vec_each (o, wanted) {
		const char *value = bc_kconfig_get(got, o->name);
		if (survived(o, value))
			continue;
		BC_AUTO(bc_kconfig_symbol) symbol = {0};
		BC_AUTO(bc_buf) line = {.max = 4000};
		bool is_looked_up = source && lost < REPORTED_MAX &&
			bc_kconfig_scan(source, o->name, got, &symbol);
		describe(o, value, whose, is_looked_up ? &symbol : NULL, &line);
		if (report)
			bc_buf_addf(report, "%s%s%s\n", line.data, symbol.text ? "; " : "",
				symbol.text ? symbol.text : "");
		if (!lost++) {
			bc_buf_adds(&first, line.data);
			if (symbol.text)
				bc_buf_adds(&hint, symbol.text);
		}
	}
	if (!lost)
		return true;
	(void)bc_fail(err, BC_E_CASE, 0, "%s%s", first.data, "");
	if (lost > 1)
		(void)bc_fail(err, BC_E_CASE, 0, "%s, and %zu more", first.data, lost - 1);
	if (hint.len)
		(void)bc_err_hint(err, "%s", hint.data);
	return false;
}
