/* The kernel's records as they were read out of guest RAM while a console was judged: kept beside its recording, so that a
 * replay judges with the same knowledge. A file of
 *   begin AT
 *   record AT SEQ US LEVEL LOOSE BYTES, a newline, the text, a newline
 *   level AT LEVEL
 * where AT is how many bytes of the console had come. */
#ifndef BOOTCHECK_RUN_RECORDS_H
#define BOOTCHECK_RUN_RECORDS_H

#include <bootcheck/run/console.h>

/* Appends an entry's text. */
void bc_records_begin(struct bc_buf *out, uint64_t at);
void bc_records_add(struct bc_buf *out, uint64_t at, const struct bc_console_record *record);
void bc_records_level(struct bc_buf *out, uint64_t at, int level);

struct bc_records;

/* Reads a file's text, which is copied. Ends at the first entry that is none: what a killed run left behind counts up to
 * there. Never NULL. */
struct bc_records *bc_records_parse(const char *text, size_t len) BC_MUST_CHECK;
/* NULL is fine. */
void bc_records_free(struct bc_records *records);
/* `at` bytes of the console have been judged: takes what was known then. True if the log was found there: it is followed
 * from here on, by bc_records_ring(). */
bool bc_records_reach(struct bc_records *records, uint64_t at) BC_MUST_CHECK;
struct bc_console_ring bc_records_ring(struct bc_records *records);
/* Where the next entry stands, UINT64_MAX if there is none. */
uint64_t bc_records_next(const struct bc_records *records);

#endif
