#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/loop.h>

#include "../check_main.h"

struct seen {
	struct bc_loop *loop;
	struct bc_watch *watch;
	struct bc_timer *timer;
	int fd, events, calls;
	char text[16];
	size_t len;
};

static void on_readable(void *ctx, int events)
{
	struct seen *s = ctx;
	s->events |= events;
	s->calls++;
	ssize_t n = read(s->fd, s->text + s->len, sizeof(s->text) - s->len);
	if (n > 0)
		s->len += (size_t)n;
	else
		bc_loop_stop(s->loop);
}

START_TEST(watches_a_descriptor)
{
	int fds[2];
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	struct seen s = {.loop = bc_loop_new(), .fd = fds[0]};
	s.watch = bc_watch_new(s.loop, fds[0], on_readable, &s);
	bc_watch_start(s.watch, BC_READABLE);
	ck_assert_int_eq((int)write(fds[1], "hello", 5), 5);
	close(fds[1]);
	bc_loop_run(s.loop); /* ends at the end of file */
	ck_assert_int_eq(memcmp(s.text, "hello", 5), 0);
	ck_assert(s.events & BC_READABLE);
	int before = s.calls;
	bc_watch_start(s.watch, 0);
	bc_loop_run(s.loop); /* nothing is waited for any more */
	ck_assert_int_eq(s.calls, before);
	bc_watch_close(s.watch);
	close(fds[0]);
	bc_loop_free(s.loop);
}
END_TEST

static void on_timer(void *ctx)
{
	struct seen *s = ctx;
	if (++s->calls < 3)
		bc_timer_start(s->timer, 10);
}

static void never(void *ctx)
{
	(void)ctx;
	ck_abort_msg("a stopped timer fired");
}

START_TEST(timers_fire_once_each_start)
{
	struct seen s = {.loop = bc_loop_new()};
	struct bc_timer *stopped = bc_timer_new(s.loop, never, NULL);
	s.timer = bc_timer_new(s.loop, on_timer, &s);
	uint64_t start = bc_clock_ms();
	bc_timer_start(s.timer, 10);
	bc_timer_start(stopped, 15);
	bc_timer_stop(stopped);
	bc_loop_run(s.loop);
	ck_assert_int_eq(s.calls, 3);
	ck_assert_uint_ge(bc_clock_ms() - start, 29);
	bc_timer_close(s.timer);
	bc_timer_close(stopped);
	bc_timer_close(NULL);
	bc_loop_free(s.loop);
}
END_TEST

static void on_signal(void *ctx, int signum)
{
	struct seen *s = ctx;
	s->events = signum;
	bc_loop_stop(s->loop);
}

static void raise_it(void *ctx)
{
	(void)ctx;
	raise(SIGUSR1);
}

START_TEST(signals_arrive_in_the_loop)
{
	struct seen s = {.loop = bc_loop_new()};
	struct bc_signal *signal = bc_signal_new(s.loop, SIGUSR1, on_signal, &s);
	struct bc_timer *timer = bc_timer_new(s.loop, raise_it, NULL);
	/* A signal watch alone keeps no loop running. */
	bc_loop_run(s.loop);
	ck_assert_int_eq(s.events, 0);
	bc_timer_start(timer, 1);
	s.timer = bc_timer_new(s.loop, never, NULL);
	bc_timer_start(s.timer, 20000); /* keeps the loop until the signal is there */
	bc_loop_run(s.loop);
	ck_assert_int_eq(s.events, SIGUSR1);
	bc_timer_close(s.timer);
	bc_timer_close(timer);
	bc_signal_close(signal);
	bc_loop_free(s.loop);
}
END_TEST

CHECK_MAIN("loop", watches_a_descriptor, timers_fire_once_each_start, signals_arrive_in_the_loop)
