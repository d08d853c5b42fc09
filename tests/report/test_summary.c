#include <unistd.h>

#include <bootcheck/report/report.h>

#include "report_test.h"

START_TEST(test_golden)
{
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) plain = {0};
	BC_AUTO(bc_buf) color = {0};
	ck_assert_int_eq(chdir("/usr"), 0); /* whole paths, wherever the test was started */
	load_all(&run);
	bc_report_summary(&run, false, &plain);
	check_golden("all.summary.txt", plain.data);
	for (const char *p = plain.data; *p; p++)
		ck_assert_msg((unsigned char)*p >= 0x20 || *p == '\n' || *p == '\t',
			"a control character 0x%02x", *p);
	bc_report_summary(&run, true, &color);
	check_golden("all.summary.ansi", color.data);
}
END_TEST

static void add(
	struct bc_run *run, const char *id, enum bc_verdict v, const char *title, const char *hint)
{
	struct bc_result r = {.id = bc_strdup(id), .verdict = v, .is_done = true};
	bc_vec_push(&r.attempts,
		((struct bc_attempt){
			.verdict = v, .title = bc_strdup(title), .hint = bc_strdup(hint)}));
	bc_vec_push(&run->results, r);
}

static void check_last_line(const struct bc_run *run, const char *want)
{
	BC_AUTO(bc_buf) out = {0};
	bc_report_summary(run, false, &out);
	out.data[out.len - 1] = '\0';
	const char *last = strrchr(out.data, '\n');
	ck_assert_str_eq(last ? last + 1 : out.data, want);
}

START_TEST(test_counts)
{
	BC_AUTO(bc_run) run = {.duration_ms = 31200, .is_finished = true};
	check_last_line(&run, "no cases in 31.2 s");
	for (int i = 0; i < 7; i++)
		add(&run, "p", BC_PASS, NULL, NULL);
	check_last_line(&run, "7 passed in 31.2 s");
	add(&run, "f", BC_FAIL, "panic", NULL);
	add(&run, "s", BC_SKIP, "missing qemu-system-ppc64", "apt-get install qemu-system-ppc");
	check_last_line(&run,
		"7 passed, 1 failed, 1 skipped (missing qemu-system-ppc64: apt-get install "
		"qemu-system-ppc) in 31.2 s");
	add(&run, "s2", BC_SKIP, "missing qemu-system-ppc64", "apt-get install qemu-system-ppc");
	add(&run, "e", BC_ERROR, "e", NULL);
	check_last_line(&run,
		"7 passed, 1 failed, 1 error, 2 skipped (missing qemu-system-ppc64: apt-get "
		"install qemu-system-ppc) in 31.2 s");
	add(&run, "s3", BC_SKIP, "missing qemu-system-mips", NULL);
	run.is_finished = false;
	check_last_line(&run, "7 passed, 1 failed, 1 error, 3 skipped in 31.2 s, interrupted");
}
END_TEST

/* The line with the title is shown with what is around it, whatever the excerpt's length. */
START_TEST(test_excerpt_window)
{
	for (int hit = 0; hit < 60; hit += 7) {
		BC_AUTO(bc_run) run = {0};
		BC_AUTO(bc_buf) excerpt = {0};
		BC_AUTO(bc_buf) out = {0};
		for (int i = 0; i < 60; i++)
			bc_buf_addf(&excerpt, "line %d%s\n", i, i == hit ? " the cause" : "");
		add(&run, "f", BC_FAIL, "the cause", NULL);
		run.results.items[0].attempts.items[0].excerpt = bc_strdup(excerpt.data);
		bc_report_summary(&run, false, &out);
		BC_AUTO_FREE char *want = bc_asprintf("        line %d the cause\n", hit);
		ck_assert_ptr_nonnull(strstr(out.data, want));
		int lines = 0;
		for (const char *p = out.data; (p = strstr(p, "        line ")); p++)
			lines++;
		ck_assert_int_eq(lines, 12);
	}
}
END_TEST

/* What lies below the working folder is named from there. */
START_TEST(test_path_from_here)
{
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) out = {0};
	ck_assert_int_eq(chdir(FIXTURES), 0);
	load_all(&run);
	bc_report_summary(&run, false, &out);
	ck_assert_ptr_nonnull(strstr(out.data, "\n      all/cases/hostile/console.log:2\n"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("summary");
	TCase *t = tcase_create("summary");
	tcase_add_test(t, test_golden);
	tcase_add_test(t, test_counts);
	tcase_add_test(t, test_path_from_here);
	tcase_add_test(t, test_excerpt_window);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
