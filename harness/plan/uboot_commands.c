/* What U-Boot's commands do. One that is not in the table makes the rest uncertain. */
#include "uboot_dialog.h"

#define MAX_DEPTH 8

static void nothing(struct walk *w, const struct bc_uboot_command *c)
{
	(void)w;
	(void)c;
}

/* Variables */

static void set_variable(struct walk *w, const struct bc_uboot_command *c, size_t first)
{
	while (first < c->len && c->items[first].text[0] == '-' && c->items[first].text[1] == 'f')
		first++;
	if (first >= c->len)
		return;
	if (!c->items[first].is_known) {
		walk_forget(w);
		walk_opaque(w, c);
		return;
	}
	BC_AUTO(bc_buf) value = {.max = BC_UBOOT_LINE_MAX};
	bool is_known = c->is_certain;
	bc_buf_adds(&value, "");
	for (size_t i = first + 1; i < c->len; i++) {
		bc_buf_addf(&value, "%s%s", i > first + 1 ? " " : "", c->items[i].text);
		is_known = is_known && c->items[i].is_known;
	}
	walk_set(w, c->items[first].text, !is_known ? NULL : value.data ? value.data : "");
	if (strcmp(c->items[first].text, "loadaddr") == 0)
		w->load_addr_from = WALK_LOAD_VARIABLE;
}

static void setenv_(struct walk *w, const struct bc_uboot_command *c)
{
	set_variable(w, c, 1);
}

static void env(struct walk *w, const struct bc_uboot_command *c)
{
	static const char *const harmless[] = {
		"save", "print", "exists", "info", "export", "flags"};
	const char *what = c->len > 1 ? c->items[1].text : "";
	for (size_t i = 0; i < BC_LEN(harmless); i++)
		if (strcmp(what, harmless[i]) == 0)
			return;
	if (strcmp(what, "set") == 0) {
		set_variable(w, c, 2);
		return;
	}
	/* default, import, delete, run, …: too many ways to say what is set now. */
	walk_forget(w);
	walk_opaque(w, c);
}

static void unknown_variable(struct walk *w, const struct bc_uboot_command *c)
{
	if (c->len > 1 && c->items[1].is_known)
		walk_set(w, c->items[1].text, NULL);
}

/* A text that is not where the case names it: in a variable, in a script. */
static void run_text(struct walk *w, const char *text)
{
	const struct bc_value *scalar = w->scalar;
	w->scalar = NULL;
	w->depth++;
	walk_text(w, text);
	w->depth--;
	w->scalar = scalar;
}

static void run_variable(struct walk *w, const char *name)
{
	const char *value = walk_get(w, name);
	if (!value || w->depth >= MAX_DEPTH) {
		w->m->is_opaque = true;
		return;
	}
	BC_AUTO_FREE char *copy_of = bc_strdup(value);
	run_text(w, copy_of);
}

static void run(struct walk *w, const struct bc_uboot_command *c)
{
	struct bc_loc loc = w->loc;
	for (size_t i = 1; i < c->len; i++) {
		if (!c->items[i].is_known || !c->is_certain) {
			walk_opaque(w, c);
			continue;
		}
		w->loc = walk_place(w, c, i);
		run_variable(w, c->items[i].text);
		w->loc = loc;
	}
}

static void boot_default(struct walk *w, const struct bc_uboot_command *c)
{
	if (c->is_certain)
		run_variable(w, "bootcmd");
}

/* A script is read, and so must be whole. What it does is known once its image is built. */
static void source(struct walk *w, const struct bc_uboot_command *c)
{
	uint64_t address = 0;
	BC_AUTO(bc_buf) text = {.max = (size_t)1 << 20};
	walk_use_one(w, c, 1);
	size_t block = c->is_certain && walk_number(c, 1, &address)
		? walk_block_at(w, walk_in_ram(w, address))
		: BC_MEM_NONE;
	if (block != BC_MEM_NONE && w->depth < MAX_DEPTH && walk_script(w, block, &text)) {
		struct bc_loc loc = w->loc;
		w->loc = walk_place(w, c, 1);
		run_text(w, text.data ? text.data : "");
		w->loc = loc;
		return;
	}
	walk_opaque(w, c);
	walk_forget(w);
}

