/* A running emulator: its process, serial ports and QMP on the event loop. */
#ifndef BOOTCHECK_RUN_VM_H
#define BOOTCHECK_RUN_VM_H

#include <bootcheck/run/qmp.h>
#include <bootcheck/run/run.h>
#include <bootcheck/run/session.h>
#include <bootcheck/sys/proc.h>

struct bc_vm;

struct bc_vm_events {
	/* Bytes of a serial port, in order; all bytes a port still held are given before ended(). */
	void (*serial)(void *ctx, int uart, const char *data, size_t len);
	/* Any QMP event; serial bytes from before it were given. data may be NULL. */
	void (*qmp)(void *ctx, const char *name, const struct bc_json *data);
	/* The process was reaped. The vm may be freed from here on, not inside. */
	void (*ended)(void *ctx, const struct bc_exit *status);
	void *ctx;
};

struct bc_vm_options {
	struct bc_loop *loop;
	const struct bc_case *c;
	const struct bc_files *files;
	int err_fd;	  /* the emulator's stderr */
	int ram_fd;	  /* the file that holds the guest's memory, or -1 */
	const int *enter; /* namespaces that it runs in, as in bc_spawn */
	size_t enter_count;
	struct bc_vm_events events;
};

/* Starts the emulator. argv (may be NULL) receives what was started. */
struct bc_vm *bc_vm_new(const struct bc_vm_options *options, struct bc_strs *argv,
	struct bc_err *err) BC_MUST_CHECK;
pid_t bc_vm_pid(const struct bc_vm *vm);
/* Types on the console UART; at most 1 MiB may be waiting to be taken. */
void bc_vm_type(struct bc_vm *vm, const char *data, size_t len);
/* Presses the reset button. */
void bc_vm_reset(struct bc_vm *vm);
/* Ends the emulator: SIGTERM, and SIGKILL after a while; ended() follows. Safe to call again. */
void bc_vm_stop(struct bc_vm *vm);
/* True once bc_vm_stop() was called. */
bool bc_vm_is_stopping(const struct bc_vm *vm);
/* What the virtual processors did since the last call (at least 100 ms ago; otherwise UNKNOWN). */
enum bc_activity bc_vm_activity(struct bc_vm *vm);
/* Processor time of all virtual processors since their start. */
struct bc_cpu_times {
	uint64_t at_ns;	  /* when it was read; 0 = it was not */
	uint64_t run_ns;  /* that they had */
	uint64_t wait_ns; /* that they were ready and waited for a processor of this host */
	int count;	  /* of the virtual processors, whose sums these are */
	uint64_t main_run_ns,
		main_wait_ns; /* the same of the emulator's devices and of us, who read its console */
	uint64_t host_worked,
		host_stolen; /* of this host, where it is a guest itself: bc_host_stolen() */
};
bool bc_vm_cpu_times(const struct bc_vm *vm, struct bc_cpu_times *times) BC_MUST_CHECK;
/* The letter of the emulator's process state in /proc/PID/stat; 0 when it cannot be told. */
char bc_vm_process_state(const struct bc_vm *vm);
/* Asks for `query-status`, for the registers of all virtual processors (a string). fn's argument is NULL on an error.
 * fn is not called once the vm is freed, or after bc_vm_forget() of its ctx. False when nothing can be asked. */
bool bc_vm_status(struct bc_vm *vm, bc_qmp_reply_fn *fn, void *ctx) BC_MUST_CHECK;
bool bc_vm_registers(struct bc_vm *vm, bc_qmp_reply_fn *fn, void *ctx) BC_MUST_CHECK;
void bc_vm_forget(struct bc_vm *vm, const void *ctx);
/* QEMU's version from its greeting, "" before. */
const char *bc_vm_version(const struct bc_vm *vm);
/* Frees; a running emulator is killed. NULL is fine. */
void bc_vm_free(struct bc_vm *vm);

#endif
