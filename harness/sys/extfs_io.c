#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <ext2fs/ext2fs.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/extfs_io.h>

#define PAGE	 ((size_t)4096)
#define WINDOW	 ((size_t)32 * PAGE)
#define HELD_MAX ((off_t)1 << 30)
#define HUGE_MAX ((size_t)128 << 20)

/* What is known of a page: it differs from the file, and the file has something there; of the first one of a window: all
 * of them are there. */
enum { IS_DIRTY = 1, IS_WRITTEN = 2, IS_THERE = 4 };

struct memory {
	int fd;
	char *data;
	size_t size;
	unsigned char *pages; /* flags of each */
	bool is_dropped;
};

/* A range of bytes of blocks; a negative count is bytes. False when it is not inside. */
static bool range(io_channel channel, unsigned long long block, int count, size_t *at, size_t *len)
{
	const struct memory *m = channel->private_data;
	unsigned long long bs = (unsigned)channel->block_size;
	unsigned long long n =
		count < 0 ? (unsigned long long)-(long long)count : (unsigned)count * bs;
	if (block > m->size / bs || n > m->size - block * bs)
		return false;
	*at = (size_t)(block * bs);
	*len = (size_t)n;
	return true;
}

static bool is_zero(const char *data, size_t len)
{
	return !len || (!*data && memcmp(data, data + 1, len - 1) == 0);
}

/* Blocks are allocated one behind the other: one call for their memory instead of a page fault for each, which cost as much
 * as all else of a small image in a virtual machine. A kernel that does not know it (before 5.14) faults. */
static void populate(struct memory *m, size_t at)
{
#ifdef MADV_POPULATE_WRITE
	size_t from = at / WINDOW * WINDOW, left = m->size - from;
	if (m->pages[from / PAGE] & IS_THERE)
		return;
	m->pages[from / PAGE] |= IS_THERE;
	(void)madvise(m->data + from, left < WINDOW ? left : WINDOW, MADV_POPULATE_WRITE);
#else
	(void)m;
	(void)at;
#endif
}

/* Zeros over zeros are left out, so that their pages are never touched. */
static void put(struct memory *m, size_t at, const char *data, size_t len)
{
	while (len) {
		size_t n = PAGE - at % PAGE;
		n = n < len ? n : len;
		unsigned char *page = &m->pages[at / PAGE];
		bool is_used = *page & (IS_DIRTY | IS_WRITTEN);
		if (is_used || !is_zero(data, n)) {
			if (!is_used)
				populate(m, at);
			memcpy(m->data + at, data, n);
			*page |= IS_DIRTY;
		}
		at += n;
		data += n;
		len -= n;
	}
}

static errcode_t read_blk64(io_channel channel, unsigned long long block, int count, void *data)
{
	const struct memory *m = channel->private_data;
	char *to = data;
	size_t at, len;
	if (!range(channel, block, count, &at, &len))
		return EXT2_ET_SHORT_READ;
	while (len) {
		size_t n = PAGE - at % PAGE;
		n = n < len ? n : len;
		if (m->pages[at / PAGE] & (IS_DIRTY | IS_WRITTEN))
			memcpy(to, m->data + at, n);
		else
			memset(to, 0, n);
		at += n;
		to += n;
		len -= n;
	}
	return 0;
}

static errcode_t read_blk(io_channel channel, unsigned long block, int count, void *data)
{
	return read_blk64(channel, block, count, data);
}

static errcode_t write_blk64(
	io_channel channel, unsigned long long block, int count, const void *data)
{
	size_t at, len;
	if (!range(channel, block, count, &at, &len))
		return EXT2_ET_SHORT_WRITE;
	put(channel->private_data, at, data, len);
	return 0;
}

static errcode_t write_blk(io_channel channel, unsigned long block, int count, const void *data)
{
	return write_blk64(channel, block, count, data);
}

static errcode_t write_byte(io_channel channel, unsigned long offset, int count, const void *data)
{
	struct memory *m = channel->private_data;
	if (count < 0 || offset > m->size || (size_t)count > m->size - offset)
		return EXT2_ET_SHORT_WRITE;
	put(m, offset, data, (size_t)count);
	return 0;
}

