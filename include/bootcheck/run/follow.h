/* Telling the kernel's lines by the ring buffer in guest RAM, where time stamps are missing or may be anybody's. */
#ifndef BOOTCHECK_RUN_FOLLOW_H
#define BOOTCHECK_RUN_FOLLOW_H

#include <bootcheck/run/console.h>
#include <bootcheck/run/guest_memory.h>
#include <bootcheck/run/session.h>

struct bc_follower {
	struct bc_guest_memory
		*memory; /* NULL: there is nothing to follow; both outlive the follower */
	struct bc_session *session;
	uint64_t now_ms, next_ms; /* next_ms: earliest time of the next search */
	int searches;
	bool is_following;
};

/* Console bytes are about to be given to the session. When it would judge them better with the kernel's log, that is
 * searched, a few times at most, and from then on the session reads it before each piece of console. */
void bc_follower_look(struct bc_follower *f, uint64_t now_ms, const char *data, size_t len);

#endif
