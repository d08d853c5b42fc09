/* The kernel did something that the processor refused, or asserted that it would not. */
#include "detect_impl.h"

#define OOPS                                                                                       \
	.group = "oops", .kind = BC_KIND_SPLAT,                                                    \
	.flags = BC_DETECT_REPORT | BC_DETECT_KERNEL | BC_DETECT_FUNCTION

const struct bc_detector bc_detectors_oops[] = {
	{
		.id = "null-deref",
		OOPS,
		.literal = "NULL pointer dereference",
		.regex =
			"^(?:CPU \\d+ )?((?:BUG: )?(?:[Uu]nable to handle )?[kK]ernel NULL pointer "
			"dereference)",
		.title = "$1",
		.means = "The kernel used a pointer that was NULL (or close to it: a member of a "
			 "structure at NULL).",
		.example = "Unable to handle kernel NULL pointer dereference at virtual address "
			   "00000000 "
			   "when write",
		.unlike = "kunit: test of NULL pointer dereference passed",
		.advice = "the function named is where it was used; ask who should have set the "
			  "pointer",
	},
	{
		.id = "paging-request",
		OOPS,
		.literal = "Unable to handle kernel \nnable to handle page fault\nUnable to handle "
			   "unmapped\nnable to handle kernel paging request\nkernel data access",
		.regex = "^(?:CPU \\d+ )?((?:BUG: )?[Uu]nable to handle (?:kernel paging "
			 "request|page "
			 "fault|kernel access to user memory[^\\n]*?|kernel data "
			 "access[^\\n]*?|kernel "
			 "pointer dereference[^\\n]*?|kernel (?:read|write|execut\\w+)[^\\n]*?|"
			 "unmapped[^\\n]*?))(?:(?: for address| on (?:read|write))?:? ?(?:at|in) "
			 "|(?: for address)?:| outside|$)",
		.title = "$1",
		.means = "The kernel used an address that is not mapped, or that it has no right "
			 "to.",
		.example = "BUG: unable to handle page fault for address: ffffc90000abc000",
		.unlike = "Unable to handle kernel image names",
		.advice = "an address full of 6b or 5a is freed or uninitialised memory; one near "
			  "zero is "
			  "a NULL pointer",
	},
	{
		.id = "general-protection-fault",
		OOPS,
		.literal = "general protection fault",
		.regex = "^(general protection fault)(?:, [^:]+(?:: 0x[0-9a-f]+)?)?: [0-9a-f]{4} "
			 "\\[#\\d+\\]",
		.title = "$1",
		.means = "x86 refused an access, most often through an address that no pointer can "
			 "be: "
			 "freed or overwritten memory.",
		.example = "general protection fault, probably for non-canonical address "
			   "0xdead000000000108: 0000 [#1] PREEMPT SMP NOPTI",
		.unlike = "traps: foo[71] general protection fault ip:401136 sp:7ffc0 error:0 in "
			  "foo[401000+1000]",
		.advice = "0xdead… is list poison (used after list_del), 0x6b6b… freed slab memory",
	},
	{
		.id = "kernel-bug",
		.group = "oops",
		.kind = BC_KIND_SPLAT,
		.flags = BC_DETECT_REPORT | BC_DETECT_KERNEL,
		.literal = "kernel BUG at ",
		.regex = "^kernel BUG at (?:/\\S*/)?(\\S+:\\d+!)",
		.title = "kernel BUG at $1",
		.means = "BUG() or BUG_ON() in the source line named: the code asserts that this "
			 "never "
			 "happens.",
		.example = "kernel BUG at fs/ext4/inode.c:1234!",
		.unlike = "see the kernel BUG at bugzilla",
		.advice = "read the condition in that line; the trace tells who came with it",
	},
	{
		.id = "illegal-instruction",
		OOPS,
		.literal = "undefined instruction\ninvalid opcode: ",
		.regex = "^(Internal error: Oops - undefined instruction|invalid opcode): "
			 "[0-9a-fx]+ "
			 "\\[#\\d+\\]",
		.title = "$1",
		.means = "The kernel ran into an instruction that this processor does not have.",
		.example = "Internal error: Oops - undefined instruction: 0 [#1] SMP ARM",
		.unlike = "traps: foo[71] trap invalid opcode ip:401136 sp:7ffc0 error:0",
		.advice = "built for another processor than -cpu gives, a corrupted image, or a "
			  "BUG() "
			  "without its line",
	},
	{
		.id = "divide-error",
		OOPS,
		.literal = "divide error: \nDivision by zero in kernel",
		.regex = "^(divide error|Division by zero in kernel)(?:: [0-9a-f]{4} \\[#|\\.)",
		.title = "$1",
		.means = "The kernel divided by zero.",
		.example = "divide error: 0000 [#1] PREEMPT SMP",
		.unlike = "traps: foo[71] divide error ip:401136",
		.advice = "the function named lacks a check of its divisor",
	},
	{
		.id = "stack-overflow",
		OOPS,
		.literal =
			"stack guard page was hit\nInsufficient stack space to handle exception\n"
			"kernel stack overflow",
		.regex =
			"^(?:BUG: (?:[^ ]+ )?)?((?:IRQ |NMI |TASK |task )?stack guard page was hit|"
			"Insufficient stack space to handle exception|kernel stack overflow)",
		.title = "$1",
		.means = "The kernel's stack ran over.",
		.example = "BUG: TASK stack guard page was hit at 00000000a1b2c3d4 (stack is "
			   "0000000012345678..000000009abcdef0)",
		.unlike = "checking for kernel stack overflow: none",
		.advice = "look for deep recursion or large local variables in the trace",
	},
	{
		.id = "domain-fault",
		OOPS,
		.literal = "page domain fault (",
		.regex = "^(Unhandled (?:fault|prefetch abort): page domain fault) \\(",
		.title = "$1",
		.means = "The kernel used an address of userspace without asking for access. On "
			 "ARM with "
			 "CONFIG_CPU_SW_DOMAIN_PAN a NULL pointer shows so: look at the address.",
		.example = "Unhandled fault: page domain fault (0x81b) at 0x00000000",
		.unlike = "a page domain fault (0x81b) in the manual",
		.advice =
			"at 0x00000000 a pointer was NULL; at other addresses copy_from_user() or "
			"copy_to_user() is missing",
	},
	{
		.id = "external-abort",
		OOPS,
		.literal = "Unhandled fault: \nUnhandled prefetch abort: \nSError Interrupt on "
			   "CPU\nexternal abort: \nBad mode "
			   "in ",
		.regex = "^(Unhandled (?:fault|prefetch abort): [^(]*?(?= \\()|SError Interrupt(?= "
			 "on CPU)|"
			 "Internal error: (?:synchronous|asynchronous|level \\d)[^:]*|"
			 "Bad mode in \\w+ handler detected)",
		.title = "$1",
		.means = "The bus answered an access with an error: the device is not there, not "
			 "clocked, or the address in the device tree is wrong.",
		.example = "Unhandled fault: imprecise external abort (0x1c06) at 0x76f1b000",
		.unlike = "Unhandled fault: none so far",
		.advice = "compare the device tree with the machine: -M and the DTB must fit",
	},
	{
		.id = "oops",
		OOPS,
		.literal = "Internal error: \nOops[#\nOops [#\nOops: ",
		.regex = "^(Internal error: [^:\\[]*|Oops)(?:: )?[^\\[]*\\[#\\d+\\]",
		.title = "$s1",
		.means = "The kernel died in the middle of something; the trace says where.",
		.example = "Internal error: Oops: 805 [#1] SMP ARM",
		.unlike = "Oops: something went wrong in this script",
		.advice = "the function named is where it died",
	},
	{
		.id = "die",
		OOPS,
		.literal = " [#1]\n [#2]\n [#3]",
		.regex = "^([A-Za-z][^:\\[]{2,80}): (?:0x)?[0-9a-f]{1,16} \\[#\\d+\\]",
		.title = "$s1",
		.means = "The kernel died in the middle of something; the trace says where.",
		.example = "stack segment: 0000 [#1] SMP",
		.unlike = "note [#1]: see below",
		.advice = "the function named is where it died",
	},
	{.id = NULL},
};
