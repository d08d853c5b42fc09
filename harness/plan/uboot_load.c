/* What U-Boot's commands load, copy and use. */
#include <errno.h>

#include <bootcheck/plan/files.h>

#include "uboot_dialog.h"

/* All numbers at U-Boot's prompt are hexadecimal, with or without 0x. */
bool walk_hex(const char *text, uint64_t *out)
{
	char *end = NULL;
	if (!*text || *text == '-' || *text == '+' || *text == ' ')
		return false;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 16);
	if (*end || errno)
		return false;
	*out = n;
	return true;
}

/* Word i as a number; false also when it is not known. */
bool walk_number(const struct bc_uboot_command *c, size_t i, uint64_t *out)
{
	return i < c->len && c->items[i].is_known && walk_hex(c->items[i].text, out);
}

char *walk_typed(const struct bc_uboot_command *c)
{
	BC_AUTO(bc_buf) out = {.max = 256};
	for (size_t i = 0; i < c->len; i++)
		bc_buf_addf(&out, "%s%s%s", i ? " " : "", c->items[i].text,
			c->items[i].is_known ? "" : "(?)");
	return bc_buf_take(&out);
}

/* The place of a word of the command. */
struct bc_loc walk_place(const struct walk *w, const struct bc_uboot_command *c, size_t i)
{
	if (!w->scalar || !w->files || i >= c->len)
		return w->loc;
	struct bc_loc loc = bc_file_inside(w->files, w->scalar, c->items[i].at);
	bool is_inside =
		loc.line != w->scalar->loc.line || loc.col != w->scalar->loc.col || !c->items[i].at;
	if (is_inside && c->items[i].len < 1000)
		loc.span = (int)c->items[i].len;
	return loc;
}

void walk_opaque(struct walk *w, const struct bc_uboot_command *c)
{
	(void)c;
	w->m->is_opaque = true;
}

/* Loads */

static enum bc_mem_format format_of(const struct bc_bootimage *image)
{
	switch (image->kind) {
	case BC_BOOTIMAGE_UIMAGE:
		return BC_MEM_UIMAGE;
	case BC_BOOTIMAGE_FIT:
		return BC_MEM_FIT;
	case BC_BOOTIMAGE_ZIMAGE:
		return BC_MEM_ZIMAGE;
	case BC_BOOTIMAGE_ARM64:
		return BC_MEM_ARM64_IMAGE;
	case BC_BOOTIMAGE_DTB:
		return BC_MEM_DTB;
	case BC_BOOTIMAGE_OTHER:
		break;
	}
	return BC_MEM_UNKNOWN;
}

/* The board's RAM may have a second address. */
uint64_t walk_in_ram(const struct walk *w, uint64_t address)
{
	const struct bc_memmap *map = &w->m->map;
	bool is_vexpress = strncmp(w->m->c->machine.model, "vexpress-a9", 11) == 0;
	return is_vexpress && address < ((uint64_t)64 << 20) ? address + map->ram.start : address;
}

/* What the block holds, as far as a look at the file says. */
static void describe(const struct walk *w, struct bc_mem_block *b, const struct bc_bootimage *image)
{
	b->format = format_of(image);
	b->is_packed = image->is_packed;
	b->unpacks_to = image->text_offset;
	b->unpacked_bytes = image->memory_bytes;
	b->payload = (struct bc_mem_range){0};
	if (image->is_kernel && image->has_load)
		b->payload =
			(struct bc_mem_range){walk_in_ram(w, image->load), image->loaded_bytes};
}

/* Takes the name. */
static void add_block(struct walk *w, const struct bc_uboot_command *c, size_t word,
	const struct bc_mem_block *b, const struct bc_memory_file *file)
{
	if (bc_memmap_add(&w->m->map, b) == BC_MEM_NONE) {
		w->m->is_opaque = true;
		return;
	}
	struct walk_source source = {.file = *file,
		.path = bc_strdup(file->path),
		.interface = bc_strdup(file->interface)};
	source.file.path = source.path;
	source.file.interface = source.interface;
	bc_vec_push(&w->sources, source);
	struct bc_memory_origin origin = {walk_place(w, c, word), w->step, walk_typed(c)};
	bc_vec_push(&w->m->loads, origin);
}

