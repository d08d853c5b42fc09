/* Archives: unpacking tar, cpio, zip and .deb as any user, writing newc. libarchive behind a few
 * calls. Everything read is taken for hostile. */
#ifndef BOOTCHECK_SYS_ARCHIVE_H
#define BOOTCHECK_SYS_ARCHIVE_H

#include <sys/types.h>

#include <bootcheck/base/err.h>
#include <bootcheck/base/mem.h>

#define BC_ARCHIVE_NAME_MAX    4095		    /* bytes of a path or link target */
#define BC_ARCHIVE_MAX_BYTES   ((uint64_t)64 << 30) /* default bound on what is unpacked */
#define BC_ARCHIVE_MAX_ENTRIES ((size_t)4 << 20)    /* default bound on the number of entries */

enum bc_entry_type {
	BC_ENTRY_FILE,
	BC_ENTRY_DIR,
	BC_ENTRY_LINK, /* symbolic */
	BC_ENTRY_CHAR,
	BC_ENTRY_BLOCK,
	BC_ENTRY_FIFO,
};

/* One entry of an archive or tree. */
struct bc_entry {
	enum bc_entry_type type;
	const char *path; /* relative, normalised, never "." or leading outside */
	unsigned mode;	  /* permission bits with setuid, setgid and sticky */
	uint32_t uid, gid;
	uint64_t size;	       /* FILE */
	const char *target;    /* LINK, as it is written; otherwise NULL */
	bool is_hard;	       /* LINK: a hard link; target is then a path like `path` */
	unsigned major, minor; /* CHAR, BLOCK */
};

struct bc_extract {
	const char *archive;	       /* path of the file */
	const char *dir;	       /* existing folder that receives the entries */
	const struct bc_strs *members; /* globs; an entry is taken when one fits it or a folder
					    above it; NULL or empty takes all */
	unsigned strip;	    /* leading components removed before anything else is looked at */
	uint64_t max_bytes; /* 0 = BC_ARCHIVE_MAX_BYTES */
	size_t max_entries; /* 0 = BC_ARCHIVE_MAX_ENTRIES; entries passed over count too */
	const volatile int *cancelled; /* may be NULL */
	/* Called for every entry that was taken, with the owner, mode and type that the archive gives
	 * it: on disk files are 0644 or 0755, folders 0755, owned by the caller, and device nodes and
	 * pipes are not created. A later entry of the same path replaces an earlier one. May be NULL. */
	void (*on_entry)(void *ctx, const struct bc_entry *entry);
	/* Bytes of the archive read so far, and in all. May be NULL. */
	void (*on_progress)(void *ctx, uint64_t done, uint64_t total);
	void *ctx;
};

/* Unpacks a tar, cpio or zip archive (gzip, bzip2, xz, lzma, zstd, lz4, compress, or none), or the data
 * of a .deb. Symbolic links keep their text; an absolute one means the root of the tree, as in a root
 * file system. BC_E_FORMAT: not an archive, damaged or truncated, or an entry leads outside (absolute
 * name, "..", through a link, relative link above the root, hard link to elsewhere); the message names
 * the entry. BC_E_LIMIT: a bound was reached. BC_E_CONTENT: a glob of `members` fits nothing.
 * BC_E_CANCELLED. BC_E_IO. What was unpacked before a failure stays in dir. */
bool bc_archive_extract(const struct bc_extract *extract, struct bc_err *err) BC_MUST_CHECK;

/* True if one of the globs fits path or a folder above it. `*` also matches a slash. */
bool bc_archive_selects(const struct bc_strs *members, const char *path);

enum bc_pack_format {
	BC_PACK_CPIO, /* newc */
	BC_PACK_CPIO_GZIP,
	BC_PACK_TAR, /* GNU's, for the programs that read it */
};

/* A writer of an archive. The bytes depend on nothing but the entries, their order and the format: times are
 * 0, inode numbers count up. Hard links cannot be added. */
struct bc_pack;

/* The library that compresses what a writer writes, with its version: another may give other bytes. Borrowed. NULL with
 * BC_E_MISSING. */
const char *bc_pack_compressor(struct bc_err *err) BC_MUST_CHECK;

/* Creates path (it must not exist). The caller frees with bc_pack_free(). BC_E_IO. */
struct bc_pack *bc_pack_new(
	const char *path, enum bc_pack_format format, struct bc_err *err) BC_MUST_CHECK;
/* Adds an entry. A FILE takes its content from data (entry->size bytes), or, when data is NULL, from the
 * file `source`, which must have that size (BC_E_IO when it changed meanwhile). A file of 4 GiB or more
 * in a cpio archive is BC_E_LIMIT: newc cannot hold it. Parents must come before. */
bool bc_pack_add(struct bc_pack *pack, const struct bc_entry *entry, const void *data,
	const char *source, struct bc_err *err) BC_MUST_CHECK;
/* Writes the trailer, syncs and closes. BC_E_IO, also when an earlier write was lost. */
bool bc_pack_finish(struct bc_pack *pack, struct bc_err *err) BC_MUST_CHECK;
/* Frees; an unfinished file stays behind. NULL is fine. */
void bc_pack_free(struct bc_pack *pack);
static inline void bc_pack_ptr_cleanup(struct bc_pack **pack)
{
	bc_pack_free(*pack);
}

#endif
