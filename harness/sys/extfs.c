#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <ext2fs/ext2fs.h>

#include <bootcheck/base/text.h>
#include <bootcheck/sys/extfs.h>
#include <bootcheck/sys/extfs_io.h>
#include <bootcheck/sys/fs.h>

#define EPOCH	   1577836800 /* 2020-01-01, plainly not the real time */
#define MIB	   ((uint64_t)1 << 20)
#define SMALL	   (512 * MIB) /* below it mke2fs makes small blocks and many inodes */
#define INODE_SIZE 256
#define PIECE	   ((size_t)64 << 10)

struct bc_extfs {
	ext2_filsys fs;
	char *path;
	int version;
	char *dir; /* the folder that was looked up last */
	ext2_ino_t dir_ino;
	char *piece;
};

static pthread_once_t errors_once = PTHREAD_ONCE_INIT;

static unsigned block_size(uint64_t size)
{
	return size < SMALL ? 1024 : 4096;
}

static bool failed(struct bc_extfs *fs, errcode_t code, const char *path, struct bc_err *err)
{
	bool no_room = code == EXT2_ET_BLOCK_ALLOC_FAIL || code == EXT2_ET_INODE_ALLOC_FAIL ||
		code == EXT2_ET_TOOSMALL || code == EXT2_ET_DIR_NO_SPACE;
	/* libext2fs gives errno as it is. */
	int sys = code > 0 && code < 4096 ? (int)code : 0;
	if (no_room)
		return bc_fail(
			err, BC_E_LIMIT, 0, "no room for '%s': %s", path, error_message(code));
	return bc_fail(err, BC_E_IO, sys, "cannot write '%s' into %s%s%s", path, fs->path,
		sys ? "" : ": ", sys ? "" : error_message(code));
}

const char *bc_extfs_version(void)
{
	const char *version = "", *date = "";
	(void)ext2fs_get_library_version(&version, &date);
	return version;
}

/* The features that mke2fs gives each of the three, without checksums: boot loaders and older kernels that are
 * tested here do not know them. */
static void set_features(struct ext2_super_block *s, int version)
{
	s->s_feature_compat = EXT2_FEATURE_COMPAT_EXT_ATTR;
	s->s_feature_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE;
	s->s_feature_ro_compat =
		EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE;
	if (version < 3)
		return;
	s->s_feature_compat |= EXT2_FEATURE_COMPAT_DIR_INDEX;
	if (version < 4)
		return;
	s->s_feature_incompat |= EXT3_FEATURE_INCOMPAT_EXTENTS;
	s->s_feature_ro_compat |= EXT4_FEATURE_RO_COMPAT_HUGE_FILE |
		EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE;
}

static uint64_t usual_inodes(uint64_t size)
{
	return size / (size < SMALL ? 4096 : 16384);
}

static void fill_super(struct ext2_super_block *s, const struct bc_extfs_options *o)
{
	unsigned bs = block_size(o->size_bytes);
	uint64_t inodes = o->inodes ? o->inodes : usual_inodes(o->size_bytes);
	s->s_rev_level = EXT2_DYNAMIC_REV;
	s->s_log_block_size = bs == 1024 ? 0 : 2;
	s->s_log_cluster_size = s->s_log_block_size;
	s->s_inode_size = INODE_SIZE;
	s->s_inodes_count = inodes > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)inodes;
	s->s_mkfs_time = EPOCH;
	s->s_lastcheck = EPOCH;
	ext2fs_blocks_count_set(s, o->size_bytes / bs);
	set_features(s, o->version);
}

/* After ext2fs_initialize(), which leaves these to mke2fs. */
static void finish_super(ext2_filsys fs, const struct bc_extfs_options *o)
{
	struct ext2_super_block *s = fs->super;
	memcpy(s->s_uuid, o->uuid, sizeof(s->s_uuid));
	memcpy(s->s_hash_seed, o->uuid, sizeof(s->s_hash_seed));
	if (o->label)
		memcpy(s->s_volume_name, o->label, strnlen(o->label, sizeof(s->s_volume_name)));
	s->s_def_hash_version = EXT2_HASH_HALF_MD4;
	s->s_flags |= EXT2_FLAGS_SIGNED_HASH;
	s->s_mkfs_time = EPOCH;
	s->s_lastcheck = EPOCH;
	s->s_wtime = EPOCH;
	s->s_max_mnt_count = -1;
	s->s_checkinterval = 0;
	if (o->version >= 4) {
		s->s_min_extra_isize = INODE_SIZE - EXT2_GOOD_OLD_INODE_SIZE - 96;
		s->s_want_extra_isize = s->s_min_extra_isize;
	}
}

