/* A line typed at readers that lose, delay and eat what is typed, while somebody else writes: what runs is the
 * line, or nothing. The reader calls bc_typist_text(). */
#include <stdlib.h>

#include "../run/typist_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char line[] =
	"setenv bootargs 'root=/dev/mmcblk0 rw' && bootm 0x62000000 - 0x63000000";

/* Capitals and line ends, which cannot be taken for what is typed. */
static void soften(char *noise, size_t len)
{
	for (size_t i = 0; i < len; i++)
		noise[i] = (unsigned char)noise[i] < 160 ? '\0'
			: noise[i] % 5 == 0		 ? '\n'
							 : (char)('A' + (noise[i] & 15));
}

/* True when nothing else than the line ran, and empty ones. */
static bool is_right(const char *ran)
{
	size_t len = strlen(line);
	for (; *ran == '\n'; ran++)
		;
	if (!*ran)
		return true;
	return strncmp(ran, line, len) == 0 && strspn(ran + len, "\n") == strlen(ran + len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char noise[512];
	if (size < 5 || size > sizeof(noise) + 5)
		return 0;
	bool is_raw = data[0] & 0x80;
	struct reader r = {.editor = (enum editor)(data[0] % EDITORS),
		.fault = (enum fault)(data[1] % FAULTS),
		.at = (size_t)data[2] + (data[3] & 1) * 256u,
		.count = data[4] % 64,
		.noise = noise,
		.noise_len = size - 5};
	memcpy(noise, data + 5, size - 5);
	if (!is_raw)
		soften(noise, size - 5);
	struct bc_typist_options o = {.line = line,
		.len = strlen(line),
		.echo = r.editor < SILENT ? BC_ECHO_SHOWN : BC_ECHO_MAYBE,
		.enter_repeats = r.editor == UBOOT};
	reader_start(&r, &o);
	(void)reader_run(&r, 100);
	bool is_sure = !is_raw && r.editor < SILENT && r.fault != DOUBLE;
	if (is_sure && r.ran.data && !is_right(r.ran.data)) {
		fprintf(stderr, "ran: %s\n", r.ran.data);
		abort();
	}
	reader_release(&r);
	return 0;
}
