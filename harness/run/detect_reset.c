/* A machine that starts again. A banner alone does not say so: a console that takes over from an early
 * one prints the log once more, and so does dmesg. What tells them apart are the lines behind the
 * banner: a replay repeats lines to the microsecond, another boot has times of its own. */
#include "detect_impl.h"

static uint32_t hash_text(uint32_t h, const struct line *line)
{
	for (size_t i = 0; i < line->len; i++)
		h = (h ^ (unsigned char)line->text[i]) * UINT32_C(16777619);
	return h;
}

static bool has(const uint32_t *hashes, size_t count, uint32_t h)
{
	for (size_t i = 0; i < count; i++)
		if (hashes[i] == h)
			return true;
	return false;
}

static uint32_t hash_line(const struct line *line)
{
	return hash_text(UINT32_C(2166136261) ^ (uint32_t)line->stamp_us, line);
}

static void note_line(struct resets *r, const struct line *line)
{
	if (r->known_len == BC_LEN(r->known))
		return;
	if (r->known_len < SHORT_BOOT)
		r->texts[r->known_len] = hash_text(0, line);
	r->known[r->known_len++] = hash_line(line);
}

/* A quiet boot leaves little to compare userspace's dmesg with: most of what that shows was never printed. Another
 * boot prints the same few texts at other times. */
static bool is_undecided(struct resets *r, const struct line *line)
{
	if (line->phase < BC_PHASE_INIT || r->known_len >= SHORT_BOOT)
		return false;
	r->moved += has(r->texts, r->known_len, hash_text(0, line));
	return r->moved < 2;
}

static enum reset on_banner(struct resets *r, const struct line *line, uint64_t *at)
{
	bool is_first = r->banners++ == 0;
	/* arm prints two lines that open a boot; the second one of the pair is no news. */
	if (is_first || line->number <= r->banner_line + 2) {
		r->banner_line = line->number;
		return RESET_NO;
	}
	r->banner_line = line->number;
	if (line->has_stamp) {
		r->is_suspected = true;
		return RESET_NO;
	}
	/* Without stamps: right behind "console … enabled" it is the early console's log again. */
	bool is_replay = r->console_line && line->number - r->console_line <= 3;
	/* At a shell, /proc/version may be read. */
	if (is_replay || line->phase >= BC_PHASE_SHELL)
		return RESET_NO;
	*at = line->number;
	return RESET_YES;
}

enum reset bc_resets_line(struct resets *r, const struct line *line, bool is_banner, uint64_t *at)
{
	if (is_banner)
		return on_banner(r, line, at);
	if (!line->has_stamp || line->stamp_us == 0)
		return RESET_NO;
	if (!r->is_suspected && line->stamp_us >= r->newest_us)
		note_line(r, line);
	bool is_old = line->stamp_us < r->newest_us;
	if (!is_old)
		r->newest_us = line->stamp_us;
	if (!r->is_suspected)
		return is_old && line->phase >= BC_PHASE_SHELL &&
				r->newest_us - line->stamp_us > 1000000
			? RESET_REPLAY
			: RESET_NO;
	bool is_replay = !is_old || has(r->known, r->known_len, hash_line(line));
	if (!is_replay && is_undecided(r, line))
		return RESET_REPLAY;
	r->is_suspected = false;
	r->moved = 0;
	if (is_replay)
		return is_old ? RESET_REPLAY : RESET_NO;
	*at = r->banner_line;
	r->newest_us = line->stamp_us;
	r->known_len = 0;
	return RESET_YES;
}

static bool is_banner(const struct line *line)
{
	static const char *const banners[] = {"Linux version ", "Booting Linux on physical CPU"};
	for (size_t i = 0; i < BC_LEN(banners); i++)
		if (line->len >= strlen(banners[i]) &&
			memcmp(line->text, banners[i], strlen(banners[i])) == 0)
			return true;
	return false;
}

void bc_aside_line(struct aside *aside, const struct resets *before, const struct line *line)
{
	uint64_t at = 0;
	if (!line->has_stamp)
		return;
	if (!aside->is_open)
		*aside = (struct aside){.resets = *before, .is_open = true};
	if (bc_resets_line(&aside->resets, line, is_banner(line), &at) == RESET_YES && !aside->at)
		aside->at = at;
}
