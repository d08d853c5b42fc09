/* JUnit XML as Jenkins, GitLab, Azure and the GitHub actions read it: one level of suites, one suite for
 * each case file, retries inside their testcase (the elements of Maven Surefire 3). fixtures/junit/ has
 * the schema. */
#include <inttypes.h>

#include <bootcheck/base/text.h>
#include <bootcheck/report/index.h>
#include <bootcheck/report/report.h>
#include <bootcheck/report/text.h>

#include "libxml2.h"

#define MAX_TEXT      ((size_t)16 << 10) /* of one failure: readers show it, the files have the rest */
#define MAX_ATTRIBUTE ((size_t)4 << 10)

struct writer {
	xmlTextWriterPtr xml;
	bool failed;
	const struct bc_run *run;
	const char *base_dir;
};

#define X(text) ((const xmlChar *)(text))

static void check(struct writer *w, int result)
{
	w->failed |= result < 0;
}

static void start(struct writer *w, const char *name)
{
	check(w, bc_xml.xmlTextWriterStartElement(w->xml, X(name)));
}

static void end(struct writer *w)
{
	check(w, bc_xml.xmlTextWriterEndElement(w->xml));
}

/* All text goes through bc_escape_text: what it leaves is inside the Char production of XML 1.0. */
static void text(struct writer *w, const char *data)
{
	BC_AUTO(bc_buf) safe = {0};
	bc_escape_text(&safe, data, strlen(data), true);
	check(w, bc_xml.xmlTextWriterWriteString(w->xml, X(safe.data ? safe.data : "")));
}

static void attribute(struct writer *w, const char *name, const char *value)
{
	BC_AUTO(bc_buf) safe = {0};
	bc_escape_text(&safe, value, strnlen(value, MAX_ATTRIBUTE), false);
	check(w,
		bc_xml.xmlTextWriterWriteAttribute(w->xml, X(name), X(safe.data ? safe.data : "")));
}

/* Names stay distinct when escaped: an unprintable byte and the text "\x1b" are two names. */
static void attribute_name(struct writer *w, const char *name, const char *value)
{
	BC_AUTO(bc_buf) plain = {0};
	for (const char *p = value; *p; p++) {
		if (p[0] == '\\' && p[1] == 'x')
			bc_buf_adds(&plain, "\\x5c");
		else
			bc_buf_addc(&plain, *p);
	}
	BC_AUTO(bc_buf) safe = {0};
	bc_escape_text(&safe, plain.data ? plain.data : "", plain.len, false);
	check(w,
		bc_xml.xmlTextWriterWriteAttribute(w->xml, X(name), X(safe.data ? safe.data : "")));
}

static void attribute_count(struct writer *w, const char *name, size_t value)
{
	char number[24];
	snprintf(number, sizeof(number), "%zu", value);
	attribute(w, name, number);
}

static void attribute_seconds(struct writer *w, uint64_t ms)
{
	char number[32];
	snprintf(number, sizeof(number), "%" PRIu64 ".%03u", ms / 1000, (unsigned)(ms % 1000));
	attribute(w, "time", number);
}

static void property(struct writer *w, const char *name, const char *value)
{
	start(w, "property");
	attribute(w, "name", name);
	attribute(w, "value", value);
	end(w);
}

struct totals {
	size_t tests, failures, errors, skipped;
	uint64_t ms;
};

static void add_totals(struct totals *t, const struct bc_result *r)
{
	enum bc_verdict v = bc_report_verdict(r);
	t->tests++;
	t->failures += v == BC_FAIL;
	t->errors += v == BC_ERROR;
	t->skipped += v == BC_SKIP || v == BC_KNOWN;
	bc_vec_each (a, &r->attempts)
		t->ms += a->duration_ms;
}

static void attribute_totals(struct writer *w, const struct totals *t, uint64_t ms)
{
	attribute_count(w, "tests", t->tests);
	attribute_count(w, "failures", t->failures);
	attribute_count(w, "errors", t->errors);
	attribute_count(w, "skipped", t->skipped);
	attribute_seconds(w, ms);
}

/* The cause, where it was seen, the console's lines, the next step: what a person reads first. */
static void describe(struct bc_buf *out, const struct bc_attempt *a)
{
	bc_report_excerpt(out, bc_report_title(a), 1024);
	bc_buf_addc(out, '\n');
	const char *phase = bc_report_phase(a);
	if (phase)
		bc_buf_addf(out, "phase: %.200s\n", phase);
	if (a->step)
		bc_buf_addf(out, "step: %d\n", a->step);
	if (a->line)
		bc_buf_addf(out, "console line: %d\n", a->line);
	if (a->verdict_ms)
		bc_buf_addf(out, "after: %" PRIu64 ".%03u s\n", a->verdict_ms / 1000,
			(unsigned)(a->verdict_ms % 1000));
	if (a->detector)
		bc_buf_addf(out, "detector: %.200s\n", a->detector);
	if (a->hint && *a->hint) {
		bc_buf_adds(out, "hint: ");
		bc_report_excerpt(out, a->hint, 1024);
		bc_buf_addc(out, '\n');
	}
	if (a->excerpt && *a->excerpt) {
		bc_buf_addc(out, '\n');
		bc_report_excerpt(out, a->excerpt, MAX_TEXT - 4096);
		bc_buf_addc(out, '\n');
	}
}

