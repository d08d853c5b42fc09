#include <bootcheck/base/text.h>
#include <bootcheck/guest/loglevel.h>
#include <bootcheck/guest/sysmap.h>
#include <bootcheck/run/guest_memory.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/shm.h>

#define MAX_MAP_BYTES ((size_t)64 << 20)

struct bc_guest_memory {
	struct bc_shm shm;
	struct bc_guest_ram ram;
	struct bc_guest_log *log, *live; /* live: NULL until it is followed */
	const char *arch;
	struct bc_sysmap map;
	struct bc_kallsyms kallsyms;
	bool has_log, has_map, has_kallsyms, has_looked;
	uint64_t level_at; /* offset of console_printk; 0 = not known */
	bool has_looked_level;
};

/* Machines of which QEMU 7.2 was seen to take its memory from elsewhere: others ignore the option. A version may
 * follow the name. */
static const char *const machines[] = {"vexpress-a9", "vexpress-a15", "virt", "pc", "q35", "pc-q35",
	"pc-i440fx", "microvm", "isapc", "pseries", "mac99", "g3beige", "malta", "sbsa-ref",
	"versatilepb", "versatileab", "integratorcp", "cubieboard", "orangepi-pc", "raspi2b",
	"raspi3b", "xlnx-zcu102", "xilinx-zynq-a9", "mcimx6ul-evk", "sabrelite", "ast2600-evb"};

static bool is_listed(const char *model)
{
	size_t len = strcspn(model, ",");
	for (size_t i = 0; i < BC_LEN(machines); i++) {
		size_t n = strlen(machines[i]);
		if (len >= n && memcmp(model, machines[i], n) == 0 &&
			(len == n ||
				(model[n] == '-' && model[n + 1] >= '0' && model[n + 1] <= '9')))
			return true;
	}
	return false;
}

bool bc_guest_memory_is_possible(const struct bc_machine *m)
{
	/* A case that arranges the memory itself knows better. */
	static const char *const taken[] = {
		"memory-backend", "-numa", "-mem-path", "-mem-prealloc"};
	if (!m->inspect || !is_listed(m->model) || strstr(m->model, "memory-backend="))
		return false;
	for (size_t i = 0; i < m->options.len; i++)
		for (size_t n = 0; n < BC_LEN(taken); n++)
			if (strstr(m->options.items[i], taken[n]))
				return false;
	return true;
}

static void load_map(struct bc_guest_memory *memory, const char *path)
{
	BC_AUTO(bc_buf) text = {.max = MAX_MAP_BYTES};
	if (!path || !bc_fs_read(path, MAX_MAP_BYTES, &text, NULL))
		return;
	uint64_t prb = 0, banner = 0;
	memory->has_map = bc_sysmap_parse(&memory->map, text.data ? text.data : "", text.len, NULL);
	if (memory->has_map && bc_sysmap_address(&memory->map, "prb", &prb) &&
		bc_sysmap_address(&memory->map, "linux_banner", &banner))
		bc_guest_log_symbols(memory->log, prb, banner);
}

struct bc_guest_memory *bc_guest_memory_new(const struct bc_machine *machine, const char *symbols)
{
	struct bc_guest_memory *memory = bc_calloc(1, sizeof(*memory));
	/* -m counts whole mebibytes. */
	uint64_t size = machine->memory_bytes >> 20 << 20;
	if (!bc_guest_memory_is_possible(machine) ||
		!bc_shm_init(&memory->shm, "bootcheck-guest", size, NULL)) {
		free(memory);
		return NULL;
	}
	memory->arch = machine->arch;
	bc_guest_ram_init(&memory->ram, memory->shm.data, memory->shm.size);
	memory->log = bc_guest_log_new(&memory->ram, machine->arch);
	load_map(memory, symbols);
	return memory;
}

