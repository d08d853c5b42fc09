/* One case, fully expanded: `use:` merged, matrix and variables filled in, everything checked.
 * Plain data, immutable after the plan made it. Strings may hold references ${artifact[:member]}
 * where a comment says "ref". */
#ifndef BOOTCHECK_MODEL_CASE_H
#define BOOTCHECK_MODEL_CASE_H

#include <bootcheck/model/result.h>
#include <bootcheck/model/value.h>

/* The artifact that a map of names under `machine.net.tftp` becomes. */
#define BC_TFTP_ARTIFACT "machine.net.tftp"

/* A tree or a file that bootcheck's own NFS server serves. */
struct bc_nfs_export {
	char *at;  /* absolute path on the server */
	char *ref; /* ref */
	struct bc_loc loc;
};

struct bc_net {
	enum bc_net_mode { BC_NET_NONE, BC_NET_USER } mode;
	bool is_restricted; /* slirp restrict=on */
	char *model;	    /* NIC model, NULL = the machine's own */
	char *tftp;	    /* ref to the folder that is served by TFTP, or NULL */
	enum bc_tftp_server { BC_TFTP_QEMU, BC_TFTP_TFTPD } tftp_server;
	struct bc_loc tftp_loc;
	struct {
		BC_VEC(struct bc_nfs_export);
	} nfs;
	char *nfs_server; /* HOST:/path of another NFS server, which is only used; or NULL */
	struct bc_loc nfs_loc;
	struct bc_strs forwards; /* hostfwd rules as QEMU takes them */
};

struct bc_machine {
	char *arch;  /* the suffix of qemu-system-*, e.g. "arm" */
	char *model; /* -M, with its options: "vexpress-a9,secure=off" */
	char *cpu;   /* -cpu, NULL = the machine's own */
	int cpus;    /* ≥ 1 */
	uint64_t memory_bytes;
	int uarts;    /* captured serial ports, ≥ 1 */
	int console;  /* index of the UART that the dialog runs on */
	int kernel;   /* … and of the one that the kernel prints on; usually the same */
	bool inspect; /* the guest's memory is kept where bootcheck can read it */
	char *qemu;   /* path or name of the emulator, NULL = qemu-system-<arch> on PATH */
	struct bc_strs options; /* further QEMU arguments, each one argv element; refs */
	struct bc_net net;
	struct bc_loc loc, model_loc, cpu_loc, arch_loc;
};

struct bc_drive {
	char *file;	 /* ref */
	char *interface; /* "sd", "virtio", "ide", "scsi", "pflash", "none" */
	char *format;	 /* "raw", "qcow2" */
	int index;	 /* -1 = QEMU's choice */
	struct bc_loc loc;
};

struct bc_boot {
	char *kernel, *dtb, *initrd, *bios; /* refs or NULL */
	char *cmdline;			    /* NULL = none */
	bool no_printk_time;		    /* the command line is taken as it is */
	struct {
		BC_VEC(struct bc_drive);
	} drives; /* `sd:` is one of them */
	struct bc_loc loc;
};

struct bc_artifact {
	char *name;
	char *kind;		 /* tag of its variant */
	struct bc_value *params; /* the whole map: tag and options, checked; may hold refs */
	struct bc_loc loc;
};

struct bc_step {
	char *kind;		 /* tag of its variant */
	struct bc_value *params; /* the whole map: tag and options, checked */
	uint64_t limit_ms;	 /* 0 = the case's step limit */
	struct bc_loc loc;
};

enum bc_stream { BC_STREAM_ANY, BC_STREAM_KERNEL, BC_STREAM_USER };

struct bc_reject {
	char *pattern;
	enum bc_stream stream;
	struct bc_loc loc;
};

struct bc_known {
	char *pattern; /* matched against the title and the line that decided */
	char *reason;
	char *until; /* YYYY-MM-DD or NULL: after that day the entry no longer counts */
	struct bc_loc loc;
};

struct bc_outcome {
	enum bc_verdict verdict; /* BC_PASS; BC_FAIL: the case passes when the boot fails so;
				    BC_ERROR: when an artifact cannot be built so */
	enum bc_fail_kind kind;	 /* with BC_FAIL; BC_KIND_NONE = any */
	char *title;		 /* pattern that the title must match, or NULL */
	struct bc_loc loc;
};

struct bc_limits { /* ms, 0 = none; always set after loading */
	uint64_t
		boot; /* from QEMU's start to the first step's success that names a prompt, or the first `run` */
	uint64_t silence; /* without a byte on any UART while output is awaited */
	uint64_t total;	  /* the whole boot */
	uint64_t step;	  /* each step */
	uint64_t loader, decompressor, kernel, init; /* each phase of the boot */
	bool is_guest_time; /* the guest's clock stands still while this host has no processor for it */
};

#define BC_LOADER_PROMPT "^[\\w.-]{0,40} ?=> $"
#define BC_LOADER_AUTOBOOT                                                                         \
	"Hit any key to stop autoboot|[Pp]ress .* to (abort|stop) autoboot|^Autoboot in \\d+ "     \
	"seconds?"
struct bc_loader {	/* the boot loader's console */
	char *prompt;	/* pattern; always set after loading */
	char *autoboot; /* pattern of the line that says that a key stops autoboot */
	int line_max;	/* bytes of a line that it takes */
};

struct bc_case {
	char *id; /* name, or name[key=value,…] with the matrix keys in file order; unique in a run */
	char *name, *summary, *file;
	char *root; /* folder that plain relative paths start from */
	struct bc_strs labels;
	struct {
		BC_VEC(char *); /* pairs key, value of this cell of the matrix */
	} cell;
	struct bc_machine machine;
	struct {
		BC_VEC(struct bc_artifact);
	} artifacts;
	struct bc_boot boot;
	struct bc_limits limits;
	struct {
		BC_VEC(struct bc_step);
	} steps;
	struct {
		BC_VEC(struct bc_reject);
	} rejects;
	struct {
		BC_VEC(struct bc_known);
	} known;
	struct bc_strs detect_off; /* ids or groups of detectors that this case switches off */
	bool detect_none;	   /* `detect: off` */
	char *prompt;		   /* pattern of the shell's prompt; a default when not given */
	struct bc_loader loader;
	bool needs_network; /* an artifact that cannot be fetched is a reason to skip */
	struct bc_outcome outcome;
	struct bc_loc loc;
};

/* The command line as the kernel gets it: with `printk.time=1`, unless the case says something else about
 * it. The caller frees; NULL if the case has none. */
char *bc_boot_cmdline(const struct bc_boot *boot) BC_MUST_CHECK;
/* True if that command line turns the kernel's time stamps on. */
bool bc_boot_has_printk_time(const struct bc_boot *boot);

/* Frees everything the case owns and the case. NULL is fine. */
void bc_case_free(struct bc_case *c);

/* Calls fn for every ${name[:member]} in text, in order. name and member are borrowed for the call;
 * member is NULL without one. `$${` is a literal "${". False as soon as fn is, or when a "${" is not
 * closed (fn is then not called for it). */
typedef bool bc_ref_fn(void *ctx, const char *name, const char *member);
bool bc_refs_each(const char *text, bc_ref_fn *fn, void *ctx) BC_MUST_CHECK;

/* Replaces every reference by what fn returns (borrowed until the next call; NULL makes the whole
 * call fail) and `$${` by "${". The caller frees the result; NULL on failure. */
typedef const char *bc_ref_value_fn(void *ctx, const char *name, const char *member);
char *bc_refs_expand(const char *text, bc_ref_value_fn *fn, void *ctx) BC_MUST_CHECK;

#endif
