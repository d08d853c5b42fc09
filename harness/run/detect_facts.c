/* What the lines before a failure tell about its cause. */
#include <bootcheck/base/text.h>

#include "detect_impl.h"

#define MAX_NAMES 12

struct failed_init {
	char *path;
	long error;
};

struct bc_facts {
	unsigned first_id;
	struct lazy *lazies; /* one per fact */
	struct lazy partition, filesystem;
	char *cmdline_root, *cmdline_init,
		*cmdline_rdinit; /* what the command line says, or NULL */
	bool saw_cmdline;
	char *root; /* as the kernel understood root= */
	char *block;
	long root_error;
	bool has_root_error;
	struct bc_strs partitions, filesystems;
	enum { LIST_NONE, LIST_PARTITIONS, LIST_FILESYSTEMS } listing;
	bool saw_partitions;
	bool saw_initramfs;
	char *unpack_error;
	char *init; /* the newest "Run X as init process" */
	struct failed_init inits[6];
	size_t inits_len;
	bool has_no_console;
	char *trap;	 /* a signal that the kernel logged for process 1 */
	char words[120]; /* userspace's newest line, raw */
	size_t words_len;
	bool in_selftest;
};

static void set(char **slot, char *value)
{
	free(*slot);
	*slot = value;
}

/* A bounded, printable copy. */
static char *keep(const char *text, size_t len)
{
	BC_AUTO(bc_buf) out = {0};
	bc_escape_text(&out, text, len < 120 ? len : 120, false);
	return bc_buf_take(&out);
}

static void on_cmdline(struct bc_facts *f, const struct groups *g)
{
	BC_AUTO_FREE char *line =
		bc_strndup(g->text + g->spans[1].start, g->spans[1].end - g->spans[1].start);
	f->saw_cmdline = true;
	set(&f->cmdline_root, NULL);
	char *rest = line;
	for (char *word; (word = strsep(&rest, " "));) {
		if (bc_has_prefix(word, "root="))
			set(&f->cmdline_root, keep(word + 5, strlen(word + 5)));
		else if (bc_has_prefix(word, "init="))
			set(&f->cmdline_init, keep(word + 5, strlen(word + 5)));
		else if (bc_has_prefix(word, "rdinit="))
			set(&f->cmdline_rdinit, keep(word + 7, strlen(word + 7)));
	}
}

static void on_root(struct bc_facts *f, const struct groups *g)
{
	set(&f->root, bc_group_copy(g, 1));
	set(&f->block, bc_group_copy(g, 2));
	f->root_error = bc_group_number(g, 3, 0);
	f->has_root_error = f->root_error != 0;
}

static void on_partitions(struct bc_facts *f, const struct groups *g)
{
	(void)g;
	bc_strs_release(&f->partitions);
	f->saw_partitions = true;
	f->listing = LIST_PARTITIONS;
}

static void on_filesystems(struct bc_facts *f, const struct groups *g)
{
	(void)g;
	bc_strs_release(&f->filesystems);
	f->listing = LIST_FILESYSTEMS;
}

static void on_initramfs(struct bc_facts *f, const struct groups *g)
{
	(void)g;
	f->saw_initramfs = true;
}

static void on_unpack(struct bc_facts *f, const struct groups *g)
{
	set(&f->unpack_error, bc_group_copy(g, 1));
}

static void on_run(struct bc_facts *f, const struct groups *g)
{
	set(&f->init, bc_group_copy(g, 1));
}

static void on_init_failed(struct bc_facts *f, const struct groups *g)
{
	if (f->inits_len == BC_LEN(f->inits))
		return;
	f->inits[f->inits_len++] = (struct failed_init){
		.path = bc_group_copy(g, 1), .error = bc_group_number(g, 2, 0)};
}

static void on_no_console(struct bc_facts *f, const struct groups *g)
{
	(void)g;
	f->has_no_console = true;
}

static void on_trap(struct bc_facts *f, const struct groups *g)
{
	set(&f->trap, bc_group_copy(g, 1));
}

static void on_selftest(struct bc_facts *f, const struct groups *g)
{
	f->in_selftest = g->spans[1].start == SIZE_MAX;
}

