/* XDR (RFC 4506): big-endian words and padded strings, as ONC RPC carries them. */
#ifndef BOOTCHECK_SERVE_XDR_H
#define BOOTCHECK_SERVE_XDR_H

#include <bootcheck/base/buf.h>

/* A reader of bytes that belong to the caller. A read past the end, or of a string over its maximum,
 * gives zero or nothing and sets is_bad for good, so that a parser looks once, at its end. */
struct bc_xdr {
	const unsigned char *data;
	size_t len, pos;
	bool is_bad;
};

uint32_t bc_xdr_u32(struct bc_xdr *xdr);
uint64_t bc_xdr_u64(struct bc_xdr *xdr);
/* len bytes and their padding to a word. Borrowed; NULL when they are not there. */
const unsigned char *bc_xdr_fixed(struct bc_xdr *xdr, size_t len);
/* A length of at most max and that many bytes. Borrowed, not NUL-terminated; NULL and *len 0 when they are
 * not there. */
const unsigned char *bc_xdr_opaque(struct bc_xdr *xdr, size_t max, size_t *len);

/* The writing side appends to a buffer. */
void bc_xdr_put_u32(struct bc_buf *out, uint32_t value);
void bc_xdr_put_u64(struct bc_buf *out, uint64_t value);
void bc_xdr_put_bool(struct bc_buf *out, bool value);
/* len bytes and zeros up to a word. */
void bc_xdr_put_fixed(struct bc_buf *out, const void *data, size_t len);
/* The length before it. */
void bc_xdr_put_opaque(struct bc_buf *out, const void *data, size_t len);
/* Writes over a word that was put at offset `at`. */
void bc_xdr_set_u32(struct bc_buf *out, size_t at, uint32_t value);

#endif
