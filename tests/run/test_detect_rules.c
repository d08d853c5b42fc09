/* What the recordings do not show: who may say it, whose report a line belongs to, and what the lines
 * before a failure tell. */
#include <check.h>
#include <string.h>

#include <bootcheck/base/buf.h>
#include <bootcheck/base/mem.h>
#include <bootcheck/run/detect.h>

/* Feeds text line by line; a line "@kernel" and the like sets the phase, "@reset" tells of a reset. */
static struct bc_detect *feed(const char *text, const struct bc_strs *off)
{
	struct bc_detect *detect = bc_detect_new(off);
	enum bc_phase_id phase = BC_PHASE_KERNEL;
	uint64_t number = 0;
	while (*text) {
		size_t len = strcspn(text, "\n");
		if (len == 6 && memcmp(text, "@reset", 6) == 0) {
			bc_detect_reset(detect);
		} else if (*text == '@') {
			for (phase = BC_PHASE_NONE;
				strncmp(bc_phase_name(phase), text + 1, len - 1) != 0; phase++)
				ck_assert_int_lt(phase, BC_PHASE_OFF);
		} else {
			(void)bc_detect_line(detect, text, len, ++number, phase);
		}
		text += len;
		text += *text == '\n';
	}
	return detect;
}

/* "id[!] title" of each failure, "|" between. */
static char *failures(const struct bc_detect *detect)
{
	BC_AUTO(bc_buf) out = {0};
	for (size_t i = 0; i < bc_detect_count(detect); i++) {
		const struct bc_hit *h = bc_detect_hit(detect, i);
		bc_buf_addf(&out, "%s%s%s %s", i ? "|" : "", h->detector->id,
			h->is_fatal ? "!" : "", h->title);
	}
	return bc_buf_take(&out);
}

static void expect(const char *text, const char *want)
{
	struct bc_detect *detect = feed(text, NULL);
	BC_AUTO_FREE char *got = failures(detect);
	bc_detect_free(detect);
	ck_assert_msg(strcmp(got, want) == 0, "of\n%s\nexpected %s\ngot      %s", text, want, got);
}

#define S "[    1.000000] "

START_TEST(test_userspace_may_say_anything)
{
	expect(S "x\nBUG: fake\nKernel panic - not syncing: fake\nWARNING: CPU: 0 PID: 1 at a.c:1 "
		 "f+0x1/0x2",
		"");
	/* The prompt stands before the record. */
	expect(S "x\n/ # " S "Kernel panic - not syncing: real",
		"panic! Kernel panic - not syncing: real");
	expect("<0>" S "Kernel panic - not syncing: real",
		"panic! Kernel panic - not syncing: real");
	/* Without stamps the start of the line has to do. */
	expect("x\nKernel panic - not syncing: real", "panic! Kernel panic - not syncing: real");
	expect("x\nsaid: Kernel panic - not syncing: fake", "");
	expect("WARNING: Image format was not specified for 'a' and probing guessed raw.\n"
	       "Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS\n"
	       "EXT4-fs (sda): warning: mounting unchecked fs, running e2fsck is recommended\n"
	       "Warning: unable to open an initial console.",
		"");
}
END_TEST

START_TEST(test_stamps_that_end)
{
	/* printk.time=0 seen through an early console. */
	expect("[    0.000000] Linux version 6.1\na\nb\nc\nd\nKernel panic - not syncing: real",
		"panic! Kernel panic - not syncing: real");
	expect("[    0.000000] Linux version 6.1\n" S
	       "x\na\nb\nc\nd\nKernel panic - not syncing: fake",
		"");
}
END_TEST

#define OOPS                                                                                       \
	S "BUG: kernel NULL pointer dereference, address: 0000000000000008\n" S                    \
	  "Oops: 0002 [#1] PREEMPT SMP\n" S "RIP: 0010:foo_probe.cold+0x16/0x20 [foo]\n" S         \
	  "Call Trace:\n" S " bar_init+0x1/0x2\n"

