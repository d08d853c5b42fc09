/* Time. Everything that is measured or limited uses the monotonic clock. */
#ifndef BOOTCHECK_SYS_CLOCK_H
#define BOOTCHECK_SYS_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t bc_clock_ns(void);
/* The same in milliseconds. */
uint64_t bc_clock_ms(void);
/* Wall time, RFC 3339 UTC ("2026-11-22T21:14:26Z"), into out[21]. */
void bc_clock_wall(char out[21]);
/* Today as YYYY-MM-DD, UTC, into out[11]. */
void bc_clock_today(char out[11]);

#endif
