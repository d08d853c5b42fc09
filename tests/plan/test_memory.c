/* Cases with a boot loader: what is read of their dialogs, and what is said about it. */
#include <bootcheck/plan/memory.h>

#include "plan_test.h"

#define MIB ((uint64_t)1 << 20)

struct file {
	const char *name;
	struct bc_bootimage image;
};

/* What a store would know. */
#define KERNEL(k, size, to, packed, loaded, unpacked)                                              \
	{                                                                                          \
		.kind = (k), .size_bytes = (size), .has_load = (to) != 0, .load = (to),            \
		.entry = (to), .data_bytes = (size)-64, .is_packed = (packed),                     \
		.loaded_bytes = (loaded), .is_kernel = true, .memory_bytes = (unpacked)            \
	}
static const struct file files[] = {
	{"uImage", KERNEL(BC_BOOTIMAGE_UIMAGE, 5448256, 0x60008000, false, 5448192, 20 * MIB)},
	{"large", KERNEL(BC_BOOTIMAGE_UIMAGE, 9 * MIB, 0x60008000, false, 9 * MIB - 64, 0)},
	{"zImage", KERNEL(BC_BOOTIMAGE_ZIMAGE, 5448192, 0, false, 0, 20 * MIB)},
	{"fit", KERNEL(BC_BOOTIMAGE_FIT, 6 * MIB, 0x60008000, false, 5 * MIB, 0)},
	{"fit#high", KERNEL(BC_BOOTIMAGE_FIT, 6 * MIB, 0x62100000, false, 5 * MIB, 0)},
	{"fit#none", {.kind = BC_BOOTIMAGE_FIT, .size_bytes = 6 * MIB}},
	{"gz", KERNEL(BC_BOOTIMAGE_UIMAGE, 4 * MIB, 0x60008000, true, 12 * MIB, 0)},
	{"dtb", {.kind = BC_BOOTIMAGE_DTB, .size_bytes = 14081}},
	{"/boot/dtb", {.kind = BC_BOOTIMAGE_DTB, .size_bytes = 14081}},
	{"script", {.kind = BC_BOOTIMAGE_UIMAGE, .size_bytes = 200}},
};

static bool look(void *ctx, const struct bc_case *c, const struct bc_memory_file *file,
	struct bc_bootimage *image)
{
	(void)ctx;
	(void)c;
	BC_AUTO_FREE char *name = bc_asprintf("%s%s", file->path, file->inside ? file->inside : "");
	for (size_t i = 0; i < BC_LEN(files); i++)
		if (strcmp(files[i].name, name) == 0) {
			*image = files[i].image;
			return true;
		}
	return false;
}

static bool script(
	void *ctx, const struct bc_case *c, const struct bc_memory_file *file, struct bc_buf *out)
{
	(void)ctx;
	(void)c;
	if (strcmp(file->path, "script") != 0)
		return false;
	bc_buf_adds(out,
		"# A boot script.\nsetenv k 0x60003000\ntftp ${k} uImage\n"
		"tftp 0x60500000 dtb\nbootm ${k} - 0x60500000\n");
	return true;
}

static bool text(void *ctx, const struct bc_case *c, const char *ref, struct bc_buf *out)
{
	(void)c;
	if (!ctx || strcmp(ref, "env.txt") != 0)
		return false;
	bc_buf_adds(out, ctx);
	return true;
}

static const char *program; /* of the loader; NULL = not known */
static size_t program_len;

static bool loader(
	void *ctx, const struct bc_case *c, const void *mark, size_t len, struct bc_buf *out)
{
	(void)mark;
	(void)len;
	(void)ctx;
	(void)c;
	bc_buf_add(out, program ? program : "", program_len);
	return program != NULL;
}

static const struct bc_shape any_head = {.type = BC_T_ANY};
static const struct bc_variant *const steps[] = {
	&fake_send, &fake_uboot_step, &fake_expect, &fake_run, NULL};