/* Lines as kernels of several ages and architectures print them. */
START_TEST(test_variants)
{
	static const struct {
		const char *line, *id; /* "" = nothing */
	} cases[] = {
		{"Unable to handle kernel NULL pointer dereference at virtual address "
		 "0000000000000010",
			"null-deref"},
		{"BUG: kernel NULL pointer dereference, address: 0000000000000010", "null-deref"},
		{"BUG: unable to handle kernel NULL pointer dereference at 00000010", "null-deref"},
		{"BUG: Kernel NULL pointer dereference on read at 0x00000000", "null-deref"},
		{"BUG: Unable to handle kernel data access on read at 0xc00a000000000000",
			"paging-request"},
		{"BUG: unable to handle kernel paging request at ffffffffdeadbeef",
			"paging-request"},
		{"Unable to handle kernel paging request at virtual address dead000000000108",
			"paging-request"},
		{"CPU 0 Unable to handle kernel paging request at virtual address 00000000, epc == "
		 "80123456, ra == 80123456",
			"paging-request"},
		{"Unable to handle kernel access to user memory outside uaccess routines at "
		 "virtual "
		 "address 0000000000000010",
			"paging-request"},
		{"Oops[#1]:", "oops"},
		{"Oops [#1]", "oops"},
		{"Oops: Kernel access of bad area, sig: 11 [#1]", "oops"},
		{"Internal error: Oops: 0000000096000044 [#1] SMP", "oops"},
		{"Internal error: Oops - BUG: 00000000f2000800 [#1] PREEMPT SMP", "oops"},
		{"Internal error: synchronous external abort: 0000000096000050 [#1] SMP",
			"external-abort"},
		{"SError Interrupt on CPU0, code 0x00000000bf000002 -- SError", "external-abort"},
		{"invalid opcode: 0000 [#1] SMP", "illegal-instruction"},
		{"general protection fault: 0000 [#1] SMP", "general-protection-fault"},
		{"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", "rcu-stall"},
		{"INFO: rcu_sched self-detected stall on CPU { 0}", "rcu-stall"},
		{"rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 0-... }",
			"rcu-stall"},
		{"rcu: INFO: Stall ended before state dump start", ""},
		{"BUG: soft lockup - CPU#0 stuck for 22s! [swapper/0:1]", "soft-lockup"},
		{"watchdog: Watchdog detected hard LOCKUP on cpu 1", "hard-lockup"},
		{"INFO: task jbd2/sda-8:71 blocked in I/O wait for more than 120 seconds.",
			"hung-task"},
		{"[ INFO: possible circular locking dependency detected ]", "circular-locking"},
		{"WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected",
			"irq-lock-inversion"},
		{"WARNING: init/1 still has locks held!", "lock-held"},
		{"WARNING: kernel stack is fine", ""},
		{"WARNING: Unsupported flag value(s) of 0x8000000 in DT_FLAGS_1.", ""},
		{"RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable to RETBleed "
		 "attacks, "
		 "data leaks possible!",
			""},
		{"ODEBUG: 16 of 16 active objects replaced", ""},
		{"BUG: KASAN: double-free or invalid-free in kfree+0x1/0x2", "kasan"},
		{"KASAN: null-ptr-deref in range [0x0000000000000000-0x0000000000000007]", "kasan"},
		{"BUG kmalloc-64 (Tainted: G    B): Redzone overwritten", "slab"},
		{"watchdog: BUG: workqueue lockup", ""},
		{"Kernel panic - not syncing: Attempted to kill the idle task!", "panic"},
		{"Kernel panic - not syncing: VFS: Unable to mount root fs on \"PARTUUID=1\" or "
		 "unknown-block(0,0)",
			"vfs-root"},
		{"Kernel panic - not syncing: No init found.  Try passing init= option to kernel.",
			"no-init"},
		{"Kernel panic - not syncing: Out of memory: compulsory panic_on_oom is enabled",
			"oom-deadlock"},
		{"EXT4-fs error (device mmcblk0): htree_dirblock_to_tree:1080: inode #2: block 9: "
		 "comm "
		 "ls: bad entry in directory",
			"ext4-error"},
		{"EXT4-fs (mmcblk0): mounted filesystem with ordered data mode. Quota mode: none.",
			""},
		{"EXT4-fs (mmcblk0): VFS: Can't find ext4 filesystem", ""},
		{"VFS: Cannot open root device \"sda\" or unknown-block(0,0): error -6", ""},
		{"init[1]: segfault at 0 ip 0000000000401136 sp 00007ffc0d5a error 4", ""},
		{"traps: sh[71] general protection fault ip:401136 sp:7ffc0 error:0 in sh[1+1]",
			""},
		{"sh invoked oom-killer: gfp_mask=0x140dca, order=0, oom_score_adj=0", ""},
		{"systemd[1]: Freezing execution.", ""},
		{"lkdtm: Performing direct entry BUG", ""},
	};
	int bad = 0;
	for (size_t i = 0; i < BC_LEN(cases); i++) {
		struct bc_detect *detect = feed(cases[i].line, NULL);
		const struct bc_hit *hit = bc_detect_hit(detect, 0);
		const char *got = hit ? hit->detector->id : "";
		if (strcmp(got, cases[i].id) != 0) {
			fprintf(stderr, "'%s' for: %s\n", got, cases[i].line);
			bad++;
		}
		bc_detect_free(detect);
	}
	ck_assert_int_eq(bad, 0);
}
END_TEST

