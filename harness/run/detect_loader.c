/* Before the kernel: the decompressor in front of it, and boot loaders. */
#include "detect_impl.h"

#define EARLY  (1u << BC_PHASE_NONE | 1u << BC_PHASE_LOADER | 1u << BC_PHASE_DECOMPRESSOR)
#define LOADER (1u << BC_PHASE_NONE | 1u << BC_PHASE_LOADER)
#define DECOMPRESSOR                                                                               \
	.group = "decompressor", .kind = BC_KIND_PANIC, .phases = EARLY, .flags = BC_DETECT_FATAL
/* A loader tries one source after the other: a file that is not there says little before the last one
 * was tried. So these are told when the boot fails otherwise. */
#define UBOOT .group = "loader", .kind = BC_KIND_NONE, .phases = LOADER, .flags = BC_DETECT_NOTE

const struct bc_detector bc_detectors_loader[] = {
	{
		.id = "decompressor-machine",
		DECOMPRESSOR,
		.literal = "unrecognized/unsupported machine ID",
		.regex = "^(Error: unrecognized/unsupported machine ID)",
		.title = "$1",
		.means = "The ARM kernel got neither a device tree nor a machine number that it "
			 "knows.",
		.example = "Error: unrecognized/unsupported machine ID (r1 = 0x000008e0).",
		.unlike = "is there an unrecognized/unsupported machine ID?",
		.advice = "hand the device tree over (boot.dtb)",
	},
	{
		.id = "decompressor-halted",
		DECOMPRESSOR,
		.literal = "-- System halted",
		.regex = "^ ?-- System halted",
		.title = "the decompressor halted: $p",
		.means = "The code in front of the kernel could not unpack it.",
		.example = " -- System halted",
		.unlike = "reboot: System halted",
		.advice =
			"the image is damaged or cut short, or lies where something overwrites it",
	},
	{
		.id = "uboot-reset",
		.group = "loader",
		.kind = BC_KIND_PANIC,
		.phases = LOADER,
		.flags = BC_DETECT_FATAL,
		.literal = "RESET the board\nRESET board to recover",
		.regex = "^(?:.* )?(?:must|Must|Please) RESET (?:the )?board(?: to recover)?",
		.title = "U-Boot gave up: $p",
		.means = "U-Boot met something that it cannot go on from and waits for a reset, or "
			 "does one.",
		.example = "### ERROR ### Please RESET the board ###",
		.unlike = "press the button to RESET the board",
		.advice = "the line before says what it was",
	},
	{
		.id = "uboot-restart",
		.group = "loader",
		.kind = BC_KIND_EXITED,
		.phases = LOADER,
		.flags = BC_DETECT_END,
		.literal = "resetting ...\nResetting CPU",
		.regex = "^[Rr]esetting (?:CPU )?\\.\\.\\.",
		.title = "U-Boot restarts the machine",
		.means = "U-Boot resets the machine: by its command `reset`, or because a boot "
			 "command "
			 "could not go on.",
		.example = "resetting ...",
		.unlike = "=> echo resetting ...",
		.advice = "the lines before say why, unless `reset` was typed",
	},
	{
		.id = "uboot-exception",
		.group = "loader",
		.kind = BC_KIND_PANIC,
		.phases = LOADER,
		.flags = BC_DETECT_FATAL,
		.literal =
			"data abort\nprefetch abort\nundefined instruction\n\"Synchronous Abort\" "
			"handler\nUnhandled exception: ",
		.regex = "^(data abort|prefetch abort|undefined instruction|\"Synchronous Abort\" "
			 "handler|"
			 "Unhandled exception: .*)$",
		.title = "U-Boot died of an exception: $1",
		.means = "U-Boot jumped into something that is no code, or used a wrong address.",
		.example = "undefined instruction",
		.unlike = "data abort handler installed",
		.advice = "was the right image loaded at the address that it was linked for?",
	},
	{
		.id = "uboot-image",
		UBOOT,
		.literal = "Bad Header Checksum\nBad Data CRC\nBad Data Hash\nBad Magic "
			   "Number\nWrong Image "
			   "\nWrong Ramdisk Image Format\nRamdisk image is corrupt\nBad Linux "
			   "\nzimage: Bad magic",
		.regex = "(Bad Header Checksum|Bad Data CRC|Bad Data Hash|Bad Magic Number|Wrong "
			 "Image "
			 "(?:Format for \\w+ command|Type)|Wrong Ramdisk Image Format|Ramdisk "
			 "image is "
			 "corrupt or invalid|Bad Linux \\w+ Image magic!|zimage: Bad magic!)",
		.title = "U-Boot refused the image: $1",
		.means = "What was loaded is not the image that the command boots, or it was "
			 "damaged after "
			 "it was loaded.",
		.example = "   Verifying Checksum ... Bad Data CRC",
		.unlike = "   Verifying Checksum ... OK",
		.advice = "bootm takes a uImage or FIT, bootz a zImage, booti an arm64 Image; a "
			  "bad CRC "
			  "often means that the next file was loaded over the end of this one",
	},
	{
		/* Apart from the reasons, which come in lines before it. */
		.id = "uboot-no-kernel",
		UBOOT,
		.literal = "can't get kernel image",
		.regex = "(ERROR: can't get kernel image!)",
		.title = "U-Boot found no kernel to boot: $1",
		.means = "bootm gave up on the image at its address; the line before says why.",
		.example = "ERROR: can't get kernel image!",
		.unlike = "can't get kernel image from here",
		.advice = "was a uImage or FIT loaded at the address that bootm was given?",
	},
	{
		.id = "uboot-fdt",
		UBOOT,
		.literal = "FDT_ERR_\nFDT and ATAGS support not compiled in\nvalid device "
			   "tree\ncmdline "
			   "Flattened Device Tree",
		.regex = "(FDT and ATAGS support not compiled in|Could not find a valid device "
			 "tree|Did not "
			 "find a cmdline Flattened Device Tree|FDT_ERR_\\w+)",
		.title = "U-Boot found no device tree: $1",
		.means = "The boot command was given no device tree, or what lies at its address "
			 "is none.",
		.example = "ERROR: Did not find a cmdline Flattened Device Tree",
		.unlike = "## Flattened Device Tree blob at 63000000",
		.advice = "load the .dtb and name its address as the third argument of bootm or "
			  "bootz",
	},
	{
		.id = "uboot-tftp",
		UBOOT,
		.literal = "TFTP error: \nRetry count exceeded\nRetry time exceeded\nnot set\nARP "
			   "Retry",
		.regex = "^(?:\\*\\*\\* )?(TFTP error: .*|(?:ARP )?Retry (?:count|time) "
			 "exceeded.*|ERROR: "
			 "`\\w+' not set)$",
		.title = "U-Boot could not load a file: $1",
		.means = "The file is not on the server, or the server does not answer.",
		.example = "TFTP error: 'File not found' (1)",
		.unlike = "a Retry count exceeded here",
		.advice = "check serverip and ipaddr, and that net.tftp holds the file",
	},
	{
		.id = "uboot-load",
		UBOOT,
		.literal = "** Bad device\n** Unable to read file\n** File not found\nFailed to "
			   "load '\n** No "
			   "partition table",
		.regex = "^(\\*\\* (?:Bad device|Unable to read file|File not found|No partition "
			 "table)[^\\n]*|Failed to load '[^']*')",
		.title = "U-Boot could not load a file: $1",
		.means = "There is no such disk, partition or file.",
		.example = "** Unable to read file uImage **",
		.unlike = "Unable to read file",
		.advice = "`mmc list`, `part list` and `ls` at U-Boot's prompt show what is there",
	},
	{
		.id = "uboot-command",
		UBOOT,
		.literal = "Unknown command '",
		.regex = "^(Unknown command '.*') - try 'help'",
		.title = "U-Boot: $1",
		.means =
			"U-Boot does not know a command: it is not in its config, or was mistyped.",
		.example = "Unknown command 'nfs' - try 'help'",
		.unlike = "Unknown command 'foo'",
		.advice = "enable it (CONFIG_CMD_…) or correct it",
	},
	{
		.id = "uboot-environment",
		.group = "loader",
		.kind = BC_KIND_NONE,
		.phases = LOADER,
		.flags = BC_DETECT_NOTE | BC_DETECT_HARMLESS,
		.literal = "bad CRC, using default environment",
		.regex = "(bad CRC, using default environment)",
		.title = "U-Boot: $1",
		.means = "No saved environment was found; U-Boot uses the one built into it. "
			 "Normal on "
			 "a fresh flash.",
		.example = "Loading Environment from Flash... *** Warning - bad CRC, using default "
			   "environment",
		.unlike = "Loading Environment from Flash... OK",
		.advice = "nothing, unless the environment was meant to be there",
	},
	{.id = NULL},
};