static errcode_t reserve_inodes(ext2_filsys fs)
{
	for (ext2_ino_t i = EXT2_BAD_INO; i < EXT2_FIRST_INODE(fs->super); i++)
		if (i != EXT2_ROOT_INO)
			ext2fs_inode_alloc_stats2(fs, i, +1, 0);
	ext2fs_mark_ib_dirty(fs);
	return 0;
}

/* mke2fs makes it 16 KiB so that e2fsck has room for what it finds. */
static errcode_t make_lost_found(ext2_filsys fs)
{
	ext2_ino_t ino = 0;
	errcode_t code = ext2fs_mkdir(fs, EXT2_ROOT_INO, 0, "lost+found");
	if (!code)
		code = ext2fs_lookup(fs, EXT2_ROOT_INO, "lost+found", 10, NULL, &ino);
	struct ext2_inode inode;
	if (!code)
		code = ext2fs_read_inode(fs, ino, &inode);
	if (code)
		return code;
	inode.i_mode = LINUX_S_IFDIR | 0700;
	code = ext2fs_write_inode(fs, ino, &inode);
	for (unsigned size = fs->blocksize; !code && size < 16384; size += fs->blocksize)
		code = ext2fs_expand_dir(fs, ino);
	return code;
}

static errcode_t make_journal(ext2_filsys fs)
{
	int blocks = ext2fs_default_journal_size(ext2fs_blocks_count(fs->super));
	if (blocks < 0)
		return EXT2_ET_TOOSMALL;
	/* Lazy: the file is new, so that its holes are the zeros. */
	return ext2fs_add_journal_inode2(
		fs, (blk_t)blocks, ~0ULL, EXT2_MKJOURNAL_LAZYINIT | EXT2_MKJOURNAL_NO_MNT_CHECK);
}

static errcode_t make_empty(struct bc_extfs *x, const struct bc_extfs_options *o)
{
	struct ext2_super_block param = {0};
	fill_super(&param, o);
	int flags = EXT2_FLAG_EXCLUSIVE | EXT2_FLAG_64BITS;
	errcode_t code = ext2fs_initialize(x->path, flags, &param, bc_extfs_io_manager, &x->fs);
	if (code == ENOMEM)
		code = ext2fs_initialize(x->path, flags, &param, unix_io_manager, &x->fs);
	if (code)
		return code;
	x->fs->now = EPOCH;
	finish_super(x->fs, o);
	code = ext2fs_allocate_tables(x->fs);
	for (dgrp_t g = 0; !code && g < x->fs->group_desc_count; g++)
		ext2fs_bg_flags_clear(x->fs, g, EXT2_BG_INODE_UNINIT | EXT2_BG_BLOCK_UNINIT);
	if (!code)
		code = ext2fs_mkdir(x->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, NULL);
	if (!code)
		code = make_lost_found(x->fs);
	if (!code)
		code = reserve_inodes(x->fs);
	if (!code && o->version >= 3)
		code = make_journal(x->fs);
	return code;
}

static bool create_file(const struct bc_extfs_options *o, struct bc_err *err)
{
	BC_AUTO_FD fd = open(o->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, (off_t)o->size_bytes) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create %s", o->path);
	return true;
}

struct bc_extfs *bc_extfs_new(const struct bc_extfs_options *options, struct bc_err *err)
{
	if (options->size_bytes < BC_EXTFS_MIN_BYTES || options->size_bytes > BC_EXTFS_MAX_BYTES)
		return bc_fail_null(err, BC_E_LIMIT, 0,
			"an ext%d image has between 256 KiB and 1 TiB", options->version);
	if (!create_file(options, err))
		return NULL;
	struct bc_extfs *x = bc_calloc(1, sizeof(*x));
	x->path = bc_strdup(options->path);
	x->version = options->version;
	x->piece = bc_realloc(NULL, PIECE, 1);
	pthread_once(&errors_once, initialize_ext2_error_table);
	errcode_t code = make_empty(x, options);
	if (!code)
		return x;
	BC_IGNORE(failed(x, code, "/", err));
	bc_extfs_free(x);
	return NULL;
}

