/* libcurl, loaded when the first transfer starts: it brings forty libraries, and loading them would make
 * up half of the processor time of a boot whose artifacts are all there. */
#ifndef LIBCURL_H
#define LIBCURL_H

#include <curl/curl.h>

#include <bootcheck/base/err.h>

extern struct bc_libcurl {
	CURLcode (*global_init)(long flags);
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *curl);
	void (*easy_reset)(CURL *curl);
	CURLcode (*easy_perform)(CURL *curl);
	CURLcode (*easy_setopt)(CURL *curl, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *curl, CURLINFO info, ...);
	const char *(*easy_strerror)(CURLcode code);
} bc_libcurl;

/* Loads it once; call this before anything of it is used. Thread-safe. BC_E_MISSING when it is not there. */
bool bc_libcurl_load(struct bc_err *err) BC_MUST_CHECK;

/* The names that the rest of the code knows; without the type checks of the library's own macros. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#define curl_easy_init	   bc_libcurl.easy_init
#define curl_easy_cleanup  bc_libcurl.easy_cleanup
#define curl_easy_reset	   bc_libcurl.easy_reset
#define curl_easy_perform  bc_libcurl.easy_perform
#define curl_easy_setopt   bc_libcurl.easy_setopt
#define curl_easy_getinfo  bc_libcurl.easy_getinfo
#define curl_easy_strerror bc_libcurl.easy_strerror

#endif
