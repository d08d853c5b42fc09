#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <bootcheck/base/text.h>
#include <bootcheck/sys/archive.h>
#include <bootcheck/sys/fs.h>

#include "libarchive.h"

#define BLOCK_BYTES 262144

/* The reader side of a .deb: the inner archive reads through the current entry of the outer one. */
struct source {
	struct archive *outer; /* the file */
	struct archive *inner; /* what lies in it; NULL for a plain archive */
	char piece[65536];
};

struct unpacking {
	const struct bc_extract *job;
	struct source *from;
	struct archive *disk;
	char *root;		/* job->dir without links in it */
	uint64_t archive_bytes; /* size of the file */
	uint64_t total_bytes, left_bytes;
	size_t entries, left_entries;
	bool *hit; /* which of job->members fitted something */
};

static void source_free(struct source *from)
{
	if (!from)
		return;
	bc_la.archive_read_free(from->inner);
	bc_la.archive_read_free(from->outer);
	free(from);
}

/* Not every format that libarchive knows: mtree opens files that the archive names, and some filters
 * start programs. */
static struct archive *new_reader(void)
{
	struct archive *a = bc_la.archive_read_new();
	if (!a)
		abort(); /* out of memory */
	bc_la.archive_read_support_format_tar(a);
	bc_la.archive_read_support_format_cpio(a);
	bc_la.archive_read_support_format_zip(a);
	bc_la.archive_read_support_filter_gzip(a);
	bc_la.archive_read_support_filter_bzip2(a);
	bc_la.archive_read_support_filter_xz(a);
	bc_la.archive_read_support_filter_lzma(a);
	bc_la.archive_read_support_filter_zstd(a);
	bc_la.archive_read_support_filter_lz4(a);
	bc_la.archive_read_support_filter_compress(a);
	return a;
}

static bool damaged(const struct bc_extract *job, struct archive *a, struct bc_err *err)
{
	const char *why = bc_la.archive_error_string(a);
	return bc_fail(err, BC_E_FORMAT, 0, "%s cannot be unpacked: %s", job->archive,
		why ? why : "damaged archive");
}

static la_ssize_t read_inner(struct archive *a, void *ctx, const void **data)
{
	struct source *from = ctx;
	la_ssize_t n = bc_la.archive_read_data(from->outer, from->piece, sizeof(from->piece));
	if (n < 0)
		bc_la.archive_set_error(a, bc_la.archive_errno(from->outer), "%s",
			bc_la.archive_error_string(from->outer)
				? bc_la.archive_error_string(from->outer)
				: "truncated");
	*data = from->piece;
	return n;
}

/* Goes to data.tar.* of a .deb and opens it. */
static bool open_inner(const struct bc_extract *job, struct source *from, struct bc_err *err)
{
	struct archive_entry *entry;
	for (int i = 0; i < 16; i++) {
		int got = bc_la.archive_read_next_header(from->outer, &entry);
		if (got == ARCHIVE_EOF)
			break;
		if (got < ARCHIVE_WARN)
			return damaged(job, from->outer, err);
		const char *name = bc_la.archive_entry_pathname(entry);
		if (!name || !bc_has_prefix(name, "data.tar"))
			continue;
		from->inner = new_reader();
		if (bc_la.archive_read_open(from->inner, from, NULL, read_inner, NULL) <
			ARCHIVE_WARN)
			return damaged(job, from->inner, err);
		return true;
	}
	return bc_fail(err, BC_E_FORMAT, 0, "%s holds no data.tar: not a .deb", job->archive);
}

