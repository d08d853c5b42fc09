#include <bootcheck/model/files.h>

void bc_exports_release(struct bc_exports *exports)
{
	bc_vec_each (e, exports) {
		free(e->at);
		free(e->root);
		free(e->listing);
		free(e->below);
	}
	free(exports->items);
	*exports = (struct bc_exports){0};
}

void bc_files_release(struct bc_files *f)
{
	free(f->kernel);
	free(f->dtb);
	free(f->initrd);
	free(f->bios);
	free(f->tftp);
	bc_exports_release(&f->nfs);
	bc_strs_release(&f->drives);
	bc_strs_release(&f->options);
	*f = (struct bc_files){0};
}
