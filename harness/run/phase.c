#include <bootcheck/run/phase.h>

static bool contains(const struct bc_console_line *line, const char *text)
{
	return memmem(line->data, line->len, text, strlen(text)) != NULL;
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
	return contains(line, "Uncompressing Linux") || contains(line, "Decompressing Linux") ||
		contains(line, "Starting kernel ...") || contains(line, "Booting Linux via ");
}

static bool is_kernel(const struct bc_console_line *line)
{
	return line->stream == BC_STREAM_KERNEL || contains(line, "Linux version ") ||
		contains(line, "Booting Linux on physical CPU");
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
