/* The servers that one boot needs: they are started before QEMU and stopped after it. Everything that
 * goes wrong here is the environment's fault and never the guest's. */
#ifndef BOOTCHECK_SERVE_SERVICES_H
#define BOOTCHECK_SERVE_SERVICES_H

#include <bootcheck/model/case.h>
#include <bootcheck/model/files.h>
#include <bootcheck/sys/loop.h>

struct bc_services;

struct bc_services_options {
	struct bc_loop *loop;
	const struct bc_case *c; /* outlives the services, as do files */
	const struct bc_files *files;
	const char *dir; /* the attempt's folder: logs go there */
	/* Every server stands: QEMU may start. Never called inside bc_services_new(). */
	void (*ready)(void *ctx);
	/* A server could not be started, or ended though nobody had asked it to. Called at most once, before or
	 * after ready(), never inside bc_services_new(). */
	void (*failed)(void *ctx, const struct bc_err *err);
	void *ctx;
};

/* True if the case needs any. */
bool bc_services_wanted(const struct bc_case *c);
/* Adds the programs that they are. */
void bc_services_programs(const struct bc_case *c, struct bc_strs *programs);
/* True if they and QEMU run in a network namespace. */
bool bc_services_want_netns(const struct bc_case *c);
/* Whether this host allows a network namespace; BC_E_MISSING with the reason and a hint. Tried only
 * once. */
bool bc_services_check_netns(struct bc_err *err) BC_MUST_CHECK;
/* Whether this host can start what the case needs; BC_E_MISSING with the reason and a hint. */
bool bc_services_check(const struct bc_case *c, struct bc_err *err) BC_MUST_CHECK;

/* Starts the servers. Never NULL: what goes wrong is told through failed(). */
struct bc_services *bc_services_new(const struct bc_services_options *options) BC_MUST_CHECK;
/* What QEMU must enter to reach them: descriptors for bc_spawn's `enter`; NULL and 0 when they are in the
 * host's network. Valid from ready() until bc_services_free(). */
const int *bc_services_enter(const struct bc_services *services, size_t *count);
/* Stops the server of that name at once, as a case asks for; it is no failure then. False if the case
 * has none of that name. */
bool bc_services_stop(struct bc_services *services, const char *name);
/* Stops all that is left and frees. No callback comes any more. NULL is fine. */
void bc_services_free(struct bc_services *services);

/* The names of all kinds of servers, NULL-terminated: the words of the step `serve`. */
extern const char *const bc_service_names[];

/* Appends what a shell script that starts QEMU does before it, so that the servers are there; nothing for
 * a case without servers. */
void bc_services_by_hand(const struct bc_case *c, const struct bc_files *files, struct bc_buf *out);

#endif
