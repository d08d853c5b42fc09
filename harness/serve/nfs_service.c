/* The NFS server as one of a boot's servers. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/serve/nfs_server.h>
#include <bootcheck/serve/service.h>

struct service {
	struct bc_service_env env;
	struct bc_nfs_server *server; /* NULL once stopped */
	int log_fd;
};

static bool is_needed(const struct bc_case *c)
{
	return c->machine.net.nfs.len > 0;
}

/* U-Boot asks port 111, and nobody else: a port of root's, which the host may use itself. */
static bool needs_netns(const struct bc_case *c)
{
	return is_needed(c);
}

static void stop(void *service)
{
	struct service *s = service;
	bc_nfs_server_free(s->server);
	s->server = NULL;
}

static void release(void *service)
{
	struct service *s = service;
	stop(s);
	if (s->log_fd >= 0)
		close(s->log_fd);
	free(s);
}

static void on_failed(void *ctx, const struct bc_err *err)
{
	struct service *s = ctx;
	s->env.failed(s->env.ctx, err);
}

static void *start(const struct bc_service_env *env, struct bc_err *err)
{
	BC_AUTO_FREE char *log = bc_path_join(env->dir, "nfs.log");
	struct service *s = bc_calloc(1, sizeof(*s));
	s->env = *env;
	s->log_fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (s->log_fd < 0) {
		(void)bc_fail(err, BC_E_IO, errno, "cannot write %s", log);
		release(s);
		return NULL;
	}
	struct bc_nfs_server_options options = {.loop = env->loop,
		.exports = &env->files->nfs,
		.ns = env->ns,
		.log_fd = s->log_fd,
		.failed = on_failed,
		.ctx = s};
	s->server = bc_nfs_server_new(&options, err);
	if (!s->server) {
		release(s);
		return NULL;
	}
	env->ready(env->ctx);
	return s;
}

static void by_hand(const struct bc_case *c, const struct bc_files *files, struct bc_buf *out)
{
	(void)c;
	bc_buf_adds(out, "# The NFS server is bootcheck's own. By hand, have another one serve:\n");
	bc_vec_each (x, &files->nfs) {
		bc_buf_addf(out, "#   %s: ", x->at);
		bc_escape_shell(out, x->root);
		if (*x->below)
			bc_buf_addf(out, " (%s in it)", x->below);
		bc_buf_addc(out, '\n');
	}
}

const struct bc_service_kind bc_service_nfs = {
	.name = "nfs",
	.is_needed = is_needed,
	.needs_netns = needs_netns,
	.start = start,
	.stop = stop,
	.free = release,
	.by_hand = by_hand,
};
