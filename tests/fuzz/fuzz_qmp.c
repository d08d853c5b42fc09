/* QMP answers from an emulator that went mad. */
#include <bootcheck/base/mem.h>
#include <bootcheck/run/qmp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bc_qmp qmp;

static void on_send(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)text;
	(void)len;
}

static void on_reply(void *ctx, const struct bc_json *ret)
{
	(void)ctx;
	(void)bc_json_len(ret);
}

static void on_ready(void *ctx)
{
	(void)ctx;
	(void)bc_qmp_command(&qmp, "query-cpus-fast", NULL, on_reply, NULL);
}

static void on_event(void *ctx, const char *name, const struct bc_json *event)
{
	(void)ctx;
	(void)name;
	(void)bc_json_get_string(event, "reason", "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bc_qmp_init(&qmp);
	qmp.send = on_send;
	qmp.ready = on_ready;
	qmp.event = on_event;
	bc_qmp_push(&qmp, (const char *)data, size / 2);
	bc_qmp_push(&qmp, (const char *)data + size / 2, size - size / 2);
	bc_qmp_release(&qmp);
	return 0;
}