static bool look_at(
	const struct walk *w, const struct bc_memory_file *file, struct bc_bootimage *image)
{
	*image = (struct bc_bootimage){0};
	if (file->path && w->store && w->store->look &&
		w->store->look(w->store->ctx, w->m->c, file, image))
		return true;
	*image = (struct bc_bootimage){0};
	return false;
}

void walk_choose(struct walk *w, size_t block, const char *inside, bool is_known)
{
	struct bc_memory_file file = w->sources.items[block].file;
	struct bc_mem_block *b = &w->m->map.blocks.items[block];
	struct bc_bootimage image = {.kind = BC_BOOTIMAGE_FIT};
	file.inside = inside;
	if (!is_known || look_at(w, &file, &image))
		describe(w, b, &image);
}

bool walk_script(struct walk *w, size_t block, struct bc_buf *text)
{
	const struct bc_memory_file *file = &w->sources.items[block].file;
	return file->path && w->store && w->store->script &&
		w->store->script(w->store->ctx, w->m->c, file, text);
}

static void set_hex(struct walk *w, const char *name, uint64_t n, bool is_known)
{
	char text[20];
	snprintf(text, sizeof(text), "%llx", (unsigned long long)n);
	walk_set(w, name, is_known ? text : NULL);
}

/* False when nobody knows where it goes. *at: where, with its size, 0 = not known. */
static bool load(struct walk *w, const struct bc_uboot_command *c, size_t word, const char *address,
	const struct bc_memory_file *file, uint64_t at_most, struct bc_mem_range *at)
{
	struct bc_bootimage image;
	*at = (struct bc_mem_range){0};
	if (!c->is_certain || !address || !walk_hex(address, &at->start)) {
		w->m->is_opaque = true;
		return false;
	}
	(void)look_at(w, file, &image);
	if (at_most && (!image.size_bytes || at_most < image.size_bytes))
		image.size_bytes = at_most;
	at->size = image.size_bytes;
	struct bc_mem_block b = {
		.name = bc_strdup(file->path && *file->path ? file->path : "what is loaded"),
		.at = {walk_in_ram(w, at->start), image.size_bytes}};
	describe(w, &b, &image);
	add_block(w, c, word, &b, file);
	return true;
}

/* A file: the variables say where it is. bootm without an address takes what came over the network or the serial
 * line. */
static void load_file(struct walk *w, const struct bc_uboot_command *c, size_t word,
	const char *address, const struct bc_memory_file *file, uint64_t at_most)
{
	struct bc_mem_range at;
	bool is_known = load(w, c, word, address, file, at_most, &at);
	set_hex(w, "fileaddr", at.start, is_known);
	set_hex(w, "filesize", at.size, at.size);
	if (file->source == BC_MEMORY_DISK)
		return;
	w->load_addr_from = is_known ? WALK_LOAD_KNOWN : WALK_LOAD_LOST;
	w->load_addr = at.start;
}

/* tftp, dhcp, nfs: [ADDRESS] [[SERVER:]FILE]; one argument alone is either. */
void walk_load_net(struct walk *w, const struct bc_uboot_command *c)
{
	bool is_nfs = c->items[0].text[0] == 'n';
	struct bc_memory_file file = {.source = is_nfs ? BC_MEMORY_NFS : BC_MEMORY_TFTP};
	const char *address = walk_get(w, "loadaddr");
	size_t word = 0;
	uint64_t n;
	bool is_first =
		c->len > 1 && (c->len > 2 || !c->items[1].is_known || walk_number(c, 1, &n));
	if (is_first) {
		address = c->items[1].is_known ? c->items[1].text : NULL;
		word = 1;
	}
	size_t at = is_first ? 2 : 1;
	if (at < c->len && c->items[at].is_known)
		file.path = c->items[at].text;
	else if (at >= c->len)
		file.path = walk_get(w, "bootfile");
	const char *colon = file.path ? strchr(file.path, ':') : NULL;
	if (colon)
		file.path = colon + 1;
	/* dhcp alone only asks for an address when autoload is off. */
	const char *autoload = walk_get(w, "autoload");
	if (c->items[0].text[0] == 'd' && c->len == 1 && autoload && strchr("nN0fF", *autoload))
		return;
	load_file(w, c, word, address, &file, 0);
}

