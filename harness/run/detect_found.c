/* What the detectors have found. */
#include <bootcheck/base/mem.h>

#include "detect_impl.h"

void bc_hit_release(struct bc_hit *hit)
{
	free(hit->title);
	free(hit->hint);
	free(hit->function);
	free(hit->place);
}

size_t bc_detect_count(const struct bc_detect *detect)
{
	return detect->hits.len;
}

const struct bc_hit *bc_detect_hit(const struct bc_detect *detect, size_t index)
{
	return index < detect->hits.len ? &detect->hits.items[index] : NULL;
}

bool bc_detect_is_open(const struct bc_detect *detect)
{
	for (size_t i = 0; i < MAX_REPORTS; i++)
		if (detect->reports[i].hit &&
			detect->hits.items[detect->reports[i].hit - 1].is_open)
			return true;
	return false;
}

size_t bc_detect_notes(const struct bc_detect *detect)
{
	return detect->notes.len;
}

const struct bc_hit *bc_detect_note(const struct bc_detect *detect, size_t index)
{
	return index < detect->notes.len ? &detect->notes.items[index] : NULL;
}

const struct bc_hit *bc_detect_clue(const struct bc_detect *detect)
{
	const struct bc_hit *newest = NULL;
	bc_vec_each (note, &detect->notes)
		if (!(note->detector->flags & BC_DETECT_HARMLESS) &&
			(!newest || note->last > newest->last))
			newest = note;
	return newest;
}

bool bc_detect_ended(const struct bc_detect *detect, const struct bc_hit **hit)
{
	bc_vec_each (note, &detect->notes) {
		if (!(note->detector->flags & BC_DETECT_END))
			continue;
		if (hit)
			*hit = note;
		return true;
	}
	return false;
}
