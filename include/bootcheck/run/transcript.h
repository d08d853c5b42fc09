/* What a session tells, as lines of the journal and as the attempt's dialog. */
#ifndef BOOTCHECK_RUN_TRANSCRIPT_H
#define BOOTCHECK_RUN_TRANSCRIPT_H

#include <bootcheck/run/journal.h>
#include <bootcheck/run/session.h>

struct bc_transcript {
	const char *case_id;
	int number; /* of the attempt */
	struct bc_journal *journal;
	struct bc_attempt *attempt; /* its dialog and its healed lines are filled */
	size_t answer_bytes;	    /* so far */
};

void bc_transcript_event(struct bc_transcript *transcript, const struct bc_session_event *event);

#endif
