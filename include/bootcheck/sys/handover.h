/* Descriptors made where this process cannot go: a process with threads cannot enter a user namespace. A child goes,
 * hands them over and is gone; nobody has to stay behind. */
#ifndef BOOTCHECK_SYS_HANDOVER_H
#define BOOTCHECK_SYS_HANDOVER_H

#include <bootcheck/base/err.h>

#define BC_HANDOVER_MAX 2

struct bc_handover {
	int why;   /* errno, 0 = done */
	int stage; /* how far it came, as its maker counts; 0 if it never started */
	size_t count;
	int fds[BC_HANDOVER_MAX]; /* close-on-exec */
};

/* In the child: makes h->fds and counts them in h->count, or fails with errno set. System calls only. */
typedef bool bc_handover_fn(const void *ctx, struct bc_handover *h);

/* Has a child do it. On success the descriptors are the caller's; else *h says why and holds none. */
bool bc_handover(bc_handover_fn *make, const void *ctx, struct bc_handover *h) BC_MUST_CHECK;

/* This user as root of a user namespace in which nobody else exists: what the kernel is told. */
struct bc_userns_map {
	char uid[32], gid[32];
};
void bc_userns_map_init(struct bc_userns_map *map);
/* In the child, behind unshare(CLONE_NEWUSER | …). */
bool bc_userns_map_write(const struct bc_userns_map *map) BC_MUST_CHECK;

#endif
