/* TAP, results.json and GitHub's formats. */
#include <time.h>

#include <bootcheck/report/report.h>
#include <bootcheck/sys/json.h>

#include "report_test.h"

START_TEST(test_tap_golden)
{
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) out = {0};
	load_all(&run);
	bc_report_tap(&run, &out);
	check_golden("all.tap", out.data);
}
END_TEST

/* One test point each, numbered, directives only where the verdict gives one. */
START_TEST(test_tap_points)
{
	BC_AUTO(bc_run) run = {.is_finished = true};
	BC_AUTO(bc_buf) out = {0};
	static const struct {
		enum bc_verdict verdict;
		bool is_done;
		const char *want;
	} rows[] = {
		{BC_PASS, true, "\nok 1 - a\\#b\\\\c\n"},
		{BC_FAIL, true, "\nnot ok 2 - a\\#b\\\\c\n  ---\n"},
		{BC_KNOWN, true, "\nnot ok 3 - a\\#b\\\\c # TODO t\\#\n  ---\n"},
		{BC_SKIP, true, "\nok 4 - a\\#b\\\\c # SKIP t\\#\n"},
		{BC_ERROR, true, "\nnot ok 5 - a\\#b\\\\c\n  ---\n"},
		{BC_PASS, false, "\nnot ok 6 - a\\#b\\\\c\n  ---\n"},
	};
	for (size_t i = 0; i < BC_LEN(rows); i++) {
		struct bc_result r = {.id = bc_strdup("a#b\\c"),
			.verdict = rows[i].verdict,
			.is_done = rows[i].is_done};
		bc_vec_push(&r.attempts,
			((struct bc_attempt){
				.verdict = rows[i].verdict, .title = bc_strdup("t#")}));
		bc_vec_push(&run.results, r);
	}
	bc_report_tap(&run, &out);
	ck_assert(bc_has_prefix(out.data, "TAP version 14\n1..6\n"));
	for (size_t i = 0; i < BC_LEN(rows); i++)
		ck_assert_msg(strstr(out.data, rows[i].want) != NULL, "%s in\n%s", rows[i].want,
			out.data);
}
END_TEST

START_TEST(test_github_golden)
{
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) annotations = {0};
	BC_AUTO(bc_buf) summary = {0};
	load_all(&run);
	bc_report_github(&run, &annotations, &summary);
	check_golden("all.github.txt", annotations.data);
	check_golden("all.github.md", summary.data);
}
END_TEST

START_TEST(test_github_bounds)
{
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) annotations = {0};
	BC_AUTO(bc_buf) summary = {0};
	BC_AUTO(bc_buf) console = {0};
	for (int i = 0; i < 100000; i++)
		bc_buf_adds(&console, "<<<&|`\n\n::error::\n");
	for (int i = 0; i < 5000; i++) {
		struct bc_result r = {
			.id = bc_asprintf("case-%d", i), .verdict = BC_FAIL, .is_done = true};
		bc_vec_push(&r.attempts,
			((struct bc_attempt){.verdict = BC_FAIL,
				.excerpt = i < 60 ? bc_strdup(console.data) : NULL}));
		bc_vec_push(&run.results, r);
	}
	bc_report_github(&run, &annotations, &summary);
	int lines = 0;
	for (const char *p = annotations.data; *p; p = strchr(p, '\n') + 1, lines++)
		ck_assert(bc_has_prefix(p, lines < 10 ? "::error " : "::notice "));
	ck_assert_int_eq(lines, 11);
	ck_assert_ptr_nonnull(strstr(annotations.data, "4990 more cases"));
	/* A file of more than 1 MiB is refused as a whole. */
	ck_assert_uint_lt(summary.len, 1 << 20);
	ck_assert_ptr_nonnull(strstr(summary.data, "4500 more cases are not shown"));
}
END_TEST

/* A small part of JSON Schema 2020-12: what docs/results.schema.json uses, and nothing else passes. */
struct check {
	const struct bc_json *root;
	struct bc_strs seen; /* "<definition>/<member>" that occurred */
	struct bc_buf why;
};

static void validate(struct check *c, const struct bc_json *schema, const struct bc_json *value,
	const char *where);

