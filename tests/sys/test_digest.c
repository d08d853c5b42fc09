#include <bootcheck/base/mem.h>
#include <bootcheck/sys/digest.h>
#include <bootcheck/sys/fs.h>

#include "../check_main.h"

/* FIPS 180-4's own examples. */
#define SUM_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SUM_ABC	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

START_TEST(sums)
{
	char hex[BC_DIGEST_HEX];
	bc_digest_end(bc_digest_new(), hex);
	ck_assert_str_eq(hex, SUM_EMPTY);
	struct bc_digest *d = bc_digest_new();
	bc_digest_add(d, "a", 1);
	bc_digest_add(d, "bc", 2);
	bc_digest_end(d, hex);
	ck_assert_str_eq(hex, SUM_ABC);
	bc_digest_free(bc_digest_new());
	bc_digest_free(NULL);
}
END_TEST

static void sum_fields(const char *a, const char *b, const char *c, const char *d, char *hex)
{
	struct bc_digest *digest = bc_digest_new();
	bc_digest_field(digest, a, b);
	bc_digest_field(digest, c, d);
	bc_digest_end(digest, hex);
}

START_TEST(fields_do_not_run_together)
{
	char one[BC_DIGEST_HEX], two[BC_DIGEST_HEX], three[BC_DIGEST_HEX];
	sum_fields("a", "bc", "d", "", one);
	sum_fields("a", "b", "cd", "", two);
	sum_fields("ab", "c", "d", "", three);
	ck_assert_str_ne(one, two);
	ck_assert_str_ne(two, three);
	ck_assert_str_ne(one, three);
}
END_TEST

START_TEST(sums_a_file)
{
	struct bc_err err;
	char hex[BC_DIGEST_HEX] = "untouched";
	ck_assert(!bc_digest_file("/nonexistent/x", hex, &err));
	ck_assert_int_eq(err.code, BC_E_IO);
	ck_assert_str_eq(hex, "untouched");
	ck_assert(!bc_digest_file("/", hex, &err));
	BC_AUTO_FREE char *dir = bc_fs_temp_dir(NULL, "digest-", &err);
	BC_AUTO_FREE char *path = bc_asprintf("%s/abc", dir);
	ck_assert(bc_fs_write(path, "abc", 3, &err));
	ck_assert(bc_digest_file(path, hex, &err));
	ck_assert_str_eq(hex, SUM_ABC);
	ck_assert(bc_fs_remove(dir, &err));
}
END_TEST

CHECK_MAIN("digest", sums, fields_do_not_run_together, sums_a_file)
