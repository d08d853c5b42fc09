#include <ctype.h>
#include <inttypes.h>

#include <bootcheck/base/text.h>
#include <bootcheck/plan/files.h>
#include <bootcheck/plan/scalar.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/pattern.h>

const char *bc_scalar_wanted(const struct bc_shape *shape)
{
	static const char *const wanted[] = {
		[BC_T_TEXT] = "a text",
		[BC_T_NAME] = "a name",
		[BC_T_BOOL] = "yes or no",
		[BC_T_INT] = "a number",
		[BC_T_SIZE] = "a size such as 64M",
		[BC_T_DURATION] = "a duration such as 20s",
		[BC_T_DATE] = "a date such as 2027-01-31",
		[BC_T_PATTERN] = "a pattern",
		[BC_T_REF] = "a path or ${artifact}",
		[BC_T_WORD] = "a word",
		[BC_T_ANY] = NULL,
	};
	return wanted[shape->type] ? wanted[shape->type] : "a value";
}

bool bc_check_name(const char *text)
{
	size_t n = 0;
	for (; text[n]; n++)
		if (!isalnum((unsigned char)text[n]) && (n == 0 || !strchr("._-", text[n])) &&
			text[n] != '_')
			return false;
	return n > 0 && n <= 100;
}

bool bc_check_date(const char *text)
{
	static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int at[3] = {0};
	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	for (int i = 0, part = 0; i < 10; i++) {
		if (i == 4 || i == 7)
			part++;
		else if (!isdigit((unsigned char)text[i]))
			return false;
		else
			at[part] = at[part] * 10 + text[i] - '0';
	}
	if (at[1] < 1 || at[1] > 12 || at[2] < 1 || at[2] > days[at[1] - 1])
		return false;
	bool is_leap = (at[0] % 4 == 0 && at[0] % 100 != 0) || at[0] % 400 == 0;
	return at[1] != 2 || at[2] < 29 || is_leap;
}

static void note_was(struct bc_finding *finding, const struct bc_value *value)
{
	if (value->was.file)
		bc_lint_note(finding, value->was, "also defined at this place, which it hides");
}

static struct bc_finding *report(
	struct bc_check *check, const char *name, const struct bc_value *value, const char *wanted)
{
	struct bc_finding *f =
		bc_lint_error(check->lint, name, value->loc, "'%s' is not %s", value->text, wanted);
	note_was(f, value);
	return f;
}

static void check_unit(
	struct bc_check *check, const struct bc_value *value, const struct bc_shape *shape)
{
	bool is_size = shape->type == BC_T_SIZE;
	uint64_t n = 0;
	if (is_size ? bc_size_parse(value->text, &n) : bc_duration_parse(value->text, &n)) {
		if (shape->max > 0 && (n < (uint64_t)shape->min || n > (uint64_t)shape->max)) {
			char low[32], high[32];
			bc_size_format((uint64_t)shape->min, low, sizeof(low));
			bc_size_format((uint64_t)shape->max, high, sizeof(high));
			note_was(bc_lint_error(check->lint, "bad-range", value->loc,
					 "'%s' is not between %s and %s", value->text, low, high),
				value);
		}
		return;
	}
	size_t digits = strspn(value->text, "0123456789.");
	if (digits && !value->text[digits]) {
		struct bc_finding *f = bc_lint_error(
			check->lint, "bad-unit", value->loc, "'%s' has no unit", value->text);
		bc_lint_hint(f,
			is_size ? "write %sM, or another of K, M, G, T (powers of 1024)"
				: "write %ss, or another of ms, s, min, h",
			value->text);
		note_was(f, value);
		return;
	}
	bc_lint_hint(report(check, "bad-unit", value, bc_scalar_wanted(shape)),
		"a number and one of %s",
		is_size ? "B, K, M, G, T (powers of 1024)" : "ms, s, min, h");
}

static void check_int(
	struct bc_check *check, const struct bc_value *value, const struct bc_shape *shape)
{
	int64_t n = 0;
	if (value->is_quoted || !bc_number_parse(value->text, &n)) {
		struct bc_finding *f = report(check, "bad-number", value, "a whole number");
		if (value->is_quoted)
			bc_lint_hint(f, "in quotes it is a text; write it without");
	} else if (shape->min == shape->max && n != shape->min) {
		note_was(bc_lint_error(check->lint, "bad-range", value->loc,
				 "'%s' is not %" PRId64 ", the only value that is known",
				 value->text, shape->min),
			value);
	} else if (n < shape->min || n > shape->max) {
		note_was(bc_lint_error(check->lint, "bad-range", value->loc,
				 "'%s' is not between %" PRId64 " and %" PRId64, value->text,
				 shape->min, shape->max),
			value);
	}
}

static void check_bool(struct bc_check *check, const struct bc_value *value)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", NULL};
	for (size_t i = 0; words[i]; i++)
		if (strcmp(words[i], value->text) == 0)
			return;
	bc_lint_hint(report(check, "bad-value", value, "yes or no"),
		"one of yes, no, true, false, on, off");
}

static void check_word(
	struct bc_check *check, const struct bc_value *value, const struct bc_shape *shape)
{
	for (size_t i = 0; shape->words[i]; i++)
		if (strcmp(shape->words[i], value->text) == 0)
			return;
	struct bc_finding *f = report(
		check, "bad-value", value, shape->words[1] ? "one of the values" : shape->words[0]);
	bc_lint_suggest(f, value->text, shape->words, "the values");
}

