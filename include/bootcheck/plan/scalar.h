/* The scalar shapes: units, names, dates, patterns, references. */
#ifndef BOOTCHECK_PLAN_SCALAR_H
#define BOOTCHECK_PLAN_SCALAR_H

#include <bootcheck/plan/check.h>

/* "a size such as 64M", for messages. Static text. */
const char *bc_scalar_wanted(const struct bc_shape *shape);
/* The scalar part of bc_check_value(); value is a scalar and shape a scalar shape. */
void bc_scalar_check(struct bc_check *check, struct bc_value *value, const struct bc_shape *shape);

#endif
