#include <dlfcn.h>
#include <pthread.h>

#include <bootcheck/sys/library.h>

/* POSIX lets a function's address pass through dlsym()'s void *, ISO C does not. */
static bool load(struct bc_library *l)
{
	void *handle = dlopen(l->file, RTLD_NOW | RTLD_LOCAL);
	if (!handle) {
		const char *why = dlerror();
		snprintf(l->failure, sizeof(l->failure), "%s", why ? why : l->file);
		return false;
	}
	for (size_t i = 0; l->names[i]; i++) {
		void *symbol = dlsym(handle, l->names[i]);
		if (!symbol) {
			snprintf(l->failure, sizeof(l->failure), "%s has no %s", l->file,
				l->names[i]);
			return false;
		}
		memcpy((char *)l->functions + i * sizeof(symbol), &symbol, sizeof(symbol));
	}
	return true;
}

bool bc_library_load(struct bc_library *library, struct bc_err *err)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	pthread_mutex_lock(&lock);
	if (!library->is_loaded && !library->failure[0])
		library->is_loaded = load(library);
	bool ok = library->is_loaded;
	pthread_mutex_unlock(&lock);
	if (ok)
		return true;
	(void)bc_fail(err, BC_E_MISSING, 0, "%s need %s: %s", library->use, library->file,
		library->failure);
	return bc_err_hint(err, "apt-get install %s", library->package);
}