START_TEST(test_first_cause_keeps_the_title)
{
	expect(OOPS S "---[ end trace 0000000000000000 ]---\n" S
		      "Kernel panic - not syncing: Fatal exception\n" S
		      "---[ end Kernel panic - not syncing: Fatal exception ]---",
		"null-deref! BUG: kernel NULL pointer dereference in foo_probe");
	expect(OOPS S "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
		"null-deref! BUG: kernel NULL pointer dereference in foo_probe");
	/* A panic of its own is one of its own, and so is what comes much later. */
	expect(OOPS S
		"Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
		"null-deref BUG: kernel NULL pointer dereference in foo_probe|vfs-root! Kernel "
		"panic - not "
		"syncing: VFS: Unable to mount root fs on unknown-block(0,0)");
	expect(S "WARNING: CPU: 0 PID: 1 at a/b.c:12 foo+0x1/0x2\n" S "Call Trace:\n" S
		 " foo+0x1/0x2\n" S "---[ end trace 0 ]---\n" S
		 "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100",
		"warning WARNING in foo at a/b.c:12|init-killed! Kernel panic - not syncing: "
		"Attempted to "
		"kill init! exitcode=0x00000100 (init exited with status 1)");
	/* What follows the trace is not the trace's. */
	expect(S "WARNING: possible circular locking dependency detected\n" S "stack backtrace:\n" S
		 " foo_lock+0x1/0x2\n" S "random: crng init done\n" S "eth0: link up\n" S
		 "sda: sda1\n" S "kernel BUG at c.c:7!",
		"circular-locking possible circular locking dependency detected in "
		"foo_lock|kernel-bug "
		"kernel BUG at c.c:7!");
}
END_TEST

START_TEST(test_reports_of_two_processors)
{
	expect("[    1.000000][   C0] BUG: scheduling while atomic: a/1/0x2\n"
	       "[    1.000000][  T12] BUG: kernel NULL pointer dereference, address: "
	       "0000000000000000\n"
	       "[    1.000000][   C0] Call Trace:\n"
	       "[    1.000000][  T12] RIP: 0010:two+0x1/0x2\n"
	       "[    1.000000][   C0]  one+0x1/0x2\n",
		"scheduling-while-atomic BUG: scheduling while atomic in one|null-deref BUG: "
		"kernel NULL "
		"pointer dereference in two");
	/* Two processors warn at once, each with a message of its own. */
	expect("[    1.000000][   C0] ------------[ cut here ]------------\n"
	       "[    1.000000][  T12] ------------[ cut here ]------------\n"
	       "[    1.000000][   C0] first went wrong\n"
	       "[    1.000000][  T12] second went wrong\n"
	       "[    1.000000][  T12] WARNING: CPU: 1 PID: 12 at b.c:2 two+0x1/0x2\n"
	       "[    1.000000][   C0] WARNING: CPU: 0 PID: 1 at a.c:1 one+0x1/0x2\n"
	       "[    1.000000][  T12] ---[ end trace 0000000000000000 ]---\n"
	       "[    1.000000][   C0] ---[ end trace 0000000000000000 ]---\n",
		"warning WARNING in two at b.c:2: second went wrong|"
		"warning WARNING in one at a.c:1: first went wrong");
}
END_TEST