static void outcome(struct writer *w, const char *element, const struct bc_attempt *a)
{
	start(w, element);
	attribute(w, "type", bc_report_type(a));
	attribute(w, "message", bc_report_title(a));
	if (a) {
		BC_AUTO(bc_buf) body = {.max = MAX_TEXT};
		describe(&body, a);
		text(w, body.data);
	}
	end(w);
}

/* Surefire's form of an attempt that did not decide: the text stands in <stackTrace>. */
static void retried(struct writer *w, const char *element, const struct bc_attempt *a)
{
	BC_AUTO(bc_buf) body = {.max = MAX_TEXT};
	describe(&body, a);
	start(w, element);
	attribute(w, "type", bc_report_type(a));
	attribute(w, "message", bc_report_title(a));
	start(w, "stackTrace");
	text(w, body.data);
	end(w);
	end(w);
}

static void skipped(struct writer *w, const struct bc_attempt *a)
{
	BC_AUTO(bc_buf) message = {.max = MAX_ATTRIBUTE};
	bc_buf_adds(&message, bc_report_title(a));
	if (a && a->hint && *a->hint)
		bc_buf_addf(&message, ": %s", a->hint);
	start(w, "skipped");
	attribute(w, "message", message.data);
	end(w);
}

static void retries(struct writer *w, const struct bc_result *r, const struct bc_attempt *decisive)
{
	bool passed = bc_report_verdict(r) == BC_PASS;
	bc_vec_each (a, &r->attempts) {
		if (a == decisive)
			continue;
		if (a->verdict == BC_FAIL)
			retried(w, passed ? "flakyFailure" : "rerunFailure", a);
		else if (a->verdict == BC_ERROR)
			retried(w, passed ? "flakyError" : "rerunError", a);
	}
}

static void attachments(struct writer *w, struct bc_buf *out, const struct bc_attempt *a)
{
	static const char *const names[] = {
		"console.log", "console.cast", "qemu.sh", "guest-dmesg.txt", "registers.txt"};
	for (size_t i = 0; i < BC_LEN(names); i++) {
		BC_AUTO_FREE char *path = bc_report_file(w->run, a, names[i]);
		if (!path)
			continue;
		const char *base = w->base_dir ? w->base_dir : w->run->dir;
		BC_AUTO_FREE char *shown = bc_report_relative(path, base);
		bc_buf_addf(out, "[[ATTACHMENT|%s]]\n", shown);
	}
}

static void system_out(struct writer *w, const struct bc_result *r, const struct bc_attempt *a)
{
	BC_AUTO(bc_buf) out = {0};
	if (a && a->excerpt && *a->excerpt) {
		bc_report_excerpt(&out, a->excerpt, MAX_TEXT);
		bc_buf_addc(&out, '\n');
	}
	bc_vec_each (each, &r->attempts)
		attachments(w, &out, each);
	if (!out.len)
		return;
	start(w, "system-out");
	text(w, out.data);
	end(w);
}

static void case_properties(struct writer *w, const struct bc_result *r, const struct bc_attempt *a)
{
	bool has_any = r->summary || r->labels.len || (a && (a->phases.len || a->properties.len));
	if (!has_any)
		return;
	start(w, "properties");
	if (r->summary)
		property(w, "summary", r->summary);
	for (size_t i = 0; i < r->labels.len; i++)
		property(w, "label", r->labels.items[i]);
	for (size_t i = 0; a && i < a->properties.len; i++)
		property(w, a->properties.items[i].name, a->properties.items[i].value);
	for (size_t i = 0; a && i < a->phases.len; i++) {
		BC_AUTO_FREE char *name = bc_asprintf("phase.%.200s.ms", a->phases.items[i].name);
		char ms[24];
		snprintf(ms, sizeof(ms), "%" PRIu64, a->phases.items[i].length_ms);
		property(w, name, ms);
	}
	end(w);
}

/* "cases/quick/arm.yaml" → "cases.quick.arm": readers split it at dots into a tree. */
static char *class_name(const struct bc_result *r)
{
	if (!r->file || !*r->file)
		return bc_strdup("bootcheck");
	char *name = bc_path_normal(r->file);
	size_t skip = strspn(name, "./"), len = strlen(name + skip);
	memmove(name, name + skip, len + 1);
	char *base = name + (bc_path_base(name) - name), *dot = strrchr(base, '.');
	if (dot)
		*dot = '\0';
	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '.';
		else if (*p == '.')
			*p = '_';
	if (*name)
		return name;
	free(name);
	return bc_strdup("bootcheck");
}

