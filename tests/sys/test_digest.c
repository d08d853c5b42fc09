#include <fcntl.h>
#include <unistd.h>

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

static void sum_field(const char *label, const char *text, char hex[BC_DIGEST_HEX])
{
	struct bc_digest *d = bc_digest_new();
	bc_digest_field(d, label, text);
	bc_digest_end(d, hex);
}

/* A field counts to its last byte, and where its label ends does too. */
START_TEST(fields)
{
	static const char long_a[] = "drivers/net/ethernet/broadcom/genet/bcmgenet_wol_a.c";
	static const char long_b[] = "drivers/net/ethernet/broadcom/genet/bcmgenet_wol_b.c";
	char x[BC_DIGEST_HEX], y[BC_DIGEST_HEX];
	struct bc_digest *d = bc_digest_new();
	bc_digest_add(d, "4:name=11:twelve less", 21);
	bc_digest_end(d, x);
	sum_field("name", "twelve less", y);
	ck_assert_str_eq(x, y);
	sum_field(long_a, "the same", x);
	sum_field(long_b, "the same", y);
	ck_assert_str_ne(x, y);
	sum_field("ab", "c", x);
	sum_field("a", "bc", y);
	ck_assert_str_ne(x, y);
	sum_field("", "", x);
	ck_assert_str_ne(x, SUM_EMPTY);
}
END_TEST

static void make_file(const char *path, const char *data, size_t size, bool is_sparse)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
	for (size_t at = 0, n; at < size; at += n) {
		n = size - at < 4096 ? size - at : 4096;
		bool is_zero = !data[at] && memcmp(data + at, data + at + 1, n - 1) == 0;
		if (!is_sparse || !is_zero)
			ck_assert_int_eq(pwrite(fd, data + at, n, (off_t)at), (ssize_t)n);
	}
	close(fd);
}

/* The sum of what is not zero is the same whether the zeros are holes or not, and another for any other byte, place
 * or size. */
START_TEST(sums_data)
{
	static const size_t places[] = {
		0, 4095, 4096, 1 << 18, (1 << 18) - 1, 3 << 20, (3 << 20) + 776};
	struct bc_err err;
	BC_AUTO_FREE char *dir = bc_fs_temp_dir(NULL, "digest-", &err);
	BC_AUTO_FREE char *path = bc_asprintf("%s/file", dir);
	size_t size = (3 << 20) + 777, count = 0;
	char found[BC_LEN(places) + 3][BC_DIGEST_HEX];
	BC_AUTO_FREE char *data = bc_calloc(size, 1);
	/* Nothing; then a byte more each time; then another byte; then a byte less at the end. */
	for (size_t i = 0; i < BC_LEN(places) + 3; i++) {
		char whole[BC_DIGEST_HEX], plain[BC_DIGEST_HEX], sparse_plain[BC_DIGEST_HEX];
		if (i > 0 && i <= BC_LEN(places))
			data[places[i - 1]] = 'x';
		else if (i == BC_LEN(places) + 1)
			data[4096] = 'y';
		else if (i == BC_LEN(places) + 2)
			data[--size] = '\0';
		make_file(path, data, size, true);
		ck_assert(bc_digest_data(path, found[count], &err));
		ck_assert(bc_digest_file(path, sparse_plain, &err));
		make_file(path, data, size, false);
		ck_assert(bc_digest_data(path, whole, &err));
		ck_assert(bc_digest_file(path, plain, &err));
		ck_assert_str_eq(found[count], whole);
		ck_assert_str_eq(plain, sparse_plain);
		for (size_t k = 0; k < count; k++)
			ck_assert_str_ne(found[k], found[count]);
		count++;
	}
	ck_assert(!bc_digest_data("/nonexistent/x", found[0], &err));
	ck_assert_int_eq(err.code, BC_E_IO);
	ck_assert(bc_fs_remove(dir, &err));
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

CHECK_MAIN("digest", sums, fields, fields_do_not_run_together, sums_a_file, sums_data)
