/* ext2, ext3 and ext4 images, written in process by libext2fs: no root, no mount. The bytes depend on nothing but
 * the options and the entries. */
#ifndef BOOTCHECK_SYS_EXTFS_H
#define BOOTCHECK_SYS_EXTFS_H

#include <bootcheck/base/buf.h>
#include <bootcheck/sys/archive.h>

#define BC_EXTFS_MIN_BYTES ((uint64_t)256 << 10)
#define BC_EXTFS_MAX_BYTES ((uint64_t)1 << 40)
#define BC_EXTFS_LABEL_MAX 16

struct bc_extfs_options {
	const char *path;	/* the file to create */
	int version;		/* 2, 3 or 4 */
	uint64_t size_bytes;	/* of the image */
	uint64_t inodes;	/* how many files it must have room for; 0 = as mke2fs counts */
	const char *label;	/* NULL = none; at most BC_EXTFS_LABEL_MAX bytes */
	unsigned char uuid[16]; /* also the seed of the hashes */
};

struct bc_extfs;

/* Creates the file (it must not exist) with an empty file system. The caller frees. BC_E_IO; BC_E_LIMIT when the
 * size is too small for any file system of this kind. */
struct bc_extfs *bc_extfs_new(
	const struct bc_extfs_options *options, struct bc_err *err) BC_MUST_CHECK;
/* Adds an entry; its parents come before, and the target of a hard link too. A FILE takes its content from data,
 * or, when that is NULL, from the file `source`, which must have entry->size bytes (BC_E_IO when it changed
 * meanwhile). Runs of zeros become holes. BC_E_LIMIT: no room. */
bool bc_extfs_add(struct bc_extfs *fs, const struct bc_entry *entry, const void *data,
	const char *source, struct bc_err *err) BC_MUST_CHECK;
/* Writes what is left and closes; whoever keeps the file syncs it. BC_E_IO. */
bool bc_extfs_finish(struct bc_extfs *fs, struct bc_err *err) BC_MUST_CHECK;
/* Frees; an unfinished file stays behind. NULL is fine. */
void bc_extfs_free(struct bc_extfs *fs);
static inline void bc_extfs_ptr_cleanup(struct bc_extfs **fs)
{
	bc_extfs_free(*fs);
}
/* Appends the content of a file of an image, whatever made it; the file system begins offset bytes into it. path may be absolute; symbolic links are followed
 * inside. BC_E_FORMAT: no ext file system, no such file, damage, or more than max bytes. */
bool bc_extfs_read(const char *image, uint64_t offset, const char *path, size_t max,
	struct bc_buf *out, struct bc_err *err) BC_MUST_CHECK;
/* Of the library, for keys. Static. */
const char *bc_extfs_version(void);

/* What a set of entries needs. Zero initialised is nothing. */
struct bc_extfs_need {
	uint64_t file_bytes_1k, file_bytes_4k; /* content with its block lists, by size of block */
	uint64_t name_bytes;		       /* of all folders */
	uint64_t dirs, inodes;
};
void bc_extfs_count(struct bc_extfs_need *need, const struct bc_entry *entry);
/* The smallest whole number of MiB, in bytes, that surely has room. */
uint64_t bc_extfs_size(const struct bc_extfs_need *need, int version);

#endif
