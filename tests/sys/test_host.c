#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>

#include "../check_main.h"

static char *make_program(const char *dir, const char *name, mode_t mode)
{
	struct bc_err err;
	char *path = bc_path_join(dir, name);
	ck_assert(bc_fs_mkdirs(dir, 0755, &err));
	ck_assert(bc_fs_write(path, "#!/bin/sh\n", 10, &err));
	ck_assert_int_eq(chmod(path, mode), 0);
	return path;
}

START_TEST(finds_programs_in_path)
{
	struct bc_err err;
	BC_AUTO_FREE char *dir = bc_fs_temp_dir(NULL, "host-", &err);
	ck_assert_ptr_nonnull(dir);
	BC_AUTO_FREE char *one = bc_path_join(dir, "one"), *two = bc_path_join(dir, "two");
	BC_AUTO_FREE char *arm = make_program(one, "qemu-system-arm", 0755);
	BC_AUTO_FREE char *arm2 = make_program(two, "qemu-system-arm", 0755);
	BC_AUTO_FREE char *aarch64 = make_program(two, "qemu-system-aarch64", 0755);
	BC_AUTO_FREE char *data = make_program(two, "qemu-system-mips", 0644);
	BC_AUTO_FREE char *folder = bc_path_join(two, "qemu-system-dir");
	ck_assert(bc_fs_mkdirs(folder, 0755, &err));
	BC_AUTO_FREE char *path = bc_asprintf("%s:/nonexistent::%s", one, two);
	setenv("PATH", path, 1);

	BC_AUTO_FREE char *found = bc_host_find("qemu-system-arm");
	ck_assert_str_eq(found, arm);
	BC_AUTO_FREE char *other = bc_host_find("qemu-system-aarch64");
	ck_assert_str_eq(other, aarch64);
	ck_assert_ptr_null(bc_host_find("qemu-system-mips"));
	ck_assert_ptr_null(bc_host_find("qemu-system-dir"));
	BC_AUTO_FREE char *direct = bc_host_find(arm2);
	ck_assert_str_eq(direct, arm2);
	ck_assert_ptr_null(bc_host_find(data));

	/* Without any sbin in PATH, those of the system are looked in, too. */
	BC_AUTO_FREE char *admin = bc_host_find("ldconfig");
	ck_assert_ptr_nonnull(admin);
	ck_assert_ptr_nonnull(strstr(admin, "/sbin/ldconfig"));
	BC_AUTO_FREE char *before = bc_strdup(getenv("PATH"));
	setenv("PATH", "/nowhere/sbin", 1);
	ck_assert_ptr_null(bc_host_find("ldconfig"));
	setenv("PATH", before, 1);

	BC_AUTO(bc_strs) all = {0};
	bc_host_find_all("qemu-system-", &all);
	ck_assert_uint_eq(all.len, 2);
	ck_assert_str_eq(all.items[0], aarch64);
	ck_assert_str_eq(all.items[1], arm);
	ck_assert(bc_fs_remove(dir, &err));
}
END_TEST

START_TEST(names_packages)
{
	ck_assert_str_eq(bc_host_package("qemu-system-ppc64"), "qemu-system-ppc");
	ck_assert_str_eq(bc_host_package("/usr/bin/qemu-system-aarch64"), "qemu-system-arm");
	ck_assert_ptr_null(bc_host_package("qemu-system"));
	ck_assert_ptr_null(bc_host_package("no-such-program"));
}
END_TEST

START_TEST(knows_this_host)
{
	ck_assert_int_ge(bc_host_cpus(), 1);
	ck_assert_uint_gt(bc_host_memory_free(), 1 << 20);
	ck_assert_int_gt(bc_host_disk_free("/"), 0);
	ck_assert_int_eq(bc_host_disk_free("/nonexistent"), -1);
	BC_AUTO_FREE char *name = bc_host_name();
	ck_assert(*name);
}
END_TEST

START_TEST(what_a_hypervisor_took)
{
	uint64_t worked = 0, stolen = 0;
	ck_assert(bc_host_stolen(
		"cpu  10 1 5 1000 7 2 3 40 9 0\ncpu0 1 1 1 1 1 1 1 1\n", &worked, &stolen));
	ck_assert_uint_eq(worked, 21);
	ck_assert_uint_eq(stolen, 40);
	ck_assert(!bc_host_stolen("cpu  10 1 5 1000\n", &worked, &stolen));
	ck_assert(!bc_host_stolen("", &worked, &stolen));
}
END_TEST

CHECK_MAIN("host", finds_programs_in_path, names_packages, knows_this_host, what_a_hypervisor_took)
