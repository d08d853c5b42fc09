/* The paths that a case's references came to, once everything is built. */
#ifndef BOOTCHECK_MODEL_FILES_H
#define BOOTCHECK_MODEL_FILES_H

#include <bootcheck/base/mem.h>

/* A tree or a file that an NFS server serves. */
struct bc_export {
	char *at;      /* where it is on the server, absolute and normalised */
	char *root;    /* the folder on this host, or the file */
	char *listing; /* owners, modes and nodes of all in root, or NULL */
	char *below;   /* the folder inside root that is meant; "" = all of it */
};
struct bc_exports {
	BC_VEC(struct bc_export);
};
void bc_exports_release(struct bc_exports *exports);

struct bc_files {
	char *kernel, *dtb, *initrd, *bios; /* NULL = none */
	char *tftp;			    /* the folder that is served, or NULL */
	struct bc_exports nfs;		    /* what is served over NFS, or nothing */
	struct bc_strs drives;		    /* one for each of the case's drives */
	struct bc_strs options;		    /* the machine's QEMU options, references filled in */
};
void bc_files_release(struct bc_files *files);

#endif
