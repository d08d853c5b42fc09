#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/run/vm.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>

/* QEMU hands its UART's output over one character at a time. A FIFO takes 64 Ki of them before it pushes
 * back, so the reader may sleep this long between reads: far fewer wake-ups, no slower guest. */
#define PACE_MS	       1
#define KILL_AFTER_MS  800
#define MAX_TYPE_AHEAD ((size_t)1 << 20)
#define MAX_UARTS      8
#define MAX_CPUS       64

struct uart {
	struct bc_vm *vm;
	int index;
	int out, in; /* FIFOs: what the guest prints, what is typed; -1 = closed */
	struct bc_watch *watch, *in_watch;
	struct bc_timer *pace;
	struct bc_buf typed; /* not yet taken */
};

struct bc_vm {
	struct bc_loop *loop;
	struct bc_vm_events events;
	struct bc_proc *proc;
	struct uart uarts[MAX_UARTS];
	int uart_count, console;
	char *pipes; /* folder of the FIFOs, until the emulator has opened them */
	int qmp_fd;
	struct bc_watch *qmp_watch;
	struct bc_qmp qmp;
	struct bc_timer *kill_timer;
	bool is_stopping;
	int cpu_threads[MAX_CPUS];
	int cpu_count;
	uint64_t sampled_ns, sampled_ticks;
};

/* The FIFOs' folder */

static void remove_pipes(struct bc_vm *vm)
{
	if (!vm->pipes)
		return;
	BC_IGNORE(bc_fs_remove(vm->pipes, NULL));
	free(BC_TAKE(vm->pipes));
}

