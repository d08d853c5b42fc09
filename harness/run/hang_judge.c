/* What a silence is: pure judgement over samples of the processors. */
#include <ctype.h>

#include <bootcheck/base/text.h>
#include <bootcheck/run/hang.h>

#define MAX_CPUS 64
/* Below, a guest waits; a guest with a tick of 100 Hz that does nothing takes 2 % (measured under TCG). */
#define IDLE_SHARE 0.15
/* A guest that wants a processor and gets less than this part of what it wants is not to blame for silence; one that
 * works in user space may be a program that never ends, and must be starved worse. */
#define STARVED	     0.25
#define STARVED_USER 0.08
/* Nothing tells that it is stuck: then it may just be at work, and this much is not enough to blame it. */
#define STARVED_VAGUE 0.6
/* The same for one that is only late, and may have been at work all the time. */
#define STARVED_LATE 0.5
/* A guest that wants less of a processor than this does not suffer. */
#define WANTED 0.5
/* Samples in one function, of all, that say that it goes round there. */
#define ROUND	   0.9
#define ROUND_LATE 0.75
/* … when there are as many; fewer come from a host too slow to tell by them. */
#define ROUND_SAMPLES 15

/* Reading `info registers` */

/* The number behind a name that begins a word; false when it is not there. */
static bool number_after(const char *text, size_t len, const char *name, uint64_t *value)
{
	size_t n = strlen(name);
	for (const char *p = text; (p = memmem(p, len - (size_t)(p - text), name, n)) != NULL;
		p++) {
		const char *q = p + n, *end = text + len;
		if (p > text && !isspace((unsigned char)p[-1]))
			continue;
		while (q < end && *q == ' ')
			q++;
		if (q + 1 < end && q[0] == '0' && q[1] == 'x')
			q += 2;
		uint64_t v = 0;
		unsigned digits = 0;
		for (; q < end && isxdigit((unsigned char)*q) && digits < 16; q++, digits++)
			v = v << 4 |
				(unsigned)(isdigit((unsigned char)*q) ? *q - '0'
								      : (*q | 0x20) - 'a' + 10);
		if (!digits)
			continue;
		*value = v;
		return true;
	}
	return false;
}

static bool holds(const char *text, size_t len, const char *word)
{
	return memmem(text, len, word, strlen(word)) != NULL;
}

static void parse_cpu(const char *text, size_t len, unsigned cpu, struct bc_hang_samples *out)
{
	/* arm, aarch64, x86_64, i386, mips, powerpc, riscv, s390x */
	static const char *const counters[] = {
		"R15=", "PC=", "RIP=", "EIP=", "pc=", "NIP ", "pc ", "addr "};
	static const char *const links[] = {"R14=", "X30=", "LR ", "x1/ra ", "ra "};
	struct bc_hang_sample s = {.cpu = cpu};
	uint64_t value = 0;
	bool is_found = false;
	for (size_t i = 0; i < BC_LEN(counters) && !is_found; i++)
		is_found = number_after(text, len, counters[i], &s.pc);
	if (!is_found)
		return;
	for (size_t i = 0; i < BC_LEN(links) && !s.lr; i++)
		(void)number_after(text, len, links[i], &s.lr);
	s.is_user = holds(text, len, " usr32") || holds(text, len, " EL0t") ||
		holds(text, len, "CPL=3") ||
		(number_after(text, len, "MSR ", &value) && (value & 0x4000));
	s.is_abort = holds(text, len, " abt32");
	s.is_halted = holds(text, len, "HLT=1");
	bc_vec_push(out, s);
}

/* Where a processor's part begins. PowerPC has the same mark once more, behind its counters. */
static const char *next_mark(const char *text, bool is_start)
{
	if (is_start && strncmp(text, "CPU#", 4) == 0)
		return text;
	const char *mark = strstr(text, "\nCPU#");
	return mark ? mark + 1 : NULL;
}

