/* The sockets of the NFS server: datagrams and streams on the ports of portmap, MOUNT and NFS. */
#ifndef BOOTCHECK_SERVE_NFS_SERVER_H
#define BOOTCHECK_SERVE_NFS_SERVER_H

#include <bootcheck/model/files.h>
#include <bootcheck/serve/netns.h>
#include <bootcheck/sys/loop.h>

struct bc_nfs_server;

struct bc_nfs_server_options {
	struct bc_loop *loop;
	const struct bc_exports *exports; /* outlives the server */
	const struct bc_netns *ns;	  /* NULL: the host's network */
	int log_fd;			  /* lines on what was mounted and refused; -1 = none */
	/* Ports in the order portmap, NFS, MOUNT; 0 = the standard one. For tests, which cannot have 111. */
	uint16_t ports[3];
	/* A file of the exports cannot be read here, which is not the guest's fault. Called once at most, inside of
	 * the loop; the server goes on. May be NULL. */
	void (*failed)(void *ctx, const struct bc_err *err);
	void *ctx;
};

/* Reads what is served and opens the sockets; it answers as soon as the loop runs. BC_E_IO, and the errors of
 * bc_nfs_tree_new(). The caller frees. */
struct bc_nfs_server *bc_nfs_server_new(
	const struct bc_nfs_server_options *options, struct bc_err *err) BC_MUST_CHECK;
/* Closes every socket. NULL is fine. */
void bc_nfs_server_free(struct bc_nfs_server *server);

#endif
