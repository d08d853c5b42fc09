#include <bootcheck/run/guest_clock.h>

void bc_guest_clock_add(struct bc_guest_clock *clock, const struct bc_cpu_times *times, int count)
{
	struct bc_cpu_times was = clock->newest;
	if (was.at_ns && times->at_ns <= was.at_ns)
		return;
	clock->newest = *times;
	if (!was.at_ns || times->wait_ns < was.wait_ns || count < 1)
		return;
	double past = (double)(times->at_ns - was.at_ns), most = past * (1 - BC_GUEST_CLOCK_LEAST);
	/* Of several processors: what each of them waited on the average. They also wait for the thread that does the
	 * devices' work while that waits; where both do, the guest is given more time than it lost. */
	double waited = (double)(times->wait_ns - was.wait_ns) / count;
	if (times->main_wait_ns > was.main_wait_ns)
		waited += (double)(times->main_wait_ns - was.main_wait_ns);
	clock->lost_ns += (uint64_t)(waited < most ? waited : most);
}

uint64_t bc_guest_clock_ms(const struct bc_guest_clock *clock, uint64_t host_ns)
{
	return (host_ns > clock->lost_ns ? host_ns - clock->lost_ns : 0) / 1000000u;
}
