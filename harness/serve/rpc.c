#include <bootcheck/serve/rpc.h>

enum { CALL, REPLY };
enum { MSG_ACCEPTED, MSG_DENIED };
enum { RPC_MISMATCH, AUTH_ERROR };
enum { AUTH_BADCRED = 1, AUTH_REJECTEDCRED = 2 };
enum { AUTH_NONE, AUTH_SYS };

#define VERSION	 2
#define MAX_AUTH 400
#define NOBODY	 65534

static void put_reply(struct bc_buf *out, uint32_t xid, uint32_t status)
{
	bc_xdr_put_u32(out, xid);
	bc_xdr_put_u32(out, REPLY);
	bc_xdr_put_u32(out, status);
}

static void deny_auth(struct bc_buf *out, uint32_t xid, uint32_t why)
{
	put_reply(out, xid, MSG_DENIED);
	bc_xdr_put_u32(out, AUTH_ERROR);
	bc_xdr_put_u32(out, why);
}

/* The header of an accepted reply, without a verifier. */
static void accept_call(struct bc_buf *out, uint32_t xid, enum bc_rpc_status status)
{
	put_reply(out, xid, MSG_ACCEPTED);
	bc_xdr_put_u32(out, AUTH_NONE);
	bc_xdr_put_u32(out, 0);
	bc_xdr_put_u32(out, status);
}

/* False: the credentials are not those of AUTH_SYS. */
static bool take_identity(struct bc_rpc_call *call, const unsigned char *body, size_t len)
{
	struct bc_xdr in = {body, len, 0, false};
	size_t name_len;
	(void)bc_xdr_u32(&in); /* a stamp */
	(void)bc_xdr_opaque(&in, 255, &name_len);
	call->uid = bc_xdr_u32(&in);
	call->gid = bc_xdr_u32(&in);
	uint32_t count = bc_xdr_u32(&in);
	if (in.is_bad || count > BC_RPC_GROUPS)
		return false;
	for (uint32_t i = 0; i < count; i++)
		call->groups[i] = bc_xdr_u32(&in);
	call->group_count = count;
	return !in.is_bad;
}

static const struct bc_rpc_program *find(const struct bc_rpc_program *programs, uint32_t number)
{
	for (; programs->number; programs++)
		if (programs->number == number)
			return programs;
	return NULL;
}

static void run(const struct bc_rpc_program *programs, void *ctx, struct bc_rpc_call *call,
	struct bc_buf *out)
{
	const struct bc_rpc_program *program = find(programs, call->program);
	size_t start = out->len;
	if (!program) {
		accept_call(out, call->xid, BC_RPC_PROG_UNAVAIL);
		return;
	}
	if (call->version < program->low || call->version > program->high) {
		accept_call(out, call->xid, BC_RPC_PROG_MISMATCH);
		bc_xdr_put_u32(out, program->low);
		bc_xdr_put_u32(out, program->high);
		return;
	}
	accept_call(out, call->xid, BC_RPC_SUCCESS);
	enum bc_rpc_status status = program->run(ctx, call, out);
	if (call->args.is_bad)
		status = BC_RPC_GARBAGE_ARGS;
	else if (out->overflow)
		status = BC_RPC_SYSTEM_ERR;
	if (status == BC_RPC_SUCCESS)
		return;
	out->len = start;
	out->overflow = false;
	accept_call(out, call->xid, status);
}

bool bc_rpc_answer(const struct bc_rpc_program *programs, void *ctx, const void *data, size_t len,
	struct bc_buf *out)
{
	struct bc_rpc_call call = {.uid = NOBODY, .gid = NOBODY, .args = {data, len, 0, false}};
	struct bc_xdr *in = &call.args;
	size_t cred_len, verf_len;
	call.xid = bc_xdr_u32(in);
	uint32_t type = bc_xdr_u32(in), version = bc_xdr_u32(in);
	if (in->is_bad || type != CALL)
		return false;
	if (version != VERSION) {
		put_reply(out, call.xid, MSG_DENIED);
		bc_xdr_put_u32(out, RPC_MISMATCH);
		bc_xdr_put_u32(out, VERSION);
		bc_xdr_put_u32(out, VERSION);
		return true;
	}
	call.program = bc_xdr_u32(in);
	call.version = bc_xdr_u32(in);
	call.procedure = bc_xdr_u32(in);
	uint32_t flavor = bc_xdr_u32(in);
	const unsigned char *cred = bc_xdr_opaque(in, MAX_AUTH, &cred_len);
	(void)bc_xdr_u32(in);
	(void)bc_xdr_opaque(in, MAX_AUTH, &verf_len);
	if (in->is_bad)
		deny_auth(out, call.xid, AUTH_BADCRED);
	else if (flavor != AUTH_NONE && flavor != AUTH_SYS)
		deny_auth(out, call.xid, AUTH_REJECTEDCRED);
	else if (flavor == AUTH_SYS && !take_identity(&call, cred, cred_len))
		deny_auth(out, call.xid, AUTH_BADCRED);
	else
		run(programs, ctx, &call, out);
	return true;
}

/* Records on a stream */

static bool take_head(struct bc_rpc_stream *s)
{
	uint32_t mark = (uint32_t)s->head[0] << 24 | (uint32_t)s->head[1] << 16 |
		(uint32_t)s->head[2] << 8 | s->head[3];
	s->is_last = mark >> 31;
	s->left = mark & 0x7fffffff;
	return s->left <= BC_RPC_RECORD_MAX - s->record.len;
}

bool bc_rpc_stream_push(
	struct bc_rpc_stream *s, const void *data, size_t len, bc_rpc_record_fn *fn, void *ctx)
{
	const unsigned char *p = data, *end = p + len;
	while (p < end) {
		if (s->head_len < 4) {
			s->head[s->head_len++] = *p++;
			if (s->head_len < 4)
				continue;
			if (!take_head(s))
				return false;
		}
		size_t n = s->left < (size_t)(end - p) ? s->left : (size_t)(end - p);
		bc_buf_add(&s->record, p, n);
		p += n;
		s->left -= (uint32_t)n;
		if (s->left)
			continue;
		s->head_len = 0;
		if (!s->is_last)
			continue;
		if (s->record.len)
			fn(ctx, s->record.data, s->record.len);
		bc_buf_clear(&s->record);
	}
	return true;
}

void bc_rpc_stream_release(struct bc_rpc_stream *s)
{
	bc_buf_release(&s->record);
}

size_t bc_rpc_mark_begin(struct bc_buf *out)
{
	size_t at = out->len;
	bc_xdr_put_u32(out, 0);
	return at;
}

void bc_rpc_mark_end(struct bc_buf *out, size_t at)
{
	bc_xdr_set_u32(out, at, (uint32_t)(out->len - at - 4) | 0x80000000u);
}
