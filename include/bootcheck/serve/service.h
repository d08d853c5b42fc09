/* One kind of server. A new kind is a file harness/serve/<name>.c that ends in its one exported const,
 * and a line in services.c. */
#ifndef BOOTCHECK_SERVE_SERVICE_H
#define BOOTCHECK_SERVE_SERVICE_H

#include <bootcheck/serve/netns.h>
#include <bootcheck/serve/services.h>

/* What a server is started with. All of it outlives the server. */
struct bc_service_env {
	struct bc_loop *loop;
	const struct bc_case *c;
	const struct bc_files *files;
	const char *dir;	   /* the attempt's folder; a server's log is `<name>.log` there */
	const struct bc_netns *ns; /* NULL: the host's network */
	/* The server answers. Call it once, inside start() or later. */
	void (*ready)(void *ctx);
	/* It does not, or no longer. Not to be called inside start(), which returns NULL instead. */
	void (*failed)(void *ctx, const struct bc_err *err);
	void *ctx;
};

struct bc_service_kind {
	const char *name; /* "tftp": also the word of the step `serve: {stop: tftp}` */
	bool (*is_needed)(const struct bc_case *c);
	/* Whether the guest must run in a network namespace with it. A case has one namespace for all. */
	bool (*needs_netns)(const struct bc_case *c);
	bool has_own_pids;   /* it gets a PID namespace inside of that, too */
	const char *program; /* that it is, "in.tftpd"; NULL: it is a part of bootcheck */
	/* Starts it and returns at once. NULL with an error. */
	void *(*start)(const struct bc_service_env *env, struct bc_err *err);
	/* From now on the server answers nothing, and calls nothing. Called at most once. */
	void (*stop)(void *service);
	/* Frees; stop() may have been called before or not. */
	void (*free)(void *service);
	/* Appends the lines of a shell script that start it in the background, or comments that say how. NULL:
	 * nothing. */
	void (*by_hand)(const struct bc_case *c, const struct bc_files *files, struct bc_buf *out);
};

#endif
