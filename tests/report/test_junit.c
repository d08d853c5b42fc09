#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

#include <bootcheck/report/report.h>
#include <bootcheck/report/text.h>

#include "report_test.h"
#include "rough.h"

static void quiet(void *ctx, const char *fmt, ...)
{
	char text[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	bc_buf_adds(ctx, text);
}

struct schema {
	xmlSchemaPtr schema;
	xmlSchemaParserCtxtPtr parser;
};

static struct schema schema_open(void)
{
	struct schema s;
	s.parser = xmlSchemaNewParserCtxt(BC_SOURCE_DIR "/fixtures/junit/junit.xsd");
	ck_assert_ptr_nonnull(s.parser);
	s.schema = xmlSchemaParse(s.parser);
	ck_assert_ptr_nonnull(s.schema);
	return s;
}

static void schema_close(struct schema *s)
{
	xmlSchemaFree(s->schema);
	xmlSchemaFreeParserCtxt(s->parser);
}

/* True if xml is well-formed and valid; messages into why. */
static bool is_valid(struct schema *s, const struct bc_buf *xml, struct bc_buf *why)
{
	xmlSetGenericErrorFunc(why, quiet);
	xmlDocPtr doc = xmlReadMemory(xml->data, (int)xml->len, "junit.xml", NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!doc) {
		bc_buf_adds(why, "not well-formed");
		return false;
	}
	xmlSchemaValidCtxtPtr valid = xmlSchemaNewValidCtxt(s->schema);
	xmlSchemaSetValidErrors(valid, quiet, quiet, why);
	int result = xmlSchemaValidateDoc(valid, doc);
	xmlSchemaFreeValidCtxt(valid);
	xmlFreeDoc(doc);
	return result == 0;
}

static void check_valid(struct schema *s, const struct bc_run *run, struct bc_buf *xml)
{
	struct bc_err err = {0};
	BC_AUTO(bc_buf) why = {0};
	ck_assert_msg(bc_report_junit(run, NULL, xml, &err), "%s", err.message);
	ck_assert_msg(is_valid(s, xml, &why), "%s\n%.2000s", why.data, xml->data);
}

START_TEST(test_golden)
{
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) xml = {0};
	struct schema s = schema_open();
	load_all(&run);
	check_valid(&s, &run, &xml);
	check_golden("all.junit.xml", xml.data);
	schema_close(&s);
}
END_TEST

START_TEST(test_empty)
{
	BC_AUTO(bc_buf) xml = {0};
	struct bc_run run = {0};
	struct schema s = schema_open();
	check_valid(&s, &run, &xml);
	schema_close(&s);
}
END_TEST

/* The schema tells good from bad, or the other tests prove nothing. */
START_TEST(test_schema_refuses)
{
	static const char *const bad[] = {
		"<testsuites/>",
		"<testsuites tests='1' failures='0' errors='0' skipped='0' time='-1'/>",
		"<testsuites tests='0' failures='0' errors='0' skipped='0' "
		"time='1'><testsuite/></testsuites>",
#define SUITE                                                                                      \
	"<testsuites tests='2' failures='0' errors='0' skipped='0' time='1'>"                      \
	"<testsuite name='s' tests='2' failures='0' errors='0' skipped='0' time='1'>"
#define END "</testsuite></testsuites>"
		SUITE "<testcase classname='c' name='n' time='1'/><testcase classname='c' name='n' "
		      "time='1'/>" END,
		SUITE "<testcase classname='c' name='n' time='1'><failure type='x' "
		      "message=''/><error type='x' message=''/></testcase>" END,
		SUITE "<testcase classname='c' name='n' time='1'><failure message='no "
		      "type'/></testcase>" END,
		SUITE "<testcase classname='c' name='n' time='1'><flakyFailure "
		      "type='x'>text</flakyFailure></testcase>" END,
		SUITE "<testcase name='n' time='1'/>" END,
		SUITE "<testcase classname='c' name='n' time='1'>&#27;</testcase>" END,
	};
	struct schema s = schema_open();
	for (size_t i = 0; i < BC_LEN(bad); i++) {
		BC_AUTO(bc_buf) xml = {0};
		BC_AUTO(bc_buf) why = {0};
		bc_buf_adds(&xml, bad[i]);
		ck_assert_msg(!is_valid(&s, &xml, &why), "valid: %s", bad[i]);
	}
	BC_AUTO(bc_buf) good = {0};
	BC_AUTO(bc_buf) why = {0};
	bc_buf_adds(&good, SUITE "<testcase classname='c' name='n' time='1'/>" END);
	ck_assert_msg(is_valid(&s, &good, &why), "%s", why.data);
	schema_close(&s);
}
END_TEST

