#include <string.h>

#include <bootcheck/plan/checks.h>

#define E BC_SEV_ERROR
#define W BC_SEV_WARNING

const struct bc_check_info bc_checks[] = {
	{"artifact-cycle", E, "An artifact needs another one that needs it.",
		"Break the circle: one of them must be made without the other."},
	{"bad-character", E,
		"A control character, or one of U+E000 and U+E001, stands in the file.",
		"Write a control character as an escape in double quotes, such as \"\\e\"; the two "
		"others are reserved."},
	{"bad-date", E, "Not a day of the calendar.", "Write YYYY-MM-DD, such as 2027-01-31."},
	{"bad-export", E, "What is to be served over NFS cannot be.",
		"Give absolute paths a tree, a folder or a file each, or name one server alone; "
		"the "
		"guest must be able to reach it."},
	{"bad-matrix", E, "The matrix cannot be expanded as it is written.",
		"Give each axis at least one value, each value once, and values that can be part "
		"of an id."},
	{"bad-name", E, "Not a name.",
		"Use letters, digits, '.', '_' and '-', starting with a letter or digit."},
	{"bad-number", E, "Not a whole number.",
		"Write it in digits, without quotes; 0x for hexadecimal and a leading 0 for octal "
		"work."},
	{"bad-pattern", E, "The regular expression does not compile.",
		"The caret is where PCRE2 gave up; a backslash makes ()[]{}*+?|. ordinary."},
	{"bad-range", E, "The value is too small or too large.", "The message names the bounds."},
	{"bad-reference", E, "A reference is not closed, or leaves its artifact.",
		"Write ${name} or ${name:member}; $${ is a literal ${."},
	{"bad-type", E, "A map, a list or a text stands where another of them is needed.",
		"The message says what is needed; bootcheck-case(5) has an example of each key."},
	{"bad-unit", E, "A number without a unit, or with one that is not known.",
		"Sizes take B, K, M, G, T (powers of 1024), durations ms, s, min, h."},
	{"bad-use", E, "An entry of `use:` is not a plain path.",
		"Name a file relative to this one; parts are joined before variables exist."},
	{"bad-value", E, "Not one of the words that may stand here.", "The hint lists them."},
	{"boot-address", W,
		"A boot command of U-Boot names an address to which nothing was loaded.",
		"Name the address of the load command; the hint has the nearest one."},
	{"complex-key", E, "A key that is a list, a map, an alias or empty.",
		"Keys are plain texts; quote a value that starts with a brace or bracket."},
	{"console-index", E, "`console:` or `kernel:` is a serial port that is not captured.",
		"Raise `uarts:`; ports count from 0."},
	{"duplicate-id", E, "Two cases have one id.", "Give one of them another name."},
	{"duplicate-key", E, "A map has a key twice.", "Remove one; the note shows the first."},
	{"empty-file", E, "The file says nothing.", "Write a case, or remove the file."},
	{"empty-value", E, "A key without a value.",
		"Write a value, '' for an empty text, or remove the key. An empty value is for "
		"removing what `use:` brought."},
	{"hash-comment", W, "A '#' after a blank ends an unquoted text.",
		"Quote the text; for a comment, write a space behind the '#'."},
	{"kernel-overlap", W,
		"The kernel is moved to its load address, or unpacks itself, over a file that is "
		"still "
		"needed.",
		"Load that file further up; the hint has an address that is free."},
	{"kernel-too-large", W, "The kernel in an image is larger than U-Boot's bootm moves.",
		"Raise CONFIG_SYS_BOOTM_LEN in U-Boot's configuration."},
	{"known-expired", W, "The last day of a known failure is over.",
		"See whether it is fixed; remove the entry or give it a new day."},
	{"load-outside", W, "A file is loaded, or moved, to where the machine has no RAM.",
		"The message has the bounds of the RAM; check the address, or raise `memory:`."},
	{"load-overlap", W,
		"U-Boot loads a file over another one that a boot command uses afterwards.",
		"Move one of the two; the hint has an address that is free."},
	{"load-reserved", W,
		"A file is loaded over U-Boot itself, which lies at the end of the RAM.",
		"Load it further down; the hint has an address that is free."},
	{"matrix-size", E, "The matrix has too many cells.",
		"Use fewer axes, or list the combinations under `include:`."},
	{"misplaced-reference", E, "An artifact is named where no file is expected.",
		"Artifacts go where a path can stand; $${ is a literal ${."},
	{"missing-key", E, "A key that must be there is not.", "The hint says what it is for."},
	{"multi-document", E, "The file holds more than one YAML document.",
		"Put each case into a file of its own."},
	{"name-clash", E, "One name is both a variable and an artifact.", "Rename one of them."},
	{"net-tftp", E, "What `machine.net.tftp` says cannot be served.",
		"The message says why; names are paths inside the served folder."},
	{"nfs-slots", W, "The lan9118 loses packets of a root over NFS.",
		"Let the kernel have two calls under way: sunrpc.tcp_slot_table_entries=2 "
		"sunrpc.tcp_max_slot_table_entries=2 on its command line."},
	{"no-steps", E, "A case that expects nothing passes whatever happens.",
		"Add `console:` steps, or `outcome: fail`."},
	{"not-a-case", E, "A file with neither `bootcheck:` nor `name:` among the cases.",
		"Move a part for `use:` into a folder called parts."},
	{"not-utf8", E, "The file is not UTF-8.",
		"Convert it; in a pattern, write a byte as \\xNN."},
	{"outcome-pass", E, "A kind or title of failure for a case that must pass.",
		"Write `verdict: fail`, or remove them."},
	{"reject-expect", W, "The case rejects a pattern that it expects.",
		"The case can only fail; remove one of the two."},
	{"serve-stop", E, "A step stops a server that the case does not have.",
		"Remove the step, or give the case that server."},
	{"tab", E, "A tab in the indentation.", "YAML indents with spaces only."},
	{"too-big", E, "The file, a map, or what its aliases stand for, is too large.",
		"Split the file; generated cases are better said by a matrix."},
	{"too-deep", E, "The values nest too deeply.", "At most 64 levels."},
	{"too-long", E, "A text is too long once its variables are filled in.",
		"At most 64 KiB a text and 8 MiB a case."},
	{"two-kinds", E, "An entry has the keys of two kinds, such as two steps in one.",
		"Make two entries of it."},
	{"unknown-detector", E, "`detect:` names a detector that is not there.",
		"`bootcheck explain` lists the detectors."},
	{"unknown-key", E, "A key that has no meaning here.",
		"The hint has the nearest one; keys are never ignored."},
	{"unknown-kind", E, "An artifact, source or step of a kind that is not there.",
		"The hint has the nearest one, or lists them."},
	{"unknown-reference", E, "${name} names neither a variable nor an artifact.",
		"Define it in `vars:`, `matrix:` or `artifacts:`; $${name} is a literal ${name}."},
	{"unreadable", E, "The file cannot be read.", "The message has the system's reason."},
	{"unused-artifact", W, "The case defines an artifact that nothing uses.",
		"Refer to it, or remove it."},
	{"unused-variable", W, "The case defines a variable, or an axis, that nothing uses.",
		"Refer to it, or remove it."},
	{"use-cycle", E, "Files use each other in a circle.",
		"Move what both need into a third file."},
	{"use-depth", E, "Too many files behind one `use:`.",
		"At most 16 levels, and 256 files in all."},
	{"use-missing", E, "A file that `use:` names cannot be read.",
		"Paths start at the folder of the file that holds `use:`."},
	{"variable-cycle", E, "A variable needs itself.", "Give one of the circle a plain value."},
	{"yaml", E, "The file is not YAML.",
		"The caret is where the reader gave up; often a quote, a brace or a colon before "
		"it is the cause."},
	{"yaml-feature", E, "A feature of YAML that cases do not have: tags, merge keys.",
		"Share parts by `use:`; quotes make a number a text."},
	{0},
};

const struct bc_check_info *bc_check_find(const char *id)
{
	for (const struct bc_check_info *c = bc_checks; c->id; c++)
		if (strcmp(c->id, id) == 0)
			return c;
	return NULL;
}
