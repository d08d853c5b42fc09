/* Runs whose every text is made of bytes that break reports. */
#ifndef BOOTCHECK_REPORT_ROUGH_H
#define BOOTCHECK_REPORT_ROUGH_H

#include <bootcheck/model/result.h>

static uint64_t rough_state;

static inline uint64_t next(void)
{
	rough_state ^= rough_state << 13;
	rough_state ^= rough_state >> 7;
	rough_state ^= rough_state << 17;
	return rough_state;
}

/* Text of bytes that break things: controls, halves of characters, surrogates, XML's own. */
static inline char *rough(size_t max)
{
	static const char *const pieces[] = {"]]>", "\x1b[31m", "\xed\xa0\x80", "\xef\xbf\xbe",
		"\xef\xbf\xbf", "\xc0\x80", "&amp;", "&#0;", "<!--", "-->", "<![CDATA[", "\"'",
		"\r\n", "\xf4\x90\x80\x80", "\xf0\x9f\x98\x80", "\xe2\x80\xa8", "\\x1b", "\x85",
		"\xc2\x85", "\x7f", "<?xml?>", "\xef\xbb\xbf", "\n\n", "\t", "]]]]>>"};
	BC_AUTO(bc_buf) text = {0};
	size_t len = next() % max;
	while (text.len < len) {
		if (next() % 3 == 0)
			bc_buf_adds(&text, pieces[next() % BC_LEN(pieces)]);
		else
			bc_buf_addc(&text, (char)(next() % 255 + 1));
	}
	return bc_buf_take(&text);
}

static inline char *maybe(size_t max)
{
	return next() % 4 ? rough(max) : NULL;
}

static inline void rough_attempt(struct bc_attempt *a)
{
	*a = (struct bc_attempt){.verdict = (enum bc_verdict)(next() % 5),
		.kind = (enum bc_fail_kind)(next() % (BC_KIND_SILENT + 1)),
		.title = maybe(300),
		.detector = maybe(20),
		.excerpt = maybe(next() % 8 ? 400 : 60000),
		.hint = maybe(100),
		.error_code = maybe(20),
		.line = (int)next() & 0xffff,
		.duration_ms = next() % 100000,
		.verdict_ms = next() % 100000,
		.dir = maybe(20)};
	if (next() % 2)
		bc_vec_push(&a->phases, ((struct bc_phase){rough(20), 1, next()}));
	if (next() % 2)
		bc_vec_push(&a->properties, ((struct bc_property){rough(20), rough(20)}));
}

/* Fills an empty run; rough_state decides how and must not be 0. */
static inline void rough_run(struct bc_run *run)
{
	*run = (struct bc_run){
		.id = maybe(10), .dir = bc_strdup("run"), .host = maybe(10), .version = maybe(10)};
	for (size_t i = next() % 6; i--;) {
		/* The number keeps ids apart, as a plan does. */
		BC_AUTO_FREE char *tail = rough(30);
		struct bc_result r = {.id = bc_asprintf("%zu%s", i, tail),
			.file = maybe(30),
			.summary = maybe(40),
			.verdict = (enum bc_verdict)(next() % 5),
			.is_done = next() % 5 != 0};
		for (size_t k = next() % 4; k--;) {
			bc_vec_push(&r.attempts, (struct bc_attempt){0});
			rough_attempt(&r.attempts.items[r.attempts.len - 1]);
		}
		bc_vec_push(&run->results, r);
	}
}

#endif
