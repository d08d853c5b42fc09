/* The case format as tables. docs/case.schema.json and the manual page are held to them by a test. */
#include <bootcheck/model/result.h>
#include <bootcheck/plan/load.h>

static const struct bc_shape version = {.type = BC_T_INT, .min = 1, .max = 1};
static const struct bc_shape names = {.type = BC_T_LIST, .item = &bc_shape_name};
static const struct bc_shape vars = {.type = BC_T_MAP, .item = &bc_shape_text, .name = "variable"};

static const struct bc_shape combination = {
	.type = BC_T_MAP, .item = &bc_shape_text, .name = "axis"};
static const struct bc_shape combinations = {.type = BC_T_LIST, .item = &combination};
static const struct bc_field matrix_fields[] = {
	{"exclude", &combinations,
		"Combinations that are left out: each entry removes all cells that have its "
		"values.",
		false, NULL},
	{"include", &combinations,
		"Each entry adds its keys to the cells whose axes it does not contradict; when "
		"there is none, it is a cell of its own.",
		false, NULL},
	{0},
};
static const struct bc_shape matrix = {
	.type = BC_T_OBJECT, .fields = matrix_fields, .item = &bc_shape_texts, .name = "axis"};

static const char *const tftp_servers[] = {"qemu", "tftpd", NULL};
static const struct bc_shape tftp_server = {.type = BC_T_WORD, .words = tftp_servers};
static const struct bc_shape tftp_names = {
	.type = BC_T_MAP, .item = &bc_shape_ref, .doc = "Names, and the file behind each."};
static const struct bc_shape *const tftp_files_either[] = {&bc_shape_ref, &tftp_names, NULL};
static const struct bc_shape tftp_files = {.type = BC_T_EITHER, .either = tftp_files_either};
static const struct bc_field tftp_fields[] = {
	{"files", &tftp_files,
		"What the guest can load: a folder, or a map of names to files, `uImage: "
		"${uimage}`. A name may have folders in it.",
		true, NULL},
	{"server", &tftp_server,
		"QEMU's own server, at 10.0.2.2; or `tftpd`: Debian's in.tftpd, on the host's side "
		"of "
		"QEMU's network, in a network namespace with nothing else in it. The guest finds "
		"that at 127.0.0.1, by way of the gateway 10.0.2.2; what it says is in tftp.log.",
		false, "qemu"},
	{0},
};
static const struct bc_shape tftp_object = {.type = BC_T_OBJECT, .fields = tftp_fields};
static const struct bc_shape *const tftp_either[] = {&bc_shape_ref, &tftp_object, NULL};
static const struct bc_shape tftp = {.type = BC_T_EITHER, .either = tftp_either};

static const char *const net_modes[] = {"none", "user", NULL};
static const struct bc_shape net_mode = {
	.type = BC_T_WORD, .words = net_modes, .doc = "The mode alone."};
static const struct bc_field nfs_fields[] = {
	{"server", &bc_shape_text,
		"HOST:/path of an NFS server that is there already; nothing is started then. Alone "
		"in "
		"its map.",
		false, NULL},
	{0},
};
static const struct bc_shape nfs_exports = {
	.type = BC_T_OBJECT, .fields = nfs_fields, .item = &bc_shape_ref};
static const struct bc_shape *const nfs_either[] = {&bc_shape_ref, &nfs_exports, NULL};
static const struct bc_shape nfs = {.type = BC_T_EITHER, .either = nfs_either};
static const struct bc_field net_fields[] = {
	{"mode", &net_mode, "No network at all, or QEMU's user-mode network.", false, "user"},
	{"restrict", &bc_shape_bool,
		"Keep the guest from reaching the host and the world; what is forwarded and served "
		"by QEMU still works. With `tftp.server: tftpd` the default is `no`: there is "
		"nothing to reach but that server.",
		false, "yes"},
	{"model", &bc_shape_name,
		"The network card, as QEMU names it; the machine's own when not given.", false,
		NULL},
	{"tftp", &tftp,
		"What is served to the guest by TFTP, for reading: a folder, or a map that says "
		"more.",
		false, NULL},
	{"nfs", &nfs,
		"What bootcheck serves to the guest by NFS, for reading, at 10.0.2.2: a tree or "
		"folder as /, or a map of absolute paths to trees, folders and files. Owners, "
		"modes "
		"and nodes are those of the tree artifact. Versions 2 and 3, UDP and TCP, with "
		"portmap; U-Boot's nfs command and root=/dev/nfs both take it. Server and guest "
		"are in a network namespace with nothing else in it, and `restrict` is `no` when "
		"not given.",
		false, NULL},
	{"forwards", &bc_shape_texts,
		"Ports of the host that lead into the guest, as QEMU writes them: "
		"tcp:127.0.0.1:0-:22.",
		false, NULL},
	{0},
};
static const struct bc_shape net_object = {.type = BC_T_OBJECT, .fields = net_fields};
static const struct bc_shape *const net_either[] = {&net_mode, &net_object, NULL};
static const struct bc_shape net = {.type = BC_T_EITHER, .either = net_either};

