/* A silent guest: what an examination found, and what the kernel's log in its memory says beyond the console. */
#include <bootcheck/base/text.h>

#include "session_impl.h"

/* Of a console without time stamps: shorter texts are too common to tell a record by. */
#define MIN_TEXT 8
/* Records of that level are for the log alone, unless a case asks for more. */
#define DEBUG_LEVEL	 7
#define MAX_UNSEEN_BYTES ((size_t)4 << 20)

void bc_session_examine(struct bc_session *s, void (*fn)(void *ctx, enum bc_since since), void *ctx)
{
	s->examine = fn;
	s->examine_ctx = ctx;
}

bool bc_session_is_examined(const struct bc_session *s)
{
	return s->is_examined && !s->is_decided;
}

/* The words that tell most: what the detectors noted, such as an error that is no failure by itself. */
static void telling_words(const struct bc_session *s, bool is_spinning, struct bc_buf *out)
{
	const struct bc_hit *clue = bc_detect_clue(s->kernel->detect);
	if (is_spinning && clue && !(clue->detector->flags & BC_DETECT_END))
		bc_buf_adds(out, clue->title);
	else
		bc_session_last_words(s, out);
}

void bc_session_silence(struct bc_session *s, uint64_t now_ms, const struct bc_silence *silence)
{
	static const char *const words[] = {
		[BC_KIND_HANG_IDLE] = "idle hang", [BC_KIND_HANG_SPIN] = "spinning hang"};
	char limit[32];
	BC_AUTO(bc_buf) title = {.max = 1024}, last = {.max = 512}, what = {.max = 400};
	if (!bc_session_is_examined(s))
		return;
	s->now_ms = now_ms;
	s->is_examined = false;
	if (s->late != ON_TIME) {
		bc_session_decide_late(s, silence);
		return;
	}
	bc_duration_format(bc_session_scaled(s, s->c->limits.silence), limit, sizeof(limit));
	telling_words(s, silence->kind == BC_KIND_HANG_SPIN, &last);
	bc_dialog_describe(s->dialog, &what);
	const char *word = silence->kind < BC_LEN(words) ? words[silence->kind] : NULL;
	bc_buf_adds(&title, *silence->what ? silence->what : word ? word : "hang");
	const char *hint = silence->hint;
	if (!bc_session_has_output(s) && !s->last_record) {
		bc_buf_adds(&title, ": nothing on the serial console since the start");
		if (!hint || !*hint)
			hint = "check console= on the command line, the kernel's and DTB's board, "
			       "and try earlycon";
	} else {
		bc_buf_addf(&title, "%s\"%s\", waiting for %s",
			silence->joint ? silence->joint : " after ", last.data ? last.data : "",
			what.data ? what.data : "the end");
	}
	bc_buf_addf(&title, " (silence limit %s)", limit);
	bc_session_decide(s, BC_FAIL, silence->kind, title.data, hint && *hint ? hint : NULL);
}

/* True if the console has shown this record, and so all before it. */
static bool was_shown(const struct bc_session *s, const struct bc_guest_record *r)
{
	if (!bc_session_has_output(s))
		return false;
	if (s->kernel->console.has_stamps)
		return r->ts_ns / 1000 <= s->kernel->console.newest_us;
	const char *end = memchr(r->text, '\n', r->len);
	size_t len = end ? (size_t)(end - r->text) : r->len;
	return len >= MIN_TEXT && bc_excerpt_has(&s->kernel->excerpt, r->text, len);
}

bool bc_session_is_chatter(const char *text, size_t len)
{
	static const char *const ends[] = {"deferred probe pending", "crng init done"};
	for (size_t i = 0; i < BC_LEN(ends); i++) {
		size_t n = strlen(ends[i]);
		if (len >= n && memcmp(text + len - n, ends[i], n) == 0)
			return true;
	}
	return false;
}

static void collect(struct bc_session *s, const struct bc_guest_record *r)
{
	if (was_shown(s, r)) {
		bc_buf_clear(&s->unseen);
		free(s->last_record);
		s->last_record = NULL;
		return;
	}
	if (r->level >= DEBUG_LEVEL)
		return;
	s->unseen.max = MAX_UNSEEN_BYTES;
	bc_guest_record_print(r, &s->unseen);
	const char *text = r->text;
	size_t len = r->len;
	while (len && (*text == '\n' || *text == ' ')) {
		text++;
		len--;
	}
	const char *end = memchr(text, '\n', len);
	len = end ? (size_t)(end - text) : len;
	if (!len || bc_session_is_chatter(text, len))
		return;
	free(s->last_record);
	s->last_record = bc_strndup(text, len < 256 ? len : 256);
}

