/* The memory of a boot's guest, where bootcheck can read it: the kernel's log while the guest runs, after it hung
 * or died, also when the emulator was killed; and which function an address is in. */
#ifndef BOOTCHECK_RUN_GUEST_MEMORY_H
#define BOOTCHECK_RUN_GUEST_MEMORY_H

#include <bootcheck/guest/kallsyms.h>
#include <bootcheck/guest/log.h>
#include <bootcheck/model/case.h>

struct bc_guest_memory;

/* True if the emulator can keep this machine's memory in a file of ours, and the case does not say no. */
bool bc_guest_memory_is_possible(const struct bc_machine *machine);
/* Memory for a machine. NULL when it is not possible, or the host does not give it: the boot goes on without.
 * symbols: path of the kernel's System.map if one is there, or NULL. */
struct bc_guest_memory *bc_guest_memory_new(
	const struct bc_machine *machine, const char *symbols) BC_MUST_CHECK;
/* NULL is fine, here and below. */
void bc_guest_memory_free(struct bc_guest_memory *memory);
/* The descriptor for the emulator; -1 for NULL. */
int bc_guest_memory_fd(const struct bc_guest_memory *memory);

/* Searches the kernel's log in all of the memory, if it is not known yet or may have moved; tens of milliseconds of
 * processor time. True if there is one. */
bool bc_guest_memory_find_log(struct bc_guest_memory *memory) BC_MUST_CHECK;
/* The next record; false when there is none now. Cheap. */
bool bc_guest_memory_next(
	struct bc_guest_memory *memory, struct bc_guest_record *record) BC_MUST_CHECK;
/* A reader of its own beside those above, for whoever follows the log of a running guest: it finds the log, and gives
 * each record once. */
bool bc_guest_memory_find_live(struct bc_guest_memory *memory) BC_MUST_CHECK;
bool bc_guest_memory_follow(
	struct bc_guest_memory *memory, struct bc_guest_record *record) BC_MUST_CHECK;
/* That reader begins anew: the machine was reset. */
void bc_guest_memory_forget_live(struct bc_guest_memory *memory);
/* Of the log that is followed: a ring of 5.10 or later? */
bool bc_guest_memory_is_ring(const struct bc_guest_memory *memory);
/* console_loglevel: the kernel prints records of a lower level. -1 if it was not found. */
int bc_guest_memory_console_level(struct bc_guest_memory *memory);
/* The guest does not run any more: the rest of the log may be read as it stands. */
void bc_guest_memory_stop(struct bc_guest_memory *memory);
/* Appends the whole log as dmesg prints it; reading goes on at its end. */
void bc_guest_memory_print_log(struct bc_guest_memory *memory, struct bc_buf *out);
/* The function that an address is in: by kallsyms out of the memory, else by System.map. The first call searches. */
bool bc_guest_memory_function(
	struct bc_guest_memory *memory, uint64_t address, char name[BC_SYMBOL_MAX]) BC_MUST_CHECK;

#endif
