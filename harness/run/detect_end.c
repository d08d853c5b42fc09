/* The machine stops or starts again. */
#include "detect_impl.h"

#define END .group = "end", .kind = BC_KIND_EXITED, .flags = BC_DETECT_END | BC_DETECT_KERNEL

const struct bc_detector bc_detectors_end[] = {
	{
		.id = "unexpected-reset",
		.group = "reset",
		.kind = BC_KIND_RESET_LOOP,
		.literal = "Linux version ",
		.title = "the kernel started again without saying that it would restart",
		.flags = BC_DETECT_KERNEL | BC_DETECT_FATAL,
		.means = "A second kernel banner, and the lines behind it are not those of the "
			 "first "
			 "boot printed once more (as a console that takes over from an early one, "
			 "or "
			 "dmesg, does): the machine was reset.",
		.example = "Linux version 6.1.0 (gcc 12.2.0) #1 SMP",
		.unlike = NULL,
		.advice = "a triple fault, a watchdog, or firmware: the last lines before the "
			  "banner are "
			  "the place to look; earlycon shows more",
	},
	{
		.id = "halted",
		END,
		.literal = "reboot: System halted",
		.regex = "^reboot: System halted",
		.title = "System halted",
		.means = "The guest stopped its processors and stays so; QEMU does not exit by "
			 "itself.",
		.example = "reboot: System halted",
		.unlike = "after reboot: System halted",
		.advice = "use `poweroff` where the run should end",
	},
	{
		.id = "power-off",
		END,
		.literal = "reboot: Power",
		.regex = "^reboot: Power(?: down|-off|ing off)",
		.title = "the guest switched itself off",
		.means = "The guest asked for its power to be switched off.",
		.example = "reboot: Power down",
		.unlike = "see reboot: Powerful tools",
		.advice = "if the case did not ask for it, look at what init ran last",
	},
	{
		.id = "restart",
		END,
		.literal = "reboot: Restarting system",
		.regex = "^reboot: Restarting system(?: with command '([^']*)')?",
		.title = "the guest restarted itself",
		.means = "The guest asked for a restart.",
		.example = "reboot: Restarting system",
		.unlike = "systemd: reboot: Restarting system",
		.advice = "if the case did not ask for it, look at what init ran last",
	},
	{
		.id = "panic-restart",
		.group = "end",
		.kind = BC_KIND_NONE,
		.literal = "Rebooting in ",
		.regex = "^Rebooting in (\\d+) seconds",
		.title = "restarts $1 seconds after the panic",
		.flags = BC_DETECT_NOTE | BC_DETECT_KERNEL,
		.means = "panic=N makes the kernel restart after a panic.",
		.example = "Rebooting in 3 seconds..",
		.unlike = "Warning: Rebooting in 3 seconds",
		.advice = "panic=-1 ends the run at once",
	},
	{.id = NULL},
};
