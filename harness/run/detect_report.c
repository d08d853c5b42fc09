/* The lines of a report: registers, frames, end marks, and which function is the guilty one. */
#include "detect_impl.h"

/* Frames, in the unwinders' forms: " foo+0x10/0x20", "[<c0101234>] foo+0x10/0x20", " ? foo+0x…"
 * (not reliable), arm's " foo from bar+0x…" and "[<…>] (foo) from [<…>] (bar+0x…)", ppc's
 * "[c0…] [c0…] foo+0x10/0x20 (unreliable)". */
#define FRAME                                                                                      \
	"^\\s*(?:\\[<?[0-9a-f]{8,16}>?\\]\\s*){0,2}\\(?(\\?\\s+)?([A-Za-z_][\\w.$]*)\\)?"          \
	"(?:\\+0x[0-9a-f]+(?:/0x[0-9a-f]+)?| from )"
#define PC                                                                                         \
	"^(?:PC is at |pc : |epc : |RIP: 0010:|E?IP: (?:00[67]0:)?|NIP \\[[0-9a-f]+\\] |"          \
	"epc\\s+: [0-9a-f]+ |Krnl PSW : \\w+ \\w+ \\()(?:\\[<[0-9a-f]+>\\]\\s*){0,2}"              \
	"([A-Za-z_][\\w.$]*)\\+0x"
#define LR "^(?:LR is at |lr : |LR \\[[0-9a-f]+\\] |ra : )([A-Za-z_][\\w.$]*)\\+0x"
#define PART                                                                                       \
	"^(?:\\s+\\S|<|\\[ ?<|\\[[0-9a-f]{8,}\\]|[Cc]all [Tt]race|Backtrace|Exception stack|"      \
	"Process |Stack: |[Cc]ode: ?|Modules linked|CPU:? ?\\d|Hardware name|Workqueue|Tainted|"   \
	"task: |[PL][CR] is at|(?:[rxsatv]\\d{1,2}|[sfgt]p|ip|lr|pc|ra) ?:|psr: |pstate|Flags: "   \
	"|Control: |Register r|"                                                                   \
	"R[A-Z0-9]{2}: |[FCD][SR]\\d?: |EIP|EAX|E[SD]I|NIP|LR |MSR|GPR|CFAR|REGS|\\$ ?\\d+ +:|"    \
	"Hi +:|Lo +:|ra +:|Status|Cause|BadVA|PrId|[0-9a-f]{4,16}: |#PF|PGD |Oops|Internal "       \
	"error|note: |Mem abort|Data abort|swapper pgtable|8<---|Instruction dump|Faulting |"      \
	"BE PAGE_SIZE|LE PAGE_SIZE|irq event stamp|(?:hard|soft)irqs? |stack backtrace|=====|"     \
	"Kernel Offset|SMP: |Rebooting in|Trace:|---|Last Breaking|Krnl |CR2|Call Trace:|"         \
	"Kernel attempted|kernel BUG|Memory state|Sending NMI|NMI backtrace|rcu:|\\(detected|"     \
	"Mem-Info|Unable to handle|PREEMPT|Insn:|Kernel panic)"

struct trace {
	struct lazy frame, pc, lr, part, helper;
};

/* Functions that report, or that only stumble over what their caller handed them: the frame above is
 * the one to name. */
