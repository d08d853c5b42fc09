/* Where libext2fs writes an image that is made at once: memory, and from there the file, without the blocks that are
 * zero. The library writes block by block, which as system calls costs more than all else together. */
#ifndef BOOTCHECK_SYS_EXTFS_IO_H
#define BOOTCHECK_SYS_EXTFS_IO_H

struct struct_io_manager;
struct struct_io_channel;

/* For ext2fs_initialize() on an existing file of the image's size that holds zeros only. ENOMEM when the image is
 * larger than what is held in memory: the library's own manager does then. Only touched pages take memory. A flush
 * writes; nothing is synced. */
extern struct struct_io_manager *const bc_extfs_io_manager;

/* What is in memory is not wanted: closing writes nothing. Channels of other managers are left alone. */
void bc_extfs_io_drop(struct struct_io_channel *channel);

#endif