START_TEST(test_functions)
{
	static const struct {
		const char *lines, *function;
	} cases[] = {
		{"PC is at foo+0x10/0x40\nLR is at bar+0x1/0x2", "foo"},
		{"PC is at 0x0\nLR is at bar+0x1/0x2", "bar"},
		{"PC is at memcpy+0x10/0x40\nLR is at bar+0x1/0x2", "bar"},
		{"pc : foo+0x10/0x40 [mod]\nlr : bar+0x1/0x2", "foo"},
		{"RIP: 0010:__list_add_valid+0x2/0x4\nCall Trace:\n <TASK>\n ? gone+0x1/0x2\n "
		 "foo+0x1/0x2",
			"foo"},
		{"RIP: 0010:[<ffffffff81234567>]  [<ffffffff81234567>] foo+0x1/0x2", "foo"},
		{"EIP: foo+0x1/0x2", "foo"},
		{"NIP [c000000000123456] foo+0x34/0x50", "foo"},
		{"epc   : 8057d8b4 foo+0x14/0x20\nra    : 8057d8a0 bar+0x1/0x2", "foo"},
		{"epc : foo+0x14/0x20\n ra : bar+0x1/0x2", "foo"},
		{" unwind_backtrace from show_stack+0x18/0x1c\n foo from bar+0x40/0x4c", "foo"},
		{"[<c0101234>] (unwind_backtrace) from [<c0105678>] (show_stack+0x10/0x14)\n"
		 "[<c0101234>] (foo) from [<c0105678>] (bar+0x10/0x14)",
			"foo"},
		{"[c000000001234560] [c000000000abcdef] foo+0x24/0x30 (unreliable)", "foo"},
		{"[<80123456>] foo.isra.0+0x24/0x30", "foo"},
	};
	for (size_t i = 0; i < BC_LEN(cases); i++) {
		BC_AUTO_FREE char *text = bc_asprintf(
			"Unable to handle kernel paging request at virtual address 0badc0de\n%s",
			cases[i].lines);
		BC_AUTO_FREE char *want =
			bc_asprintf("paging-request Unable to handle kernel paging request in %s",
				cases[i].function);
		expect(text, want);
	}
}
END_TEST

START_TEST(test_titles_are_stable)
{
	expect("Kernel panic - not syncing: lost 0xffff888003000ff8 of c0123456 on CPU#3, PID: 71, "
	       "at "
	       "foo+0x12/0x40",
		"panic! Kernel panic - not syncing: lost ADDR of ADDR on CPU#N, PID: N, at foo");
	static const struct {
		const char *code, *means;
	} codes[] = {
		{"0x00000000", "init exited with status 0"},
		{"0x00007f00", "init exited with status 127: command not found"},
		{"0x00007e00", "init exited with status 126: command not executable"},
		{"0x0000000b", "init was killed by SIGSEGV"},
		{"0x0000008b", "init was killed by SIGSEGV, core dumped"},
		{"0x00000004", "init was killed by SIGILL"},
		{"0x00000009", "init was killed by SIGKILL"},
	};
	for (size_t i = 0; i < BC_LEN(codes); i++) {
		BC_AUTO_FREE char *text = bc_asprintf(
			"Kernel panic - not syncing: Attempted to kill init! exitcode=%s",
			codes[i].code);
		BC_AUTO_FREE char *want = bc_asprintf("init-killed! %s (%s)", text, codes[i].means);
		expect(text, want);
	}
	expect("WARNING: CPU: 3 PID: 71 at /build/linux-6.1/mm/slub.c:123 "
	       "kmem_cache_free.part.0+0x2c/0x140 [foo]",
		"warning WARNING in kmem_cache_free at slub.c:123");
	/* 6.19 on. */
	expect("WARNING: mm/slub.c:123 at kmem_cache_free+0x2c/0x140, CPU#0: swapper/0/1",
		"warning WARNING in kmem_cache_free at mm/slub.c:123");
}
END_TEST

START_TEST(test_selftests_are_no_failures)
{
	expect("====[ backtrace testing ]===========\n"
	       "BUG: kernel NULL pointer dereference, address: 0000000000000000\n"
	       "====[ end of backtrace testing ]====\n",
		"");
	expect("====[ backtrace testing ]===========\n"
	       "====[ end of backtrace testing ]====\n"
	       "BUG: memory leak",
		"bug BUG: memory leak");
}
END_TEST

#define LINUX "[    0.000000] Linux version 6.1\n"

