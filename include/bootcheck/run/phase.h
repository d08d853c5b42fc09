/* Which phase of the boot a console line is evidence of. */
#ifndef BOOTCHECK_RUN_PHASE_H
#define BOOTCHECK_RUN_PHASE_H

#include <bootcheck/run/console.h>
#include <bootcheck/run/detect.h>

/* The phase that the boot is in after this line, given the phase before: the same, or a later one. */
enum bc_phase_id bc_phase_after(enum bc_phase_id phase, const struct bc_console_line *line);
/* True for a line that a boot loader or a kernel's first code prints when it hands over: the loader is left. */
bool bc_phase_is_jump(const struct bc_console_line *line);
/* True for a line that a boot begins with, or begins anew: a loader's or a kernel's banner, or a jump. */
bool bc_phase_is_start(const struct bc_console_line *line);
/* True for U-Boot's banner. */
bool bc_phase_is_uboot(const struct bc_console_line *line);

#endif
