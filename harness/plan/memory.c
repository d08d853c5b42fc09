/* What is said about a memory map: findings, and the table of `plan`. */
#include <bootcheck/base/text.h>
#include <bootcheck/plan/lint.h>
#include <bootcheck/plan/memory.h>

#define HEX  "0x%08llx"
#define U(n) ((unsigned long long)(n))

/* 5448256 → 5,448,256 */
static void add_number(struct bc_buf *out, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", U(n));
	for (int i = 0; i < len; i++)
		bc_buf_addf(out, "%s%c", i && (len - i) % 3 == 0 ? "," : "", digits[i]);
}

static void add_range(struct bc_buf *out, struct bc_mem_range r)
{
	if (r.size)
		bc_buf_addf(out, HEX " to " HEX, U(r.start), U(r.start + r.size));
	else
		bc_buf_addf(out, HEX, U(r.start));
}

/* What a block is to the boot commands. */
static const char *role(const struct bc_memory *m, size_t block)
{
	bc_vec_each (b, &m->map.boots) {
		if (b->command == BC_MEM_USE)
			continue;
		if (b->kernel == block)
			return m->map.blocks.items[block].format == BC_MEM_FIT ? "the FIT image "
									       : "the kernel ";
		if (b->ramdisk == block)
			return "the ramdisk ";
		if (b->dtb == block)
			return "the device tree ";
	}
	return "";
}

static void add_block(struct bc_buf *out, const struct bc_memory *m, size_t block)
{
	const char *name = m->map.blocks.items[block].name;
	bc_buf_adds(out, role(m, block));
	bc_escape_text(out, name, strlen(name), false);
}

/* How the loader, or the kernel, takes it that a block was damaged. */
static const char *symptom(const struct bc_memory *m, size_t block, const struct bc_mem_boot *boot)
{
	enum bc_mem_format format = m->map.blocks.items[block].format;
	if (boot->command == BC_MEM_USE)
		return NULL;
	if (boot->dtb == block)
		return "no valid device tree will be found";
	if (format == BC_MEM_UIMAGE)
		return boot->kernel == block ? "bootm will end in `Bad Data CRC`"
					     : "`Ramdisk image is corrupt or invalid` will follow";
	if (format == BC_MEM_FIT)
		return "bootm will refuse it";
	return boot->kernel == block && format != BC_MEM_UNKNOWN
		? "nothing will follow `Starting kernel ...`"
		: NULL;
}

struct say {
	const struct bc_memory *m;
	struct bc_lint lint;
	const struct bc_mem_problem *p;
	struct bc_finding *finding;
};

static void note_load(struct say *s, size_t block)
{
	const struct bc_memory *m = s->m;
	BC_AUTO(bc_buf) text = {.max = 600};
	add_block(&text, m, block);
	bc_lint_note(s->finding, m->loads.items[block].loc, "%s is loaded here", text.data);
}

static void note_boot(struct say *s)
{
	const struct bc_memory_origin *o = &s->m->boots.items[s->p->boot];
	BC_AUTO(bc_buf) command = {.max = 300};
	bc_escape_text(&command, o->command, strlen(o->command), false);
	bc_lint_note(s->finding, o->loc, "`%s` uses it", command.data ? command.data : "");
}

/* " (5,448,256 bytes, 0x60003000 to 0x60535240)" */
static void add_extent(struct bc_buf *out, struct bc_mem_range r)
{
	bc_buf_adds(out, " (");
	if (r.size) {
		add_number(out, r.size);
		bc_buf_adds(out, " bytes, ");
	}
	add_range(out, r);
	bc_buf_adds(out, ")");
}

/* The address to change, and where it stands again. */
static void hint_safe(struct say *s)
{
	const struct bc_memory *m = s->m;
	BC_AUTO(bc_buf) text = {.max = 900};
	if (s->p->move == BC_MEM_NONE)
		return;
	if (!s->p->safe) {
		bc_lint_hint(s->finding,
			"no free room of that size is left: give the machine more `memory:`");
		return;
	}
	add_block(&text, m, s->p->move);
	bc_buf_addf(&text, " to 0x%llx", U(s->p->safe));
	if (s->p->boot != BC_MEM_NONE) {
		const char *command = m->boots.items[s->p->boot].command;
		bc_buf_adds(&text, ", there and in `");
		bc_escape_text(&text, command, strlen(command), false);
		bc_buf_adds(&text, "`");
	}
	bc_lint_hint(s->finding, "load %s", text.data);
}