/* A verdict that only knows that nothing came. */
static bool is_vague(const struct bc_session *s)
{
	return s->verdict == BC_FAIL && !s->hit &&
		(s->kind == BC_KIND_TIMEOUT || s->kind == BC_KIND_HANG_IDLE ||
			s->kind == BC_KIND_HANG_SPIN || s->kind == BC_KIND_EXITED ||
			s->kind == BC_KIND_RESET_LOOP || s->kind == BC_KIND_SILENT);
}

static void take_hit(struct bc_session *s, size_t n, const char *line, size_t len)
{
	const struct bc_hit *hit = bc_detect_hit(s->kernel->detect, n - 1);
	const struct bc_detector *d = hit->detector;
	if (d->kind == BC_KIND_NONE || (d->flags & BC_DETECT_AT_PROMPT) ||
		(s->is_decided && !is_vague(s)) || s->is_from_memory)
		return;
	bool was_decided = s->is_decided;
	uint64_t decided_ms = s->decided_ms;
	char *title = s->title, *text = s->hint;
	s->is_decided = false;
	bc_session_decide_hit(s->kernel, n, line, len);
	if (!s->is_decided) {
		s->is_decided = was_decided;
		return;
	}
	free(title);
	free(text);
	s->decided_ms = was_decided ? decided_ms : s->decided_ms;
	s->is_from_memory = true;
	s->was_running = !s->is_ended;
	s->is_collecting = false;
}

/* Why the kernel gave up, or "" as long as only that is known; the end of the report says it once more. */
static void look_for_panic(struct bc_session *s, const char *text, size_t len)
{
	static const char end[] = "---[ end ", mark[] = " ]---";
	size_t n = sizeof(BC_PANIC_TEXT) - 1, ends = sizeof(end) - 1, marks = sizeof(mark) - 1;
	if (len > ends + marks && memcmp(text, end, ends) == 0 &&
		memcmp(text + len - marks, mark, marks) == 0) {
		text += ends;
		len -= ends + marks;
	}
	if (len < n || memcmp(text, BC_PANIC_TEXT, n) != 0)
		return;
	BC_AUTO(bc_buf) why = {.max = 256};
	bc_escape_text(&why, text + n, len - n, false);
	free(s->memory_panic);
	s->memory_panic = why.data ? bc_buf_take(&why) : bc_strdup("");
}

static void add_line(struct bc_session *s, enum bc_phase_id *phase, const char *data, size_t len)
{
	struct bc_console_line line = {.data = data,
		.len = len,
		.number = ++s->kernel->console.lines,
		.offset = s->kernel->console.offset,
		.stream = BC_STREAM_KERNEL};
	enum bc_phase_id before = *phase;
	bc_excerpt_add(&s->kernel->excerpt, line.number, data, len);
	*phase = bc_phase_after(before, &line);
	size_t skip = bc_printk_prefix(data, len, NULL);
	if (!s->memory_panic || !*s->memory_panic)
		look_for_panic(s, data + skip, len - skip);
	if (bc_detect_line(s->kernel->detect, data, len, line.number, before))
		take_hit(s, bc_detect_count(s->kernel->detect), data, len);
}

/* The batch is whole: its lines are shown behind the console's, and looked at. */
static void look_at_unseen(struct bc_session *s)
{
	static const char mark[] =
		"--- out of the guest's memory: what its console did not show ---";
	enum bc_phase_id phase = s->phase;
	if (!s->unseen.len)
		return;
	if (!s->memory_line) {
		s->memory_line = ++s->kernel->console.lines;
		bc_excerpt_add(&s->kernel->excerpt, s->memory_line, mark, sizeof(mark) - 1);
	}
	const char *p = s->unseen.data, *end = p + s->unseen.len;
	while (p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((stop ? stop : end) - p);
		add_line(s, &phase, p, len);
		p += len + 1;
	}
	bc_buf_clear(&s->unseen);
}

void bc_session_memory(struct bc_session *s, uint64_t now_ms, const struct bc_guest_record *record)
{
	s->now_ms = now_ms;
	if (record)
		collect(s, record);
	else
		look_at_unseen(s);
}

/* "Linux version" at the start of a line: a kernel that does not print the time. */
static bool begins_unstamped(const char *data, size_t len)
{
	static const char banner[] = "Linux version ";
	const char *at = memmem(data, len, banner, sizeof(banner) - 1);
	return at && (at == data || at[-1] == '\n');
}

bool bc_session_wants_records(const struct bc_session *s, const char *data, size_t len)
{
	const struct bc_console *c = &s->kernel->console;
	if (s->is_decided || s->kernel != s->shell || c->pending)
		return false;
	if (c->has_stamps || c->expects_stamps)
		return bc_console_is_doubtful(c, data, len);
	return s->phase >= BC_PHASE_KERNEL || begins_unstamped(data, len);
}