static const struct fact {
	const char *literal, *regex;
	void (*take)(struct bc_facts *facts, const struct groups *groups);
} facts_table[] = {
	{"ommand line: ", "^(?:Kernel c|C)ommand line: (.*)$", on_cmdline},
	{"VFS: Cannot open root device",
		"^VFS: Cannot open root device \"([^\"]*)\" or (unknown-block\\(\\d+,\\d+\\)|[^:]+)"
		"(?:: error (-?\\d+))?",
		on_root},
	{"here are the available partitions:", "here are the available partitions:", on_partitions},
	{"List of all partitions:", "^List of all partitions:", on_partitions},
	{"List of all bdev filesystems:", "^List of all bdev filesystems:", on_filesystems},
	{"No filesystem could mount root",
		"^No filesystem could mount root, tried:", on_filesystems},
	{"initramfs...", "^(?:Unpacking initramfs|Trying to unpack rootfs image as initramfs)",
		on_initramfs},
	{"Initramfs unpacking failed: ", "^Initramfs unpacking failed: (.*)$", on_unpack},
	{"rootfs image is not initramfs", "^rootfs image is not initramfs \\(([^)]*)\\)",
		on_unpack},
	{" as init process", "^Run (.+) as init process$", on_run},
	{"Failed to execute ", "^Failed to execute (.+) \\(error (-\\d+)\\)", on_init_failed},
	{"Starting init: ",
		"^Starting init: (.+) exists but couldn't execute it \\(error (-\\d+)\\)",
		on_init_failed},
	{"check access for rdinit=", "^check access for rdinit=(.*) failed: (-\\d+)",
		on_init_failed},
	{"unable to open an initial console", "^Warning: unable to open an initial console",
		on_no_console},
	{"init[1]", "^(?:traps: )?(init\\[1\\]:? .*)$", on_trap},
	{"[ backtrace testing ]", "\\[ backtrace testing \\]", on_selftest},
	{"[ end of backtrace testing ]", "\\[ (end) of backtrace testing \\]", on_selftest},
};

struct bc_facts *bc_facts_new(struct bc_scan *scan, unsigned first_id)
{
	struct bc_facts *facts = bc_calloc(1, sizeof(*facts));
	facts->first_id = first_id;
	facts->lazies = bc_calloc(BC_LEN(facts_table), sizeof(*facts->lazies));
	for (unsigned i = 0; i < BC_LEN(facts_table); i++) {
		facts->lazies[i].regex = facts_table[i].regex;
		bc_scan_add(scan, facts_table[i].literal, first_id + i);
	}
	facts->partition.regex = "^[0-9a-f]{4,}\\s+\\d+\\s+(\\S+)";
	facts->filesystem.regex = "^ (\\S+)\\s*$";
	return facts;
}

void bc_facts_free(struct bc_facts *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < BC_LEN(facts_table); i++)
		bc_lazy_release(&f->lazies[i]);
	bc_lazy_release(&f->partition);
	bc_lazy_release(&f->filesystem);
	bc_strs_release(&f->partitions);
	bc_strs_release(&f->filesystems);
	for (size_t i = 0; i < f->inits_len; i++)
		free(f->inits[i].path);
	char *texts[] = {f->cmdline_root, f->cmdline_init, f->cmdline_rdinit, f->root, f->block,
		f->unpack_error, f->init, f->trap};
	for (size_t i = 0; i < BC_LEN(texts); i++)
		free(texts[i]);
	free(f->lazies);
	free(f);
}

/* Goes on with the list that an earlier line began. */
static void take_list(struct bc_facts *f, const struct line *line)
{
	struct groups g;
	if (f->listing == LIST_PARTITIONS) {
		if (f->partitions.len < MAX_NAMES && bc_lazy_find(&f->partition, line, &g)) {
			BC_AUTO_FREE char *name = bc_group_copy(&g, 1);
			bc_strs_add(&f->partitions, name);
		} else if (!memmem(line->text, line->len, "driver", 6)) {
			f->listing = LIST_NONE;
		}
	} else if (f->filesystems.len < MAX_NAMES && bc_lazy_find(&f->filesystem, line, &g)) {
		BC_AUTO_FREE char *name = bc_group_copy(&g, 1);
		bc_strs_add(&f->filesystems, name);
	} else if (line->len) {
		f->listing = LIST_NONE;
	}
}

static void keep_words(struct bc_facts *f, const struct line *line)
{
	f->words_len = line->len < sizeof(f->words) ? line->len : sizeof(f->words);
	memcpy(f->words, line->text, f->words_len);
}

void bc_facts_line(struct bc_facts *f, const struct line *line, bool is_user,
	const uint64_t found[BC_SCAN_WORDS])
{
	struct groups g;
	if (is_user) {
		if (line->len && line->phase >= BC_PHASE_INIT)
			keep_words(f, line);
		return;
	}
	if (f->listing != LIST_NONE)
		take_list(f, line);
	if (!found)
		return;
	for (unsigned i = 0; i < BC_LEN(facts_table); i++) {
		unsigned id = f->first_id + i;
		if ((found[id / 64] >> (id % 64) & 1) && bc_lazy_find(&f->lazies[i], line, &g))
			facts_table[i].take(f, &g);
	}
}