/* load INTERFACE DEVICE[:PART] [ADDRESS [FILE [BYTES [POSITION]]]] */
void walk_load_disk(struct walk *w, const struct bc_uboot_command *c)
{
	struct bc_memory_file file = {.source = BC_MEMORY_DISK};
	uint64_t bytes = 0, device = 0;
	if (c->len < 5 || !c->items[1].is_known || !c->items[2].is_known) {
		walk_opaque(w, c);
		return;
	}
	BC_AUTO_FREE char *number_text =
		bc_strndup(c->items[2].text, strcspn(c->items[2].text, ":.#"));
	file.interface = c->items[1].text;
	uint64_t part = 0;
	const char *colon = strchr(c->items[2].text, ':');
	if (colon && walk_hex(colon + 1, &part) && part < 64)
		file.part = (int)part;
	file.device = walk_hex(number_text, &device) && device < 64 ? (int)device : 0;
	file.path = c->items[4].is_known ? c->items[4].text : NULL;
	if (!walk_number(c, 5, &bytes))
		bytes = 0;
	load_file(w, c, 3, c->items[3].is_known ? c->items[3].text : NULL, &file, bytes);
}

void walk_load_serial(struct walk *w, const struct bc_uboot_command *c)
{
	struct bc_memory_file file = {0};
	const char *address = c->len > 1 ? (c->items[1].is_known ? c->items[1].text : NULL)
					 : walk_get(w, "loadaddr");
	load_file(w, c, c->len > 1, address, &file, 0);
}

static void add_bytes(struct walk *w, const struct bc_uboot_command *c, size_t word, uint64_t bytes)
{
	struct bc_memory_file file = {0};
	struct bc_mem_range at;
	(void)load(w, c, word, c->items[word].is_known ? c->items[word].text : NULL, &file, bytes,
		&at);
}

/* mmc, virtio, usb, scsi, nvme, sf, nand: read ADDRESS BLOCK COUNT, the last two ADDRESS OFFSET BYTES */
void walk_read_blocks(struct walk *w, const struct bc_uboot_command *c)
{
	uint64_t count = 0;
	bool is_flash =
		strcmp(c->items[0].text, "sf") == 0 || strcmp(c->items[0].text, "nand") == 0;
	if (c->len < 3 || strncmp(c->items[1].text, "read", 4) != 0)
		return;
	if (!walk_number(c, 4, &count) || count > ((uint64_t)1 << 32))
		count = 0;
	add_bytes(w, c, 2, is_flash ? count : count * 512);
}

/* The bytes of one unit of cp and mw: by the letter behind the dot. */
static uint64_t unit_of(const char *name)
{
	const char *dot = strchr(name, '.');
	return !dot || dot[1] == 'l' ? 4 : dot[1] == 'b' ? 1 : dot[1] == 'w' ? 2 : 8;
}

/* The newest of the first `count` blocks that starts there. */
size_t walk_block_before(const struct walk *w, uint64_t address, size_t count)
{
	const struct bc_memmap *map = &w->m->map;
	for (size_t i = count; i-- > 0;)
		if (map->blocks.items[i].at.start == address)
			return i;
	return BC_MEM_NONE;
}

size_t walk_block_at(const struct walk *w, uint64_t address)
{
	return walk_block_before(w, address, w->m->map.blocks.len);
}

void walk_use(struct walk *w, const struct bc_uboot_command *c, struct bc_mem_boot boot)
{
	if (w->m->map.boots.len >= BC_MEMMAP_MAX)
		return;
	boot.loaded = w->m->map.blocks.len;
	bc_vec_push(&w->m->map.boots, boot);
	struct bc_memory_origin origin = {walk_place(w, c, 0), w->step, walk_typed(c)};
	bc_vec_push(&w->m->boots, origin);
}

