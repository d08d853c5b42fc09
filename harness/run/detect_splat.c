/* The kernel noticed that something is wrong and went on. */
#include "detect_impl.h"

#define SPLAT .group = "splat", .kind = BC_KIND_SPLAT, .flags = BC_DETECT_REPORT | BC_DETECT_KERNEL
#define SPLAT_IN                                                                                   \
	.group = "splat", .kind = BC_KIND_SPLAT,                                                   \
	.flags = BC_DETECT_REPORT | BC_DETECT_KERNEL | BC_DETECT_FUNCTION
#define NOTE .group = "splat", .kind = BC_KIND_NONE, .flags = BC_DETECT_NOTE | BC_DETECT_KERNEL
/* Tests of the sanitizers provoke them on purpose. */
#define SELFTEST                                                                                   \
	"\\[(?:test_kasan|kasan_test|kasan_test_module|kfence_test|kcsan_test|kmsan_test|test_"    \
	"ubsan)\\]|KFENCE: .* in test_"

const struct bc_detector bc_detectors_splat[] = {
	{
		.id = "warning",
		SPLAT,
		.literal = "WARNING: ",
		.regex = "^WARNING: (?:CPU: ?\\d+ PID: \\d+ at |(?:\\[[^\\]]*\\] )?)"
			 "(?:/\\S*/)?((?:[\\w.+-]+/)*[\\w.+-]+\\.[chS]:\\d+) (?:at )?"
			 "([A-Za-z_]\\w*)?(?:[\\w.]*\\+0x[0-9a-f]+\\S*|0x[0-9a-f]+)?",
		.title = "WARNING in $2 at $1",
		.means = "WARN() or WARN_ON() in the source line named: a state that the code did "
			 "not "
			 "expect, but survives.",
		.example = "WARNING: CPU: 0 PID: 1 at mm/slub.c:123 kmem_cache_free+0x2c/0x140",
		.unlike = "WARNING: Image format was not specified for 'rootfs.ext3'",
		.advice = "read the condition in that line; `known:` in the case keeps one that is "
			  "reported from failing it",
	},
	{
		.id = "warning-plain",
		SPLAT_IN,
		.literal = "WARNING: at ",
		.regex = "^WARNING: at ((?:[\\w.+-]+/)*[\\w.+-]+\\.[chS]:\\d+)\\b",
		.title = "WARNING at $1",
		.means = "WARN() in an older kernel's form.",
		.example = "WARNING: at kernel/softirq.c:159 local_bh_enable+0x48/0xa0()",
		.unlike = "WARNING: at least one disk is missing",
		.advice = "read the condition in that line",
	},
	{
		.id = "kasan",
		SPLAT,
		.literal = "KASAN: ",
		.regex = "^(?:BUG: )?(KASAN: [a-z-]+(?: in ([A-Za-z_]\\w*))?)",
		.ignore = SELFTEST,
		.title = "$1",
		.means =
			"The address sanitizer saw an access outside an object, or to a freed one.",
		.example = "BUG: KASAN: slab-out-of-bounds in ext4_readdir+0x123/0x800",
		.unlike = "BUG: KASAN: slab-out-of-bounds in kmalloc_oob_right+0x1a6/0x1b0 "
			  "[test_kasan]",
		.advice = "the report goes on with who allocated and who freed the object",
	},
	{
		.id = "kfence",
		SPLAT,
		.literal = "BUG: KFENCE: ",
		.regex = "^BUG: (KFENCE: [a-z -]+? in [A-Za-z_]\\w*|KFENCE: [a-z -]+)",
		.ignore = SELFTEST,
		.title = "$1",
		.means = "KFENCE's guard pages caught a wrong access to a heap object.",
		.example = "BUG: KFENCE: use-after-free read in ext4_free_inode+0x40/0x200",
		.unlike = "BUG: KFENCE: out-of-bounds read in test_out_of_bounds_read+0x9e/0x21a",
		.advice = "the report goes on with who allocated and who freed the object",
	},
	{
		.id = "kmsan",
		SPLAT,
		.literal = "BUG: KMSAN: ",
		.regex = "^BUG: (KMSAN: [a-z-]+(?: in [A-Za-z_]\\w*)?)",
		.ignore = SELFTEST,
		.title = "$1",
		.means = "The memory sanitizer saw a decision made on memory that nobody wrote.",
		.example = "BUG: KMSAN: uninit-value in ip_rcv+0x10/0x200",
		.unlike = "BUG: KMSAN: uninit-value in test_uninit_kmalloc+0x5e/0x100 [kmsan_test]",
		.advice = "the report goes on with where the memory came from",
	},
	{
		.id = "kcsan",
		SPLAT,
		.literal = "BUG: KCSAN: ",
		.regex = "^BUG: (KCSAN: [a-z-]+ in [A-Za-z_]\\w*(?: / [A-Za-z_]\\w*)?)",
		.ignore = SELFTEST,
		.title = "$1",
		.means = "Two processors used the same memory at the same time, at least one of "
			 "them "
			 "writing, without a lock.",
		.example = "BUG: KCSAN: data-race in tick_sched_timer / timekeeping_update",
		.unlike = "BUG: KCSAN: data-race in test_kernel_read [kcsan_test] / "
			  "test_kernel_write",
		.advice = "mark the accesses (READ_ONCE, WRITE_ONCE) or lock them",
	},
	{
		.id = "ubsan",
		SPLAT_IN,
		.literal = "UBSAN: ",
		.regex = "^UBSAN: (\\S+) in (\\S+?\\.[chS]:\\d+)",
		.ignore = "test_ubsan|lib/test_ubsan",
		.title = "UBSAN: $1 in $2",
		.means = "The code did what C leaves undefined.",
		.example = "UBSAN: array-index-out-of-bounds in drivers/ata/libata-core.c:6125:13",
		.unlike = "UBSAN: shift-out-of-bounds in lib/test_ubsan.c:41:3",
		.advice = "the next line names the values",
	},
	{
		.id = "cfi",
		SPLAT,
		.literal = "CFI failure at",
		.regex = "^CFI failure at ([A-Za-z_]\\w*)",
		.title = "CFI failure at $1",
		.means = "A call through a pointer reached a function of another type.",
		.example = "CFI failure at lkdtm_indirect_call+0x2a/0x40 [lkdtm] (target: "
			   "lkdtm_increment_int+0x0/0x10; expected type: 0x7e0c52a)",
		.unlike = "no CFI failure at all",
		.advice = "compare the prototype of the function with the pointer's",
	},
	{
		.id = "soft-lockup",
		SPLAT_IN,
		.literal = "soft lockup - CPU",
		.regex = "^(?:watchdog: )?(BUG: soft lockup)",
		.title = "$1",
		.means = "A processor ran in the kernel for more than 20 s without scheduling.",
		.example = "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [sh:71]",
		.unlike = "the soft lockup - CPU watchdog is off",
		.advice = "a loop that never ends or takes too long; on a starved host an emulated "
			  "machine shows it without being guilty",
	},
	{
		.id = "hard-lockup",
		SPLAT_IN,
		.literal = "detected hard LOCKUP",
		.regex = "^(?:NMI )?(?:[Ww]atchdog: ?)?(?:Watchdog (detected hard LOCKUP)|CPU \\d+ "
			 "\\w*self-(detected hard LOCKUP)|CPU \\d+ (detected hard LOCKUP))",
		.title = "Watchdog detected hard LOCKUP",
		.means = "A processor took no interrupt for more than 10 s.",
		.example = "NMI watchdog: Watchdog detected hard LOCKUP on cpu 0",
		.unlike = "test of detected hard LOCKUP skipped",
		.advice = "a loop with interrupts off",
	},
	{
		.id = "rcu-stall",
		SPLAT_IN,
		.literal = "detected stall\ndetected expedited stall\nself-detected stall",
		.regex = "^(?:rcu: )?(?:INFO: )?(rcu\\w*) (?:self-)?(?:detected|expedited)(?: "
			 "expedited)? "
			 "(?:self-)?(?:detected )?stalls? on",
		.title = "INFO: $1 detected stall",
		.means = "A processor did not pass through a quiescent state for many seconds: it "
			 "loops "
			 "in the kernel, or got no time to run.",
		.example = "rcu: INFO: rcu_sched self-detected stall on CPU",
		.unlike = "rcu: Stall ended before state dump start",
		.advice = "look at the trace of the processor named; on a starved host an emulated "
			  "machine shows it without being guilty",
	},
	{
		.id = "hung-task",
		SPLAT_IN,
		.literal = "blocked for more than \nblocked in I/O wait for more than ",
		.regex = "^INFO: (task \\S+):\\d+ blocked (?:in I/O wait )?for more than \\d+ "
			 "seconds",
		.title = "INFO: $1 blocked for too long",
		.means = "A task waited for minutes in a way that no signal ends.",
		.example = "INFO: task mount:71 blocked for more than 120 seconds.",
		.unlike = "door blocked for more than 3 hours",
		.advice = "the trace shows what it waits for: an answer from a device, or a lock",
	},
	{
		.id = "workqueue-lockup",
		SPLAT,
		.literal = "BUG: workqueue lockup",
		.regex = "^(BUG: workqueue lockup)",
		.title = "$1",
		.means = "Work waits in a pool whose workers make no progress.",
		.example = "BUG: workqueue lockup - pool cpus=0 node=0 flags=0x0 nice=0 stuck for "
			   "32s!",
		.unlike = "workqueue lockup detector: off",
		.advice = "the list that follows names the functions in flight",
	},
	{
		.id = "sleeping-in-atomic",
		SPLAT_IN,
		.literal = "sleeping function called from invalid context",
		.regex = "^BUG: (sleeping function called from invalid context) at (\\S+)",
		.title = "BUG: $1 at $2",
		.means = "Something that may sleep was called with interrupts off or a spinlock "
			 "held.",
		.example = "BUG: sleeping function called from invalid context at mm/slab.h:494",
		.unlike = "no sleeping function called from invalid context",
		.advice = "the caller in the trace holds a lock, or is an interrupt handler",
	},
	{
		.id = "scheduling-while-atomic",
		SPLAT_IN,
		.literal = "scheduling while atomic",
		.regex = "^BUG: (scheduling while atomic)",
		.title = "BUG: $1",
		.means = "schedule() was reached with preemption off.",
		.example = "BUG: scheduling while atomic: swapper/0/1/0x00000002",
		.unlike = "never be scheduling while atomic",
		.advice = "an unbalanced lock, or something that sleeps in an interrupt handler",
	},
	{
		.id = "preemptible",
		SPLAT_IN,
		.literal = "in preemptible ",
		.regex = "^BUG: (using [a-z_]+\\(\\) in preemptible)",
		.title = "BUG: $1",
		.means =
			"The code asked which processor it is on while it may be moved to another.",
		.example =
			"BUG: using smp_processor_id() in preemptible [00000000] code: swapper/0/1",
		.unlike = "running in preemptible mode",
		.advice = "use get_cpu(), or the raw_ form where any answer will do",
	},
	{
		.id = "bad-page",
		SPLAT,
		.literal = "BUG: Bad page ",
		.regex = "^BUG: (Bad page (?:state|cache|map))(?: in process (\\S+))?",
		.title = "BUG: $1",
		.means = "A page of memory has a count or flags that it cannot have: it was freed "
			 "twice, "
			 "or overwritten.",
		.example = "BUG: Bad page state in process sh  pfn:00042",
		.unlike = "Bad page numbers in this manual",
		.advice = "the trace shows who noticed, not who did it; KASAN or page_owner tell "
			  "more",
	},
	{
		.id = "bad-mm",
		SPLAT,
		.literal = "BUG: Bad rss-counter\nBUG: non-zero ",
		.regex = "^BUG: (Bad rss-counter state|non-zero \\w+ on freeing mm)",
		.title = "BUG: $1",
		.means = "The books of a process's memory do not balance at its end.",
		.example = "BUG: Bad rss-counter state mm:00000000a1b2c3d4 type:MM_ANONPAGES val:1",
		.unlike = "rss-counter state is fine",
		.advice = "most often memory that was overwritten",
	},
	{
		.id = "list-corruption",
		SPLAT_IN,
		.literal = "list_add corruption\nlist_del corruption",
		.regex = "^(list_(?:add|del) corruption)",
		.title = "$1",
		.means =
			"A linked list's pointers do not fit together: an element was added twice, "
			"removed twice, or freed while in the list.",
		.example = "list_del corruption. next->prev should be c3a1b2c4, but was 00000100",
		.unlike = "how to provoke list_del corruption",
		.advice =
			"dead000000000100 means already removed; otherwise memory was overwritten",
	},
	{
		.id = "refcount",
		SPLAT_IN,
		.literal = "refcount_t: ",
		.regex = "^(refcount_t: [^.]+?)\\.$",
		.title = "$1",
		.means = "A reference count went where it must never go.",
		.example = "refcount_t: underflow; use-after-free.",
		.unlike = "struct refcount_t: see the manual.",
		.advice = "one put too many, or one get too few, by the function named",
	},
	{
		.id = "slab",
		SPLAT,
		.literal = "BUG kmalloc\n (Not tainted): \n (Tainted: ",
		.regex = "^BUG (\\S+) \\((?:Not t|T)ainted[^)]*\\): (.+)$",
		.title = "BUG $1: $2",
		.means = "The slab allocator found its guard bytes overwritten, or an object freed "
			 "twice.",
		.example = "BUG kmalloc-64 (Not tainted): Redzone overwritten",
		.unlike = "CPU: 0 PID: 1 Comm: init (Not tainted): 6.1.0",
		.advice = "the report goes on with who allocated and who freed the object",
	},
	{
		.id = "busy-inodes",
		SPLAT,
		.literal = "VFS: Busy inodes after unmount\nstill in use (",
		.regex = "^(?:VFS: (Busy inodes after unmount) of|BUG: (Dentry) \\S+)",
		.title = "VFS: Busy inodes after unmount",
		.means = "A file system was unmounted while something still used its inodes.",
		.example =
			"VFS: Busy inodes after unmount of mmcblk0. Self-destruct in 5 seconds.  "
			"Have a nice day...",
		.unlike = "device still in use (umount first)",
		.advice = "a reference to an inode or dentry was not put back",
	},
	{
		.id = "bug",
		SPLAT_IN,
		.literal = "BUG: ",
		.regex = "^(BUG: \\S.*)$",
		.ignore = "^BUG: (?:no syscalls|test|KASAN|KFENCE|KMSAN|KCSAN)|" SELFTEST,
		.title = "$s1",
		.means = "The kernel says that it has a bug.",
		.example = "BUG: memory leak",
		.unlike = "ODEBUG: selftest passed",
		.advice = "the text says what; the trace, if there is one, says where",
	},
	{
		.id = "page-allocation-failure",
		NOTE,
		.literal = "page allocation failure: order:",
		.regex = "^(.{1,20}: page allocation failure: order:\\d+)",
		.title = "$1",
		.means = "An allocation failed; its caller has to cope, and most do.",
		.example =
			"sh: page allocation failure: order:4, mode:0x40cc0(GFP_KERNEL|__GFP_COMP)",
		.unlike = "expect page allocation failure: order:4 below",
		.advice = "more memory for the machine, or a smaller allocation",
	},
	{
		.id = "oom-kill",
		NOTE,
		.literal = "Out of memory: Kill",
		.regex = "^(?:Memory cgroup o|O)ut of memory: Kill(?:ed)? process \\d+ "
			 "\\(([^)]+)\\)",
		.title = "Out of memory: killed process $1",
		.means = "Memory ran out and the kernel killed a process to get some.",
		.example = "Out of memory: Killed process 71 (sh) total-vm:1024kB, anon-rss:8kB",
		.unlike = "Out of memory: Killed the wrong one again",
		.advice = "give the machine more memory (machine.memory)",
	},
	{
		.id = "nobody-cared",
		NOTE,
		.literal = ": nobody cared",
		.regex = "^(irq \\d+: nobody cared)",
		.title = "$1",
		.means = "An interrupt came again and again and no driver took it; it is now off.",
		.example = "irq 16: nobody cared (try booting with the \"irqpoll\" option)",
		.unlike = "the irq: nobody cared to ask",
		.advice = "a driver is missing, or the interrupt is wired differently than the "
			  "device "
			  "tree says",
	},
	{
		.id = "duplicate-filename",
		NOTE,
		.literal = "cannot create duplicate filename",
		.regex = "^sysfs: (cannot create duplicate filename '[^']*')",
		.title = "sysfs: $1",
		.means = "Two devices or modules registered under one name.",
		.example = "sysfs: cannot create duplicate filename '/bus/platform/devices/foo'",
		.unlike = "cp: cannot create duplicate filename",
		.advice = "look for the same device twice in the device tree, or a driver that "
			  "registers "
			  "twice",
	},
	{.id = NULL},
};
