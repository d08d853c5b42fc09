#include <libxml/parser.h>

#include <bootcheck/report/report.h>

#include "report_test.h"
#include "rough.h"

/* The page is written so that it is XML too: what is not escaped shows as an error or as an element. */
static void check_page(const struct bc_buf *page)
{
	xmlDocPtr doc = xmlReadMemory(page->data, (int)page->len, "index.html", NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE);
	ck_assert_msg(doc != NULL, "not well-formed: %.3000s", page->data);
	xmlFreeDoc(doc);
	static const char *const never[] = {
		"<script", " on", "javascript:", "src=", "@import", "url("};
	for (size_t i = 0; i < BC_LEN(never); i++)
		for (const char *p = page->data; (p = strstr(p, never[i])); p++) {
			/* Only inside of a tag would it do something. */
			const char *tag = p;
			while (tag > page->data && *tag != '<' && *tag != '>')
				tag--;
			ck_assert_msg(
				*tag != '<' || strchr(tag, '>') < p, "%s in %.100s", never[i], tag);
		}
}

START_TEST(test_golden)
{
	BC_AUTO(bc_run) run = {0};
	BC_AUTO(bc_buf) page = {0};
	load_all(&run);
	bc_report_html(&run, &page);
	check_page(&page);
	check_golden("all.index.html", page.data);
}
END_TEST

START_TEST(test_any_bytes)
{
	rough_state = 0x2545f4914f6cdd1du + (uint64_t)_i;
	for (int round = 0; round < (is_valgrind() ? 5 : 60); round++) {
		BC_AUTO(bc_run) run = {0};
		BC_AUTO(bc_buf) page = {0};
		rough_run(&run);
		bc_report_html(&run, &page);
		check_page(&page);
	}
}
END_TEST

/* A long console keeps its head, its tail and the lines around the decisive one. */
START_TEST(test_long_console)
{
	struct bc_err err = {0};
	BC_AUTO_FREE char *dir = bc_fs_temp_dir("/tmp", "bootcheck-html-", &err);
	ck_assert_ptr_nonnull(dir);
	BC_AUTO_FREE char *path = bc_path_join(dir, "console.log");
	BC_AUTO(bc_buf) console = {0};
	BC_AUTO(bc_buf) page = {0};
	for (int i = 1; i <= 20000; i++)
		bc_buf_addf(&console, "line %d <b>\x1b[0m\r\n", i);
	ck_assert(bc_fs_write(path, console.data, console.len, &err));
	BC_AUTO(bc_run) run = {.dir = bc_path_dir(dir)};
	struct bc_result r = {.id = bc_strdup("a"), .verdict = BC_FAIL, .is_done = true};
	bc_vec_push(&r.attempts,
		((struct bc_attempt){
			.verdict = BC_FAIL, .line = 9000, .dir = bc_strdup(bc_path_base(dir))}));
	bc_vec_push(&run.results, r);
	bc_report_html(&run, &page);
	check_page(&page);
	static const char *const shown[] = {"line 1 &lt;b&gt;\\x1b[0m\n", "line 150 ",
		"<mark>line 9000 ", "line 8851 ", "line 9149 ", "line 19601 ", "line 20000 ",
		"8700 lines left out"};
	static const char *const hidden[] = {
		"line 151 ", "line 8850 ", "line 9150 ", "line 19600 "};
	for (size_t i = 0; i < BC_LEN(shown); i++)
		ck_assert_msg(strstr(page.data, shown[i]) != NULL, "%s", shown[i]);
	for (size_t i = 0; i < BC_LEN(hidden); i++)
		ck_assert_msg(strstr(page.data, hidden[i]) == NULL, "%s", hidden[i]);
	ck_assert(bc_fs_remove(dir, &err));
}
END_TEST

/* Bytes of a line that the kernel cut are underlined, in every raw line that has some of them. */
START_TEST(test_healed_lines)
{
	struct bc_err err = {0};
	BC_AUTO_FREE char *dir = bc_fs_temp_dir("/tmp", "bootcheck-html-", &err);
	ck_assert_ptr_nonnull(dir);
	BC_AUTO_FREE char *path = bc_path_join(dir, "console.log");
	static const char console[] = "boot\nPlease enter pas[    2.9] scsi\r\nsphrase\nlast\n";
	BC_AUTO(bc_buf) page = {0};
	ck_assert(bc_fs_write(path, console, sizeof(console) - 1, &err));
	BC_AUTO(bc_run) run = {.dir = bc_path_dir(dir)};
	struct bc_result r = {.id = bc_strdup("a"), .verdict = BC_FAIL, .is_done = true};
	struct bc_attempt a = {.verdict = BC_FAIL, .line = 2, .dir = bc_strdup(bc_path_base(dir))};
	bc_vec_push(&a.healed, ((struct bc_piece){5, 16}));
	bc_vec_push(&a.healed, ((struct bc_piece){36, 8}));
	/* A journal may say anything. */
	bc_vec_push(&a.healed, ((struct bc_piece){INT64_MAX, INT64_MAX}));
	bc_vec_push(&a.healed, ((struct bc_piece){0, INT64_MAX}));
	bc_vec_push(&r.attempts, a);
	bc_vec_push(&run.results, r);
	bc_report_html(&run, &page);
	check_page(&page);
	ck_assert_ptr_nonnull(strstr(page.data, "</i>boot\n"));
	ck_assert_ptr_nonnull(
		strstr(page.data, "<mark><u>Please enter pas</u>[    2.9] scsi</mark>\n"));
	ck_assert_ptr_nonnull(strstr(page.data, "</i><u>sphrase</u>\n"));
	ck_assert(bc_fs_remove(dir, &err));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("html");
	TCase *t = tcase_create("html");
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_golden);
	tcase_add_loop_test(t, test_any_bytes, 0, 3);
	tcase_add_test(t, test_long_console);
	tcase_add_test(t, test_healed_lines);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