START_TEST(test_resets)
{
	const char *reset =
		"unexpected-reset! the kernel started again without saying that it would restart";
	expect(LINUX "[    0.100000] a\n[    0.200000] b\n" LINUX "[    0.110000] a\n", reset);
	/* A console that takes over prints the log once more. */
	expect(LINUX "[    0.100000] a\n[    0.200000] b\n" LINUX
		     "[    0.100000] a\n[    0.200000] b\n[    0.300000] c\n",
		"");
	/* arm's two opening lines are one boot. */
	expect("[    0.000000] Booting Linux on physical CPU 0x0\n" LINUX "[    0.100000] a\n", "");
	/* The kernel said so. */
	expect(LINUX "[    0.100000] a\n[    0.200000] reboot: Restarting system\n" LINUX
		     "[    0.110000] a\n",
		"");
	/* The run layer knows. */
	expect(LINUX "[    0.100000] a\n[    0.200000] b\n@reset\n" LINUX "[    0.110000] a\n", "");
	/* Without stamps. */
	expect("Linux version 6.1\na\nb\nc\nd\nLinux version 6.1\na\n", reset);
	expect("Linux version 6.1\na\nb\nprintk: console [ttyAMA0] enabled\nLinux version "
	       "6.1\na\nb\n",
		"");
	/* A user reads the log, all of it or a part. */
	expect(LINUX "[    0.100000] a\n[    5.200000] b\n@shell\n" LINUX
		     "[    0.050000] hidden\n[    0.100000] a\n[    0.200000] BUG: old\n",
		"");
	expect(LINUX "[    0.100000] a\n[    5.200000] b\n@init\n" LINUX "/ # \n[    6.000000] c\n",
		"");
	/* A short boot: the few texts that it printed come again, at other times … */
	expect(LINUX "[    0.100000] a\n[    0.200000] b\n[    5.200000] c\n@shell\n" LINUX
		     "[    0.100700] a\n[    0.200900] b\n",
		reset);
	/* … or a user reads what was never printed, and a part of what was. */
	expect(LINUX "[    0.100000] a\n[    0.200000] b\n[    5.200000] c\n@shell\n" LINUX
		     "[    0.050000] a\n[    0.060000] hidden\n[    0.200000] b\n[    0.300000] d\n"
		     "[    0.310000] c\n",
		"");
}
END_TEST

static void expect_hint(const char *text, const char *part)
{
	struct bc_detect *detect = feed(text, NULL);
	ck_assert_uint_ge(bc_detect_count(detect), 1);
	const char *hint = bc_detect_hit(detect, 0)->hint;
	ck_assert_msg(
		hint && strstr(hint, part), "'%s' is not in '%s'", part, hint ? hint : "(none)");
	bc_detect_free(detect);
}

#define PANIC_0	  "Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"
#define CANNOT(e) "VFS: Cannot open root device \"mmcblk0\" or unknown-block(0,0): error " e "\n"
#define APPEND	  "Please append a correct \"root=\" boot option; here are the available partitions:\n"

START_TEST(test_root_causes)
{
	expect_hint("Kernel command line: console=ttyS0\n" PANIC_0, "no root= was given");
	expect_hint("Kernel command line: root=/dev/mmcblk0 rw\n" CANNOT("-6") APPEND PANIC_0,
		"root=/dev/mmcblk0 could not be opened: error -6, no such device; the kernel sees "
		"no block "
		"device at all");
	expect_hint("Kernel command line: root=/dev/mmcblk0 rw\n" CANNOT("-19") APPEND
		"1f00          131072 mtdblock0 \n (driver?)\n0100            4096 ram0 \n "
		"(driver?)\n" PANIC_0,
		"the kernel sees these block devices: mtdblock0, ram0");
	expect_hint(
		"Kernel command line: root=/dev/mmcblk0 rw\nList of all partitions:\n"
		"b300           65536 mmcblk0 \n driver: mmcblk\n"
		"No filesystem could mount root, tried: \n ext3\n ext2\n\n"
		"Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(179,0)",
		"(tried: ext3, ext2)");
	expect_hint(CANNOT("-6") APPEND "List of all bdev filesystems:\n ext4\n vfat\n\n" PANIC_0,
		"error -6");
	expect_hint("Unpacking initramfs...\nInitramfs unpacking failed: invalid magic\n" PANIC_0,
		"the initramfs was refused (invalid magic)");
	expect_hint("Unpacking initramfs...\n" PANIC_0, "unpacked but has no /init");
	expect_hint("Unpacking initramfs...\nRun /init as init process\nFailed to execute /init "
		    "(error -13)\n" PANIC_0,
		"/init failed with error -13, permission denied");
	expect_hint("Run /sbin/init as init process\nStarting init: /sbin/init exists but couldn't "
		    "execute it "
		    "(error -8)\nKernel panic - not syncing: No working init found.",
		"/sbin/init (error -8, wrong format");
	expect_hint("Kernel panic - not syncing: No working init found.", "none of /sbin/init");
	expect_hint(S "Run /init as init process\n@init\n/init: line 3: foo: not found\n" S
		      "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007f00",
		"\"/init: line 3: foo: not found\"");
}
END_TEST

