/* Cases that are meant to fail. */
#ifndef BOOTCHECK_RUN_OUTCOME_H
#define BOOTCHECK_RUN_OUTCOME_H

#include <bootcheck/model/case.h>
#include <bootcheck/model/result.h>

/* Turns an attempt into what it is for a case that says how it must end: a pass when it failed as it should,
 * a failure when it did not. Errors stay errors, unless one of that title is what the case is about. */
void bc_outcome_judge(const struct bc_outcome *outcome, struct bc_attempt *attempt);

#endif
