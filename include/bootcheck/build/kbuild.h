/* Builds with kbuild (the kernel, BusyBox, U-Boot): a source tree and a folder of objects that outlive the
 * build, configuration, make, and the first error of a failed one.
 *
 * `<cache>/work/<family>/` has `src/` and `obj/`. The family is everything that makes objects worth keeping:
 * the kind, the source's lineage, the base configuration, architecture and tools. src/ is brought to the
 * wanted content by replacing what differs, so that make rebuilds what depends on it and nothing else. A
 * build that was killed leaves a mark, and the next one starts with an empty obj/. */
#ifndef BOOTCHECK_BUILD_KBUILD_H
#define BOOTCHECK_BUILD_KBUILD_H

#include <bootcheck/build/kconfig.h>
#include <bootcheck/build/node.h>

struct bc_kbuild {
	struct bc_job *job;
	char *dir, *src, *obj; /* folders */
	struct bc_strs env;    /* of make: "K=V" */
	struct bc_strs args;   /* of every make: ARCH=…, CROSS_COMPILE=… */
	int lock;
	bool is_spoilt; /* obj/ may hold half-written files */
	char *whose;	/* "kernel", "BusyBox", "U-Boot": for messages */
};

/* Architecture and tools as a case says them, or as they fit its machine. Adds the fields `arch` and
 * `cross_compile` to node. names: which of ARCH's spellings (kernel, BusyBox and U-Boot agree on arm). */
bool bc_kbuild_plan_tools(struct bc_planner *planner, struct bc_node *node,
	const struct bc_value *map, struct bc_err *err) BC_MUST_CHECK;
/* Sets the field `tools`: compiler, assembler and linker. For resolve(). */
enum bc_resolved bc_kbuild_resolve_tools(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err) BC_MUST_CHECK;

/* Takes the family's folder (waiting for others that use it) and brings src/ to the content of the node's
 * input 0. `family` is further text that tells families apart. BC_E_IO, BC_E_CANCELLED. */
bool bc_kbuild_open(struct bc_kbuild *k, struct bc_job *job, const char *whose, const char *family,
	struct bc_err *err) BC_MUST_CHECK;
void bc_kbuild_close(struct bc_kbuild *k);
static inline void bc_kbuild_cleanup(struct bc_kbuild *k)
{
	bc_kbuild_close(k);
}
/* make -C src O=obj <args> <targets…>, parallel, through ccache when it is there. targets ends with NULL;
 * "K=V" is allowed among them. input (may be NULL) goes to stdin. BC_E_COMMAND quotes the first error of the
 * compiler (file:line: message). */
bool bc_kbuild_make(struct bc_kbuild *k, const char *const *targets, const char *input,
	struct bc_err *err) BC_MUST_CHECK;
/* Makes obj/.config: `base` (a defconfig's name, allnoconfig, tinyconfig, or a path to a whole
 * configuration when it has a slash), then `wanted` over it, then make `settle` ("olddefconfig"; "oldconfig",
 * which is fed with empty answers), and verifies that every wanted option survived. An unknown defconfig is
 * BC_E_CASE with the nearest names. */
bool bc_kbuild_configure(struct bc_kbuild *k, const char *base, const struct bc_kconfig *wanted,
	const char *settle, struct bc_err *err) BC_MUST_CHECK;

/* The first error in a build's log, as one line: "drivers/a.c:12:3: error: message". False when none is
 * recognised. Hostile text is fine. */
bool bc_kbuild_first_error(const char *log, size_t len, struct bc_buf *out);

#endif
