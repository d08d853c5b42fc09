#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/run/boot.h>
#include <bootcheck/run/examine.h>
#include <bootcheck/run/guest_clock.h>
#include <bootcheck/run/record.h>
#include <bootcheck/run/transcript.h>
#include <bootcheck/run/vm.h>
#include <bootcheck/serve/services.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>

/* How often the virtual processors' work is sampled, so that a silence can be told from a hang. */
#define SAMPLE_MS 500
/* What the guest or the emulator may fill the run's folder with besides the judged console. */
#define MAX_SIDE_BYTES ((uint64_t)64 << 20)
#define MAX_QMP_EVENTS 1000

struct bc_boot_run {
	struct bc_boot_options o;
	const struct bc_case *c;
	char *dir, *relative; /* the attempt's folder */
	struct bc_session *session;
	struct bc_record *record;
	struct bc_services *services; /* NULL: the case needs none */
	struct bc_examiner *examiner;
	struct bc_vm *vm;
	struct bc_timer *timer;	 /* the session's next deadline */
	struct bc_timer *sample; /* also brings the failure to start to done() */
	int stderr_fd;
	uint64_t start_ns, last_line_ns;
	struct bc_guest_clock clock; /* of a case whose limits are in guest time */
	bool was_cancelled;
	bool was_off, was_killed; /* by the guest; by somebody on the host */
	int qmp_events;
	struct bc_transcript transcript;
	uint64_t other_bytes; /* of the UARTs that are not judged */
	struct bc_err failed; /* it could not be started */
	struct bc_attempt attempt;
};

/* Since the start, on the clock that the session lives by. */
static uint64_t now_ms(struct bc_boot_run *b)
{
	struct bc_cpu_times times;
	if (b->vm && b->c->limits.is_guest_time && bc_vm_cpu_times(b->vm, &times))
		bc_guest_clock_add(&b->clock, &times, times.count);
	return bc_guest_clock_ms(&b->clock, bc_clock_ns() - b->start_ns);
}

/* The session's wishes */

static void on_send(void *ctx, const char *data, size_t len)
{
	struct bc_boot_run *b = ctx;
	if (!b->vm)
		return;
	bc_record_input(b->record, bc_clock_ns() - b->start_ns, data, len);
	bc_vm_type(b->vm, data, len);
}

static void on_power(void *ctx, enum bc_power action)
{
	struct bc_boot_run *b = ctx;
	if (b->vm && action == BC_POWER_RESET)
		bc_vm_reset(b->vm);
	else if (b->vm)
		bc_vm_stop(b->vm);
}

static void on_serve(void *ctx, const char *stop)
{
	struct bc_boot_run *b = ctx;
	if (b->services)
		(void)bc_services_stop(b->services, stop);
}

static void progress(struct bc_boot_run *b, enum bc_progress_kind kind, const char *text)
{
	bc_watcher_tell(b->o.watcher,
		&(struct bc_progress){.kind = kind,
			.id = b->c->id,
			.text = text,
			.number = b->o.number,
			.elapsed_ms = now_ms(b)});
}

/* The newest line, for whoever watches; ten a second are enough for an eye. */
static void show_line(struct bc_boot_run *b, const struct bc_session_event *e)
{
	uint64_t now = bc_clock_ns();
	if (!b->o.watcher->fn || !e->len || now - b->last_line_ns < 100000000u)
		return;
	b->last_line_ns = now;
	BC_AUTO(bc_buf) text = {.max = 1024};
	bc_escape_text(&text, e->text, e->len > 200 ? 200 : e->len, false);
	progress(b, BC_PROGRESS_LINE, text.data);
}

static void on_event(void *ctx, const struct bc_session_event *e)
{
	struct bc_boot_run *b = ctx;
	if (e->kind == BC_SESSION_LINE) {
		show_line(b, e);
		return;
	}
	if (e->kind == BC_SESSION_PHASE) {
		progress(b, BC_PROGRESS_PHASE, e->text);
		bc_examiner_begins(b->examiner, BC_SINCE_PHASE);
	} else if (e->kind == BC_SESSION_STEP && strcmp(e->state, "start") == 0) {
		progress(b, BC_PROGRESS_STEP, e->text);
		bc_examiner_begins(b->examiner, BC_SINCE_STEP);
	}
	bc_transcript_event(&b->transcript, e);
}

/* What the machine does */

static void settle(struct bc_boot_run *b)
{
	if (bc_session_is_done(b->session)) {
		bc_timer_stop(b->timer);
		if (bc_vm_is_stopping(b->vm) || !bc_examiner_last_look(b->examiner))
			bc_vm_stop(b->vm);
		return;
	}
	uint64_t deadline = bc_session_deadline(b->session), now = now_ms(b);
	if (deadline == UINT64_MAX)
		bc_timer_stop(b->timer);
	else
		bc_timer_start(b->timer, deadline > now ? deadline - now : 0);
}

