/* One architecture's private apt state. Whoever has it open has its lock. */
#ifndef BOOTCHECK_BUILD_APT_STATE_H
#define BOOTCHECK_BUILD_APT_STATE_H

#include <bootcheck/base/buf.h>
#include <bootcheck/base/err.h>

struct bc_apt_package;

struct bc_apt_state {
	char *arch, *dir, *config;
	int lock, log_fd;
	bool is_source; /* arch is BC_APT_SOURCE */
	const volatile int *cancelled;
};

/* Opens (creating) `<cache_dir>/apt/<arch>` and waits for its lock. BC_E_IO, BC_E_CANCELLED. Close it also
 * after a failure. */
bool bc_apt_state_open(struct bc_apt_state *state, const char *cache_dir, const char *arch,
	const volatile int *cancelled, struct bc_err *err) BC_MUST_CHECK;
void bc_apt_state_close(struct bc_apt_state *state);
/* Writes the configuration from the host's. BC_E_MISSING without apt. */
bool bc_apt_configure(struct bc_apt_state *state, struct bc_err *err) BC_MUST_CHECK;
/* Fetches the lists. An index that fails is no error here: what apt says of it is added to complaints. */
bool bc_apt_update(
	struct bc_apt_state *state, struct bc_buf *complaints, struct bc_err *err) BC_MUST_CHECK;
/* The stanza of a package in the version that apt prefers, or in the given one. BC_E_CONTENT: there is
 * none. The caller frees. */
char *bc_apt_show(const struct bc_apt_state *state, const char *package, const char *version,
	struct bc_err *err) BC_MUST_CHECK;

/* The upstream tarball of a source package, in the version that apt prefers or the given one: name, size and
 * sha256 of *package. BC_E_CONTENT: there is none. */
bool bc_apt_show_source(const struct bc_apt_state *state, const char *name, const char *version,
	struct bc_apt_package *package, struct bc_err *err) BC_MUST_CHECK;
/* Writes the host's sources again as sources of source packages, which few hosts have. Returns lines of
 * configuration that name them. BC_E_IO. */
bool bc_apt_source_lists(
	const struct bc_apt_state *state, struct bc_buf *config, struct bc_err *err) BC_MUST_CHECK;
/* Runs one of apt's programs with the state's configuration (without: the host's). BC_E_COMMAND. */
bool bc_apt_run(const struct bc_apt_state *state, bool is_host, const char *const *argv,
	struct bc_buf *output, struct bc_err *err) BC_MUST_CHECK;

#endif
