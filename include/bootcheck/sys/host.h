/* What this host is and has. */
#ifndef BOOTCHECK_SYS_HOST_H
#define BOOTCHECK_SYS_HOST_H

#include <bootcheck/base/mem.h>

/* Processors this process may use, ≥ 1 (affinity and the cgroup's quota count). */
int bc_host_cpus(void);
/* Memory in bytes that can be used now: MemAvailable, bounded by the cgroup's limit. */
uint64_t bc_host_memory_free(void);
/* Bytes that this user may still write in the file system of path; -1 if that cannot be told. */
int64_t bc_host_disk_free(const char *path);
/* From the text of /proc/stat: what this host's processors worked, and what a hypervisor took from them meanwhile, in
 * ticks since the boot. False when it does not say. */
bool bc_host_stolen(const char *stat, uint64_t *worked, uint64_t *stolen) BC_MUST_CHECK;
/* The full path of program, looked up in PATH unless it holds a slash, and in /usr/sbin and /sbin when
 * PATH names no sbin; NULL if it is not there or not executable. The caller frees. */
char *bc_host_find(const char *program) BC_MUST_CHECK;
/* Adds every executable in PATH whose name starts with prefix, by name, the first of a name wins. */
void bc_host_find_all(const char *prefix, struct bc_strs *paths);
/* The host's name. The caller frees. */
char *bc_host_name(void) BC_MUST_CHECK;
/* The Debian package that brings a program ("qemu-system-ppc64" → "qemu-system-ppc"), or NULL when it
 * is not known. Static text. */
const char *bc_host_package(const char *program);

#endif
