/* Telling the kernel's lines by the ring buffer in guest RAM, where time stamps are missing or may be anybody's. */
#ifndef BOOTCHECK_RUN_FOLLOW_H
#define BOOTCHECK_RUN_FOLLOW_H

#include <bootcheck/run/console.h>
#include <bootcheck/run/guest_memory.h>
#include <bootcheck/run/session.h>

struct bc_follower {
	/* NULL: there is nothing to follow. All of these outlive the follower. */
	struct bc_guest_memory *memory;
	struct bc_session *session;
	const char *dir; /* where console.records is kept */

	uint64_t now_ms, next_ms; /* next_ms: earliest time of the next search */
	uint64_t bytes, end;	  /* of the console: before this piece, and behind it */
	int searches, level;
	bool is_following;
	int fd;		       /* of console.records, or -1 */
	struct bc_buf records; /* not written yet */
};

void bc_follower_init(struct bc_follower *f, struct bc_guest_memory *memory,
	struct bc_session *session, const char *dir);
void bc_follower_release(struct bc_follower *f);
/* Console bytes are about to be given to the session. When it would judge them better with the kernel's log, that is
 * searched, a few times at most, and from then on the session reads it before each piece of console. */
void bc_follower_look(struct bc_follower *f, uint64_t now_ms, const char *data, size_t len);

#endif
