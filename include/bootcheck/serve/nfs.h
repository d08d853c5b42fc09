/* A read-only NFS server's answers: portmap 2, MOUNT 1 to 3, NFS 2 and 3. The bytes of a call in, those
 * of a reply out; whoever holds the sockets and reads the files is somebody else. Clients name what they
 * want by handles that this server made; a handle is a number, never a path. */
#ifndef BOOTCHECK_SERVE_NFS_H
#define BOOTCHECK_SERVE_NFS_H

#include <bootcheck/serve/nfs_tree.h>
#include <bootcheck/serve/rpc.h>

enum { BC_PORTMAP_PORT = 111, BC_NFS_PORT = 2049, BC_MOUNT_PORT = 20048 };
/* A reply is never longer: what a datagram holds. */
#define BC_NFS_REPLY_MAX ((size_t)60 << 10)
#define BC_NFS_READ_MAX	 ((uint32_t)32 << 10)

struct bc_nfs {
	const struct bc_nfs_tree *tree;
	const struct bc_exports *exports; /* told to who asks what there is; may be NULL */
	unsigned char instance[8]; /* part of every handle: those of another server are stale */
	uint32_t read_max;	   /* bytes that a client is told to ask for at once, and gets */
	/* Reads at most len bytes of a file; false when it cannot be read: the client is told of an error, who
	 * else is to know of it is the reader's own affair. */
	bool (*read)(
		void *ctx, uint32_t node, uint64_t offset, void *data, size_t len, size_t *got);
	/* A line for the log: what was mounted, what was not there. Hostile names are escaped. May be
	 * NULL. */
	void (*note)(void *ctx, const char *text);
	void *ctx;
};

/* Appends the reply to one call; false when there is none. */
bool bc_nfs_answer(
	struct bc_nfs *nfs, const void *data, size_t len, struct bc_buf *out) BC_MUST_CHECK;

#endif