static void on_examined(void *ctx)
{
	settle(ctx);
}

static void on_deadline(void *ctx)
{
	struct bc_boot_run *b = ctx;
	bc_session_tick(b->session, now_ms(b), BC_ACTIVITY_UNKNOWN);
	settle(b);
}

static void on_serial(void *ctx, int uart, const char *data, size_t len)
{
	struct bc_boot_run *b = ctx;
	uint64_t ns = bc_clock_ns() - b->start_ns;
	bc_examiner_heard(b->examiner, uart == b->c->machine.kernel, data, len);
	if (uart == b->c->machine.kernel && uart != b->c->machine.console) {
		bc_session_kernel_bytes(b->session, now_ms(b), data, len);
		bc_record_uart(b->record, uart, data, len);
		settle(b);
		return;
	}
	if (uart != b->c->machine.console) {
		b->other_bytes += len;
		if (b->other_bytes <= MAX_SIDE_BYTES)
			bc_record_uart(b->record, uart, data, len);
		bc_session_other_bytes(b->session, now_ms(b));
		return;
	}
	/* The verdict first, the recording after it. */
	bc_session_bytes(b->session, now_ms(b), data, len);
	bc_record_output(b->record, ns, data, len);
	settle(b);
}

static void on_qmp(void *ctx, const char *name, const struct bc_json *data)
{
	struct bc_boot_run *b = ctx;
	if (b->qmp_events++ < MAX_QMP_EVENTS) {
		struct bc_json *line = bc_journal_line("qmp", b->c->id, b->o.number);
		bc_json_set_string(line, "event", name);
		bc_json_set_string(line, "reason", bc_json_get_string(data, "reason", NULL));
		bc_journal_write(b->o.journal, line);
	}
	const char *reason = bc_json_get_string(data, "reason", "");
	bool is_reset = strcmp(name, "RESET") == 0;
	/* A reset that we asked for is part of the dialog. */
	if (strcmp(reason, "host-qmp-system-reset") == 0)
		return;
	if (strcmp(reason, "host-qmp-quit") == 0 || strcmp(reason, "host-signal") == 0) {
		b->was_killed = true;
		return;
	}
	if (strcmp(name, "SHUTDOWN") != 0 && !is_reset)
		return;
	b->was_off = true;
	bool rebooted = is_reset || strcmp(reason, "guest-reset") == 0;
	/* A paravirtual panic device spoke: no orderly end. */
	bool panicked = strcmp(reason, "guest-panic") == 0;
	bc_session_end(b->session, now_ms(b),
		rebooted	   ? BC_END_RESET
			: panicked ? BC_END_EXIT
				   : BC_END_SHUTDOWN,
		panicked ? "the guest reported a panic" : NULL);
	settle(b);
}

/* The last line of the emulator's stderr that is not its usual chatter. */
static void last_complaint(struct bc_boot_run *b, char *out, size_t size)
{
	char text[4097] = "";
	off_t end = lseek(b->stderr_fd, 0, SEEK_END);
	ssize_t n = end < 0 ? -1 : pread(b->stderr_fd, text, 4096, end > 4096 ? end - 4096 : 0);
	*out = '\0';
	if (n <= 0)
		return;
	text[n] = '\0';
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!*line || strstr(line, "audiodev default parameter is deprecated") ||
			strstr(line, "terminating on signal"))
			continue;
		BC_AUTO(bc_buf) safe = {.max = 400};
		bc_escape_text(&safe, line, strlen(line), false);
		snprintf(out, size, "%s", safe.data);
	}
}

static void judge_exit(struct bc_boot_run *b, const struct bc_exit *status)
{
	const char *name = b->c->machine.qemu ? b->c->machine.qemu : "the emulator";
	char complaint[400];
	struct bc_err err = {0};
	last_complaint(b, complaint, sizeof(complaint));
	if (status->signum)
		(void)bc_fail(&err, BC_E_COMMAND, 0, "%s was killed by signal %d%s%s", name,
			status->signum, *complaint ? ": " : "", complaint);
	else if (status->code != 0)
		(void)bc_fail(&err, BC_E_COMMAND, 0, "%s ended with exit status %d%s%s", name,
			status->code, *complaint ? ": " : "", complaint);
	else if (b->was_killed)
		(void)bc_fail(
			&err, BC_E_COMMAND, 0, "%s was ended by something else on this host", name);
	else
		return;
	(void)bc_err_hint(&err, "run qemu.sh in the case's folder to see it by hand");
	bc_session_error(b->session, now_ms(b), &err);
}

