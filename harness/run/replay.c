/* Judges a recording: the session that judges a live boot, without a machine. */
#include <bootcheck/base/mem.h>
#include <bootcheck/run/records.h>
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

const struct bc_session_io bc_session_io_none = {no_send, no_power, no_serve, no_event, NULL};

bool bc_run_replay(const struct bc_case *c, const char *data, size_t len, size_t chunk,
	struct bc_attempt *attempt, struct bc_err *err)
{
	struct bc_session *s = bc_session_new(c, &bc_session_io_none, 1, true, err);
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

bool bc_run_replay_records(const struct bc_case *c, const char *data, size_t len,
	const struct bc_buf *text, struct bc_attempt *attempt, struct bc_err *err)
{
	struct bc_session *s = bc_session_new(c, &bc_session_io_none, 1, true, err);
	if (!s)
		return false;
	struct bc_records *records = bc_records_parse(text->data ? text->data : "", text->len);
	struct bc_console_ring ring = bc_records_ring(records);
	bc_session_start(s);
	for (size_t at = 0; at < len && !bc_session_is_done(s);) {
		if (bc_records_reach(records, at))
			bc_session_follow(s, &ring);
		uint64_t next = bc_records_next(records);
		size_t n = next < len ? (size_t)next - at : len - at;
		bc_session_bytes(s, 0, data + at, n);
		at += n;
	}
	bc_session_end(s, 0, BC_END_RECORD, NULL);
	bc_session_result(s, 0, attempt);
	bc_session_free(s);
	bc_records_free(records);
	return true;
}

/* Gives at most `most` bytes of a port. */
static void give(
	struct bc_session *s, bool is_kernel, const char **data, size_t *len, uint64_t most)
{
	size_t n = *len < most ? *len : (size_t)most;
	if (is_kernel)
		bc_session_kernel_bytes(s, 0, *data, n);
	else
		bc_session_bytes(s, 0, *data, n);
	*data += n;
	*len -= n;
}

bool bc_run_replay_ports(const struct bc_case *c, const struct bc_recording *recording,
	struct bc_attempt *attempt, struct bc_err *err)
{
	struct bc_recording left = *recording;
	BC_AUTO_FREE char *kernel = bc_asprintf("uart%d", recording->uart);
	struct bc_session *s = bc_session_new(c, &bc_session_io_none, 1, true, err);
	if (!s)
		return false;
	bc_session_start(s);
	for (const char *line = left.order; *line && !bc_session_is_done(s);) {
		char port[16];
		unsigned long long bytes;
		if (sscanf(line, "%15s %llu", port, &bytes) != 2)
			break;
		if (strcmp(port, kernel) == 0)
			give(s, true, &left.kernel, &left.kernel_len, bytes);
		else if (strcmp(port, "console") == 0)
			give(s, false, &left.console, &left.console_len, bytes);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	give(s, true, &left.kernel, &left.kernel_len, UINT64_MAX);
	give(s, false, &left.console, &left.console_len, UINT64_MAX);
	bc_session_end(s, 0, BC_END_RECORD, NULL);
	bc_session_result(s, 0, attempt);
	bc_session_free(s);
	return true;
}
