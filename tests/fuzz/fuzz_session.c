/* Serial bytes through a whole session: steps, typing, detectors, verdict. The first byte says which dialog runs, whether
 * the kernel has a port of its own, whether it is a recording, and how many bytes come at once. */
#include <bootcheck/base/mem.h>
#include <bootcheck/run/session.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct bc_loc nowhere;

static void add_step(struct bc_case *c, const char *kind, struct bc_value *value)
{
	struct bc_step step = {
		.kind = bc_strdup(kind), .params = bc_value_new(BC_VALUE_MAP, nowhere)};
	bc_value_set(step.params, kind, nowhere, value);
	bc_vec_push(&c->steps, step);
}

static struct bc_value *text(const char *value)
{
	return bc_value_new_scalar(value, nowhere);
}

static struct bc_value *root(void)
{
	struct bc_value *map = bc_value_new(BC_VALUE_MAP, nowhere);
	bc_value_set(map, "user", nowhere, text("root"));
	bc_value_set(map, "password", nowhere, text("secret"));
	return map;
}

static struct bc_case *make_case(unsigned options)
{
	struct bc_case *c = bc_calloc(1, sizeof(*c));
	c->id = bc_strdup("fuzz");
	c->prompt = bc_strdup("^[^ ]* ?[#$] $");
	c->loader =
		(struct bc_loader){bc_strdup(BC_LOADER_PROMPT), bc_strdup(BC_LOADER_AUTOBOOT), 512};
	c->limits =
		(struct bc_limits){.boot = 60000, .silence = 20000, .total = 120000, .step = 30000};
	c->machine.kernel = options & 1;
	if (options & 2) {
		add_step(c, "uboot", text("bootm 62000000"));
		add_step(c, "expect", text("login"));
		add_step(c, "send", text("root"));
	} else {
		add_step(c, "activate", text("console"));
		add_step(c, "login", root());
		add_step(c, "prompt", text("^> $"));
	}
	add_step(c, "run", text("uname"));
	add_step(c, "power", text("off"));
	return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 1 << 20)
		return 0;
	struct bc_case *c = make_case(data[0]);
	struct bc_attempt attempt = {0};
	struct bc_err err;
	struct bc_session *s = bc_session_new(c, &bc_session_io_none, 1, data[0] & 4, &err);
	if (!s)
		abort();
	bc_session_start(s);
	size_t piece = 1 + (data[0] >> 3), n;
	uint64_t ms = 0;
	for (size_t at = 1; at < size && !bc_session_is_done(s); at += n, ms += 7) {
		n = piece < size - at ? piece : size - at;
		bool is_kernels = (data[0] & 1) && data[at] & 0x80;
		(is_kernels ? bc_session_kernel_bytes : bc_session_bytes)(
			s, ms, (const char *)data + at, n);
		bc_session_tick(s, ms, BC_ACTIVITY_UNKNOWN);
	}
	bc_session_end(s, ms, BC_END_SHUTDOWN, NULL);
	bc_session_result(s, ms, &attempt);
	bc_attempt_release(&attempt);
	bc_session_free(s);
	bc_case_free(c);
	return 0;
}
