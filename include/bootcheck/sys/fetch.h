/* Downloads: http, https, ftp, tftp and file, by libcurl. */
#ifndef BOOTCHECK_SYS_FETCH_H
#define BOOTCHECK_SYS_FETCH_H

#include <bootcheck/base/err.h>
#include <bootcheck/base/mem.h>

#define BC_FETCH_MAX_BYTES ((uint64_t)4 << 30)

struct bc_fetch {
	const struct bc_strs *urls;    /* the address, then its mirrors; at least one */
	const char *path;	       /* the file to create; while it grows it is `path`.part */
	const char *sha256;	       /* 64 hexadecimal digits, NULL = whatever comes */
	uint64_t max_bytes;	       /* 0 = BC_FETCH_MAX_BYTES */
	unsigned attempts;	       /* per address, for errors that may pass; 0 = 4 */
	unsigned backoff_ms;	       /* before the second attempt, doubled each time; 0 = 500 */
	unsigned connect_ms;	       /* 0 = 15 s */
	unsigned stall_ms;	       /* without progress, rounded up to seconds; 0 = 30 s */
	const volatile int *cancelled; /* may be NULL */
	/* Bytes so far, and in all (0 = not known). May be NULL. */
	void (*on_progress)(void *ctx, uint64_t done, uint64_t total);
	/* One line about an attempt that failed and what comes next. May be NULL. */
	void (*on_note)(void *ctx, const char *text);
	/* Opens the socket that a transfer uses, for servers in a network that this process is not in: an
	 * unbound, unconnected one of this type (SOCK_DGRAM, …), IPv4; -1 on failure. libcurl closes it. No
	 * proxy is used then. May be NULL. */
	int (*open_socket)(void *ctx, int type);
	void *ctx;
};

/* Downloads into path. Each address is tried until it fails for good; errors that may pass (no
 * connection, 408, 429, 5xx, a cut transfer) are tried again after a growing pause. With a sum, a partial
 * file of an earlier try, also of an earlier process, is continued where the server allows it, and kept
 * on failure when it can be. Redirects stay within http and https, at most 10.
 * BC_E_NET: an address cannot be reached; message has each with curl's reason and the number of attempts.
 * BC_E_CONTENT: all servers were reached and none has it (404 and the like). BC_E_CHECKSUM: has both sums; no file is left. BC_E_LIMIT: larger than max_bytes. BC_E_IO: the file cannot be written.
 * BC_E_CANCELLED. BC_E_CASE: the sum is not one. */
bool bc_fetch_file(const struct bc_fetch *fetch, struct bc_err *err) BC_MUST_CHECK;

/* True for an address of a kind that bc_fetch_file() takes. */
bool bc_fetch_knows(const char *url);

#endif
