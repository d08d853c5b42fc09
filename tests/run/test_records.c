/* The kernel's records beside a recording: written, read, and a replay that knows what the run knew. */
#include <bootcheck/run/records.h>
#include <bootcheck/run/run.h>

#include "../check_main.h"
#include "session_test.h"

static void add(struct bc_buf *out, uint64_t at, uint64_t us, int level, const char *text)
{
	static uint64_t seq;
	const struct bc_console_record r = {text, strlen(text), ++seq, us, level, false};
	bc_records_add(out, at, &r);
}

START_TEST(written_and_read)
{
	BC_AUTO(bc_buf) out = {0};
	struct bc_console_record r;
	bc_records_begin(&out, 5);
	add(&out, 5, 1000, 6, "one");
	add(&out, 9, 2000, 4, "two\nlines");
	bc_records_level(&out, 9, 8);
	add(&out, 9, 3000, 4, "");
	bc_buf_adds(&out, "record 9 1 1 1 0 400\ncut sho");
	struct bc_records *records = bc_records_parse(out.data, out.len);
	struct bc_console_ring ring = bc_records_ring(records);
	ck_assert_uint_eq(bc_records_next(records), 5);
	ck_assert(!bc_records_reach(records, 4));
	ck_assert(!ring.next(ring.ctx, &r));
	ck_assert(bc_records_reach(records, 5));
	ck_assert(ring.next(ring.ctx, &r));
	ck_assert_uint_eq(r.us, 1000);
	ck_assert_mem_eq(r.text, "one", r.len);
	ck_assert(!ring.next(ring.ctx, &r));
	ck_assert_int_eq(ring.level(ring.ctx), -1);
	ck_assert_uint_eq(bc_records_next(records), 9);
	ck_assert(!bc_records_reach(records, 100));
	ck_assert(ring.next(ring.ctx, &r));
	ck_assert_uint_eq(r.len, 9);
	ck_assert_mem_eq(r.text, "two\nlines", 9);
	ck_assert_int_eq(r.level, 4);
	ck_assert(ring.next(ring.ctx, &r));
	ck_assert_uint_eq(r.len, 0);
	ck_assert(!ring.next(ring.ctx, &r));
	ck_assert_int_eq(ring.level(ring.ctx), 8);
	ck_assert_uint_eq(bc_records_next(records), UINT64_MAX);
	bc_records_free(records);
}
END_TEST

/* No time stamps: without the record nobody can tell whose the text is. */
START_TEST(replay_knows_them)
{
	static const char log[] = "Linux version 6.1\r\nRun /init as init process\r\n"
				  "/ # echo 'bc-''begin-deadbeef'; x\r\nbc-begin-deadbeef\r\n"
				  "aamymod: hi\r\nbb\r\nbc-end-deadbeef 0\r\n/ # ";
	BC_AUTO(bc_buf) records = {0};
	struct bc_err err = {0};
	add_step("run", "x", "output", "^aabb$", NULL);
	bc_records_begin(&records, 0);
	add(&records, 0, 0, 5, "Linux version 6.1");
	add(&records, 19, 1000, 6, "Run /init as init process");
	if (_i)
		add(&records, 50, 2000, 4, "mymod: hi");
	ck_assert(
		bc_run_replay_records(&rig.c, log, sizeof(log) - 1, &records, &rig.attempt, &err));
	ck_assert_msg(rig.attempt.verdict == (_i ? BC_PASS : BC_FAIL), "%s", rig.attempt.title);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("records");
	TCase *tc = tcase_create("all");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, written_and_read);
	tcase_add_loop_test(tc, replay_knows_them, 0, 2);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN_OF(make_suite)
