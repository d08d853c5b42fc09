#include <bootcheck/base/text.h>
#include <bootcheck/run/examine.h>
#include <bootcheck/run/follow.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>

/* A panic that spins takes its time to answer, and nobody waits for registers. */
#define LAST_LOOK_MS  30
#define MAX_LOG_BYTES ((size_t)64 << 20)

struct bc_examiner {
	struct bc_examiner_options o;
	struct bc_guest_memory *memory;
	struct bc_follower follower;
	struct bc_vm *vm;
	struct bc_hang *hang;
	struct bc_timer *timer;
	struct bc_buf registers;
	/* By what it is since; the one of the output is taken at it, or soon after it. */
	struct bc_cpu_times since[BC_SINCE_START + 1];
	uint64_t start_ns;
	enum bc_activity activity;
	bool was_heard, is_looking, has_looked;
};

static uint64_t now_ms(const struct bc_examiner *e)
{
	return (bc_clock_ns() - e->start_ns) / 1000000u;
}

/* The kernel's records go to the session, which knows what the console has shown. */
static void show_memory(struct bc_examiner *e, uint64_t now)
{
	struct bc_guest_record record;
	if (!bc_guest_memory_find_log(e->memory))
		return;
	while (bc_guest_memory_next(e->memory, &record))
		bc_session_memory(e->o.session, now, &record);
	bc_session_memory(e->o.session, now, NULL);
}

/* Silence */

static void on_finding(void *ctx, const struct bc_hang_finding *f)
{
	struct bc_examiner *e = ctx;
	struct bc_session *s = e->o.session;
	if (!bc_session_is_examined(s))
		return;
	/* A panic in the memory is one, whatever this host and the emulator do. */
	show_memory(e, now_ms(e));
	if (f->is_error) {
		struct bc_err err = {0};
		(void)bc_fail(&err, BC_E_COMMAND, 0, "%s", f->what);
		(void)bc_err_hint(&err, "%s", f->hint);
		bc_session_error(s, now_ms(e), &err);
	} else {
		bc_session_silence(
			s, now_ms(e), &(struct bc_silence){f->kind, f->what, f->joint, f->hint});
	}
	e->o.changed(e->o.ctx);
}

static void on_silent(void *ctx, enum bc_since since)
{
	struct bc_examiner *e = ctx;
	const struct bc_hang_options options = {.loop = e->o.loop,
		.vm = e->vm,
		.memory = e->memory,
		.since = e->since[since],
		.is_silence = since == BC_SINCE_OUTPUT,
		.activity = e->activity,
		.registers = &e->registers};
	bc_hang_free(e->hang);
	e->hang = bc_hang_new(&options, on_finding, e);
}

/* The last look */

static void end_look(struct bc_examiner *e)
{
	if (!e->is_looking)
		return;
	e->is_looking = false;
	bc_timer_stop(e->timer);
	e->o.changed(e->o.ctx);
}

static void on_time(void *ctx)
{
	end_look(ctx);
}

static void on_registers(void *ctx, const struct bc_json *ret)
{
	struct bc_examiner *e = ctx;
	bc_buf_clear(&e->registers);
	bc_buf_adds(&e->registers, bc_json_string(ret) ? bc_json_string(ret) : "");
	end_look(e);
}

bool bc_examiner_last_look(struct bc_examiner *e)
{
	if (e->is_looking)
		return true;
	if (e->has_looked || e->registers.len || !e->vm || !bc_session_is_failing(e->o.session))
		return false;
	e->has_looked = true;
	e->is_looking = bc_vm_registers(e->vm, on_registers, e);
	if (e->is_looking)
		bc_timer_start(e->timer, LAST_LOOK_MS);
	return e->is_looking;
}

/* The end */

static void write_file(const struct bc_examiner *e, const char *name, const struct bc_buf *text)
{
	if (!text->len)
		return;
	BC_AUTO_FREE char *path = bc_path_join(e->o.dir, name);
	/* A verdict does not depend on it. */
	BC_IGNORE(bc_fs_write_unsynced(path, text->data, text->len, NULL));
}

void bc_examiner_end(struct bc_examiner *e, uint64_t now)
{
	if (!bc_session_is_failing(e->o.session))
		return;
	BC_AUTO(bc_buf) log = {.max = MAX_LOG_BYTES};
	bc_guest_memory_stop(e->memory);
	show_memory(e, now);
	bc_guest_memory_print_log(e->memory, &log);
	write_file(e, "guest-dmesg.txt", &log);
	write_file(e, "registers.txt", &e->registers);
}

/* Life */

struct bc_examiner *bc_examiner_new(const struct bc_examiner_options *options)
{
	struct bc_examiner *e = bc_calloc(1, sizeof(*e));
	BC_AUTO_FREE char *folder =
		options->files->kernel ? bc_path_dir(options->files->kernel) : bc_strdup(".");
	BC_AUTO_FREE char *map = bc_path_join(folder, "System.map");
	e->o = *options;
	e->registers.max = (size_t)1 << 20;
	e->memory = bc_guest_memory_new(&e->o.c->machine, e->o.files->kernel ? map : NULL);
	bc_follower_init(&e->follower, e->memory, e->o.session, e->o.dir);
	e->timer = bc_timer_new(e->o.loop, on_time, e);
	return e;
}

void bc_examiner_free(struct bc_examiner *e)
{
	if (!e)
		return;
	if (e->vm)
		bc_vm_forget(e->vm, e);
	bc_hang_free(e->hang);
	bc_timer_close(e->timer);
	bc_follower_release(&e->follower);
	bc_guest_memory_free(e->memory);
	bc_buf_release(&e->registers);
	free(e);
}

int bc_examiner_ram_fd(const struct bc_examiner *e)
{
	return bc_guest_memory_fd(e->memory);
}

void bc_examiner_attach(struct bc_examiner *e, struct bc_vm *vm, uint64_t start_ns)
{
	e->vm = vm;
	e->start_ns = start_ns;
	e->was_heard = true;
	struct bc_cpu_times times = {0};
	BC_IGNORE(bc_vm_cpu_times(vm, &times));
	times.at_ns = start_ns;
	e->since[BC_SINCE_STEP] = e->since[BC_SINCE_PHASE] = e->since[BC_SINCE_START] = times;
	bc_session_examine(e->o.session, on_silent, e);
}

void bc_examiner_heard(struct bc_examiner *e, bool is_kernel, const char *data, size_t len)
{
	e->was_heard = true;
	if (is_kernel)
		bc_follower_look(&e->follower, now_ms(e), data, len);
}

void bc_examiner_sample(struct bc_examiner *e)
{
	struct bc_cpu_times times;
	e->activity = bc_vm_activity(e->vm);
	struct bc_cpu_times *since = &e->since[BC_SINCE_OUTPUT];
	if ((e->was_heard || !since->at_ns) && bc_vm_cpu_times(e->vm, &times)) {
		*since = times;
		e->was_heard = false;
	}
}

void bc_examiner_begins(struct bc_examiner *e, enum bc_since what)
{
	struct bc_cpu_times times;
	if (e->vm && bc_vm_cpu_times(e->vm, &times))
		e->since[what] = times;
}