static void go(struct walk *w, const struct bc_uboot_command *c)
{
	walk_use_one(w, c, 1);
	w->has_booted = w->has_booted || c->is_certain;
}

static void reset(struct walk *w, const struct bc_uboot_command *c)
{
	(void)c;
	/* A new start with other variables; what was loaded is of no use any more. */
	walk_forget(w);
	w->m->is_opaque = true;
}

/* Boots */

/* The block at the address of word i, cut at what follows a ':' or '#'. A '-' and nothing are no block. */
static size_t block_of(struct walk *w, const struct bc_uboot_command *c, size_t i, const char *what,
	bool *is_given)
{
	uint64_t address = 0;
	*is_given = i < c->len && strcmp(c->items[i].text, "-") != 0;
	if (!*is_given)
		return BC_MEM_NONE;
	BC_AUTO_FREE char *text = bc_strndup(c->items[i].text, strcspn(c->items[i].text, ":#"));
	bool has_address = (c->items[i].is_known || strpbrk(c->items[i].text, ":#")) &&
		walk_hex(text, &address);
	if (!has_address)
		return BC_MEM_NONE;
	address = walk_in_ram(w, address);
	size_t block = walk_block_at(w, address);
	const struct bc_mem_range *flash = &w->m->flash;
	bool is_flash = address >= flash->start && address - flash->start < flash->size;
	bool is_machines = w->m->dtb_at && address == w->m->dtb_at && *what == 'd';
	if (block != BC_MEM_NONE || is_flash || is_machines || !w->m->map.ram.size ||
		w->m->is_opaque)
		return block;
	bc_vec_each (b, &w->m->map.blocks)
		if (address >= b->at.start && (!b->at.size || address - b->at.start < b->at.size) &&
			b->at.size)
			return BC_MEM_NONE;
	struct bc_memory_lost lost = {walk_place(w, c, i), what, walk_typed(c), address};
	if (w->m->lost.len < BC_MEMMAP_MAX)
		bc_vec_push(&w->m->lost, lost);
	else
		free(lost.command);
	return BC_MEM_NONE;
}

/* fdt_high and initrd_high of all ones: the loader leaves it where it is. */
static bool stays(struct walk *w, const char *variable)
{
	const char *value = walk_get(w, variable);
	uint64_t n = 0;
	bool is_64 = strcmp(w->m->c->machine.arch, "aarch64") == 0;
	return value && walk_hex(value, &n) && n == (is_64 ? UINT64_MAX : UINT32_MAX);
}

static bool variable(struct walk *w, const char *name, uint64_t *n)
{
	const char *value = walk_get(w, name);
	return value && walk_hex(value, n);
}

/* How high the ramdisk or the device tree goes: `variable` says it, or bootm_mapsize and bootm_size do. */
static struct bc_mem_limit limit(
	struct walk *w, const char *name, uint64_t start, uint64_t mapped, const char *mapped_by)
{
	const struct bc_mem_range *ram = &w->m->map.ram;
	struct bc_mem_limit l = {0};
	uint64_t n = 0;
	bool has_own = variable(w, name, &n);
	/* 0: anywhere. */
	if (has_own)
		l = (struct bc_mem_limit){n, name};
	else if (mapped_by)
		l = (struct bc_mem_limit){
			start > UINT64_MAX - mapped ? UINT64_MAX : start + mapped, mapped_by};
	return l.below && l.below < ram->start + ram->size ? l : (struct bc_mem_limit){0};
}

static void set_limits(struct walk *w, struct bc_mem_boot *b)
{
	const struct bc_mem_range *ram = &w->m->map.ram;
	uint64_t low = ram->start, size = 0, mapped = 0;
	bool has_low = variable(w, "bootm_low", &low);
	bool has_size = variable(w, "bootm_size", &size);
	bool has_mapsize = variable(w, "bootm_mapsize", &mapped);
	const char *by = has_mapsize ? "bootm_mapsize" : has_size ? "bootm_size" : NULL;
	if (!has_mapsize)
		mapped = size;
	if (has_size || (has_low && low - ram->start < ram->size))
		b->window = (struct bc_mem_range){
			low, has_size ? size : ram->size - (low - ram->start)};
	b->ramdisk_stays = stays(w, "initrd_high");
	b->dtb_stays = stays(w, "fdt_high");
	/* The one counts from bootm_low, the other from the start of RAM. */
	b->ramdisk_limit = limit(w, "initrd_high", low, mapped, by);
	b->dtb_limit = limit(w, "fdt_high", ram->start, mapped, by);
}

