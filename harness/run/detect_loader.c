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
		.id = "uboot-must-reset",
		.group = "loader",
		.kind = BC_KIND_PANIC,
		.phases = LOADER,
		.flags = BC_DETECT_FATAL,
		.literal = "must RESET the board",
		.regex = "^(?:ERROR: )?(\\S.*?) -+ must RESET the board",
		.title = "U-Boot gave up: $1",
		.means = "U-Boot met something that it cannot go on from, and resets the board: "
			 "most "
			 "often "
			 "something was unpacked or moved over what it still needs.",
		.example = "ERROR: new format image overwritten - must RESET the board to recover.",
		.unlike = "one must RESET the board",
		.advice = "compare the addresses of what was loaded with each other, with the "
			  "kernel's "
			  "own load address, and with the sizes",
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
		.regex = "^(?:.*\\.\\.\\. )?(?:(data abort|prefetch abort|undefined instruction|"
			 "Unhandled exception: .*)|(\"Synchronous Abort\" handler)(?:,.*)?)$",
		.title = "U-Boot: $1$2",
		.means = "U-Boot jumped into something that is no code, or used a wrong address.",
		.example = "undefined instruction",
		.unlike = "data abort handler installed",
		.advice = "was the right image loaded at the address that it was linked for?",
	},
	{
		.id = "uboot-hash",
		UBOOT,
		.literal = "Bad hash value for '",
		.regex = "^Bad hash value for '[^']*' hash node in '([^']*)' image node",
		.title = "U-Boot: Bad Data Hash of the FIT's image '$1'",
		.means = "An image of the FIT is not what its hash was made from: it was damaged "
			 "after "
			 "mkimage, on the way, or by what was loaded over it.",
		.example = "Bad hash value for 'hash-1' hash node in 'kernel' image node",
		.unlike = "   Verifying Hash Integrity ... sha256+ OK",
		.advice = "compare the FIT with what was built (`iminfo` checks it in memory), and "
			  "the "
			  "addresses of what else was loaded",
	},
	{
		.id = "uboot-checksum",
		UBOOT,
		.literal = "Bad Header Checksum\nBad Data CRC\nBad Data Hash\nRamdisk image is "
			   "corrupt",
		.regex = "(Bad Header Checksum|Bad Data CRC|Bad Data Hash|Ramdisk image is corrupt "
			 "or "
			 "invalid)",
		.title = "U-Boot: $1",
		.means = "An image is not what its checksum was made from: it was damaged after "
			 "mkimage, on the way, or by what was loaded over it.",
		.example = "   Verifying Checksum ... Bad Data CRC",
		.unlike = "   Verifying Checksum ... OK",
		.advice = "usually the next file was loaded over the end of this one: compare the "
			  "load "
			  "addresses with the sizes",
	},
	{
		.id = "uboot-format",
		UBOOT,
		.literal = "Bad image type\nWrong Image \nWrong Ramdisk Image Format\nWrong image "
			   "format for "
			   "\nBad Magic Number\nBad Linux \nzimage: Bad magic",
		.regex = "(Bad image type$|Wrong Image (?:Format for \\w+ command|Type(?: for \\w+ "
			 "command)?)|Wrong "
			 "Ramdisk Image Format|Wrong image format for \"\\w+\" command|Bad Magic "
			 "Number|Bad Linux \\w+ (?:zI|I)mage magic!|zimage: Bad magic!)",
		.title = "U-Boot: $1",
		.means = "What lies at the address is not the image that the command boots.",
		.example = "Wrong Image Format for bootm command",
		.unlike = "## Booting kernel from Legacy Image at 62000000 ...",
		.advice =
			"bootm takes a uImage or, with CONFIG_FIT, a FIT; bootz a zImage; booti an "
			"arm64 Image; was it loaded at all?",
	},
	{
		.id = "uboot-fit-config",
		UBOOT,
		.literal = "Could not find configuration node",
		.regex = "^\\s*(Could not find configuration node)",
		.title = "U-Boot: $1",
		.means = "The FIT has no configuration of the name behind `#`, or no default one.",
		.example = "Could not find configuration node",
		.unlike = "   Using 'conf-1' configuration",
		.advice = "`iminfo` lists the configurations of the FIT",
	},
	{
		.id = "uboot-no-kernel",
		UBOOT,
		.literal = "can't get kernel image",
		.regex = "^(ERROR: can't get kernel image!)",
		.title = "U-Boot: $1",
		.means = "bootm found no kernel that it can boot. The line before says why.",
		.example = "ERROR: can't get kernel image!",
		.unlike = "we can't get kernel image",
		.advice = "the line before says what is wrong with the image",
	},
	{
		.id = "uboot-fdt",
		UBOOT,
		.literal = "FDT_ERR_\nFDT and ATAGS support not compiled in\nvalid device "
			   "tree\ncmdline Flattened Device Tree",
		.regex = "(FDT and ATAGS support not compiled in|Could not find a valid device "
			 "tree|Did not find a cmdline Flattened Device Tree|FDT_ERR_\\w+)",
		.title = "U-Boot: $1",
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
		.literal = "TFTP error: ",
		.regex = "^(TFTP error: .*)$",
		.title = "U-Boot: $1",
		.means = "The server answered that it does not give the file.",
		.example = "TFTP error: 'File not found' (1)",
		.unlike = "no TFTP error: here",
		.advice = "'File not found': does net.tftp hold a file of that name? 'reserved "
			  "memory': "
			  "the address is U-Boot's own",
	},
	{
		.id = "uboot-network",
		UBOOT,
		.literal = "Retry count exceeded\nRetry time exceeded\nnot set",
		.regex =
			"^(?:\\*\\*\\* )?((?:ARP )?Retry (?:count|time) exceeded|ERROR: `\\w+' not "
			"set)",
		.title = "U-Boot: $1",
		.means = "The network does not answer, is not set up, or is not there.",
		.example = "Retry count exceeded; starting again",
		.unlike = "a Retry count exceeded here",
		.advice = "check `machine.net`, and ipaddr, serverip, netmask and gatewayip",
	},
	{
		.id = "uboot-nfs",
		UBOOT,
		.literal = "ERROR: File lookup fail\nERROR: Cannot mount\nERROR: Symlink "
			   "fail\nERROR: NFS version "
			   "not supported",
		.regex = "\\*\\* ERROR: (File lookup fail|Cannot mount|Symlink fail|NFS version "
			 "not supported.*)$",
		.title = "U-Boot could not load a file over NFS: $1",
		.means = "The server answers, but does not export the folder (`Cannot mount`), or "
			 "has no such "
			 "file in it (`File lookup fail`).",
		.example = "Loading: *** ERROR: File lookup fail",
		.unlike = "echo ERROR: File lookup fail",
		.advice = "nfs.log in the case's folder says what was asked for; it must be under "
			  "net.nfs",
	},
	{
		.id = "uboot-load",
		UBOOT,
		.literal = "** Bad device\n** Unable to read file\n** File not found\nFailed to "
			   "load '\n** No partition table\nFile not found /",
		.regex =
			"^\\*{0,2} ?((?:Bad device|Unable to read file|File not found|No partition "
			"table)[^*\\n]*?)(?: ?\\*\\*)?$|^(Failed to load '[^']*')",
		.title = "U-Boot: $1$2",
		.means = "There is no such disk, partition or file.",
		.example = "** Unable to read file uImage **",
		.unlike = "cannot read file",
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
		.id = "uboot-usage",
		UBOOT,
		.literal = "Usage:",
		.regex = "^Usage:$",
		.title = "U-Boot: wrong arguments: $p",
		.means = "A command of U-Boot did not understand its arguments.",
		.example = "Usage:",
		.unlike = "Usage: bootm",
		.advice = "`help COMMAND` at U-Boot's prompt shows them",
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
	{
		.id = "autoboot",
		.group = "loader",
		.flags = BC_DETECT_BY_SESSION,
		.kind = BC_KIND_LOADER,
		.title = "autoboot failed",
		.means = "U-Boot was to boot by itself, and is back at its prompt. The title has "
			 "the "
			 "first thing that it complained of.",
		.example = "=> ",
		.advice = "the lines before say what it tried; bootcmd is `printenv bootcmd`",
	},
	{
		.id = "silent-kernel",
		.group = "loader",
		.flags = BC_DETECT_BY_SESSION,
		.kind = BC_KIND_SILENT,
		.title = "nothing after \"Starting kernel ...\"",
		.means = "The boot loader jumped into the kernel, and the kernel said nothing: it "
			 "died "
			 "before it had a console, or writes to another one.",
		.example = "Starting kernel ...",
		.advice = "is console= in bootargs the board's (ttyAMA0)? Is the device tree this "
			  "board's, and not loaded over the kernel? Is mem= what the board has? "
			  "earlycon shows more",
	},
	{.id = NULL},
};
