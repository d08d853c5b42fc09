/* What the server's programs share. */
#ifndef BOOTCHECK_SERVE_NFS_PROC_H
#define BOOTCHECK_SERVE_NFS_PROC_H

#include <bootcheck/serve/nfs.h>

#define BC_NFS_HANDLE 32 /* bytes: what version 2 wants, and version 3 takes */
#define BC_NFS_NAME   255

/* Status words; MOUNT, NFS 2 and NFS 3 agree on those that they share. */
enum bc_nfs_status {
	BC_NFS_OK = 0,
	BC_NFS_NOENT = 2,
	BC_NFS_IO = 5,
	BC_NFS_ACCES = 13,
	BC_NFS_NOTDIR = 20,
	BC_NFS_ISDIR = 21,
	BC_NFS_INVAL = 22,
	BC_NFS_ROFS = 30,
	BC_NFS_NAMETOOLONG = 63,
	BC_NFS_STALE = 70,
	BC_NFS_BADHANDLE = 10001,
	BC_NFS_BAD_COOKIE = 10003,
	BC_NFS_TOOSMALL = 10005,
};

/* One thing of the tree. */
struct bc_nfs_object {
	uint32_t number;
	const struct bc_nfs_node *node;
};

struct bc_nfs_object bc_nfs_object(const struct bc_nfs *nfs, uint32_t number);
void bc_nfs_put_handle(const struct bc_nfs *nfs, uint32_t number, struct bc_buf *out);
/* What the bytes of a handle stand for. STALE: another server's, or of nothing here; BADHANDLE: never made by
 * one of ours. */
enum bc_nfs_status bc_nfs_handle(const struct bc_nfs *nfs, const unsigned char *data, size_t len,
	struct bc_nfs_object *object) BC_MUST_CHECK;
/* Looks a name up. */
enum bc_nfs_status bc_nfs_lookup(const struct bc_nfs *nfs, const struct bc_nfs_object *folder,
	const unsigned char *name, size_t len, struct bc_nfs_object *found) BC_MUST_CHECK;
/* Appends a file's bytes and their padding after what the caller put; *got is their number. */
enum bc_nfs_status bc_nfs_read(struct bc_nfs *nfs, const struct bc_nfs_object *file,
	uint64_t offset, uint32_t count, struct bc_buf *out, uint32_t *got) BC_MUST_CHECK;
/* The entry of a folder at `place`: 0 is `.`, 1 is `..`. False behind the last. */
bool bc_nfs_entry(const struct bc_nfs *nfs, const struct bc_nfs_object *folder, uint64_t place,
	const char **name, uint32_t *number) BC_MUST_CHECK;
/* Whether the caller may do what the bits of a mode say: 4 read, 2 write, 1 execute or search. */
bool bc_nfs_may(const struct bc_nfs_node *node, const struct bc_rpc_call *call, unsigned bits);
/* A line for the log: "<what> <name>: <why>". */
void bc_nfs_note(
	struct bc_nfs *nfs, const char *what, const void *name, size_t len, const char *why);

/* The programs. */
enum bc_rpc_status bc_mount_run(void *ctx, struct bc_rpc_call *call, struct bc_buf *out);
enum bc_rpc_status bc_nfs2_run(struct bc_nfs *nfs, struct bc_rpc_call *call, struct bc_buf *out);
enum bc_rpc_status bc_nfs3_run(struct bc_nfs *nfs, struct bc_rpc_call *call, struct bc_buf *out);

/* Every time of every file: 2020-01-01, as in the images that are built. */
#define BC_NFS_TIME 1577836800u
#define BC_NFS_FSID 0xbcu

#endif
