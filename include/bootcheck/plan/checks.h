/* What each finding means: the names in brackets behind a message. */
#ifndef BOOTCHECK_PLAN_CHECKS_H
#define BOOTCHECK_PLAN_CHECKS_H

#include <bootcheck/base/diag.h>

struct bc_check_info {
	const char *id; /* stable, such as "unknown-key" */
	enum bc_severity severity;
	const char *means;
	const char *advice; /* what to do */
};

/* All of them by id; ends with a NULL id. */
extern const struct bc_check_info bc_checks[];
/* NULL if there is none of that id. */
const struct bc_check_info *bc_check_find(const char *id);

#endif
