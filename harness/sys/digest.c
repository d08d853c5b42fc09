#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/sys/digest.h>
#include <bootcheck/sys/fs.h>

struct bc_digest {
	EVP_MD_CTX *ctx;
};

struct bc_digest *bc_digest_new(void)
{
	struct bc_digest *digest = bc_calloc(1, sizeof(*digest));
	digest->ctx = EVP_MD_CTX_new();
	if (!digest->ctx || !EVP_DigestInit_ex(digest->ctx, EVP_sha256(), NULL))
		abort(); /* only out of memory, or an OpenSSL without SHA-256 */
	return digest;
}

void bc_digest_add(struct bc_digest *digest, const void *data, size_t len)
{
	if (!EVP_DigestUpdate(digest->ctx, data, len))
		abort();
}

void bc_digest_field(struct bc_digest *digest, const char *label, const char *text)
{
	char head[96];
	int n = snprintf(head, sizeof(head), "%zu:%.40s=%zu:", strlen(label), label, strlen(text));
	bc_digest_add(digest, head, (size_t)n);
	bc_digest_add(digest, text, strlen(text));
}

void bc_digest_end(struct bc_digest *digest, char hex[BC_DIGEST_HEX])
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (!EVP_DigestFinal_ex(digest->ctx, sum, &n) || n != 32)
		abort();
	bc_hex(sum, n, hex);
	bc_digest_free(digest);
}

void bc_digest_free(struct bc_digest *digest)
{
	if (!digest)
		return;
	EVP_MD_CTX_free(digest->ctx);
	free(digest);
}

bool bc_digest_file(const char *path, char hex[BC_DIGEST_HEX], struct bc_err *err)
{
	BC_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot open %s", path);
	BC_AUTO_FREE char *piece = bc_calloc(1 << 18, 1);
	struct bc_digest *digest = bc_digest_new();
	for (;;) {
		ssize_t n = read(fd, piece, 1 << 18);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			bc_digest_free(digest);
			return bc_fail(err, BC_E_IO, errno, "cannot read %s", path);
		}
		if (n == 0)
			break;
		bc_digest_add(digest, piece, (size_t)n);
	}
	bc_digest_end(digest, hex);
	return true;
}