static errcode_t zeroout(io_channel channel, unsigned long long block, unsigned long long count)
{
	struct memory *m = channel->private_data;
	unsigned long long bs = (unsigned)channel->block_size;
	static const char zeros[PAGE];
	if (block > m->size / bs || count > m->size / bs - block)
		return EXT2_ET_SHORT_WRITE;
	size_t at = (size_t)(block * bs), end = at + (size_t)(count * bs);
	while (at < end) {
		size_t n = PAGE - at % PAGE;
		n = n < end - at ? n : end - at;
		put(m, at, zeros, n);
		at += n;
	}
	return 0;
}

static errcode_t write_out(const struct memory *m, size_t at, size_t len)
{
	while (len) {
		ssize_t n = pwrite(m->fd, m->data + at, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EXT2_ET_SHORT_WRITE;
		at += (size_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* True when the page is to be written: a page of zeros only over what the file has there. */
static bool is_due(struct memory *m, size_t page)
{
	size_t at = page * PAGE, len = m->size - at < PAGE ? m->size - at : PAGE;
	return (m->pages[page] & IS_DIRTY) &&
		((m->pages[page] & IS_WRITTEN) || !is_zero(m->data + at, len));
}

static errcode_t flush(io_channel channel)
{
	struct memory *m = channel->private_data;
	size_t count = (m->size + PAGE - 1) / PAGE;
	for (size_t i = 0; i < count; i++) {
		size_t first = i;
		for (; i < count && is_due(m, i); i++)
			m->pages[i] = (unsigned char)((m->pages[i] & IS_THERE) | IS_WRITTEN);
		size_t at = first * PAGE, end = i * PAGE < m->size ? i * PAGE : m->size;
		errcode_t code = i > first ? write_out(m, at, end - at) : 0;
		if (code)
			return code;
	}
	/* The disk works while the image is summed; whoever publishes it waits for what is left. */
	BC_IGNORE(sync_file_range(m->fd, 0, 0, SYNC_FILE_RANGE_WRITE) != 0);
	return 0;
}

static void release(struct memory *m)
{
	if (m->data && m->data != MAP_FAILED)
		munmap(m->data, m->size);
	if (m->fd >= 0)
		close(m->fd);
	free(m->pages);
	free(m);
}

static errcode_t close_channel(io_channel channel)
{
	if (--channel->refcount > 0)
		return 0;
	const struct memory *m = channel->private_data;
	errcode_t code = m->is_dropped ? 0 : flush(channel);
	release(channel->private_data);
	free(channel->name);
	free(channel);
	return code;
}

static errcode_t set_blksize(io_channel channel, int blksize)
{
	if (blksize <= 0)
		return EINVAL;
	channel->block_size = blksize;
	return 0;
}

static errcode_t open_channel(const char *name, int flags, io_channel *channel)
{
	struct stat st;
	struct memory *m = bc_calloc(1, sizeof(*m));
	(void)flags;
	m->fd = open(name, O_RDWR | O_CLOEXEC);
	if (m->fd < 0 || fstat(m->fd, &st) != 0) {
		errcode_t code = errno;
		release(m);
		return code;
	}
	if (st.st_size > 0 && st.st_size <= HELD_MAX) {
		m->size = (size_t)st.st_size;
		m->data = mmap(NULL, m->size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	}
	if (!m->data || m->data == MAP_FAILED) {
		release(m);
		return ENOMEM;
	}
	/* Where the host gives them, huge pages: to touch a new small one costs as much as to copy two in a virtual
	 * machine. A large image would take too many, for the little that each group of it begins with. */
	if (m->size <= HUGE_MAX)
		(void)madvise(m->data, m->size, MADV_HUGEPAGE);
	m->pages = bc_calloc((m->size + PAGE - 1) / PAGE, 1);
	io_channel c = bc_calloc(1, sizeof(*c));
	c->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	c->manager = bc_extfs_io_manager;
	c->name = bc_strdup(name);
	c->block_size = 1024;
	c->refcount = 1;
	c->private_data = m;
	*channel = c;
	return 0;
}

static struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "an image in memory",
	.open = open_channel,
	.close = close_channel,
	.set_blksize = set_blksize,
	.read_blk = read_blk,
	.write_blk = write_blk,
	.flush = flush,
	.write_byte = write_byte,
	.read_blk64 = read_blk64,
	.write_blk64 = write_blk64,
	.zeroout = zeroout,
};
struct struct_io_manager *const bc_extfs_io_manager = &manager;

void bc_extfs_io_drop(struct struct_io_channel *channel)
{
	if (channel->manager == bc_extfs_io_manager)
		((struct memory *)channel->private_data)->is_dropped = true;
}
