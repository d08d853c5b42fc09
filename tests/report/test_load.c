#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/report/index.h>
#include <bootcheck/report/report.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/json.h>

#include "report_test.h"

#define START "{\"ns\":1000000,\"kind\":\"run-start\",\"run\":\"r\",\"cases\":["
#define CASE_A                                                                                     \
	"{\"id\":\"a\",\"name\":\"a\",\"file\":\"a.yaml\",\"summary\":\"s\",\"labels\":[\"l\"]}"

static void parse(const char *text, struct bc_run *run)
{
	struct bc_err err = {0};
	ck_assert_msg(bc_report_parse("dir", text, strlen(text), run, &err), "%s", err.message);
}

static void parse_fails(const char *text, enum bc_code code, int line)
{
	struct bc_run run = {0};
	struct bc_err err = {0};
	ck_assert(!bc_report_parse("dir", text, strlen(text), &run, &err));
	ck_assert_int_eq(err.code, code);
	ck_assert_int_eq(err.line, line);
	ck_assert(err.message[0]);
}

static const struct bc_result *result(const struct bc_run *run, const char *id)
{
	bc_vec_each (r, &run->results)
		if (strcmp(r->id, id) == 0)
			return r;
	ck_abort_msg("no result %s", id);
}

START_TEST(test_all)
{
	BC_AUTO(bc_run) run = {0};
	load_all(&run);
	ck_assert_str_eq(run.id, "20261122-214000-1a2b");
	ck_assert_str_eq(run.host, "farm-07");
	ck_assert_str_eq(run.started, "2026-11-22T21:40:00Z");
	ck_assert_str_eq(run.dir, FIXTURES "/all");
	ck_assert(!run.is_finished);
	ck_assert_uint_gt(run.duration_ms, 90000);
	ck_assert_uint_eq(run.results.len, 13);
	ck_assert_uint_eq(run.properties.len, 2);
	struct bc_counts n = bc_run_count(&run);
	ck_assert_uint_eq(n.pass, 3);
	ck_assert_uint_eq(n.fail, 4);
	ck_assert_uint_eq(n.known, 1);
	ck_assert_uint_eq(n.skip, 2);
	ck_assert_uint_eq(n.error, 3);
	ck_assert_uint_eq(n.flaky, 1);
	ck_assert_str_eq(run.results.items[0].id, "arm-vexpress-a9");
	ck_assert_str_eq(run.results.items[12].id, "never-begun");

	const struct bc_result *r = result(&run, "arm-virt-no-root");
	ck_assert_str_eq(r->file, "cases/quick/no-root.yaml");
	ck_assert(bc_strs_has(&r->labels, "arm"));
	ck_assert_uint_eq(r->attempts.len, 1);
	const struct bc_attempt *a = bc_result_last(r);
	ck_assert_int_eq(a->verdict, BC_FAIL);
	ck_assert_int_eq(a->kind, BC_KIND_PANIC);
	ck_assert_str_eq(a->detector, "vfs-root");
	ck_assert_int_eq(a->line, 312);
	ck_assert_int_eq(a->step, 1);
	ck_assert_uint_eq(a->duration_ms, 1960);
	ck_assert_uint_eq(a->verdict_ms, 1841);
	ck_assert_uint_eq(a->phases.len, 1);
	ck_assert_uint_eq(a->phases.items[0].start_ms, 35);
	ck_assert_str_eq(a->properties.items[0].name, "qemu.version");

	r = result(&run, "flaky-fail");
	ck_assert_uint_eq(r->attempts.len, 3);
	ck_assert_str_eq(r->attempts.items[0].error_code, "command");
	ck_assert_int_eq(r->attempts.items[1].kind, BC_KIND_TIMEOUT);
	/* A folder outside the run's is not followed. */
	ck_assert_str_eq(bc_result_last(result(&run, "console-split"))->dir, "cases/console-split");
}
END_TEST

START_TEST(test_interrupted)
{
	BC_AUTO(bc_run) run = {0};
	load_all(&run);
	const struct bc_result *r = result(&run, "never-ends");
	ck_assert(!r->is_done);
	ck_assert_int_eq(r->verdict, BC_ERROR);
	const struct bc_attempt *a = bc_result_last(r);
	ck_assert_int_eq(a->verdict, BC_ERROR);
	ck_assert_str_eq(a->title, "interrupted before a verdict");
	ck_assert_str_eq(a->error_code, "interrupted");
	ck_assert_str_eq(a->dir, "cases/never-ends");
	ck_assert_uint_eq(a->phases.len, 2);
	ck_assert_str_eq(a->phases.items[1].name, "init");
	ck_assert_uint_eq(a->phases.items[0].length_ms, 500);
	r = result(&run, "never-begun");
	ck_assert(!r->is_done);
	ck_assert_uint_eq(r->attempts.len, 1);
}
END_TEST

