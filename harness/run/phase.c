#include <ctype.h>

#include <bootcheck/run/phase.h>
#include <bootcheck/run/printk.h>

static bool contains(const struct bc_console_line *line, const char *text)
{
	return memmem(line->data, line->len, text, strlen(text)) != NULL;
}

/* True if the line says text: at its start, behind a record's prefix, or behind what firmware left without a newline
 * (`Booting from ROM...`). What stands behind a word or a space is told about, as in `Image Name:   Linux version 6`. */
static bool begins(const struct bc_console_line *line, const char *text)
{
	size_t at = bc_printk_prefix(line->data, line->len, NULL), n = strlen(text);
	const char *found = memmem(line->data + at, line->len - at, text, n);
	if (!found)
		return false;
	char before = found > line->data + at ? found[-1] : '\0';
	return before != ' ' && before != '\'' && before != '"' && !isalnum((unsigned char)before);
}

static bool is_loader(const struct bc_console_line *line)
{
	static const char *const banners[] = {"U-Boot SPL 20", "U-Boot 20", "SeaBIOS (version",
		"SLOF\x1b", "SLOF **", "OpenSBI v", "iPXE ", "barebox 20", "GNU GRUB", "YAMON",
		"BdsDxe:", "NOTICE:  BL"};
	for (size_t i = 0; i < BC_LEN(banners); i++)
		if (contains(line, banners[i]))
			return true;
	return false;
}

static bool is_decompressor(const struct bc_console_line *line)
{
	static const char *const words[] = {"Starting kernel ...", "Uncompressing Linux",
		"Decompressing Linux", "Booting Linux via __start", "EFI stub: Booting Linux",
		"## Starting EFI application at ", "Booting /efi"};
	for (size_t i = 0; i < BC_LEN(words); i++)
		if (begins(line, words[i]))
			return true;
	return false;
}

static bool is_banner(const struct bc_console_line *line)
{
	return begins(line, "Linux version ") || begins(line, "Booting Linux on physical CPU");
}

static bool is_kernel(const struct bc_console_line *line)
{
	return line->stream == BC_STREAM_KERNEL || is_banner(line);
}

bool bc_phase_is_jump(const struct bc_console_line *line)
{
	return is_decompressor(line) || is_banner(line);
}

bool bc_phase_is_start(const struct bc_console_line *line)
{
	return is_loader(line) || bc_phase_is_jump(line);
}

bool bc_phase_is_uboot(const struct bc_console_line *line)
{
	return begins(line, "U-Boot SPL 20") || begins(line, "U-Boot 20");
}

/* True if the kernel says text: at the start of a stamped record, anywhere in a line that may follow an
 * open prompt. Every line of a boot comes here, so the usual ones must be told by their first bytes. */
static bool says(const struct bc_console_line *line, const char *text)
{
	if (line->stream == BC_STREAM_USER)
		return false;
	if (line->stream != BC_STREAM_KERNEL)
		return contains(line, text);
	size_t at = bc_printk_prefix(line->data, line->len, NULL), n = strlen(text);
	return line->len - at >= n && memcmp(line->data + at, text, n) == 0;
}

/* "Run /init as init process", whichever program it is. */
static bool is_init(const struct bc_console_line *line)
{
	return says(line, "Run ") && contains(line, " as init process");
}

static bool is_off(const struct bc_console_line *line)
{
	return says(line, "reboot: ") &&
		(contains(line, "reboot: Power down") || contains(line, "reboot: System halted"));
}

enum bc_phase_id bc_phase_after(enum bc_phase_id phase, const struct bc_console_line *line)
{
	if (phase >= BC_PHASE_INIT)
		return is_off(line) ? BC_PHASE_OFF : phase;
	if (phase == BC_PHASE_KERNEL)
		return is_init(line) ? BC_PHASE_INIT : is_off(line) ? BC_PHASE_OFF : phase;
	if (is_kernel(line))
		return BC_PHASE_KERNEL;
	if (phase < BC_PHASE_DECOMPRESSOR && is_decompressor(line))
		return BC_PHASE_DECOMPRESSOR;
	if (phase < BC_PHASE_LOADER && is_loader(line))
		return BC_PHASE_LOADER;
	return phase;
}