static void check_pattern(struct bc_check *check, const struct bc_value *value)
{
	struct bc_err err = {0};
	struct bc_pattern *pattern = bc_pattern_new(value->text, &err);
	bc_pattern_free(pattern);
	if (pattern)
		return;
	size_t at = err.col > 0 ? (size_t)err.col - 1 : 0;
	/* An error at the very end has no byte of its own: the last one stands for it. */
	bool is_end = at && at >= strlen(value->text);
	struct bc_loc loc = bc_file_inside(check->lint->files, value, is_end ? at - 1 : at);
	struct bc_finding *f = bc_lint_error(
		check->lint, "bad-pattern", loc, "the pattern does not compile: %s", err.message);
	if (strpbrk(value->text, "()[]{}*+?|"))
		bc_lint_hint(
			f, "a backslash before one of ()[]{}*+?|. makes it an ordinary character");
	note_was(f, value);
}

static void check_text(
	struct bc_check *check, const struct bc_value *value, const struct bc_shape *shape)
{
	const char *const *known = check->lint->options->detectors;
	if (!shape->name || strcmp(shape->name, "detector") != 0 || !known)
		return;
	for (size_t i = 0; known[i]; i++)
		if (strcmp(known[i], value->text) == 0)
			return;
	struct bc_finding *f = bc_lint_error(check->lint, "unknown-detector", value->loc,
		"there is no detector and no group of detectors called '%s'", value->text);
	bc_lint_suggest(f, value->text, known, "the detectors and groups");
}

struct refs {
	struct bc_check *check;
	const struct bc_value *value;
	bool is_allowed;
};

static bool check_ref(void *ctx, const char *name, const char *member)
{
	struct refs *refs = ctx;
	/* Names that are not there were reported when the variables were filled in. */
	if (!bc_value_get(refs->check->artifacts, name))
		return true;
	if (!refs->is_allowed) {
		bc_lint_hint(
			bc_lint_error(refs->check->lint, "misplaced-reference", refs->value->loc,
				"'%s' is an artifact, but no file is expected here", name),
			"artifacts go where a file is named; for a literal write $${%s}", name);
	} else if (member && !bc_path_is_inside(member)) {
		bc_lint_error(refs->check->lint, "bad-reference", refs->value->loc,
			"'%s' is no path inside of the artifact '%s'", member, name);
	}
	return true;
}

static void unescape(struct bc_value *value)
{
	BC_AUTO(bc_buf) out = {0};
	const char *p = value->text;
	for (const char *at; (at = strstr(p, "$${")); p = at + 3) {
		bc_buf_add(&out, p, (size_t)(at - p));
		bc_buf_adds(&out, "${");
	}
	bc_buf_adds(&out, p);
	free(value->text);
	value->text = bc_buf_take(&out);
}

static void check_refs(struct bc_check *check, struct bc_value *value, const struct bc_shape *shape)
{
	if (!strstr(value->text, "${"))
		return;
	bool is_late = shape->type == BC_T_REF || check->artifact_depth > 0;
	struct refs refs = {check, value, is_late};
	/* An unclosed one was reported when the variables were filled in. */
	(void)!bc_refs_each(value->text, check_ref, &refs);
	if (!is_late)
		unescape(value);
}

static void anchor_path(struct bc_value *value)
{
	if (!value->loc.file ||
		(!bc_has_prefix(value->text, "./") && !bc_has_prefix(value->text, "../")))
		return;
	BC_AUTO_FREE char *dir = bc_path_dir(value->loc.file);
	BC_AUTO_FREE char *joined = bc_path_join(dir, value->text);
	BC_AUTO_FREE char *absolute = bc_fs_absolute(joined);
	free(value->text);
	value->text = bc_path_normal(absolute);
}

void bc_scalar_check(struct bc_check *check, struct bc_value *value, const struct bc_shape *shape)
{
	/* Its value is not known; why was said already. */
	if (check->lint->lacks_vars && strstr(value->text, "${"))
		return;
	check_refs(check, value, shape);
	switch (shape->type) {
	case BC_T_TEXT:
		check_text(check, value, shape);
		break;
	case BC_T_NAME:
		if (!bc_check_name(value->text))
			bc_lint_hint(report(check, "bad-name", value, "a name"),
				"letters, digits, '.', '_' and '-', starting with a letter or "
				"digit; "
				"at most 100");
		break;
	case BC_T_BOOL:
		check_bool(check, value);
		break;
	case BC_T_INT:
		check_int(check, value, shape);
		break;
	case BC_T_SIZE:
	case BC_T_DURATION:
		check_unit(check, value, shape);
		break;
	case BC_T_DATE:
		if (!bc_check_date(value->text))
			(void)report(check, "bad-date", value, bc_scalar_wanted(shape));
		break;
	case BC_T_PATTERN:
		check_pattern(check, value);
		break;
	case BC_T_REF:
		if (!*value->text)
			(void)report(check, "bad-value", value, bc_scalar_wanted(shape));
		anchor_path(value);
		break;
	case BC_T_WORD:
		check_word(check, value, shape);
		break;
	case BC_T_OBJECT:
	case BC_T_LIST:
	case BC_T_MAP:
	case BC_T_TAGGED:
	case BC_T_EITHER:
	case BC_T_ANY:
		break;
	}
}