START_TEST(test_interrupted_keeps_attempts)
{
	BC_AUTO(bc_run) run = {0};
	parse(START CASE_A
		"]}\n{\"kind\":\"case-start\",\"case\":\"a\",\"attempt\":1,\"dir\":\"x\"}\n"
		"{\"kind\":\"attempt\",\"case\":\"a\",\"attempt\":1,\"result\":"
		"{\"verdict\":\"fail\",\"kind\":\"panic\",\"title\":\"t\"}}\n"
		"{\"kind\":\"case-start\",\"case\":\"a\",\"attempt\":2,\"dir\":\"y\"}\n",
		&run);
	const struct bc_result *r = result(&run, "a");
	ck_assert_uint_eq(r->attempts.len, 2);
	ck_assert_int_eq(r->attempts.items[0].verdict, BC_FAIL);
	ck_assert_str_eq(r->attempts.items[0].dir, "x");
	ck_assert_str_eq(r->attempts.items[1].error_code, "interrupted");
	ck_assert_str_eq(r->attempts.items[1].dir, "y");
	ck_assert(!r->is_done);
}
END_TEST

/* Wherever the journal is cut, what was decided before the cut is there. */
START_TEST(test_cut_anywhere)
{
	static const char text[] =
		START CASE_A "]}\n"
			     "{\"kind\":\"case-start\",\"case\":\"a\",\"attempt\":1}\n"
			     "{\"kind\":\"attempt\",\"case\":\"a\",\"attempt\":1,\"result\":{"
			     "\"verdict\":\"pass\"}}\n"
			     "{\"kind\":\"case-end\",\"case\":\"a\",\"verdict\":\"pass\"}\n"
			     "{\"ns\":9000000,\"kind\":\"run-end\",\"duration_ms\":8}\n";
	size_t first = (size_t)(strchr(text, '\n') - text);
	size_t decided = (size_t)(strstr(text, "\"pass\"}\n{\"ns\"") - text) + strlen("\"pass\"}");
	for (size_t cut = 0; cut < sizeof(text); cut++) {
		struct bc_run run = {0};
		struct bc_err err = {0};
		bool ok = bc_report_parse("d", text, cut, &run, &err);
		ck_assert_int_eq(ok, cut >= first);
		if (ok) {
			ck_assert_uint_eq(run.results.len, 1);
			ck_assert_int_eq(run.results.items[0].is_done, cut >= decided);
			ck_assert_int_eq(run.is_finished, cut >= sizeof(text) - 2);
			ck_assert_int_eq(bc_run_exit_code(&run), cut >= decided ? 0 : 3);
		} else {
			ck_assert_int_eq(err.code, BC_E_FORMAT);
		}
		bc_run_release(&run);
	}
}
END_TEST

START_TEST(test_resumed)
{
	BC_AUTO(bc_run) run = {0};
	parse(START CASE_A
		"]}\n{\"kind\":\"case-start\",\"case\":\"a\",\"attempt\":1}\n{\"kind\":\"att\n"
		"\n" START CASE_A ",{\"id\":\"b\"},{\"id\":\"b\"},{\"no\":1},7]}\n"
		"{\"kind\":\"case-start\",\"case\":\"a\",\"attempt\":1}\n"
		"{\"kind\":\"attempt\",\"case\":\"a\",\"result\":{\"verdict\":\"pass\"}}\n"
		"{\"kind\":\"case-end\",\"case\":\"a\",\"verdict\":\"pass\"}\n"
		"{\"kind\":\"run-end\",\"duration_ms\":77}\n",
		&run);
	ck_assert_uint_eq(run.results.len, 2);
	ck_assert(run.is_finished);
	ck_assert_uint_eq(run.duration_ms, 77);
	const struct bc_result *a = result(&run, "a");
	ck_assert(a->is_done);
	ck_assert_uint_eq(a->attempts.len, 1);
	ck_assert_uint_eq(a->labels.len, 1);
	ck_assert_str_eq(result(&run, "b")->name, "b");
}
END_TEST

