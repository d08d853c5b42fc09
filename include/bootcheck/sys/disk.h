/* Partition tables of disk images. */
#ifndef BOOTCHECK_SYS_DISK_H
#define BOOTCHECK_SYS_DISK_H

#include <bootcheck/base/err.h>

/* Where primary partition `number` (1 to 4) of an MBR begins, in bytes. The image may hold anything. BC_E_IO;
 * BC_E_FORMAT: no table, or no such partition. */
bool bc_disk_partition(
	const char *image, int number, uint64_t *offset, struct bc_err *err) BC_MUST_CHECK;

#endif