static const struct bc_variant fake_command = {"command", "A command.", &any_head, NULL};
static const struct bc_variant fake_uboot = {"uboot", "U-Boot.", &any_head, NULL};
static const struct bc_variant *const artifacts[] = {&fake_command, &fake_uboot, &fake_path, NULL};

/* All findings of a case whose console is `lines` and which has `more` besides, one a line. */
static char *findings(const char *more, const char *lines, const char *env, bool has_store)
{
	struct bc_plan_options options = fake_options();
	options.steps = steps;
	options.artifacts = artifacts;
	BC_AUTO_FREE char *yaml = bc_asprintf(
		"bootcheck: 1\nname: x\nmachine: {arch: arm, model: vexpress-a9, memory: 256M}\n"
		"outcome: fail\n%sconsole:\n%s",
		more, lines);
	BC_AUTO(bc_diag) diag = {0};
	struct bc_err err = {0};
	struct bc_plan *plan =
		bc_plan_load_text("x.yaml", yaml, strlen(yaml), &options, &diag, &err);
	ck_assert_ptr_nonnull(plan);
	BC_AUTO(bc_buf) out = {0};
	bc_diag_render(&diag, &out, false, bc_plan_line, plan);
	ck_assert_msg(diag.errors == 0 && plan->len == 1, "%s\n%s", yaml, out.data);
	bc_buf_clear(&out);
	BC_AUTO(bc_memory) memory = {0};
	BC_AUTO(bc_diag) found = {0};
	struct bc_memory_store store = {look, script, text, loader, (void *)(uintptr_t)env};
	bc_memory_read(plan->items[0], plan->files, has_store ? &store : NULL, &memory);
	bc_memory_check(&memory, &found);
	bc_buf_adds(&out, memory.is_opaque ? "opaque\n" : "");
	for (size_t i = 0; i < found.len; i++)
		bc_buf_addf(&out, "%d:%d %s: %s%s%s\n", found.items[i]->loc.line,
			found.items[i]->loc.col, found.items[i]->check, found.items[i]->message,
			found.items[i]->hint ? "; " : "",
			found.items[i]->hint ? found.items[i]->hint : "");
	bc_plan_free(plan);
	return bc_buf_take(&out);
}

static void expect(const char *lines, const char *want)
{
	BC_AUTO_FREE char *got = findings("", lines, NULL, true);
	ck_assert_msg(strcmp(got, want) == 0, "%s\ngives\n%s\nnot\n%s", lines, got, want);
}

#define OVERLAP                                                                                    \
	"load-overlap: the device tree dtb (14,081 bytes, 0x60500000 to 0x60503701) is loaded "    \
	"over "                                                                                    \
	"the kernel uImage (5,448,256 bytes, 0x60003000 to 0x60535240): bootm will end in `Bad "   \
	"Data CRC`; load the device tree dtb to 0x61000000, there and in `bootm 0x60003000 - "     \
	"0x60500000`\n"

START_TEST(the_article)
{
	expect("- uboot: tftp 0x60003000 uImage\n- uboot: tftp 0x60500000 dtb\n"
	       "- uboot: bootm 0x60003000 - 0x60500000\n",
		"7:15 " OVERLAP);
	expect("- send: ' '\n- send: 'tftp 0x60003000 uImage; tftp 0x60500000 dtb'\n"
	       "- send: bootm 0x60003000 - 0x60500000\n",
		"7:39 " OVERLAP);
	/* By variables, and what they hold. */
	expect("- uboot: setenv k 0x60003000\n"
	       "- uboot: setenv go 'tftp $${k} uImage && tftp 0x60500000 10.0.2.2:dtb'\n"
	       "- uboot: run go; bootm $${k} - 0x60500000\n",
		"8:14 " OVERLAP);
}
END_TEST

