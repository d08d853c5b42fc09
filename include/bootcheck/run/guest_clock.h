/* The clock that limits are held against: this host's, or the guest's, which stands still while its virtual processors
 * are ready and wait for a processor of this host, or the threads that they depend on do. schedstat does not tell all of
 * that: on a starved host it still goes faster than the guest. What a guest waits for by itself counts on both. */
#ifndef BOOTCHECK_RUN_GUEST_CLOCK_H
#define BOOTCHECK_RUN_GUEST_CLOCK_H

#include <bootcheck/run/vm.h>

/* However busy the host is, the guest's clock goes at least this fast: a limit comes to its end. */
#define BC_GUEST_CLOCK_LEAST 0.1

struct bc_guest_clock {
	uint64_t lost_ns;	    /* that the guest's is behind */
	struct bc_cpu_times newest; /* at_ns 0 = none yet */
};

/* Takes in new times of `count` virtual processors. Times that go back are ignored. */
void bc_guest_clock_add(struct bc_guest_clock *clock, const struct bc_cpu_times *times, int count);
/* The guest's time where this host's, since the same start, is host_ns. It never goes back. */
uint64_t bc_guest_clock_ms(const struct bc_guest_clock *clock, uint64_t host_ns);

#endif
