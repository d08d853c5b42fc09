/* The control end: QMP as QEMU 7.2 speaks it, for the commands that a harness sends. */
#include <errno.h>
#include <fnmatch.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"

static void send_object(struct bc_json *object)
{
	BC_AUTO(bc_buf) text = {0};
	bc_json_print(object, false, &text);
	bc_json_free(object);
	bc_buf_adds(&text, "\r\n");
	for (size_t at = 0; fake.control && at < text.len;) {
		ssize_t n = write(fake.control->out, text.data + at, text.len - at);
		if (n > 0)
			at += (size_t)n;
		else if (errno == EAGAIN)
			poll(&(struct pollfd){.fd = fake.control->out, .events = POLLOUT}, 1, -1);
		else if (errno != EINTR)
			exit(1);
	}
}

static struct bc_json *parse(const char *data, size_t len)
{
	struct bc_err err;
	struct bc_json *json = bc_json_parse(data, len, &err);
	if (!json)
		fake_die("not JSON", err.message);
	return json;
}

void fake_qmp_greet(void)
{
	static const char greeting[] =
		"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}, "
		"\"package\": \"fake\"}, \"capabilities\": [\"oob\"]}}";
	send_object(parse(greeting, sizeof(greeting) - 1));
}

void fake_qmp_event(const char *name, const char *data)
{
	struct bc_json *event = bc_json_new_object(), *when = bc_json_new_object();
	struct timespec t;
	if (!fake.control) {
		bc_json_free(event);
		bc_json_free(when);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &t);
	bc_json_set_int(when, "seconds", t.tv_sec);
	bc_json_set_int(when, "microseconds", t.tv_nsec / 1000);
	bc_json_set(event, "timestamp", when);
	bc_json_set_string(event, "event", name);
	if (*data)
		bc_json_set(event, "data", parse(data, strlen(data)));
	send_object(event);
}

static struct bc_json *query_cpus(void)
{
	struct bc_json *cpu = bc_json_new_object(), *list = bc_json_new_array();
	bc_json_set_int(cpu, "thread-id", getpid());
	bc_json_set_int(cpu, "cpu-index", 0);
	bc_json_set_string(cpu, "qom-path", "/machine/unattached/device[0]");
	bc_json_append(list, cpu);
	return list;
}

static struct bc_json *monitor(const struct bc_json *arguments)
{
	const char *line = bc_json_get_string(arguments, "command-line", ""), *text = "";
	for (size_t i = 0; i + 1 < fake.hmp.len; i += 2)
		if (fnmatch(fake.hmp.items[i], line, 0) == 0)
			text = fake.hmp.items[i + 1];
	return bc_json_new_string(text);
}

/* The command's result; NULL for an unknown command. */
static struct bc_json *result_of(const char *command, const struct bc_json *arguments)
{
	if (strcmp(command, "query-cpus-fast") == 0)
		return query_cpus();
	if (strcmp(command, "human-monitor-command") == 0)
		return monitor(arguments);
	if (strcmp(command, "query-status") == 0) {
		struct bc_json *r = bc_json_new_object();
		bc_json_set_bool(r, "running", !fake.is_paused);
		bc_json_set_bool(r, "singlestep", false);
		bc_json_set_string(r, "status", fake.is_paused ? "paused" : "running");
		return r;
	}
	if (strcmp(command, "stop") == 0 || strcmp(command, "cont") == 0) {
		fake.is_paused = command[0] == 's';
		fake_qmp_event(fake.is_paused ? "STOP" : "RESUME", "");
	} else if (strcmp(command, "system_powerdown") == 0) {
		fake_qmp_event("POWERDOWN", "");
	} else if (strcmp(command, "system_reset") == 0) {
		fake_qmp_event(
			"RESET", "{\"guest\": false, \"reason\": \"host-qmp-system-reset\"}");
	} else if (strcmp(command, "qmp_capabilities") != 0 && strcmp(command, "quit") != 0) {
		return NULL;
	}
	return bc_json_new_object();
}

static void run_command(const struct bc_json *request)
{
	const char *command = bc_json_get_string(request, "execute", "");
	if (fake.is_mute)
		return;
	struct bc_json *reply = bc_json_new_object();
	struct bc_json *result = result_of(command, bc_json_get(request, "arguments"));
	if (result) {
		bc_json_set(reply, "return", result);
	} else {
		struct bc_json *error = bc_json_new_object();
		BC_AUTO_FREE char *text = bc_asprintf("The command %s has not been found", command);
		bc_json_set_string(error, "class", "CommandNotFound");
		bc_json_set_string(error, "desc", text);
		bc_json_set(reply, "error", error);
	}
	const struct bc_json *id = bc_json_get(request, "id");
	if (id)
		bc_json_set(reply, "id",
			bc_json_string(id) ? bc_json_new_string(bc_json_string(id))
					   : bc_json_new_int(bc_json_get_int(request, "id", 0)));
	send_object(reply);
	if (strcmp(command, "quit") == 0 && !fake.is_stubborn) {
		fake_qmp_event("SHUTDOWN", "{\"guest\": false, \"reason\": \"host-qmp-quit\"}");
		exit(0);
	}
}

/* Length of the first whole object in the buffer, 0 if there is none yet. */
static size_t first_object(const struct bc_buf *b)
{
	int depth = 0;
	bool in_text = false;
	for (size_t i = 0; i < b->len; i++) {
		char c = b->data[i];
		if (in_text) {
			i += c == '\\';
			in_text = c != '"';
		} else if (c == '"') {
			in_text = true;
		} else if (c == '{') {
			depth++;
		} else if (c == '}' && --depth == 0) {
			return i + 1;
		}
	}
	return 0;
}

/* QEMU wants no newline between two commands, so neither do we. */
void fake_qmp_input(const char *data, size_t len)
{
	static struct bc_buf input = {.max = FAKE_MAX_BYTES};
	bc_buf_add(&input, data, len);
	for (size_t n; (n = first_object(&input)) != 0;) {
		struct bc_json *request = parse(input.data, n);
		bc_buf_drop(&input, n);
		run_command(request);
		bc_json_free(request);
	}
}
