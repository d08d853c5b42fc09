/* Locks that are, or could be, used wrongly: lockdep, RCU's checks, spinlock debugging. */
#include "detect_impl.h"

#define LOCK .group = "lock", .kind = BC_KIND_SPLAT, .flags = BC_DETECT_REPORT | BC_DETECT_KERNEL
#define LOCK_IN                                                                                    \
	.group = "lock", .kind = BC_KIND_SPLAT,                                                    \
	.flags = BC_DETECT_REPORT | BC_DETECT_KERNEL | BC_DETECT_FUNCTION

/* "WARNING: text" since 4.11; "[ INFO: text ]" and "[ BUG: text ]" before. */
#define HEAD "^(?:WARNING: |INFO: |BUG: |\\[ (?:INFO|BUG): )"

const struct bc_detector bc_detectors_lock[] = {
	{
		.id = "circular-locking",
		LOCK_IN,
		.literal = "possible circular locking dependency",
		.regex = HEAD "(possible circular locking dependency detected)",
		.title = "$1",
		.means = "Locks are taken in one order here and in the other order elsewhere: with "
			 "bad "
			 "timing both sides wait for ever.",
		.example = "WARNING: possible circular locking dependency detected",
		.unlike = "no possible circular locking dependency detected",
		.advice = "the report draws the two orders; take the locks in one order everywhere",
	},
	{
		.id = "recursive-locking",
		LOCK_IN,
		.literal = "possible recursive locking",
		.regex = HEAD "(possible recursive locking detected)",
		.title = "$1",
		.means = "A lock of the same class is taken while one is held: a deadlock if it is "
			 "the "
			 "same lock.",
		.example = "WARNING: possible recursive locking detected",
		.unlike = "checking for possible recursive locking detected by lockdep",
		.advice = "give nested locks their own class, or do not take it twice",
	},
	{
		.id = "inconsistent-lock",
		LOCK_IN,
		.literal = "inconsistent lock state",
		.regex = HEAD "(inconsistent lock state)",
		.title = "$1",
		.means = "A lock is taken in interrupt context and elsewhere with interrupts on: "
			 "the "
			 "interrupt may come while it is held.",
		.example = "WARNING: inconsistent lock state",
		.unlike = "the door is in an inconsistent lock state",
		.advice = "take it with _irqsave outside of the interrupt handler",
	},
	{
		.id = "irq-lock-inversion",
		LOCK_IN,
		.literal = "irq lock inversion\nunsafe lock order detected",
		.regex = HEAD "(possible irq lock inversion dependency detected|\\S+-safe -> "
			      "\\S+-unsafe lock order detected)",
		.title = "$1",
		.means = "A lock that interrupts take depends on one that is held with interrupts "
			 "on.",
		.example = "WARNING: possible irq lock inversion dependency detected",
		.unlike = "an irq lock inversion is explained in the documentation",
		.advice = "the report draws the chain; take the inner lock with interrupts off",
	},
	{
		.id = "suspicious-rcu",
		LOCK_IN,
		.literal = "suspicious RCU usage\nsuspicious rcu_",
		.regex = HEAD "(suspicious (?:RCU|rcu_\\w+\\(\\)) usage)",
		.title = "$1",
		.means = "A pointer under RCU's protection was used without rcu_read_lock() or the "
			 "writer's lock.",
		.example = "WARNING: suspicious RCU usage",
		.unlike = "look for suspicious RCU usage",
		.advice = "the next lines name the place and the locks held",
	},
	{
		.id = "lock-held",
		LOCK_IN,
		.literal =
			"lock held when returning to user space\nheld lock freed\nstill has locks "
			"held\nleaked lock or atomic\nlocks held by init",
		.regex = HEAD
		"(lock held when returning to user space|held lock freed|.{1,40}? still has "
		"locks held|workqueue leaked lock or atomic)",
		.title = "$1",
		.means = "A lock was kept where nobody will ever release it.",
		.example = "WARNING: lock held when returning to user space!",
		.unlike = "is the lock held when returning to user space?",
		.advice = "look for an error path that returns without unlocking",
	},
	{
		.id = "unlock-balance",
		LOCK_IN,
		.literal = "bad unlock balance detected",
		.regex = HEAD "(bad unlock balance detected)",
		.title = "$1",
		.means = "A lock was released that was not held.",
		.example = "WARNING: bad unlock balance detected!",
		.unlike = "no bad unlock balance detected",
		.advice = "look for an error path that unlocks twice",
	},
	{
		.id = "wait-context",
		LOCK_IN,
		.literal = "Invalid wait context",
		.regex = "^\\[ BUG: (Invalid wait context) \\]",
		.title = "BUG: $1",
		.means = "A lock that may sleep (with PREEMPT_RT) is taken under one that may not.",
		.example = "[ BUG: Invalid wait context ]",
		.unlike = "Invalid wait context is explained below",
		.advice = "use a raw spinlock for the inner one, or drop the outer one",
	},
	{
		.id = "nested-lock",
		LOCK_IN,
		.literal = "Nested lock was not taken",
		.regex = HEAD "(Nested lock was not taken)",
		.title = "$1",
		.means = "A lock's nesting annotation names another lock that is not held.",
		.example = "WARNING: Nested lock was not taken",
		.unlike = "the Nested lock was not taken",
		.advice = "take the outer lock first",
	},
	{
		.id = "static-key",
		LOCK_IN,
		.literal = "trying to register non-static key",
		.regex = "^INFO: (trying to register non-static key)",
		.title = "$1",
		.means = "A lock was used before it was initialised (or its memory is not static).",
		.example = "INFO: trying to register non-static key.",
		.unlike = "I was trying to register non-static key",
		.advice =
			"initialise the lock (spin_lock_init() and the like) before its first use",
	},
	{
		.id = "spinlock",
		LOCK_IN,
		.literal = "BUG: spinlock \nBUG: rwlock ",
		.regex = "^(BUG: (?:spinlock|rwlock) (?:lockup suspected|already "
			 "unlocked|recursion|bad "
			 "magic|wrong owner|wrong CPU|cpu recursion))",
		.title = "$1",
		.means =
			"A spinlock that is not initialised, is taken twice, or is never released.",
		.example = "BUG: spinlock bad magic on CPU#0, swapper/0/1",
		.unlike = "a BUG: spinlock test",
		.advice = "initialise the lock; with `recursion`, look for who holds it already",
	},
	{.id = NULL},
};