START_TEST(test_off)
{
	BC_AUTO(bc_strs) off = {0};
	bc_strs_add(&off, "lock");
	bc_strs_add(&off, "warning");
	struct bc_detect *detect = feed("WARNING: suspicious RCU usage\n"
					"WARNING: CPU: 0 PID: 1 at a.c:1 f+0x1/0x2\n"
					"kernel BUG at a.c:2!\n",
		&off);
	BC_AUTO_FREE char *got = failures(detect);
	ck_assert_str_eq(got, "kernel-bug kernel BUG at a.c:2!");
	bc_detect_free(detect);
	const char *const *names = bc_detector_names();
	bool has_group = false, has_id = false;
	for (; *names; names++) {
		has_group |= strcmp(*names, "lock") == 0;
		has_id |= strcmp(*names, "vfs-root") == 0;
	}
	ck_assert(has_group && has_id);
	ck_assert_ptr_nonnull(bc_detector_find("vfs-root"));
	ck_assert_ptr_null(bc_detector_find("none"));
}
END_TEST

START_TEST(test_notes_and_ends)
{
	struct bc_detect *detect =
		feed(S "I/O error, dev fd0, sector 0 op 0x0:(READ)\n" S
		       "I/O error, dev fd0, sector 0 op 0x0:(READ)\n" S "reboot: Power down\n",
			NULL);
	const struct bc_hit *end;
	ck_assert_uint_eq(bc_detect_count(detect), 0);
	ck_assert_uint_eq(bc_detect_notes(detect), 2);
	ck_assert_uint_eq(bc_detect_note(detect, 0)->count, 2);
	ck_assert(bc_detect_ended(detect, &end));
	ck_assert_str_eq(end->detector->id, "power-off");
	ck_assert_ptr_eq(bc_detect_clue(detect), end);
	bc_detect_free(detect);
}
END_TEST

START_TEST(test_loader_phases)
{
	/* What one source lacks, the next may have. */
	struct bc_detect *detect = feed(
		"@loader\nTFTP error: 'File not found' (1)\nERROR: can't get kernel image!", NULL);
	ck_assert_uint_eq(bc_detect_count(detect), 0);
	ck_assert_uint_eq(bc_detect_notes(detect), 2);
	ck_assert_str_eq(
		bc_detect_note(detect, 1)->title, "U-Boot: ERROR: can't get kernel image!");
	bc_detect_free(detect);
	detect = feed("TFTP error: 'File not found' (1)", NULL);
	ck_assert_uint_eq(bc_detect_notes(detect), 0);
	bc_detect_free(detect);
	expect("@loader\nuncompressed: uncompress error -28\nMust RESET board to recover",
		"uboot-reset! U-Boot gave up: uncompressed: uncompress error -28");
	expect("@decompressor\n\nXZ-compressed data is corrupt\n\n -- System halted",
		"decompressor-halted! the decompressor halted: XZ-compressed data is corrupt");
	expect(" -- System halted", "");
}
END_TEST

