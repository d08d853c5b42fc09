/* Judges a recording: the session that judges a live boot, without a machine. */
#include <bootcheck/run/run.h>
#include <bootcheck/run/session.h>

static void no_send(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
}

static void no_power(void *ctx, enum bc_power action)
{
	(void)ctx;
	(void)action;
}

static void no_serve(void *ctx, const char *stop)
{
	(void)ctx;
	(void)stop;
}

static void no_event(void *ctx, const struct bc_session_event *event)
{
	(void)ctx;
	(void)event;
}

bool bc_run_replay(const struct bc_case *c, const char *data, size_t len, size_t chunk,
	struct bc_attempt *attempt, struct bc_err *err)
{
	struct bc_session_io io = {no_send, no_power, no_serve, no_event, NULL};
	struct bc_session *s = bc_session_new(c, &io, 1, true, err);
	if (!s)
		return false;
	bc_session_start(s);
	for (size_t at = 0; at < len && !bc_session_is_done(s);) {
		size_t n = chunk && len - at > chunk ? chunk : len - at;
		bc_session_bytes(s, 0, data + at, n);
		at += n;
	}
	bc_session_end(s, 0, BC_END_RECORD, NULL);
	bc_session_result(s, 0, attempt);
	bc_session_free(s);
	return true;
}
