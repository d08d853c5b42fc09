/* The functions of libcrypto that EVP stands before: EVP_MD_fetch() reads openssl.cnf and makes providers, which took as
 * long as planning a case (2.3 ms). OpenSSL 3 has them, and calls them deprecated. */
#define OPENSSL_API_COMPAT 0x10100000L

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/sha.h>
#include <sys/stat.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/digest.h>
#include <bootcheck/sys/fs.h>

struct bc_digest {
	SHA256_CTX ctx;
};

struct bc_digest *bc_digest_new(void)
{
	struct bc_digest *digest = bc_calloc(1, sizeof(*digest));
	if (!SHA256_Init(&digest->ctx))
		abort(); /* it never fails */
	return digest;
}

void bc_digest_add(struct bc_digest *digest, const void *data, size_t len)
{
	if (!SHA256_Update(&digest->ctx, data, len))
		abort();
}

/* The length, and what it is the length of. */
static void add_counted(struct bc_digest *digest, const char *text, char mark)
{
	size_t len = strlen(text);
	char head[24], *p = head + sizeof(head);
	*--p = ':';
	size_t n = len;
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	if (mark)
		*--p = mark;
	bc_digest_add(digest, p, (size_t)(head + sizeof(head) - p));
	bc_digest_add(digest, text, len);
}

void bc_digest_field(struct bc_digest *digest, const char *label, const char *text)
{
	add_counted(digest, label, '\0');
	add_counted(digest, text, '=');
}

void bc_digest_end(struct bc_digest *digest, char hex[BC_DIGEST_HEX])
{
	unsigned char sum[SHA256_DIGEST_LENGTH];
	if (!SHA256_Final(sum, &digest->ctx))
		abort();
	bc_hex(sum, sizeof(sum), hex);
	bc_digest_free(digest);
}

void bc_digest_free(struct bc_digest *digest)
{
	free(digest);
}

#define PIECE ((size_t)1 << 16) /* it stays in the cache, and has few pages to be made */
#define PAGE  ((size_t)4096)

/* Reads until the piece is full, has what is wanted or the file ends; -1: errno. */
static ssize_t read_piece(int fd, char *piece, size_t wanted)
{
	size_t len = 0, most = wanted < PIECE ? wanted : PIECE;
	while (len < most) {
		ssize_t n = read(fd, piece + len, most - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

bool bc_digest_file(const char *path, char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	BC_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot open %s", path);
	BC_AUTO_FREE char *piece = bc_realloc(NULL, PIECE, 1);
	struct bc_digest *digest = bc_digest_new();
	ssize_t n;
	while ((n = read_piece(fd, piece, PIECE)) > 0)
		bc_digest_add(digest, piece, (size_t)n);
	if (n < 0) {
		bc_digest_free(digest);
		return bc_fail(err, BC_E_IO, errno, "cannot read %s", path);
	}
	bc_digest_end(digest, hex);
	return true;
}

bool bc_digest_is_sparse(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_size >= 1 << 20 &&
		(uint64_t)st->st_blocks * 512 < (uint64_t)st->st_size / 2;
}

static bool is_zero(const char *data, size_t len)
{
	return !*data && memcmp(data, data + 1, len - 1) == 0;
}

static size_t up_to_page(size_t len)
{
	return (len + PAGE - 1) / PAGE * PAGE;
}

static void add_pages(struct bc_digest *digest, uint64_t at, const char *data, size_t len)
{
	for (size_t n, i = 0; i < len; i += n) {
		n = len - i < PAGE ? len - i : PAGE;
		if (is_zero(data + i, n))
			continue;
		unsigned char number[8];
		for (size_t k = 0; k < sizeof(number); k++)
			number[k] = (unsigned char)((at + i) / PAGE >> (8 * k));
		bc_digest_add(digest, number, sizeof(number));
		bc_digest_add(digest, data + i, n);
	}
}

bool bc_digest_data(const char *path, char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	struct stat st;
	BC_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return bc_fail(err, BC_E_IO, errno, "cannot open %s", path);
	BC_AUTO_FREE char *piece = bc_realloc(NULL, PIECE, 1);
	BC_AUTO_FREE char *size = bc_asprintf("%lld", (long long)st.st_size);
	struct bc_digest *digest = bc_digest_new();
	bc_digest_field(digest, "size", size);
	ssize_t n = 0;
	BC_IGNORE(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM) != 0); /* nor read ahead */
	for (off_t at = 0; at < st.st_size; at += n) {
		off_t data = lseek(fd, at, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break; /* a hole up to the end */
		/* A file system that knows no holes: on from where we are. */
		at = data < 0 ? at : data / (off_t)PAGE * (off_t)PAGE;
		/* Pages of holes would be made to be read. */
		off_t hole = lseek(fd, at, SEEK_HOLE);
		size_t wanted = hole > at ? up_to_page((size_t)(hole - at)) : PIECE;
		n = lseek(fd, at, SEEK_SET) < 0 ? -1 : read_piece(fd, piece, wanted);
		if (n <= 0)
			break;
		add_pages(digest, (uint64_t)at, piece, (size_t)n);
	}
	if (n < 0) {
		bc_digest_free(digest);
		return bc_fail(err, BC_E_IO, errno, "cannot read %s", path);
	}
	bc_digest_end(digest, hex);
	return true;
}