START_TEST(no_sizes)
{
	const char *lines = "- uboot: tftp 0x60003000 uImage; tftp 0x60500000 dtb\n"
			    "- uboot: bootm 0x60003000 - 0x60500000\n";
	BC_AUTO_FREE char *far = findings("", lines, NULL, false);
	ck_assert_str_eq(far, "");
	lines = "- uboot: tftp 0x62000000 uImage; tftp 62000000 dtb\n"
		"- uboot: bootm 0x62000000 - 62000000\n";
	BC_AUTO_FREE char *same = findings("", lines, NULL, false);
	ck_assert_msg(strstr(same, "load-overlap: ") != NULL, "%s", same);
}
END_TEST

START_TEST(nothing_to_say)
{
	static const char *const good[] = {
		"- uboot: tftp 0x62000000 uImage; tftp 0x63000000 dtb; bootm 0x62000000 - "
		"0x63000000\n",
		/* Loaded again to the same place. */
		"- uboot: tftp 0x62000000 dtb; tftp 0x62000000 uImage; bootm 0x62000000\n",
		/* A FIT far enough from where its kernel goes. */
		"- uboot: tftp 0x62000000 fit; bootm 0x62000000#conf-1\n",
		/* From flash; and with a variable that is not known. */
		"- uboot: bootm 0x44100000\n",
		"- uboot: tftp 0x62000000 zImage; bootz 0x62000000 - $${fdtcontroladdr}\n",
		"- uboot: tftp 0x62000000 zImage; bootz 0x62000000 63100000:$${filesize} -\n"
		/* After a boot, `send` types at Linux. */
		"- send: cp 1 2 3\n- send: tftp 0x62000000 uImage\n",
		/* The low alias of the board's RAM. */
		"- uboot: tftp 0x2000000 uImage; tftp 0x63000000 dtb; bootm 0x62000000 - "
		"0x63000000\n",
		"- run: tftp 0x62000000 uImage\n",
	};
	for (size_t i = 0; i < BC_LEN(good); i++) {
		BC_AUTO_FREE char *got = findings("", good[i], NULL, true);
		bool is_fine = !*got || (i == 5 && strstr(got, "boot-address"));
		ck_assert_msg(is_fine, "%s\ngives\n%s", good[i], got);
	}
}
END_TEST

START_TEST(each_check)
{
	expect("- uboot: tftp 0x60100000 fit; bootm 0x60100000\n",
		"6:31 kernel-overlap: the kernel is moved to 0x60008000 to 0x60508000, over the "
		"FIT image fit "
		"(6,291,456 bytes, 0x60100000 to 0x60700000) itself; load the FIT image fit to "
		"0x61000000, there and in `bootm 0x60100000`\n");
	expect("- uboot: setenv fdt_high 0xffffffff; tftp 0x62000000 zImage; ext4load mmc 0 "
	       "0x61000000 "
	       "/boot/dtb\n- uboot: bootz 0x62000000 - 0x61000000\n",
		"7:10 kernel-overlap: the kernel unpacks itself to 0x60008000 to 0x61a3a200, over "
		"the device "
		"tree /boot/dtb (14,081 bytes, 0x61000000 to 0x61003701); load the device tree "
		"/boot/dtb "
		"to 0x63000000, there and in `bootz 0x62000000 - 0x61000000`\n");
	expect("- uboot: tftp 0x90000000 uImage\n",
		"6:15 load-outside: uImage is loaded to 0x90000000 to 0x90532240, but the RAM is "
		"0x60000000 to 0x70000000; load uImage to 0x61000000\n");
	expect("- uboot: tftp 0x6f000000 uImage\n",
		"6:15 load-reserved: uImage is loaded to 0x6f000000 to 0x6f532240: U-Boot itself "
		"lies "
		"from about 0x6eb00000 on; load uImage to 0x61000000\n");
	expect("- uboot: tftp 0x62000000 zImage; bootz 0x62000000 - 0x63000000\n",
		"6:53 boot-address: nothing was loaded to 0x63000000, where the device tree should "
		"be; "
		"zImage was loaded to 0x62000000\n");
}
END_TEST

