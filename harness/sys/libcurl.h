/* libcurl, loaded when the first transfer starts. */
#ifndef LIBCURL_H
#define LIBCURL_H

#include <curl/curl.h>

#include <bootcheck/base/err.h>
#include <bootcheck/sys/library.h>

/* The library's own macros of these names check types of calls that are spelt without `bc_curl.`. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#define BC_LIBCURL(X)                                                                              \
	X(curl_global_init)                                                                        \
	X(curl_easy_init)                                                                          \
	X(curl_easy_cleanup)                                                                       \
	X(curl_easy_reset)                                                                         \
	X(curl_easy_perform)                                                                       \
	X(curl_easy_setopt)                                                                        \
	X(curl_easy_getinfo)                                                                       \
	X(curl_easy_strerror)

extern struct bc_libcurl {
	BC_LIBCURL(BC_LIBRARY_MEMBER)
} bc_curl;

bool bc_libcurl_load(struct bc_err *err) BC_MUST_CHECK;

#endif
