/* The typist against readers that lose, double, delay and eat what is typed, at every byte. */
#include <check.h>

#include "typist_reader.h"

static const char line[] =
	"setenv bootargs 'root=/dev/mmcblk0 rw console=ttyAMA0' && tftp 0x62000000 uImage && bootm "
	"0x62000000 - 0x63000000";

static void check(enum editor editor, enum fault fault, size_t at, size_t count)
{
	struct reader r = {.editor = editor, .fault = fault, .at = at, .count = count};
	struct bc_typist_options o = {.line = line,
		.len = strlen(line),
		.echo = editor < SILENT ? BC_ECHO_SHOWN : BC_ECHO_MAYBE,
		.enter_repeats = editor == UBOOT};
	reader_start(&r, &o);
	bool is_out = reader_run(&r, 300);
	const char *ran = r.ran.data ? r.ran.data : "";
	/* An Enter too many, on a shell's empty line. */
	size_t extra = ran[0] == '\n' ? 1 : 0;
	size_t len = strlen(line);
	ck_assert_msg(is_out, "editor %d, fault %d at %zu, %zu bytes: not out in state %d", editor,
		fault, at, count, r.typist.state);
	ck_assert_msg(strncmp(ran + extra, line, len) == 0 && ran[extra + len] == '\n',
		"editor %d, fault %d at %zu, %zu bytes: ran \"%s\"", editor, fault, at, count, ran);
	size_t behind = extra + len + 1;
	ck_assert_msg(
		editor == UBOOT ? !ran[behind] : strspn(ran + behind, "\n") == strlen(ran + behind),
		"editor %d, fault %d at %zu, %zu bytes: ran too much: \"%s\"", editor, fault, at,
		count, ran);
	if (fault == NONE && editor != SILENT)
		ck_assert_int_eq(r.retypes, 0);
	reader_release(&r);
}

START_TEST(every_fault_at_every_byte)
{
	enum editor editor = (enum editor)(_i / FAULTS);
	enum fault fault = (enum fault)(_i % FAULTS);
	/* Without an echo, what is lost at the second try cannot be known, and stars only count. */
	size_t most = editor == SILENT ? 31 : strlen(line) + 1;
	if (editor >= SILENT && fault == DOUBLE)
		return;
	/* One zero too many among the zeros at the end looks like the next one. */
	if (fault == DOUBLE)
		most = (size_t)(strrchr(line, '3') - line);
	for (size_t at = 0; at <= most; at++)
		check(editor, fault, at, 1);
}
END_TEST

/* Bytes that a record of the kernel might begin with are held by the console, and are an echo still. */
START_TEST(what_looks_like_a_record)
{
	static const char *const lines[] = {
		"cat <f", "test [", "[ x", "echo [    4.000000", "<6>[", "<"};
	for (int editor = 0; editor < SILENT; editor++) {
		struct reader r = {.editor = (enum editor)editor};
		struct bc_typist_options o = {.line = lines[_i],
			.len = strlen(lines[_i]),
			.enter_repeats = editor == UBOOT};
		reader_start(&r, &o);
		ck_assert(reader_run(&r, 20));
		BC_AUTO_FREE char *ran = bc_asprintf("%s\n", lines[_i]);
		ck_assert_str_eq(r.ran.data, ran);
		ck_assert_int_eq(r.retypes, 0);
		reader_release(&r);
	}
}
END_TEST

/* A tty that is just being opened, or U-Boot during a network command: the next bytes are gone. */
START_TEST(bytes_that_are_eaten)
{
	for (size_t at = 0; at <= strlen(line); at += 3)
		for (size_t count = 2; count < 60; count += 7)
			check((enum editor)_i, EAT, at, count);
}
END_TEST

START_TEST(a_password_is_typed_unwatched)
{
	struct reader r = {.editor = SILENT};
	struct bc_typist_options o = {.line = "secret", .len = 6, .echo = BC_ECHO_HIDDEN};
	reader_start(&r, &o);
	ck_assert_int_eq(r.typist.state, BC_TYPIST_DONE);
	ck_assert(reader_run(&r, 1));
	ck_assert_str_eq(r.ran.data, "secret\n");
	reader_release(&r);
}
END_TEST

/* What is not echoed past some byte is refused, and nothing is run. */
START_TEST(a_line_that_is_too_long_is_refused)
{
	struct reader r = {.editor = UBOOT};
	struct bc_typist_options o = {.line = line, .len = strlen(line), .enter_repeats = true};
	reader_start(&r, &o);
	for (int turns = 0; turns < 100 && r.typist.state < BC_TYPIST_DONE; turns++) {
		while (r.inbox.len) {
			char c = r.inbox.data[0];
			bc_buf_drop(&r.inbox, 1);
			if (r.line.len < 100 || c == 0x15)
				read_byte(&r, c);
		}
		tick(&r, bc_typist_deadline(&r.typist));
	}
	ck_assert_int_eq(r.typist.state, BC_TYPIST_REFUSED);
	ck_assert_uint_eq(r.typist.stuck_at, 100);
	ck_assert_uint_eq(r.ran.len, 0);
	reader_release(&r);
}
END_TEST

/* The wait for an echo follows the echoes that came, and the host's scale. */
START_TEST(patience_is_learnt)
{
	static const double scales[] = {1, 4};
	uint64_t waits[2];
	for (int i = 0; i < 2; i++) {
		struct bc_pace pace;
		struct bc_typist t;
		struct reader r = {.prompt = "=> "};
		struct bc_typist_io io = {take, count_retype, find_reader_prompt, &r};
		struct bc_typist_options o = {.line = line, .len = strlen(line)};
		bc_pace_init(&pace, scales[i]);
		pace.mean_ms = 500;
		bc_typist_init(&t, &o, &io, &pace);
		bc_typist_start(&t, 1000);
		waits[i] = bc_typist_deadline(&t) - 1000;
		bc_typist_release(&t);
		bc_buf_release(&r.inbox);
	}
	ck_assert_uint_eq(waits[0], 500);
	ck_assert_uint_eq(waits[1], 2000);
}
END_TEST

START_TEST(a_recording_is_followed)
{
	struct reader r = {.editor = ASH};
	struct bc_typist_options o = {.line = "echo bc-00000000-$?",
		.len = 19,
		.is_replay = true,
		.wild = 8,
		.wild_len = 8};
	reader_start(&r, &o);
	print(&r, "echo bd\b \b\b \b");
	print(&r, "bc-1234");
	ck_assert_int_eq(r.typist.state, BC_TYPIST_TYPING);
	print(&r, "abcd-$?\r\n");
	ck_assert_int_eq(r.typist.state, BC_TYPIST_DONE);
	ck_assert_uint_eq(r.inbox.len, 0);
	reader_release(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("typist");
	TCase *tc = tcase_create("typist");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, every_fault_at_every_byte, 0, (int)EDITORS * (int)FAULTS);
	tcase_add_loop_test(tc, what_looks_like_a_record, 0, 6);
	tcase_add_loop_test(tc, bytes_that_are_eaten, 0, SILENT);
	tcase_add_test(tc, a_password_is_typed_unwatched);
	tcase_add_test(tc, a_line_that_is_too_long_is_refused);
	tcase_add_test(tc, patience_is_learnt);
	tcase_add_test(tc, a_recording_is_followed);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
