#include <bootcheck/run/follow.h>

/* A search costs tens of milliseconds, during which nothing else is read. */
#define MOST_SEARCHES	    6
#define BETWEEN_SEARCHES_MS 300

static bool next_record(void *ctx, struct bc_console_record *out)
{
	struct bc_guest_record r;
	if (!bc_guest_memory_follow(ctx, &r))
		return false;
	*out = (struct bc_console_record){
		.text = r.text,
		.len = r.len,
		.seq = r.seq,
		.us = r.ts_ns / 1000u,
		.level = (int)r.level,
	};
	return true;
}

void bc_follower_look(struct bc_follower *f, uint64_t now_ms, const char *data, size_t len)
{
	if (!f->memory || f->is_following || f->searches >= MOST_SEARCHES || now_ms < f->next_ms ||
		!bc_session_wants_records(f->session, data, len))
		return;
	f->searches++;
	f->next_ms = now_ms + BETWEEN_SEARCHES_MS;
	f->is_following = bc_guest_memory_find_live(f->memory);
	if (f->is_following)
		bc_session_follow(f->session, next_record, f->memory);
}
