/* What a kernel says before it has a console: seen with earlycon, or in the guest's memory. */
#include "detect_impl.h"

#define NOTE .group = "early", .kind = BC_KIND_NONE, .flags = BC_DETECT_NOTE | BC_DETECT_KERNEL

const struct bc_detector bc_detectors_early[] = {
	{
		.id = "machine-id",
		NOTE,
		.literal = "unrecognized/unsupported machine ID",
		.regex = "^(Error: (?:invalid dtb and )?unrecognized/unsupported machine ID)",
		.title = "$1",
		.means = "An ARM kernel got no device tree that it knows, and its boot loader's "
			 "machine number is none of its own either. It stops for ever in "
			 "dump_machine_table().",
		.example = "Error: invalid dtb and unrecognized/unsupported machine ID",
		.unlike = "see Error: unrecognized/unsupported machine ID",
		.advice = "give the kernel the board's device tree with `dtb:`; a kernel without "
			  "CONFIG_ATAGS takes nothing else",
	},
	{.id = NULL},
};