void bc_hang_parse(const char *text, struct bc_hang_samples *samples)
{
	const char *mark = next_mark(text, true);
	if (!mark)
		parse_cpu(text, strlen(text), 0, samples);
	for (unsigned n = 0; mark && n < MAX_CPUS; n++) {
		const char *next = next_mark(mark, false);
		unsigned long cpu = strtoul(mark + 4, NULL, 10);
		if (cpu < MAX_CPUS)
			parse_cpu(mark, next ? (size_t)(next - mark) : strlen(mark), (unsigned)cpu,
				samples);
		mark = next;
	}
}

/* Judging */

/* With or without the underscores that some versions put before a name. */
static bool is_in(const char *name, const char *const *names)
{
	name += strspn(name, "_");
	for (; *names; names++) {
		size_t n = strlen(*names);
		if (strncmp(name, *names, n) == 0 && (!name[n] || name[n] == '.'))
			return true;
	}
	return false;
}

/* Where the kernel waits for work, by architecture; all of it is do_idle(). */
static bool is_idle_function(const char *name)
{
	static const char *const idle[] = {"do_idle", "cpu_do_idle", "cpu_v7_do_idle",
		"cpu_v6_do_idle", "cpu_arm926_do_idle", "cpu_arm1020_do_idle", "cpu_ca9_do_idle",
		"cpu_ca15_do_idle", "cpu_ca8_do_idle", "arch_cpu_idle", "arch_cpu_idle_enter",
		"arch_cpu_idle_exit", "default_idle", "default_idle_call", "cpu_idle_poll",
		"cpuidle_enter", "cpuidle_enter_state", "cpuidle_idle_call", "native_safe_halt",
		"mwait_idle", "amd_e400_idle", "acpi_safe_halt", "pv_native_safe_halt",
		"intel_idle", "r4k_wait", "r4k_wait_irqoff", "r3081_wait", "rm7k_wait_irqoff",
		"check_extended_idle", "snooze_loop", "plpar_hcall_norets",
		"plpar_hcall_norets_notrace", "dedicated_cede_loop", "shared_cede_loop",
		"pseries_lpar_idle", "ppc64_runlatch_off", "power7_idle", "psci_cpu_suspend_enter",
		"cpu_startup_entry", "enabled_wait", "psw_idle", "wait_for_interrupt", NULL};
	return is_in(name, idle);
}

/* Functions that only pass time: who called them is what tells. */
static bool is_delay(const char *name)
{
	static const char *const delays[] = {"loop_delay", "loop_udelay", "loop_const_udelay",
		"timer_delay", "timer_udelay", "timer_const_udelay", "delay", "udelay",
		"const_udelay", "ndelay", "delay_tsc", "delay_loop", "delay_halt",
		"arch_timer_read_counter_long", "touch_softlockup_watchdog", "touch_nmi_watchdog",
		"get_cycles", "arch_counter_get_cntvct", "read_current_timer", "mdelay", NULL};
	return is_in(name, delays);
}

static const char *function_of(const struct bc_hang_sample *s)
{
	return is_delay(s->function) && *s->caller && !is_delay(s->caller) ? s->caller
									   : s->function;
}

static bool is_idle(const struct bc_hang_sample *s)
{
	return s->is_halted || (!s->is_user && is_idle_function(s->function));
}

/* An exception that meets the next one at its own vector: the place is always the same. */
static bool is_vector(const struct bc_hang_sample *s)
{
	uint64_t at = s->pc & 0xffffffff;
	return (s->is_abort && (at >> 5 == 0xffff0000u >> 5 || at < 0x20)) ||
		strcmp(s->function, "vectors") == 0;
}

struct tally {
	size_t samples, idle, user, vector, named;
	const char *name; /* the commonest function that is not idle */
	uint64_t pc;
	bool is_one_place; /* all of them at or near pc */
};

static size_t count_name(const struct bc_hang_samples *all, unsigned cpu, const char *name)
{
	size_t n = 0;
	bc_vec_each (s, all)
		n += s->cpu == cpu && !is_idle(s) && strcmp(function_of(s), name) == 0;
	return n;
}

