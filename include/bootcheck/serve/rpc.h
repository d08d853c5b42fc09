/* ONC RPC version 2 (RFC 5531): from the bytes of a call to those of its reply, and the marks between
 * records on a stream. No I/O. */
#ifndef BOOTCHECK_SERVE_RPC_H
#define BOOTCHECK_SERVE_RPC_H

#include <bootcheck/serve/xdr.h>

#define BC_RPC_GROUPS	  16
#define BC_RPC_RECORD_MAX ((size_t)128 << 10) /* bytes of a call on a stream */

/* What comes of a call that was accepted; the values are the protocol's. */
enum bc_rpc_status {
	BC_RPC_SUCCESS,
	BC_RPC_PROG_UNAVAIL,
	BC_RPC_PROG_MISMATCH,
	BC_RPC_PROC_UNAVAIL,
	BC_RPC_GARBAGE_ARGS,
	BC_RPC_SYSTEM_ERR,
};

struct bc_rpc_call {
	uint32_t xid, program, version, procedure;
	uint32_t uid, gid; /* as AUTH_SYS says, otherwise nobody's: 65534 */
	uint32_t groups[BC_RPC_GROUPS];
	size_t group_count;
	struct bc_xdr args;
};

struct bc_rpc_program {
	uint32_t number;    /* 0 ends a table */
	uint32_t low, high; /* the versions it has, all between included */
	/* Reads call->args and appends the results. Arguments that were bad become GARBAGE_ARGS whatever
	 * it returns; what it appended counts with SUCCESS only. */
	enum bc_rpc_status (*run)(void *ctx, struct bc_rpc_call *call, struct bc_buf *out);
};

/* Appends the reply to one call. False, and nothing appended, for what is no call or has no place for
 * an answer to go: such bytes are dropped. */
bool bc_rpc_answer(const struct bc_rpc_program *programs, void *ctx, const void *data, size_t len,
	struct bc_buf *out) BC_MUST_CHECK;

/* The receiving side of a stream (RFC 5531, 11): zero initialised is its start. */
struct bc_rpc_stream {
	unsigned char head[4];
	size_t head_len;
	uint32_t left; /* bytes of the fragment still to come */
	bool is_last;  /* it ends its record */
	struct bc_buf record;
};
typedef void bc_rpc_record_fn(void *ctx, const void *data, size_t len);
/* Takes bytes in any pieces and calls fn for each whole record. False when one is over BC_RPC_RECORD_MAX: the
 * stream cannot be read any further. */
bool bc_rpc_stream_push(struct bc_rpc_stream *stream, const void *data, size_t len,
	bc_rpc_record_fn *fn, void *ctx) BC_MUST_CHECK;
void bc_rpc_stream_release(struct bc_rpc_stream *stream);

/* A record of one fragment: puts the place for its mark; returns where. */
size_t bc_rpc_mark_begin(struct bc_buf *out);
/* Writes the mark over what was appended since. */
void bc_rpc_mark_end(struct bc_buf *out, size_t at);

#endif
