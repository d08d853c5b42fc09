/* Builds with kbuild (the kernel, BusyBox, U-Boot): a source tree and a folder of objects that outlive the
 * build, configuration, make, and the first error of a failed one.
 *
 * `<cache>/work/<kind>-<hash>/` has `src/` and `obj/`. The hash is of everything that makes objects worth
 * keeping: the kind, the source's lineage, the base configuration, architecture and tools. src/ is brought to
 * the wanted content by replacing what differs, so that make rebuilds what depends on it and nothing else. A
 * build that was killed leaves a mark, and the next one starts with an empty obj/. */
#ifndef BOOTCHECK_BUILD_KBUILD_H
#define BOOTCHECK_BUILD_KBUILD_H

#include <bootcheck/build/kconfig.h>
#include <bootcheck/build/node.h>
#include <bootcheck/model/schema.h>

/* How a kind of artifact uses kbuild. */
struct bc_kbuild_kind {
	const char *whose; /* "the kernel", "BusyBox", "U-Boot": for messages */
	const char *deflt; /* the base configuration when the case names none; NULL = it must */
	const char *
		settle; /* make's target that completes a configuration: "olddefconfig", or "oldconfig",
				   which is fed with empty answers */
	const char *
		configs; /* glob of the folder that holds defconfigs: "arch/%s/configs", %s is ARCH */
	const char *const *tools; /* programs of the host that the build calls; ends with NULL */
	bool sets_arch;		  /* ARCH=… is given to make */
	bool scans_obj;		  /* the Kconfig files that count are generated into obj/ */
};

/* The keys of a case that all of them have. */
#define BC_FIELDS_KBUILD                                                                           \
	{"source", &bc_shape_source,                                                               \
		"The source tree: a folder, an archive, a package, or a repository.", true, NULL}, \
		{"patches", &bc_shape_refs, "Patches, applied in order with -p1.", false, NULL},   \
		{"defconfig", &bc_shape_ref,                                                       \
			"The configuration to start from: a name such as vexpress_defconfig, "     \
			"allnoconfig or tinyconfig, or a file that holds a configuration (a path " \
			"with a slash, or a reference).",                                          \
			false, NULL},                                                              \
		{"fragments", &bc_shape_refs,                                                      \
			"Files of options that are merged over it, in order. Each option must "    \
			"survive, or the build ends with an error that names it.",                 \
			false, NULL},                                                              \
		{"config", &bc_kbuild_shape_config,                                                \
			"Single options over all that, by their names without CONFIG_.", false,    \
			NULL},                                                                     \
		{"arch", &bc_shape_name,                                                           \
			"ARCH of the build; the one that fits the machine when not given.", false, \
			NULL},                                                                     \
	{                                                                                          \
		"cross_compile", &bc_shape_text,                                                   \
			"CROSS_COMPILE of the build, such as arm-linux-gnueabi-; Debian's cross "  \
			"compiler of the machine's architecture when not given.",                  \
			false, NULL                                                                \
	}
extern const struct bc_shape bc_kbuild_shape_config;

/* Gives node what these keys of map say: input 0 is the source tree, then the base configuration if it is a
 * file, then the fragments, and the fields for the rest. BC_E_CASE. */
bool bc_kbuild_plan(struct bc_planner *planner, struct bc_node *node, const struct bc_value *map,
	const struct bc_kbuild_kind *kind, struct bc_err *err) BC_MUST_CHECK;
/* Architecture and cross compiler of a map, as a case says them or as they fit its machine (QEMU's name of the
 * architecture, may be NULL). BC_E_CASE. The
 * caller frees both. */
bool bc_kbuild_tools(const char *machine, const struct bc_value *map, char **arch, char **cross,
	struct bc_err *err) BC_MUST_CHECK;
/* Sets the fields `compiler` and `linker` of a node with the field `cross_compile`. For resolve(). */
enum bc_resolved bc_kbuild_resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err) BC_MUST_CHECK;

struct bc_kbuild {
	struct bc_job *job;
	const struct bc_kbuild_kind *kind;
	const struct bc_value *map; /* what the case says; NULL = not a kbuild artifact's map */
	char *dir, *src, *obj;	    /* folders */
	char *mark;		    /* file that is there while objects may be half written */
	char *ended;		    /* file in obj/ with the time of the end of the newest build */
	struct bc_strs env;	    /* of make: "K=V" */
	struct bc_strs args;	    /* of every make: ARCH=…, CROSS_COMPILE=… */
	int lock;
	bool is_spoilt; /* obj/ may hold half-written files */
	size_t lines;	/* of make's output so far, for progress */
	struct bc_buf line;
};

/* Takes the work folder (waiting for others that use it) and brings src/ to the content of the node's input
 * 0. BC_E_IO, BC_E_CANCELLED, BC_E_MISSING for a tool of the host. Close it also after a failure. */
bool bc_kbuild_open(struct bc_kbuild *k, struct bc_job *job, const struct bc_kbuild_kind *kind,
	const struct bc_value *map, struct bc_err *err) BC_MUST_CHECK;
void bc_kbuild_close(struct bc_kbuild *k);
static inline void bc_kbuild_cleanup(struct bc_kbuild *k)
{
	bc_kbuild_close(k);
}
/* make -C src O=obj <args> <targets…>, parallel, through ccache when it is there. targets ends with NULL;
 * "K=V" is allowed among them. answers (may be NULL) is a file that goes to stdin. BC_E_COMMAND quotes the first
 * error of the compiler (file:line: message). */
bool bc_kbuild_make(struct bc_kbuild *k, const char *const *targets, const char *answers,
	struct bc_err *err) BC_MUST_CHECK;
/* Makes obj/.config of what the case says, and verifies that every wanted option survived. An unknown
 * defconfig is BC_E_CASE with the nearest names. */
bool bc_kbuild_configure(struct bc_kbuild *k, struct bc_err *err) BC_MUST_CHECK;

#endif
