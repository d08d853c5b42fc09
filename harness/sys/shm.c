#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/mman.h>

#include <bootcheck/sys/shm.h>

bool bc_shm_init(struct bc_shm *shm, const char *name, uint64_t size, struct bc_err *err)
{
	if (!size || size > (uint64_t)1 << 44 || size > SIZE_MAX)
		return bc_fail(err, BC_E_LIMIT, 0, "no memory of that size can be shared");
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return bc_fail(err, BC_E_MISSING, errno, "cannot create shared memory");
	if (ftruncate(fd, (off_t)size) != 0 ||
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
		int saved = errno;
		close(fd);
		return bc_fail(err, BC_E_IO, saved, "cannot size shared memory");
	}
	void *data = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (data == MAP_FAILED) {
		int saved = errno;
		close(fd);
		return bc_fail(err, BC_E_IO, saved, "cannot map shared memory");
	}
	/* A core dump of ours needs no guest in it. */
	(void)madvise(data, (size_t)size, MADV_DONTDUMP);
	*shm = (struct bc_shm){fd, data, (size_t)size};
	return true;
}

void bc_shm_release(struct bc_shm *shm)
{
	if (!shm->data)
		return;
	munmap((void *)(uintptr_t)shm->data, shm->size);
	close(shm->fd);
	*shm = (struct bc_shm){.fd = -1};
}
