#include <time.h>

#include <bootcheck/base/compat.h>
#include <bootcheck/sys/clock.h>

uint64_t bc_clock_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t bc_clock_ms(void)
{
	return bc_clock_ns() / 1000000u;
}

static struct tm utc(void)
{
	time_t now = time(NULL);
	struct tm tm;
	gmtime_r(&now, &tm);
	return tm;
}

void bc_clock_wall(char out[21])
{
	struct tm tm = utc();
	if (!strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm))
		*out = '\0';
}

void bc_clock_today(char out[11])
{
	struct tm tm = utc();
	if (!strftime(out, 11, "%Y-%m-%d", &tm))
		*out = '\0';
}