static uint64_t bootm_bytes(const struct walk *w)
{
	const struct bc_case *c = w->m->c;
	for (size_t i = 0; i < c->artifacts.len; i++) {
		const struct bc_artifact *a = &c->artifacts.items[i];
		if (strcmp(a->kind, "uboot") != 0)
			continue;
		const struct bc_value *map = bc_value_get(a->params, "uboot");
		const char *text =
			bc_value_text(bc_value_get(map, "config"), "SYS_BOOTM_LEN", NULL);
		uint64_t n = 0;
		if (text && walk_hex(strncmp(text, "0x", 2) == 0 ? text + 2 : "", &n))
			return n;
		/* The default of 32-bit ARM; a fragment or a board may say otherwise. */
		bool is_plain = !text && !bc_value_get(map, "fragments") &&
			strncmp(bc_value_text(map, "defconfig", ""), "vexpress_", 9) == 0;
		return is_plain ? (uint64_t)8 << 20 : 0;
	}
	return 0;
}

/* One address for two things: what was loaded there first was meant to be the kernel. All parts of a FIT have one. */
static void part_kernel(const struct walk *w, struct bc_mem_boot *b)
{
	const struct bc_memmap *map = &w->m->map;
	if (b->kernel == BC_MEM_NONE || (b->kernel != b->dtb && b->kernel != b->ramdisk) ||
		map->blocks.items[b->kernel].format == BC_MEM_FIT)
		return;
	size_t first = walk_block_before(w, map->blocks.items[b->kernel].at.start, b->kernel);
	if (first != BC_MEM_NONE)
		b->kernel = first;
}

/* The block without an address: what was loaded last, or what lies at `loadaddr`. */
static size_t last_loaded(struct walk *w)
{
	uint64_t n = w->load_addr;
	bool is_known = w->load_addr_from == WALK_LOAD_KNOWN ||
		(w->load_addr_from == WALK_LOAD_VARIABLE && variable(w, "loadaddr", &n));
	return is_known ? walk_block_at(w, walk_in_ram(w, n)) : BC_MEM_NONE;
}

static void boot(struct walk *w, const struct bc_uboot_command *c)
{
	static const char *const parts[] = {
		"start", "loados", "ramdisk", "fdt", "bdt", "cmdline", "prep", "fake", "go"};
	bool has_kernel, has_other;
	struct bc_mem_boot b = {.command = c->items[0].text[4] == 'm' ? BC_MEM_BOOTM
			: c->items[0].text[4] == 'z'		      ? BC_MEM_BOOTZ
								      : BC_MEM_BOOTI};
	for (size_t i = 0; c->len > 1 && i < BC_LEN(parts); i++)
		if (strcmp(c->items[1].text, parts[i]) == 0) {
			walk_opaque(w, c);
			return;
		}
	if (!c->is_certain) {
		walk_opaque(w, c);
		return;
	}
	b.kernel = block_of(w, c, 1, "kernel", &has_kernel);
	if (!has_kernel)
		b.kernel = last_loaded(w);
	b.ramdisk = block_of(w, c, 2, "ramdisk", &has_other);
	b.dtb = block_of(w, c, 3, "device tree", &has_other);
	part_kernel(w, &b);
	if (b.kernel != BC_MEM_NONE && w->m->map.blocks.items[b.kernel].format == BC_MEM_FIT) {
		const char *inside = has_kernel ? strpbrk(c->items[1].text, "#:") : NULL;
		walk_choose(w, b.kernel, inside, !has_kernel || c->items[1].is_known);
	}
	set_limits(w, &b);
	b.bootm_bytes = bootm_bytes(w);
	walk_use(w, c, b);
	w->has_booted = true;
}

struct verb {
	const char *name;
	size_t least; /* letters of it that are enough */
	void (*fn)(struct walk *w, const struct bc_uboot_command *c);
};

