/* The parts of the fake QEMU; fake_qemu.c describes the whole. One guest per process, so its state is
 * global. */
#ifndef FAKE_H
#define FAKE_H

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/json.h>

#define FAKE_MAX_PORTS 8
#define FAKE_MAX_BYTES (1 << 20) /* of a script, of input that nobody took */
#define FAKE_FOREVER   UINT64_MAX

struct fake_port {
	char id[64];
	int in, out;	     /* -1 = closed */
	struct bc_buf input; /* typed and not yet taken */
};

extern struct fake {
	struct fake_port chardevs[FAKE_MAX_PORTS];
	size_t chardev_count;
	struct fake_port *serial[FAKE_MAX_PORTS]; /* NULL = null */
	size_t serial_count;
	struct fake_port *control; /* QMP, NULL = none */
	size_t current;		   /* serial port of the script */
	size_t split;		   /* write in pieces of so many bytes, 0 = whole */
	uint64_t split_ms;	   /* between the pieces */
	uint64_t last_write_ns;	   /* when the newest serial byte was handed over */
	bool echo, is_mute, is_stubborn, is_paused;
	struct bc_strs hmp;	/* pairs: glob, output */
	struct bc_strs replies; /* triples: glob, output, exit status */
} fake;

/* Prints both and ends the process. */
_Noreturn void fake_die(const char *what, const char *which);

/* port.c */
void fake_add_chardev(const char *spec);
struct fake_port *fake_chardev(const char *id);
/* The script's serial port; NULL when it goes nowhere. */
struct fake_port *fake_current(void);
/* Writes all, serving the other ports when the reader stalls. */
void fake_write(struct fake_port *port, const char *data, size_t len);
/* Serves QMP and the serial inputs: until the clock (ms) says so, or with FAKE_FOREVER once
 * something was read; or, when writable is not -1, until it can be written. */
void fake_serve(uint64_t until_ms, int writable);

/* qmp.c */
void fake_qmp_greet(void);
void fake_qmp_input(const char *data, size_t len);
/* data is JSON, or "" for none. */
void fake_qmp_event(const char *name, const char *data);

/* shell.c: enough of sh for a command framed by echo or printf. Prints on the current port. */
void fake_shell_run(const char *line, int depth);
/* Value of a shell variable, or fallback. */
const char *fake_shell_get(const char *name, const char *fallback);
void fake_shell_set(const char *name, const char *value);

/* script.c */
void fake_script_load(const char *path);
void fake_script_play(void);

#endif
