#include <bootcheck/run/hang.h>

#include "../check_main.h"

static struct bc_hang_facts running(void)
{
	struct bc_hang_facts f = {.status = "running",
		.process_state = 'S',
		.is_silence = true,
		.span_ms = 10000,
		.busy = 1,
		.wanted = 1,
		.pressure = -1};
	return f;
}

static void add(struct bc_hang_facts *f, unsigned cpu, unsigned count, const char *function,
	const char *caller)
{
	for (unsigned i = 0; i < count; i++) {
		struct bc_hang_sample s = {.cpu = cpu, .pc = 0xc0100000u + i * 4096};
		snprintf(s.function, sizeof(s.function), "%s", function);
		snprintf(s.caller, sizeof(s.caller), "%s", caller);
		s.is_user = strcmp(function, "user") == 0;
		if (s.is_user)
			*s.function = '\0';
		bc_vec_push(&f->samples, s);
	}
}

static struct bc_hang_finding judge(struct bc_hang_facts *f)
{
	struct bc_hang_finding finding;
	bc_hang_judge(f, &finding);
	free(f->samples.items);
	f->samples = (struct bc_hang_samples){0};
	return finding;
}

#define want(f, kind_, what_)                                                                      \
	do {                                                                                       \
		struct bc_hang_finding got_ = judge(&(f));                                         \
		ck_assert(!got_.is_error);                                                         \
		ck_assert_str_eq(got_.what, what_);                                                \
		ck_assert_int_eq(got_.kind, kind_);                                                \
	} while (0)

static void want_error(struct bc_hang_facts *f, const char *part)
{
	struct bc_hang_finding got = judge(f);
	ck_assert(got.is_error);
	ck_assert_msg(strstr(got.what, part) != NULL, "\"%s\" is not in: %s", part, got.what);
}

START_TEST(names_what_it_is)
{
	struct bc_hang_facts f = running();
	add(&f, 0, 20, "cpu_v7_do_idle", "arch_cpu_idle");
	f.busy = f.wanted = 0.02;
	want(f, BC_KIND_HANG_IDLE, "idle in do_idle");
	/* As 5.10 calls it on arm64; and a name that nobody knows, which takes no time. */
	add(&f, 0, 20, "__cpu_do_idle", "cpu_do_idle");
	want(f, BC_KIND_HANG_IDLE, "idle in do_idle");
	add(&f, 0, 20, "some_new_wait", "");
	want(f, BC_KIND_HANG_IDLE, "idle in some_new_wait");
	f = running();
	add(&f, 0, 18, "dump_machine_table", "");
	add(&f, 0, 2, "vprintk", "");
	want(f, BC_KIND_HANG_SPIN, "spinning in dump_machine_table");
	/* A delay loop belongs to who waits. */
	f = running();
	add(&f, 0, 20, "__loop_delay", "panic");
	want(f, BC_KIND_HANG_SPIN, "spinning in panic");
	f = running();
	add(&f, 0, 12, "user", "");
	add(&f, 0, 8, "el0_svc", "");
	want(f, BC_KIND_HANG_SPIN, "spinning in user space");
	f = running();
	add(&f, 0, 9, "do_raw_spin_lock", "");
	add(&f, 0, 6, "ktime_get", "");
	add(&f, 0, 5, "schedule", "");
	want(f, BC_KIND_HANG_SPIN, "spinning, mostly in do_raw_spin_lock");
	/* idle.constprop.0 is idle, idle_inject is not. */
	f = running();
	add(&f, 0, 20, "default_idle.constprop.0", "");
	want(f, BC_KIND_HANG_IDLE, "idle in do_idle");
	f = running();
	add(&f, 0, 20, "do_idle_inject", "");
	want(f, BC_KIND_HANG_SPIN, "spinning in do_idle_inject");
}
END_TEST

START_TEST(names_a_place_without_symbols)
{
	struct bc_hang_facts f = running();
	for (unsigned i = 0; i < 20; i++) {
		struct bc_hang_sample s = {.pc = 0x60008000u + i % 3 * 4};
		bc_vec_push(&f.samples, s);
	}
	struct bc_hang_finding got = judge(&f);
	ck_assert(strncmp(got.what, "spinning at 0x6000800", 21) == 0);
	/* All over the place: a working guest. */
	f = running();
	add(&f, 0, 20, "", "");
	want(f, BC_KIND_HANG_SPIN, "");
	f = running();
	add(&f, 0, 20, "", "");
	f.busy = f.wanted = 0.03;
	want(f, BC_KIND_HANG_IDLE, "");
}
END_TEST

