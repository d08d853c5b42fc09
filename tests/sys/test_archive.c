#include <errno.h>
#include <time.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/buf.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/archive.h>
#include <bootcheck/sys/digest.h>
#include <bootcheck/sys/fs.h>

#include "../check_main.h"

static char *dir, *file, *out;

static void setup(void)
{
	struct bc_err err;
	dir = bc_fs_temp_dir(NULL, "archive-", &err);
	ck_assert_msg(dir != NULL, "%s", err.message);
	file = bc_path_join(dir, "archive");
	out = bc_path_join(dir, "cage/out");
	ck_assert(bc_fs_mkdirs(out, 0755, &err));
}

static void teardown(void)
{
	ck_assert(bc_fs_remove(dir, NULL));
	free(dir);
	free(file);
	free(out);
}

/* One ustar entry; `link` is the target of types 1 and 2. */
static void add(struct bc_buf *tar, char type, const char *name, const char *link, const char *data,
	size_t len)
{
	char head[512] = {0};
	unsigned sum = 0;
	ck_assert_uint_lt(strlen(name), 100);
	memcpy(head, name, strlen(name));
	memcpy(head + 100, type == '5' ? "0000700" : "0004755", 7);
	memcpy(head + 108, "0001750", 7); /* uid 1000 */
	memcpy(head + 116, "0000005", 7);
	snprintf(head + 124, 12, "%011o", (unsigned)len & 0777777777);
	memcpy(head + 136, "14000000000", 11);
	memset(head + 148, ' ', 8);
	head[156] = type;
	if (link)
		memcpy(head + 157, link, strlen(link));
	memcpy(head + 257,
		"ustar\0"
		"00",
		8);
	memcpy(head + 329, "0000005", 7);
	memcpy(head + 337, "0000001", 7);
	for (size_t i = 0; i < sizeof(head); i++)
		sum += (unsigned char)head[i];
	snprintf(head + 148, 8, "%06o", sum);
	bc_buf_add(tar, head, sizeof(head));
	if (!data)
		return;
	bc_buf_add(tar, data, len);
	while (tar->len % 512)
		bc_buf_addc(tar, '\0');
}

static void add_file(struct bc_buf *tar, const char *name, const char *text)
{
	add(tar, '0', name, NULL, text, strlen(text));
}

static void finish(struct bc_buf *tar)
{
	for (int i = 0; i < 1024; i++)
		bc_buf_addc(tar, '\0');
	ck_assert(bc_fs_write(file, tar->data, tar->len, NULL));
}

static struct bc_extract job(void)
{
	return (struct bc_extract){.archive = file, .dir = out};
}

/* The archive is refused with this code, the message names `word`, and nothing came up outside. */
static void refused(struct bc_buf *tar, enum bc_code code, const char *word)
{
	struct bc_extract e = job();
	struct bc_err err = {0};
	finish(tar);
	ck_assert_msg(!bc_archive_extract(&e, &err), "taken: %s", word);
	ck_assert_msg(err.code == code, "%s: %s", bc_code_name(err.code), err.message);
	ck_assert_msg(strstr(err.message, word) != NULL, "'%s' not in: %s", word, err.message);
	BC_AUTO(bc_strs) names = {0};
	BC_AUTO_FREE char *cage = bc_path_dir(out);
	ck_assert(bc_fs_list(cage, &names, NULL));
	ck_assert_uint_eq(names.len, 1);
}

static bool has(const char *path)
{
	BC_AUTO_FREE char *full = bc_path_join(out, path);
	struct stat st;
	return lstat(full, &st) == 0;
}

struct seen {
	size_t count;
	struct bc_entry special; /* the last one of its type */
	char path[64];
};

static void on_entry(void *ctx, const struct bc_entry *entry)
{
	struct seen *seen = ctx;
	seen->count++;
	if (entry->type != BC_ENTRY_CHAR && strcmp(entry->path, "bin/a") != 0)
		return;
	seen->special = *entry;
	snprintf(seen->path, sizeof(seen->path), "%s", entry->path);
}