static bool make_uart(struct bc_vm *vm, int index, struct bc_err *err)
{
	struct uart *u = &vm->uarts[index];
	BC_AUTO_FREE char *out = bc_asprintf("%s/uart%d.out", vm->pipes, index);
	BC_AUTO_FREE char *in = bc_asprintf("%s/uart%d.in", vm->pipes, index);
	u->vm = vm;
	u->index = index;
	u->typed.max = MAX_TYPE_AHEAD;
	if (mkfifo(out, 0600) != 0 || mkfifo(in, 0600) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create the serial port %s", out);
	/* Both ends exist before the emulator starts: no race, nothing lost. */
	u->out = open(out, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	u->in = open(in, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (u->out < 0 || u->in < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot open the serial port %s", out);
	return true;
}

/* Serial output */

/* Reads what is there; false at the end of the stream. */
static bool drain(struct uart *u)
{
	char data[65536];
	if (u->out < 0)
		return false;
	for (int turns = 0; turns < 64; turns++) {
		ssize_t n = read(u->out, data, sizeof(data));
		if (n > 0)
			u->vm->events.serial(u->vm->events.ctx, u->index, data, (size_t)n);
		else if (n == 0)
			return false;
		else if (errno != EINTR)
			return errno == EAGAIN;
	}
	return true;
}

static void on_pace(void *ctx)
{
	struct uart *u = ctx;
	bc_watch_start(u->watch, BC_READABLE);
}

static void on_output(void *ctx, int events)
{
	struct uart *u = ctx;
	(void)events;
	bc_watch_start(u->watch, 0);
	if (drain(u))
		bc_timer_start(u->pace, PACE_MS);
}

static void drain_all(struct bc_vm *vm)
{
	for (int i = 0; i < vm->uart_count; i++)
		(void)drain(&vm->uarts[i]);
}

/* Serial input */

static void feed(struct uart *u)
{
	while (u->typed.len) {
		ssize_t n = write(u->in, u->typed.data, u->typed.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		bc_buf_drop(&u->typed, (size_t)n);
	}
	bc_watch_start(u->in_watch, u->typed.len ? BC_WRITABLE : 0);
}

static void on_input_room(void *ctx, int events)
{
	(void)events;
	feed(ctx);
}

void bc_vm_type(struct bc_vm *vm, const char *data, size_t len)
{
	struct uart *u = &vm->uarts[vm->console];
	bc_buf_add(&u->typed, data, len);
	feed(u);
}

/* QMP */

static void qmp_send(void *ctx, const char *data, size_t len)
{
	struct bc_vm *vm = ctx;
	/* Commands are small and few; the socket's buffer holds them all. An emulator that is gone takes
	 * none, and what it said before is still to be read. */
	BC_IGNORE(send(vm->qmp_fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len);
}

static void on_cpus(void *ctx, const struct bc_json *ret)
{
	struct bc_vm *vm = ctx;
	for (size_t i = 0; i < bc_json_len(ret) && vm->cpu_count < MAX_CPUS; i++)
		vm->cpu_threads[vm->cpu_count++] =
			(int)bc_json_get_int(bc_json_at(ret, i), "thread-id", 0);
}

static void on_qmp_ready(void *ctx)
{
	struct bc_vm *vm = ctx;
	/* The emulator has opened its serial ports before it speaks QMP. */
	remove_pipes(vm);
	(void)bc_qmp_command(&vm->qmp, "query-cpus-fast", NULL, on_cpus, vm);
}

static void on_qmp_event(void *ctx, const char *name, const struct bc_json *data)
{
	struct bc_vm *vm = ctx;
	drain_all(vm);
	vm->events.qmp(vm->events.ctx, name, data);
}

static void on_qmp_bytes(void *ctx, int events)
{
	struct bc_vm *vm = ctx;
	char data[16384];
	(void)events;
	/* A flood of events must not keep the loop from its timers. */
	for (int turns = 0; turns < 16; turns++) {
		ssize_t n = recv(vm->qmp_fd, data, sizeof(data), MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			bc_watch_start(vm->qmp_watch, 0);
			return;
		}
		bc_qmp_push(&vm->qmp, data, (size_t)n);
	}
}

void bc_vm_reset(struct bc_vm *vm)
{
	(void)bc_qmp_command(&vm->qmp, "system_reset", NULL, NULL, NULL);
}

/* The end */

static void on_kill(void *ctx)
{
	struct bc_vm *vm = ctx;
	bc_proc_kill(vm->proc, SIGKILL);
}

void bc_vm_stop(struct bc_vm *vm)
{
	if (vm->is_stopping)
		return;
	vm->is_stopping = true;
	bc_proc_kill(vm->proc, SIGTERM);
	bc_timer_start(vm->kill_timer, KILL_AFTER_MS);
}

bool bc_vm_is_stopping(const struct bc_vm *vm)
{
	return vm->is_stopping;
}

static void on_reaped(void *ctx, const struct bc_exit *status)
{
	struct bc_vm *vm = ctx;
	bc_timer_stop(vm->kill_timer);
	drain_all(vm);
	on_qmp_bytes(vm, 0);
	vm->events.ended(vm->events.ctx, status);
}

/* Processor time of the virtual processors, in clock ticks. */
static uint64_t cpu_ticks(const struct bc_vm *vm)
{
	uint64_t total = 0;
	for (int i = 0; i < vm->cpu_count; i++) {
		char path[64];
		BC_AUTO(bc_buf) text = {.max = 4096};
		unsigned long long user = 0, kernel = 0;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)bc_proc_pid(vm->proc),
			vm->cpu_threads[i]);
		if (!bc_fs_read(path, 4095, &text, NULL) || !text.data)
			continue;
		/* The name, in parentheses, may hold anything. */
		const char *p = strrchr(text.data, ')');
		if (p &&
			sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
				&user, &kernel) == 2)
			total += user + kernel;
	}
	return total;
}

enum bc_activity bc_vm_activity(struct bc_vm *vm)
{
	uint64_t now = bc_clock_ns(), past = now - vm->sampled_ns;
	if (!vm->cpu_count || (vm->sampled_ns && past < 100000000u))
		return BC_ACTIVITY_UNKNOWN;
	uint64_t ticks = cpu_ticks(vm), used = ticks - vm->sampled_ticks;
	bool is_first = !vm->sampled_ns;
	vm->sampled_ns = now;
	vm->sampled_ticks = ticks;
	if (is_first || ticks < used)
		return BC_ACTIVITY_UNKNOWN;
	double share = (double)used / (double)sysconf(_SC_CLK_TCK) / ((double)past / 1e9);
	return share < 0.15   ? BC_ACTIVITY_IDLE
		: share > 0.4 ? BC_ACTIVITY_SPINNING
			      : BC_ACTIVITY_UNKNOWN;
}

/* A thread's time on a processor, and ready for one. */
static bool read_schedstat(const char *path, unsigned long long *run, unsigned long long *wait)
{
	BC_AUTO(bc_buf) text = {.max = 256};
	return bc_fs_read(path, 255, &text, NULL) && text.data &&
		sscanf(text.data, "%llu %llu", run, wait) == 2;
}

/* The first line is enough: the whole has a number for each interrupt of a large host. */
static void read_stolen(struct bc_cpu_times *t)
{
	BC_AUTO(bc_buf) text = {.max = 4096};
	int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
	char *room = bc_buf_reserve(&text, 1024);
	ssize_t n = fd >= 0 ? read(fd, room, 1023) : -1;
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return;
	room[n] = '\0';
	BC_IGNORE(bc_host_stolen(room, &t->host_worked, &t->host_stolen));
}

bool bc_vm_cpu_times(const struct bc_vm *vm, struct bc_cpu_times *times)
{
	struct bc_cpu_times t = {.at_ns = bc_clock_ns(), .count = vm->cpu_count};
	char path[64];
	unsigned long long run = 0, wait = 0;
	int pid = (int)bc_proc_pid(vm->proc);
	for (int i = 0; i < vm->cpu_count; i++) {
		snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, vm->cpu_threads[i]);
		if (!read_schedstat(path, &run, &wait))
			return false;
		t.run_ns += run;
		t.wait_ns += wait;
	}
	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	if (!read_schedstat(path, &run, &wait))
		return false;
	t.main_run_ns = run;
	t.main_wait_ns = wait;
	/* Nor does a guest get on whose console nobody has the time to read. */
	if (read_schedstat("/proc/thread-self/schedstat", &run, &wait)) {
		t.main_run_ns += run;
		t.main_wait_ns += wait;
	}
	read_stolen(&t);
	*times = t;
	return true;
}

char bc_vm_process_state(const struct bc_vm *vm)
{
	char path[64];
	BC_AUTO(bc_buf) text = {.max = 4096};
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)bc_proc_pid(vm->proc));
	if (!bc_fs_read(path, 4095, &text, NULL) || !text.data)
		return '\0';
	const char *p = strrchr(text.data, ')');
	return p && p[1] == ' ' ? p[2] : '\0';
}

