#include <fcntl.h>
#include <utime.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/sys/emulator.h>
#include <bootcheck/sys/fs.h>

#include "../check_main.h"

START_TEST(version)
{
	BC_AUTO(bc_emulator) e = {0};
	ck_assert(bc_emulator_parse_version(
		&e, "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright\n"));
	ck_assert_str_eq(e.version, "7.2.22");
	ck_assert_str_eq(e.package, "Debian 1:7.2+dfsg-7+deb12u18+b3");
	ck_assert(bc_emulator_parse_version(&e, "QEMU emulator version 9.0.0\n"));
	ck_assert_str_eq(e.version, "9.0.0");
	ck_assert_str_eq(e.package, "");
	ck_assert(!bc_emulator_parse_version(&e, "hello"));
	ck_assert(!bc_emulator_parse_version(&e, "QEMU emulator version "));
	ck_assert_str_eq(e.version, "9.0.0");
}
END_TEST

START_TEST(machines)
{
	BC_AUTO(bc_emulator) e = {0};
	bc_emulator_parse_machines(&e,
		"Supported machines are:\n"
		"vexpress-a9          ARM Versatile Express for Cortex-A9\n"
		"pc                   Standard PC (i440FX + PIIX, 1996) (alias of pc-i440fx-7.2)\n"
		"pc-i440fx-7.2        Standard PC (i440FX + PIIX, 1996) (default)\r\n"
		"pc-i440fx-1.7        Standard PC (deprecated)\n"
		"microvm              microvm (i386) (default)\n"
		"none                 empty machine\n"
		"bare\n"
		"bad/name             x\n\n");
	ck_assert_uint_eq(e.machines.len, 7);
	const struct bc_emulator_machine *m = e.machines.items;
	ck_assert_str_eq(m[0].name, "vexpress-a9");
	ck_assert_str_eq(m[0].summary, "ARM Versatile Express for Cortex-A9");
	ck_assert(!m[0].is_default && !m[0].is_deprecated && !m[0].alias_of);
	ck_assert_str_eq(m[1].alias_of, "pc-i440fx-7.2");
	ck_assert_str_eq(m[1].summary, "Standard PC (i440FX + PIIX, 1996)");
	ck_assert(m[2].is_default);
	ck_assert(m[3].is_deprecated);
	ck_assert_str_eq(m[4].summary, "microvm (i386)");
	ck_assert(m[4].is_default);
	ck_assert_str_eq(m[6].name, "bare");
	ck_assert_str_eq(m[6].summary, "");
}
END_TEST

START_TEST(cpus)
{
	BC_AUTO(bc_emulator) e = {0};
	bc_emulator_parse_cpus(&e,
		"Available CPUs:\n"
		"  cortex-a9\n"
		"x86 486                   (alias configured by machine type)\n"
		"PowerPC 603              PVR 00030100\n"
		"MIPS '4Kc'\n"
		"s390 z14-base   IBM z14 GA1 (static)\n"
		"\n"
		"Recognized CPUID flags:\n"
		"  svm svm-lock\n");
	ck_assert_uint_eq(e.cpus.len, 5);
	static const char *const names[] = {"cortex-a9", "486", "603", "4Kc", "z14-base"};
	for (size_t i = 0; i < 5; i++)
		ck_assert_str_eq(e.cpus.items[i].name, names[i]);
	ck_assert_str_eq(e.cpus.items[2].summary, "PVR 00030100");
}
END_TEST

START_TEST(bounds)
{
	BC_AUTO(bc_emulator) e = {0};
	BC_AUTO(bc_buf) text = {0};
	for (int i = 0; i < 6000; i++)
		bc_buf_addf(&text, "m%d x\n", i);
	for (int i = 0; i < 200; i++)
		bc_buf_addc(&text, 'a');
	bc_emulator_parse_machines(&e, text.data);
	bc_emulator_parse_cpus(&e, text.data);
	ck_assert_uint_eq(e.machines.len, 4096);
	ck_assert_uint_eq(e.cpus.len, 4096);
}
END_TEST

static void add(struct bc_emulator *e, const char *arch, const char *cpu)
{
	e->name = bc_asprintf("qemu-system-%s", arch);
	e->arch = bc_strdup(arch);
	e->version = bc_strdup("7.2");
	bc_emulator_parse_machines(e, "vexpress-a9 x\nvexpress-a15 x\nvirt x\n");
	bc_emulator_parse_cpus(e, cpu);
}

START_TEST(questions)
{
	struct bc_err err;
	BC_AUTO(bc_emulator) arm = {0};
	add(&arm, "arm", "cortex-a9\ncortex-a15\n");
	ck_assert(bc_emulator_check_machine(&arm, "virt,gic-version=3", &err));
	ck_assert(!bc_emulator_check_machine(&arm, "vexpres-a9", &err));
	ck_assert_int_eq(err.code, BC_E_CASE);
	ck_assert_str_eq(err.message, "qemu-system-arm 7.2 has no machine 'vexpres-a9'");
	ck_assert_str_eq(err.hint, "did you mean 'vexpress-a9'?");
	ck_assert(!bc_emulator_check_machine(&arm, "zzzzzzzzz", &err));
	ck_assert_str_eq(err.hint, "`bootcheck machines arm` lists them");
	ck_assert(bc_emulator_check_cpu(&arm, "cortex-a9,cfgend=on", &err));
	ck_assert(bc_emulator_check_cpu(&arm, "host", &err));
	ck_assert(!bc_emulator_check_cpu(&arm, "Cortex-A9", &err));
	ck_assert_str_eq(err.hint, "did you mean 'cortex-a9'?");
	BC_AUTO(bc_emulator) ppc = {0};
	add(&ppc, "ppc64", "PowerPC power9_v2.0 PVR 004e1200\nPowerPC power9 (alias)\n");
	ck_assert(bc_emulator_check_cpu(&ppc, "POWER9", &err));
	ck_assert(bc_emulator_check_cpu(&ppc, "004e1200", &err));
	ck_assert(!bc_emulator_check_cpu(&ppc, "power99", &err));
}
END_TEST