void bc_guest_memory_free(struct bc_guest_memory *memory)
{
	if (!memory)
		return;
	bc_guest_log_free(memory->log);
	bc_guest_log_free(memory->live);
	bc_guest_ram_release(&memory->ram);
	bc_sysmap_release(&memory->map);
	bc_shm_release(&memory->shm);
	free(memory);
}

int bc_guest_memory_fd(const struct bc_guest_memory *memory)
{
	return memory ? memory->shm.fd : -1;
}

bool bc_guest_memory_find_log(struct bc_guest_memory *memory)
{
	if (!memory)
		return false;
	bc_guest_ram_look(&memory->ram, memory->shm.fd);
	memory->has_log = bc_guest_log_find(memory->log);
	return memory->has_log;
}

bool bc_guest_memory_next(struct bc_guest_memory *memory, struct bc_guest_record *record)
{
	return memory && memory->has_log && bc_guest_log_next(memory->log, record);
}

bool bc_guest_memory_find_live(struct bc_guest_memory *memory)
{
	if (!memory)
		return false;
	if (!memory->live)
		memory->live = bc_guest_log_new(&memory->ram, memory->arch);
	bc_guest_ram_look(&memory->ram, memory->shm.fd);
	return bc_guest_log_find(memory->live);
}

bool bc_guest_memory_follow(struct bc_guest_memory *memory, struct bc_guest_record *record)
{
	return memory && memory->live && bc_guest_log_next(memory->live, record);
}

void bc_guest_memory_forget_live(struct bc_guest_memory *memory)
{
	bc_guest_log_free(BC_TAKE(memory->live));
	memory->level_at = 0;
	memory->has_looked_level = false;
}

bool bc_guest_memory_is_ring(const struct bc_guest_memory *memory)
{
	return memory->live && bc_guest_log_facts(memory->live).is_ring;
}

void bc_guest_memory_stop(struct bc_guest_memory *memory)
{
	if (memory)
		bc_guest_log_stop(memory->log);
}

void bc_guest_memory_print_log(struct bc_guest_memory *memory, struct bc_buf *out)
{
	struct bc_guest_record record;
	if (!memory || !memory->has_log)
		return;
	bc_guest_log_rewind(memory->log);
	while (bc_guest_log_next(memory->log, &record))
		bc_guest_record_print(&record, out);
}

static void look_for_kallsyms(struct bc_guest_memory *memory)
{
	struct bc_guest_format formats[BC_GUEST_FORMATS];
	if (memory->has_kallsyms || memory->has_looked)
		return;
	bc_guest_formats(memory->arch, formats);
	if (memory->has_log)
		formats[0] = bc_guest_log_facts(memory->log).format;
	else if (memory->live)
		formats[0] = bc_guest_log_facts(memory->live).format;
	bc_guest_ram_look(&memory->ram, memory->shm.fd);
	memory->has_kallsyms = bc_kallsyms_find(&memory->ram, formats[0], &memory->kallsyms);
	memory->has_looked = true;
}

int bc_guest_memory_console_level(struct bc_guest_memory *memory)
{
	if (!memory->live)
		return -1;
	struct bc_guest_log_facts facts = bc_guest_log_facts(memory->live);
	if (!memory->has_looked_level && facts.is_ring)
		memory->level_at = bc_guest_loglevel_find(&memory->ram, facts.format, facts.at,
			facts.image_delta ? facts.image_delta : facts.delta);
	memory->has_looked_level = true;
	return memory->level_at
		? bc_guest_loglevel_read(&memory->ram, facts.format, memory->level_at)
		: -1;
}

bool bc_guest_memory_function(
	struct bc_guest_memory *memory, uint64_t address, char name[BC_SYMBOL_MAX])
{
	uint64_t offset = 0;
	if (!memory)
		return false;
	look_for_kallsyms(memory);
	if (memory->has_kallsyms && bc_kallsyms_name(&memory->kallsyms, address, name, &offset))
		return true;
	/* Without kallsyms there is no KASLR either: both are a matter of size. */
	return memory->has_map && bc_sysmap_name(&memory->map, 0, address, name, &offset);
}
