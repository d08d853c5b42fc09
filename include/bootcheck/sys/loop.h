/* The event loop: libuv behind a few calls. One thread. Handles live until their last close callback;
 * the objects here are freed by the loop after _close(). */
#ifndef BOOTCHECK_SYS_LOOP_H
#define BOOTCHECK_SYS_LOOP_H

#include <sys/types.h>

#include <bootcheck/base/compat.h>

struct bc_loop;
struct bc_watch; /* a descriptor that is waited for */
struct bc_timer;
struct bc_signal;

/* With HALF_OPEN a peer that only has nothing more to send is no hangup: its end is readable. */
enum { BC_READABLE = 1, BC_WRITABLE = 2, BC_HANGUP = 4, BC_HALF_OPEN = 8 };

/* Never NULL. */
struct bc_loop *bc_loop_new(void) BC_MUST_CHECK;
/* Runs pending close callbacks and frees. Every handle must be closed before. */
void bc_loop_free(struct bc_loop *loop);
/* Runs until nothing is left to wait for or bc_loop_stop(). */
void bc_loop_run(struct bc_loop *loop);
/* Makes bc_loop_run() return after the current callback. */
void bc_loop_stop(struct bc_loop *loop);

typedef void bc_watch_fn(void *ctx, int events);
/* A watch on fd (which stays the caller's and must be open until the watch is closed); idle until
 * bc_watch_start(). */
struct bc_watch *bc_watch_new(
	struct bc_loop *loop, int fd, bc_watch_fn *fn, void *ctx) BC_MUST_CHECK;
/* Waits for a set of BC_READABLE | BC_WRITABLE; 0 stops. */
void bc_watch_start(struct bc_watch *watch, int events);
/* Closes; fn is not called any more. NULL is fine. */
void bc_watch_close(struct bc_watch *watch);

typedef void bc_timer_fn(void *ctx);
/* An idle timer. */
struct bc_timer *bc_timer_new(struct bc_loop *loop, bc_timer_fn *fn, void *ctx) BC_MUST_CHECK;
/* (Re)starts: fn is called once, ms after now. */
void bc_timer_start(struct bc_timer *timer, uint64_t ms);
void bc_timer_stop(struct bc_timer *timer);
/* Closes; fn is not called any more. NULL is fine. */
void bc_timer_close(struct bc_timer *timer);

typedef void bc_signal_fn(void *ctx, int signum);
/* Calls fn in the loop for each delivery of signum. The watch does not keep the loop running. */
struct bc_signal *bc_signal_new(
	struct bc_loop *loop, int signum, bc_signal_fn *fn, void *ctx) BC_MUST_CHECK;
void bc_signal_close(struct bc_signal *signal);

#endif
