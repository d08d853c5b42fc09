/* The script: one command a line, described in fake_qemu.c. */
#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <unistd.h>

#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>

#include "fake.h"

static struct bc_strs lines;
static char *folder; /* of the script */

/* Takes a quoted text off *at and appends it to out. */
static void take_quoted(const char **at, struct bc_buf *out)
{
	const char *p = *at + strspn(*at, " \t");
	if (*p != '"')
		fake_die("a quoted text is missing", *at);
	for (p++; *p && *p != '"'; p++) {
		static const char names[] = "rntbe0\"\\", values[] = "\r\n\t\b\033\0\"\\";
		const char *known = *p == '\\' && p[1] ? strchr(names, p[1]) : NULL;
		unsigned byte;
		if (*p == '\\' && p[1] == 'x' && sscanf(p + 2, "%2x", &byte) == 1) {
			bc_buf_addc(out, (char)byte);
			p += 3;
		} else if (known) {
			bc_buf_addc(out, values[known - names]);
			p++;
		} else {
			bc_buf_addc(out, *p);
		}
	}
	*at = *p ? p + 1 : p;
	*at += strspn(*at, " \t");
}

static char *quoted(const char **at)
{
	BC_AUTO(bc_buf) out = {.max = FAKE_MAX_BYTES};
	take_quoted(at, &out);
	return bc_buf_take(&out);
}

static uint64_t duration(const char *text)
{
	uint64_t ms;
	if (!bc_duration_parse(text, &ms))
		fake_die("not a duration", text);
	return ms;
}

static void do_write(const char *args)
{
	BC_AUTO(bc_buf) text = {.max = FAKE_MAX_BYTES};
	take_quoted(&args, &text);
	fake_write(fake_current(), text.data, text.len);
}

static void do_stderr(const char *args)
{
	BC_AUTO_FREE char *text = quoted(&args);
	fputs(text, stderr);
}

static void do_file(const char *args)
{
	BC_AUTO_FREE char *path = bc_path_join(folder, args);
	BC_AUTO(bc_buf) data = {0};
	struct bc_err err;
	if (!bc_fs_read(path, BC_BUF_DEFAULT_MAX, &data, &err))
		fake_die("file", err.message);
	fake_write(fake_current(), data.data, data.len);
}

static void do_flood(const char *args)
{
	char *rest;
	unsigned long long left = strtoull(args, &rest, 10);
	const char *at = rest + strspn(rest, " \t");
	BC_AUTO_FREE char *line =
		*at ? quoted(&at) : bc_strdup("the quick brown fox jumps over the lazy dog\r\n");
	BC_AUTO(bc_buf) block = {0};
	while (*line && block.len < 65536)
		bc_buf_adds(&block, line);
	while (left && block.len) {
		size_t n = left < block.len ? (size_t)left : block.len;
		fake_write(fake_current(), block.data, n);
		left -= n;
	}
}

static void do_uart(const char *args)
{
	fake.current = (size_t)strtoul(args, NULL, 10);
}

static void do_split(const char *args)
{
	char *rest;
	fake.split = (size_t)strtoul(args, &rest, 10);
	rest += strspn(rest, " \t");
	fake.split_ms = *rest ? duration(rest) : 0;
}

static void do_delay(const char *args)
{
	fake_serve(bc_clock_ms() + duration(args), -1);
}

static void do_stamp(const char *args)
{
	BC_AUTO_FREE char *path = bc_path_join(folder, args);
	FILE *f = fopen(path, "ae");
	if (!f)
		fake_die(strerror(errno), path);
	fprintf(f, "%llu\n", (unsigned long long)fake.last_write_ns);
	fclose(f);
}

static void do_close(const char *args)
{
	struct fake_port *p = fake_current();
	(void)args;
	if (!p)
		return;
	close(p->out);
	if (p->in != p->out)
		close(p->in);
	p->in = p->out = -1;
}

static void do_expect(const char *args)
{
	BC_AUTO_FREE char *text = quoted(&args);
	struct fake_port *p = fake_current();
	for (;;) {
		const char *found = p && p->input.len ? strstr(p->input.data, text) : NULL;
		if (found) {
			bc_buf_drop(&p->input, (size_t)(found - p->input.data) + strlen(text));
			return;
		}
		fake_serve(FAKE_FOREVER, -1);
	}
}

static void do_echo(const char *args)
{
	fake.echo = strcmp(args, "on") == 0;
}

