#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/stat.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/fs.h>

void bc_fd_cleanup(int *fd)
{
	int saved = errno;
	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

bool bc_fs_read(const char *path, size_t max, struct bc_buf *out, struct bc_err *err)
{
	BC_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot open %s", path);
	struct stat st = {0};
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		return bc_fail(err, BC_E_IO, EISDIR, "cannot read %s", path);
	/* Of a file of a known size the end need not be asked for, nor room be found again and again; those of /proc have
	 * none. */
	size_t size = S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
	if (size && size <= max)
		(void)bc_buf_reserve(out, size);
	for (size_t total = 0; !size || total < size;) {
		char piece[65536];
		ssize_t n = read(fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bc_fail(err, BC_E_IO, errno, "cannot read %s", path);
		if (n == 0)
			return true;
		total += (size_t)n;
		if (total > max)
			return bc_fail(
				err, BC_E_LIMIT, 0, "%s is larger than %zu bytes", path, max);
		bc_buf_add(out, piece, (size_t)n);
		if (out->overflow)
			return bc_fail(err, BC_E_LIMIT, 0, "%s does not fit in its buffer", path);
	}
	return true;
}

/* Reads up to len bytes at an offset; fewer at the end of the file, or where it cannot be read. */
static size_t read_at(int fd, char *data, size_t len, off_t at)
{
	size_t done = 0;
	while (done < len) {
		ssize_t n = pread(fd, data + done, len - done, at + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

bool bc_fs_read_around(
	const char *path, const void *mark, size_t len, size_t around, struct bc_buf *out)
{
	enum { PIECE = 256 << 10 };
	BC_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !len || len > PIECE / 2)
		return false;
	BC_AUTO_FREE char *piece = bc_calloc(1, PIECE);
	for (off_t at = 0;; at += PIECE - (off_t)len) {
		size_t n = read_at(fd, piece, PIECE, at);
		const char *found = memmem(piece, n, mark, len);
		if (!found && n == PIECE)
			continue;
		if (!found)
			return false;
		off_t place = at + (found - piece);
		off_t from = place > (off_t)around ? place - (off_t)around : 0;
		size_t wanted = (size_t)(place - from) + len + around;
		char *to = bc_buf_reserve(out, wanted);
		if (!to)
			return false;
		size_t got = read_at(fd, to, wanted, from);
		to[got] = '\0';
		out->len += got;
		return true;
	}
}

bool bc_fs_write_all(int fd, const void *data, size_t len, struct bc_err *err)
{
	const char *p = data;
	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bc_fail(err, BC_E_IO, errno, "cannot write");
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static bool write_file(
	const char *path, const void *data, size_t len, bool sync, struct bc_err *err)
{
	BC_AUTO_FREE char *temp = bc_asprintf("%s.XXXXXX", path);
	BC_AUTO_FD fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot create %s", temp);
	mode_t mask = umask(0);
	umask(mask);
	if (fchmod(fd, 0666 & ~mask) != 0 || !bc_fs_write_all(fd, data, len, err) ||
		(sync && fsync(fd) != 0) || rename(temp, path) != 0) {
		int why = errno;
		unlink(temp);
		return bc_fail(err, BC_E_IO, why, "cannot write %s", path);
	}
	return true;
}

bool bc_fs_write(const char *path, const void *data, size_t len, struct bc_err *err)
{
	return write_file(path, data, len, true, err);
}

bool bc_fs_write_unsynced(const char *path, const void *data, size_t len, struct bc_err *err)
{
	return write_file(path, data, len, false, err);
}

bool bc_fs_mkdirs(const char *path, mode_t mode, struct bc_err *err)
{
	BC_AUTO_FREE char *copy = bc_strdup(path);
	for (char *p = copy + 1; *copy; p++) {
		if (*p && *p != '/')
			continue;
		char saved = *p;
		*p = '\0';
		if (mkdir(copy, mode) != 0 && errno != EEXIST)
			return bc_fail(err, BC_E_IO, errno, "cannot create the folder %s", copy);
		*p = saved;
		if (!saved)
			break;
	}
	if (!bc_fs_is_dir(path))
		return bc_fail(err, BC_E_IO, ENOTDIR, "cannot create the folder %s", path);
	return true;
}

/* Removes name below the open folder `at`; depth bounds the recursion. */
static bool remove_at(int at, const char *name, int depth, struct bc_err *err)
{
	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return true;
	if (errno != EISDIR && errno != EPERM && errno != EACCES)
		return bc_fail(err, BC_E_IO, errno, "cannot remove %s", name);
	if (depth > 512)
		return bc_fail(err, BC_E_LIMIT, 0, "cannot remove %s: too deep", name);
	struct stat st;
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
		(st.st_mode & 0700) != 0700)
		(void)fchmodat(at, name, 0700, 0);
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot remove %s", name);
	DIR *dir = fdopendir(fd);
	bool ok = true;
	for (struct dirent *e; ok && (e = readdir(dir));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			ok = remove_at(fd, e->d_name, depth + 1, err);
	closedir(dir);
	if (ok && unlinkat(at, name, AT_REMOVEDIR) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot remove the folder %s", name);
	return ok;
}

bool bc_fs_remove(const char *path, struct bc_err *err)
{
	return remove_at(AT_FDCWD, path, 0, err);
}

bool bc_fs_move_dir(const char *from, const char *to, struct bc_err *err)
{
	struct stat st;
	/* Its ".." is written then. Who has no right to do so is told by rename. */
	if (lstat(from, &st) == 0 && S_ISDIR(st.st_mode))
		(void)chmod(from, (st.st_mode & 07777) | 0700);
	return rename(from, to) == 0 || bc_fail(err, BC_E_IO, errno, "cannot move %s", from);
}

bool bc_fs_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool bc_fs_is_dir(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int64_t bc_fs_size(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

char *bc_fs_absolute(const char *path)
{
	if (*path == '/')
		return bc_path_normal(path);
	BC_AUTO_FREE char *cwd = getcwd(NULL, 0);
	BC_AUTO_FREE char *joined = bc_path_join(cwd ? cwd : "/", path);
	return bc_path_normal(joined);
}

char *bc_fs_temp_dir(const char *dir, const char *prefix, struct bc_err *err)
{
	if (!dir)
		dir = getenv("TMPDIR");
	BC_AUTO_FREE char *path = bc_asprintf("%s/%sXXXXXX", dir && *dir ? dir : "/tmp", prefix);
	if (!mkdtemp(path))
		return bc_fail_null(
			err, BC_E_IO, errno, "cannot create a folder in %s", dir ? dir : "/tmp");
	return BC_TAKE(path);
}

bool bc_fs_symlink(const char *target, const char *path, struct bc_err *err)
{
	BC_AUTO_FREE char *temp = bc_asprintf("%s.%ld.new", path, (long)getpid());
	unlink(temp);
	if (symlink(target, temp) != 0 || rename(temp, path) != 0) {
		int why = errno;
		unlink(temp);
		return bc_fail(err, BC_E_IO, why, "cannot create the link %s", path);
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool bc_fs_list(const char *path, struct bc_strs *names, struct bc_err *err)
{
	DIR *dir = opendir(path);
	if (!dir)
		return bc_fail(err, BC_E_IO, errno, "cannot read the folder %s", path);
	size_t first = names->len;
	for (struct dirent *e; (e = readdir(dir));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			bc_strs_add(names, e->d_name);
	closedir(dir);
	if (names->len > first)
		qsort(names->items + first, names->len - first, sizeof(char *), by_name);
	return true;
}

int bc_fs_lock(const char *path, bool wait, const volatile int *cancelled, struct bc_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		(void)bc_fail(err, BC_E_IO, errno, "cannot open the lock %s", path);
		return -1;
	}
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int why = errno;
		if (why == EINTR)
			continue;
		if (why != EWOULDBLOCK || !wait || (cancelled && *cancelled)) {
			close(fd);
			if (why != EWOULDBLOCK)
				(void)bc_fail(err, BC_E_IO, why, "cannot lock %s", path);
			else if (!wait)
				(void)bc_fail(err, BC_E_LIMIT, 0, "%s is locked by another process",
					path);
			else
				(void)bc_fail(err, BC_E_CANCELLED, 0, "interrupted");
			return -1;
		}
		/* flock has no event to wait for that can also be cancelled. */
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	return fd;
}

char *bc_fs_cache_dir(void)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	if (xdg && *xdg == '/')
		return bc_path_join(xdg, "bootcheck");
	if (home && *home == '/')
		return bc_path_join(home, ".cache/bootcheck");
	return bc_asprintf("/tmp/bootcheck-%ld", (long)getuid());
}