START_TEST(test_bounds)
{
	struct bc_detect *detect = bc_detect_new(NULL);
	BC_AUTO(bc_buf) line = {0};
	bc_buf_adds(&line, "BUG: ");
	while (line.len < 3000000)
		bc_buf_adds(&line, "BUG: \xff\x00\xc3 long ");
	(void)bc_detect_line(detect, line.data, line.len, 1, BC_PHASE_KERNEL);
	ck_assert_uint_eq(bc_detect_count(detect), 1);
	ck_assert_uint_lt(strlen(bc_detect_hit(detect, 0)->title), 1000);
	for (uint64_t i = 2; i < 5000; i++)
		(void)bc_detect_line(
			detect, "EXT4-fs error (device a): f:1: x", 32, i, BC_PHASE_KERNEL);
	ck_assert_uint_eq(bc_detect_count(detect), BC_DETECT_HITS);
	ck_assert(!bc_detect_is_open(detect));
	(void)bc_detect_line(detect, NULL, 0, 5000, BC_PHASE_KERNEL);
	bc_detect_free(detect);
}
END_TEST

START_TEST(test_open_reports)
{
	struct bc_detect *detect = bc_detect_new(NULL);
	const char *head = S "Kernel panic - not syncing: x",
		   *mark = S "---[ end Kernel panic - not syncing: x ]---";
	ck_assert(bc_detect_line(detect, head, strlen(head), 1, BC_PHASE_KERNEL));
	ck_assert(bc_detect_is_open(detect));
	ck_assert(!bc_detect_line(detect, mark, strlen(mark), 2, BC_PHASE_KERNEL));
	ck_assert(!bc_detect_is_open(detect));
	ck_assert_uint_eq(bc_detect_hit(detect, 0)->last, 2);
	bc_detect_free(detect);
	/* Becoming fatal is news. */
	detect = feed(OOPS, NULL);
	ck_assert(!bc_detect_hit(detect, 0)->is_fatal);
	const char *fatal = S "Kernel panic - not syncing: Fatal exception";
	ck_assert(bc_detect_line(detect, fatal, strlen(fatal), 9, BC_PHASE_KERNEL));
	ck_assert(bc_detect_hit(detect, 0)->is_fatal);
	bc_detect_free(detect);
}
END_TEST

/* What the console knows of a line's writer counts more than a time stamp. */
START_TEST(test_authors)
{
	static const char first[] = S "x", inside[] = "/ # " S "Kernel panic - not syncing: x",
			  stamped[] = S "Kernel panic - not syncing: x";
	static const struct {
		const char *line;
		enum bc_author author;
		bool is_hit;
	} lines[] = {
		{inside, BC_AUTHOR_UNKNOWN, true},
		{inside, BC_AUTHOR_TEXT, false},
		{inside, BC_AUTHOR_USER, false},
		{stamped, BC_AUTHOR_UNKNOWN, true},
		{stamped, BC_AUTHOR_TEXT, true},
		{stamped, BC_AUTHOR_USER, false},
		{"Kernel panic - not syncing: x", BC_AUTHOR_USER, false},
	};
	for (size_t i = 0; i < BC_LEN(lines); i++) {
		struct bc_detect *detect = bc_detect_new(NULL);
		ck_assert(!bc_detect_line(detect, first, strlen(first), 1, BC_PHASE_KERNEL));
		bool is_hit = bc_detect_line_of(detect, lines[i].line, strlen(lines[i].line), 2,
			BC_PHASE_SHELL, lines[i].author);
		ck_assert_msg(is_hit == lines[i].is_hit, "line %zu", i);
		bc_detect_free(detect);
	}
}
END_TEST

int main(void)
{
	const struct {
		const char *name;
		const TTest *test;
	} tests[] = {
		{"userspace", test_userspace_may_say_anything},
		{"stamps", test_stamps_that_end},
		{"variants", test_variants},
		{"first cause", test_first_cause_keeps_the_title},
		{"two processors", test_reports_of_two_processors},
		{"functions", test_functions},
		{"titles", test_titles_are_stable},
		{"selftests", test_selftests_are_no_failures},
		{"resets", test_resets},
		{"root causes", test_root_causes},
		{"off", test_off},
		{"notes", test_notes_and_ends},
		{"loader", test_loader_phases},
		{"bounds", test_bounds},
		{"open reports", test_open_reports},
		{"authors", test_authors},
	};
	Suite *suite = suite_create("detect rules");
	for (size_t i = 0; i < BC_LEN(tests); i++) {
		TCase *tc = tcase_create(tests[i].name);
		tcase_add_test(tc, tests[i].test);
		suite_add_tcase(suite, tc);
	}
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
