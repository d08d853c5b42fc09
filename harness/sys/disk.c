#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <bootcheck/sys/disk.h>

#define SECTOR 512
#define TABLE  446
#define ENTRY  16

bool bc_disk_partition(const char *image, int number, uint64_t *offset, struct bc_err *err)
{
	unsigned char head[SECTOR];
	int fd = open(image, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot open %s", image);
	ssize_t n = pread(fd, head, sizeof(head), 0);
	close(fd);
	if (n != SECTOR || head[510] != 0x55 || head[511] != 0xaa)
		return bc_fail(err, BC_E_FORMAT, 0, "%s has no partition table", image);
	const unsigned char *e = head + TABLE + ENTRY * (number - 1);
	if (number < 1 || number > 4 || !e[4])
		return bc_fail(err, BC_E_FORMAT, 0, "%s has no partition %d", image, number);
	uint32_t first = (uint32_t)e[8] | (uint32_t)e[9] << 8 | (uint32_t)e[10] << 16 |
		(uint32_t)e[11] << 24;
	*offset = (uint64_t)first * SECTOR;
	return true;
}
