/* The examination of a silent machine: QMP, samples, the processor time that it had. */
#include <bootcheck/run/hang.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>

#define SAMPLES	  20
#define SAMPLE_MS 45
/* A busy host answers late; an emulator that has not answered by then never will. */
#define MUTE_AFTER_MS 5000
/* Enough to judge by, when the host is too slow for all of them. */
#define ENOUGH_AFTER_MS 5000
/* A guest that has waited for a processor and run for less than this since the last sample stands where it stood then:
 * to see it there again says nothing. */
#define STEP_NS 20000000u

struct bc_hang {
	struct bc_vm *vm;
	struct bc_guest_memory *memory;
	struct bc_timer *timer;
	struct bc_cpu_times since, sampled; /* when the last sample was taken */
	struct bc_hang_facts facts;
	struct bc_buf *registers;
	uint64_t start_ms;
	int taken;
	bool is_waiting, is_done;
	bc_hang_fn *fn;
	void *ctx;
};

static void read_pressure(struct bc_hang_facts *f)
{
	BC_AUTO(bc_buf) text = {.max = 4096};
	double value = 0;
	f->pressure = -1;
	if (bc_fs_read("/proc/pressure/cpu", 4095, &text, NULL) && text.data &&
		sscanf(text.data, "some avg10=%lf", &value) == 1)
		f->pressure = value;
}

/* A guest's processor that is not run counts as running to what it runs. */
static double stolen(const struct bc_cpu_times *since, const struct bc_cpu_times *now)
{
	if (now->host_stolen <= since->host_stolen || now->host_worked < since->host_worked)
		return 0;
	double taken = (double)(now->host_stolen - since->host_stolen);
	return taken / (taken + (double)(now->host_worked - since->host_worked));
}

static void read_times(struct bc_hang *h)
{
	struct bc_cpu_times now;
	h->facts.busy = -1;
	h->facts.wanted = -1;
	if (!h->since.at_ns || !bc_vm_cpu_times(h->vm, &now) || now.at_ns <= h->since.at_ns)
		return;
	double span = (double)(now.at_ns - h->since.at_ns);
	double run = (double)(now.run_ns - h->since.run_ns),
	       wait = (double)(now.wait_ns - h->since.wait_ns);
	/* What a boot waits for may as well be the emulator's own work, its start for one. */
	if (!h->facts.is_silence && now.main_wait_ns > h->since.main_wait_ns) {
		run += (double)(now.main_run_ns - h->since.main_run_ns);
		wait += (double)(now.main_wait_ns - h->since.main_wait_ns);
	}
	/* No processor is there yet: an emulator that gets a fair part of this host has only itself to blame. */
	if (!now.count && run * 3 > wait)
		return;
	h->facts.stolen = stolen(&h->since, &now);
	h->facts.span_ms = (now.at_ns - h->since.at_ns) / 1000000u;
	h->facts.busy = run / span;
	h->facts.wanted = (run + wait) / span;
}

static void name_samples(struct bc_hang *h)
{
	char name[BC_SYMBOL_MAX];
	bc_vec_each (s, &h->facts.samples) {
		if (s->is_user)
			continue;
		if (bc_guest_memory_function(h->memory, s->pc, name))
			snprintf(s->function, sizeof(s->function), "%.127s", name);
		if (s->lr && bc_guest_memory_function(h->memory, s->lr, name))
			snprintf(s->caller, sizeof(s->caller), "%.127s", name);
	}
}

static void finish(struct bc_hang *h)
{
	struct bc_hang_finding finding;
	if (h->is_done)
		return;
	h->is_done = true;
	bc_timer_stop(h->timer);
	read_times(h);
	read_pressure(&h->facts);
	name_samples(h);
	h->facts.process_state = bc_vm_process_state(h->vm);
	bc_hang_judge(&h->facts, &finding);
	h->fn(h->ctx, &finding);
}

static bool is_late(const struct bc_hang *h)
{
	return bc_clock_ms() - h->start_ms >= ENOUGH_AFTER_MS;
}

/* True if the guest could get on since the last sample, or did not want to. */
static bool may_have_moved(struct bc_hang *h)
{
	struct bc_cpu_times was = h->sampled, now;
	if (!bc_vm_cpu_times(h->vm, &now))
		return true;
	if (was.at_ns && now.run_ns < was.run_ns + STEP_NS && now.wait_ns > was.wait_ns + STEP_NS)
		return false;
	h->sampled = now;
	return true;
}

static void on_registers(void *ctx, const struct bc_json *ret)
{
	struct bc_hang *h = ctx;
	const char *text = bc_json_string(ret);
	h->is_waiting = false;
	if (h->is_done)
		return;
	if (text) {
		bc_hang_parse(text, &h->facts.samples);
		if (h->registers) {
			bc_buf_clear(h->registers);
			bc_buf_adds(h->registers, text);
		}
	}
	if (!text || ++h->taken >= SAMPLES || (is_late(h) && h->taken >= 3))
		finish(h);
	else
		bc_timer_start(h->timer, SAMPLE_MS);
}

static void on_status(void *ctx, const struct bc_json *ret)
{
	struct bc_hang *h = ctx;
	h->is_waiting = false;
	if (h->is_done)
		return;
	snprintf(h->facts.status, sizeof(h->facts.status), "%s",
		bc_json_get_string(ret, "status", "running"));
	bc_timer_start(h->timer, 0);
}

static void on_time(void *ctx)
{
	struct bc_hang *h = ctx;
	/* The answer did not come in time. */
	if (h->is_waiting) {
		if (!h->taken)
			*h->facts.status = '\0';
		finish(h);
		return;
	}
	if (!is_late(h) && !may_have_moved(h)) {
		bc_timer_start(h->timer, SAMPLE_MS);
		return;
	}
	if (!bc_vm_registers(h->vm, on_registers, h)) {
		finish(h);
		return;
	}
	h->is_waiting = true;
	bc_timer_start(h->timer, MUTE_AFTER_MS);
}

struct bc_hang *bc_hang_new(const struct bc_hang_options *options, bc_hang_fn *fn, void *ctx)
{
	struct bc_hang *h = bc_calloc(1, sizeof(*h));
	h->vm = options->vm;
	h->memory = options->memory;
	h->since = options->since;
	h->facts.activity = options->activity;
	h->facts.is_silence = options->is_silence;
	h->registers = options->registers;
	h->fn = fn;
	h->ctx = ctx;
	h->start_ms = bc_clock_ms();
	h->timer = bc_timer_new(options->loop, on_time, h);
	h->is_waiting = true;
	if (!bc_vm_status(h->vm, on_status, h)) {
		/* It never spoke QMP: nothing can be asked. */
		snprintf(h->facts.status, sizeof(h->facts.status), "running");
		h->is_waiting = false;
	}
	bc_timer_start(h->timer, h->is_waiting ? MUTE_AFTER_MS : 0);
	return h;
}

void bc_hang_free(struct bc_hang *h)
{
	if (!h)
		return;
	bc_vm_forget(h->vm, h);
	bc_timer_close(h->timer);
	free(h->facts.samples.items);
	free(h);
}
