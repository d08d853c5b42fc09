/* Prompts: an open line that ends like one.
 *
 * A prompt's pattern says little of a whole line: `Starting # services` begins with what may be a shell's prompt. A
 * line that has ended showed a prompt only if something that belongs behind one stands there. */
#include <bootcheck/base/mem.h>

#include "dialog_impl.h"

#define MAX_PROMPT 256 /* bytes at the start of a line in which a prompt is looked for */
#define MAX_HEAD   11  /* bytes that make a text known wherever it stands */

static bool ends_in_prompt(struct bc_dialog *d, enum bc_prompt whose, const char *data, size_t len)
{
	struct bc_span span;
	return bc_pattern_find(d->prompts[whose], data, len, 0, 0, &span, 1) == BC_MATCH_YES &&
		span.end == len && span.end > span.start;
}

size_t bc_dialog_prompt_len(struct bc_dialog *d, enum bc_prompt whose, const char *data, size_t len)
{
	for (size_t n = 1; n <= len && n <= MAX_PROMPT; n++)
		if (ends_in_prompt(d, whose, data, n))
			return n;
	return 0;
}

bool bc_dialog_shows(const struct bc_text *t, const char *typed)
{
	const char *shown = t->data + t->start;
	size_t n = 0, len = t->len - t->start;
	while ((unsigned char)typed[n] >= 0x20 && typed[n] != 0x7f)
		n++;
	while (n && typed[n - 1] == ' ')
		n--;
	while (len && shown[len - 1] == ' ')
		len--;
	/* Keys: what they show is not known. */
	if (!n && t->start)
		return true;
	if (!len || !n)
		return false;
	if (n < MAX_HEAD)
		return len == n && memcmp(shown, typed, n) == 0;
	/* A reader that wraps shows the beginning; behind a line that was typed again stands the whole one. */
	return (len <= n && memcmp(shown, typed, len) == 0) ||
		memmem(shown, len, typed, MAX_HEAD) != NULL;
}

/* In a recording what a coming step typed says where a prompt was. */
static enum bc_sign find_sign(const struct bc_dialog *d, const struct bc_text *t)
{
	for (size_t i = d->at; i < d->steps.len; i++) {
		const struct step *s = &d->steps.items[i];
		enum bc_sign sign = s->kind->sign ? s->kind->sign(s->state, t) : BC_SIGN_NONE;
		if (sign != BC_SIGN_NONE)
			return sign;
	}
	return BC_SIGN_NONE;
}

/* A prompt that was seen before: behind it somebody else has written, or a recording goes on where the case has ended. */
static bool is_known(const struct bc_dialog *d, const struct bc_text *t)
{
	return d->prompt_len && d->prompt_len == t->start &&
		memcmp(t->data, d->prompt, t->start) == 0;
}

static bool has_sign(const struct bc_dialog *d, const struct bc_text *t)
{
	enum bc_sign sign = find_sign(d, t);
	return sign == BC_SIGN_SEEN || (sign == BC_SIGN_NONE && is_known(d, t));
}

static void keep_prompt(struct bc_dialog *d, const char *data, size_t len)
{
	d->prompt_len = len <= sizeof(d->prompt) ? len : 0;
	if (d->prompt_len)
		memcpy(d->prompt, data, len);
}

/* A loader's prompt in a line that has ended: nothing stands behind it, or what was typed there. `kernel => 0x62000000`
 * is a script's output. */
static bool is_loaders(const struct bc_dialog *d, const struct bc_text *rest)
{
	struct bc_text behind = *rest;
	while (behind.start < behind.len && behind.data[behind.start] == ' ')
		behind.start++;
	return behind.start == behind.len || (*d->typed && bc_dialog_shows(&behind, d->typed)) ||
		(d->is_replay && find_sign(d, &behind) == BC_SIGN_SEEN);
}

/* Did the whole line show a prompt before it ended? *end is behind it. */
static bool had_prompt(
	struct bc_dialog *d, enum bc_prompt whose, const struct bc_text *text, size_t *end)
{
	size_t last = text->len > MAX_PROMPT ? MAX_PROMPT : text->len;
	for (size_t n = text->start + 1; n <= last; n++) {
		if (!ends_in_prompt(d, whose, text->data, n))
			continue;
		struct bc_text rest = *text;
		rest.start = n;
		*end = n;
		if (whose == BC_PROMPT_LOADER
				? is_loaders(d, &rest)
				: (d->is_replay ? has_sign(d, &rest) : is_known(d, &rest)) ||
					(*d->typed && bc_dialog_shows(&rest, d->typed)))
			return true;
		d->had_likeness = true;
	}
	/* The prompt's line went on with somebody else's text, and what was typed got a line of its own. */
	*end = text->start;
	return d->is_replay && d->had_likeness && !text->start && has_sign(d, text);
}

bool bc_dialog_match_prompt(
	struct bc_dialog *d, enum bc_prompt whose, const struct bc_text *text, size_t *consumed)
{
	size_t end = text->len;
	if (text->stream == BC_STREAM_KERNEL || text->start >= text->len)
		return false;
	if (whose == BC_PROMPT_SHELL && d->is_in_uboot)
		return false; /* `VExpress# ` ends like a shell's */
	if (text->is_line ? !had_prompt(d, whose, text, &end)
			  : !ends_in_prompt(d, whose, text->data, text->len))
		return false;
	*consumed = end;
	if (whose == BC_PROMPT_SHELL && end > text->start)
		keep_prompt(d, text->data, end);
	d->at_prompt = whose;
	d->had_likeness = false;
	d->has_prompt |= whose == BC_PROMPT_SHELL;
	return true;
}

void bc_dialog_in_uboot(struct bc_dialog *d, bool is_in_uboot)
{
	d->is_in_uboot = is_in_uboot;
}

bool bc_dialog_is_in_uboot(const struct bc_dialog *d)
{
	return d->is_in_uboot;
}

bool bc_dialog_is_stranded(struct bc_dialog *d, const struct bc_text *tail)
{
	/* While a step waits for a time, the next one may be for this prompt. */
	return !d->has_typed && !bc_dialog_may_be_silent(d) && d->at_prompt != BC_PROMPT_LOADER &&
		tail->len &&
		bc_dialog_prompt_len(d, BC_PROMPT_LOADER, tail->data, tail->len) == tail->len;
}

void bc_dialog_set_prompt(struct bc_dialog *d, enum bc_prompt whose, struct bc_pattern *pattern)
{
	bc_pattern_free(d->prompts[whose]);
	d->prompts[whose] = pattern;
	d->prompt_len = 0;
	d->had_likeness = false;
}

bool bc_dialog_at_prompt(const struct bc_dialog *d, enum bc_prompt whose)
{
	return d->at_prompt == whose;
}