static void say_overlap(struct say *s)
{
	const struct bc_memory *m = s->m;
	const struct bc_mem_problem *p = s->p;
	const char *end = symptom(m, p->other, &m->map.boots.items[p->boot]);
	BC_AUTO(bc_buf) text = {.max = 900};
	add_block(&text, m, p->block);
	add_extent(&text, m->map.blocks.items[p->block].at);
	bc_buf_adds(&text, " is loaded over ");
	add_block(&text, m, p->other);
	add_extent(&text, m->map.blocks.items[p->other].at);
	bc_buf_addf(&text, "%s%s", end ? ": " : "", end ? end : "");
	s->finding = bc_lint_warn(
		&s->lint, "load-overlap", m->loads.items[p->block].loc, "%s", text.data);
	note_load(s, p->other);
	note_boot(s);
	hint_safe(s);
}

static void say_moved(struct say *s)
{
	const struct bc_memory *m = s->m;
	const struct bc_mem_problem *p = s->p;
	BC_AUTO(bc_buf) text = {.max = 900};
	bc_buf_addf(&text, "the kernel %s to ",
		p->kind == BC_MEM_UNPACKED ? "unpacks itself" : "is moved");
	add_range(&text, p->what);
	bc_buf_adds(&text, ", over ");
	add_block(&text, m, p->other);
	add_extent(&text, p->moved.size ? p->moved : m->map.blocks.items[p->other].at);
	if (p->other == p->block)
		bc_buf_adds(&text, " itself");
	if (p->moved.size)
		bc_buf_adds(&text, ", which U-Boot moves there");
	if (p->by)
		bc_buf_addf(&text, " because of `%s`", p->by);
	s->finding = bc_lint_warn(
		&s->lint, "kernel-overlap", m->boots.items[p->boot].loc, "%s", text.data);
	note_load(s, p->other);
	if (p->by)
		bc_lint_hint(s->finding, "without `%s` it goes to the end of RAM, where it is safe",
			p->by);
	else if (p->moved.size)
		bc_lint_hint(s->finding, "give the machine more `memory:`");
	else
		hint_safe(s);
}

static void say_place(struct say *s)
{
	const struct bc_memory *m = s->m;
	const struct bc_mem_problem *p = s->p;
	const struct bc_memmap *map = &m->map;
	bool is_load = p->boot == BC_MEM_NONE;
	struct bc_loc loc = is_load ? m->loads.items[p->block].loc : m->boots.items[p->boot].loc;
	BC_AUTO(bc_buf) text = {.max = 900};
	add_block(&text, m, p->block);
	bc_buf_adds(&text, is_load ? " is loaded to " : " is moved to ");
	add_range(&text, p->what);
	if (p->kind == BC_MEM_LOADER) {
		bc_buf_addf(&text, ": U-Boot itself lies from about " HEX " on",
			U(bc_memmap_loader(map)));
	} else {
		bc_buf_adds(&text, ", but the RAM is ");
		add_range(&text, map->ram);
	}
	s->finding = bc_lint_warn(&s->lint,
		p->kind == BC_MEM_LOADER ? "load-reserved" : "load-outside", loc, "%s", text.data);
	if (is_load)
		hint_safe(s);
	else
		bc_lint_hint(s->finding, "its header says so: give the image another `load:`");
}

static void say_large(struct say *s)
{
	const struct bc_memory *m = s->m;
	const struct bc_mem_problem *p = s->p;
	BC_AUTO(bc_buf) text = {.max = 600};
	add_block(&text, m, p->block);
	bc_buf_adds(&text, " holds ");
	add_number(&text, m->map.blocks.items[p->block].payload.size);
	bool is_packed = m->map.blocks.items[p->block].is_packed;
	bc_buf_addf(&text, " bytes%s, and bootm moves ", is_packed ? " when unpacked" : "");
	add_number(&text, p->clash.start);
	bc_buf_adds(&text, " at most");
	s->finding = bc_lint_warn(
		&s->lint, "kernel-too-large", m->boots.items[p->boot].loc, "%s", text.data);
	note_load(s, p->block);
	bc_lint_hint(s->finding,
		"raise CONFIG_SYS_BOOTM_LEN (`config: {SYS_BOOTM_LEN: 0x1000000}`), or use bootz");
}

static void say(struct say *s)
{
	switch (s->p->kind) {
	case BC_MEM_OVERLAP:
		say_overlap(s);
		return;
	case BC_MEM_MOVED:
	case BC_MEM_UNPACKED:
		say_moved(s);
		return;
	case BC_MEM_OUTSIDE:
	case BC_MEM_LOADER:
		say_place(s);
		return;
	case BC_MEM_TOO_LARGE:
		say_large(s);
		return;
	}
}