static const char *type_of(const struct bc_json *value)
{
	BC_AUTO(bc_buf) text = {0};
	bc_json_print(value, false, &text);
	switch (text.data[0]) {
	case '{':
		return "object";
	case '[':
		return "array";
	case '"':
		return "string";
	case 't':
	case 'f':
		return "boolean";
	case 'n':
		return "null";
	default:
		return strpbrk(text.data, ".eE") ? "number" : "integer";
	}
}

static bool is_equal(const struct bc_json *a, const struct bc_json *b)
{
	BC_AUTO(bc_buf) ta = {0};
	BC_AUTO(bc_buf) tb = {0};
	bc_json_print(a, false, &ta);
	bc_json_print(b, false, &tb);
	return strcmp(ta.data, tb.data) == 0;
}

struct members {
	struct check *c;
	const struct bc_json *schema, *value;
	const char *where;
};

static void check_keyword(void *ctx, const char *key, struct bc_json *value)
{
	static const char *const known[] = {"$schema", "$defs", "$ref", "title", "description",
		"type", "enum", "const", "required", "properties", "additionalProperties", "items",
		"minimum"};
	(void)value;
	(void)ctx;
	for (size_t i = 0; i < BC_LEN(known); i++)
		if (strcmp(known[i], key) == 0)
			return;
	ck_abort_msg("the schema has the keyword %s, which this test does not know", key);
}

static void check_member(void *ctx, const char *key, struct bc_json *value)
{
	struct members *m = ctx;
	const struct bc_json *own = bc_json_get(bc_json_get(m->schema, "properties"), key);
	const struct bc_json *rest = bc_json_get(m->schema, "additionalProperties");
	BC_AUTO_FREE char *where = bc_asprintf("%s/%s", m->where, key);
	if (own)
		bc_strs_add(&m->c->seen, where);
	if (own)
		validate(m->c, own, value, where);
	else if (bc_json_is_object(rest))
		validate(m->c, rest, value, where);
	else
		bc_buf_addf(&m->c->why, "%s is not in the schema\n", where);
}

static void validate(struct check *c, const struct bc_json *schema, const struct bc_json *value,
	const char *where)
{
	ck_assert(bc_json_is_object(schema));
	bc_json_each(schema, check_keyword, NULL);
	const char *ref = bc_json_get_string(schema, "$ref", NULL);
	if (ref) {
		ck_assert(bc_has_prefix(ref, "#/$defs/"));
		validate(c, bc_json_get(bc_json_get(c->root, "$defs"), ref + 8), value, ref + 8);
		return;
	}
	const char *type = bc_json_get_string(schema, "type", NULL);
	if (type && strcmp(type, type_of(value)) != 0)
		bc_buf_addf(&c->why, "%s is no %s\n", where, type);
	const struct bc_json *list = bc_json_get(schema, "enum");
	bool found = !list;
	for (size_t i = 0; i < bc_json_len(list); i++)
		found |= is_equal(bc_json_at(list, i), value);
	const struct bc_json *constant = bc_json_get(schema, "const");
	if (!found || (constant && !is_equal(constant, value)))
		bc_buf_addf(&c->why, "%s has a value that is not allowed\n", where);
	const struct bc_json *minimum = bc_json_get(schema, "minimum");
	if (minimum) {
		BC_AUTO(bc_buf) text = {0};
		int64_t number = 0, least = 0;
		bc_json_print(value, false, &text);
		ck_assert(bc_number_parse(text.data, &number));
		bc_buf_clear(&text);
		bc_json_print(minimum, false, &text);
		ck_assert(bc_number_parse(text.data, &least));
		if (number < least)
			bc_buf_addf(&c->why, "%s is less than %lld\n", where, (long long)least);
	}
	list = bc_json_get(schema, "required");
	for (size_t i = 0; i < bc_json_len(list); i++)
		if (!bc_json_get(value, bc_json_string(bc_json_at(list, i))))
			bc_buf_addf(&c->why, "%s lacks %s\n", where,
				bc_json_string(bc_json_at(list, i)));
	if (bc_json_is_object(value)) {
		struct members m = {c, schema, value, where};
		bc_json_each(value, check_member, &m);
	}
	const struct bc_json *items = bc_json_get(schema, "items");
	for (size_t i = 0; items && i < bc_json_len(value); i++)
		validate(c, items, bc_json_at(value, i), where);
}