START_TEST(kernel_too_large)
{
	const char *uboot = "artifacts: {u: {uboot: {defconfig: vexpress_ca9x4_defconfig}}}\n"
			    "boot: {kernel: '${u}'}\n",
		   *lines = "- uboot: tftp 0x62000000 large; bootm 0x62000000\n";
	BC_AUTO_FREE char *got = findings(uboot, lines, NULL, true);
	ck_assert_msg(
		bc_has_prefix(got,
			"8:33 kernel-too-large: the kernel large holds 9,437,120 bytes, and bootm "
			"moves 8,388,608 at most; raise CONFIG_SYS_BOOTM_LEN"),
		"%s", got);
	uboot = "artifacts: {u: {uboot: {defconfig: vexpress_ca9x4_defconfig, config: "
		"{SYS_BOOTM_LEN: '0x1000000'}}}}\nboot: {kernel: '${u}'}\n";
	BC_AUTO_FREE char *raised = findings(uboot, lines, NULL, true);
	ck_assert_str_eq(raised, "");
}
END_TEST

START_TEST(not_understood)
{
	/* What comes behind is not held against what may have happened. */
	static const char *const lines[] = {
		"- uboot: frobnicate; bootm 0x62000000\n",
		"- uboot: run nobody; bootm 0x62000000\n",
		"- uboot: tftp $${nobody} x; bootm 0x62000000\n",
		"- uboot: if true; then tftp 0x62000000 x; fi; bootm 0x62000000\n",
		"- uboot: tftp 0x61000000 y || tftp 0x62000000 x; bootm 0x62000000\n",
		"- uboot: env default -a; bootm 0x62000000\n",
		"- uboot: source 0x61000000; bootm 0x62000000\n",
		"- uboot: reset\n- uboot: bootm 0x62000000\n",
	};
	for (size_t i = 0; i < BC_LEN(lines); i++)
		expect(lines[i], "opaque\n");
	/* A variable that calls itself ends. */
	expect("- uboot: setenv a run a; run a\n", "opaque\n");
	expect("- uboot: setenv a 'run a; run a'; run a\n", "opaque\n");
}
END_TEST

START_TEST(environments)
{
	const char *env = "artifacts:\n  env:\n    command: {argv: [mkenvimage, -s, '0x40000', -o, "
			  "o, env.txt], "
			  "inputs: {env.txt: env.txt}, outputs: [o]}\nboot: {kernel: '${env}'}\n";
	const char *contents = "# a comment\nbootdelay=1\nk=0x60003000\r\n"
			       "bootcmd=tftp ${k} uImage && \\\ntftp 0x60500000 dtb; bootm ${k} - "
			       "0x60500000\n";
	BC_AUTO_FREE char *got = findings(env, "- expect: x\n", contents, true);
	ck_assert_msg(strstr(got, OVERLAP) != NULL, "%s", got);
	/* Somebody types: nothing runs by itself, but the variables are there. */
	BC_AUTO_FREE char *typed = findings(env, "- uboot: echo $${k}\n", contents, true);
	ck_assert_str_eq(typed, "");
	BC_AUTO_FREE char *boot = findings(env, "- uboot: boot\n", contents, true);
	ck_assert_msg(strstr(boot, OVERLAP) != NULL, "%s", boot);
	const char *built =
		"artifacts: {u: {uboot: {config: {BOOTCOMMAND: '\"tftp 0x60003000 uImage; tftp "
		"0x60500000 dtb; bootm 0x60003000 - 0x60500000\"'}}}}\nboot: {kernel: "
		"'${u}'}\n";
	BC_AUTO_FREE char *compiled = findings(built, "- expect: x\n", NULL, true);
	ck_assert_msg(strstr(compiled, OVERLAP) != NULL, "%s", compiled);
}
END_TEST

