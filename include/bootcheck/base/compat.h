/* What every file needs: attributes, scope cleanup, banned functions. */
#ifndef BOOTCHECK_BASE_COMPAT_H
#define BOOTCHECK_BASE_COMPAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BC_MUST_CHECK	    __attribute__((warn_unused_result))
#define BC_PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
#define BC_NONNULL(...)	    __attribute__((nonnull(__VA_ARGS__)))
#define BC_UNUSED	    __attribute__((unused))
#define BC_LEN(a)	    (sizeof(a) / sizeof((a)[0]))

/* For the few must-check calls whose failure changes nothing. */
#define BC_IGNORE(call)                                                                            \
	do {                                                                                       \
		if (call) {                                                                        \
		}                                                                                  \
	} while (0)

/* `BC_AUTO(bc_buf) out = {0};` releases on scope exit by bc_buf_cleanup(struct bc_buf *). The
 * cleanup function is declared beside its type. For plain pointers: BC_AUTO_FREE char *p. */
#define BC_AUTO(type) __attribute__((cleanup(type##_cleanup))) struct type
#define BC_AUTO_FREE  __attribute__((cleanup(bc_free_cleanup)))

/* Hands a pointer over: yields its value and leaves NULL behind. */
#define BC_TAKE(p)                                                                                 \
	({                                                                                         \
		__typeof__(p) bc_taken_ = p;                                                       \
		p = NULL;                                                                          \
		bc_taken_;                                                                         \
	})

#pragma GCC diagnostic ignored "-Wpedantic" /* statement expressions, used by BC_TAKE */
#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol system popen gets tmpnam

/* Frees *(void **)p. */
void bc_free_cleanup(void *p);

#endif
