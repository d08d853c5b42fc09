/* Why a guest is silent: idle, spinning and where, aborting without end; or it is not the guest at all, but the
 * emulator or this host. */
#ifndef BOOTCHECK_RUN_HANG_H
#define BOOTCHECK_RUN_HANG_H

#include <bootcheck/model/case.h>
#include <bootcheck/run/guest_memory.h>
#include <bootcheck/run/vm.h>

/* A virtual processor at one moment. */
struct bc_hang_sample {
	unsigned cpu;
	uint64_t pc;
	uint64_t
		lr; /* where it returns to, where the architecture has a register for it; 0 = not known */
	bool is_user, is_abort, is_halted;
	char function[128]; /* "" = not known */
	char caller[128];   /* the function of lr */
};

struct bc_hang_samples {
	BC_VEC(struct bc_hang_sample);
};

/* What could be found out. */
struct bc_hang_facts {
	struct bc_hang_samples samples;
	char status[32];    /* QEMU's word for its state, "" = it did not answer */
	char process_state; /* of the emulator's process, as in /proc/PID/stat; 0 = not known */
	bool is_silence; /* of the console; else it was too slow for a limit, and may have printed */
	uint64_t span_ms; /* how long the following was measured */
	double busy; /* processors' time that the virtual ones had, of one's whole time; < 0 = not known */
	double wanted;	 /* the same with the time that they waited for a processor of this host */
	double stolen;	 /* part of this host's own work that a hypervisor gave to others, 0 to 1 */
	double pressure; /* of this host's processors, avg10 of PSI in percent; < 0 = not known */
	enum bc_activity activity; /* as told without any of this */
};

/* What it is. */
struct bc_hang_finding {
	bool is_error; /* not the guest's fault: `what` is the error */
	enum bc_fail_kind kind;
	char what[256];	   /* "idle in do_idle", "spinning in panic"; "" = cannot be told */
	const char *joint; /* between `what` and the last words: " after ", ": ", "; last: " */
	char hint[384];	   /* how it was seen, or "" */
};

/* Adds what `info registers -a` says. Any text; at most 64 processors. */
void bc_hang_parse(const char *text, struct bc_hang_samples *samples);
/* Pure: the same facts give the same finding. */
void bc_hang_judge(const struct bc_hang_facts *facts, struct bc_hang_finding *finding);

/* The examination: about a second, on the loop, while the guest goes on. */
struct bc_hang;
struct bc_hang_options {
	struct bc_loop *loop;
	struct bc_vm *vm; /* not freed before the examination */
	struct bc_guest_memory *memory;
	struct bc_cpu_times since; /* of the virtual processors, when what took too long began */
	bool is_silence;	   /* … which is the last output */
	enum bc_activity activity;
	struct bc_buf *registers; /* receives the last register dump; may be NULL */
};
typedef void bc_hang_fn(void *ctx, const struct bc_hang_finding *finding);

/* Begins; fn is called once, later, unless it is freed before. */
struct bc_hang *bc_hang_new(
	const struct bc_hang_options *options, bc_hang_fn *fn, void *ctx) BC_MUST_CHECK;
/* Ends it without an answer. NULL is fine. */
void bc_hang_free(struct bc_hang *hang);

#endif
