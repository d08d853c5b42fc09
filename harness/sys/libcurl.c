#include "libcurl.h"

#include <dlfcn.h>
#include <pthread.h>

#define LIBRARY "libcurl.so.4"

struct bc_libcurl bc_libcurl;
static char failure[256];

/* POSIX lets a function's address pass through dlsym()'s void *, ISO C does not. */
static bool find(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);
	memcpy(function, &symbol, sizeof(symbol));
	if (!symbol)
		snprintf(failure, sizeof(failure), "%s has no %s", LIBRARY, name);
	return symbol != NULL;
}

static void load(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		const char *why = dlerror();
		snprintf(failure, sizeof(failure), "%s", why ? why : LIBRARY);
		return;
	}
	if (find(library, "curl_global_init", &bc_libcurl.global_init) &&
		find(library, "curl_easy_init", &bc_libcurl.easy_init) &&
		find(library, "curl_easy_cleanup", &bc_libcurl.easy_cleanup) &&
		find(library, "curl_easy_reset", &bc_libcurl.easy_reset) &&
		find(library, "curl_easy_perform", &bc_libcurl.easy_perform) &&
		find(library, "curl_easy_setopt", &bc_libcurl.easy_setopt) &&
		find(library, "curl_easy_getinfo", &bc_libcurl.easy_getinfo) &&
		find(library, "curl_easy_strerror", &bc_libcurl.easy_strerror))
		bc_libcurl.global_init(CURL_GLOBAL_DEFAULT);
}

bool bc_libcurl_load(struct bc_err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	if (!failure[0])
		return true;
	(void)bc_fail(err, BC_E_MISSING, 0, "downloads need libcurl: %s", failure);
	return bc_err_hint(err, "apt-get install libcurl4");
}