#define HELPER                                                                                     \
	"^_{0,2}(?:"                                                                               \
	"dump_stack(?:_lvl|_print_info)?|show_stack|show_regs|unwind_backtrace|"                   \
	"dump_backtrace|print_\\w+|kasan_\\w+|check_memory_region|"                                \
	"check_region_inline|asan_\\w+|hwasan_\\w+|kmsan_\\w+|kcsan_\\w+|tsan_\\w+|"               \
	"ubsan_\\w+|end_report|report_fault|warn|warn_printk|warn_slowpath\\w*|"                   \
	"report_bug|die|die_kernel_fault|oops_\\w+|panic|do_kernel_fault|"                         \
	"do_page_fault|do_translation_fault|do_DataAbort|do_mem_abort|do_bad_area|"                \
	"do_user_addr_fault|do_trap\\w*|do_error_trap|do_invalid_op|"                              \
	"(?:asm_)?exc_\\w+|handle_bug|handle_invalid_op|page_fault_oops|no_context|"               \
	"bad_area\\w*|arm64_notify_die|bug_handler|brk_handler|call_break_hook|"                   \
	"el1h?_\\w+|dabt_svc|pabt_svc|und_svc\\w*|irq_svc|undef\\w*|do_undefinstr|"                \
	"vectors|entry_\\w+|ret_\\w+|program_check_\\w+|interrupt_return\\w*|"                     \
	"data_access_\\w+|handle_\\w+_ra|handle_exception|handle_kernel_\\w+|"                     \
	"might_(?:sleep|resched|fault)\\w*|schedule\\w*|io_schedule\\w*|"                          \
	"[mu]sleep\\w*|wait_for_\\w+|k[vz]?m?alloc\\w*|k[vz]?free\\w*|"                            \
	"kmem_cache_\\w+|slab_\\w+|object_err|free_debug_processing|set_freepointer|"              \
	"bad_page|check_new_page\\w*|lock_acquire|lock_release|lockdep_\\w+|"                      \
	"validate_chain|check_\\w*(?:lock|usage|noncircular|prev_add)\\w*|"                        \
	"mark_lock\\w*|raw_(?:spin|read|write)_\\w+|"                                              \
	"(?:spin|read|write|mutex|down)_\\w+|rcu_\\w+|preempt_\\w+|"                               \
	"mem(?:cpy|set|move|cmp|chr)\\w*|"                                                         \
	"str[nr]?(?:len|cpy|cmp|cat|chr|str|lcpy|scpy|casecmp)\\w*|"                               \
	"(?:fortify|csum)_\\w+|copy_(?:to|from)_\\w+|list_(?:add|del)\\w*|"                        \
	"refcount_\\w+|usercopy_abort|check_\\w*heap_object|object_size\\w*|"                      \
	"stack_chk_fail|watchdog\\w*|softlockup_\\w+|lockup_\\w+|nmi_\\w+|"                        \
	"hrtimer_\\w+|tick_\\w+|trigger_\\w+|sched_show_task|check_hung\\w*|"                      \
	"dump_cpu_task|update_process_times|const_udelay|delay\\w*|"                               \
	"(?:arch_cpu|default)_idle\\w*|sysvec_\\w+|asm_sysvec_\\w+"                                \
	")$"

struct trace *bc_trace_new(void)
{
	struct trace *trace = bc_calloc(1, sizeof(*trace));
	trace->frame.regex = FRAME;
	trace->pc.regex = PC;
	trace->lr.regex = LR;
	trace->part.regex = PART;
	trace->helper.regex = HELPER;
	return trace;
}

void bc_trace_free(struct trace *trace)
{
	if (!trace)
		return;
	bc_lazy_release(&trace->frame);
	bc_lazy_release(&trace->pc);
	bc_lazy_release(&trace->lr);
	bc_lazy_release(&trace->part);
	bc_lazy_release(&trace->helper);
	free(trace);
}

static bool has(const struct line *line, const char *text)
{
	return memmem(line->text, line->len, text, strlen(text)) != NULL;
}

/* Keeps group n as the function if it is more certain than what is known: 3 the program counter,
 * 2 the first frame that is no helper, 1 a helper at the program counter. */
static void offer(struct trace *trace, const struct groups *groups, unsigned n, int as, int *rank,
	char **name)
{
	BC_AUTO_FREE char *function = bc_function_name(groups->text + groups->spans[n].start,
		groups->spans[n].end - groups->spans[n].start);
	struct line text = {.text = function, .len = strlen(function)};
	struct groups unused;
	if (bc_lazy_find(&trace->helper, &text, &unused))
		as = as == 3 ? 1 : 0;
	if (as <= *rank)
		return;
	*rank = as;
	free(*name);
	*name = BC_TAKE(function);
}

enum trace_line bc_trace_line(
	struct trace *trace, const struct line *line, int *rank, char **function)
{
	struct groups groups;
	if (has(line, "---[ end "))
		return TRACE_END;
	if (has(line, "[ cut here ]") || has(line, "8<--- cut here"))
		return TRACE_START;
	if (bc_lazy_find(&trace->pc, line, &groups)) {
		offer(trace, &groups, 1, 3, rank, function);
		return TRACE_PART;
	}
	/* The caller counts when the program counter is nowhere, or in a helper. */
	if (bc_lazy_find(&trace->lr, line, &groups)) {
		offer(trace, &groups, 1, 2, rank, function);
		return TRACE_PART;
	}
	if (bc_lazy_find(&trace->frame, line, &groups)) {
		if (groups.spans[1].start == SIZE_MAX)
			offer(trace, &groups, 2, 2, rank, function);
		return TRACE_FRAME;
	}
	return bc_lazy_find(&trace->part, line, &groups) ? TRACE_PART : TRACE_OTHER;
}