void bc_extfs_free(struct bc_extfs *x)
{
	if (!x)
		return;
	if (x->fs) {
		bc_extfs_io_drop(x->fs->io);
		ext2fs_free(x->fs);
	}
	free(x->path);
	free(x->dir);
	free(x->piece);
	free(x);
}

bool bc_extfs_finish(struct bc_extfs *x, struct bc_err *err)
{
	errcode_t code = ext2fs_close_free(&x->fs);
	return !code || failed(x, code, "/", err);
}

/* The inode of a path inside; entries of one folder come one after the other. */
static errcode_t find(struct bc_extfs *x, const char *path, ext2_ino_t *ino)
{
	if (!*path || strcmp(path, ".") == 0) {
		*ino = EXT2_ROOT_INO;
		return 0;
	}
	return ext2fs_namei(x->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, ino);
}

static errcode_t find_dir(struct bc_extfs *x, const char *path, ext2_ino_t *ino)
{
	errcode_t code = 0;
	if (!x->dir || strcmp(x->dir, path) != 0) {
		free(x->dir);
		x->dir = bc_strdup(path);
		code = find(x, path, &x->dir_ino);
	}
	if (code) {
		free(x->dir);
		x->dir = NULL;
	}
	*ino = x->dir_ino;
	return code;
}

static errcode_t link_name(
	struct bc_extfs *x, ext2_ino_t dir, const char *name, ext2_ino_t ino, int type)
{
	errcode_t code = ext2fs_link(x->fs, dir, name, ino, type);
	if (code != EXT2_ET_DIR_NO_SPACE)
		return code;
	code = ext2fs_expand_dir(x->fs, dir);
	return code ? code : ext2fs_link(x->fs, dir, name, ino, type);
}

static void set_owner(struct ext2_inode *inode, const struct bc_entry *e)
{
	inode->i_uid = (__u16)(e->uid & 0xffff);
	inode->i_gid = (__u16)(e->gid & 0xffff);
	ext2fs_set_i_uid_high(*inode, (__u16)(e->uid >> 16));
	ext2fs_set_i_gid_high(*inode, (__u16)(e->gid >> 16));
	inode->i_atime = inode->i_ctime = inode->i_mtime = EPOCH;
}

static errcode_t change_owner(struct bc_extfs *x, ext2_ino_t ino, const struct bc_entry *e)
{
	struct ext2_inode inode;
	errcode_t code = ext2fs_read_inode(x->fs, ino, &inode);
	if (code)
		return code;
	set_owner(&inode, e);
	if (e->type != BC_ENTRY_LINK)
		inode.i_mode = (__u16)((inode.i_mode & LINUX_S_IFMT) | (e->mode & 07777));
	return ext2fs_write_inode(x->fs, ino, &inode);
}

/* libext2fs makes folders and symbolic links itself, and reports a full parent like ext2fs_link(). */
static errcode_t add_made(
	struct bc_extfs *x, ext2_ino_t dir, const char *name, const struct bc_entry *e)
{
	ext2_ino_t ino = 0;
	bool is_dir = e->type == BC_ENTRY_DIR;
	/* It is there, and ext2fs_mkdir() would leave an inode behind before it sees that. */
	if (strcmp(e->path, "lost+found") == 0 &&
		ext2fs_lookup(x->fs, dir, name, (int)strlen(name), NULL, &ino) == 0)
		return change_owner(x, ino, e);
	errcode_t code = ext2fs_new_inode(
		x->fs, dir, is_dir ? LINUX_S_IFDIR | 0755 : LINUX_S_IFLNK | 0777, NULL, &ino);
	for (int tries = 0; !code && tries < 2; tries++) {
		code = is_dir ? ext2fs_mkdir(x->fs, dir, ino, name)
			      : ext2fs_symlink(x->fs, dir, ino, name, e->target);
		if (code != EXT2_ET_DIR_NO_SPACE || tries)
			break;
		code = ext2fs_expand_dir(x->fs, dir);
	}
	return code ? code : change_owner(x, ino, e);
}

static errcode_t add_hard(
	struct bc_extfs *x, ext2_ino_t dir, const char *name, const struct bc_entry *e)
{
	ext2_ino_t ino;
	struct ext2_inode inode;
	errcode_t code = find(x, e->target, &ino);
	if (!code)
		code = ext2fs_read_inode(x->fs, ino, &inode);
	if (!code && !LINUX_S_ISREG(inode.i_mode))
		code = EXT2_ET_BAD_INODE_NUM;
	if (!code)
		code = link_name(x, dir, name, ino, EXT2_FT_REG_FILE);
	if (code)
		return code;
	inode.i_links_count++;
	return ext2fs_write_inode(x->fs, ino, &inode);
}

