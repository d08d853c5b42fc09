/* Writing archives: newc cpio and tar. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include <bootcheck/sys/archive.h>
#include <bootcheck/sys/fs.h>

#include "libarchive.h"

#define BLOCK_BYTES 262144

struct bc_pack {
	struct archive *a;
	struct archive_entry *entry; /* reused */
	char *path;
	int fd;
	uint32_t inode;
	bool is_cpio;
	bool is_given_up; /* nothing more is written */
};

/* libarchive's own function gives the version that it was built with. And zlib alone is loaded at once, which a
 * command does that compresses nothing. */
static struct {
	const char *(*zlibVersion)(void);
} zlib;
static const char *const zlib_names[] = {"zlibVersion", NULL};
static struct bc_library zlib_library = {.file = "libz.so.1",
	.use = "compressed archives",
	.package = "zlib1g",
	.names = zlib_names,
	.functions = &zlib};

const char *bc_pack_compressor(struct bc_err *err)
{
	static char name[80];
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	if (!bc_library_load(&zlib_library, err))
		return NULL;
	pthread_mutex_lock(&lock);
	if (!name[0])
		snprintf(name, sizeof(name), "zlib %s", zlib.zlibVersion());
	pthread_mutex_unlock(&lock);
	return name;
}

static la_ssize_t write_piece(struct archive *a, void *ctx, const void *data, size_t len)
{
	struct bc_pack *pack = ctx;
	if (!pack->is_given_up && bc_fs_write_all(pack->fd, data, len, NULL))
		return (la_ssize_t)len;
	bc_la.archive_set_error(a, pack->is_given_up ? ECANCELED : errno, "write error");
	return -1;
}

static bool write_failed(struct bc_pack *pack, struct bc_err *err)
{
	return bc_fail(err, BC_E_IO, bc_la.archive_errno(pack->a), "cannot write %s", pack->path);
}

struct bc_pack *bc_pack_new(const char *path, enum bc_pack_format format, struct bc_err *err)
{
	if (!bc_libarchive_load(err))
		return NULL;
	BC_AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return bc_fail_null(err, BC_E_IO, errno, "cannot create %s", path);
	struct bc_pack *pack = bc_calloc(1, sizeof(*pack));
	pack->path = bc_strdup(path);
	pack->fd = fd;
	fd = -1;
	pack->a = bc_la.archive_write_new();
	pack->entry = bc_la.archive_entry_new();
	if (!pack->a || !pack->entry)
		abort(); /* out of memory */
	/* No padding at the end. */
	bc_la.archive_write_set_bytes_in_last_block(pack->a, 1);
	pack->is_cpio = format != BC_PACK_TAR;
	bool ok = (pack->is_cpio ? bc_la.archive_write_set_format_cpio_newc(pack->a)
				 : bc_la.archive_write_set_format_gnutar(pack->a)) == ARCHIVE_OK;
	if (ok && format == BC_PACK_CPIO_GZIP)
		ok = bc_la.archive_write_add_filter_gzip(pack->a) == ARCHIVE_OK &&
			bc_la.archive_write_set_options(
				pack->a, "gzip:!timestamp,gzip:compression-level=6") == ARCHIVE_OK;
	if (ok && bc_la.archive_write_open(pack->a, pack, NULL, write_piece, NULL) == ARCHIVE_OK)
		return pack;
	(void)bc_fail(err, BC_E_INTERNAL, 0, "cannot write an archive: %s",
		bc_la.archive_error_string(pack->a) ? bc_la.archive_error_string(pack->a)
						    : "libarchive");
	bc_pack_free(pack);
	return NULL;
}

static const unsigned file_types[] = {
	[BC_ENTRY_FILE] = AE_IFREG,
	[BC_ENTRY_DIR] = AE_IFDIR,
	[BC_ENTRY_LINK] = AE_IFLNK,
	[BC_ENTRY_CHAR] = AE_IFCHR,
	[BC_ENTRY_BLOCK] = AE_IFBLK,
	[BC_ENTRY_FIFO] = AE_IFIFO,
};

static bool copy_file(struct bc_pack *pack, const char *source, uint64_t size, struct bc_err *err)
{
	BC_AUTO_FD fd = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot read %s", source);
	BC_AUTO_FREE char *piece = bc_calloc(BLOCK_BYTES, 1);
	for (uint64_t left = size; left;) {
		ssize_t n = read(fd, piece, left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return bc_fail(err, BC_E_IO, n < 0 ? errno : 0,
				"cannot read %s: it changed while it was read", source);
		if (bc_la.archive_write_data(pack->a, piece, (size_t)n) != n)
			return write_failed(pack, err);
		left -= (uint64_t)n;
	}
	return true;
}

bool bc_pack_add(struct bc_pack *pack, const struct bc_entry *entry, const void *data,
	const char *source, struct bc_err *err)
{
	struct archive_entry *e = bc_la.archive_entry_clear(pack->entry);
	if (pack->is_cpio && entry->type == BC_ENTRY_FILE && entry->size > UINT32_MAX)
		return bc_fail(err, BC_E_LIMIT, 0,
			"'%s' is too large for a cpio archive: %llu bytes", entry->path,
			(unsigned long long)entry->size);
	bc_la.archive_entry_set_pathname(e, entry->path);
	bc_la.archive_entry_set_filetype(e, file_types[entry->type]);
	bc_la.archive_entry_set_perm(e, (mode_t)entry->mode & 07777);
	bc_la.archive_entry_set_uid(e, entry->uid);
	bc_la.archive_entry_set_gid(e, entry->gid);
	bc_la.archive_entry_set_mtime(e, 0, 0);
	bc_la.archive_entry_set_ino64(e, ++pack->inode);
	bc_la.archive_entry_set_nlink(e, entry->type == BC_ENTRY_DIR ? 2 : 1);
	bc_la.archive_entry_set_size(e, entry->type == BC_ENTRY_FILE ? (la_int64_t)entry->size : 0);
	if (entry->type == BC_ENTRY_LINK)
		bc_la.archive_entry_set_symlink(e, entry->target);
	if (entry->type == BC_ENTRY_CHAR || entry->type == BC_ENTRY_BLOCK) {
		bc_la.archive_entry_set_rdevmajor(e, entry->major);
		bc_la.archive_entry_set_rdevminor(e, entry->minor);
	}
	if (bc_la.archive_write_header(pack->a, e) != ARCHIVE_OK)
		return write_failed(pack, err);
	if (entry->type != BC_ENTRY_FILE || !entry->size)
		return true;
	if (!data)
		return copy_file(pack, source, entry->size, err);
	return bc_la.archive_write_data(pack->a, data, (size_t)entry->size) ==
		(la_ssize_t)entry->size ||
		write_failed(pack, err);
}

bool bc_pack_finish(struct bc_pack *pack, struct bc_err *err)
{
	if (bc_la.archive_write_close(pack->a) != ARCHIVE_OK)
		return write_failed(pack, err);
	if (fsync(pack->fd) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot write %s", pack->path);
	return true;
}

void bc_pack_free(struct bc_pack *pack)
{
	if (!pack)
		return;
	/* Freeing finishes the archive, padding a file that was promised longer; bc_la.archive_write_fail()
	 * would prevent that, but leaks the writer's buffers. */
	pack->is_given_up = true;
	bc_la.archive_write_free(pack->a);
	bc_la.archive_entry_free(pack->entry);
	if (pack->fd >= 0)
		close(pack->fd);
	free(pack->path);
	free(pack);
}
