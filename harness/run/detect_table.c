/* All detectors, by table, by id and by name. */
#include "detect_impl.h"

static const struct bc_detector *const tables[] = {
	bc_detectors_panic,
	bc_detectors_oops,
	bc_detectors_lock,
	bc_detectors_splat,
	bc_detectors_user,
	bc_detectors_end,
	bc_detectors_loader,
	bc_detectors_early,
};

static const char *const phase_names[] = {
	"none", "loader", "decompressor", "kernel", "init", "shell", "off"};

const char *bc_phase_name(enum bc_phase_id phase)
{
	return (size_t)phase < BC_LEN(phase_names) ? phase_names[phase] : "none";
}

const struct bc_detector *const *bc_detector_list(void)
{
	static const struct bc_detector *list[MAX_DETECTORS + 1];
	if (list[0])
		return list;
	size_t n = 0;
	for (size_t i = 0; i < BC_LEN(tables); i++) {
		for (const struct bc_detector *d = tables[i]; d->id; d++) {
			if (n == MAX_DETECTORS)
				abort();
			list[n++] = d;
		}
	}
	return list;
}

const char *const *bc_detector_names(void)
{
	static const char *names[2 * MAX_DETECTORS + 1];
	if (names[0])
		return names;
	size_t n = 0;
	for (const struct bc_detector *const *d = bc_detector_list(); *d; d++) {
		bool is_known = false;
		for (size_t i = 0; i < n; i++)
			is_known |= strcmp(names[i], (*d)->group) == 0;
		if (!is_known)
			names[n++] = (*d)->group;
	}
	for (const struct bc_detector *const *d = bc_detector_list(); *d; d++)
		names[n++] = (*d)->id;
	return names;
}

const struct bc_detector *bc_detector_find(const char *id)
{
	for (const struct bc_detector *const *d = bc_detector_list(); *d; d++)
		if (strcmp((*d)->id, id) == 0)
			return *d;
	return NULL;
}
