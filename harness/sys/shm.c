/* A memfd lives on a mount of the kernel's own, which has huge pages only where the host's
 * /sys/kernel/mm/transparent_hugepage/shmem_enabled says so, and it says "never" nearly everywhere. Then every 4 KiB that
 * the child touches first is a page fault: 4 % of a short boot. Memory without a file has huge pages at once. So the
 * memory is a file without a name on a tmpfs of its own, mounted nowhere, that has them; the memfd is what is left where
 * nobody may mount. The size of a memfd can be sealed, that of a tmpfs file cannot: see on_bus_error(). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/mount.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/handover.h>
#include <bootcheck/sys/shm.h>

#define HUGE_PAGE                                                                                  \
	((uint64_t)2 << 20) /* what the pages of most architectures are; a multiple does no harm */

/* A file that a child cut short */

#define MAX_MAPPINGS 256

/* What the handler may look at. A slot is free while its size is 0, and about to be filled while it is TAKEN. */
#define TAKEN SIZE_MAX
static struct mapping {
	_Atomic size_t size;
	_Atomic uintptr_t start;
} mappings[MAX_MAPPINGS];
static struct sigaction previous;

/* Behind the end of a mapped file there is SIGBUS, not an error. A child that cut its file short, which only one that was
 * taken over does, shall have no memory rather than kill us: from now on the whole mapping is zeros. */
static void on_bus_error(int signum, siginfo_t *info, void *context)
{
	(void)context;
	int saved = errno;
	uintptr_t at = (uintptr_t)info->si_addr;
	for (size_t i = 0; i < MAX_MAPPINGS; i++) {
		size_t size = mappings[i].size;
		uintptr_t start = mappings[i].start;
		if (!size || size == TAKEN || at < start || at - start >= size)
			continue;
		/* The one system call that this needs is not on POSIX's list, and is only that on Linux. */
		void *zeros = mmap((void *)start, size, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
		errno = saved;
		if (zeros != MAP_FAILED)
			return;
	}
	/* Not ours: what would have happened happens when the instruction is tried again. */
	sigaction(signum, &previous, NULL);
}

static void install(void)
{
	struct sigaction act = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
	sigaction(SIGBUS, &act, &previous);
}

/* False if there is no slot left. */
static bool guard(const void *data, size_t size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, install);
	for (size_t i = 0; i < MAX_MAPPINGS; i++) {
		size_t none = 0;
		if (!atomic_compare_exchange_strong(&mappings[i].size, &none, TAKEN))
			continue;
		mappings[i].start = (uintptr_t)data;
		mappings[i].size = size;
		return true;
	}
	return false;
}

static void unguard(const void *data)
{
	for (size_t i = 0; i < MAX_MAPPINGS; i++)
		if (mappings[i].size && mappings[i].start == (uintptr_t)data)
			mappings[i].size = 0;
}

/* A tmpfs with huge pages */

struct request {
	char size[32];
	struct bc_userns_map map;
};

static bool open_file(const struct request *r, struct bc_handover *h)
{
	BC_AUTO_FD fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0 || fsconfig(fs, FSCONFIG_SET_STRING, "size", r->size, 0) != 0 ||
		fsconfig(fs, FSCONFIG_SET_STRING, "huge", "within_size", 0) != 0 ||
		fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0700", 0) != 0 ||
		fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) != 0)
		return false;
	/* It is attached nowhere, and gone with the last that has the file open. */
	BC_AUTO_FD mount = fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
	if (mount < 0)
		return false;
	h->fds[0] = openat(mount, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	h->count = h->fds[0] >= 0;
	return h->count;
}

static bool make(const void *ctx, struct bc_handover *h)
{
	const struct request *r = ctx;
	return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && bc_userns_map_write(&r->map) &&
		open_file(r, h);
}

/* A file of size bytes; -1 where this host or this user has no such thing. */
static int open_huge(uint64_t size)
{
	struct request r = {0};
	struct bc_handover h = {0};
	snprintf(r.size, sizeof(r.size), "%llu",
		(unsigned long long)((size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE));
	if (!open_file(&r, &h)) {
		if (errno != EPERM)
			return -1;
		bc_userns_map_init(&r.map);
		if (!bc_handover(make, &r, &h))
			return -1;
	}
	if (ftruncate(h.fds[0], (off_t)size) == 0)
		return h.fds[0];
	close(h.fds[0]);
	return -1;
}

static int open_sealed(const char *name, uint64_t size, struct bc_err *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0) {
		(void)bc_fail(err, BC_E_MISSING, errno, "cannot create shared memory");
		return -1;
	}
	if (ftruncate(fd, (off_t)size) == 0 &&
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
		return fd;
	(void)bc_fail(err, BC_E_IO, errno, "cannot size shared memory");
	close(fd);
	return -1;
}

/* The interface */

static bool map(struct bc_shm *shm, int fd, size_t size)
{
	void *data = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (data == MAP_FAILED)
		return false;
	/* A core dump of ours needs no guest in it. */
	(void)madvise(data, size, MADV_DONTDUMP);
	*shm = (struct bc_shm){fd, data, size};
	return true;
}

bool bc_shm_init(struct bc_shm *shm, const char *name, uint64_t size, struct bc_err *err)
{
	if (!size || size > (uint64_t)1 << 44 || size > SIZE_MAX - HUGE_PAGE)
		return bc_fail(err, BC_E_LIMIT, 0, "no memory of that size can be shared");
	int fd = size >= HUGE_PAGE ? open_huge(size) : -1;
	if (fd >= 0 && map(shm, fd, (size_t)size)) {
		if (guard(shm->data, shm->size))
			return true;
		munmap((void *)(uintptr_t)shm->data, shm->size);
	}
	if (fd >= 0)
		close(fd);
	fd = open_sealed(name, size, err);
	if (fd < 0)
		return false;
	if (map(shm, fd, (size_t)size))
		return true;
	int saved = errno;
	close(fd);
	return bc_fail(err, BC_E_IO, saved, "cannot map shared memory");
}

void bc_shm_release(struct bc_shm *shm)
{
	if (!shm->data)
		return;
	/* First: another thread may be given the same addresses. */
	unguard(shm->data);
	munmap((void *)(uintptr_t)shm->data, shm->size);
	close(shm->fd);
	*shm = (struct bc_shm){.fd = -1};
}