static struct tally tally_cpu(const struct bc_hang_samples *all, unsigned cpu)
{
	struct tally t = {.is_one_place = true};
	bc_vec_each (s, all) {
		if (s->cpu != cpu)
			continue;
		bool is_first = !t.samples++;
		t.idle += is_idle(s);
		t.user += s->is_user;
		t.vector += is_vector(s);
		t.is_one_place &= is_first || (s->pc & ~(uint64_t)255) == (t.pc & ~(uint64_t)255);
		t.pc = s->pc;
		if (is_idle(s) || !*function_of(s))
			continue;
		size_t n = count_name(all, cpu, function_of(s));
		if (n > t.named) {
			t.named = n;
			t.name = function_of(s);
		}
	}
	return t;
}

static bool is_mostly(size_t part, const struct tally *t)
{
	return part * 2 > t->samples;
}

/* The processor that tells most: one that works before one that waits, and of those the one that is most often found
 * at the same work. On a busy host the others stand wherever they lost their processor. */
static unsigned telling_cpu(const struct bc_hang_facts *f)
{
	unsigned best = 0;
	size_t most = 0;
	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		struct tally t = tally_cpu(&f->samples, cpu);
		if (!t.samples || is_mostly(t.idle, &t))
			continue;
		size_t same = t.named > t.user ? t.named : t.user;
		same = t.vector > same ? t.vector : same;
		if (same > most) {
			most = same;
			best = cpu;
		}
	}
	return best;
}

static void describe_samples(const struct bc_hang_facts *f, const struct tally *t, size_t part,
	const char *where, struct bc_hang_finding *out)
{
	BC_AUTO(bc_buf) text = {.max = sizeof(out->hint) - 1};
	bc_buf_addf(
		&text, "%zu of %zu samples of the program counter are %s", part, t->samples, where);
	if (f->busy >= 0)
		bc_buf_addf(&text, "; the guest took %.0f %% of a processor %s", f->busy * 100,
			f->is_silence ? "during the silence" : "meanwhile");
	bc_buf_adds(&text, "; registers.txt and guest-dmesg.txt have more");
	snprintf(out->hint, sizeof(out->hint), "%s", text.data);
}

static bool is_starved(const struct bc_hang_facts *f, const struct tally *t)
{
	double round = f->is_silence ? ROUND : ROUND_LATE;
	/* A guest that waits, or goes round in one function, says nothing however fast it runs. */
	bool is_stuck = t->samples &&
		(is_mostly(t->idle, t) || is_mostly(t->vector, t) ||
			(t->samples >= ROUND_SAMPLES &&
				(double)t->named > (double)t->samples * round));
	bool is_user = t->samples && is_mostly(t->user, t);
	double least = f->is_silence ? is_user ? STARVED_USER : STARVED
		: is_user	     ? STARVED
				     : STARVED_LATE;
	return f->busy >= 0 && f->wanted >= WANTED &&
		f->busy * (1 - f->stolen) < least * f->wanted && !is_stuck;
}

static bool judge_emulator(const struct bc_hang_facts *f, struct bc_hang_finding *out)
{
	if (!*f->status) {
		out->is_error = true;
		if (f->process_state == 'T' || f->process_state == 't')
			snprintf(out->what, sizeof(out->what),
				"the emulator was stopped by something on this host (state %c)",
				f->process_state);
		else
			snprintf(out->what, sizeof(out->what),
				"the emulator does not answer any more%s%c%s",
				f->process_state ? " (state " : "",
				f->process_state ? f->process_state : '\0',
				f->process_state ? ")" : "");
		return true;
	}
	if (strcmp(f->status, "running") != 0) {
		out->is_error = strcmp(f->status, "internal-error") == 0 ||
			strcmp(f->status, "io-error") == 0;
		out->kind = BC_KIND_HANG_IDLE;
		out->joint = " after ";
		snprintf(out->what, sizeof(out->what), "the machine is %s", f->status);
		return true;
	}
	return false;
}

