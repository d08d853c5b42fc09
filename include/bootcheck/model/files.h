/* The paths that a case's references came to, once everything is built. */
#ifndef BOOTCHECK_MODEL_FILES_H
#define BOOTCHECK_MODEL_FILES_H

#include <bootcheck/base/mem.h>

struct bc_files {
	char *kernel, *dtb, *initrd, *bios; /* NULL = none */
	char *tftp;			    /* the folder that is served, or NULL */
	struct bc_strs drives;		    /* one for each of the case's drives */
	struct bc_strs options;		    /* the machine's QEMU options, references filled in */
};
void bc_files_release(struct bc_files *files);

#endif