/* The block whose address looks most like one that is lost, else the nearest one. */
static const struct bc_mem_block *nearest(const struct bc_memory *m, uint64_t address)
{
	const struct bc_mem_block *best = NULL;
	uint64_t best_far = UINT64_MAX;
	char text[20];
	BC_AUTO(bc_strs) texts = {0};
	snprintf(text, sizeof(text), "%llx", U(address));
	bc_vec_each (b, &m->map.blocks) {
		uint64_t far =
			b->at.start > address ? b->at.start - address : address - b->at.start;
		bc_strs_addf(&texts, "%llx", U(b->at.start));
		if (far < best_far) {
			best = b;
			best_far = far;
		}
	}
	const char *like = bc_suggest(text, (const char *const *)bc_strs_argv(&texts));
	for (size_t i = 0; like && i < texts.len; i++)
		if (strcmp(texts.items[i], like) == 0)
			return &m->map.blocks.items[i];
	return best;
}

static void say_lost(struct say *s, const struct bc_memory_lost *lost)
{
	const struct bc_mem_block *near = nearest(s->m, lost->address);
	struct bc_finding *f = bc_lint_warn(&s->lint, "boot-address", lost->loc,
		"nothing was loaded to " HEX ", where the %s should be", U(lost->address),
		lost->what);
	if (!near)
		return;
	BC_AUTO(bc_buf) name = {.max = 300};
	bc_escape_text(&name, near->name, strlen(near->name), false);
	bc_lint_hint(f, "%s was loaded to " HEX, name.data ? name.data : "", U(near->at.start));
}

void bc_memory_check(const struct bc_memory *m, struct bc_diag *diag)
{
	BC_AUTO(bc_mem_problems) problems = {0};
	struct say s = {.m = m, .lint = {.diag = diag}};
	bc_memmap_check(&m->map, &problems);
	bc_vec_each (p, &problems) {
		s.p = p;
		s.finding = NULL;
		say(&s);
	}
	bc_vec_each (lost, &m->lost)
		say_lost(&s, lost);
}

/* The table */

static void print_block(const struct bc_memory *m, size_t i, struct bc_buf *out)
{
	const struct bc_mem_block *b = &m->map.blocks.items[i];
	const struct bc_memory_origin *o = &m->loads.items[i];
	size_t next;
	bc_buf_addf(out, "  " HEX "  ", U(b->at.start));
	BC_AUTO(bc_buf) size = {.max = 64};
	if (b->at.size) {
		bc_buf_addf(out, HEX "  ", U(b->at.start + b->at.size));
		add_number(&size, b->at.size);
	} else {
		bc_buf_addf(out, "%-10s  ", "?");
		bc_buf_adds(&size, "?");
	}
	bc_buf_addf(out, "%11s  ", size.data);
	uint64_t room = bc_memmap_room(&m->map, i, &next);
	BC_AUTO(bc_buf) text = {.max = 64};
	if (room)
		add_number(&text, room);
	bc_buf_addf(out, "%13s  ", text.data ? text.data : "?");
	add_block(out, m, i);
	if (o->step)
		bc_buf_addf(out, " (step %d)", o->step);
	bc_buf_addc(out, '\n');
}

void bc_memory_print(const struct bc_memory *m, struct bc_buf *out)
{
	const struct bc_memmap *map = &m->map;
	if (!map->blocks.len)
		return;
	bc_buf_adds(out, "Memory: ");
	if (map->ram.size) {
		char size[32];
		bc_size_format(map->ram.size, size, sizeof(size));
		bc_buf_addf(out, "%s of RAM, ", size);
		add_range(out, map->ram);
		bc_buf_addf(
			out, "; U-Boot itself from about " HEX " on\n", U(bc_memmap_loader(map)));
	} else {
		bc_buf_adds(out, "the RAM of this machine is not known here\n");
	}
	bc_buf_addf(out, "  %-10s  %-10s  %11s  %13s  %s\n", "from", "to", "bytes", "room", "what");
	for (size_t i = 0; i < map->blocks.len; i++)
		print_block(m, i, out);
	bc_vec_each (boot, &map->boots) {
		struct bc_mem_range to;
		if (!bc_memmap_moved(map, boot, &to))
			continue;
		BC_AUTO(bc_buf) size = {.max = 64};
		add_number(&size, to.size);
		bc_buf_addf(out, "  " HEX "  " HEX "  %11s  %13s  ", U(to.start),
			U(to.start + to.size), to.size ? size.data : "?", "");
		add_block(out, m, boot->kernel);
		bool stays = to.start == map->blocks.items[boot->kernel].at.start;
		bc_buf_adds(out,
			stays ? ", and what it takes when it runs\n" : ", where it is moved to\n");
	}
	if (m->is_opaque)
		bc_buf_adds(out, "  There is more in the dialog than could be read.\n");
}
