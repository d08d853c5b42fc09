/* SHA-256 by OpenSSL. */
#ifndef BOOTCHECK_SYS_DIGEST_H
#define BOOTCHECK_SYS_DIGEST_H

#include <sys/stat.h>

#include <bootcheck/base/err.h>

#define BC_DIGEST_HEX 65 /* with the NUL */

struct bc_digest;

/* Starts a digest; bc_digest_end() or bc_digest_free() ends it. Never NULL. */
struct bc_digest *bc_digest_new(void) BC_MUST_CHECK;
/* Adds bytes. */
void bc_digest_add(struct bc_digest *digest, const void *data, size_t len);
/* Adds a label and a text with their lengths, so that no two lists of fields look alike. */
void bc_digest_field(struct bc_digest *digest, const char *label, const char *text);
/* Writes the lower-case hexadecimal sum and frees. */
void bc_digest_end(struct bc_digest *digest, char hex[BC_DIGEST_HEX]);
/* Frees without a result; NULL is fine. */
void bc_digest_free(struct bc_digest *digest);
/* The sum of a whole file. BC_E_IO. */
bool bc_digest_file(const char *path, char hex[BC_DIGEST_HEX], struct bc_err *err) BC_MUST_CHECK;
/* The sum of a file's size and of its pages of 4 KiB that are not zero, each with its number: as good as that of all
 * bytes, wherever the file has holes, and found without going over them. Not SHA-256 of anything that others could
 * check. BC_E_IO. */
bool bc_digest_data(const char *path, char hex[BC_DIGEST_HEX], struct bc_err *err) BC_MUST_CHECK;
/* True when most of a large file is holes. */
bool bc_digest_is_sparse(const struct stat *st);

#endif