static bool has_magic(const char *path, const char *magic, struct bc_err *err, bool *has)
{
	BC_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	char head[16] = "";
	if (fd < 0 || read(fd, head, sizeof(head)) < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot read %s", path);
	*has = memcmp(head, magic, strlen(magic)) == 0;
	return true;
}

static struct source *source_open(const struct bc_extract *job, struct bc_err *err)
{
	bool is_deb = false;
	if (!has_magic(job->archive, "!<arch>\n", err, &is_deb))
		return NULL;
	struct source *from = bc_calloc(1, sizeof(*from));
	from->outer = is_deb ? bc_la.archive_read_new() : new_reader();
	if (is_deb)
		bc_la.archive_read_support_format_ar(from->outer);
	bool ok = bc_la.archive_read_open_filename(from->outer, job->archive, BLOCK_BYTES) >=
			ARCHIVE_WARN ||
		damaged(job, from->outer, err);
	if (ok && is_deb)
		ok = open_inner(job, from, err);
	if (ok)
		return from;
	source_free(from);
	return NULL;
}

bool bc_archive_selects(const struct bc_strs *members, const char *path)
{
	bool any = !members || !members->len;
	for (size_t i = 0; !any && i < members->len; i++)
		any = fnmatch(members->items[i], path, FNM_LEADING_DIR) == 0;
	return any;
}

static bool is_selected(struct unpacking *u, const char *path)
{
	const struct bc_strs *members = u->job->members;
	bool any = !members || !members->len;
	for (size_t i = 0; members && i < members->len; i++)
		if (fnmatch(members->items[i], path, FNM_LEADING_DIR) == 0)
			any = u->hit[i] = true;
	return any;
}

/* Where a path of the archive lands: normalised and stripped. NULL without an error when nothing is left
 * of it ("./", or all stripped). */
static char *place(struct unpacking *u, const char *path, bool *bad, struct bc_err *err)
{
	*bad = true;
	if (!path || !*path)
		return bc_fail_null(err, BC_E_FORMAT, 0,
			"%s is damaged: it holds an entry without a readable name",
			u->job->archive);
	if (strlen(path) > BC_ARCHIVE_NAME_MAX)
		return bc_fail_null(err, BC_E_LIMIT, 0, "%s holds a name of %zu bytes: %.60s…",
			u->job->archive, strlen(path), path);
	if (!bc_path_is_inside(path))
		return bc_fail_null(err, BC_E_FORMAT, 0,
			"%s is refused: its entry '%s' leads outside", u->job->archive, path);
	*bad = false;
	BC_AUTO_FREE char *normal = bc_path_normal(path);
	const char *p = normal;
	for (unsigned i = 0; i < u->job->strip; i++) {
		p = strchr(p, '/');
		if (!p)
			return NULL;
		p++;
	}
	return strcmp(p, ".") == 0 ? NULL : bc_strdup(p);
}

static bool check_link(
	struct unpacking *u, const char *path, const char *target, struct bc_err *err)
{
	if (!target || !*target || strlen(target) > BC_ARCHIVE_NAME_MAX)
		return bc_fail(err, BC_E_FORMAT, 0, "%s holds a link without a usable target: '%s'",
			u->job->archive, path);
	if (*target != '/' && !bc_path_link_is_inside(path, target))
		return bc_fail(err, BC_E_FORMAT, 0,
			"%s is refused: its link '%s' leads outside, to '%s'", u->job->archive,
			path, target);
	return true;
}

/* Turns the target of a hard link into the path on disk. */
static bool place_hardlink(
	struct unpacking *u, struct archive_entry *entry, const char *path, struct bc_err *err)
{
	const char *target = bc_la.archive_entry_hardlink(entry);
	bool bad;
	BC_AUTO_FREE char *inside = place(u, target, &bad, err);
	if (bad)
		return bc_err_prefix(err, "hard link '%s'", path);
	BC_AUTO_FREE char *full = inside ? bc_path_join(u->root, inside) : NULL;
	struct stat st;
	if (!full || lstat(full, &st) != 0 || !S_ISREG(st.st_mode))
		return bc_fail(err, BC_E_FORMAT, 0,
			"%s: '%s' is a hard link to '%s', which was not unpacked before it",
			u->job->archive, path, target);
	bc_la.archive_entry_set_hardlink(entry, full);
	return true;
}

static void tell(struct unpacking *u)
{
	if (u->job->on_progress)
		u->job->on_progress(u->job->ctx,
			(uint64_t)bc_la.archive_filter_bytes(u->from->outer, -1), u->archive_bytes);
}

static bool too_large(struct unpacking *u, const char *path, struct bc_err *err)
{
	return bc_fail(err, BC_E_LIMIT, 0, "%s unpacks to more than %llu bytes (at '%s')",
		u->job->archive, (unsigned long long)u->total_bytes, path);
}

static bool copy_data(
	struct unpacking *u, struct archive *from, const char *path, struct bc_err *err)
{
	const void *data;
	size_t len;
	la_int64_t offset;
	uint64_t budget = u->left_bytes;
	for (;;) {
		int got = bc_la.archive_read_data_block(from, &data, &len, &offset);
		if (got == ARCHIVE_EOF)
			return true;
		if (got < ARCHIVE_WARN) {
			(void)damaged(u->job, from, err);
			return bc_err_prefix(err, "entry '%s'", path);
		}
		/* Holes count too: whoever reads the file later reads them. */
		if (offset < 0 || (uint64_t)offset > budget || len > budget - (uint64_t)offset)
			return too_large(u, path, err);
		u->left_bytes = budget - (uint64_t)offset - len;
		if (bc_la.archive_write_data_block(u->disk, data, len, offset) < ARCHIVE_OK)
			return bc_fail(err, BC_E_IO, bc_la.archive_errno(u->disk),
				"cannot write %s/%s", u->job->dir, path);
		if (u->job->cancelled && *u->job->cancelled)
			return bc_fail(err, BC_E_CANCELLED, 0, "interrupted");
		tell(u);
	}
}

static bool type_of(struct archive_entry *entry, enum bc_entry_type *type)
{
	switch (bc_la.archive_entry_filetype(entry)) {
	case AE_IFREG:
		*type = BC_ENTRY_FILE;
		return true;
	case AE_IFDIR:
		*type = BC_ENTRY_DIR;
		return true;
	case AE_IFLNK:
		*type = BC_ENTRY_LINK;
		return true;
	case AE_IFCHR:
		*type = BC_ENTRY_CHAR;
		return true;
	case AE_IFBLK:
		*type = BC_ENTRY_BLOCK;
		return true;
	case AE_IFIFO:
		*type = BC_ENTRY_FIFO;
		return true;
	default:
		return false;
	}
}

/* Ids beyond 32 bits cannot be meant; 0 is what a tree that nobody owns has. */
static uint32_t id_of(la_int64_t id)
{
	return id < 0 || id > UINT32_MAX ? 0 : (uint32_t)id;
}

/* Writes one entry that was found good. */
static bool write_entry(struct unpacking *u, struct archive *from, struct archive_entry *entry,
	const struct bc_entry *e, bool is_hardlink, struct bc_err *err)
{
	BC_AUTO_FREE char *full = bc_path_join(u->root, e->path);
	if (e->type == BC_ENTRY_CHAR || e->type == BC_ENTRY_BLOCK || e->type == BC_ENTRY_FIFO)
		return true;
	bc_la.archive_entry_set_pathname(entry, full);
	bc_la.archive_entry_set_perm(
		entry, e->type == BC_ENTRY_DIR || (e->mode & 0111) ? 0755 : 0644);
	if (is_hardlink && !place_hardlink(u, entry, e->path, err))
		return false;
	if (bc_la.archive_write_header(u->disk, entry) < ARCHIVE_OK) {
		const char *why = bc_la.archive_error_string(u->disk);
		int sys = bc_la.archive_errno(u->disk);
		bool is_host = sys == ENOSPC || sys == EACCES || sys == EROFS || sys == EDQUOT ||
			sys == EIO;
		return bc_fail(err, is_host ? BC_E_IO : BC_E_FORMAT, is_host ? sys : 0,
			"%s: cannot unpack '%s': %s", u->job->archive, e->path, why ? why : "");
	}
	if (e->type == BC_ENTRY_FILE && !copy_data(u, from, e->path, err))
		return false;
	if (bc_la.archive_write_finish_entry(u->disk) < ARCHIVE_OK)
		return bc_fail(err, BC_E_IO, bc_la.archive_errno(u->disk), "cannot write %s", full);
	return true;
}

static bool take_entry(
	struct unpacking *u, struct archive *from, struct archive_entry *entry, struct bc_err *err)
{
	bool bad;
	const char *name = bc_la.archive_entry_pathname(entry);
	if (!name)
		name = bc_la.archive_entry_pathname_utf8(entry);
	BC_AUTO_FREE char *path = place(u, name, &bad, err);
	if (bad)
		return false;
	if (!path || !is_selected(u, path))
		return true;
	const char *hard = bc_la.archive_entry_hardlink(entry);
	BC_AUTO_FREE char *target = NULL;
	struct bc_entry e = {.path = path};
	if (hard)
		e.type = BC_ENTRY_FILE;
	else if (!type_of(entry, &e.type))
		return bc_fail(err, BC_E_FORMAT, 0, "%s: '%s' is of an unknown type",
			u->job->archive, path);
	if (e.type == BC_ENTRY_LINK) {
		target = bc_strdup(bc_la.archive_entry_symlink(entry));
		if (!check_link(u, path, target, err))
			return false;
	}
	e.target = target;
	e.mode = (unsigned)bc_la.archive_entry_perm(entry) & 07777u;
	e.uid = id_of(bc_la.archive_entry_uid(entry));
	e.gid = id_of(bc_la.archive_entry_gid(entry));
	if (e.type == BC_ENTRY_CHAR || e.type == BC_ENTRY_BLOCK) {
		e.major = (unsigned)bc_la.archive_entry_rdevmajor(entry);
		e.minor = (unsigned)bc_la.archive_entry_rdevminor(entry);
	}
	la_int64_t claimed = hard || e.type != BC_ENTRY_FILE ? 0 : bc_la.archive_entry_size(entry);
	if (claimed < 0 || (uint64_t)claimed > u->left_bytes)
		return too_large(u, path, err);
	uint64_t before = u->left_bytes;
	if (!write_entry(u, from, entry, &e, hard != NULL, err))
		return false;
	if (before - u->left_bytes < (uint64_t)claimed)
		u->left_bytes = before - (uint64_t)claimed;
	e.size = before - u->left_bytes;
	if (u->job->on_entry)
		u->job->on_entry(u->job->ctx, &e);
	return true;
}

static bool run(struct unpacking *u, struct bc_err *err)
{
	struct archive *from = u->from->inner ? u->from->inner : u->from->outer;
	int64_t size = bc_fs_size(u->job->archive);
	u->archive_bytes = size > 0 ? (uint64_t)size : 0;
	for (;;) {
		struct archive_entry *entry;
		int got = bc_la.archive_read_next_header(from, &entry);
		if (got == ARCHIVE_EOF)
			break;
		if (got < ARCHIVE_WARN)
			return damaged(u->job, from, err);
		if (u->left_entries-- == 0)
			return bc_fail(err, BC_E_LIMIT, 0, "%s holds more than %zu entries",
				u->job->archive, u->entries);
		if (u->job->cancelled && *u->job->cancelled)
			return bc_fail(err, BC_E_CANCELLED, 0, "interrupted");
		if (!take_entry(u, from, entry, err))
			return false;
		tell(u);
	}
	const struct bc_strs *members = u->job->members;
	for (size_t i = 0; members && i < members->len; i++)
		if (!u->hit[i])
			return bc_fail(err, BC_E_CONTENT, 0, "%s holds nothing that fits '%s'",
				u->job->archive, members->items[i]);
	return true;
}

bool bc_archive_extract(const struct bc_extract *extract, struct bc_err *err)
{
	struct unpacking u = {.job = extract};
	if (!bc_libarchive_load(err))
		return false;
	u.total_bytes = u.left_bytes =
		extract->max_bytes ? extract->max_bytes : BC_ARCHIVE_MAX_BYTES;
	u.entries = u.left_entries =
		extract->max_entries ? extract->max_entries : BC_ARCHIVE_MAX_ENTRIES;
	/* The secure flags refuse any link in the path, also one above our own folder. */
	u.root = realpath(extract->dir, NULL);
	if (!u.root)
		return bc_fail(err, BC_E_IO, errno, "cannot unpack into %s", extract->dir);
	u.from = source_open(extract, err);
	if (!u.from) {
		free(u.root);
		return false;
	}
	u.hit = bc_calloc(extract->members ? extract->members->len : 0, sizeof(bool));
	u.disk = bc_la.archive_write_disk_new();
	/* place() enforces what ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS would: the paths that the disk
	 * writer sees are absolute, because they start with our folder. Without ARCHIVE_EXTRACT_UNLINK,
	 * which would silently turn a link in the path into a folder. */
	bc_la.archive_write_disk_set_options(u.disk,
		ARCHIVE_EXTRACT_SECURE_SYMLINKS | ARCHIVE_EXTRACT_SECURE_NODOTDOT |
			ARCHIVE_EXTRACT_PERM);
	bool ok = run(&u, err);
	if (bc_la.archive_write_free(u.disk) < ARCHIVE_OK && ok)
		ok = bc_fail(err, BC_E_IO, 0, "cannot finish unpacking into %s", extract->dir);
	source_free(u.from);
	free(u.root);
	free(u.hit);
	return ok;
}
