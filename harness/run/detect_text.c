/* What the detectors say of a piece of text, apart from the boot that it is from. */
#include "detect_impl.h"

/* The earlier one of those of the group; *best NULL before. */
static void choose(const struct bc_hit *hit, const char *group, const struct bc_hit **best)
{
	bool is_one = strcmp(hit->detector->group, group) == 0 &&
		!(hit->detector->flags & BC_DETECT_HARMLESS);
	if (is_one && (!*best || hit->line < (*best)->line))
		*best = hit;
}

static const struct bc_hit *complaint(
	const struct bc_detect *detect, const char *group, uint64_t from, bool is_again)
{
	const struct bc_hit *best = NULL;
	for (size_t i = 0; i < bc_detect_notes(detect); i++) {
		const struct bc_hit *note = bc_detect_note(detect, i);
		if ((is_again ? note->last : note->line) >= from)
			choose(note, group, &best);
	}
	return best;
}

const struct bc_hit *bc_detect_complaint(
	const struct bc_detect *detect, const char *group, uint64_t from)
{
	return complaint(detect, group, from, false);
}

const struct bc_hit *bc_detect_complaint_since(
	const struct bc_detect *detect, const char *group, uint64_t from)
{
	return complaint(detect, group, from, true);
}

bool bc_detect_is_on(const struct bc_strs *off, const char *id)
{
	const struct bc_detector *d = bc_detector_find(id);
	return d && !bc_strs_has(off, d->id) && !bc_strs_has(off, d->group);
}

bool bc_detect_text(const struct bc_strs *off, const char *group, enum bc_phase_id phase,
	const char *text, size_t len, struct bc_hit *hit)
{
	struct bc_detect *detect = bc_detect_new(off);
	const struct bc_hit *best = NULL;
	uint64_t number = 0;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;
		(void)bc_detect_line(detect, text + at, n, ++number, phase);
		at += n + 1;
	}
	for (size_t i = 0; i < bc_detect_count(detect); i++)
		choose(bc_detect_hit(detect, i), group, &best);
	for (size_t i = 0; i < bc_detect_notes(detect); i++)
		choose(bc_detect_note(detect, i), group, &best);
	if (best) {
		*hit = *best;
		hit->title = bc_strdup(best->title);
		hit->hint = bc_strdup(best->hint);
		hit->function = bc_strdup(best->function);
		hit->place = bc_strdup(best->place);
	}
	bool is_found = best != NULL;
	bc_detect_free(detect);
	return is_found;
}