static const struct verb verbs[] = {
	{"tftpboot", 4, walk_load_net},
	{"dhcp", 3, walk_load_net},
	{"bootp", 5, walk_load_net},
	{"rarpboot", 3, walk_load_net},
	{"nfs", 3, walk_load_net},
	{"load", 4, walk_load_disk},
	{"ext2load", 5, walk_load_disk},
	{"ext4load", 5, walk_load_disk},
	{"fatload", 4, walk_load_disk},
	{"sqfsload", 5, walk_load_disk},
	{"loadb", 5, walk_load_serial},
	{"loads", 5, walk_load_serial},
	{"loadx", 5, walk_load_serial},
	{"loady", 5, walk_load_serial},
	{"mmc", 3, walk_read_blocks},
	{"virtio", 4, walk_read_blocks},
	{"usb", 3, walk_read_blocks},
	{"scsi", 3, walk_read_blocks},
	{"nvme", 4, walk_read_blocks},
	{"sf", 2, walk_read_blocks},
	{"nand", 3, walk_read_blocks},
	{"cp", 2, walk_copy},
	{"mw", 2, walk_fill},
	{"setenv", 3, setenv_},
	{"env", 3, env},
	{"setexpr", 5, unknown_variable},
	{"askenv", 3, unknown_variable},
	{"editenv", 4, unknown_variable},
	{"for", 3, unknown_variable},
	{"run", 3, run},
	{"bootd", 5, boot_default},
	{"boot", 4, boot_default},
	{"source", 3, source},
	{"go", 2, go},
	{"bootefi", 5, go},
	{"bootelf", 6, go},
	{"reset", 3, reset},
	{"bootm", 5, boot},
	{"bootz", 5, boot},
	{"booti", 5, boot},
	/* These only look, or change nothing in RAM that matters. */
	{"echo", 4, nothing},
	{"printenv", 3, nothing},
	{"saveenv", 4, nothing},
	{"help", 1, nothing},
	{"?", 1, nothing},
	{"version", 3, nothing},
	{"bdinfo", 2, nothing},
	{"sleep", 2, nothing},
	{"md", 2, nothing},
	{"cmp", 3, nothing},
	{"crc32", 3, nothing},
	{"base", 2, nothing},
	{"iminfo", 3, nothing},
	{"imls", 3, nothing},
	{"ping", 2, nothing},
	{"mii", 3, nothing},
	{"ls", 2, nothing},
	{"ext2ls", 5, nothing},
	{"ext4ls", 5, nothing},
	{"fatls", 4, nothing},
	{"fatinfo", 4, nothing},
	{"size", 4, nothing},
	{"fstype", 3, nothing},
	{"part", 4, nothing},
	{"pci", 3, nothing},
	{"net", 3, nothing},
	{"dm", 2, nothing},
	{"flinfo", 3, nothing},
	{"protect", 3, nothing},
	{"erase", 3, nothing},
	{"coninfo", 3, nothing},
	{"test", 4, nothing},
	{"itest", 3, nothing},
	{"true", 4, nothing},
	{"false", 3, nothing},
	{"exit", 4, nothing},
	{"fdt", 3, walk_fdt},
	{"date", 2, nothing},
	{"poweroff", 3, nothing},
};

/* Whole names first: `load` is also the beginning of loadb. */
static const struct verb *find_verb(const char *word)
{
	size_t n = strcspn(word, ".");
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < BC_LEN(verbs); i++) {
			const struct verb *v = &verbs[i];
			bool fits = pass ? n >= v->least && strncmp(v->name, word, n) == 0
					 : strlen(v->name) == n && strncmp(v->name, word, n) == 0;
			if (fits)
				return v;
		}
	return NULL;
}

void walk_command(struct walk *w, const struct bc_uboot_command *c)
{
	const struct verb *verb = c->items[0].is_known ? find_verb(c->items[0].text) : NULL;
	const char *equals = strchr(c->items[0].text, '=');
	if (verb)
		verb->fn(w, c);
	else if (c->items[0].is_known && equals && c->len == 1) {
		/* A variable of the shell alone. */
		BC_AUTO_FREE char *name =
			bc_strndup(c->items[0].text, (size_t)(equals - c->items[0].text));
		walk_set(w, name, c->is_certain ? equals + 1 : NULL);
	} else {
		walk_opaque(w, c);
	}
}
