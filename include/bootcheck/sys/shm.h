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

/* Makes size bytes, none of which takes memory before it is written to, in huge pages where this host has them for a
 * tmpfs that this user may make. A child that cuts the file short, if it can (a memfd is sealed), leaves zeros behind in
 * `data`, no SIGBUS. name is for /proc alone, of a memfd. BC_E_LIMIT for no size or too much; BC_E_MISSING where the
 * system has no such files; BC_E_IO otherwise. */
bool bc_shm_init(
	struct bc_shm *shm, const char *name, uint64_t size, struct bc_err *err) BC_MUST_CHECK;
/* Unmaps and closes; a zeroed one, and one that was released, is fine. */
void bc_shm_release(struct bc_shm *shm);

#endif
