/* Memory that a child gets as a file without a name: nothing is left of it when the last process that has it
 * open is gone, however it went. */
#ifndef BOOTCHECK_SYS_SHM_H
#define BOOTCHECK_SYS_SHM_H

#include <bootcheck/base/err.h>

struct bc_shm {
	int fd;		  /* for bc_spawn's `keep`; there it is opened as /proc/self/fd/N */
	const void *data; /* read only here; whatever the child writes is seen at once */
	size_t size;
};

/* Makes size bytes, none of which takes memory before it is written to. Its size is sealed: no child can
 * pull it from under the mapping. name is for /proc alone. BC_E_IO, BC_E_MISSING where the system has no such
 * files. */
bool bc_shm_init(
	struct bc_shm *shm, const char *name, uint64_t size, struct bc_err *err) BC_MUST_CHECK;
/* Unmaps and closes; a zeroed one, and one that was released, is fine. */
void bc_shm_release(struct bc_shm *shm);

#endif
