#include <bootcheck/base/text.h>
#include <bootcheck/build/kconfig_scan.h>
#include <bootcheck/build/node.h>

#include "../check_main.h"

static void parse(struct bc_kconfig *config, const char *text)
{
	struct bc_err err = {0};
	ck_assert_msg(
		bc_kconfig_parse(config, "file", text, strlen(text), &err), "%s", err.message);
}

START_TEST(later_assignments_win)
{
	BC_AUTO(bc_kconfig) c = {0};
	BC_AUTO(bc_buf) text = {0};
	parse(&c,
		"CONFIG_A=y\n\n# a comment\n# CONFIG_B is not set\nCONFIG_C=\"a b\"\nCONFIG_A=m\n");
	ck_assert_uint_eq(c.len, 3);
	ck_assert_str_eq(bc_kconfig_get(&c, "A"), "m");
	ck_assert_str_eq(bc_kconfig_get(&c, "B"), "n");
	ck_assert_ptr_null(bc_kconfig_get(&c, "D"));
	parse(&c, "CONFIG_B=y");
	bc_kconfig_print(&c, &text);
	ck_assert_ptr_nonnull(strstr(text.data, "CONFIG_A=m\n"));
	ck_assert_ptr_nonnull(strstr(text.data, "CONFIG_B=y\n"));
	ck_assert_ptr_nonnull(strstr(text.data, "CONFIG_C=\"a b\"\n"));
	ck_assert_ptr_null(strstr(text.data, "not set"));
}
END_TEST

START_TEST(other_lines_are_told_with_their_place)
{
	static const char *const wrong[] = {
		"nonsense", "CONFIG_=y", "CONFIG_A", "CONFIG_A y", "CONFIG A=y", "config_A=y"};
	for (size_t i = 0; i < BC_LEN(wrong); i++) {
		BC_AUTO(bc_kconfig) c = {0};
		BC_AUTO_FREE char *text = bc_asprintf("CONFIG_X=y\n%s\n", wrong[i]);
		struct bc_err err = {0};
		ck_assert_msg(!bc_kconfig_parse(&c, "f.config", text, strlen(text), &err), "%s",
			wrong[i]);
		ck_assert_int_eq(err.code, BC_E_FORMAT);
		ck_assert_str_eq(err.file, "f.config");
		ck_assert_int_eq(err.line, 2);
	}
}
END_TEST

static const char *verify(const char *wanted, const char *got, struct bc_err *err)
{
	BC_AUTO(bc_kconfig) w = {0};
	BC_AUTO(bc_kconfig) g = {0};
	parse(&w, wanted);
	parse(&g, got);
	*err = (struct bc_err){0};
	return bc_kconfig_verify(&w, &g, "the kernel", NULL, NULL, err) ? NULL : err->message;
}

START_TEST(what_did_not_survive_is_named)
{
	struct bc_err err;
	ck_assert_ptr_null(verify("CONFIG_A=y\n# CONFIG_B is not set\n", "CONFIG_A=y\n", &err));
	ck_assert_ptr_null(verify("CONFIG_A=0x10\n", "CONFIG_A=0x10\n", &err));
	const char *text = verify("CONFIG_X=y\n\nCONFIG_A=y\n", "CONFIG_X=y\n", &err);
	ck_assert_ptr_nonnull(text);
	ck_assert_msg(strstr(text, "file:3: CONFIG_A=y did not survive") != NULL, "%s", text);
	ck_assert_int_eq(err.code, BC_E_CASE);
	/* m where y was wanted is another thing. */
	text = verify("CONFIG_A=y\n", "CONFIG_A=m\n", &err);
	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_nonnull(strstr(text, "m"));
	/* Off was wanted, on was made of it. */
	ck_assert_ptr_nonnull(verify("# CONFIG_A is not set\n", "CONFIG_A=y\n", &err));
	text = verify("CONFIG_A=y\nCONFIG_B=y\nCONFIG_C=y\n", "", &err);
	ck_assert_msg(strstr(text, "2 more") != NULL, "%s", text);
}
END_TEST

START_TEST(kconfig_files_say_what_is_off)
{
	static const char text[] = "config BLOCK\n\tbool \"Block\"\n\nconfig MMC\n"
				   "\ttristate \"Cards\"\n\tdepends on BLOCK && HAS_IOMEM\n";
	BC_AUTO(bc_kconfig) got = {0};
	BC_AUTO(bc_kconfig_symbol) symbol = {0};
	BC_AUTO(bc_strs) others = {0};
	parse(&got, "CONFIG_HAS_IOMEM=y\n");
	bc_kconfig_scan_text("drivers/Kconfig", text, strlen(text), "MMC", &got, &symbol, &others);
	ck_assert(symbol.is_known);
	ck_assert_msg(strstr(symbol.text, "drivers/Kconfig:4") != NULL, "%s", symbol.text);
	ck_assert_msg(strstr(symbol.text, "BLOCK") != NULL, "%s", symbol.text);
	ck_assert(bc_strs_has(&others, "BLOCK"));
}
END_TEST

START_TEST(the_first_error_is_the_compilers)
{
	static const struct {
		const char *log, *first;
	} cases[] = {
		{"make[1]: *** [x] Error 1\nlib/a.c:3:5: error: no\nlib/b.c:1:1: error: two\n",
			"lib/a.c:3:5: error: no"},
		{"a.c:1: warning: w\na.o: in function `f':\na.c:(.text+0x1): undefined reference "
		 "to `g'\n",
			"a.c:(.text+0x1): undefined reference to `g'"},
		{"sh: 1: bison: not found\nmake: *** [y] Error 127\n", "sh: 1: bison: not found"},
		{"***\n*** The source tree is not clean, please run 'make mrproper'\n*** in "
		 "/x\n***\n"
		 "make[1]: *** [Makefile:5: outputmakefile] Error 1\n",
			"*** The source tree is not clean, please run 'make mrproper'"},
		{"  CC x\nmake: *** No rule to make target 'x'.  Stop.\n",
			"make: *** No rule to make target 'x'.  Stop."},
		{"Couldn't open key 'k': No such file or directory\nFailed to sign 'signature' in "
		 "'conf'\n",
			"Failed to sign 'signature' in 'conf'"},
		{"kernel/a.c:9:10: fatal error: x.h: No such file or directory\n",
			"kernel/a.c:9:10: fatal error: x.h: No such file or directory"},
	};
	for (size_t i = 0; i < BC_LEN(cases); i++) {
		BC_AUTO(bc_buf) out = {0};
		ck_assert(bc_first_error(cases[i].log, strlen(cases[i].log), &out));
		ck_assert_str_eq(out.data, cases[i].first);
	}
	BC_AUTO(bc_buf) none = {0};
	ck_assert(!bc_first_error("all is well\n", 12, &none));
	ck_assert(!bc_last_line("", 0, &none) && !bc_last_line("$ sh -c x\n\n", 11, &none));
	BC_AUTO(bc_buf) last = {0};
	static const char text[] = "$ sh -c x\none\n two \n\n$ sh -c y\n";
	ck_assert(bc_last_line(text, strlen(text), &last));
	ck_assert_str_eq(last.data, " two");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("kconfig");
	TCase *c = tcase_create("kconfig");
	tcase_add_test(c, later_assignments_win);
	tcase_add_test(c, other_lines_are_told_with_their_place);
	tcase_add_test(c, what_did_not_survive_is_named);
	tcase_add_test(c, kconfig_files_say_what_is_off);
	tcase_add_test(c, the_first_error_is_the_compilers);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN_OF(suite)
