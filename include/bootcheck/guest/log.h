/* The kernel's log, read out of a guest's memory: while the guest runs, when it hangs, after it died.
 *
 * printk's ring buffer is found by what must hold in it; VMCOREINFO, where the kernel keeps one, says its
 * layout and confirms it. Known are the ring of 5.10 and later in both layouts, the log_buf of 3.5 to 5.9,
 * 32 and 64 bit, either byte order. */
#ifndef BOOTCHECK_GUEST_LOG_H
#define BOOTCHECK_GUEST_LOG_H

#include <bootcheck/base/buf.h>
#include <bootcheck/guest/ram.h>

/* One record, as printk stored it. */
struct bc_guest_record {
	uint64_t seq;	    /* the kernel counts from 0; log_buf: as counted here */
	uint64_t ts_ns;	    /* since the kernel's start */
	uint64_t lost;	    /* records before it that were overwritten unread */
	unsigned level;	    /* 0 (emergency) to 7 (debug) */
	unsigned facility;  /* 0 = the kernel's own; others came through /dev/kmsg or syslog */
	uint32_t caller_id; /* a thread, or a CPU with the highest bit set */
	bool is_open;	    /* more may be added to its text: it has not reached a console yet */
	const char *
		text; /* without prefix; may hold newlines, not NUL-terminated; valid until the next call */
	size_t len;
};

struct bc_guest_log;

/* A log in ram, which is borrowed and must outlive it. arch: QEMU's name of the architecture, or NULL.
 * Nothing is searched yet. Never NULL. */
struct bc_guest_log *bc_guest_log_new(
	const struct bc_guest_ram *ram, const char *arch) BC_MUST_CHECK;
/* Frees; NULL is fine. */
void bc_guest_log_free(struct bc_guest_log *log);
/* Tells the addresses of `prb` (or, before 5.10, 0) and `linux_banner` from a System.map: the next search looks there
 * as well. The kernel's shift is found by its banner's text. */
void bc_guest_log_symbols(struct bc_guest_log *log, uint64_t prb, uint64_t linux_banner);
/* Searches all of the memory (tens of milliseconds for 256 MiB that are in use; call bc_guest_ram_look()
 * before). True if a log with a record is there. A log that was found before is kept, and reading goes on
 * where it stopped, unless a newer one is found. */
bool bc_guest_log_find(struct bc_guest_log *log) BC_MUST_CHECK;
/* The next record in the kernel's order; false when there is none yet (or nothing was found). Costs a few
 * loads when nothing is new: meant to be polled. A record that may still grow is not given before it is
 * complete or is_last was set. The kernel's move to a larger ring early in the boot is followed. */
bool bc_guest_log_next(struct bc_guest_log *log, struct bc_guest_record *record) BC_MUST_CHECK;
/* The guest does not run any more: open records are given, and unfinished ones skipped. */
void bc_guest_log_stop(struct bc_guest_log *log);
/* Begins again with the oldest record that is kept. */
void bc_guest_log_rewind(struct bc_guest_log *log);

/* How it was found. Meaningful after bc_guest_log_find() said true. */
struct bc_guest_log_facts {
	struct bc_guest_format format;
	bool is_ring;	      /* 5.10 or later */
	bool has_vmcoreinfo;  /* the kernel says where its log is */
	bool is_confirmed;    /* what VMCOREINFO or the symbols say is the one found */
	uint64_t at;	      /* offset of the ring's descriptor, which lies in the kernel's data */
	uint64_t delta;	      /* virtual address minus offset, of the log's memory */
	uint64_t image_delta; /* the same for the kernel's image; 0 = not known */
	const char *release;  /* `uname -r` where VMCOREINFO has it, or "" */
};
struct bc_guest_log_facts bc_guest_log_facts(const struct bc_guest_log *log);

/* Appends a record as dmesg prints it, `[    1.234567] text\n`; its further lines have the same prefix. */
void bc_guest_record_print(const struct bc_guest_record *record, struct bc_buf *out);

#endif
