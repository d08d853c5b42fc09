#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

#include <bootcheck/report/report.h>
#include <bootcheck/report/text.h>

#include "report_test.h"

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

static uint64_t state;

static uint64_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Text of bytes that break things: controls, halves of characters, surrogates, XML's own. */
static char *rough(size_t max)
{
	static const char *const pieces[] = {"]]>", "\x1b[31m", "\xed\xa0\x80", "\xef\xbf\xbe",
		"\xef\xbf\xbf", "\xc0\x80", "&amp;", "&#0;", "<!--", "-->", "<![CDATA[", "\"'",
		"\r\n", "\xf4\x90\x80\x80", "\xf0\x9f\x98\x80", "\xe2\x80\xa8", "\\x1b", "\x85",
		"\xc2\x85", "\x7f", "<?xml?>", "\xef\xbb\xbf", "\n\n", "\t", "]]]]>>"};
	BC_AUTO(bc_buf) text = {0};
	size_t len = next() % max;
	while (text.len < len) {
		if (next() % 3 == 0)
			bc_buf_adds(&text, pieces[next() % BC_LEN(pieces)]);
		else
			bc_buf_addc(&text, (char)(next() % 255 + 1));
	}
	return bc_buf_take(&text);
}

static char *maybe(size_t max)
{
	return next() % 4 ? rough(max) : NULL;
}

static void rough_attempt(struct bc_attempt *a)
{
	*a = (struct bc_attempt){.verdict = (enum bc_verdict)(next() % 5),
		.kind = (enum bc_fail_kind)(next() % (BC_KIND_SLOW + 1)),
		.title = maybe(300),
		.detector = maybe(20),
		.excerpt = maybe(next() % 8 ? 400 : 60000),
		.hint = maybe(100),
		.error_code = maybe(20),
		.line = (int)next() & 0xffff,
		.duration_ms = next() % 100000,
		.verdict_ms = next() % 100000,
		.dir = maybe(20)};
	if (next() % 2)
		bc_vec_push(&a->phases, ((struct bc_phase){rough(20), 1, next()}));
	if (next() % 2)
		bc_vec_push(&a->properties, ((struct bc_property){rough(20), rough(20)}));
}

START_TEST(test_any_bytes)
{
	struct schema s = schema_open();
	state = 0x9e3779b97f4a7c15u + (uint64_t)_i;
	for (int round = 0; round < (is_valgrind() ? 5 : 60); round++) {
		BC_AUTO(bc_run)
		run = {.id = maybe(10),
			.dir = bc_strdup("run"),
			.host = maybe(10),
			.version = maybe(10)};
		BC_AUTO(bc_buf) xml = {0};
		for (size_t i = next() % 6; i--;) {
			/* The number keeps ids apart, as a plan does. */
			BC_AUTO_FREE char *tail = rough(30);
			struct bc_result r = {.id = bc_asprintf("%zu%s", i, tail),
				.file = maybe(30),
				.summary = maybe(40),
				.verdict = (enum bc_verdict)(next() % 5),
				.is_done = next() % 5 != 0};
			for (size_t k = next() % 4; k--;) {
				bc_vec_push(&r.attempts, (struct bc_attempt){0});
				rough_attempt(&r.attempts.items[r.attempts.len - 1]);
			}
			bc_vec_push(&run.results, r);
		}
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