static const struct {
	unsigned mode;
	int file_type;
} kinds[] = {
	[BC_ENTRY_FILE] = {LINUX_S_IFREG, EXT2_FT_REG_FILE},
	[BC_ENTRY_CHAR] = {LINUX_S_IFCHR, EXT2_FT_CHRDEV},
	[BC_ENTRY_BLOCK] = {LINUX_S_IFBLK, EXT2_FT_BLKDEV},
	[BC_ENTRY_FIFO] = {LINUX_S_IFIFO, EXT2_FT_FIFO},
};

/* As the kernel's old_encode_dev and new_encode_dev have it. */
static void set_device(struct ext2_inode *inode, unsigned major, unsigned minor)
{
	if (major < 256 && minor < 256)
		inode->i_block[0] = major * 256 + minor;
	else
		inode->i_block[1] = (minor & 0xff) | (major << 8) | ((minor & ~0xffU) << 12);
}

static errcode_t add_inode(struct bc_extfs *x, ext2_ino_t dir, const char *name,
	const struct bc_entry *e, ext2_ino_t *ino)
{
	struct ext2_inode inode = {0};
	errcode_t code = ext2fs_new_inode(x->fs, dir, LINUX_S_IFREG, NULL, ino);
	if (!code)
		code = link_name(x, dir, name, *ino, kinds[e->type].file_type);
	if (code)
		return code;
	inode.i_mode = (__u16)(kinds[e->type].mode | (e->mode & 07777));
	inode.i_links_count = 1;
	set_owner(&inode, e);
	if (e->type == BC_ENTRY_CHAR || e->type == BC_ENTRY_BLOCK)
		set_device(&inode, e->major, e->minor);
	ext2fs_inode_alloc_stats2(x->fs, *ino, +1, 0);
	if (e->type == BC_ENTRY_FILE && x->version >= 4) {
		ext2_extent_handle_t handle = NULL;
		inode.i_flags |= EXT4_EXTENTS_FL;
		code = ext2fs_extent_open2(x->fs, *ino, &inode, &handle);
		if (code)
			return code;
		ext2fs_extent_free(handle);
	}
	return ext2fs_write_new_inode(x->fs, *ino, &inode);
}

static bool is_zero(const char *data, size_t len)
{
	return !*data && memcmp(data, data + 1, len - 1) == 0;
}

/* Writes a piece, leaving out the blocks that are zero. */
static errcode_t write_piece(struct bc_extfs *x, ext2_file_t file, const char *data, size_t len)
{
	size_t bs = x->fs->blocksize;
	while (len) {
		size_t n = 0;
		bool zero = is_zero(data, len < bs ? len : bs);
		while (n < len && is_zero(data + n, len - n < bs ? len - n : bs) == zero)
			n += len - n < bs ? len - n : bs;
		errcode_t code = 0;
		unsigned written = 0;
		if (zero)
			code = ext2fs_file_llseek(file, n, EXT2_SEEK_CUR, NULL);
		else
			code = ext2fs_file_write(file, data, (unsigned)n, &written);
		if (code)
			return code;
		data += n;
		len -= n;
	}
	return 0;
}

static errcode_t write_source(
	struct bc_extfs *x, ext2_file_t file, const char *source, uint64_t size, struct bc_err *err)
{
	BC_AUTO_FD fd = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		BC_IGNORE(bc_fail(err, BC_E_IO, errno, "cannot read %s", source));
		return EXT2_ET_SHORT_READ;
	}
	while (size) {
		ssize_t n = read(fd, x->piece, size < PIECE ? (size_t)size : PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			BC_IGNORE(bc_fail(err, BC_E_IO, n < 0 ? errno : 0,
				"cannot read %s: it changed while it was read", source));
			return EXT2_ET_SHORT_READ;
		}
		errcode_t code = write_piece(x, file, x->piece, (size_t)n);
		if (code)
			return code;
		size -= (uint64_t)n;
	}
	return 0;
}

static errcode_t write_content(struct bc_extfs *x, ext2_ino_t ino, const struct bc_entry *e,
	const char *data, const char *source, struct bc_err *err)
{
	ext2_file_t file = NULL;
	errcode_t code = ext2fs_file_open(x->fs, ino, EXT2_FILE_WRITE, &file);
	if (code)
		return code;
	code = data ? write_piece(x, file, data, (size_t)e->size)
		    : write_source(x, file, source, e->size, err);
	if (!code)
		code = ext2fs_file_set_size2(file, (ext2_off64_t)e->size);
	errcode_t closed = ext2fs_file_close(file);
	return code ? code : closed;
}

