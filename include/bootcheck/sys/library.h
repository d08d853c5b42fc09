/* Libraries that are loaded when they are needed first: libcurl, libarchive and libxml2 bring forty others, and
 * loading those would be half of the processor time of a run whose artifacts are all there. */
#ifndef BOOTCHECK_SYS_LIBRARY_H
#define BOOTCHECK_SYS_LIBRARY_H

#include <bootcheck/base/err.h>

struct bc_library {
	const char *file;	  /* its name for the dynamic linker, of the build's version */
	const char *use;	  /* what does not go without it, for people: "downloads" */
	const char *package;	  /* Debian's */
	const char *const *names; /* of its functions, NULL-terminated */
	void *functions;	  /* a struct of nothing but pointers to them, in the same order */
	bool is_loaded;
	char failure[256];
};

/* Of a list `#define LIST(X) X(function) X(function)`: the members of the struct, and the names. */
#define BC_LIBRARY_MEMBER(function) __typeof__(function) *function;
#define BC_LIBRARY_NAME(function)   #function,

/* Loads it once; call this before any of its functions. Thread-safe. BC_E_MISSING when it is not there. */
bool bc_library_load(struct bc_library *library, struct bc_err *err) BC_MUST_CHECK;

#endif