START_TEST(test_duplicates_and_order)
{
	BC_AUTO(bc_run) run = {0};
	parse(START CASE_A
		"]}\n"
		"{\"kind\":\"attempt\",\"case\":\"a\",\"attempt\":3,\"result\":{\"verdict\":"
		"\"pass\",\"title\":\"3\"}}\n"
		"{\"kind\":\"attempt\",\"case\":\"a\",\"attempt\":1,\"result\":{\"verdict\":"
		"\"fail\",\"title\":\"old\"}}\n"
		"{\"kind\":\"attempt\",\"case\":\"a\",\"attempt\":1,\"result\":{\"verdict\":"
		"\"fail\",\"title\":\"1\"}}\n"
		"{\"kind\":\"attempt\",\"case\":\"a\",\"attempt\":2,\"result\":{\"verdict\":"
		"\"error\",\"title\":\"2\"}}\n"
		"{\"kind\":\"case-end\",\"case\":\"a\",\"verdict\":\"pass\",\"flaky\":true}\n"
		"{\"kind\":\"case-end\",\"case\":\"a\",\"verdict\":\"pass\",\"flaky\":true}\n"
		"{\"kind\":\"case-end\",\"case\":\"unplanned\",\"verdict\":\"skip\"}\n",
		&run);
	const struct bc_result *a = result(&run, "a");
	ck_assert_uint_eq(a->attempts.len, 3);
	ck_assert_str_eq(a->attempts.items[0].title, "1");
	ck_assert_str_eq(a->attempts.items[1].title, "2");
	ck_assert_str_eq(a->attempts.items[2].title, "3");
	ck_assert(a->is_flaky);
	ck_assert_uint_eq(result(&run, "unplanned")->attempts.len, 1);
}
END_TEST

START_TEST(test_types_that_do_not_fit)
{
	BC_AUTO(bc_run) run = {0};
	parse("{\"kind\":7}\n{\"kind\":\"run-start\",\"run\":[],\"host\":{},\"cases\":{\"id\":1},"
	      "\"properties\":[1],\"started\":false}\n"
	      "{\"kind\":\"attempt\",\"case\":9}\n{\"kind\":\"attempt\",\"case\":\"a\",\"result\":"
	      "3}\n"
	      "{\"kind\":\"attempt\",\"case\":\"a\",\"attempt\":-5,\"result\":{\"verdict\":"
	      "\"later\","
	      "\"kind\":\"unheard-of\",\"line\":-3,\"step\":99999999999,\"phases\":[1,{\"name\":2},"
	      "{\"name\":\"p\",\"start_ms\":\"x\"}],\"properties\":{\"a\":1,\"b\":\"c\"}}}\n"
	      "{\"kind\":\"case-end\",\"case\":\"a\",\"verdict\":\"later\"}\n{\"kind\":\"run-end\"}"
	      "\n",
		&run);
	const struct bc_attempt *a = bc_result_last(result(&run, "a"));
	ck_assert_int_eq(a->verdict, BC_ERROR);
	ck_assert_int_eq(a->kind, BC_KIND_NONE);
	ck_assert_int_eq(a->line, 0);
	ck_assert_uint_eq(a->phases.len, 1);
	ck_assert_uint_eq(a->properties.len, 1);
	ck_assert_int_eq(result(&run, "a")->verdict, BC_ERROR);
}
END_TEST

/* What a session told while it ran belongs to the attempt that ends; no bytes are none. */
START_TEST(test_healed_lines)
{
	BC_AUTO(bc_run) run = {0};
	parse(START "]}\n"
		    "{\"kind\":\"case-start\",\"case\":\"a\",\"attempt\":1,\"dir\":\"cases/a\"}\n"
		    "{\"kind\":\"healed\",\"case\":\"a\",\"attempt\":1,\"line\":2,"
		    "\"bytes\":[[5,16],[36,8],[-1,3],[4],7,[\"x\",2],[9,0]]}\n"
		    "{\"kind\":\"healed\",\"case\":\"a\",\"attempt\":1,\"bytes\":{}}\n"
		    "{\"kind\":\"attempt\",\"case\":\"a\",\"attempt\":1,\"result\":{\"verdict\":"
		    "\"pass\"}}\n"
		    "{\"kind\":\"case-end\",\"case\":\"a\",\"verdict\":\"pass\"}\n",
		&run);
	const struct bc_attempt *a = bc_result_last(result(&run, "a"));
	ck_assert_uint_eq(a->healed.len, 2);
	ck_assert_uint_eq(a->healed.items[0].offset, 5);
	ck_assert_uint_eq(a->healed.items[1].len, 8);
	BC_AUTO(bc_buf) out = {0};
	bc_report_json(&run, &out);
	BC_AUTO_JSON *json = bc_json_parse(out.data, out.len, NULL);
	const struct bc_json *attempt =
		bc_json_at(bc_json_get(bc_json_at(bc_json_get(json, "results"), 0), "attempts"), 0);
	const struct bc_json *healed = bc_json_get(attempt, "healed");
	ck_assert_uint_eq(bc_json_len(healed), 2);
	ck_assert_int_eq(bc_json_int(bc_json_at(bc_json_at(healed, 1), 0), -1), 36);
}
END_TEST

