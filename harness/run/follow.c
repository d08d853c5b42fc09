#include <bootcheck/run/follow.h>

/* A search costs tens of milliseconds, during which nothing else is read. */
#define MOST_SEARCHES	    12
#define BETWEEN_SEARCHES_MS 300

static bool next_record(void *ctx, struct bc_console_record *out)
{
	const struct bc_follower *f = ctx;
	struct bc_guest_record r;
	if (!bc_guest_memory_follow(f->memory, &r))
		return false;
	*out = (struct bc_console_record){
		.text = r.text,
		.len = r.len,
		.seq = r.seq,
		.us = r.ts_ns / 1000u,
		.level = (int)r.level,
		.is_loose = !bc_guest_memory_is_ring(f->memory),
	};
	return true;
}

static bool search(void *ctx)
{
	struct bc_follower *f = ctx;
	if (f->searches >= MOST_SEARCHES || f->now_ms < f->next_ms)
		return false;
	f->searches++;
	f->next_ms = f->now_ms + BETWEEN_SEARCHES_MS;
	return bc_guest_memory_find_live(f->memory);
}

static int level(void *ctx)
{
	const struct bc_follower *f = ctx;
	return bc_guest_memory_console_level(f->memory);
}

void bc_follower_look(struct bc_follower *f, uint64_t now_ms, const char *data, size_t len)
{
	if (!f->memory)
		return;
	f->now_ms = now_ms;
	if (f->is_following && !bc_session_is_following(f->session)) {
		/* The machine was reset: another boot, another log. */
		f->is_following = false;
		f->searches = 0;
		bc_guest_memory_forget_live(f->memory);
	}
	if (f->is_following || !bc_session_wants_records(f->session, data, len))
		return;
	f->is_following = search(f);
	if (f->is_following)
		bc_session_follow(
			f->session, &(struct bc_console_ring){next_record, search, level, f});
}
