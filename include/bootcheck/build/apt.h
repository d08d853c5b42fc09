/* Debian packages of any architecture through the host's own apt sources, in a private state below the
 * cache: the host's dpkg database and lists are neither read nor written, no root is needed. The host's
 * sources, keys, proxies and pins count, as `apt-config dump` tells them (APT_CONFIG is honoured); its
 * hooks do not run. */
#ifndef BOOTCHECK_BUILD_APT_H
#define BOOTCHECK_BUILD_APT_H

#include <bootcheck/build/node.h>

/* What a case asks for. */
struct bc_apt_query {
	const char *package, *arch;
	const char *version; /* NULL = what apt prefers */
	const char
		*follow; /* pattern over the names of its dependencies, NULL = the package itself */
	/* The upstream tarball of a source package; arch is BC_APT_SOURCE. */
	bool is_source;
};

/* Stands for an architecture where a source package is meant. */
#define BC_APT_SOURCE "source"

/* What was found. Strings owned. */
struct bc_apt_package {
	char *package, *version, *arch, *sha256, *file; /* file: name of the .deb, or of
							      the tarball */
	uint64_t size_bytes;
	int64_t resolved_ns; /* since the epoch */
};
void bc_apt_package_release(struct bc_apt_package *package);
static inline void bc_apt_package_cleanup(struct bc_apt_package *package)
{
	bc_apt_package_release(package);
}

/* The answer to a query: a remembered one, when it is younger than seven days (or anything is offline), else
 * apt's. BC_RESOLVE_LATER when apt would have to be asked and may not. The lists of an architecture are
 * updated at most once in a run, and not when another process has just done so.
 * BC_E_MISSING: apt is not there. BC_E_CONTENT: no such package. BC_E_NET: the lists could not be fetched, or offline
 * without a remembered answer. BC_E_CASE: `follow` fits no dependency, or several. */
enum bc_resolved bc_apt_resolve(const struct bc_apt_query *query,
	const struct bc_resolver *resolver, struct bc_apt_package *package, struct bc_err *err);

/* Downloads the .deb, or the tarball, into dir (the job's log has what apt says). BC_E_NET, BC_E_MISSING. */
bool bc_apt_download(struct bc_job *job, const struct bc_apt_package *package, const char *dir,
	struct bc_err *err) BC_MUST_CHECK;

/* The first stanza of Packages text: the value of a field, or NULL. The caller frees. */
char *bc_apt_field(const char *stanza, const char *name) BC_MUST_CHECK;
/* The dependencies' names in the value of Depends, alternatives included, with the version of an exact
 * dependency ("name" or "name=version"). */
void bc_apt_depends(const char *value, struct bc_strs *names);

#endif
