/* Panics: the kernel gives up. The specific ones come before the one for all. */
#include "detect_impl.h"

#define NOT_SYNCING "^Kernel panic - not syncing: "
#define PANIC	    BC_DETECT_FATAL | BC_DETECT_REPORT | BC_DETECT_KERNEL
#define LONE_PANIC  .group = "panic", .kind = BC_KIND_PANIC, .flags = PANIC

const struct bc_detector bc_detectors_panic[] = {
	{
		.id = "vfs-root",
		LONE_PANIC,
		.literal = "VFS: Unable to mount root fs on",
		.regex = NOT_SYNCING "(VFS: Unable to mount root fs on .+)$",
		.title = "Kernel panic - not syncing: $1",
		.hint = bc_hint_vfs,
		.means =
			"The kernel came up but found no root file system. unknown-block(0,0) is a "
			"device that it could not find; any other number is one that it found but "
			"could not mount.",
		.example = "Kernel panic - not syncing: VFS: Unable to mount root fs on "
			   "unknown-block(0,0)",
		.unlike = "VFS: Unable to mount root fs via NFS.",
		.advice = "check root= on the command line, the device's driver and the file "
			  "system's "
			  "option in the kernel's config (=y without an initramfs), and that the "
			  "disk "
			  "or the initramfs was given to the machine",
	},
	{
		.id = "nfs-root",
		LONE_PANIC,
		.literal = "Unable to mount root fs via NFS",
		.regex = "^(VFS: Unable to mount root fs via NFS)",
		.title = "$1",
		.means = "The kernel tried for a minute and a half to mount its root over NFS; the "
			 "server does "
			 "not answer, or not with that path and version. It panics next, for want "
			 "of an init.",
		.example = "VFS: Unable to mount root fs via NFS.",
		.unlike = "init: VFS: Unable to mount root fs via NFS.",
		.advice = "check nfsroot= and ip= on the command line, vers=3,tcp among the "
			  "options, and that the "
			  "network card's driver is in the kernel; nfs.log in the case's folder "
			  "says what was "
			  "asked for",
	},
	{
		.id = "init-killed",
		LONE_PANIC,
		.literal = "Attempted to kill init!",
		.regex = NOT_SYNCING "(Attempted to kill init!) +exitcode=(0x[0-9a-f]+)",
		.title = "Kernel panic - not syncing: $1 exitcode=$2 ($x2)",
		.hint = bc_hint_kill_init,
		.means = "Process 1 ended, which the kernel does not survive. The exit code tells "
			 "how: "
			 "its low seven bits are a signal, the byte above them an exit status "
			 "(0x7f00: "
			 "a shell script's command was not found).",
		.example =
			"Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007f00",
		.unlike = "init: Attempted to kill init!",
		.advice = "look at what init wrote last; a script as init must end in `exec` of "
			  "something that stays",
	},
	{
		.id = "init-killed-bare",
		LONE_PANIC,
		.literal = "Attempted to kill init!",
		.regex = NOT_SYNCING "(Attempted to kill init!.*)$",
		.title = "Kernel panic - not syncing: $1",
		.hint = bc_hint_kill_init,
		.means = "Process 1 ended, which the kernel does not survive; this kernel does not "
			 "say "
			 "how.",
		.example = "Kernel panic - not syncing: Attempted to kill init!",
		.unlike = "Attempted to kill init! (just saying)",
		.advice = "look at what init wrote last; a script as init must end in `exec` of "
			  "something that stays",
	},
	{
		.id = "no-init",
		LONE_PANIC,
		.literal = "working init found\nNo init found",
		.regex = NOT_SYNCING "(No (?:working )?init found)",
		.title = "Kernel panic - not syncing: $1",
		.hint = bc_hint_no_init,
		.means = "A root file system was mounted, but nothing on it could be run as "
			 "process 1.",
		.example = "Kernel panic - not syncing: No working init found.  Try passing init= "
			   "option "
			   "to kernel. See Linux Documentation/admin-guide/init.rst for guidance.",
		.unlike = "No working init found, said the shell",
		.advice = "put an executable for this architecture at /sbin/init (a dynamic one "
			  "needs "
			  "its loader and libraries on the root file system too)",
	},
	{
		.id = "init-requested",
		LONE_PANIC,
		.literal = "Requested init ",
		.regex = NOT_SYNCING "Requested init (.+) failed \\(error (-\\d+)\\)",
		.title = "Kernel panic - not syncing: Requested init $1 failed (error $2)",
		.hint = bc_hint_no_init,
		.means = "init= named a program that could not be run. Error -2: it, or its "
			 "interpreter or loader, is missing; -13: not executable; -8: not a "
			 "program for "
			 "this architecture.",
		.example =
			"Kernel panic - not syncing: Requested init /bin/none failed (error -2).",
		.unlike = "Requested init levels: 3",
		.advice = "check the path in init= and what is on the root file system",
	},
	{
		.id = "stack-protector",
		LONE_PANIC,
		.literal = "stack-protector: Kernel stack is corrupted",
		.regex = NOT_SYNCING
		"(stack-protector: Kernel stack is corrupted in): ([A-Za-z_][\\w.]*)?",
		.title = "Kernel panic - not syncing: $1: $2",
		.means = "A function returned with its stack guard overwritten: something wrote "
			 "past a "
			 "buffer on the stack.",
		.example = "Kernel panic - not syncing: stack-protector: Kernel stack is corrupted "
			   "in: "
			   "proc_dostring+0x1b4/0x1b4",
		.unlike = "stack-protector: Kernel stack is corrupted in: foo",
		.advice = "look for an overrun of a local array in the function named, or in one "
			  "that it "
			  "calls",
	},
	{
		.id = "oom-deadlock",
		LONE_PANIC,
		.literal = "Kernel panic - not syncing: ",
		.regex = NOT_SYNCING "(System is deadlocked on memory|Out of memory[^\\n]*|"
				     "Out of memory and no killable processes[^\\n]*)$",
		.title = "Kernel panic - not syncing: $s1",
		.means = "Memory ran out and there was nothing left to kill.",
		.example = "Kernel panic - not syncing: System is deadlocked on memory",
		.unlike = "Out of memory: Killed process 71 (sh) total-vm:1024kB",
		.advice = "give the machine more memory (machine.memory), or make the initramfs "
			  "smaller: "
			  "it is unpacked into memory",
	},
	{
		.id = "early-exception",
		LONE_PANIC,
		.literal = "PANIC: early exception",
		.regex = "^PANIC: (early exception (?:0x)?[0-9a-f]{1,2})\\b.*? IP (?:[0-9a-f]+:)?"
			 "(?:\\[<[0-9a-f]+>\\] )?([A-Za-z_]\\w*)?",
		.title = "PANIC: $1",
		.means = "An exception on x86 before the kernel's handlers were set up.",
		.example = "PANIC: early exception 0x0d IP 10:ffffffff8107ba14 error 0 cr2 "
			   "0xffff888003000ff8",
		.unlike = "PANIC: at the disco",
		.advice = "look up the address after IP in System.map; -cpu may lack an "
			  "instruction set "
			  "that this kernel was built for",
	},
	{
		.id = "double-fault",
		.group = "panic",
		.kind = BC_KIND_PANIC,
		.flags = PANIC | BC_DETECT_FUNCTION,
		.literal = "PANIC: double fault",
		.regex = "^(?:traps: )?(PANIC: double fault)\\b",
		.title = "$1",
		.means = "A fault while a fault was being handled, most often because the kernel "
			 "stack "
			 "overflowed.",
		.example = "traps: PANIC: double fault, error_code: 0x0",
		.unlike = "the PANIC: double fault test was skipped",
		.advice = "look for deep recursion or large local variables in the trace",
	},
	{
		.id = "panic",
		LONE_PANIC,
		.literal = "Kernel panic - ",
		.regex = "^(Kernel panic - (?:not syncing|not continuing): ?.*)$",
		.title = "$s1",
		.means = "The kernel found itself in a state that it must not go on from.",
		.example = "Kernel panic - not syncing: Fatal exception in interrupt",
		.unlike = "echo Kernel panic - not syncing: fake",
		.advice = "the text says why; the lines before it often say more",
	},
	{.id = NULL},
};
