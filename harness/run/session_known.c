/* The failures that a case knows of. */
#include <bootcheck/sys/clock.h>

#include "session_impl.h"

bool bc_session_load_known(struct bc_session *s, struct bc_err *err)
{
	char today[11];
	bc_clock_today(today);
	for (size_t i = 0; i < s->c->known.len; i++) {
		const struct bc_known *entry = &s->c->known.items[i];
		struct known k = {bc_pattern_new(entry->pattern, err), entry, false,
			entry->until && strcmp(entry->until, today) < 0};
		if (!k.pattern)
			return false;
		bc_vec_push(&s->known, k);
	}
	return true;
}

struct known *bc_session_known(
	struct bc_session *s, const char *title, const char *line, size_t len)
{
	bc_vec_each (k, &s->known) {
		if (k->is_over)
			continue;
		if (bc_pattern_find(k->pattern, title, strlen(title), 0, 0, NULL, 0) ==
				BC_MATCH_YES ||
			bc_pattern_find(k->pattern, line, len, 0, 0, NULL, 0) == BC_MATCH_YES) {
			k->is_used = true;
			return k;
		}
	}
	return NULL;
}