bool bc_vm_status(struct bc_vm *vm, bc_qmp_reply_fn *fn, void *ctx)
{
	return bc_qmp_command(&vm->qmp, "query-status", NULL, fn, ctx);
}

bool bc_vm_registers(struct bc_vm *vm, bc_qmp_reply_fn *fn, void *ctx)
{
	struct bc_json *args = bc_json_new_object();
	bc_json_set_string(args, "command-line", "info registers -a");
	return bc_qmp_command(&vm->qmp, "human-monitor-command", args, fn, ctx);
}

void bc_vm_forget(struct bc_vm *vm, const void *ctx)
{
	bc_qmp_forget(&vm->qmp, ctx);
}

pid_t bc_vm_pid(const struct bc_vm *vm)
{
	return bc_proc_pid(vm->proc);
}

const char *bc_vm_version(const struct bc_vm *vm)
{
	return vm->qmp.version;
}

void bc_vm_free(struct bc_vm *vm)
{
	if (!vm)
		return;
	bc_proc_close(vm->proc);
	for (int i = 0; i < vm->uart_count; i++) {
		struct uart *u = &vm->uarts[i];
		bc_watch_close(u->watch);
		bc_watch_close(u->in_watch);
		bc_timer_close(u->pace);
		bc_buf_release(&u->typed);
		if (u->out >= 0)
			close(u->out);
		if (u->in >= 0)
			close(u->in);
	}
	bc_watch_close(vm->qmp_watch);
	if (vm->qmp_fd >= 0)
		close(vm->qmp_fd);
	bc_qmp_release(&vm->qmp);
	bc_timer_close(vm->kill_timer);
	remove_pipes(vm);
	free(vm);
}

static bool launch(
	struct bc_vm *vm, const struct bc_vm_options *o, struct bc_strs *argv, struct bc_err *err)
{
	int pair[2];
	vm->pipes = bc_fs_temp_dir(NULL, "bootcheck-", err);
	if (!vm->pipes)
		return false;
	for (int i = 0; i < o->c->machine.uarts && i < MAX_UARTS; i++) {
		vm->uarts[i].in = vm->uarts[i].out = -1;
		vm->uart_count = i + 1;
		if (!make_uart(vm, i, err))
			return false;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create a socket");
	vm->qmp_fd = pair[0];
	bc_qemu_argv(o->c, o->files, false, vm->pipes, pair[1], o->ram_fd, argv);
	const int keep[] = {pair[1], o->ram_fd};
	struct bc_spawn spawn = {.argv = bc_strs_argv(argv),
		.in = -1,
		.out = o->err_fd,
		.err = o->err_fd,
		.keep = keep,
		.keep_count = o->ram_fd >= 0 ? 2 : 1,
		.enter = o->enter,
		.enter_count = o->enter_count};
	vm->proc = bc_proc_new(vm->loop, &spawn, on_reaped, vm, err);
	close(pair[1]);
	return vm->proc != NULL;
}

static void watch(struct bc_vm *vm)
{
	for (int i = 0; i < vm->uart_count; i++) {
		struct uart *u = &vm->uarts[i];
		u->watch = bc_watch_new(vm->loop, u->out, on_output, u);
		u->in_watch = bc_watch_new(vm->loop, u->in, on_input_room, u);
		u->pace = bc_timer_new(vm->loop, on_pace, u);
		bc_watch_start(u->watch, BC_READABLE);
	}
	vm->qmp_watch = bc_watch_new(vm->loop, vm->qmp_fd, on_qmp_bytes, vm);
	bc_watch_start(vm->qmp_watch, BC_READABLE);
}

struct bc_vm *bc_vm_new(const struct bc_vm_options *o, struct bc_strs *argv, struct bc_err *err)
{
	BC_AUTO(bc_strs) own = {0};
	struct bc_vm *vm = bc_calloc(1, sizeof(*vm));
	vm->loop = o->loop;
	vm->events = o->events;
	vm->console = o->c->machine.console;
	vm->qmp_fd = -1;
	bc_qmp_init(&vm->qmp);
	vm->qmp.send = qmp_send;
	vm->qmp.ready = on_qmp_ready;
	vm->qmp.event = on_qmp_event;
	vm->qmp.ctx = vm;
	vm->kill_timer = bc_timer_new(vm->loop, on_kill, vm);
	if (launch(vm, o, argv ? argv : &own, err)) {
		watch(vm);
		return vm;
	}
	bc_vm_free(vm);
	return NULL;
}
