#include <bootcheck/base/text.h>
#include <bootcheck/run/journal.h>
#include <bootcheck/sys/fs.h>

#include "../check_main.h"

static char *dir;

static void note(const char *text)
{
	struct bc_err err = {0};
	struct bc_journal *j = bc_journal_new(dir, &err);
	ck_assert_msg(j != NULL, "%s", err.message);
	struct bc_json *line = bc_journal_line("note", NULL, 0);
	bc_json_set_string(line, "text", text);
	bc_journal_write(j, line);
	ck_assert_ptr_null(bc_journal_error(j));
	bc_journal_free(j);
}

/* The journal's lines that parse; *torn counts the others. */
static size_t lines(size_t *torn)
{
	BC_AUTO_FREE char *path = bc_path_join(dir, "events.jsonl");
	BC_AUTO(bc_buf) text = {0};
	struct bc_err err = {0};
	size_t good = 0;
	*torn = 0;
	ck_assert(bc_fs_read(path, 1 << 20, &text, &err));
	for (char *p = text.data, *end; (end = strchr(p, '\n')); p = end + 1) {
		BC_AUTO_JSON *json = bc_json_parse(p, (size_t)(end - p), &err);
		good += json != NULL;
		*torn += json == NULL;
	}
	return good;
}

/* A line that a killed run left unfinished does not swallow the first one of the run that goes on. */
START_TEST(test_after_torn_line)
{
	struct bc_err err = {0};
	size_t torn = 0;
	dir = bc_fs_temp_dir("/tmp", "bootcheck-journal-", &err);
	ck_assert_ptr_nonnull(dir);
	note("one");
	note("two");
	ck_assert_uint_eq(lines(&torn), 2);
	ck_assert_uint_eq(torn, 0);
	BC_AUTO_FREE char *path = bc_path_join(dir, "events.jsonl");
	FILE *f = fopen(path, "a");
	ck_assert_ptr_nonnull(f);
	fputs("{\"ns\":1,\"kind\":\"att", f);
	fclose(f);
	note("three");
	ck_assert_uint_eq(lines(&torn), 3);
	ck_assert_uint_eq(torn, 1);
	ck_assert(bc_fs_remove(dir, &err));
	free(dir);
}
END_TEST

CHECK_MAIN("journal", test_after_torn_line)