START_TEST(test_any_bytes)
{
	struct schema s = schema_open();
	rough_state = 0x9e3779b97f4a7c15u + (uint64_t)_i;
	for (int round = 0; round < (is_valgrind() ? 5 : 60); round++) {
		BC_AUTO(bc_run) run = {0};
		BC_AUTO(bc_buf) xml = {0};
		rough_run(&run);
		check_valid(&s, &run, &xml);
	}
	schema_close(&s);
}
END_TEST

START_TEST(test_names_stay_apart)
{
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) xml = {0};
	struct schema s = schema_open();
	bc_vec_push(&run.results, ((struct bc_result){.id = bc_strdup("a\x1b"), .is_done = true}));
	bc_vec_push(&run.results, ((struct bc_result){.id = bc_strdup("a\\x1b"), .is_done = true}));
	check_valid(&s, &run, &xml);
	schema_close(&s);
}
END_TEST

START_TEST(test_long_text_is_cut)
{
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) xml = {0};
	BC_AUTO(bc_buf) console = {0};
	struct schema s = schema_open();
	bc_buf_adds(&console, "the first line\n");
	for (int i = 0; i < 200000; i++)
		bc_buf_addf(&console, "[%d] line\x01\n", i);
	bc_buf_adds(&console, "the last line");
	struct bc_result r = {.id = bc_strdup("long"), .verdict = BC_FAIL, .is_done = true};
	bc_vec_push(&r.attempts,
		((struct bc_attempt){.verdict = BC_FAIL, .excerpt = bc_strdup(console.data)}));
	bc_vec_push(&run.results, r);
	check_valid(&s, &run, &xml);
	char *failure = strstr(xml.data, "<failure"), *end = strstr(xml.data, "</failure>");
	ck_assert(failure && end);
	ck_assert_int_le(end - failure, 16 << 10);
	*end = '\0';
	ck_assert_ptr_nonnull(strstr(failure, "the first line"));
	ck_assert_ptr_nonnull(strstr(failure, "the last line"));
	ck_assert_ptr_nonnull(strstr(failure, "bytes left out"));
	schema_close(&s);
}
END_TEST

START_TEST(test_attachments)
{
	BC_AUTO(bc_run) run = {0};
	struct bc_err err = {0};
	load_all(&run);
	static const struct {
		const char *base, *want;
	} rows[] = {
		{NULL, "[[ATTACHMENT|cases/arm-vexpress-a9/console.log]]"},
		{FIXTURES "/all", "[[ATTACHMENT|cases/arm-vexpress-a9/console.log]]"},
		{FIXTURES, "[[ATTACHMENT|all/cases/arm-vexpress-a9/qemu.sh]]"},
		{FIXTURES "/other/", "[[ATTACHMENT|../all/cases/arm-vexpress-a9/console.cast]]"},
		{"/", "[[ATTACHMENT|" FIXTURES "/all/cases/arm-vexpress-a9/console.log]]"},
	};
	for (size_t i = 0; i < BC_LEN(rows); i++) {
		BC_AUTO(bc_buf) xml = {0};
		ck_assert(bc_report_junit(&run, rows[i].base, &xml, &err));
		ck_assert_msg(strstr(xml.data, rows[i].want) != NULL, "%s", rows[i].want);
		/* What is not there is not attached. */
		ck_assert_ptr_null(strstr(xml.data, "arm-virt-no-root/console.cast"));
	}
}
END_TEST

START_TEST(test_overflow_is_an_error)
{
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) xml = {.max = 4096};
	struct bc_err err = {0};
	load_all(&run);
	ck_assert(!bc_report_junit(&run, NULL, &xml, &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("junit");
	TCase *t = tcase_create("junit");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_golden);
	tcase_add_test(t, test_empty);
	tcase_add_test(t, test_schema_refuses);
	tcase_add_loop_test(t, test_any_bytes, 0, 5);
	tcase_add_test(t, test_names_stay_apart);
	tcase_add_test(t, test_long_text_is_cut);
	tcase_add_test(t, test_attachments);
	tcase_add_test(t, test_overflow_is_an_error);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
