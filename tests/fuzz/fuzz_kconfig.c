/* Any bytes as a configuration, as a Kconfig file, and as the log of a build. What parses must come out as it went
 * in. */
#include <string.h>

#include <bootcheck/build/kconfig_scan.h>
#include <bootcheck/build/node.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const char *text, size_t size)
{
	BC_AUTO(bc_kconfig) first = {0};
	BC_AUTO(bc_kconfig) second = {0};
	BC_AUTO(bc_buf) printed = {0};
	if (!bc_kconfig_parse(&first, "fuzz", text, size, NULL) || !first.len)
		return;
	bc_kconfig_print(&first, &printed);
	if (!bc_kconfig_parse(&second, "again", printed.data, printed.len, NULL) ||
		first.len != second.len)
		abort();
	for (size_t i = 0; i < first.len; i++)
		if (strcmp(first.items[i].name, second.items[i].name) != 0 ||
			strcmp(first.items[i].value, second.items[i].value) != 0)
			abort();
	if (!bc_kconfig_verify(&first, &second, "the kernel", NULL, NULL, NULL))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	BC_AUTO(bc_kconfig_symbol) symbol = {0};
	BC_AUTO(bc_kconfig) none = {0};
	BC_AUTO(bc_strs) others = {0};
	BC_AUTO(bc_buf) line = {.max = 500};
	round_trip(text, size);
	bc_kconfig_scan_text("fuzz", text, size, "MMC", &none, &symbol, &others);
	if (bc_first_error(text, size, &line) && line.len && memchr(line.data, '\n', line.len))
		abort();
	return 0;
}