static struct bc_json *read_schema(void)
{
	BC_AUTO(bc_buf) text = {0};
	struct bc_err err = {0};
	ck_assert(bc_fs_read(BC_SOURCE_DIR "/docs/results.schema.json", 1 << 20, &text, &err));
	struct bc_json *schema = bc_json_parse(text.data, text.len, &err);
	ck_assert_msg(schema != NULL, "%s", err.message);
	return schema;
}

static void check_close(struct check *c)
{
	bc_strs_release(&c->seen);
	bc_buf_release(&c->why);
}

struct expected {
	struct check *c;
	const char *where;
};

/* A member of the schema that no report ever has is a mistake of the schema. */
static void check_seen(void *ctx, const char *key, struct bc_json *value)
{
	struct expected *e = ctx;
	(void)value;
	BC_AUTO_FREE char *where = bc_asprintf("%s/%s", e->where, key);
	ck_assert_msg(bc_strs_has(&e->c->seen, where), "%s never occurs", where);
}

static void check_definition(void *ctx, const char *key, struct bc_json *value)
{
	struct expected e = {ctx, key};
	const struct bc_json *members = bc_json_get(value, "properties");
	if (members)
		bc_json_each(members, check_seen, &e);
}

START_TEST(test_json_schema)
{
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) out = {0};
	struct bc_err err = {0};
	BC_AUTO_JSON *schema = read_schema();
	load_all(&run);
	bc_report_json(&run, &out);
	check_golden("all.results.json", out.data);
	BC_AUTO_JSON *json = bc_json_parse(out.data, out.len, &err);
	ck_assert_msg(json != NULL, "%s", err.message);
	struct check c = {.root = schema};
	validate(&c, schema, json, "run");
	ck_assert_msg(!c.why.len, "%s", c.why.data);
	struct expected top = {&c, "run"};
	bc_json_each(bc_json_get(schema, "properties"), check_seen, &top);
	bc_json_each(bc_json_get(schema, "$defs"), check_definition, &c);
	check_close(&c);
}
END_TEST

static void check_names(const struct bc_json *list, const char *const *names)
{
	size_t i = 0;
	for (; names[i]; i++)
		ck_assert_str_eq(bc_json_string(bc_json_at(list, i)), names[i]);
	ck_assert_uint_eq(bc_json_len(list), i);
}

START_TEST(test_json_schema_names)
{
	BC_AUTO_JSON *schema = read_schema();
	const struct bc_json *defs = bc_json_get(schema, "$defs");
	check_names(bc_json_get(bc_json_get(defs, "verdict"), "enum"), bc_verdict_names);
	const struct bc_json *attempt = bc_json_get(bc_json_get(defs, "attempt"), "properties");
	check_names(bc_json_get(bc_json_get(attempt, "kind"), "enum"), bc_kind_names);
}
END_TEST

/* The validator refuses, or test_json_schema proves nothing. */
START_TEST(test_json_schema_refuses)
{
	static const char *const bad[] = {
		"{}",
		"[]",
		"{\"bootcheck\":2}",
#define TOP                                                                                        \
	"{\"bootcheck\":1,\"run\":\"r\",\"duration_ms\":0,\"finished\":true,\"exit_code\":0,"      \
	"\"counts\":{\"pass\":0,\"fail\":0,\"known\":0,\"skip\":0,\"error\":0,\"flaky\":0},"       \
	"\"properties\":{},"
		TOP "\"results\":{}}",
		TOP "\"results\":[],\"more\":1}",
		TOP "\"results\":[{\"id\":\"a\"}]}",
		TOP "\"results\":[{\"id\":\"a\",\"labels\":[1],\"verdict\":\"pass\",\"flaky\":"
		    "false,\"done\":true,\"attempts\":[]}]}",
		TOP "\"results\":[{\"id\":\"a\",\"labels\":[],\"verdict\":\"fine\",\"flaky\":false,"
		    "\"done\":true,\"attempts\":[]}]}",
		TOP "\"results\":[{\"id\":\"a\",\"labels\":[],\"verdict\":\"pass\",\"flaky\":false,"
		    "\"done\":true,\"attempts\":[{\"verdict\":\"fail\",\"line\":0}]}]}",
	};
	BC_AUTO_JSON *schema = read_schema();
	for (size_t i = 0; i < BC_LEN(bad); i++) {
		struct check c = {.root = schema};
		BC_AUTO_JSON *json = bc_json_parse(bad[i], strlen(bad[i]), NULL);
		ck_assert_ptr_nonnull(json);
		validate(&c, schema, json, "run");
		ck_assert_msg(c.why.len, "valid: %s", bad[i]);
		check_close(&c);
	}
	struct check c = {.root = schema};
	BC_AUTO_JSON *json =
		bc_json_parse(TOP "\"results\":[]}", strlen(TOP "\"results\":[]}"), NULL);
	validate(&c, schema, json, "run");
	ck_assert_msg(!c.why.len, "%s", c.why.data);
	check_close(&c);
}
END_TEST

