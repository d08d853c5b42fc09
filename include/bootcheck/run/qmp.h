/* QMP, QEMU's control protocol, as a push client: bytes in, events and replies out. Hostile input: a line
 * is at most BC_QMP_LINE_MAX bytes, anything that is no JSON object ends the conversation. */
#ifndef BOOTCHECK_RUN_QMP_H
#define BOOTCHECK_RUN_QMP_H

#include <bootcheck/base/buf.h>
#include <bootcheck/sys/json.h>

#define BC_QMP_LINE_MAX ((size_t)1 << 20)

/* A reply: ret is the "return" member, NULL on an error. Borrowed for the call. */
typedef void bc_qmp_reply_fn(void *ctx, const struct bc_json *ret);

struct bc_qmp {
	void (*send)(void *ctx, const char *data, size_t len);
	void (*ready)(void *ctx); /* capabilities are negotiated */
	void (*event)(
		void *ctx, const char *name, const struct bc_json *data); /* data may be NULL */
	void *ctx;
	struct bc_buf line;
	enum { BC_QMP_GREETING, BC_QMP_NEGOTIATING, BC_QMP_READY, BC_QMP_BROKEN } state;
	char version[32]; /* of QEMU, from the greeting; "" before */
	struct {
		bc_qmp_reply_fn *fn;
		void *ctx;
	} pending[16]; /* replies come in the order of the commands */
	size_t pending_count;
};

void bc_qmp_init(struct bc_qmp *qmp);
void bc_qmp_release(struct bc_qmp *qmp);
/* Bytes from QEMU. */
void bc_qmp_push(struct bc_qmp *qmp, const char *data, size_t len);
/* Sends a command; args (may be NULL) is taken. fn may be NULL. False when not ready, broken, or 16 are
 * under way. */
bool bc_qmp_command(
	struct bc_qmp *qmp, const char *name, struct bc_json *args, bc_qmp_reply_fn *fn, void *ctx);
/* No reply calls a function with this ctx any more. */
void bc_qmp_forget(struct bc_qmp *qmp, const void *ctx);

#endif
