/* The identity of programs that make artifacts: part of a key. */
#ifndef BOOTCHECK_BUILD_TOOLS_H
#define BOOTCHECK_BUILD_TOOLS_H

#include <bootcheck/build/node.h>

/* What `argv` (such as {"arm-linux-gnueabi-gcc", "-dumpfullversion", "-dumpmachine"}) prints, spaces for
 * newlines. Remembered in the cache as long as the program's file is the same, so BC_RESOLVE_LATER comes
 * only before it was asked the first time. BC_RESOLVE_FAILED with BC_E_MISSING when there is no such
 * program; the hint names the Debian package that has it. The caller frees *text. */
enum bc_resolved bc_tool_identity(const struct bc_resolver *resolver, char *const *argv,
	char **text, struct bc_err *err) BC_MUST_CHECK;

/* The Debian package that has a program ("gcc-arm-linux-gnueabi" for "arm-linux-gnueabi-gcc"), NULL when not
 * known. Static text. */
const char *bc_tool_package(const char *program);

#endif
