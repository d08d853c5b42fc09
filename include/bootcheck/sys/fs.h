/* Files: bounded reads, atomic writes, folders, locks. */
#ifndef BOOTCHECK_SYS_FS_H
#define BOOTCHECK_SYS_FS_H

#include <sys/types.h>

#include <bootcheck/base/buf.h>
#include <bootcheck/base/err.h>

/* Closes *fd unless it is negative; keeps errno. */
void bc_fd_cleanup(int *fd);
#define BC_AUTO_FD __attribute__((cleanup(bc_fd_cleanup))) int

/* Appends the whole file to out. BC_E_LIMIT if it has more than max bytes, BC_E_IO otherwise. */
bool bc_fs_read(const char *path, size_t max, struct bc_buf *out, struct bc_err *err) BC_MUST_CHECK;
/* Appends the first place of a mark in a file of any size, with at most `around` bytes before it and behind it. The mark
 * has at most `around` bytes. False when it is not there, or the file cannot be read. */
bool bc_fs_read_around(const char *path, const void *mark, size_t len, size_t around,
	struct bc_buf *out) BC_MUST_CHECK;
/* Writes data to a temporary file beside path, syncs it and renames it over path. */
bool bc_fs_write(const char *path, const void *data, size_t len, struct bc_err *err) BC_MUST_CHECK;
/* The same without waiting for the disk: whole or not there after a crash of ours, not of the host. For
 * files that can be made again, on paths where time counts. */
bool bc_fs_write_unsynced(
	const char *path, const void *data, size_t len, struct bc_err *err) BC_MUST_CHECK;
/* Writes all bytes to fd; short writes and EINTR are handled. */
bool bc_fs_write_all(int fd, const void *data, size_t len, struct bc_err *err) BC_MUST_CHECK;
/* Creates path and its parents; an existing folder is fine. */
bool bc_fs_mkdirs(const char *path, mode_t mode, struct bc_err *err) BC_MUST_CHECK;
/* Removes path and all below it, without following links; nothing there is fine. Folders without
 * write permission are made writable first. */
bool bc_fs_remove(const char *path, struct bc_err *err) BC_MUST_CHECK;
/* Renames a folder of ours. To get another parent it must be writable, even where only its name is to change. */
bool bc_fs_move_dir(const char *from, const char *to, struct bc_err *err) BC_MUST_CHECK;
/* True if path exists (a dangling link does not). */
bool bc_fs_exists(const char *path);
/* True if path is a folder. */
bool bc_fs_is_dir(const char *path);
/* Size in bytes, -1 if there is no such file. */
int64_t bc_fs_size(const char *path);
/* The absolute form of path without resolving links (it need not exist). The caller frees. */
char *bc_fs_absolute(const char *path) BC_MUST_CHECK;
/* Makes a private folder `dir/prefixXXXXXX`. The caller frees the path and removes the folder. */
char *bc_fs_temp_dir(const char *dir, const char *prefix, struct bc_err *err) BC_MUST_CHECK;
/* Points the symbolic link path at target, atomically. */
bool bc_fs_symlink(const char *target, const char *path, struct bc_err *err) BC_MUST_CHECK;
/* Appends the sorted names in a folder (without . and ..). */
struct bc_strs;
bool bc_fs_list(const char *path, struct bc_strs *names, struct bc_err *err) BC_MUST_CHECK;
/* Opens (creating) path and takes an exclusive lock, waiting if wait is true. The lock goes with the
 * descriptor. -1 with BC_E_LIMIT when another process holds it and wait is false, -1 with BC_E_IO
 * otherwise. cancelled may be NULL; once *cancelled, waiting ends with BC_E_CANCELLED. */
int bc_fs_lock(const char *path, bool wait, const volatile int *cancelled,
	struct bc_err *err) BC_MUST_CHECK;
/* $XDG_CACHE_HOME/bootcheck, or ~/.cache/bootcheck, or /tmp/bootcheck-<uid>. The caller frees. */
char *bc_fs_cache_dir(void) BC_MUST_CHECK;

#endif