/* What the samples are of; false when they do not tell. */
static bool judge_samples(
	const struct bc_hang_facts *f, const struct tally *t, struct bc_hang_finding *out)
{
	char where[160];
	out->kind = BC_KIND_HANG_SPIN;
	out->joint = ": ";
	if (is_mostly(t->vector, t)) {
		snprintf(out->what, sizeof(out->what), "recursive abort at the vectors");
		out->joint = "; last: ";
		describe_samples(f, t, t->vector, "at an exception vector", out);
	} else if (is_mostly(t->idle, t)) {
		out->kind = BC_KIND_HANG_IDLE;
		out->joint = " after ";
		snprintf(out->what, sizeof(out->what), "idle in do_idle");
		describe_samples(f, t, t->idle, "where the kernel waits for work", out);
	} else if (is_mostly(t->user, t)) {
		out->joint = " after ";
		snprintf(out->what, sizeof(out->what), "spinning in user space");
		describe_samples(f, t, t->user, "in user space", out);
	} else if (is_mostly(t->named, t) && f->wanted >= 0 && f->wanted <= IDLE_SHARE) {
		/* A function that waits, by a name that nobody knows. */
		out->kind = BC_KIND_HANG_IDLE;
		out->joint = " after ";
		snprintf(out->what, sizeof(out->what), "idle in %s", t->name);
		snprintf(where, sizeof(where), "in %s", t->name);
		describe_samples(f, t, t->named, where, out);
	} else if (is_mostly(t->named, t)) {
		snprintf(out->what, sizeof(out->what), "spinning in %s", t->name);
		snprintf(where, sizeof(where), "in %s", t->name);
		describe_samples(f, t, t->named, where, out);
	} else if (f->busy >= 0 && f->busy <= IDLE_SHARE) {
		return false;
	} else if (t->named) {
		snprintf(out->what, sizeof(out->what), "spinning, mostly in %s", t->name);
		snprintf(where, sizeof(where), "in %s", t->name);
		describe_samples(f, t, t->named, where, out);
	} else if (t->is_one_place) {
		snprintf(out->what, sizeof(out->what), "spinning at 0x%llx",
			(unsigned long long)t->pc);
		describe_samples(f, t, t->samples, "there", out);
	} else {
		return false;
	}
	return true;
}

static void blame_host(const struct bc_hang_facts *f, struct bc_hang_finding *out)
{
	out->is_error = true;
	snprintf(out->what, sizeof(out->what),
		"this host is too slow: in %.1f s%s the guest wanted %.0f %% of a processor and "
		"got %.0f %%",
		(double)f->span_ms / 1000, f->is_silence ? " of silence" : "", f->wanted * 100,
		f->busy * (1 - f->stolen) * 100);
	if (f->stolen > 0.1)
		snprintf(out->hint, sizeof(out->hint),
			"the hypervisor that runs this host took %.0f %% of its processors' work "
			"(steal in /proc/stat)",
			f->stolen * 100);
	else if (f->pressure >= 0)
		snprintf(out->hint, sizeof(out->hint),
			"tasks of this host waited for a processor %.0f %% of the time "
			"(/proc/pressure/cpu); run less at once with -j",
			f->pressure);
}

void bc_hang_judge(const struct bc_hang_facts *f, struct bc_hang_finding *out)
{
	*out = (struct bc_hang_finding){.kind = BC_KIND_TIMEOUT, .joint = " after "};
	if (judge_emulator(f, out))
		return;
	struct tally t = tally_cpu(&f->samples, telling_cpu(f));
	if (is_starved(f, &t)) {
		blame_host(f, out);
		return;
	}
	if (t.samples && judge_samples(f, &t, out))
		return;
	*out = (struct bc_hang_finding){.kind = BC_KIND_TIMEOUT, .joint = " after "};
	if (f->busy >= 0 && f->wanted >= WANTED && f->busy < STARVED_VAGUE * f->wanted) {
		blame_host(f, out);
		return;
	}
	enum bc_activity activity = f->busy < 0 ? f->activity
		: f->busy <= IDLE_SHARE		? BC_ACTIVITY_IDLE
		: f->busy > 0.4			? BC_ACTIVITY_SPINNING
						: f->activity;
	if (activity == BC_ACTIVITY_IDLE)
		out->kind = BC_KIND_HANG_IDLE;
	else if (activity == BC_ACTIVITY_SPINNING)
		out->kind = BC_KIND_HANG_SPIN;
}