static void do_reply(const char *args)
{
	bc_vec_push(&fake.replies, quoted(&args));
	bc_vec_push(&fake.replies, quoted(&args));
	bc_strs_add(&fake.replies, *args ? args : "0");
}

static void do_hmp(const char *args)
{
	bc_vec_push(&fake.hmp, quoted(&args));
	bc_vec_push(&fake.hmp, quoted(&args));
}

/* Waits for a whole typed line and takes it, without its end. */
static char *typed_line(void)
{
	struct fake_port *p = fake_current();
	if (!p)
		fake_die("no serial port for", "shell");
	for (;;) {
		size_t n = p->input.len ? strcspn(p->input.data, "\r\n") : 0;
		if (n < p->input.len) {
			char *line = bc_strndup(p->input.data, n);
			bc_buf_drop(&p->input, n + 1);
			return line;
		}
		fake_serve(FAKE_FOREVER, -1);
	}
}

static void do_shell(const char *args)
{
	BC_AUTO_FREE char *prompt = quoted(&args);
	BC_AUTO_FREE char *until = *args ? quoted(&args) : NULL;
	fake.echo = true;
	fake_shell_set("PS1", prompt);
	for (;;) {
		const char *ps1 = fake_shell_get("PS1", "");
		fake_write(fake_current(), ps1, strlen(ps1));
		BC_AUTO_FREE char *line = typed_line();
		if (until && fnmatch(until, line, 0) == 0)
			return;
		fake_shell_run(line, 0);
	}
}

static void do_event(const char *args)
{
	size_t n = strcspn(args, " \t");
	BC_AUTO_FREE char *name = bc_strndup(args, n);
	fake_qmp_event(name, args + n + strspn(args + n, " \t"));
}

static void do_mute(const char *args)
{
	(void)args;
	fake.is_mute = true;
}

static void do_ignore_term(const char *args)
{
	(void)args;
	fake.is_stubborn = true;
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
}

static void do_hang(const char *args)
{
	(void)args;
	for (;;)
		fake_serve(FAKE_FOREVER, -1);
}

static void do_crash(const char *args)
{
	(void)args;
	signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would turn it into an exit */
	raise(SIGSEGV);
}

static void do_exit(const char *args)
{
	exit((int)strtol(args, NULL, 10));
}

static const struct {
	const char *verb;
	void (*run)(const char *args);
} commands[] = {
	{"write", do_write},
	{"stderr", do_stderr},
	{"file", do_file},
	{"flood", do_flood},
	{"uart", do_uart},
	{"split", do_split},
	{"delay", do_delay},
	{"stamp", do_stamp},
	{"close", do_close},
	{"expect", do_expect},
	{"echo", do_echo},
	{"reply", do_reply},
	{"hmp", do_hmp},
	{"shell", do_shell},
	{"event", do_event},
	{"mute-qmp", do_mute},
	{"ignore-term", do_ignore_term},
	{"hang", do_hang},
	{"crash", do_crash},
	{"exit", do_exit},
};

void fake_script_load(const char *path)
{
	BC_AUTO(bc_buf) text = {.max = FAKE_MAX_BYTES};
	struct bc_err err;
	if (!bc_fs_read(path, FAKE_MAX_BYTES, &text, &err))
		fake_die("script", err.message);
	folder = bc_path_dir(path);
	for (char *p = text.data; p && *p;) {
		size_t n = strcspn(p, "\n");
		bc_vec_push(&lines, bc_strndup(p, n));
		p += n + (p[n] == '\n');
	}
}

static void run_line(const char *verb, const char *args)
{
	for (size_t i = 0; i < BC_LEN(commands); i++) {
		if (strcmp(commands[i].verb, verb) == 0) {
			commands[i].run(args);
			return;
		}
	}
	fake_die("unknown command", verb);
}

void fake_script_play(void)
{
	unsigned long rounds = 0;
	for (size_t at = 0; at < lines.len; at++) {
		const char *line = lines.items[at] + strspn(lines.items[at], " \t");
		size_t n = strcspn(line, " \t");
		BC_AUTO_FREE char *verb = bc_strndup(line, n);
		const char *args = line + n + strspn(line + n, " \t");
		if (!*verb || *verb == '#')
			continue;
		if (strcmp(verb, "again") != 0)
			run_line(verb, args);
		else if (++rounds < strtoul(args, NULL, 10))
			at = SIZE_MAX; /* the loop's step makes it 0 */
	}
}