static void one_case(struct writer *w, const struct bc_result *r)
{
	const struct bc_attempt *a = bc_report_attempt(r);
	BC_AUTO_FREE char *class = class_name(r);
	struct totals t = {0};
	add_totals(&t, r);
	start(w, "testcase");
	attribute(w, "classname", class);
	attribute_name(w, "name", r->id ? r->id : "");
	attribute_seconds(w, t.ms);
	if (r->file)
		attribute(w, "file", r->file);
	case_properties(w, r, a);
	switch (bc_report_verdict(r)) {
	case BC_PASS:
		break;
	case BC_FAIL:
		outcome(w, "failure", a);
		break;
	case BC_ERROR:
		outcome(w, "error", a);
		break;
	case BC_KNOWN:
	case BC_SKIP:
		skipped(w, a);
		break;
	}
	retries(w, r, a);
	system_out(w, r, a);
	end(w);
}

struct suite {
	const char *name;
	struct totals totals;
	struct {
		BC_VEC(size_t); /* of the run's results */
	} cases;
};

struct suites {
	BC_VEC(struct suite);
};

static void suites_cleanup(struct suites *suites)
{
	bc_vec_each (s, suites)
		free(s->cases.items);
	free(suites->items);
}

static void group(const struct bc_run *run, struct suites *suites)
{
	BC_AUTO(bc_index) files = {0};
	bc_vec_each (r, &run->results) {
		const char *file = r->file && *r->file ? r->file : "bootcheck";
		size_t at = bc_index_add(&files, file);
		if (at >= suites->len)
			bc_vec_push(suites, ((struct suite){.name = file}));
		struct suite *suite = &suites->items[at];
		add_totals(&suite->totals, r);
		bc_vec_push(&suite->cases, (size_t)(r - run->results.items));
	}
}

static void one_suite(struct writer *w, const struct suite *suite)
{
	const struct bc_run *run = w->run;
	start(w, "testsuite");
	attribute_name(w, "name", suite->name);
	attribute_totals(w, &suite->totals, suite->totals.ms);
	if (run->started)
		attribute(w, "timestamp", run->started);
	if (run->host)
		attribute(w, "hostname", run->host);
	start(w, "properties");
	property(w, "bootcheck.run", run->id ? run->id : "");
	property(w, "bootcheck.version", run->version ? run->version : "");
	bc_vec_each (p, &run->properties)
		property(w, p->name, p->value);
	end(w);
	bc_vec_each (at, &suite->cases)
		one_case(w, &run->results.items[*at]);
	end(w);
}

static int add_bytes(void *out, const char *data, int len)
{
	/* libxml2 would print a refusal; the buffer remembers its overflow. */
	bc_buf_add(out, data, (size_t)len);
	return len;
}

static int add_end(void *out)
{
	(void)out;
	return 0;
}

bool bc_report_junit(
	const struct bc_run *run, const char *base_dir, struct bc_buf *out, struct bc_err *err)
{
	if (!bc_libxml2_load(err))
		return false;
	xmlOutputBufferPtr sink = bc_xml.xmlOutputBufferCreateIO(add_bytes, add_end, out, NULL);
	struct writer w = {.run = run, .base_dir = base_dir};
	w.xml = sink ? bc_xml.xmlNewTextWriter(sink) : NULL;
	if (!w.xml)
		return bc_fail(err, BC_E_INTERNAL, 0, "cannot make a JUnit writer");
	__attribute__((cleanup(suites_cleanup))) struct suites suites = {0};
	group(run, &suites);
	struct totals all = {0};
	bc_vec_each (s, &suites) {
		all.tests += s->totals.tests;
		all.failures += s->totals.failures;
		all.errors += s->totals.errors;
		all.skipped += s->totals.skipped;
	}
	check(&w, bc_xml.xmlTextWriterSetIndent(w.xml, 1));
	check(&w, bc_xml.xmlTextWriterSetIndentString(w.xml, X("  ")));
	check(&w, bc_xml.xmlTextWriterStartDocument(w.xml, NULL, "UTF-8", NULL));
	start(&w, "testsuites");
	attribute(&w, "name", "bootcheck");
	attribute_totals(&w, &all, run->duration_ms);
	bc_vec_each (s, &suites)
		one_suite(&w, s);
	end(&w);
	check(&w, bc_xml.xmlTextWriterEndDocument(w.xml));
	bc_xml.xmlFreeTextWriter(w.xml);
	if (w.failed || out->overflow)
		return bc_fail(err, BC_E_LIMIT, 0, "the JUnit report grew over its limit");
	return true;
}