static const struct bc_shape cpus = {.type = BC_T_INT, .min = 1, .max = 512};
static const struct bc_shape memory = {.type = BC_T_SIZE, .min = 1 << 20, .max = (int64_t)1 << 40};
static const struct bc_shape uarts = {.type = BC_T_INT, .min = 1, .max = 8};
static const struct bc_shape uart = {.type = BC_T_INT, .min = 0, .max = 7};
static const struct bc_field machine_fields[] = {
	{"arch", &bc_shape_name,
		"The architecture as in the name of the emulator: arm, aarch64, x86_64, ppc64 for "
		"qemu-system-ppc64.",
		true, NULL},
	{"model", &bc_shape_text,
		"The machine as QEMU's -M takes it, with its options: vexpress-a9, or "
		"virt,gic-version=3. `bootcheck machines` lists them.",
		true, NULL},
	{"cpu", &bc_shape_text,
		"The processor as QEMU's -cpu takes it; the machine's own when not given.", false,
		NULL},
	{"cpus", &cpus, "How many processors.", false, "1"},
	{"memory", &memory, "How much memory.", false, "256M"},
	{"uarts", &uarts, "How many serial ports are captured.", false, "1"},
	{"console", &uart, "The serial port, counted from 0, that the dialog runs on.", false, "0"},
	{"kernel", &uart,
		"The serial port that the kernel prints on (its `console=`), when that is another "
		"than "
		"`console`: nothing cuts the dialog's lines then, and both ports are judged.",
		false, NULL},
	{"inspect", &bc_shape_bool,
		"Whether the guest's memory is kept where bootcheck can read it: the kernel's log "
		"and "
		"the function in which it hangs come from there. Machines that QEMU cannot do it "
		"for do "
		"without.",
		false, "true"},
	{"qemu", &bc_shape_text,
		"Another emulator: a name on PATH or a path; qemu-system-ARCH when not given.",
		false, NULL},
	{"options", &bc_shape_refs, "Further arguments for QEMU, each one entry.", false, NULL},
	{"net", &net, "The guest's network.", false, "none"},
	{0},
};
static const struct bc_shape machine = {.type = BC_T_OBJECT, .fields = machine_fields};

static const struct bc_shape artifact = {.type = BC_T_TAGGED, .name = "artifact"};
static const struct bc_shape artifacts = {.type = BC_T_MAP, .item = &artifact, .name = "artifact"};

static const char *const interfaces[] = {"sd", "virtio", "ide", "scsi", "pflash", "none", NULL};
static const struct bc_shape interface = {.type = BC_T_WORD, .words = interfaces};
static const char *const formats[] = {"raw", "qcow2", NULL};
static const struct bc_shape format = {.type = BC_T_WORD, .words = formats};
static const struct bc_shape drive_index = {.type = BC_T_INT, .min = 0, .max = 63};
static const struct bc_field drive_fields[] = {
	{"file", &bc_shape_ref, "The image. It is never written to.", true, NULL},
	{"interface", &interface, "How it is connected.", false, "virtio"},
	{"format", &format, "The format of the image.", false, "raw"},
	{"index", &drive_index,
		"Its place among the drives of its interface; QEMU's choice when not given.", false,
		NULL},
	{0},
};
static const struct bc_shape drive = {.type = BC_T_OBJECT, .fields = drive_fields};
static const struct bc_shape drives = {.type = BC_T_LIST, .item = &drive};
static const struct bc_field boot_fields[] = {
	{"kernel", &bc_shape_ref, "The kernel that QEMU loads.", false, NULL},
	{"dtb", &bc_shape_ref,
		"The device tree that the kernel gets; the machine's own when not given.", false,
		NULL},
	{"initrd", &bc_shape_ref, "The initial RAM disk or initramfs.", false, NULL},
	{"bios", &bc_shape_ref, "The firmware; the machine's own when not given.", false, NULL},
	{"cmdline", &bc_shape_text, "The kernel's command line.", false, NULL},
	{"printk_time", &bc_shape_bool,
		"Whether `printk.time=1` is added to a `cmdline` that does not say `printk.time=`: "
		"the kernel's time stamps tell its lines from userspace's.",
		false, "yes"},
	{"sd", &bc_shape_ref,
		"The image in the machine's SD card slot; short for an entry of `drives`.", false,
		NULL},
	{"drives", &drives, "Further drives.", false, NULL},
	{0},
};
static const struct bc_shape boot = {.type = BC_T_OBJECT, .fields = boot_fields};

