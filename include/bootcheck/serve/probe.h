/* Fetches one file from a server before the boot: the server stands, and what it serves are the bytes on
 * the disk. */
#ifndef BOOTCHECK_SERVE_PROBE_H
#define BOOTCHECK_SERVE_PROBE_H

#include <bootcheck/serve/netns.h>
#include <bootcheck/sys/loop.h>

struct bc_probe;

struct bc_probe_options {
	struct bc_loop *loop;
	const struct bc_netns *ns; /* outlives the probe; NULL: the host's network */
	const char *base;	   /* "tftp://127.0.0.1/" */
	const char *
		folder; /* what the server serves: the smallest file that is not empty is fetched */
	const char *scratch; /* a folder that may be written to */
	bool is_other_user;  /* the server runs as one: folders must be open to all, too */
	/* It is over; err is NULL when the file came as it is on the disk. The probe may be freed from here on,
	 * not inside. */
	void (*done)(void *ctx, const struct bc_err *err);
	void *ctx;
};

/* Starts, in a thread of its own. NULL with BC_E_CASE when the folder holds no file, or one that is not readable for
 * all; BC_E_IO. */
struct bc_probe *bc_probe_new(
	const struct bc_probe_options *options, struct bc_err *err) BC_MUST_CHECK;
/* Ends it, waiting for its thread, and frees. NULL is fine. */
void bc_probe_free(struct bc_probe *probe);

#endif
