#include <bootcheck/base/buf.h>
#include <bootcheck/plan/uboot_line.h>

#include "../check_main.h"

static const char *value(void *ctx, const char *name)
{
	(void)ctx;
	if (strcmp(name, "addr") == 0)
		return "0x62000000";
	if (strcmp(name, "two") == 0)
		return "a b";
	if (strcmp(name, "unset") == 0)
		return "";
	return NULL;
}

/* "word|word?" for each command, commands joined by ";", uncertain ones with "~" before them. */
static char *parsed(const char *text)
{
	struct bc_uboot_line line = {.text = text, .len = strlen(text)};
	BC_AUTO(bc_buf) out = {0};
	BC_AUTO(bc_uboot_command) command = {0};
	bc_buf_adds(&out, "");
	for (bool first = true; bc_uboot_line_next(&line, value, NULL, &command); first = false) {
		bc_buf_addf(&out, "%s%s", first ? "" : ";", command.is_certain ? "" : "~");
		for (size_t i = 0; i < command.len; i++)
			bc_buf_addf(&out, "%s%s%s", i ? "|" : "", command.items[i].text,
				command.items[i].is_known ? "" : "?");
		bc_uboot_command_release(&command);
	}
	return bc_buf_take(&out);
}

START_TEST(lines)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"tftp 0x60003000 uImage", "tftp|0x60003000|uImage"},
		{"  a  b\t ; c ;; d\ne\r\n", "a|b;c;d;e"},
		{"a && b || c; d", "a;b;~c;d"},
		{"a || b && c", "a;~b;~c"},
		{"tftp ${addr} x; bootm $addr", "tftp|0x62000000|x;bootm|0x62000000"},
		{"x ${nobody} $nobody", "x|?|?"},
		{"x ${two} \"${two}\" '${two}'", "x|a|b|a b|${two}"},
		{"x ${unset} \"\" ''", "x||"},
		{"x a${unset}b ${addr}:${filesize}", "x|ab|0x62000000:?"},
		{"setenv bootcmd 'tftp 1 a; bootm 1'", "setenv|bootcmd|tftp 1 a; bootm 1"},
		{"setenv bootcmd tftp 1 a\\; bootm", "setenv|bootcmd|tftp|1|a;|bootm"},
		{"echo \"a \\\" ; b\" c", "echo|a \" ; b|c"},
		{"a # b; c\nd", "a;d"},
		{"a b#c", "a|b#c"},
		{"bootm 62000000#conf-2", "bootm|62000000#conf-2"},
		{"if a; then b; else c; fi; d", "~a;~b;~c;d"},
		{"while a; do b; done; c", "~a;~b;c"},
		{"for i in a b; do run x$i; done; e", "~for|i;~run|x?;e"},
		{"\"if\" a; b", "if|a;b"},
		{"if", ""},
		{"fi; done; a", "a"},
		{"echo $", "echo|$"},
		{"echo $? ${addr", "echo|?|${addr"},
		{"echo ${addr:-1}", "echo|?"},
		{"a 'b", "a|b"},
		{"a \\", "a|\\"},
		{"a & b | c", "a|&|b|||c"},
		{"&&||;", ""},
		{"", ""},
	};
	for (size_t i = 0; i < BC_LEN(cases); i++) {
		BC_AUTO_FREE char *got = parsed(cases[i].text);
		ck_assert_msg(strcmp(got, cases[i].want) == 0, "'%s' gives '%s', not '%s'",
			cases[i].text, got, cases[i].want);
	}
}
END_TEST

START_TEST(places)
{
	const char *text = "a; tftp  0x62000000 'u Image'";
	struct bc_uboot_line line = {.text = text, .len = strlen(text)};
	BC_AUTO(bc_uboot_command) command = {0};
	ck_assert(bc_uboot_line_next(&line, NULL, NULL, &command));
	bc_uboot_command_release(&command);
	ck_assert(bc_uboot_line_next(&line, NULL, NULL, &command));
	ck_assert_uint_eq(command.len, 3);
	ck_assert_uint_eq(command.items[0].at, 3);
	ck_assert_uint_eq(command.items[1].at, 9);
	ck_assert_uint_eq(command.items[1].len, 10);
	ck_assert_uint_eq(command.items[2].at, 20);
	ck_assert_uint_eq(command.items[2].len, 9);
}
END_TEST

START_TEST(bounds)
{
	BC_AUTO(bc_buf) text = {0};
	for (size_t i = 0; i < 1000; i++)
		bc_buf_adds(&text, "word ");
	for (size_t i = 0; i < 20000; i++)
		bc_buf_addc(&text, 'x');
	struct bc_uboot_line line = {.text = text.data, .len = text.len};
	BC_AUTO(bc_uboot_command) command = {0};
	ck_assert(bc_uboot_line_next(&line, value, NULL, &command));
	ck_assert_uint_eq(command.len, BC_UBOOT_WORDS_MAX);
	bc_uboot_command_release(&command);
	ck_assert(!bc_uboot_line_next(&line, value, NULL, &command));
	line = (struct bc_uboot_line){.text = text.data + 5000, .len = 20000};
	ck_assert(bc_uboot_line_next(&line, value, NULL, &command));
	ck_assert_uint_eq(strlen(command.items[0].text), BC_UBOOT_WORD_MAX);
}
END_TEST

CHECK_MAIN("uboot_line", lines, places, bounds)
