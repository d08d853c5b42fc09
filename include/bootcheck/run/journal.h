/* The run's journal (docs/run-folder.md): one JSON line an event, each written at once. */
#ifndef BOOTCHECK_RUN_JOURNAL_H
#define BOOTCHECK_RUN_JOURNAL_H

#include <bootcheck/model/result.h>
#include <bootcheck/sys/json.h>

struct bc_journal;

/* Creates (or, for a resumed run, appends to) dir/events.jsonl. BC_E_IO. */
struct bc_journal *bc_journal_new(const char *dir, struct bc_err *err) BC_MUST_CHECK;
void bc_journal_free(struct bc_journal *journal);
/* A line that the caller fills and hands to bc_journal_write(). case_id may be NULL, attempt 0. */
struct bc_json *bc_journal_line(const char *kind, const char *case_id, int attempt) BC_MUST_CHECK;
/* Writes and frees the line. The first failure is kept for bc_journal_error(). */
void bc_journal_write(struct bc_journal *journal, struct bc_json *line);
/* NULL while everything could be written. */
const struct bc_err *bc_journal_error(const struct bc_journal *journal);
/* An attempt as the journal holds it. */
struct bc_json *bc_journal_attempt(const struct bc_attempt *attempt) BC_MUST_CHECK;

#endif
