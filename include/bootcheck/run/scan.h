/* Looks for many fixed texts at once: the prefilter in front of the regular expressions. */
#ifndef BOOTCHECK_RUN_SCAN_H
#define BOOTCHECK_RUN_SCAN_H

#include <bootcheck/base/compat.h>

/* Ids are below this; a set of them is BC_SCAN_WORDS words. */
#define BC_SCAN_IDS   512
#define BC_SCAN_WORDS (BC_SCAN_IDS / 64)
/* Shorter texts are too common to be worth looking for. */
#define BC_SCAN_MIN 5

struct bc_scan;

/* An empty scan; never NULL. */
struct bc_scan *bc_scan_new(void) BC_MUST_CHECK;
void bc_scan_free(struct bc_scan *scan);
/* Adds a text of at least BC_SCAN_MIN bytes that stands for id (several texts may share one). text is
 * borrowed and outlives the scan. */
void bc_scan_add(struct bc_scan *scan, const char *text, unsigned id);
/* Sets the bit of each id that has a text in data; leaves the others. True if it set any. Of the texts
 * it looks at every second byte's four-byte window, so that ordinary text costs less than half a
 * nanosecond a byte. */
bool bc_scan_find(
	const struct bc_scan *scan, const char *data, size_t len, uint64_t found[BC_SCAN_WORDS]);

#endif
