/* What the tests of the report layer share. */
#ifndef BOOTCHECK_REPORT_TEST_H
#define BOOTCHECK_REPORT_TEST_H

#include <check.h>

#include <bootcheck/base/text.h>
#include <bootcheck/report/load.h>
#include <bootcheck/sys/fs.h>

#define FIXTURES BC_SOURCE_DIR "/fixtures/report"

/* True under valgrind, which is some 30 times slower: figures mean nothing there. */
static inline bool is_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");
	return preload && strstr(preload, "vgpreload");
}

/* The handmade journal with every verdict. */
static inline void load_all(struct bc_run *run)
{
	struct bc_err err = {0};
	ck_assert_msg(bc_report_load(FIXTURES "/all", run, &err), "%s", err.message);
}

/* Replaces every `from` in text. */
static inline char *replaced(const char *text, const char *from, const char *to)
{
	BC_AUTO(bc_buf) out = {0};
	for (const char *hit; (hit = strstr(text, from)); text = hit + strlen(from)) {
		bc_buf_add(&out, text, (size_t)(hit - text));
		bc_buf_adds(&out, to);
	}
	bc_buf_adds(&out, text);
	return bc_buf_take(&out);
}

/* Compares with the golden file fixtures/report/name; BC_GOLDEN_UPDATE=1 writes it. The path of the
 * source tree is written as @SOURCE@. */
static inline void check_golden(const char *name, const char *text)
{
	struct bc_err err = {0};
	BC_AUTO_FREE char *path = bc_asprintf("%s/%s", FIXTURES, name);
	BC_AUTO_FREE char *got = replaced(text, BC_SOURCE_DIR, "@SOURCE@");
	if (getenv("BC_GOLDEN_UPDATE"))
		ck_assert_msg(bc_fs_write(path, got, strlen(got), &err), "%s", err.message);
	BC_AUTO(bc_buf) want = {0};
	ck_assert_msg(bc_fs_read(path, 1 << 22, &want, &err), "%s", err.message);
	size_t line = 1, i = 0;
	for (; want.data && want.data[i] && want.data[i] == got[i]; i++)
		line += got[i] == '\n';
	ck_assert_msg(want.data && want.data[i] == got[i],
		"%s differs in line %zu:\nwant: %.200s\ngot:  %.200s\n"
		"BC_GOLDEN_UPDATE=1 writes it anew",
		name, line, want.data ? want.data + i : "", got + i);
}

static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif
