/* Userspace's first steps, and the file systems it stands on. */
#include "detect_impl.h"

#define NOTE(group_)                                                                               \
	.group = group_, .kind = BC_KIND_NONE, .flags = BC_DETECT_NOTE | BC_DETECT_KERNEL
#define USER_NOTE .group = "init", .kind = BC_KIND_NONE, .flags = BC_DETECT_NOTE
#define FS	  .group = "fs", .kind = BC_KIND_SPLAT, .flags = BC_DETECT_KERNEL

const struct bc_detector bc_detectors_user[] = {
	{
		.id = "waiting-for-root",
		NOTE("init"),
		.literal = "aiting for root device",
		.regex = "^Waiting for root device (.+?)\\.\\.\\.",
		.title = "Waiting for root device $1",
		.means = "With rootwait the kernel waits for ever for a root device that may never "
			 "come; without rootwait it would panic and tell what it sees.",
		.example = "Waiting for root device /dev/mmcblk0...",
		.unlike = "still Waiting for root device?",
		.advice =
			"check root=, the driver of the device, and that the machine has the disk; "
			"without rootwait the kernel lists what it sees",
	},
	{
		.id = "init-failed",
		NOTE("init"),
		.literal = "Failed to execute \nexists but couldn't execute it",
		.regex = "^(?:Failed to execute|Starting init:) (\\S+)(?: exists but couldn't "
			 "execute it)? "
			 "\\(error (-\\d+)\\)",
		.title = "$1 could not be run (error $2)",
		.means =
			"A program that was to become process 1 could not be run; the kernel tries "
			"the next one.",
		.example = "Failed to execute /init (error -13)",
		.unlike = "systemd: Failed to execute /init (error -13)",
		.advice = "-2: it, or its interpreter or loader, is missing; -13: not executable; "
			  "-8: "
			  "built for another architecture",
	},
	{
		/* With init=/bin/sh it is the first program that is run, and the phase is not init yet. */
		.id = "init-fallback",
		.group = "init",
		.kind = BC_KIND_MISSING,
		.flags = BC_DETECT_KERNEL | BC_DETECT_AT_PROMPT,
		.phases = 1u << BC_PHASE_INIT,
		.literal = "Run /bin/sh as init process",
		.regex = "^Run /bin/sh as init process",
		.title = "no init could be run: the kernel fell back to /bin/sh",
		.means = "The kernel tried every init and ended with a bare shell: there is a "
			 "prompt, but "
			 "nobody set the system up.",
		.example = "Run /bin/sh as init process",
		.unlike = "please Run /bin/sh as init process",
		.advice = "look at the lines before for the init that could not be run; with "
			  "init=/bin/sh "
			  "on the command line a shell is what was asked for",
	},
	{
		.id = "rdinit-missing",
		NOTE("init"),
		.literal = "check access for rdinit=",
		.regex = "^check access for rdinit=(.*) failed: (-\\d+)",
		.title = "the initramfs has no usable $1 (error $2)",
		.means = "The initramfs holds no such program; the kernel goes on to look for a "
			 "root "
			 "device.",
		.example = "check access for rdinit=/init failed: -2, ignoring",
		.unlike = "please check access for rdinit=/init",
		.advice = "put an executable there, or name another one with rdinit=",
	},
	{
		.id = "initramfs-refused",
		NOTE("init"),
		.literal = "Initramfs unpacking failed\nrootfs image is not initramfs",
		.regex = "^(Initramfs unpacking failed: .*|rootfs image is not initramfs "
			 "\\(.*\\).*)$",
		.title = "$1",
		.means = "The initramfs that was handed over could not be unpacked.",
		.example =
			"Initramfs unpacking failed: invalid magic at start of compressed archive",
		.unlike = "an Initramfs unpacking failed once",
		.advice =
			"is it a cpio archive (newc), packed in a way that the kernel's config has "
			"(CONFIG_RD_GZIP, …), and complete?",
	},
	{
		.id = "no-console",
		NOTE("init"),
		.literal = "unable to open an initial console",
		.regex = "^Warning: unable to open an initial console",
		.title = "unable to open an initial console",
		.means = "There is no /dev/console on the root file system when init starts: what "
			 "init "
			 "writes is lost. Harmless where init opens one itself.",
		.example = "Warning: unable to open an initial console.",
		.unlike = "sh: unable to open an initial console",
		.advice = "make the node /dev/console (c 5 1) in the image, or set "
			  "CONFIG_DEVTMPFS_MOUNT (it works for disks, not for an initramfs)",
	},
	{
		.id = "segfault",
		NOTE("init"),
		.literal = ": segfault at \n trap invalid opcode \n general protection fault ip:\n"
			   ": unhandled ",
		.regex = "^(?:traps: )?(\\S+)\\[\\d+\\]:? (segfault) at|^traps: (\\S+)\\[\\d+\\]:? "
			 "((?:trap )?[a-z ]+) ip:|^(\\S+)\\[\\d+\\]: unhandled ",
		.title = "$1$3$5: a program died of a signal",
		.means = "A program of userspace died of a signal (a wrong pointer, an instruction "
			 "that "
			 "the processor lacks).",
		.example = "init[1]: segfault at 0 ip 0000000000401136 sp 00007ffc0d5a error 4 in "
			   "init[401000+1000]",
		.unlike = "gcc: segfault at work",
		.advice = "was it built for this processor (-cpu)? The address after ip names the "
			  "place",
	},
	{
		.id = "cannot-run",
		USER_NOTE,
		.literal = "can't run '\ncan't open /dev/tty\ncan't execute '",
		.regex = "^(?:\\S+: )?(can't (?:run|execute) '[^']*'|can't open /dev/tty\\w*): "
			 "([A-Z].*)$",
		.title = "$1: $2",
		.means = "BusyBox could not run a program of its inittab, or open a terminal.",
		.example = "can't run '/etc/init.d/rcS': No such file or directory",
		.unlike = "you can't run 'make' here",
		.advice = "add /etc/init.d/rcS and an /etc/inittab that names only terminals that "
			  "are "
			  "there (ttyAMA0::askfirst:-/bin/sh)",
	},
	{
		.id = "respawn",
		USER_NOTE,
		.literal = "Scheduling for restart",
		.regex = "^process '(.+)' \\(pid \\d+\\) exited\\. Scheduling for restart",
		.title = "$1 ends and is started again",
		.means = "A program that init keeps alive has ended and is started again; if that "
			 "goes on, "
			 "it cannot run.",
		.example = "process '/sbin/getty 115200 ttyAMA0' (pid 63) exited. Scheduling for "
			   "restart.",
		.unlike = "Scheduling for restart at noon",
		.advice = "run it by hand with init=/bin/sh to see why it ends",
	},
	{
		.id = "bad-inittab",
		USER_NOTE,
		.literal = "Bad inittab entry",
		.regex = "^(?:init: )?(Bad inittab entry.*)$",
		.title = "$1",
		.means = "A line of /etc/inittab does not have the form "
			 "id:runlevels:action:process.",
		.example = "init: Bad inittab entry at line 3",
		.unlike = "# a Bad inittab entry",
		.advice = "correct the line",
	},
	{
		.id = "ext4-error",
		FS,
		.literal = "-fs error (device ",
		.regex = "^(EXT[234]-fs error) \\(device (\\S+)\\): (\\w+):\\d+: (.*)$",
		.title = "$1 ($2): $3: $s4",
		.means = "The file system is damaged, or was read wrongly.",
		.example = "EXT4-fs error (device mmcblk0): ext4_lookup:1785: inode #2: comm sh: "
			   "deleted "
			   "inode referenced: 13",
		.unlike = "EXT4-fs (mmcblk0): warning: mounting unchecked fs, running e2fsck is "
			  "recommended",
		.advice = "check the image with e2fsck -fn; if it is sound, the driver or the "
			  "controller "
			  "returned wrong data",
	},
	{
		.id = "fs-corruption",
		FS,
		.literal = "orruption detected\nMetadata corruption\nMetadata CRC error\nSQUASHFS "
			   "error: ",
		.regex = "^(XFS \\(\\S+\\): (?:Corruption detected|Metadata corruption "
			 "detected|Metadata CRC "
			 "error detected)|SQUASHFS error: (?:Unable to read|zlib decompression|xz "
			 "decompression|Failed to read)[^,0-9]*)",
		.title = "$1",
		.means = "The file system is damaged, or was read wrongly.",
		.example = "XFS (vda): Metadata corruption detected at xfs_agf_verify+0x50/0x1b0",
		.unlike = "no Metadata corruption found",
		.advice = "check the image on the host",
	},
	{
		.id = "fs-mount-failed",
		NOTE("fs"),
		.literal = "-fs (\nVFS: Can't find ",
		.regex = "^(EXT[234]-fs \\(\\S+\\): (?:VFS: Can't find \\S+ filesystem|couldn't "
			 "mount "
			 "(?:RDWR )?because of unsupported optional features \\(\\w+\\)|unable to "
			 "read "
			 "superblock|bad geometry: .*|group descriptors corrupted!|error loading "
			 "journal))",
		.title = "$1",
		.means = "A file system was not what its driver expected. Usual while the kernel "
			 "tries "
			 "one type after another.",
		.example = "EXT4-fs (mmcblk0): VFS: Can't find ext4 filesystem",
		.unlike = "EXT4-fs (mmcblk0): mounted filesystem with ordered data mode.",
		.advice = "give rootfstype= to try one type only; make the image with features "
			  "that the "
			  "kernel knows",
	},
	{
		.id = "io-error",
		NOTE("fs"),
		.literal = "I/O error, dev \nBuffer I/O error on dev",
		.regex = "^(?:blk_update_request: )?(?:Buffer )?I/O error(?:,| on) dev (\\w+)",
		.title = "I/O error on $1",
		.means = "A block of a disk could not be read or written. Harmless for an empty "
			 "floppy "
			 "or CD drive; on the root disk it is the cause of what follows.",
		.example = "I/O error, dev mmcblk0, sector 2048 op 0x0:(READ) flags 0x0 phys_seg 1",
		.unlike = "Buffer I/O error on purpose",
		.advice = "is the image as long as its partitions and file system claim?",
	},
	{.id = NULL},
};
