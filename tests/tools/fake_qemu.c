/* A stand-in for qemu-system-* in tests: takes QEMU's arguments, speaks enough QMP, and plays a script
 * on the serial ports. It never outlives its control end, nor FAKE_QEMU_LIFETIME seconds (default 120).
 *
 * Understood: -version, -M/-machine help, -cpu help, -chardev pipe|socket,id=…,path=…|fd=N, -serial
 * chardev:ID|stdio|null, -mon chardev=ID,mode=control, -kernel FILE. Everything else is ignored. The
 * lists of `help` come from the files named by FAKE_QEMU_MACHINES and FAKE_QEMU_CPUS, the version from
 * FAKE_QEMU_VERSION. The script is the -kernel file when that begins with "# fake-qemu", otherwise the
 * file named by FAKE_QEMU_SCRIPT. With FAKE_QEMU_LOG, the arguments are appended there, one line a start.
 *
 * A script has one command a line; `#` begins a comment line. Text is in double quotes with \r \n \t \b
 * \e \0 \xNN \" \\. File names are relative to the script's folder.
 *   write "text"             to the current serial port
 *   file PATH                the raw bytes of a file
 *   flood BYTES ["line"]     that many bytes of the repeated line
 *   uart N                   the serial port for what follows (0)
 *   split N [DELAY]          write in pieces of N bytes with DELAY between them (0: whole)
 *   delay 50ms
 *   stamp FILE               appends CLOCK_MONOTONIC in ns, taken when the last piece was handed over
 *   close                    closes the current serial port
 *   expect "text"            waits until it was typed
 *   echo on|off              as a tty does
 *   reply "glob" "output" N  what a shell command prints, and its exit status
 *   shell "prompt" ["glob"]  a shell (fake_qemu/shell.c) until a typed line fits the glob
 *   event NAME [JSON]        a QMP event
 *   hmp "glob" "output"      the answer to human-monitor-command
 *   stderr "text"
 *   again N                  from the top, N times in all
 *   mute-qmp                 QMP commands are read and not answered
 *   ignore-term              SIGTERM, SIGINT and SIGHUP do nothing, QMP's quit neither
 *   hang                     serves QMP for ever
 *   crash                    SIGSEGV
 *   exit N                   (the end of the script: exit 0) */
#include <signal.h>
#include <unistd.h>

#include <bootcheck/sys/fs.h>

#include "fake_qemu/fake.h"

struct fake fake;

void fake_die(const char *what, const char *which)
{
	fprintf(stderr, "fake_qemu: %s: %s\n", what, which);
	exit(1);
}

static bool is_script(const char *path)
{
	char head[12] = "";
	FILE *f = path ? fopen(path, "re") : NULL;
	size_t n = f ? fread(head, 1, 11, f) : 0;
	if (f)
		fclose(f);
	return n == 11 && memcmp(head, "# fake-qemu", 11) == 0;
}

static void print_list(const char *variable, const char *fallback)
{
	const char *path = getenv(variable);
	BC_AUTO(bc_buf) text = {0};
	struct bc_err err;
	if (path && !bc_fs_read(path, FAKE_MAX_BYTES, &text, &err))
		fake_die("list", err.message);
	fputs(path ? (text.data ? text.data : "") : fallback, stdout);
	exit(0);
}

static void print_help(const char *name, const char *value)
{
	const char *version = getenv("FAKE_QEMU_VERSION");
	if (strcmp(name, "-version") == 0 || strcmp(name, "--version") == 0) {
		printf("QEMU emulator version %s\nCopyright (c) nobody\n",
			version ? version : "7.2.0 (fake)");
		exit(0);
	}
	if (!value || (strcmp(value, "help") != 0 && strcmp(value, "?") != 0))
		return;
	if (strcmp(name, "-M") == 0 || strcmp(name, "-machine") == 0)
		print_list("FAKE_QEMU_MACHINES",
			"Supported machines are:\n"
			"none                 empty machine\n"
			"vexpress-a9          ARM Versatile Express for Cortex-A9\n"
			"virt                 QEMU 7.2 ARM Virtual Machine (alias of virt-7.2)\n"
			"virt-7.2             QEMU 7.2 ARM Virtual Machine\n");
	if (strcmp(name, "-cpu") == 0)
		print_list("FAKE_QEMU_CPUS", "Available CPUs:\n  cortex-a9\n  cortex-a15\n  max\n");
}

static void log_arguments(char **argv)
{
	const char *path = getenv("FAKE_QEMU_LOG");
	FILE *f = path ? fopen(path, "ae") : NULL;
	if (!f)
		return;
	BC_AUTO(bc_buf) text = {0};
	bc_escape_argv(&text, argv);
	fprintf(f, "%s\n", text.data);
	fclose(f);
}

static void add_serial(const char *value)
{
	static struct fake_port terminal = {.in = 0, .out = 1, .input = {.max = FAKE_MAX_BYTES}};
	if (fake.serial_count == FAKE_MAX_PORTS)
		fake_die("too many serial ports", value);
	struct fake_port *p = NULL;
	if (bc_has_prefix(value, "chardev:"))
		p = fake_chardev(value + 8);
	else if (strcmp(value, "stdio") == 0)
		p = &terminal;
	fake.serial[fake.serial_count++] = p;
}

static void add_monitor(const char *value)
{
	const char *id = strstr(value, "chardev=");
	if (!id || !strstr(value, "mode=control"))
		fake_die("not a QMP monitor", value);
	BC_AUTO_FREE char *copy = bc_strndup(id + 8, strcspn(id + 8, ","));
	fake.control = fake_chardev(copy);
}

int main(int argc, char **argv)
{
	const char *kernel = NULL, *lifetime = getenv("FAKE_QEMU_LIFETIME");
	signal(SIGPIPE, SIG_IGN);
	alarm(lifetime ? (unsigned)strtoul(lifetime, NULL, 10) : 120);
	for (int i = 1; i < argc; i++)
		print_help(argv[i], i + 1 < argc ? argv[i + 1] : NULL);
	log_arguments(argv);
	/* -serial may name a chardev that comes later on the command line. */
	for (int i = 1; i + 1 < argc; i++)
		if (strcmp(argv[i], "-chardev") == 0)
			fake_add_chardev(argv[i + 1]);
	for (int i = 1; i + 1 < argc; i++) {
		if (strcmp(argv[i], "-serial") == 0)
			add_serial(argv[i + 1]);
		else if (strcmp(argv[i], "-mon") == 0)
			add_monitor(argv[i + 1]);
		else if (strcmp(argv[i], "-kernel") == 0)
			kernel = argv[i + 1];
	}
	const char *script = is_script(kernel) ? kernel : getenv("FAKE_QEMU_SCRIPT");
	if (!script)
		fake_die("no script", "FAKE_QEMU_SCRIPT is not set");
	fake_script_load(script);
	if (fake.control)
		fake_qmp_greet();
	fake_script_play();
	return 0;
}
