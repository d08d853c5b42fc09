#include <bootcheck/model/files.h>

void bc_files_release(struct bc_files *f)
{
	free(f->kernel);
	free(f->dtb);
	free(f->initrd);
	free(f->bios);
	free(f->tftp);
	bc_strs_release(&f->drives);
	bc_strs_release(&f->options);
	*f = (struct bc_files){0};
}
