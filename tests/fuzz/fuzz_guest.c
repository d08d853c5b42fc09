/* Any bytes as a guest's memory: its log, its symbols, its VMCOREINFO, and as a System.map. The first byte is the
 * format; an input that begins with a ring in the corpus keeps the fuzzer near what is accepted. */
#include <string.h>

#include <bootcheck/guest/kallsyms.h>
#include <bootcheck/guest/log.h>
#include <bootcheck/guest/loglevel.h>
#include <bootcheck/guest/sysmap.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_log(const struct bc_guest_ram *ram, const char *arch)
{
	struct bc_guest_log *log = bc_guest_log_new(ram, arch);
	struct bc_guest_record record;
	BC_AUTO(bc_buf) out = {.max = (size_t)1 << 20};
	if (bc_guest_log_find(log)) {
		uint64_t next = 0;
		for (int turns = 0; turns < 2; turns++) {
			while (bc_guest_log_next(log, &record)) {
				if (record.level > 7 || record.len > 65536 || record.seq < next)
					__builtin_trap();
				next = record.seq + 1;
				bc_guest_record_print(&record, &out);
			}
			bc_guest_log_stop(log);
		}
	}
	bc_guest_log_free(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const archs[] = {"arm", "aarch64", "mips", "s390x"};
	if (size < 2)
		return 0;
	const char *arch = archs[*data % 4];
	struct bc_guest_format formats[BC_GUEST_FORMATS];
	struct bc_guest_ram ram;
	struct bc_kallsyms symbols;
	struct bc_sysmap map;
	BC_AUTO_FREE unsigned char *copy = bc_calloc(1, size);
	memcpy(copy, data + 1, --size);
	bc_guest_ram_init(&ram, copy, size);
	read_log(&ram, arch);
	bc_guest_formats(arch, formats);
	if (bc_kallsyms_find(&ram, formats[0], &symbols)) {
		char name[BC_SYMBOL_MAX], type;
		uint64_t value = 0;
		for (uint32_t i = 0; i < symbols.count && i < 1000; i++) {
			if (!bc_kallsyms_symbol(&symbols, i, name, &type, &value))
				continue;
			if (strlen(name) >= BC_SYMBOL_MAX)
				__builtin_trap();
			BC_IGNORE(bc_kallsyms_name(&symbols, value + 1, name, &value));
		}
	}
	if (bc_sysmap_parse(&map, (const char *)copy, size, NULL)) {
		char name[BC_SYMBOL_MAX];
		uint64_t value = 0;
		BC_IGNORE(bc_sysmap_name(&map, 0, map.symbols.items[0].address + 9, name, &value));
		bc_sysmap_release(&map);
	}
	uint64_t level = bc_guest_loglevel_find(&ram, formats[0], size / 2, 0x1000);
	if (level && bc_guest_loglevel_read(&ram, formats[0], level) < 0)
		__builtin_trap();
	bc_guest_ram_release(&ram);
	return 0;
}