void walk_use_one(struct walk *w, const struct bc_uboot_command *c, size_t word)
{
	uint64_t address;
	if (!c->is_certain || !walk_number(c, word, &address))
		return;
	walk_use(w, c,
		(struct bc_mem_boot){.command = BC_MEM_USE,
			.kernel = walk_block_at(w, walk_in_ram(w, address)),
			.ramdisk = BC_MEM_NONE,
			.dtb = BC_MEM_NONE});
}

/* A block that is a copy of what lies at another address, `bytes` long, 0 = as long as that. */
static void add_copy(struct walk *w, const struct bc_uboot_command *c, size_t from_word,
	uint64_t bytes, const char *how, bool is_written)
{
	uint64_t from = 0, to = 0;
	struct bc_mem_block b = {0};
	struct bc_memory_file file = {0};
	size_t source = walk_number(c, from_word, &from) ? walk_block_at(w, walk_in_ram(w, from))
							 : BC_MEM_NONE;
	const char *name = c->items[from_word].text;
	if (source != BC_MEM_NONE) {
		const struct bc_mem_block *s = &w->m->map.blocks.items[source];
		name = s->name;
		bytes = bytes ? bytes : s->at.size;
		/* A part of an image is none. */
		if (s->at.size && bytes >= s->at.size) {
			b = *s;
			file = w->sources.items[source].file;
		}
	}
	(void)walk_number(c, from_word + 1, &to);
	b.name = bc_asprintf("%s (%s)", name, how);
	b.at = (struct bc_mem_range){walk_in_ram(w, to), bytes};
	b.is_written = is_written;
	add_block(w, c, from_word + 1, &b, &file);
}

/* cp SOURCE TARGET COUNT */
void walk_copy(struct walk *w, const struct bc_uboot_command *c)
{
	uint64_t count = 0, to = 0;
	if (c->len < 4 || !walk_number(c, 2, &to) || !c->is_certain) {
		walk_opaque(w, c);
		return;
	}
	walk_use_one(w, c, 1);
	if (!walk_number(c, 3, &count) || count >= ((uint64_t)1 << 40))
		count = 0;
	add_copy(w, c, 1, count * unit_of(c->items[0].text), "copied", true);
}

/* mw ADDRESS VALUE [COUNT] */
void walk_fill(struct walk *w, const struct bc_uboot_command *c)
{
	uint64_t count = 1, to = 0;
	struct bc_memory_file none = {0};
	if (!walk_number(c, 1, &to) || !c->is_certain) {
		walk_opaque(w, c);
		return;
	}
	struct bc_mem_block b = {.at = {walk_in_ram(w, to), 0}, .is_written = true};
	if (c->len < 4 || walk_number(c, 3, &count))
		b.at.size = count < ((uint64_t)1 << 40) ? count * unit_of(c->items[0].text) : 0;
	b.name = bc_strdup("what mw writes");
	add_block(w, c, 1, &b, &none);
}

/* fdt addr ADDRESS [BYTES], fdt move ADDRESS TARGET [BYTES]; all others change the tree where it is. */
void walk_fdt(struct walk *w, const struct bc_uboot_command *c)
{
	uint64_t to = 0, bytes = 0;
	const char *what = c->len > 2 ? c->items[1].text : "";
	bool is_move = strncmp(what, "mo", 2) == 0 && c->len > 3;
	if (!is_move && (strncmp(what, "ad", 2) != 0 || c->items[2].text[0] == '-'))
		return;
	bool is_known = c->is_certain && walk_number(c, is_move ? 3 : 2, &to);
	set_hex(w, "fdtaddr", to, is_known);
	if (!is_move)
		return;
	if (!is_known) {
		walk_opaque(w, c);
		return;
	}
	walk_use_one(w, c, 2);
	if (!walk_number(c, 4, &bytes))
		bytes = 0;
	add_copy(w, c, 2, bytes, "moved", false);
}
