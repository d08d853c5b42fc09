#include "libcurl.h"

#include <pthread.h>

struct bc_libcurl bc_curl;
static const char *const names[] = {BC_LIBCURL(BC_LIBRARY_NAME) NULL};
static struct bc_library library = {.file = BC_LIBCURL_FILE,
	.use = "downloads",
	.package = "libcurl4",
	.names = names,
	.functions = &bc_curl};

static void init(void)
{
	bc_curl.curl_global_init(CURL_GLOBAL_DEFAULT);
}

bool bc_libcurl_load(struct bc_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (!bc_library_load(&library, err))
		return false;
	pthread_once(&once, init);
	return true;
}