bool bc_extfs_add(struct bc_extfs *x, const struct bc_entry *e, const void *data,
	const char *source, struct bc_err *err)
{
	BC_AUTO_FREE char *parent = bc_path_dir(e->path);
	const char *name = bc_path_base(e->path);
	ext2_ino_t dir, ino = 0;
	struct bc_err why = {0};
	errcode_t code;
	if (strlen(name) > EXT2_NAME_LEN)
		return bc_fail(err, BC_E_LIMIT, 0, "the name '%s' is longer than 255 bytes", name);
	/* mke2fs's own, for e2fsck: a second of the name would be an error of the file system. */
	if (strcmp(e->path, "lost+found") == 0 && e->type != BC_ENTRY_DIR)
		return bc_fail(err, BC_E_CASE, 0,
			"/lost+found of an ext image is its folder: nothing else can have that "
			"name");
	code = find_dir(x, strchr(e->path, '/') ? parent : "", &dir);
	if (!code && e->type == BC_ENTRY_LINK && e->is_hard)
		code = add_hard(x, dir, name, e);
	else if (!code && (e->type == BC_ENTRY_DIR || e->type == BC_ENTRY_LINK))
		code = add_made(x, dir, name, e);
	else if (!code)
		code = add_inode(x, dir, name, e, &ino);
	if (!code && e->type == BC_ENTRY_FILE && e->size)
		code = write_content(x, ino, e, data, source, &why);
	if (code && why.code != BC_E_NONE) {
		if (err)
			*err = why;
		return false;
	}
	return !code || failed(x, code, e->path, err);
}

/* Blocks of a file with those that list its blocks, at most. */
static uint64_t file_blocks(uint64_t size, unsigned bs)
{
	uint64_t n = (size + bs - 1) / bs;
	return n <= 12 ? n : n + n / (bs / 4) + 3;
}

void bc_extfs_count(struct bc_extfs_need *need, const struct bc_entry *e)
{
	need->name_bytes += 12 + strlen(bc_path_base(e->path));
	if (e->type == BC_ENTRY_LINK && e->is_hard)
		return;
	need->inodes++;
	uint64_t size = e->type == BC_ENTRY_FILE ? e->size : 0;
	if (e->type == BC_ENTRY_LINK && strlen(e->target) >= 60)
		size = 1;
	need->file_bytes_1k += file_blocks(size, 1024) * 1024;
	need->file_bytes_4k += file_blocks(size, 4096) * 4096;
	if (e->type == BC_ENTRY_DIR)
		need->dirs++;
}

/* Bytes that a file system of this size has for files and folders. */
static uint64_t room(uint64_t size, uint64_t inodes, int version)
{
	uint64_t bs = block_size(size), blocks = size / bs;
	uint64_t groups = (blocks + 8 * bs - 1) / (8 * bs);
	uint64_t per_group = (inodes + groups - 1) / groups;
	uint64_t table = (per_group * INODE_SIZE + bs - 1) / bs + 1;
	uint64_t gdt = (groups * 64 + bs - 1) / bs;
	uint64_t used = groups * (2 + table + 1 + gdt) + 2;
	if (version >= 3) {
		int journal = ext2fs_default_journal_size(blocks);
		if (journal < 0)
			return 0;
		used += file_blocks((uint64_t)journal * bs, (unsigned)bs);
	}
	return used < blocks ? (blocks - used) * bs : 0;
}

uint64_t bc_extfs_size(const struct bc_extfs_need *need, int version)
{
	for (uint64_t size = MIB;; size += size < SMALL ? MIB : 16 * MIB) {
		uint64_t bs = block_size(size);
		uint64_t usual = usual_inodes(size), wanted = need->inodes + 32;
		uint64_t content = bs == 1024 ? need->file_bytes_1k : need->file_bytes_4k;
		/* Names do not fill the blocks of folders to the end. */
		uint64_t folders = need->name_bytes + need->name_bytes / 4 + (need->dirs + 2) * bs +
			16384 + 2 * bs;
		if (room(size, wanted > usual ? wanted : usual, version) >= content + folders ||
			size >= BC_EXTFS_MAX_BYTES)
			return size;
	}
}