START_TEST(knows_a_recursive_abort)
{
	struct bc_hang_facts f = running();
	for (unsigned i = 0; i < 20; i++) {
		struct bc_hang_sample s = {.pc = 0xffff000c, .is_abort = true};
		bc_vec_push(&f.samples, s);
	}
	struct bc_hang_finding got = judge(&f);
	ck_assert_str_eq(got.what, "recursive abort at the vectors");
	ck_assert_str_eq(got.joint, "; last: ");
	f = running();
	add(&f, 0, 20, "vectors", "");
	want(f, BC_KIND_HANG_SPIN, "recursive abort at the vectors");
}
END_TEST

START_TEST(the_processor_that_works_tells)
{
	struct bc_hang_facts f = running();
	add(&f, 0, 20, "cpu_do_idle", "");
	add(&f, 1, 20, "queued_spin_lock_slowpath", "");
	want(f, BC_KIND_HANG_SPIN, "spinning in queued_spin_lock_slowpath");
	/* One that lost its host's processor at many places, and one that goes round. */
	f = running();
	for (unsigned i = 0; i < 20; i++)
		add(&f, 0, 1, i % 2 ? "hrtimer_interrupt" : "handle_softirqs", "");
	add(&f, 2, 18, "lkdtm_LOOP", "");
	add(&f, 2, 2, "__irq_svc", "");
	want(f, BC_KIND_HANG_SPIN, "spinning in lkdtm_LOOP");
	/* One that was never started is nowhere. */
	f = running();
	f.busy = f.wanted = 0.02;
	add(&f, 0, 20, "cpu_do_idle", "");
	add(&f, 1, 20, "", "");
	want(f, BC_KIND_HANG_IDLE, "idle in do_idle");
}
END_TEST

START_TEST(a_slow_host_is_no_fault_of_the_guest)
{
	struct bc_hang_facts f = running();
	add(&f, 0, 7, "memcpy", "");
	add(&f, 0, 7, "crc32", "");
	add(&f, 0, 6, "inflate", "");
	f.busy = 0.1;
	f.wanted = 0.98;
	f.pressure = 88;
	want_error(&f,
		"this host is too slow: in 10.0 s of silence the guest wanted 98 % of a "
		"processor and got 10 %");
	/* Nothing was seen at all. */
	f.samples = (struct bc_hang_samples){0};
	want_error(&f, "too slow");
	/* What a hypervisor took from this host, it took from the guest. */
	f.busy = f.wanted = 0.98;
	f.stolen = 0.9;
	want_error(&f,
		"this host is too slow: in 10.0 s of silence the guest wanted 98 % of a "
		"processor and got 10 %");
	f.stolen = 0;
	f.wanted = 0.98;
	/* Half of what it wants is enough to say something. */
	add(&f, 0, 7, "memcpy", "");
	add(&f, 0, 7, "crc32", "");
	add(&f, 0, 6, "inflate", "");
	f.busy = 0.5;
	want(f, BC_KIND_HANG_SPIN, "spinning, mostly in memcpy");
	/* Half of it is not, where nothing tells that it is stuck: a kernel that unpacks itself. */
	add(&f, 0, 20, "", "");
	f.busy = 0.4;
	want_error(&f, "too slow");
	add(&f, 0, 20, "", "");
	f.busy = 0.7;
	want(f, BC_KIND_HANG_SPIN, "");
	/* A guest that waits or goes round says nothing on a fast host either. */
	add(&f, 0, 20, "cpu_do_idle", "");
	f.busy = 0.05;
	f.wanted = 0.9;
	want(f, BC_KIND_HANG_IDLE, "idle in do_idle");
	add(&f, 0, 20, "dump_machine_table", "");
	want(f, BC_KIND_HANG_SPIN, "spinning in dump_machine_table");
}
END_TEST

/* It printed all the time, or worked, and was only late. */
START_TEST(a_slow_host_makes_a_guest_late)
{
	struct bc_hang_facts f = running();
	f.is_silence = false;
	f.wanted = 0.98;
	f.busy = 0.45;
	for (int i = 0; i < 2; i++) {
		add(&f, 0, 7, "memcpy", "");
		add(&f, 0, 7, "crc32", "");
		add(&f, 0, 6, "inflate", "");
		if (i == 0)
			want_error(&f,
				"this host is too slow: in 10.0 s the guest wanted 98 % of a "
				"processor and got 45 %");
		f.busy = 0.55;
	}
	want(f, BC_KIND_HANG_SPIN, "spinning, mostly in memcpy");
	/* A program that never ends does not end on a busy host. */
	f.busy = 0.4;
	add(&f, 0, 20, "user", "");
	want(f, BC_KIND_HANG_SPIN, "spinning in user space");
	add(&f, 0, 20, "dump_machine_table", "");
	f.busy = 0.1;
	want(f, BC_KIND_HANG_SPIN, "spinning in dump_machine_table");
}
END_TEST