static void add_properties(struct bc_boot_run *b, const struct bc_exit *status)
{
	struct bc_attempt *a = &b->attempt;
	char text[64];
	if (*bc_vm_version(b->vm))
		bc_property_add(&a->properties, "qemu.version", bc_vm_version(b->vm));
	snprintf(text, sizeof(text), "%llu",
		(unsigned long long)(status->user_ms + status->system_ms));
	bc_property_add(&a->properties, "qemu.cpu_ms", text);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)(status->max_rss_bytes >> 10));
	bc_property_add(&a->properties, "qemu.max_rss_kib", text);
	double load[1] = {0};
	if (getloadavg(load, 1) == 1) {
		snprintf(text, sizeof(text), "%.2f", load[0]);
		bc_property_add(&a->properties, "host.load", text);
	}
}

static void on_ended(void *ctx, const struct bc_exit *status)
{
	struct bc_boot_run *b = ctx;
	bc_timer_stop(b->timer);
	bc_timer_stop(b->sample);
	if (!bc_session_is_decided(b->session) && !b->was_off && !bc_vm_is_stopping(b->vm))
		judge_exit(b, status);
	bc_session_end(b->session, now_ms(b), BC_END_EXIT, NULL);
	if (!b->was_cancelled)
		bc_examiner_end(b->examiner, now_ms(b));
	bc_session_result(b->session, now_ms(b), &b->attempt);
	b->attempt.duration_ms = (bc_clock_ns() - b->start_ns) / 1000000u;
	b->attempt.dir = bc_strdup(b->relative);
	add_properties(b, status);
	b->o.done(b->o.ctx, b, &b->attempt);
}

/* The emulator writes its log itself: all that can be done is to end it. */
static void bound_log(struct bc_boot_run *b)
{
	struct bc_err err = {0};
	struct stat st;
	if (fstat(b->stderr_fd, &st) != 0 || (uint64_t)st.st_size <= MAX_SIDE_BYTES)
		return;
	(void)bc_fail(&err, BC_E_LIMIT, 0, "the emulator wrote more than %llu MiB to qemu.log",
		(unsigned long long)(MAX_SIDE_BYTES >> 20));
	bc_session_error(b->session, now_ms(b), &err);
	settle(b);
}

static void on_sample(void *ctx)
{
	struct bc_boot_run *b = ctx;
	if (!b->vm) {
		b->attempt.verdict = BC_ERROR;
		b->attempt.title = bc_strdup(b->failed.message);
		b->attempt.hint = b->failed.hint[0] ? bc_strdup(b->failed.hint) : NULL;
		b->attempt.error_code = bc_strdup(bc_code_name(b->failed.code));
		b->attempt.dir = b->record ? bc_strdup(b->relative) : NULL;
		b->o.done(b->o.ctx, b, &b->attempt);
		return;
	}
	bc_examiner_sample(b->examiner);
	bc_timer_start(b->sample, SAMPLE_MS);
	bound_log(b);
}

/* Start and end */

static bool make_dir(struct bc_boot_run *b, struct bc_err *err)
{
	BC_AUTO_FREE char *name = bc_file_name(b->c->id);
	b->relative = b->o.number > 1 ? bc_asprintf("cases/%s/attempt-%d", name, b->o.number)
				      : bc_asprintf("cases/%s", name);
	b->dir = bc_path_join(b->o.run_dir, b->relative);
	return bc_fs_mkdirs(b->dir, 0777, err);
}

