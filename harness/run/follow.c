#include <fcntl.h>
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/run/follow.h>
#include <bootcheck/run/records.h>
#include <bootcheck/sys/fs.h>

/* A search costs tens of milliseconds, during which nothing else is read. */
#define MOST_SEARCHES	    12
#define BETWEEN_SEARCHES_MS 300

void bc_follower_init(struct bc_follower *f, struct bc_guest_memory *memory,
	struct bc_session *session, const char *dir)
{
	*f = (struct bc_follower){
		.memory = memory, .session = session, .dir = dir, .level = -1, .fd = -1};
}

void bc_follower_release(struct bc_follower *f)
{
	if (f->fd >= 0)
		close(f->fd);
	bc_buf_release(&f->records);
	f->fd = -1;
}

/* A verdict does not depend on it. */
static void keep(struct bc_follower *f)
{
	if (f->fd < 0) {
		BC_AUTO_FREE char *path = bc_path_join(f->dir, "console.records");
		f->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	}
	if (f->fd >= 0 && f->records.len)
		BC_IGNORE(bc_fs_write_all(f->fd, f->records.data, f->records.len, NULL));
	bc_buf_clear(&f->records);
}

static bool next_record(void *ctx, struct bc_console_record *out)
{
	struct bc_follower *f = ctx;
	struct bc_guest_record r;
	if (!bc_guest_memory_follow(f->memory, &r)) {
		if (f->records.len)
			keep(f);
		return false;
	}
	*out = (struct bc_console_record){
		.text = r.text,
		.len = r.len,
		.seq = r.seq,
		.us = r.ts_ns / 1000u,
		.level = (int)r.level,
		.is_loose = !bc_guest_memory_is_ring(f->memory),
	};
	bc_records_add(&f->records, f->bytes, out);
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
	struct bc_follower *f = ctx;
	int now = bc_guest_memory_console_level(f->memory);
	if (now != f->level) {
		bc_records_level(&f->records, f->bytes, now);
		keep(f);
	}
	f->level = now;
	return now;
}

static void look(struct bc_follower *f, const char *data, size_t len)
{
	if (f->is_following && !bc_session_is_following(f->session)) {
		/* The machine was reset: another boot, another log. */
		f->is_following = false;
		f->searches = 0;
		bc_guest_memory_forget_live(f->memory);
	}
	if (f->is_following || !bc_session_wants_records(f->session, data, len))
		return;
	f->is_following = search(f);
	if (!f->is_following)
		return;
	bc_records_begin(&f->records, f->bytes);
	f->level = -1;
	bc_session_follow(f->session, &(struct bc_console_ring){next_record, search, level, f});
}

void bc_follower_look(struct bc_follower *f, uint64_t now_ms, const char *data, size_t len)
{
	if (!f->memory)
		return;
	f->now_ms = now_ms;
	f->bytes = f->end;
	look(f, data, len);
	f->end += len;
}