bool bc_facts_in_selftest(const struct bc_facts *facts)
{
	return facts->in_selftest;
}

static void add_names(struct bc_buf *out, const struct bc_strs *names)
{
	for (size_t i = 0; i < names->len; i++)
		bc_buf_addf(out, "%s%s", i ? ", " : "", names->items[i]);
}

static void add_initramfs(const struct bc_facts *f, struct bc_buf *out)
{
	if (f->unpack_error) {
		bc_buf_addf(out,
			"the initramfs was refused (%s): it is damaged, cut short, or packed in a "
			"way that this kernel cannot unpack; ",
			f->unpack_error);
		return;
	}
	if (!f->saw_initramfs)
		return;
	const char *rdinit = f->cmdline_rdinit ? f->cmdline_rdinit : "/init";
	for (size_t i = 0; i < f->inits_len; i++) {
		if (strcmp(f->inits[i].path, rdinit) != 0)
			continue;
		const char *means = bc_errno_means(f->inits[i].error);
		bc_buf_addf(out,
			"the initramfs was unpacked but its %s failed with error %ld%s%s; ", rdinit,
			f->inits[i].error, means ? ", " : "", means ? means : "");
		return;
	}
	bc_buf_addf(out,
		"the initramfs was unpacked but has no %s, so the kernel looked for a root "
		"device; ",
		rdinit);
}

void bc_hint_vfs(const struct bc_facts *f, struct bc_buf *out)
{
	bool is_null = !f->root || !*f->root || strcmp(f->root, "(null)") == 0;
	bool is_unreadable = !f->has_root_error && f->filesystems.len;
	add_initramfs(f, out);
	if (is_unreadable) {
		bc_buf_adds(out,
			"the root device is there but none of the file systems built into "
			"this kernel could read it (tried: ");
		add_names(out, &f->filesystems);
		bc_buf_adds(out, "): is it formatted, and its file system =y in the config?");
		return;
	}
	if (f->has_root_error || f->root) {
		if (is_null && !f->cmdline_root)
			bc_buf_adds(out, "no root= was given");
		else
			bc_buf_addf(out, "root=%s could not be opened",
				f->cmdline_root ? f->cmdline_root : f->root);
		if (f->has_root_error && !is_null) {
			const char *means = bc_errno_means(f->root_error);
			bc_buf_addf(out, ": error %ld%s%s", f->root_error, means ? ", " : "",
				means ? means : "");
		}
		bc_buf_adds(out, "; ");
	} else if (f->cmdline_root) {
		bc_buf_addf(out, "root=%s was not found; ", f->cmdline_root);
	} else if (f->saw_cmdline) {
		bc_buf_adds(out, "no root= was given; ");
	}
	if (f->partitions.len) {
		bc_buf_adds(out, "the kernel sees these block devices: ");
		add_names(out, &f->partitions);
	} else if (f->saw_partitions) {
		bc_buf_adds(out,
			"the kernel sees no block device at all: the driver is missing (or "
			"a module), or the machine has no such disk; a slow card needs "
			"rootwait");
	} else if (out->len) {
		out->len -= 2;
		out->data[out->len] = '\0';
	}
	if (!f->saw_initramfs && !f->unpack_error && is_null && !f->cmdline_root && out->len)
		bc_buf_adds(out, "; no initramfs was given either");
}

void bc_hint_no_init(const struct bc_facts *f, struct bc_buf *out)
{
	if (!f->inits_len) {
		bc_buf_adds(out,
			"none of /sbin/init, /etc/init, /bin/init and /bin/sh is on the root "
			"file system");
		return;
	}
	bc_buf_adds(out, "tried ");
	for (size_t i = 0; i < f->inits_len; i++) {
		const char *means = bc_errno_means(f->inits[i].error);
		bc_buf_addf(out, "%s%s (error %ld%s%s)", i ? "; " : "", f->inits[i].path,
			f->inits[i].error, means ? ", " : "", means ? means : "");
	}
}

void bc_hint_kill_init(const struct bc_facts *f, struct bc_buf *out)
{
	if (f->trap)
		bc_buf_addf(out, "the kernel logged \"%s\"; ", f->trap);
	if (f->init)
		bc_buf_addf(out, "process 1 was %s", f->init);
	else
		bc_buf_adds(out, "process 1 ended");
	bc_buf_adds(out, ", and it must never end");
	if (f->words_len) {
		bc_buf_adds(out, "; the last that userspace wrote: \"");
		bc_escape_text(out, f->words, f->words_len, false);
		bc_buf_addc(out, '"');
	}
	if (f->has_no_console)
		bc_buf_adds(out, "; there was no /dev/console, so what it wrote is lost");
}
