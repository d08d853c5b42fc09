#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/wait.h>

#include <bootcheck/sys/shm.h>

#include "../check_main.h"

START_TEST(a_child_writes_and_we_read)
{
	struct bc_shm shm = {0};
	struct bc_err err = {0};
	ck_assert_msg(bc_shm_init(&shm, "test", 1 << 20, &err), "%s", err.message);
	ck_assert_uint_eq(shm.size, 1 << 20);
	const char *data = shm.data;
	ck_assert_int_eq(data[4096], 0);
	pid_t child = fork();
	if (child == 0) {
		/* By name, as QEMU opens it. */
		char path[64];
		snprintf(path, sizeof(path), "/proc/self/fd/%d", shm.fd);
		int fd = open(path, O_RDWR);
		_exit(fd < 0 || pwrite(fd, "from the child", 14, 4096) != 14);
	}
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert(memcmp(data + 4096, "from the child", 14) == 0);
	/* Nobody can pull it away. */
	ck_assert_int_ne(ftruncate(shm.fd, 4096), 0);
	ck_assert_int_ne(fcntl(shm.fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	bc_shm_release(&shm);
	bc_shm_release(&shm);
}
END_TEST

/* A child that was taken over cuts its memory short while we read it. */
START_TEST(a_child_that_cuts_it_short)
{
	const size_t size = (size_t)8 << 20;
	struct bc_shm shm = {0}, other = {0};
	struct bc_err err = {0};
	ck_assert_msg(bc_shm_init(&shm, "test", size, &err), "%s", err.message);
	ck_assert_msg(bc_shm_init(&other, "test", size, &err), "%s", err.message);
	ck_assert_int_eq(pwrite(other.fd, "other", 5, (off_t)size - 5), 5);
	pid_t child = fork();
	if (child == 0) {
		ck_assert_int_eq(pwrite(shm.fd, "from the child", 14, (off_t)size - 14), 14);
		_exit(ftruncate(shm.fd, 4096) != 0);
	}
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	/* Where the size is sealed it could not. */
	const char *want = WEXITSTATUS(status) ? "from the child" : "";
	ck_assert_mem_eq(shm.data, "", 1);
	ck_assert_mem_eq((const char *)shm.data + size - 14, want, strlen(want) + !*want);
	ck_assert_mem_eq((const char *)other.data + size - 5, "other", 5);
	bc_shm_release(&shm);
	bc_shm_release(&other);
	ck_assert_msg(bc_shm_init(&shm, "test", size, &err), "%s", err.message);
	bc_shm_release(&shm);
}
END_TEST

/* What is not ours stays what it was: the death of the process. */
START_TEST(another_bus_error)
{
	pid_t child = fork();
	if (child == 0) {
		struct bc_shm shm = {0};
		signal(SIGBUS, SIG_DFL); /* a sanitizer's, which would report */
		if (!bc_shm_init(&shm, "test", (uint64_t)8 << 20, NULL))
			_exit(1);
		int fd = memfd_create("short", MFD_CLOEXEC);
		const volatile char *data = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
		_exit(data[0]);
	}
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
}
END_TEST

START_TEST(sizes_have_a_limit)
{
	struct bc_shm shm = {0};
	struct bc_err err = {0};
	ck_assert(!bc_shm_init(&shm, "test", 0, &err));
	ck_assert_int_eq(err.code, BC_E_LIMIT);
	ck_assert(!bc_shm_init(&shm, "test", UINT64_MAX, &err));
	ck_assert_ptr_null(shm.data);
	bc_shm_release(&shm);
}
END_TEST

CHECK_MAIN("shm", a_child_writes_and_we_read, a_child_that_cuts_it_short, another_bus_error,
	sizes_have_a_limit)
