/* How the bytes of a recording come, for tests that cut it. */
#ifndef PIECES_H
#define PIECES_H

#include <stddef.h>
#include <stdint.h>

/* How the bytes come: pieces of so many, 0 = all that is there; with a seed, of up to so many. */
struct cut {
	const char *name;
	size_t piece;
	uint32_t seed;
};

static inline size_t next_piece(struct cut *cut, size_t left)
{
	size_t n = cut->piece ? cut->piece : left;
	if (cut->seed) {
		cut->seed = cut->seed * 1664525u + 1013904223u;
		n = 1 + (cut->seed >> 8) % cut->piece;
	}
	return n < left ? n : left;
}

#endif
