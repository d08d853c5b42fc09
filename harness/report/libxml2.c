#include "libxml2.h"

struct bc_libxml2 bc_xml;
static const char *const names[] = {BC_LIBXML2(BC_LIBRARY_NAME) NULL};
static struct bc_library library = {.file = BC_LIBXML2_FILE,
	.use = "JUnit files",
	.package = "libxml2",
	.names = names,
	.functions = &bc_xml};

bool bc_libxml2_load(struct bc_err *err)
{
	return bc_library_load(&library, err);
}