START_TEST(test_errors)
{
	parse_fails("", BC_E_FORMAT, 1);
	parse_fails("{}\n", BC_E_FORMAT, 1);
	parse_fails("not a journal\n", BC_E_FORMAT, 1);
	parse_fails(START "]}\nrubbish\n{\"kind\":\"note\"}\n", BC_E_FORMAT, 2);
	parse_fails(START "]}\n\n[1]\n{\"kind\":\"note\"}\n", BC_E_FORMAT, 3);
	parse_fails(START "]}\nrubbish\nrubbish\n", BC_E_FORMAT, 2);
}
END_TEST

START_TEST(test_bounds)
{
	BC_AUTO(bc_buf) text = {0};
	bc_buf_adds(&text, START "]}\n{\"kind\":\"note\",\"text\":\"");
	char *x = bc_buf_reserve(&text, BC_JOURNAL_MAX_LINE);
	memset(x, 'x', BC_JOURNAL_MAX_LINE);
	text.len += BC_JOURNAL_MAX_LINE;
	bc_buf_adds(&text, "\"}\n");
	parse_fails(text.data, BC_E_LIMIT, 2);

	bc_buf_clear(&text);
	bc_buf_adds(&text, START "]}\n");
	for (int i = 0; i <= BC_JOURNAL_MAX_ATTEMPTS; i++)
		bc_buf_addf(&text,
			"{\"kind\":\"attempt\",\"case\":\"a\",\"attempt\":%d,\"result\":{}}\n",
			i + 1);
	parse_fails(text.data, BC_E_LIMIT, BC_JOURNAL_MAX_ATTEMPTS + 2);

	bc_buf_clear(&text);
	bc_buf_adds(&text, START "]}\n");
	for (int i = 0; i <= BC_JOURNAL_MAX_CASES; i++)
		bc_buf_addf(&text, "{\"kind\":\"case-end\",\"case\":\"%d\"}\n", i);
	parse_fails(text.data, BC_E_LIMIT, BC_JOURNAL_MAX_CASES + 2);
}
END_TEST

START_TEST(test_files)
{
	struct bc_run run = {0};
	struct bc_err err = {0};
	BC_AUTO_FREE char *dir = bc_fs_temp_dir("/tmp", "bootcheck-load-", &err);
	ck_assert_ptr_nonnull(dir);
	ck_assert(!bc_report_load(dir, &run, &err));
	ck_assert_int_eq(err.code, BC_E_IO);
	ck_assert(err.hint[0]);
	BC_AUTO_FREE char *path = bc_path_join(dir, "events.jsonl");
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert(!bc_report_load(dir, &run, &err));
	ck_assert_int_eq(err.code, BC_E_IO);
	unlink(path);
	static const char text[] = START "]}\nx\ny\n";
	ck_assert(bc_fs_write(path, text, strlen(text), &err));
	ck_assert(!bc_report_load(dir, &run, &err));
	ck_assert_int_eq(err.code, BC_E_FORMAT);
	ck_assert_str_eq(err.file, path);
	ck_assert_int_eq(err.line, 2);
	/* A sparse file over the bound is refused without reading all of it into memory. */
	ck_assert(bc_fs_write(path, START "]}\n", strlen(START "]}\n"), &err));
	ck_assert_int_eq(truncate(path, (off_t)BC_JOURNAL_MAX_BYTES + 1), 0);
	ck_assert(!bc_report_load(dir, &run, &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
	ck_assert(bc_fs_remove(dir, &err));
}
END_TEST

START_TEST(test_index)
{
	BC_AUTO(bc_index) index = {0};
	char name[16];
	for (size_t i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%zu", i);
		ck_assert_uint_eq(bc_index_add(&index, name), i);
	}
	ck_assert_uint_eq(bc_index_add(&index, "500"), 500);
	ck_assert_uint_eq(index.len, 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("load");
	TCase *t = tcase_create("load");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_all);
	tcase_add_test(t, test_interrupted);
	tcase_add_test(t, test_interrupted_keeps_attempts);
	tcase_add_test(t, test_cut_anywhere);
	tcase_add_test(t, test_resumed);
	tcase_add_test(t, test_duplicates_and_order);
	tcase_add_test(t, test_types_that_do_not_fit);
	tcase_add_test(t, test_healed_lines);
	tcase_add_test(t, test_errors);
	tcase_add_test(t, test_bounds);
	tcase_add_test(t, test_files);
	tcase_add_test(t, test_index);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
