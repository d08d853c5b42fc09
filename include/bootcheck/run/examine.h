/* Looking into a boot's machine from outside: why it is silent, and after a failure what its kernel had to say. */
#ifndef BOOTCHECK_RUN_EXAMINE_H
#define BOOTCHECK_RUN_EXAMINE_H

#include <bootcheck/run/hang.h>
#include <bootcheck/run/session.h>

struct bc_examiner;

struct bc_examiner_options {
	struct bc_loop *loop;
	const struct bc_case *c;
	const struct bc_files *files;
	const char *dir; /* guest-dmesg.txt and registers.txt go there */
	struct bc_session *session;
	/* The session may have been decided, or the last look is over. */
	void (*changed)(void *ctx);
	void *ctx;
};

/* What is pointed to must outlive it. Never NULL. */
struct bc_examiner *bc_examiner_new(const struct bc_examiner_options *options) BC_MUST_CHECK;
/* NULL is fine. Before the vm is freed. */
void bc_examiner_free(struct bc_examiner *e);
/* For bc_vm_options. */
int bc_examiner_ram_fd(const struct bc_examiner *e);
/* The emulator runs, since start_ns. */
void bc_examiner_attach(struct bc_examiner *e, struct bc_vm *vm, uint64_t start_ns);
/* The guest is about to be heard. Cheap. is_kernel: on the port that the kernel prints to. */
void bc_examiner_heard(struct bc_examiner *e, bool is_kernel, const char *data, size_t len);
/* Some time passed (a few times a second): what the processors did lately is kept. */
void bc_examiner_sample(struct bc_examiner *e);
/* A step or a phase begins: what the processors have done so far is kept. */
void bc_examiner_begins(struct bc_examiner *e, enum bc_since what);
/* The boot failed and the emulator is about to be ended: true if that must wait for changed(), a few milliseconds. */
bool bc_examiner_last_look(struct bc_examiner *e) BC_MUST_CHECK;
/* The emulator is gone. After a failure the kernel's log is read, shown to the session and written. */
void bc_examiner_end(struct bc_examiner *e, uint64_t now_ms);

#endif
