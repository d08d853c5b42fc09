#include <bootcheck/base/mem.h>
#include <bootcheck/run/qmp.h>

void bc_qmp_init(struct bc_qmp *q)
{
	*q = (struct bc_qmp){.line.max = BC_QMP_LINE_MAX};
}

void bc_qmp_release(struct bc_qmp *q)
{
	bc_buf_release(&q->line);
}

static void expect_reply(struct bc_qmp *q, bc_qmp_reply_fn *fn, void *ctx)
{
	q->pending[q->pending_count].fn = fn;
	q->pending[q->pending_count].ctx = ctx;
	q->pending_count++;
}

static bool send_command(
	struct bc_qmp *q, const char *name, struct bc_json *args, bc_qmp_reply_fn *fn, void *ctx)
{
	if (q->pending_count == BC_LEN(q->pending)) {
		bc_json_free(args);
		return false;
	}
	BC_AUTO_JSON *command = bc_json_new_object();
	bc_json_set_string(command, "execute", name);
	if (args)
		bc_json_set(command, "arguments", args);
	BC_AUTO(bc_buf) text = {0};
	bc_json_print(command, false, &text);
	bc_buf_addc(&text, '\n');
	expect_reply(q, fn, ctx);
	q->send(q->ctx, text.data, text.len);
	return true;
}

void bc_qmp_forget(struct bc_qmp *q, const void *ctx)
{
	for (size_t i = 0; i < q->pending_count; i++)
		if (q->pending[i].ctx == ctx)
			q->pending[i].fn = NULL;
}

bool bc_qmp_command(
	struct bc_qmp *q, const char *name, struct bc_json *args, bc_qmp_reply_fn *fn, void *ctx)
{
	if (q->state == BC_QMP_READY)
		return send_command(q, name, args, fn, ctx);
	bc_json_free(args);
	return false;
}

static void on_negotiated(void *ctx, const struct bc_json *ret)
{
	struct bc_qmp *q = ctx;
	q->state = ret ? BC_QMP_READY : BC_QMP_BROKEN;
	if (ret && q->ready)
		q->ready(q->ctx);
}

static void greet(struct bc_qmp *q, const struct bc_json *greeting)
{
	const struct bc_json *v = bc_json_get(bc_json_get(greeting, "version"), "qemu");
	snprintf(q->version, sizeof(q->version), "%d.%d.%d", (int)bc_json_get_int(v, "major", 0),
		(int)bc_json_get_int(v, "minor", 0), (int)bc_json_get_int(v, "micro", 0));
	q->state = BC_QMP_NEGOTIATING;
	(void)send_command(q, "qmp_capabilities", NULL, on_negotiated, q);
}

static void take_line(struct bc_qmp *q)
{
	BC_AUTO_JSON *message = bc_json_parse(q->line.data ? q->line.data : "", q->line.len, NULL);
	if (!bc_json_is_object(message)) {
		q->state = BC_QMP_BROKEN;
		return;
	}
	const struct bc_json *greeting = bc_json_get(message, "QMP");
	const char *event = bc_json_get_string(message, "event", NULL);
	const struct bc_json *ret = bc_json_get(message, "return");
	if (greeting && q->state == BC_QMP_GREETING) {
		greet(q, greeting);
	} else if (event) {
		q->event(q->ctx, event, bc_json_get(message, "data"));
	} else if ((ret || bc_json_get(message, "error")) && q->pending_count) {
		bc_qmp_reply_fn *fn = q->pending[0].fn;
		void *ctx = q->pending[0].ctx;
		q->pending_count--;
		memmove(q->pending, q->pending + 1, q->pending_count * sizeof(q->pending[0]));
		if (fn)
			fn(ctx, ret);
	}
}

void bc_qmp_push(struct bc_qmp *q, const char *data, size_t len)
{
	while (len && q->state != BC_QMP_BROKEN) {
		const char *end = memchr(data, '\n', len);
		size_t n = end ? (size_t)(end - data) : len;
		bc_buf_add(&q->line, data, n);
		if (q->line.overflow) {
			q->state = BC_QMP_BROKEN;
			return;
		}
		if (end) {
			while (q->line.len && q->line.data[q->line.len - 1] == '\r')
				q->line.data[--q->line.len] = '\0';
			if (q->line.len)
				take_line(q);
			bc_buf_clear(&q->line);
			n++;
		}
		data += n;
		len -= n;
	}
}
