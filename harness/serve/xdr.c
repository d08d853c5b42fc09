#include <bootcheck/serve/xdr.h>

static size_t padded(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

const unsigned char *bc_xdr_fixed(struct bc_xdr *xdr, size_t len)
{
	size_t left = xdr->len - xdr->pos;
	if (xdr->is_bad || len > left || padded(len) > left) {
		xdr->is_bad = true;
		return NULL;
	}
	const unsigned char *at = xdr->data + xdr->pos;
	xdr->pos += padded(len);
	return at;
}

uint32_t bc_xdr_u32(struct bc_xdr *xdr)
{
	const unsigned char *p = bc_xdr_fixed(xdr, 4);
	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

uint64_t bc_xdr_u64(struct bc_xdr *xdr)
{
	uint64_t high = bc_xdr_u32(xdr);
	return high << 32 | bc_xdr_u32(xdr);
}

const unsigned char *bc_xdr_opaque(struct bc_xdr *xdr, size_t max, size_t *len)
{
	uint32_t n = bc_xdr_u32(xdr);
	*len = 0;
	if (n > max)
		xdr->is_bad = true;
	const unsigned char *at = bc_xdr_fixed(xdr, n);
	if (at)
		*len = n;
	return at;
}

static void store(unsigned char out[4], uint32_t value)
{
	out[0] = (unsigned char)(value >> 24);
	out[1] = (unsigned char)(value >> 16);
	out[2] = (unsigned char)(value >> 8);
	out[3] = (unsigned char)value;
}

void bc_xdr_put_u32(struct bc_buf *out, uint32_t value)
{
	unsigned char word[4];
	store(word, value);
	bc_buf_add(out, word, 4);
}

void bc_xdr_put_u64(struct bc_buf *out, uint64_t value)
{
	bc_xdr_put_u32(out, (uint32_t)(value >> 32));
	bc_xdr_put_u32(out, (uint32_t)value);
}

void bc_xdr_put_bool(struct bc_buf *out, bool value)
{
	bc_xdr_put_u32(out, value ? 1 : 0);
}

void bc_xdr_put_fixed(struct bc_buf *out, const void *data, size_t len)
{
	bc_buf_add(out, data, len);
	bc_buf_add(out, "\0\0\0", padded(len) - len);
}

void bc_xdr_put_opaque(struct bc_buf *out, const void *data, size_t len)
{
	bc_xdr_put_u32(out, (uint32_t)len);
	bc_xdr_put_fixed(out, data, len);
}

void bc_xdr_set_u32(struct bc_buf *out, size_t at, uint32_t value)
{
	if (at <= out->len && out->len - at >= 4)
		store((unsigned char *)out->data + at, value);
}
