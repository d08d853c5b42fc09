/* Bringing a folder of sources to a wanted content with as few changes as possible, so that make rebuilds
 * what depends on them and nothing else. */
#ifndef BOOTCHECK_BUILD_KBUILD_SYNC_H
#define BOOTCHECK_BUILD_KBUILD_SYNC_H

#include <bootcheck/build/node.h>

struct bc_sync {
	const char *from; /* folder with the wanted content */
	const char *
		listing; /* files.jsonl of a store entry, or NULL for a folder of the host, of which, when
				it is a git work tree, only what git does not ignore is taken */
	const char *title; /* of the source, for messages */
	bool is_closed; /* what its links lead to elsewhere is in no key: there may be no such link */
	const char *to; /* folder that is brought up to date; is created */
	const char *
		obj; /* folder of what was made of it, for which make looks at times and at the names
				that it knows: what it would keep wrongly is removed from there */
	const char *list; /* file in which what `to` holds is remembered */
};

/* Replaces what differs, removes what is gone. Returns the number of changes in *changes. BC_E_IO,
 * BC_E_CANCELLED, BC_E_LIMIT. After a failure the list is gone, and the next call starts over. */
bool bc_sync_run(struct bc_job *job, const struct bc_sync *sync, size_t *changes,
	struct bc_err *err) BC_MUST_CHECK;

#endif