/* The environment that is compiled into the loader's program. */
START_TEST(built_in)
{
	static const char bytes[] = "\x7f"
				    "ELF=1\0junk\0\0a=b\0k=0x60003000\0bootcmd=run x\0d="
				    "0x60500000\0\0not=0\0";
	program = bytes;
	program_len = sizeof(bytes);
	expect("- uboot: tftp $${k} uImage\n- uboot: tftp $${d} dtb\n- uboot: bootm $${k} - "
	       "$${d}\n",
		"7:15 " OVERLAP);
	expect("- uboot: tftp $${not} dtb\n", "opaque\n");
	program = "=x\0\0bootcmd=";
	program_len = 12;
	expect("- uboot: tftp $${k} uImage\n", "opaque\n");
	program = NULL;
	program_len = 0;
}
END_TEST

START_TEST(the_table)
{
	struct bc_step step = {.kind = (char[]){"uboot"},
		.params = bc_value_new(BC_VALUE_MAP, (struct bc_loc){0})};
	bc_value_set(step.params, "uboot", (struct bc_loc){0},
		bc_value_new_scalar(
			"tftp 60003000 uImage; tftp 61000000 none; bootm 60003000 - 61000000",
			(struct bc_loc){0}));
	struct bc_case c = {.machine = {.arch = (char[]){"arm"},
				    .model = (char[]){"vexpress-a9,secure=off"},
				    .memory_bytes = 256 * MIB}};
	c.steps.items = &step;
	c.steps.len = 1;
	struct bc_memory_store store = {look, script, text, NULL, NULL};
	BC_AUTO(bc_memory) memory = {0};
	BC_AUTO(bc_buf) out = {0};
	bc_memory_read(&c, NULL, &store, &memory);
	bc_memory_print(&memory, &out);
	ck_assert_str_eq(out.data,
		"Memory: 256 MiB of RAM, 0x60000000 to 0x70000000; U-Boot itself from about "
		"0x6eb00000 on\n"
		"  from        to                bytes           room  what\n"
		"  0x60003000  0x60535240    5,448,256     16,764,928  the kernel uImage (step 1)\n"
		"  0x61000000  ?                     ?    229,638,144  the device tree none (step "
		"1)\n"
		"  0x60008000  0x6053a200    5,448,192                 the kernel uImage, where it "
		"is "
		"moved to\n");
	bc_value_free(step.params);
}
END_TEST

/* Who writes to flash, to a device, or who is given a device tree, loads nothing to the wrong place. */
START_TEST(not_only_ram)
{
	expect("- uboot: mw.l 0x10000008 0xff\n", "");
	expect("- uboot: tftp 0x62000000 uImage; cp.b 0x62000000 0x44100000 0x532240; tftp "
	       "0x63000000 dtb; bootm 0x44100000 - 0x63000000\n",
		"");
	expect("- uboot: mw.b 0x6f000000 0 4\n",
		"6:15 load-reserved: what mw writes is loaded to 0x6f000000 to 0x6f000004: U-Boot "
		"itself lies from about 0x6eb00000 on; load what mw writes to 0x61000000\n");
	/* A copy is what it is a copy of. */
	BC_AUTO_FREE char *copy = findings("",
		"- uboot: tftp 0x62000000 uImage; cp.b 0x62000000 0x64000000 0x532240; tftp "
		"0x60500000 dtb; bootm 0x64000000 - 0x60500000\n",
		NULL, true);
	ck_assert_msg(
		strstr(copy, "kernel-overlap: the kernel is moved to 0x60008000"), "%s", copy);
	expect("- uboot: tftp 0x62000000 uImage; tftp 0x63000000 dtb\n"
	       "- uboot: fdt addr 0x63000000; fdt move 0x63000000 0x64000000 0x10000\n"
	       "- uboot: bootm 0x62000000 - 0x64000000; bootm 0x62000000 - $${fdtaddr}\n",
		"");
	expect("- uboot: tftp 0x62000000 uImage; tftp 0x63000000 dtb\n"
	       "- uboot: if test $$x = 1; then cp.b 0x64000000 0x62001000 100; fi; bootm "
	       "0x62000000 - 0x63000000\n",
		"opaque\n");
}
END_TEST