static const char *const clocks[] = {"host", "guest", NULL};
static const struct bc_shape limit_clock = {.type = BC_T_WORD, .words = clocks};
static const struct bc_field limit_fields[] = {
	{"clock", &limit_clock,
		"Whose time the limits are in: this host's, or the guest's, whose clock stands "
		"still while its processors, QEMU's devices or bootcheck wait for a processor of "
		"this host, as far as the host's kernel tells; it goes on at a tenth at least.",
		false, "host"},
	{"boot", &bc_shape_duration,
		"From QEMU's start to the first prompt or command; 0 is no limit.", false, "120s"},
	{"silence", &bc_shape_duration,
		"How long all serial ports may say nothing while output is awaited; 0 is no limit.",
		false, "60s"},
	{"total", &bc_shape_duration, "The whole boot; 0 is no limit.", false, "300s"},
	{"step", &bc_shape_duration,
		"Each step that has no `limit` of its own; 0 is no limit. Longer than `silence`, "
		"or a "
		"hang is told as a step that came too late.",
		false, "90s"},
	{"loader", &bc_shape_duration, "The boot loader's phase; 0 is no limit.", false, "0"},
	{"decompressor", &bc_shape_duration,
		"From the loader's jump into the kernel to the kernel's first line; 0 is no limit.",
		false, "0"},
	{"kernel", &bc_shape_duration,
		"From the kernel's first line to the start of init; 0 is no limit.", false, "0"},
	{"init", &bc_shape_duration, "From the start of init to the shell's prompt; 0 is no limit.",
		false, "0"},
	{0},
};
static const struct bc_shape limits = {.type = BC_T_OBJECT, .fields = limit_fields};

static const struct bc_shape step = {.type = BC_T_TAGGED, .name = "step"};
static const struct bc_shape steps = {.type = BC_T_LIST, .item = &step};

static const char *const streams[] = {"kernel", "user", "any", NULL};
static const struct bc_shape stream = {.type = BC_T_WORD, .words = streams};
static const struct bc_field reject_fields[] = {
	{"match", &bc_shape_pattern, "What must not come.", true, NULL},
	{"in", &stream, "Whose lines it looks at: the kernel's log, what userspace wrote, or any.",
		false, "any"},
	{0},
};
static const struct bc_shape reject_object = {.type = BC_T_OBJECT, .fields = reject_fields};
static const struct bc_shape *const reject_either[] = {&bc_shape_pattern, &reject_object, NULL};
static const struct bc_shape reject_item = {.type = BC_T_EITHER, .either = reject_either};
static const struct bc_shape reject = {.type = BC_T_LIST, .item = &reject_item};

static const struct bc_field known_fields[] = {
	{"match", &bc_shape_pattern,
		"Matched against the failure's title and the line that decided.", true, NULL},
	{"reason", &bc_shape_text, "Why it is known, such as a bug report; shown in the report.",
		true, NULL},
	{"until", &bc_shape_date, "The last day on which the entry counts.", false, NULL},
	{0},
};
static const struct bc_shape known_item = {.type = BC_T_OBJECT, .fields = known_fields};
static const struct bc_shape known = {.type = BC_T_LIST, .item = &known_item};

static const char *const off_words[] = {"off", NULL};
static const struct bc_shape off_word = {
	.type = BC_T_WORD, .words = off_words, .doc = "All detectors off."};
static const struct bc_shape detector = {.type = BC_T_TEXT, .name = "detector"};
static const struct bc_shape detectors = {.type = BC_T_LIST, .item = &detector};
static const struct bc_field detect_fields[] = {
	{"off", &detectors, "The ids or groups of detectors that are switched off.", true, NULL},
	{0},
};
static const struct bc_shape detect_object = {.type = BC_T_OBJECT, .fields = detect_fields};
static const struct bc_shape *const detect_either[] = {&off_word, &detect_object, NULL};
static const struct bc_shape detect = {.type = BC_T_EITHER, .either = detect_either};

