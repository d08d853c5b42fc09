/* The emulator's command line: what is always there, what only comes when a case asks for it. */
#include <check.h>

#include <bootcheck/base/text.h>
#include <bootcheck/run/run.h>

static struct bc_case c;
static struct bc_files files;

static void setup(void)
{
	c = (struct bc_case){.id = bc_strdup("t"),
		.machine = {.arch = bc_strdup("arm"),
			.model = bc_strdup("virt"),
			.cpus = 1,
			.memory_bytes = 64 << 20,
			.uarts = 1}};
	files = (struct bc_files){.kernel = bc_strdup("/k")};
}

static void teardown(void)
{
	struct bc_case *heap = bc_calloc(1, sizeof(*heap));
	*heap = c;
	bc_case_free(heap);
	bc_files_release(&files);
}

/* As one line; the caller frees. */
static char *line(bool by_hand)
{
	BC_AUTO(bc_strs) argv = {0};
	BC_AUTO(bc_buf) out = {0};
	bc_qemu_argv(&c, &files, by_hand, "/pipes", 9, -1, &argv);
	bc_escape_argv(&out, bc_strs_argv(&argv));
	return bc_buf_take(&out);
}

#define has(text, part)	  ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in: %s", part, text)
#define lacks(text, part) ck_assert_msg(strstr(text, part) == NULL, "\"%s\" in: %s", part, text)

START_TEST(closed_by_default)
{
	BC_AUTO_FREE char *text = line(false);
	has(text, "qemu-system-arm -M virt -m 64M -nodefaults");
	has(text, " -nic none");
	has(text, " -no-reboot");
	has(text,
		" -sandbox "
		"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
	has(text, "pipe,id=uart0,path=/pipes/uart0 -serial chardev:uart0");
	has(text, "socket,id=qmp,fd=9 -mon chardev=qmp,mode=control");
	lacks(text, "-smp");
	lacks(text, "-append");
}
END_TEST

START_TEST(by_hand)
{
	c.machine.uarts = 2;
	c.machine.console = 1;
	BC_AUTO_FREE char *text = line(true);
	has(text, "-serial null -serial mon:stdio");
	lacks(text, "qmp");
	lacks(text, "pipe");
}
END_TEST

START_TEST(network_on_request)
{
	c.machine.net.mode = BC_NET_USER;
	c.machine.net.is_restricted = true;
	BC_AUTO_FREE char *closed = line(false);
	has(closed, " -nic user,restrict=on ");
	c.machine.net.is_restricted = false;
	files.tftp = bc_strdup("/a,b");
	bc_strs_add(&c.machine.net.forwards, "tcp:127.0.0.1:0-:22");
	BC_AUTO_FREE char *open = line(false);
	has(open, "user,restrict=off,tftp=/a,,b,hostfwd=tcp:127.0.0.1:0-:22");
}
END_TEST

/* A drive never writes to its artifact, and a comma in a name stays part of the name. */
START_TEST(drives_are_snapshots)
{
	struct bc_drive d = {bc_strdup("${x}"), bc_strdup("sd"), bc_strdup("raw"), -1, {0}};
	bc_vec_push(&c.boot.drives, d);
	d = (struct bc_drive){bc_strdup("${y}"), bc_strdup("pflash"), bc_strdup("raw"), 1, {0}};
	bc_vec_push(&c.boot.drives, d);
	bc_strs_add(&files.drives, "/a,b.img");
	bc_strs_add(&files.drives, "/flash");
	BC_AUTO_FREE char *text = line(false);
	has(text, "if=sd,format=raw,snapshot=on,file=/a,,b.img");
	has(text, "if=pflash,format=raw,snapshot=on,index=1,file=/flash");
}
END_TEST

START_TEST(a_reset_step_lets_it_reboot)
{
	struct bc_loc nowhere = {0};
	struct bc_step step = {
		.kind = bc_strdup("power"), .params = bc_value_new(BC_VALUE_MAP, nowhere)};
	bc_value_set(step.params, "power", nowhere, bc_value_new_scalar("reset", nowhere));
	bc_vec_push(&c.steps, step);
	BC_AUTO_FREE char *text = line(false);
	lacks(text, "-no-reboot");
}
END_TEST

START_TEST(everything_asked_for)
{
	c.machine.cpu = bc_strdup("cortex-a15");
	c.machine.cpus = 4;
	c.machine.qemu = bc_strdup("/opt/my qemu");
	c.boot.cmdline = bc_strdup("console=ttyAMA0 it's");
	bc_strs_add(&files.options, "-semihosting");
	files.dtb = bc_strdup("/d");
	files.initrd = bc_strdup("/i");
	files.bios = bc_strdup("/b");
	BC_AUTO_FREE char *text = line(false);
	has(text, "'/opt/my qemu' -M virt -cpu cortex-a15 -smp 4 -m 64M");
	has(text,
		"-kernel /k -dtb /d -initrd /i -bios /b -append 'console=ttyAMA0 it'\\''s "
		"printk.time=1'");
	ck_assert(bc_has_suffix(text, " -semihosting"));
}
END_TEST

/* The kernel's time stamps tell its lines: they are on unless the case says something about them. */
START_TEST(time_stamps)
{
	static const struct {
		const char *cmdline;
		bool is_unwanted;
		const char *given;
		bool has_stamps;
	} t[] = {{"a=b", false, "-append 'a=b printk.time=1'", true},
		{"", false, "-append printk.time=1", true}, {"a=b", true, "-append a=b", false},
		{"printk.time=0 a", false, "-append 'printk.time=0 a'", false},
		{"a printk.time=0 printk.time=y", false, "printk.time=0 printk.time=y'", true},
		{"a printk.time=off", false, "-append 'a printk.time=off'", false},
		{"xprintk.time=1", true, "-append xprintk.time=1", false}};
	for (size_t i = 0; i < BC_LEN(t); i++) {
		free(c.boot.cmdline);
		c.boot.cmdline = bc_strdup(t[i].cmdline);
		c.boot.no_printk_time = t[i].is_unwanted;
		BC_AUTO_FREE char *text = line(false);
		has(text, t[i].given);
		ck_assert_msg(
			bc_boot_has_printk_time(&c.boot) == t[i].has_stamps, "%s", t[i].cmdline);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("qemu");
	TCase *tc = tcase_create("argv");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, closed_by_default);
	tcase_add_test(tc, by_hand);
	tcase_add_test(tc, network_on_request);
	tcase_add_test(tc, drives_are_snapshots);
	tcase_add_test(tc, a_reset_step_lets_it_reboot);
	tcase_add_test(tc, everything_asked_for);
	tcase_add_test(tc, time_stamps);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