START_TEST(the_emulator_may_be_the_cause)
{
	struct bc_hang_facts f = running();
	*f.status = '\0';
	f.process_state = 'T';
	want_error(&f, "stopped by something on this host (state T)");
	f.process_state = 'S';
	want_error(&f, "does not answer any more (state S)");
	f.process_state = '\0';
	struct bc_hang_finding got = judge(&f);
	ck_assert_str_eq(got.what, "the emulator does not answer any more");
	snprintf(f.status, sizeof(f.status), "internal-error");
	want_error(&f, "the machine is internal-error");
	snprintf(f.status, sizeof(f.status), "paused");
	want(f, BC_KIND_HANG_IDLE, "the machine is paused");
}
END_TEST

START_TEST(nothing_is_known)
{
	struct bc_hang_facts f = running();
	f.busy = f.wanted = -1;
	want(f, BC_KIND_TIMEOUT, "");
	f.activity = BC_ACTIVITY_IDLE;
	want(f, BC_KIND_HANG_IDLE, "");
	f.activity = BC_ACTIVITY_SPINNING;
	want(f, BC_KIND_HANG_SPIN, "");
}
END_TEST

START_TEST(reads_registers)
{
	static const struct {
		const char *text;
		uint64_t pc, lr;
		bool is_user, is_abort, is_halted;
	} all[] = {
		{"\nCPU#0\nR00=00000001 R01=c1604ec0\nR12=1 R13=c1601f48 R14=c0308b44 "
		 "R15=c0308b48\nPSR=60000093 -ZC- A S svc32\n",
			0xc0308b48, 0xc0308b44, false, false, false},
		{"CPU#0\nR14=ffff0010 R15=ffff000c\nPSR=20000197 --C- A S abt32\n", 0xffff000c,
			0xffff0010, false, true, false},
		{"CPU#0\nR14=b6f1 R15=000122ac\nPSR=60000010 -ZC- A NS usr32\n", 0x122ac, 0xb6f1,
			true, false, false},
		{"\nCPU#0\n PC=ffffb1b1b1b1c0d0 X00=0000000000000000 X01=1\nX29=1 "
		 "X30=ffffb1b1b1b1c0c8  SP=0\nPSTATE=60000005 -ZC- EL1h\n",
			0xffffb1b1b1b1c0d0, 0xffffb1b1b1b1c0c8, false, false, false},
		{" PC=0000aaaac0d0 X30=0\nPSTATE=60000000 -ZC- EL0t\n", 0xaaaac0d0, 0, true, false,
			false},
		{"CPU#0\nRAX=0 RBX=1\nRIP=ffffffff81c0ffee RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 "
		 "SMM=0 HLT=1\n",
			0xffffffff81c0ffee, 0, false, false, true},
		{"pc=0x80b0ae80 HI=0x0 LO=0x1\nGPR: r0 00000000 at 1\n", 0x80b0ae80, 0, false,
			false, false},
		{"\nCPU#0\nNIP c0000000001b2f80   LR c0000000001b2f00 CTR 0 XER 0 CPU#0\nMSR "
		 "800000000200d033 HID0 0\n",
			0xc0000000001b2f80, 0xc0000000001b2f00, true, false, false},
		{" pc       ffffffff80003e7a\n mhartid 0\n x1/ra ffffffff80003e00\n",
			0xffffffff80003e7a, 0xffffffff80003e00, false, false, false},
		{"PSW=mask 0706c00180000000 addr 0000000000c5f2b0 cc 00\n", 0xc5f2b0, 0, false,
			false, false},
		{"no registers here", 0, 0, false, false, false},
		{"R15=", 0, 0, false, false, false},
	};
	for (size_t i = 0; i < BC_LEN(all); i++) {
		struct bc_hang_samples samples = {0};
		bc_hang_parse(all[i].text, &samples);
		ck_assert_uint_eq(samples.len, all[i].pc != 0);
		if (!samples.len)
			continue;
		ck_assert_uint_eq(samples.items->pc, all[i].pc);
		ck_assert_uint_eq(samples.items->lr, all[i].lr);
		ck_assert_int_eq(samples.items->is_user, all[i].is_user);
		ck_assert_int_eq(samples.items->is_abort, all[i].is_abort);
		ck_assert_int_eq(samples.items->is_halted, all[i].is_halted);
		free(samples.items);
	}
	struct bc_hang_samples samples = {0};
	bc_hang_parse("\nCPU#0\nR15=00000001\nCPU#1\nR15=00000002\nCPU#99\nR15=3\n", &samples);
	ck_assert_uint_eq(samples.len, 2);
	ck_assert_uint_eq(samples.items[1].cpu, 1);
	ck_assert_uint_eq(samples.items[1].pc, 2);
	free(samples.items);
}
END_TEST

CHECK_MAIN("hang", names_what_it_is, names_a_place_without_symbols, knows_a_recursive_abort,
	the_processor_that_works_tells, a_slow_host_is_no_fault_of_the_guest,
	a_slow_host_makes_a_guest_late, the_emulator_may_be_the_cause, nothing_is_known,
	reads_registers)