/* The boot by hand: the same machine with the console on the terminal. */
static bool write_script(struct bc_boot_run *b, struct bc_err *err)
{
	BC_AUTO(bc_strs) argv = {0};
	BC_AUTO(bc_buf) text = {0};
	BC_AUTO_FREE char *path = bc_path_join(b->dir, "qemu.sh");
	bc_qemu_argv(b->c, &b->o.job->files, true, NULL, -1, -1, &argv);
	bc_buf_addf(&text,
		"#!/bin/sh\n# %s by hand: the serial console is on this terminal, Ctrl-a x ends "
		"it.\n",
		b->c->id);
	bc_services_by_hand(b->c, &b->o.job->files, &text);
	bc_buf_adds(&text, "exec ");
	bc_escape_argv(&text, bc_strs_argv(&argv));
	bc_buf_adds(&text, " \"$@\"\n");
	if (!bc_fs_write_unsynced(path, text.data, text.len, err))
		return false;
	if (chmod(path, 0755) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot make %s executable", path);
	return true;
}

/* Everything that does not depend on the machine. */
static bool prepare(struct bc_boot_run *b, struct bc_err *err)
{
	bool has_dir = make_dir(b, err);
	struct bc_json *begin = bc_journal_line("case-start", b->c->id, b->o.number);
	bc_json_set_string(begin, "dir", b->relative);
	bc_journal_write(b->o.journal, begin);
	if (!has_dir || !write_script(b, err))
		return false;
	BC_AUTO_FREE char *log = bc_path_join(b->dir, "qemu.log");
	b->stderr_fd = open(log, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
	if (b->stderr_fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot write %s", log);
	b->record = bc_record_new(b->dir, b->c->id, err);
	if (!b->record)
		return false;
	struct bc_session_io io = {on_send, on_power, on_serve, on_event, b};
	b->transcript = (struct bc_transcript){.case_id = b->c->id,
		.number = b->o.number,
		.journal = b->o.journal,
		.attempt = &b->attempt};
	b->session = bc_session_new(b->c, &io, b->o.scale, false, err);
	if (!b->session)
		return false;
	b->examiner = bc_examiner_new(&(struct bc_examiner_options){.loop = b->o.loop,
		.c = b->c,
		.files = &b->o.job->files,
		.dir = b->dir,
		.session = b->session,
		.changed = on_examined,
		.ctx = b});
	return true;
}

static bool start(struct bc_boot_run *b, struct bc_err *err)
{
	struct bc_vm_options options = {.loop = b->o.loop,
		.c = b->c,
		.files = &b->o.job->files,
		.err_fd = b->stderr_fd,
		.ram_fd = bc_examiner_ram_fd(b->examiner),
		.events = {on_serial, on_qmp, on_ended, b}};
	BC_AUTO(bc_strs) argv = {0};
	options.enter = bc_services_enter(b->services, &options.enter_count);
	b->start_ns = bc_clock_ns();
	b->vm = bc_vm_new(&options, &argv, err);
	if (!b->vm)
		return false;
	struct bc_json *line = bc_journal_line("spawn", b->c->id, b->o.number),
		       *list = bc_json_new_array();
	bc_vec_each (arg, &argv)
		bc_json_append(list, bc_json_new_string(*arg));
	bc_json_set(line, "argv", list);
	bc_json_set_int(line, "pid", bc_vm_pid(b->vm));
	bc_journal_write(b->o.journal, line);
	bc_examiner_attach(b->examiner, b->vm, b->start_ns);
	bc_session_start(b->session);
	bc_timer_start(b->sample, SAMPLE_MS);
	settle(b);
	return true;
}

/* The machine could not be started: told from the loop, so that there is one path. */
static void give_up(struct bc_boot_run *b)
{
	bc_timer_start(b->sample, 0);
}

static void on_services_ready(void *ctx)
{
	struct bc_boot_run *b = ctx;
	if (!b->failed.code && !start(b, &b->failed))
		give_up(b);
}

/* What a guest says that has lost its server is no verdict on the guest. */
static void on_services_failed(void *ctx, const struct bc_err *err)
{
	struct bc_boot_run *b = ctx;
	if (b->vm) {
		bc_session_error(b->session, now_ms(b), err);
		settle(b);
	} else if (!b->failed.code) {
		b->failed = *err;
		give_up(b);
	}
}

struct bc_boot_run *bc_boot_run_new(const struct bc_boot_options *options)
{
	struct bc_boot_run *b = bc_calloc(1, sizeof(*b));
	b->o = *options;
	b->c = options->job->c;
	b->stderr_fd = -1;
	b->start_ns = bc_clock_ns();
	b->timer = bc_timer_new(b->o.loop, on_deadline, b);
	b->sample = bc_timer_new(b->o.loop, on_sample, b);
	progress(b, BC_PROGRESS_START, NULL);
	if (!prepare(b, &b->failed)) {
		give_up(b);
	} else if (bc_services_wanted(b->c)) {
		b->services = bc_services_new(&(struct bc_services_options){.loop = b->o.loop,
			.c = b->c,
			.files = &b->o.job->files,
			.dir = b->dir,
			.ready = on_services_ready,
			.failed = on_services_failed,
			.ctx = b});
	} else if (!start(b, &b->failed)) {
		give_up(b);
	}
	return b;
}

void bc_boot_run_cancel(struct bc_boot_run *b)
{
	struct bc_err err = {0};
	b->was_cancelled = true;
	(void)bc_fail(&err, BC_E_CANCELLED, 0, "interrupted before a verdict");
	if (b->vm) {
		bc_session_error(b->session, now_ms(b), &err);
		bc_vm_stop(b->vm);
	} else if (!b->failed.code) {
		b->failed = err;
		give_up(b);
	}
}

const struct bc_job *bc_boot_run_job(const struct bc_boot_run *b)
{
	return b->o.job;
}

void bc_boot_run_free(struct bc_boot_run *b)
{
	if (!b)
		return;
	bc_examiner_free(b->examiner);
	bc_vm_free(b->vm);
	bc_services_free(b->services);
	bc_session_free(b->session);
	bc_record_free(b->record);
	bc_timer_close(b->timer);
	bc_timer_close(b->sample);
	if (b->stderr_fd >= 0)
		close(b->stderr_fd);
	bc_attempt_release(&b->attempt);
	free(b->dir);
	free(b->relative);
	free(b);
}