static void add_journal(struct bc_buf *journal, int cases)
{
	bc_buf_adds(journal, "{\"ns\":1,\"kind\":\"run-start\",\"run\":\"r\",\"cases\":[");
	for (int i = 0; i < cases; i++)
		bc_buf_addf(journal,
			"%s{\"id\":\"case-%d\",\"file\":\"cases/%d.yaml\",\"labels\":[\"l\"]}",
			i ? "," : "", i, i / 2);
	bc_buf_adds(journal, "]}\n");
	for (int i = 0; i < cases; i++) {
		const char *verdict = i % 10 ? "pass" : "fail";
		bc_buf_addf(journal,
			"{\"ns\":%d,\"kind\":\"case-start\",\"case\":\"case-%d\",\"attempt\":1,"
			"\"dir\":\"cases/%d\"}\n",
			i, i, i);
		for (int k = 0; k < 10; k++)
			bc_buf_addf(journal,
				"{\"ns\":%d,\"kind\":\"step\",\"case\":\"case-%d\",\"attempt\":1,"
				"\"step\":%d,\"name\":\"expect\",\"state\":\"done\",\"ms\":%d}\n",
				i, i, k + 1, k);
		bc_buf_addf(journal,
			"{\"ns\":%d,\"kind\":\"attempt\",\"case\":\"case-%d\",\"attempt\":1,"
			"\"result\":{\"verdict\":\"%s\",\"kind\":\"panic\",\"title\":\"Kernel "
			"panic "
			"- not syncing\",\"excerpt\":\"[    1.0] a\\n[    1.1] b\",\"duration_ms\":"
			"2000}}\n{\"ns\":%d,\"kind\":\"case-end\",\"case\":\"case-%d\",\"verdict\":"
			"\"%s\"}\n",
			i, i, verdict, i, i, verdict);
	}
}

/* Processor time in ms of a journal of so many cases through the loader and every report. */
static double report_all(int cases)
{
	BC_AUTO(bc_buf) journal = {0};
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) out = {0};
	BC_AUTO(bc_buf) other = {0};
	struct bc_err err = {0};
	add_journal(&journal, cases);
	clock_t start = clock();
	ck_assert_msg(bc_report_parse("/nowhere", journal.data, journal.len, &run, &err), "%s",
		err.message);
	ck_assert_uint_eq(run.results.len, (size_t)cases);
	ck_assert(bc_report_junit(&run, NULL, &out, &err));
	bc_report_tap(&run, &out);
	bc_report_json(&run, &out);
	bc_report_github(&run, &out, &other);
	bc_report_html(&run, &other);
	bc_report_summary(&run, true, &out);
	return (double)(clock() - start) * 1000 / CLOCKS_PER_SEC;
}

/* The time grows with the number of cases, not with its square: ten times as many would take a hundred
 * times as long. The best of three, since the machine may have other work. */
START_TEST(test_many_cases)
{
	int few = is_valgrind() ? 20 : 1000;
	double small = 1e9, large = 1e9;
	for (int i = 0; i < 3; i++) {
		double ms = report_all(few);
		small = ms < small ? ms : small;
		ms = report_all(10 * few);
		large = ms < large ? ms : large;
	}
	printf("%d cases: %.0f ms, %d cases: %.0f ms\n", few, small, 10 * few, large);
	ck_assert_double_lt(large, 30 * small);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("formats");
	TCase *t = tcase_create("formats");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_tap_golden);
	tcase_add_test(t, test_tap_points);
	tcase_add_test(t, test_github_golden);
	tcase_add_test(t, test_github_bounds);
	tcase_add_test(t, test_json_schema);
	tcase_add_test(t, test_json_schema_names);
	tcase_add_test(t, test_json_schema_refuses);
	tcase_add_test(t, test_many_cases);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