/* On QEMU's virt machines a device tree lies at the start of RAM. */
START_TEST(the_machines_tree)
{
	static const struct {
		const char *dtb;
		size_t lost;
	} tries[] = {{"40000000", 0}, {"43000000", 1}};
	for (size_t i = 0; i < BC_LEN(tries); i++) {
		struct bc_step step = {.kind = (char[]){"uboot"},
			.params = bc_value_new(BC_VALUE_MAP, (struct bc_loc){0})};
		BC_AUTO_FREE char *typed =
			bc_asprintf("tftp 42000000 none; booti 42000000 - %s", tries[i].dtb);
		bc_value_set(step.params, "uboot", (struct bc_loc){0},
			bc_value_new_scalar(typed, (struct bc_loc){0}));
		struct bc_case c = {.machine = {.arch = (char[]){"aarch64"},
					    .model = (char[]){"virt"},
					    .memory_bytes = 256 * MIB}};
		c.steps.items = &step;
		c.steps.len = 1;
		BC_AUTO(bc_memory) memory = {0};
		bc_memory_read(&c, NULL, NULL, &memory);
		ck_assert_uint_eq(memory.lost.len, tries[i].lost);
		bc_value_free(step.params);
	}
}
END_TEST

#define ITSELF                                                                                     \
	"kernel-overlap: the kernel is moved to 0x60008000 to 0x60508000, over the FIT image fit " \
	"(6,291,456 bytes, 0x60100000 to 0x60700000) itself; load the FIT image fit to "           \
	"0x61000000, there and in `bootm`\n"

START_TEST(what_bootm_takes)
{
	/* Without an address what came last over the network; a file of a disk does not count. */
	expect("- uboot: tftp 0x60100000 fit; bootm\n", "6:31 " ITSELF);
	expect("- uboot: tftp 0x60100000 fit; load mmc 0 0x64000000 /boot/dtb; bootm\n",
		"6:64 " ITSELF);
	expect("- uboot: tftp 0x64000000 dtb; tftp 0x60100000 fit; setenv loadaddr 64000000; "
	       "bootm\n",
		"");
	expect("- uboot: setenv loadaddr 60100000; tftp 60100000 fit; tftp 64000000 dtb; bootm\n",
		"");
	/* The configuration that is asked for; one that is not there has no kernel. */
	expect("- uboot: tftp 0x60100000 fit; bootm 0x60100000#high\n", "");
	expect("- uboot: tftp 0x60100000 fit; bootm 0x60100000#none\n", "");
	BC_AUTO_FREE char *high =
		findings("", "- uboot: tftp 0x62000000 fit; bootm 0x62000000#high\n", NULL, true);
	ck_assert_msg(
		strstr(high, "kernel-overlap: the kernel is moved to 0x62100000 to 0x62600000"),
		"%s", high);
	/* What gzip packs is larger afterwards. */
	BC_AUTO_FREE char *gz = findings("",
		"- uboot: tftp 0x62000000 gz; tftp 0x60800000 dtb; bootm 0x62000000 - "
		"0x60800000\n",
		NULL, true);
	ck_assert_msg(strstr(gz, "kernel-overlap: the kernel is moved to 0x60008000 to 0x60c08000"),
		"%s", gz);
	/* Each load says where it went and how large it was. */
	expect("- uboot: tftp 0x60003000 uImage; setenv k $${fileaddr}; tftp 0x60500000 dtb\n"
	       "- uboot: bootm 0x$${k} - 0x$${fileaddr}\n",
		"6:10 load-overlap: the device tree dtb (14,081 bytes, 0x60500000 to 0x60503701) "
		"is "
		"loaded over the kernel uImage (5,448,256 bytes, 0x60003000 to 0x60535240): bootm "
		"will end in `Bad Data CRC`; load the device tree dtb to 0x61000000, there and in "
		"`bootm 0x60003000 - 0x60500000`\n");
}
END_TEST