static const struct bc_shape line_max = {.type = BC_T_INT, .min = 32, .max = 4096};
static const struct bc_field loader_fields[] = {
	{"prompt", &bc_shape_pattern,
		"The pattern of its prompt, at the end of what the console shows.", false,
		BC_LOADER_PROMPT},
	{"autoboot", &bc_shape_pattern,
		"The pattern of what it shows while a key stops it from booting by itself.", false,
		BC_LOADER_AUTOBOOT},
	{"line", &line_max,
		"How many bytes of a line it takes (U-Boot's CONFIG_SYS_CBSIZE); a longer command "
		"is an error.",
		false, "512"},
	{0},
};
static const struct bc_shape loader = {.type = BC_T_OBJECT, .fields = loader_fields};

static const char *const outcomes[] = {"pass", "fail", "error", NULL};
static const struct bc_shape outcome_word = {
	.type = BC_T_WORD, .words = outcomes, .doc = "The verdict alone."};
static const struct bc_shape kind = {.type = BC_T_WORD, .words = bc_kind_names};
static const struct bc_field outcome_fields[] = {
	{"verdict", &outcome_word,
		"What the boot must come to; `error` for an artifact that must not be built.", true,
		NULL},
	{"kind", &kind, "With `fail`: in which way; any when not given.", false, NULL},
	{"title", &bc_shape_pattern, "With `fail` or `error`: a pattern that the title must match.",
		false, NULL},
	{0},
};
static const struct bc_shape outcome_object = {.type = BC_T_OBJECT, .fields = outcome_fields};
static const struct bc_shape *const outcome_either[] = {&outcome_word, &outcome_object, NULL};
static const struct bc_shape outcome = {.type = BC_T_EITHER, .either = outcome_either};

static const char *const need_words[] = {"network", NULL};
static const struct bc_shape need = {.type = BC_T_WORD, .words = need_words};
static const struct bc_shape needs = {.type = BC_T_LIST, .item = &need};

static const struct bc_field case_fields[] = {
	{"bootcheck", &version, "The version of the case format.", true, NULL},
	{"name", &bc_shape_name, "The name of the case; with the cell of its matrix it is the id.",
		true, NULL},
	{"summary", &bc_shape_text, "One line on what the case guards.", false, NULL},
	{"labels", &names, "Words to select cases by.", false, NULL},
	{"needs", &needs,
		"What not every host has: without it the case is skipped, not in error. `network`: "
		"hosts other than Debian's mirrors. A server that is there and does not have the "
		"file is an error.",
		false, NULL},
	{"use", &bc_shape_texts,
		"Files that are merged below this one, in order; paths start at this file's "
		"folder.",
		false, NULL},
	{"vars", &vars, "Variables and their defaults; ${name} in any text stands for the value.",
		false, NULL},
	{"matrix", &matrix, "Axes and their values: the case is run once for each combination.",
		false, NULL},
	{"machine", &machine, "The machine that QEMU emulates.", true, NULL},
	{"artifacts", &artifacts,
		"What is fetched or built for the boot, by name; ${name} or ${name:member} refers "
		"to it.",
		false, NULL},
	{"boot", &boot, "What the machine boots.", false, NULL},
	{"limits", &limits, "Limits of time, the last resort when nothing else decides.", false,
		NULL},
	{"console", &steps, "The dialog on the serial console, step by step.", false, NULL},
	{"reject", &reject, "Patterns that fail the case wherever they come.", false, NULL},
	{"known", &known, "Failures that are known: the case is then KNOWN instead of FAIL.", false,
		NULL},
	{"detect", &detect, "Which of the built-in detectors are switched off.", false, NULL},
	{"prompt", &bc_shape_pattern,
		"The pattern of the shell's prompt, at the end of what the console shows.", false,
		"^[^#$]{0,80}[#$] $"},
	{"loader", &loader, "The boot loader's console, for the steps of `uboot`.", false, NULL},
	{"outcome", &outcome, "What the boot must come to.", false, "pass"},
	{0},
};
const struct bc_shape bc_case_shape = {
	.type = BC_T_OBJECT, .fields = case_fields, .doc = "One case of bootcheck."};
