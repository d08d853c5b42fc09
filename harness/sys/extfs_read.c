/* A file of an ext image, read by libext2fs. The image may hold anything. */
#include <ext2fs/ext2fs.h>

#include <bootcheck/base/text.h>
#include <bootcheck/sys/extfs.h>

#define PIECE ((size_t)64 << 10)

static bool copy_out(ext2_filsys fs, ext2_ino_t ino, size_t max, struct bc_buf *out)
{
	ext2_file_t file;
	__u64 size = 0;
	if (ext2fs_file_open(fs, ino, 0, &file) != 0)
		return false;
	bool ok = ext2fs_file_get_lsize(file, &size) == 0 && size <= max;
	if (ok && size)
		(void)bc_buf_reserve(out, (size_t)size);
	for (__u64 done = 0; ok && done < size;) {
		unsigned got = 0;
		unsigned want = size - done < PIECE ? (unsigned)(size - done) : (unsigned)PIECE;
		char *to = bc_buf_reserve(out, want);
		ok = to && ext2fs_file_read(file, to, want, &got) == 0 && got > 0 && got <= want;
		out->len += ok ? got : 0;
		done += got;
	}
	(void)ext2fs_file_close(file);
	return ok;
}

bool bc_extfs_read(const char *image, uint64_t offset, const char *path, size_t max,
	struct bc_buf *out, struct bc_err *err)
{
	char where[40];
	ext2_filsys fs = NULL;
	ext2_ino_t ino = 0;
	struct ext2_inode inode;
	size_t before = out->len;
	snprintf(where, sizeof(where), "offset=%llu", (unsigned long long)offset);
	errcode_t code = ext2fs_open2(image, where, EXT2_FLAG_64BITS, 0, 0, unix_io_manager, &fs);
	if (code != 0)
		return bc_fail(err, BC_E_FORMAT, 0, "%s holds no ext file system", image);
	bool ok = ext2fs_namei_follow(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, &ino) == 0 &&
		ext2fs_read_inode(fs, ino, &inode) == 0 && LINUX_S_ISREG(inode.i_mode) &&
		copy_out(fs, ino, max, out);
	(void)ext2fs_close_free(&fs);
	if (ok)
		return true;
	out->len = before;
	return bc_fail(err, BC_E_FORMAT, 0, "%s has no file '%s' that can be read", image, path);
}