struct place {
	char *dir, *program, *runs, *cache;
};

/* A program that answers as QEMU does and counts its starts in the file runs. */
static struct place make_qemu(const char *tail)
{
	struct bc_err err;
	struct place p = {.dir = bc_fs_temp_dir(NULL, "emulator-", &err)};
	p.program = bc_path_join(p.dir, "qemu-system-arm");
	p.runs = bc_path_join(p.dir, "runs");
	p.cache = bc_path_join(p.dir, "cache");
	BC_AUTO_FREE char *text = bc_asprintf("#!/bin/sh\necho x >>%s\ncase $1 in\n"
					      "-version) echo 'QEMU emulator version 7.2.0' ;;\n"
					      "-M) echo 'virt  a machine (default)' ;;\n"
					      "-cpu) echo '  max' ;;\nesac\n%s\n",
		p.runs, tail);
	ck_assert(bc_fs_write(p.program, text, strlen(text), &err));
	ck_assert_int_eq(chmod(p.program, 0755), 0);
	return p;
}

static int64_t runs(const struct place *p)
{
	int64_t size = bc_fs_size(p->runs);
	return size < 0 ? 0 : size / 2;
}

static void drop(struct place *p)
{
	struct bc_err err;
	ck_assert(bc_fs_remove(p->dir, &err));
	free(p->dir);
	free(p->program);
	free(p->runs);
	free(p->cache);
}

START_TEST(asks_once)
{
	struct bc_err err;
	struct place p = make_qemu("");
	for (int i = 0; i < 3; i++) {
		BC_AUTO(bc_emulator) e = {0};
		ck_assert_msg(bc_emulator_load(p.program, p.cache, &e, &err), "%s", err.message);
		ck_assert_int_eq((int)runs(&p), 3);
		ck_assert_str_eq(e.arch, "arm");
		ck_assert_str_eq(e.name, "qemu-system-arm");
		ck_assert_str_eq(e.version, "7.2.0");
		ck_assert_str_eq(e.machines.items[0].summary, "a machine");
		ck_assert(e.machines.items[0].is_default);
		ck_assert_str_eq(e.cpus.items[0].name, "max");
	}
	/* Another program in its place is asked again. */
	ck_assert_int_eq(utime(p.program, &(struct utimbuf){1, 1}), 0);
	BC_AUTO(bc_emulator) e = {0};
	ck_assert(bc_emulator_load(p.program, p.cache, &e, &err));
	ck_assert_int_eq((int)runs(&p), 6);
	drop(&p);
}
END_TEST

START_TEST(a_broken_cache_is_no_error)
{
	struct bc_err err;
	struct place p = make_qemu("");
	BC_AUTO_FREE char *dir = bc_path_join(p.cache, "emulators");
	for (int i = 0; i < 2; i++) {
		BC_AUTO(bc_emulator) e = {0};
		BC_AUTO(bc_strs) names = {0};
		ck_assert(bc_emulator_load(p.program, p.cache, &e, &err));
		ck_assert(bc_fs_list(dir, &names, &err));
		ck_assert_uint_eq(names.len, 1);
		BC_AUTO_FREE char *file = bc_path_join(dir, names.items[0]);
		ck_assert(bc_fs_write(file, "{\"key\": 7", 9, &err));
	}
	ck_assert_int_eq((int)runs(&p), 6);
	/* A file where the folder should be: nothing can be kept. */
	ck_assert(bc_fs_remove(p.cache, &err));
	ck_assert(bc_fs_write(p.cache, "", 0, &err));
	BC_AUTO(bc_emulator) e = {0};
	ck_assert(bc_emulator_load(p.program, p.cache, &e, &err));
	drop(&p);
}
END_TEST

START_TEST(says_what_is_wrong)
{
	struct bc_err err;
	BC_AUTO(bc_emulator) e = {0};
	ck_assert(!bc_emulator_load("/nonexistent/qemu-system-ppc64", "/nonexistent", &e, &err));
	ck_assert_int_eq(err.code, BC_E_MISSING);
	ck_assert_str_eq(err.hint, "apt-get install qemu-system-ppc");
	struct place p = make_qemu("echo 'error while loading shared libraries' >&2; exit 127");
	ck_assert(!bc_emulator_load(p.program, p.cache, &e, &err));
	ck_assert_int_eq(err.code, BC_E_COMMAND);
	ck_assert_ptr_nonnull(strstr(err.hint, "error while loading shared libraries"));
	drop(&p);
	ck_assert(!bc_emulator_load("/bin/true", "/nonexistent", &e, &err));
	ck_assert_int_eq(err.code, BC_E_FORMAT);
	ck_assert_ptr_null(e.path);
}
END_TEST

CHECK_MAIN("emulator", version, machines, cpus, bounds, questions, asks_once,
	a_broken_cache_is_no_error, says_what_is_wrong)