START_TEST(unpacks_without_rights)
{
	BC_AUTO(bc_buf) tar = {0};
	struct seen seen = {0};
	struct bc_extract e = job();
	struct bc_err err;
	struct stat st;
	add(&tar, '5', "./bin/", NULL, NULL, 0);
	add_file(&tar, "./bin/a", "hello");
	add(&tar, '2', "./bin/abs", "/bin/a", NULL, 0);
	add(&tar, '2', "./bin/up", "../bin/a", NULL, 0);
	add(&tar, '1', "./bin/hard", "./bin/a", NULL, 0);
	finish(&tar);
	e.on_entry = on_entry;
	e.ctx = &seen;
	umask(0077);
	ck_assert_msg(bc_archive_extract(&e, &err), "%s", err.message);
	ck_assert_uint_eq(seen.count, 5);
	ck_assert_uint_eq(seen.special.mode, 04755);
	ck_assert_uint_eq(seen.special.uid, 1000);
	ck_assert_uint_eq(seen.special.size, 5);
	BC_AUTO_FREE char *a = bc_path_join(out, "bin/a");
	BC_AUTO_FREE char *bin = bc_path_join(out, "bin");
	ck_assert_int_eq(lstat(a, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755); /* no setuid, whatever the umask */
	ck_assert_uint_eq(st.st_uid, getuid());
	ck_assert_uint_eq(st.st_nlink, 2);
	ck_assert_int_eq(stat(bin, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	ck_assert(has("bin/abs") && has("bin/up"));
}
END_TEST

START_TEST(device_nodes_are_told_not_made)
{
	BC_AUTO(bc_buf) tar = {0};
	struct seen seen = {0};
	struct bc_extract e = job();
	struct bc_err err;
	add(&tar, '3', "dev/console", NULL, NULL, 0);
	finish(&tar);
	e.on_entry = on_entry;
	e.ctx = &seen;
	ck_assert_msg(bc_archive_extract(&e, &err), "%s", err.message);
	ck_assert_int_eq(seen.special.type, BC_ENTRY_CHAR);
	ck_assert_uint_eq(seen.special.major, 5);
	ck_assert_uint_eq(seen.special.minor, 1);
	ck_assert_str_eq(seen.path, "dev/console");
	ck_assert(!has("dev/console"));
}
END_TEST

static const struct {
	char type;
	const char *name, *link, *word;
} escapes[] = {
	{'0', "../evil", NULL, "../evil"},
	{'0', "a/../../evil", NULL, "a/../../evil"},
	{'0', "/tmp/evil", NULL, "/tmp/evil"},
	{'2', "l", "../../etc/passwd", "../../etc/passwd"},
	{'2', "a/b/l", "../../../x", "'a/b/l'"},
	{'2', "l", "x/../../y", "x/../../y"},
	{'1', "h", "../../etc/passwd", "h"},
	{'1', "h", "/etc/passwd", "h"},
	{'1', "h", "never/was", "never/was"},
};

START_TEST(refuses_what_leads_outside)
{
	BC_AUTO(bc_buf) tar = {0};
	char type = escapes[_i].type;
	add_file(&tar, "good", "x");
	add(&tar, type, escapes[_i].name, escapes[_i].link, type == '0' ? "x" : NULL,
		type == '0' ? 1 : 0);
	refused(&tar, BC_E_FORMAT, escapes[_i].word);
}
END_TEST

/* A link that is allowed must not be a way out for what follows. */
START_TEST(writes_through_no_link)
{
	BC_AUTO(bc_buf) tar = {0};
	BC_AUTO_FREE char *target = bc_asprintf("%s/cage", dir);
	add(&tar, '2', "l", target, NULL, 0);
	add_file(&tar, "l/evil", "x");
	refused(&tar, BC_E_FORMAT, "l/evil");
}
END_TEST

START_TEST(later_entries_win)
{
	BC_AUTO(bc_buf) tar = {0}, text = {0};
	struct bc_extract e = job();
	struct bc_err err;
	add_file(&tar, "a", "first, and longer");
	add(&tar, '2', "b", "a", NULL, 0);
	add_file(&tar, "a", "second");
	add_file(&tar, "b", "no link any more");
	finish(&tar);
	ck_assert_msg(bc_archive_extract(&e, &err), "%s", err.message);
	BC_AUTO_FREE char *a = bc_path_join(out, "a");
	ck_assert(bc_fs_read(a, 100, &text, NULL));
	ck_assert_str_eq(text.data, "second");
}
END_TEST

START_TEST(hard_link_to_a_link_is_refused)
{
	BC_AUTO(bc_buf) tar = {0};
	add(&tar, '2', "l", "/etc/passwd", NULL, 0);
	add(&tar, '1', "h", "l", NULL, 0);
	refused(&tar, BC_E_FORMAT, "'h'");
}
END_TEST

START_TEST(bounds_hold)
{
	BC_AUTO(bc_buf) tar = {0};
	struct bc_err err;
	struct bc_extract e = job();
	for (int i = 0; i < 20; i++) {
		BC_AUTO_FREE char *name = bc_asprintf("f%d", i);
		add_file(&tar, name, "0123456789");
	}
	finish(&tar);
	e.max_entries = 19;
	ck_assert(!bc_archive_extract(&e, &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
	e.max_entries = 20;
	e.max_bytes = 199;
	ck_assert(!bc_archive_extract(&e, &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.message, "f19"));
	e.max_bytes = 200;
	ck_assert_msg(bc_archive_extract(&e, &err), "%s", err.message);
	volatile int cancelled = 1;
	e.cancelled = &cancelled;
	ck_assert(!bc_archive_extract(&e, &err));
	ck_assert_int_eq(err.code, BC_E_CANCELLED);
}
END_TEST

START_TEST(many_entries)
{
	BC_AUTO(bc_buf) tar = {0};
	struct bc_err err;
	struct seen seen = {0};
	struct bc_extract e = job();
	for (int i = 0; i < 100000; i++) {
		BC_AUTO_FREE char *name = bc_asprintf("d%d/f%d", i / 1000, i);
		add(&tar, '0', name, NULL, NULL, 0);
	}
	finish(&tar);
	BC_AUTO(bc_strs) members = {0};
	bc_strs_add(&members, "d7/*5");
	e.members = &members;
	e.on_entry = on_entry;
	e.ctx = &seen;
	ck_assert_msg(bc_archive_extract(&e, &err), "%s", err.message);
	ck_assert_uint_eq(seen.count, 100);
}
END_TEST

/* What bytes that were flipped look like. */
START_TEST(a_name_that_is_none_is_damage)
{
	BC_AUTO(bc_buf) tar = {0};
	add_file(&tar, "good", "x");
	add_file(&tar, "", "x");
	refused(&tar, BC_E_FORMAT, "is damaged: it holds an entry without a readable name");
}
END_TEST

START_TEST(truncated_archives)
{
	BC_AUTO(bc_buf) tar = {0};
	BC_AUTO_FREE char *big = bc_calloc(3001, 1);
	struct bc_extract e = job();
	struct bc_err err;
	memset(big, 'x', 3000);
	add_file(&tar, "first", "x");
	add_file(&tar, "big", big);
	ck_assert(bc_fs_write(file, tar.data, tar.len - 1024, NULL));
	ck_assert(!bc_archive_extract(&e, &err));
	ck_assert_int_eq(err.code, BC_E_FORMAT);
	ck_assert_ptr_nonnull(strstr(err.message, "big"));
	ck_assert(bc_fs_write(file, "", 0, NULL));
	ck_assert(!bc_archive_extract(&e, &err));
	ck_assert_int_eq(err.code, BC_E_FORMAT);
	ck_assert(bc_fs_write(file, "no archive at all\n", 18, NULL));
	ck_assert(!bc_archive_extract(&e, &err));
	ck_assert_int_eq(err.code, BC_E_FORMAT);
	unlink(file);
	ck_assert(!bc_archive_extract(&e, &err));
	ck_assert_int_eq(err.code, BC_E_IO);
}
END_TEST

START_TEST(selects_and_strips)
{
	BC_AUTO(bc_buf) tar = {0};
	struct bc_extract e = job();
	struct bc_err err;
	BC_AUTO(bc_strs) members = {0};
	add_file(&tar, "top", "x");
	add_file(&tar, "pkg-1/boot/vmlinuz-6.1", "kernel");
	add_file(&tar, "pkg-1/lib/modules/a.ko", "module");
	add_file(&tar, "pkg-1/lib/b", "other");
	finish(&tar);
	bc_strs_add(&members, "boot/vmlinuz-*");
	bc_strs_add(&members, "lib/modules");
	e.members = &members;
	e.strip = 1;
	ck_assert_msg(bc_archive_extract(&e, &err), "%s", err.message);
	ck_assert(has("boot/vmlinuz-6.1") && has("lib/modules/a.ko"));
	ck_assert(!has("lib/b") && !has("top") && !has("pkg-1"));
	bc_strs_add(&members, "boot/none-*");
	ck_assert(!bc_archive_extract(&e, &err));
	ck_assert_int_eq(err.code, BC_E_CONTENT);
	ck_assert_ptr_nonnull(strstr(err.message, "boot/none-*"));
}
END_TEST

static void add_ar(struct bc_buf *ar, const char *name, const void *data, size_t len)
{
	bc_buf_addf(ar, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name, 0, 0, 0, "100644", len);
	bc_buf_add(ar, data, len);
	if (len % 2)
		bc_buf_addc(ar, '\n');
}

START_TEST(reads_a_deb)
{
	BC_AUTO(bc_buf) tar = {0}, deb = {0};
	struct bc_extract e = job();
	struct bc_err err;
	add_file(&tar, "./bin/busybox", "elf");
	finish(&tar);
	bc_buf_adds(&deb, "!<arch>\n");
	add_ar(&deb, "debian-binary", "2.0\n", 4);
	add_ar(&deb, "control.tar", tar.data, tar.len);
	size_t control = deb.len;
	add_ar(&deb, "data.tar", tar.data, tar.len);
	ck_assert(bc_fs_write(file, deb.data, deb.len, NULL));
	ck_assert_msg(bc_archive_extract(&e, &err), "%s", err.message);
	ck_assert(has("bin/busybox"));
	ck_assert(bc_fs_write(file, deb.data, control + 700, NULL));
	ck_assert(!bc_archive_extract(&e, &err));
	ck_assert_int_eq(err.code, BC_E_FORMAT);
	ck_assert(bc_fs_write(file, deb.data, control, NULL));
	ck_assert(!bc_archive_extract(&e, &err));
	ck_assert_ptr_nonnull(strstr(err.message, "data.tar"));
}
END_TEST

static const char *const compressed[] = {"good.tar.gz", "good.tar.bz2", "good.tar.xz"};

START_TEST(reads_compressions)
{
	BC_AUTO_FREE char *from =
		bc_asprintf("%s/tests/fuzz/corpus/archive/%s", BC_SOURCE_DIR, compressed[_i]);
	BC_AUTO(bc_buf) packed = {0};
	struct bc_extract e = job();
	struct bc_err err = {0};
	e.archive = from;
	ck_assert_msg(bc_archive_extract(&e, &err), "%s", err.message);
	ck_assert(has("bin/a"));
	ck_assert(bc_fs_read(from, 1 << 20, &packed, NULL));
	ck_assert(bc_fs_write(file, packed.data, packed.len / 2, NULL));
	e.archive = file;
	ck_assert(!bc_archive_extract(&e, &err));
	ck_assert_int_eq(err.code, BC_E_FORMAT);
}
END_TEST

static char *write_cpio(const char *name, bool gzip)
{
	BC_AUTO_FREE char *path = bc_path_join(dir, name);
	struct bc_err err;
	struct bc_pack *pack = bc_pack_new(path, gzip ? BC_PACK_CPIO_GZIP : BC_PACK_CPIO, &err);
	ck_assert_msg(pack != NULL, "%s", err.message);
	const struct bc_entry entries[] = {
		{.type = BC_ENTRY_DIR, .path = "dev", .mode = 0755},
		{.type = BC_ENTRY_CHAR,
			.path = "dev/console",
			.mode = 0600,
			.major = 5,
			.minor = 1},
		{.type = BC_ENTRY_FILE,
			.path = "init",
			.mode = 0755,
			.uid = 7,
			.gid = 70000,
			.size = 4},
		{.type = BC_ENTRY_LINK, .path = "sh", .mode = 0777, .target = "/bin/busybox"},
	};
	for (size_t i = 0; i < BC_LEN(entries); i++)
		ck_assert(bc_pack_add(pack, &entries[i], "abcd", NULL, &err));
	ck_assert(bc_pack_finish(pack, &err));
	bc_pack_free(pack);
	return BC_TAKE(path);
}

/* The header of Documentation/driver-api/early-userspace/buffer-format.rst: field n of 13. */
static unsigned long field(const char *head, int n)
{
	BC_AUTO_FREE char *hex = bc_strndup(head + 6 + 8 * n, 8);
	return strtoul(hex, NULL, 16);
}

START_TEST(newc_is_what_the_kernel_reads)
{
	BC_AUTO_FREE char *path = write_cpio("x.cpio", false);
	BC_AUTO(bc_buf) text = {0};
	ck_assert(bc_fs_read(path, 1 << 20, &text, NULL));
	const char *p = text.data;
	ck_assert_int_eq(memcmp(p, "070701", 6), 0);
	ck_assert_uint_eq(field(p, 1), 040755);
	ck_assert_uint_eq(field(p, 5), 0); /* mtime */
	ck_assert_str_eq(p + 110, "dev");
	p += 110 + 6;
	ck_assert_uint_eq(field(p, 1), 020600);
	ck_assert_uint_eq(field(p, 9), 5);
	ck_assert_uint_eq(field(p, 10), 1);
	ck_assert_str_eq(p + 110, "dev/console");
	p += 112 + 12;
	ck_assert_uint_eq(field(p, 0), 3); /* inode */
	ck_assert_uint_eq(field(p, 2), 7);
	ck_assert_uint_eq(field(p, 3), 70000);
	ck_assert_uint_eq(field(p, 6), 4); /* size */
	ck_assert_int_eq(memcmp(p + 116, "abcd", 4), 0);
	p += 116 + 4;
	ck_assert_uint_eq(field(p, 1), 0120777);
	ck_assert_int_eq(memcmp(p + 116 - 4 + 1, "", 1), 0);
	ck_assert_ptr_nonnull(memmem(p, 200, "/bin/busybox", 12));
	const char *trailer = memmem(p, 400, "TRAILER!!!", 10);
	ck_assert_ptr_nonnull(trailer);
	ck_assert_ptr_eq(
		trailer + 14, text.data + text.len); /* its NUL, and nothing but alignment */
}
END_TEST

START_TEST(same_entries_same_bytes)
{
	for (int gzip = 0; gzip < 2; gzip++) {
		char first[BC_DIGEST_HEX], second[BC_DIGEST_HEX];
		umask(gzip ? 0 : 077);
		BC_AUTO_FREE char *a = write_cpio(gzip ? "a.gz" : "a", gzip);
		umask(022);
		/* A time stamp in the gzip header would show after a second. */
		struct timespec wait = {.tv_sec = gzip, .tv_nsec = 100000000};
		nanosleep(&wait, NULL);
		BC_AUTO_FREE char *b = write_cpio(gzip ? "b.gz" : "b", gzip);
		ck_assert(bc_digest_file(a, first, NULL) && bc_digest_file(b, second, NULL));
		ck_assert_str_eq(first, second);
	}
}
END_TEST

START_TEST(cpio_tells_a_file_that_shrank)
{
	BC_AUTO_FREE char *path = bc_path_join(dir, "x.cpio");
	struct bc_err err;
	struct bc_entry e = {.type = BC_ENTRY_FILE, .path = "f", .mode = 0644, .size = 10};
	ck_assert(bc_fs_write(file, "12345", 5, NULL));
	struct bc_pack *pack = bc_pack_new(path, BC_PACK_CPIO, &err);
	ck_assert_ptr_nonnull(pack);
	ck_assert(!bc_pack_add(pack, &e, NULL, file, &err));
	ck_assert_int_eq(err.code, BC_E_IO);
	bc_pack_free(pack);
	ck_assert_ptr_null(bc_pack_new(path, BC_PACK_CPIO, &err)); /* it is there */
	ck_assert_int_eq(err.sys_errno, EEXIST);
	e.size = (uint64_t)1 << 32;
	BC_AUTO_FREE char *other = bc_path_join(dir, "y.cpio");
	pack = bc_pack_new(other, BC_PACK_CPIO, &err);
	ck_assert(!bc_pack_add(pack, &e, NULL, file, &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
	bc_pack_free(pack);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("archive");
	TCase *t = tcase_create("extract");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, unpacks_without_rights);
	tcase_add_test(t, device_nodes_are_told_not_made);
	tcase_add_loop_test(t, refuses_what_leads_outside, 0, (int)BC_LEN(escapes));
	tcase_add_test(t, writes_through_no_link);
	tcase_add_test(t, later_entries_win);
	tcase_add_test(t, hard_link_to_a_link_is_refused);
	tcase_add_test(t, bounds_hold);
	tcase_add_test(t, many_entries);
	tcase_add_test(t, a_name_that_is_none_is_damage);
	tcase_add_test(t, truncated_archives);
	tcase_add_test(t, selects_and_strips);
	tcase_add_test(t, reads_a_deb);
	tcase_add_loop_test(t, reads_compressions, 0, (int)BC_LEN(compressed));
	suite_add_tcase(s, t);
	TCase *c = tcase_create("cpio");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, newc_is_what_the_kernel_reads);
	tcase_add_test(c, same_entries_same_bytes);
	tcase_add_test(c, cpio_tells_a_file_that_shrank);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN_OF(suite)
