#include "libarchive.h"

struct bc_libarchive bc_la;
static const char *const names[] = {BC_LIBARCHIVE(BC_LIBRARY_NAME) NULL};
static struct bc_library library = {.file = BC_LIBARCHIVE_FILE,
	.use = "archives",
	.package = "libarchive13",
	.names = names,
	.functions = &bc_la};

bool bc_libarchive_load(struct bc_err *err)
{
	return bc_library_load(&library, err);
}
