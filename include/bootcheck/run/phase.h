/* Which phase of the boot a console line is evidence of. */
#ifndef BOOTCHECK_RUN_PHASE_H
#define BOOTCHECK_RUN_PHASE_H

#include <bootcheck/run/console.h>
#include <bootcheck/run/detect.h>

/* The phase that the boot is in after this line, given the phase before: the same, or a later one. */
enum bc_phase_id bc_phase_after(enum bc_phase_id phase, const struct bc_console_line *line);

#endif