/* As vexpress-a9 does it: the unpacker works from the 128 MiB boundary below it, and U-Boot moves a device tree below
 * the bound that variables set. */
START_TEST(unpacking)
{
	static const struct {
		const char *variables;
		unsigned kernel, dtb;
		const char *want;
	} tries[] = {
		{"fdt_high ffffffff", 0x69000000, 0x68400000, "unpacks itself to 0x68008000"},
		{"fdt_high ffffffff", 0x69000000, 0x61000000, NULL},
		{"fdt_high ffffffff", 0x62000000, 0x61000000, "unpacks itself to 0x60008000"},
		{"fdt_high 61000000", 0x62000000, 0x63000000,
			"over the device tree dtb (26,369 bytes, 0x60ff9000 to 0x60fff701), which "
			"U-Boot moves there because of `fdt_high`; without `fdt_high` it goes to "
			"the end of RAM"},
		{"bootm_size 1000000", 0x62000000, 0x63000000, "because of `bootm_size`"},
		{"bootm_mapsize 1000000", 0x62000000, 0x63000000, "because of `bootm_mapsize`"},
		{"fdt_high 6e000000", 0x62000000, 0x63000000, NULL},
		{"fdt_high 0", 0x62000000, 0x63000000, NULL},
		{"bootm_low 64000000", 0x62000000, 0x63000000, NULL},
		{"x y", 0x62000000, 0x63000000, NULL},
	};
	for (size_t i = 0; i < BC_LEN(tries); i++) {
		BC_AUTO_FREE char *lines = bc_asprintf(
			"- uboot: setenv %s; tftp 0x%x zImage; tftp 0x%x dtb; bootz 0x%x - 0x%x\n",
			tries[i].variables, tries[i].kernel, tries[i].dtb, tries[i].kernel,
			tries[i].dtb);
		BC_AUTO_FREE char *got = findings("", lines, NULL, true);
		bool ok = tries[i].want ? strstr(got, tries[i].want) != NULL : !*got;
		ck_assert_msg(ok, "%s\ngives\n%s", lines, got);
	}
	BC_AUTO_FREE char *ramdisk = findings("",
		"- uboot: setenv initrd_high 61000000; tftp 0x62000000 zImage; tftp 0x63000000 "
		"dtb; bootz 0x62000000 0x63000000\n",
		NULL, true);
	ck_assert_msg(strstr(ramdisk, "because of `initrd_high`") != NULL, "%s", ramdisk);
}
END_TEST

/* The environment's file in a shell's text; and a boot script that a command loads. */
START_TEST(scripts)
{
	const char *env = "artifacts:\n  env:\n    command:\n      argv: [sh, -c, "
			  "'mkenvimage -s 0x40000 -o o \"e\" && truncate -s 1M f']\n"
			  "      inputs: {e: env.txt}\n      outputs: [f]\n"
			  "boot: {kernel: '${env}'}\n";
	BC_AUTO_FREE char *got = findings(env, "- expect: x\n",
		"bootcmd=tftp 0x61000000 script && source 0x61000000\n", true);
	ck_assert_msg(strstr(got, "9:19 load-overlap: the device tree dtb") != NULL, "%s", got);
	expect("- uboot: tftp 0x61000000 script\n- uboot: source 0x61000000\n",
		"7:17 load-overlap: the device tree dtb (14,081 bytes, 0x60500000 to 0x60503701) "
		"is "
		"loaded over the kernel uImage (5,448,256 bytes, 0x60003000 to 0x60535240): bootm "
		"will end in `Bad Data CRC`; load the device tree dtb to 0x62000000, there and in "
		"`bootm 0x60003000 - 0x60500000`\n");
	expect("- uboot: tftp 0x61000000 dtb; source 0x61000000\n", "opaque\n");
}
END_TEST

CHECK_MAIN("memory", not_only_ram, the_machines_tree, what_bootm_takes, unpacking, scripts,
	the_article, no_sizes, nothing_to_say, each_check, kernel_too_large, not_understood,
	environments, built_in, the_table)
