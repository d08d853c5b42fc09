#include <uv.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/sys/loop.h>

struct bc_loop {
	uv_loop_t uv;
};

struct bc_watch {
	uv_poll_t uv; /* first member: the close callback frees by it */
	bc_watch_fn *fn;
	void *ctx;
};

struct bc_timer {
	uv_timer_t uv;
	bc_timer_fn *fn;
	void *ctx;
};

struct bc_signal {
	uv_signal_t uv;
	bc_signal_fn *fn;
	void *ctx;
};

static void check(int rc, const char *what)
{
	if (rc == 0)
		return;
	/* Out of descriptors or memory, or a call in the wrong state: nothing can go on. */
	fprintf(stderr, "bootcheck: %s: %s\n", what, uv_strerror(rc));
	abort();
}

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

struct bc_loop *bc_loop_new(void)
{
	struct bc_loop *loop = bc_calloc(1, sizeof(*loop));
	check(uv_loop_init(&loop->uv), "uv_loop_init");
	return loop;
}

void bc_loop_free(struct bc_loop *loop)
{
	if (!loop)
		return;
	/* Close callbacks only; a handle left open is a mistake that uv_loop_close reports. */
	uv_run(&loop->uv, UV_RUN_NOWAIT);
	check(uv_loop_close(&loop->uv), "uv_loop_close");
	free(loop);
}

void bc_loop_run(struct bc_loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void bc_loop_stop(struct bc_loop *loop)
{
	uv_stop(&loop->uv);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct bc_watch *w = (struct bc_watch *)handle;
	int e = 0;
	if (status < 0 || events & UV_DISCONNECT)
		e |= BC_HANGUP;
	if (events & UV_READABLE)
		e |= BC_READABLE;
	if (events & UV_WRITABLE)
		e |= BC_WRITABLE;
	w->fn(w->ctx, e);
}

struct bc_watch *bc_watch_new(struct bc_loop *loop, int fd, bc_watch_fn *fn, void *ctx)
{
	struct bc_watch *w = bc_calloc(1, sizeof(*w));
	check(uv_poll_init(&loop->uv, &w->uv, fd), "uv_poll_init");
	w->fn = fn;
	w->ctx = ctx;
	return w;
}

void bc_watch_start(struct bc_watch *w, int events)
{
	int e = (events & BC_READABLE ? UV_READABLE : 0) | (events & BC_WRITABLE ? UV_WRITABLE : 0);
	if (e)
		check(uv_poll_start(
			      &w->uv, e | (events & BC_HALF_OPEN ? 0 : UV_DISCONNECT), on_poll),
			"uv_poll_start");
	else
		uv_poll_stop(&w->uv);
}

void bc_watch_close(struct bc_watch *w)
{
	if (w)
		uv_close((uv_handle_t *)&w->uv, on_closed);
}

static void on_timer(uv_timer_t *handle)
{
	struct bc_timer *t = (struct bc_timer *)handle;
	t->fn(t->ctx);
}

struct bc_timer *bc_timer_new(struct bc_loop *loop, bc_timer_fn *fn, void *ctx)
{
	struct bc_timer *t = bc_calloc(1, sizeof(*t));
	check(uv_timer_init(&loop->uv, &t->uv), "uv_timer_init");
	t->fn = fn;
	t->ctx = ctx;
	return t;
}

void bc_timer_start(struct bc_timer *t, uint64_t ms)
{
	/* libuv counts from the loop's cached time, which may be old inside a long callback. */
	uv_update_time(t->uv.loop);
	check(uv_timer_start(&t->uv, on_timer, ms, 0), "uv_timer_start");
}

void bc_timer_stop(struct bc_timer *t)
{
	uv_timer_stop(&t->uv);
}

void bc_timer_close(struct bc_timer *t)
{
	if (t)
		uv_close((uv_handle_t *)&t->uv, on_closed);
}

static void on_signal(uv_signal_t *handle, int signum)
{
	struct bc_signal *s = (struct bc_signal *)handle;
	s->fn(s->ctx, signum);
}

struct bc_signal *bc_signal_new(struct bc_loop *loop, int signum, bc_signal_fn *fn, void *ctx)
{
	struct bc_signal *s = bc_calloc(1, sizeof(*s));
	check(uv_signal_init(&loop->uv, &s->uv), "uv_signal_init");
	s->fn = fn;
	s->ctx = ctx;
	check(uv_signal_start(&s->uv, on_signal, signum), "uv_signal_start");
	uv_unref((uv_handle_t *)&s->uv);
	return s;
}

void bc_signal_close(struct bc_signal *s)
{
	if (s)
		uv_close((uv_handle_t *)&s->uv, on_closed);
}
