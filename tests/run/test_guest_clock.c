#include <bootcheck/run/guest_clock.h>

#include "../check_main.h"

#define S 1000000000u

/* At `at` seconds, `wait` seconds waited in all. */
static void add(struct bc_guest_clock *clock, double at, double wait, int count)
{
	struct bc_cpu_times times = {
		.at_ns = (uint64_t)(at * S), .wait_ns = (uint64_t)(wait * S), .count = count};
	bc_guest_clock_add(clock, &times, count);
}

static uint64_t ms(const struct bc_guest_clock *clock, double host)
{
	return bc_guest_clock_ms(clock, (uint64_t)(host * S));
}

START_TEST(without_times_it_is_the_hosts)
{
	struct bc_guest_clock clock = {0};
	ck_assert_uint_eq(ms(&clock, 2.5), 2500);
	/* What was waited before the first look belongs to nobody. */
	add(&clock, 100, 7, 1);
	ck_assert_uint_eq(ms(&clock, 2.5), 2500);
}
END_TEST

START_TEST(it_stands_still_while_the_guest_waits_for_a_processor)
{
	struct bc_guest_clock clock = {0};
	add(&clock, 100, 0, 1);
	add(&clock, 104, 3, 1);
	ck_assert_uint_eq(ms(&clock, 4), 1000);
	/* Idle or running, the guest's time goes on. */
	add(&clock, 106, 3, 1);
	ck_assert_uint_eq(ms(&clock, 6), 3000);
}
END_TEST

START_TEST(what_the_devices_thread_waits_counts_too)
{
	struct bc_guest_clock clock = {0};
	struct bc_cpu_times times = {.at_ns = 100ull * S, .count = 1};
	bc_guest_clock_add(&clock, &times, 1);
	times = (struct bc_cpu_times){
		.at_ns = 104ull * S, .wait_ns = 1ull * S, .main_wait_ns = 2ull * S, .count = 1};
	bc_guest_clock_add(&clock, &times, 1);
	ck_assert_uint_eq(ms(&clock, 4), 1000);
}
END_TEST

START_TEST(of_several_processors_the_average_counts)
{
	struct bc_guest_clock clock = {0};
	add(&clock, 100, 0, 4);
	add(&clock, 104, 8, 4);
	ck_assert_uint_eq(ms(&clock, 4), 2000);
}
END_TEST

START_TEST(it_never_stops_for_good_and_never_goes_back)
{
	struct bc_guest_clock clock = {0};
	uint64_t last = 0;
	for (int i = 0; i <= 100; i++) {
		add(&clock, 100 + i, i * 3, 1); /* three seconds waited in each: nonsense */
		uint64_t now = ms(&clock, i);
		ck_assert_uint_ge(now, last);
		last = now;
	}
	ck_assert_uint_ge(last, 9999);
	ck_assert_uint_le(last, 10001);
	/* Times that go back are not believed. */
	add(&clock, 150, 0, 1);
	add(&clock, 201, 1, 1);
	ck_assert_uint_ge(ms(&clock, 101), last);
}
END_TEST

CHECK_MAIN("guest_clock", what_the_devices_thread_waits_counts_too, without_times_it_is_the_hosts,
	it_stands_still_while_the_guest_waits_for_a_processor,
	of_several_processors_the_average_counts, it_never_stops_for_good_and_never_goes_back)
