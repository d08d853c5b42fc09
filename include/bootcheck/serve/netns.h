/* A network namespace: a network of its own with nothing but a loopback, in which any port is free and
 * may be bound without being root. It needs CAP_SYS_ADMIN, or a host that lets users make namespaces. */
#ifndef BOOTCHECK_SERVE_NETNS_H
#define BOOTCHECK_SERVE_NETNS_H

#include <sys/types.h>

#include <bootcheck/base/err.h>

struct bc_netns;

/* Makes one; its loopback is up. It lives until bc_netns_free() and until the last process and socket in
 * it are gone; no process is left behind for it. BC_E_MISSING, with a hint, where the host does not allow
 * it; BC_E_IO otherwise. */
struct bc_netns *bc_netns_new(struct bc_err *err) BC_MUST_CHECK;
/* Frees; NULL is fine. */
void bc_netns_free(struct bc_netns *ns);

/* Whether a child inside may have a PID namespace of its own. BC_E_MISSING with a hint where the host forbids that. */
bool bc_netns_check_pids(const struct bc_netns *ns, struct bc_err *err) BC_MUST_CHECK;

/* What a child must enter to be inside, in order: descriptors for bc_spawn's `enter`. They stay the
 * namespace's. */
const int *bc_netns_fds(const struct bc_netns *ns, size_t *count);
/* True if the namespace belongs to a user namespace of its own, in which this user is root and nobody
 * else exists. */
bool bc_netns_has_user(const struct bc_netns *ns);

/* A socket inside the namespace for this process: IPv4, close-on-exec, bound to address (host byte
 * order: INADDR_LOOPBACK, INADDR_ANY) and port (0 = any free one). type: SOCK_DGRAM or SOCK_STREAM, with
 * SOCK_NONBLOCK or not. -1 with BC_E_IO. ns NULL: the host's own network. The caller closes it. */
int bc_netns_socket(const struct bc_netns *ns, int type, uint32_t address, uint16_t port,
	struct bc_err *err) BC_MUST_CHECK;

/* An unbound socket of this type inside, as bc_netns_socket() otherwise: for a client. */
int bc_netns_client(const struct bc_netns *ns, int type, struct bc_err *err) BC_MUST_CHECK;

#endif
