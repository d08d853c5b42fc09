/* The identity of programs that make artifacts: part of a key. */
#ifndef BOOTCHECK_BUILD_TOOLS_H
#define BOOTCHECK_BUILD_TOOLS_H

#include <bootcheck/build/node.h>

/* What programs said in this run, for a resolver. Thread-safe. */
struct bc_tool_memo *bc_tool_memo_new(void) BC_MUST_CHECK;
void bc_tool_memo_free(struct bc_tool_memo *memo);

/* The first line that `argv` (such as {"arm-linux-gnueabi-gcc", "--version"}) prints. Remembered in the cache
 * as long as the program's file is the same, unless that is a script or another program's; and asked the first time whether or not others may be asked.
 * BC_RESOLVE_FAILED with BC_E_MISSING when there is no such program; the hint names the Debian package that has
 * it. The caller frees *text. */
enum bc_resolved bc_tool_identity(const struct bc_resolver *resolver, char *const *argv,
	char **text, struct bc_err *err) BC_MUST_CHECK;
/* Sets the field `label` of node to that identity. For resolve(). */
enum bc_resolved bc_tool_resolve(struct bc_node *node, const struct bc_resolver *resolver,
	const char *label, char *const *argv, struct bc_err *err) BC_MUST_CHECK;
/* The sum of a program's file, for the caller to free; the same within one run. NULL with BC_E_MISSING or BC_E_IO. */
char *bc_tool_sum(
	const struct bc_resolver *resolver, const char *program, struct bc_err *err) BC_MUST_CHECK;
/* BC_E_MISSING, with the package in the hint, when the program is not in PATH. */
bool bc_tool_there(const char *program, struct bc_err *err) BC_MUST_CHECK;

/* Where the compiler `cross_compile`gcc has a file of its libraries; *path is NULL when it has none, the caller's
 * otherwise. It is remembered like an identity; is_new asks again, for what may have been installed since. */
enum bc_resolved bc_tool_library(const struct bc_resolver *resolver, const char *cross_compile,
	const char *name, bool is_new, char **path, struct bc_err *err) BC_MUST_CHECK;

#endif
