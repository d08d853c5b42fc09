/* Which lines a verdict shows. */
#include "../check_main.h"
#include "session_test.h"

/* Two processors warn at once; the excerpt is of the one that decided. */
START_TEST(a_report_is_shown_without_the_lines_of_another)
{
	setup();
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1000,
		"[    1.000001][   T99] lkdtm: before\r\n"
		"[    1.000002][   T98] ------------[ cut here ]------------\r\n"
		"[    1.000003][   T98] WARNING: CPU: 0 PID: 98 at a.c:85 one+0xe0/0x100\r\n"
		"[    1.000004][   T99] WARNING: CPU: 1 PID: 99 at b.c:9 two+0xe0/0x100\r\n"
		"[    1.000005][   T98] Modules linked in:\r\n"
		"[    1.000006][   T99] Modules linked in: b\r\n"
		"[    1.000007][   T98]  one from write+0x54/0x84\r\n"
		"[    1.000008][   T98] ---[ end trace 0000000000000000 ]---\r\n");
	bc_session_end(rig.s, 2000, BC_END_EXIT, NULL);
	const struct bc_attempt *a = result(2000);
	ck_assert_int_eq(a->kind, BC_KIND_SPLAT);
	ck_assert_str_eq(a->title, "WARNING in one at a.c:85");
	ck_assert_ptr_nonnull(strstr(a->excerpt, "one from write"));
	ck_assert_ptr_nonnull(strstr(a->excerpt, "[   T98] ---[ end trace"));
	/* What came before is the context, whoever said it. */
	ck_assert_ptr_nonnull(strstr(a->excerpt, "lkdtm: before"));
	ck_assert_ptr_null(strstr(a->excerpt, "b.c:9"));
	ck_assert_ptr_null(strstr(a->excerpt, "Modules linked in: b"));
	teardown();
}
END_TEST

/* The other processor speaks between "cut here" and the header, too. */
START_TEST(a_report_begins_at_its_cut)
{
	setup();
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1000,
		"[    1.000001][   T50] usb 1-1: before\r\n"
		"[    1.000002][   T98] ------------[ cut here ]------------\r\n"
		"[    1.000004][   T99] lkdtm: other\r\n"
		"[    1.000005][   T99] ------------[ cut here ]------------\r\n"
		"[    1.000003][   T98] WARNING: CPU: 0 PID: 98 at a.c:85 one+0xe0/0x100\r\n"
		"[    1.000008][   T98] ---[ end trace 0000000000000000 ]---\r\n");
	bc_session_end(rig.s, 2000, BC_END_EXIT, NULL);
	const char *excerpt = result(2000)->excerpt;
	ck_assert_ptr_nonnull(strstr(excerpt, "usb 1-1: before"));
	ck_assert_ptr_nonnull(strstr(excerpt, "[   T98] ------------[ cut here"));
	ck_assert_ptr_nonnull(strstr(excerpt, "---[ end trace"));
	ck_assert_ptr_null(strstr(excerpt, "T99"));
	teardown();
}
END_TEST

/* Without caller ids nobody can tell; everything is shown. */
START_TEST(without_caller_ids_all_lines_are_shown)
{
	setup();
	add_step("expect", "{prompt}", NULL);
	begin();
	say(1000,
		"[    1.000003] WARNING: CPU: 0 PID: 98 at a.c:85 one+0xe0/0x100\r\n"
		"[    1.000004] Modules linked in: b\r\n"
		"[    1.000008] ---[ end trace 0000000000000000 ]---\r\n");
	bc_session_end(rig.s, 2000, BC_END_EXIT, NULL);
	ck_assert_ptr_nonnull(strstr(result(2000)->excerpt, "Modules linked in: b"));
	ck_assert_ptr_nonnull(strstr(result(2000)->excerpt, "---[ end trace"));
	teardown();
}
END_TEST

CHECK_MAIN("excerpt", a_report_is_shown_without_the_lines_of_another, a_report_begins_at_its_cut,
	without_caller_ids_all_lines_are_shown)
