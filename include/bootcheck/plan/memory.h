/* The memory map of a case's boot loader: what its dialog loads where, and what does not go together. */
#ifndef BOOTCHECK_PLAN_MEMORY_H
#define BOOTCHECK_PLAN_MEMORY_H

#include <bootcheck/model/case.h>
#include <bootcheck/model/memmap.h>
#include <bootcheck/sys/bootimage.h>

struct bc_plan_files;

enum bc_memory_source { BC_MEMORY_TFTP, BC_MEMORY_NFS, BC_MEMORY_DISK };

/* A file that a command loads. */
struct bc_memory_file {
	enum bc_memory_source source;
	const char *path;      /* as the command names it; of NFS and TFTP without the server */
	const char *interface; /* DISK: "mmc", "virtio", "scsi", … */
	int device, part;      /* DISK: its number; 0 = no partition is named */
	const char *inside;    /* of a FIT, see bc_devtree_fit_kernel(); NULL = its default */
};

/* What the case's artifacts know. Each may say no: lint knows nothing of files. */
struct bc_memory_store {
	/* The file that a command would load. */
	bool (*look)(void *ctx, const struct bc_case *c, const struct bc_memory_file *file,
		struct bc_bootimage *image);
	/* The text of the boot script that such a file is. */
	bool (*script)(void *ctx, const struct bc_case *c, const struct bc_memory_file *file,
		struct bc_buf *out);
	/* The text of a path or reference of the case, for environments. */
	bool (*text)(void *ctx, const struct bc_case *c, const char *ref, struct bc_buf *out);
	/* The part of the boot loader's program around the first place of a mark: the environment that is compiled into
	 * it. */
	bool (*loader)(void *ctx, const struct bc_case *c, const void *mark, size_t len,
		struct bc_buf *out);
	void *ctx;
};

/* Where a block or a boot of the map comes from. */
struct bc_memory_origin {
	struct bc_loc loc; /* of the command, or of the text that holds it */
	int step;	   /* 1-based console step, 0 = the environment */
	char *command;	   /* as it is typed, variables filled in */
};

struct bc_memory {
	const struct bc_case *c;
	struct bc_memmap map;
	struct bc_mem_range
		flash; /* of the machine, where it is known: images may be booted from it */
	uint64_t
		dtb_at; /* where the machine itself puts its device tree; 0 = nowhere, or not known */
	struct {
		BC_VEC(struct bc_memory_origin);
	} loads, boots; /* one for each block and boot of the map */
	/* A boot command's address at which nothing was loaded. */
	struct {
		BC_VEC(struct bc_memory_lost {
			struct bc_loc loc;
			const char *what; /* "kernel", "ramdisk", "device tree" */
			char *command;
			uint64_t address;
		});
	} lost;
	bool is_opaque; /* a command was not understood: what it loaded, or set, is not known */
};

/* Follows what the case's steps type at the loader's prompt, and the environment that is built for it. files finds the
 * places inside of texts; store may be NULL. The caller releases. */
void bc_memory_read(const struct bc_case *c, const struct bc_plan_files *files,
	const struct bc_memory_store *store, struct bc_memory *memory);
void bc_memory_release(struct bc_memory *memory);
static inline void bc_memory_cleanup(struct bc_memory *memory)
{
	bc_memory_release(memory);
}

/* Adds what does not go together as warnings: [load-overlap], [kernel-overlap], [load-outside], [load-reserved],
 * [kernel-too-large], [boot-address]. One that the list holds already is not added again. */
void bc_memory_check(const struct bc_memory *memory, struct bc_diag *diag);
/* Appends the map as a table; nothing when the case loads nothing. */
void bc_memory_print(const struct bc_memory *memory, struct bc_buf *out);

#endif
