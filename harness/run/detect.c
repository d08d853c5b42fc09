#include <bootcheck/base/text.h>

#include "detect_impl.h"

#define MAX_NOTES    64
#define REPORT_LINES 200
#define HEAD_LINES   60 /* a report without a trace is over after as many lines */
#define TAIL_LINES   20 /* a panic within as many lines of a report's end belongs to it */

static void add_detector(struct bc_detect *detect, const struct bc_detector *d)
{
	unsigned id = detect->count++;
	detect->detectors[id] = d;
	detect->regexes[id].regex = d->regex;
	detect->ignores[id].regex = d->ignore;
	for (const char *literal = d->literal; *literal;) {
		bc_scan_add(detect->scan, literal, id);
		literal += strcspn(literal, "\n");
		literal += *literal == '\n';
	}
}

struct bc_detect *bc_detect_new(const struct bc_strs *off)
{
	struct bc_detect *detect = bc_calloc(1, sizeof(*detect));
	detect->scan = bc_scan_new();
	detect->trace = bc_trace_new();
	for (const struct bc_detector *const *d = bc_detector_list(); *d; d++) {
		if (off && (bc_strs_has(off, (*d)->id) || bc_strs_has(off, (*d)->group)))
			continue;
		if ((*d)->flags & BC_DETECT_BY_SESSION)
			continue;
		if (strcmp((*d)->id, "unexpected-reset") == 0)
			detect->reset = *d;
		else
			add_detector(detect, *d);
	}
	detect->banner_id = detect->count;
	detect->console_id = detect->count + 1;
	detect->restart_id = detect->count + 2;
	bc_scan_add(detect->scan, "Linux version ", detect->banner_id);
	bc_scan_add(detect->scan, "Booting Linux on physical CPU", detect->banner_id);
	bc_scan_add(detect->scan, "console [", detect->console_id);
	bc_scan_add(detect->scan, "reboot: Restarting system", detect->restart_id);
	bc_scan_add(detect->scan, "Rebooting in ", detect->restart_id);
	detect->facts = bc_facts_new(detect->scan, detect->count + 3);
	detect->place.regex = "(?: at |WARNING: |in "
			      ")(?:/\\S*/)?((?:[\\w.+-]+/)*[\\w.+-]+\\.[chSs]:\\d+)(?:[!: ]|$)"
			      "(?: ?(?:at )?([A-Za-z_][\\w.]*)\\+0x)?";
	/* What the kernel does because of the report before. */
	detect->derived.regex =
		"^Kernel panic - not syncing: (?:Fatal exception|Attempted to kill|Aiee, |Oops|"
		"panic_on_|\\S+: panic_on_|hung_task: |softlockup: |Hard LOCKUP|RCU Stall|"
		"sched: |kernel: |KASAN|kasan|UBSAN|KFENCE|workqueue: |self-detected|"
		"Asynchronous SError|Unhandled exception)";
	return detect;
}

void bc_detect_free(struct bc_detect *detect)
{
	if (!detect)
		return;
	for (unsigned i = 0; i < detect->count; i++) {
		bc_lazy_release(&detect->regexes[i]);
		bc_lazy_release(&detect->ignores[i]);
	}
	bc_lazy_release(&detect->derived);
	bc_lazy_release(&detect->place);
	bc_vec_each (hit, &detect->hits)
		bc_hit_release(hit);
	bc_vec_each (note, &detect->notes)
		bc_hit_release(note);
	free(detect->hits.items);
	free(detect->notes.items);
	for (size_t i = 0; i < MAX_REPORTS; i++)
		free(detect->cuts[i].message);
	bc_facts_free(detect->facts);
	bc_trace_free(detect->trace);
	bc_scan_free(detect->scan);
	free(detect);
}

static bool is_set(const uint64_t found[BC_SCAN_WORDS], unsigned id)
{
	return found[id / 64] >> (id % 64) & 1;
}

static void close_report(struct bc_detect *detect, struct report *report)
{
	if (report->hit)
		detect->hits.items[report->hit - 1].is_open = false;
	report->closed_at = detect->kernel_lines;
}

/* The open report that the line can belong to; NULL if there is none. */
static struct report *report_of(struct bc_detect *detect, const struct line *line)
{
	for (size_t i = 0; i < MAX_REPORTS; i++) {
		struct report *r = &detect->reports[i];
		if (r->hit && detect->hits.items[r->hit - 1].is_open &&
			strcmp(r->caller, line->caller) == 0)
			return r;
	}
	return NULL;
}

static struct cut *find_cut(struct bc_detect *detect, const struct line *line)
{
	for (size_t i = 0; i < MAX_REPORTS; i++)
		if (detect->cuts[i].is_open && strcmp(detect->cuts[i].caller, line->caller) == 0)
			return &detect->cuts[i];
	return NULL;
}

/* The newest report that ended just now, for the panic that follows it. */
static struct report *report_before(struct bc_detect *detect, const struct line *line)
{
	struct report *best = NULL;
	for (size_t i = 0; i < MAX_REPORTS; i++) {
		struct report *r = &detect->reports[i];
		if (r->hit && strcmp(r->caller, line->caller) == 0 &&
			detect->kernel_lines - r->closed_at <= TAIL_LINES &&
			(!best || r->closed_at > best->closed_at))
			best = r;
	}
	return best;
}

static void retitle(struct bc_hit *hit, char *function)
{
	if (hit->function && (hit->detector->flags & BC_DETECT_FUNCTION)) {
		/* The title ends in " in " and the function that was thought guilty before. */
		size_t cut = strlen(hit->function) + 4;
		hit->title[strlen(hit->title) - cut] = '\0';
	}
	free(hit->function);
	hit->function = function;
	if (!(hit->detector->flags & BC_DETECT_FUNCTION))
		return;
	char *title = bc_asprintf("%s in %s", hit->title, function);
	free(hit->title);
	hit->title = title;
}

static void add_message(struct bc_hit *hit, const char *message)
{
	char *title = bc_asprintf(
		"%s%s %s", hit->title, bc_has_suffix(hit->title, ":") ? "" : ":", message);
	free(hit->title);
	hit->title = title;
}

static bool is_warning(const struct bc_hit *hit)
{
	return strcmp(hit->detector->id, "warning") == 0;
}

/* Kernels with the real-time patches of before 5.16 say why in a record of its own. */
static bool wants_reason(const struct bc_hit *hit)
{
	return bc_has_suffix(hit->title, "not syncing:");
}

static char *stable_text(const struct line *line)
{
	struct groups groups = {.text = line->text, .spans = {{0, line->len}}};
	BC_AUTO(bc_buf) out = {.max = 300};
	bc_title_expand("$s0", &groups, "", &out);
	return bc_buf_take(&out);
}

/* An open report takes the line or ends before it. */
static void feed_report(struct bc_detect *detect, struct report *r, const struct line *line)
{
	struct bc_hit *hit = &detect->hits.items[r->hit - 1];
	char *function = NULL;
	int rank = r->rank;
	enum trace_line what = bc_trace_line(detect->trace, line, &rank, &function);
	if (what == TRACE_START && r->lines > 3) {
		close_report(detect, r);
		free(function);
		return;
	}
	/* Most architectures print what WARN() was told behind the header, x86 before it. */
	bool is_message = is_warning(hit) && !r->has_message;
	if (!r->lines++ && what == TRACE_OTHER && line->len && (is_message || wants_reason(hit))) {
		BC_AUTO_FREE char *message = stable_text(line);
		add_message(hit, message);
	}
	r->frames += what == TRACE_FRAME;
	r->strangers = what == TRACE_OTHER ? r->strangers + 1 : 0;
	if (what != TRACE_OTHER || !r->frames)
		hit->last = line->number;
	if (function && rank > r->rank) {
		r->rank = rank;
		retitle(hit, BC_TAKE(function));
	}
	free(function);
	if (what == TRACE_END || r->lines >= REPORT_LINES || (r->frames && r->strangers >= 3) ||
		(!r->frames && r->lines >= HEAD_LINES))
		close_report(detect, r);
}

static char *hint_of(struct bc_detect *detect, const struct bc_detector *d)
{
	BC_AUTO(bc_buf) out = {.max = 1500};
	if (d->hint)
		d->hint(detect->facts, &out);
	if (!out.len && d->advice)
		bc_buf_adds(&out, d->advice);
	return out.len ? bc_buf_take(&out) : NULL;
}

static struct bc_hit make_hit(struct bc_detect *detect, const struct bc_detector *d,
	const struct groups *groups, uint64_t line)
{
	BC_AUTO(bc_buf) title = {.max = 800};
	bc_title_expand(d->title, groups, detect->previous, &title);
	bool is_fatal = d->flags & BC_DETECT_FATAL;
	return (struct bc_hit){.detector = d,
		.title = bc_buf_take(&title),
		.hint = hint_of(detect, d),
		.line = line,
		.last = line,
		.count = 1,
		.is_fatal = is_fatal};
}

static void add_note(struct bc_detect *detect, const struct bc_detector *d,
	const struct groups *groups, uint64_t line)
{
	struct bc_hit note = make_hit(detect, d, groups, line);
	bc_vec_each (it, &detect->notes) {
		if (it->detector != d)
			continue;
		note.count = it->count + 1;
		note.line = it->line;
		bc_hit_release(it);
		*it = note;
		return;
	}
	if (detect->notes.len == MAX_NOTES) {
		bc_hit_release(&note);
		return;
	}
	bc_vec_push(&detect->notes, note);
}

static struct report *free_report(struct bc_detect *detect)
{
	struct report *oldest = &detect->reports[0];
	for (size_t i = 0; i < MAX_REPORTS; i++) {
		struct report *r = &detect->reports[i];
		if (!r->hit)
			return r;
		bool is_open = detect->hits.items[r->hit - 1].is_open;
		bool oldest_open = detect->hits.items[oldest->hit - 1].is_open;
		if (is_open == oldest_open ? r->hit < oldest->hit : !is_open)
			oldest = r;
	}
	close_report(detect, oldest);
	return oldest;
}

/* A header may name the file, and the function with it. */
static void locate(struct bc_detect *detect, struct bc_hit *hit, const struct line *line)
{
	struct groups groups;
	if (bc_lazy_find(&detect->place, line, &groups)) {
		hit->place = bc_group_copy(&groups, 1);
		if (groups.spans[2].start != SIZE_MAX)
			hit->function = bc_function_name(groups.text + groups.spans[2].start,
				groups.spans[2].end - groups.spans[2].start);
	}
}

/* refcount_t and the lists say what is wrong by a WARN(): what they say is the better title, whether it
 * was printed before the header or behind it. */
static void sharpen(struct bc_detect *detect, struct report *r, const struct bc_detector *d,
	const struct groups *groups, const struct line *line)
{
	struct bc_hit *hit = &detect->hits.items[r->hit - 1];
	if (!is_warning(hit) || r->lines > 2 || !(d->flags & BC_DETECT_FUNCTION))
		return;
	struct bc_hit better = make_hit(detect, d, groups, hit->line);
	better.last = line->number;
	better.is_open = hit->is_open;
	better.place = BC_TAKE(hit->place);
	char *function = BC_TAKE(hit->function);
	bc_hit_release(hit);
	*hit = better;
	if (function)
		retitle(hit, function);
}

static bool add_failure(struct bc_detect *detect, const struct bc_detector *d,
	const struct groups *groups, const struct line *line)
{
	bool is_panic = d->flags & BC_DETECT_FATAL;
	struct report *open = report_of(detect, line);
	struct groups unused;
	bool is_derived = is_panic && bc_lazy_find(&detect->derived, line, &unused);
	if (!open && is_derived)
		open = report_before(detect, line);
	/* After a warning, init may still die of something else. */
	if (open && is_derived && strcmp(d->id, "init-killed") == 0)
		is_derived = open->has_oops;
	bool is_oops = strcmp(d->group, "oops") == 0;
	if (open)
		open->has_oops |= is_oops;
	if (open && (!is_panic || is_derived || detect->hits.items[open->hit - 1].is_fatal)) {
		struct bc_hit *hit = &detect->hits.items[open->hit - 1];
		bool was_fatal = hit->is_fatal;
		hit->is_fatal |= is_panic;
		hit->is_open = true;
		hit->last = line->number;
		open->strangers = 0;
		if (!is_panic)
			sharpen(detect, open, d, groups, line);
		if (is_panic)
			open->lines = open->frames = 0;
		return hit->is_fatal && !was_fatal;
	}
	if (detect->hits.len == BC_DETECT_HITS)
		return false;
	if (open)
		close_report(detect, open);
	struct bc_hit hit = make_hit(detect, d, groups, line->number);
	locate(detect, &hit, line);
	if (hit.function && (d->flags & BC_DETECT_FUNCTION)) {
		char *function = BC_TAKE(hit.function);
		retitle(&hit, function);
	}
	const struct cut *cut = find_cut(detect, line);
	bool has_message = is_warning(&hit) && cut && cut->lines == 2 && cut->message;
	if (has_message)
		add_message(&hit, cut->message);
	if (d->flags & BC_DETECT_REPORT) {
		struct report *r = free_report(detect);
		*r = (struct report){.hit = detect->hits.len + 1,
			/* Where a hint tells the cause, the trace only shows how a panic is made. */
			.rank = hit.function || d->hint ? 3 : 0,
			.has_message = has_message,
			.has_oops = is_oops};
		memcpy(r->caller, line->caller, sizeof(r->caller));
		hit.is_open = true;
	}
	bc_vec_push(&detect->hits, hit);
	return true;
}

/* A detector's word on the line: does it match? */
static bool matches(struct bc_detect *detect, unsigned id, const struct line *line, bool is_user,
	struct groups *groups)
{
	const struct bc_detector *d = detect->detectors[id];
	struct groups unused;
	if (d->phases && !(d->phases & 1u << line->phase))
		return false;
	if ((d->flags & BC_DETECT_KERNEL) && is_user)
		return false;
	if (d->regex && !bc_lazy_find(&detect->regexes[id], line, groups))
		return false;
	if (!d->regex)
		*groups = (struct groups){.text = line->text,
			.spans = {{0, line->len}, {SIZE_MAX, SIZE_MAX}, {SIZE_MAX, SIZE_MAX},
				{SIZE_MAX, SIZE_MAX}, {SIZE_MAX, SIZE_MAX}, {SIZE_MAX, SIZE_MAX}}};
	return !d->ignore || !bc_lazy_find(&detect->ignores[id], line, &unused);
}

static bool judge(struct bc_detect *detect, const struct line *line, bool is_user,
	const uint64_t found[BC_SCAN_WORDS])
{
	struct groups groups;
	for (unsigned word = 0; word <= detect->count / 64; word++) {
		for (uint64_t bits = found[word]; bits; bits &= bits - 1) {
			unsigned id = word * 64 + (unsigned)__builtin_ctzll(bits);
			if (id >= detect->count)
				return false;
			if (!matches(detect, id, line, is_user, &groups))
				continue;
			const struct bc_detector *d = detect->detectors[id];
			if (!(d->flags & (BC_DETECT_NOTE | BC_DETECT_END)))
				return !bc_facts_in_selftest(detect->facts) &&
					add_failure(detect, d, &groups, line);
			add_note(detect, d, &groups, line->number);
			return false;
		}
	}
	return false;
}

/* The line between "[ cut here ]" and the header says what WARN() or BUG() was told. */
static void keep_message(struct bc_detect *detect, const struct line *line)
{
	static const char mark[] = "[ cut here ]";
	struct cut *cut = find_cut(detect, line);
	if (line->len > 20 && line->len < 60 && line->text[0] == '-' &&
		memmem(line->text, line->len, mark, sizeof(mark) - 1)) {
		if (!cut)
			cut = &detect->cuts[detect->next_cut++ % MAX_REPORTS];
		free(cut->message);
		*cut = (struct cut){.is_open = true};
		memcpy(cut->caller, line->caller, sizeof(cut->caller));
	} else if (cut && ++cut->lines == 1) {
		cut->message = stable_text(line);
	} else if (cut && cut->lines > 2) {
		cut->is_open = false;
	}
}

static void add_reset(struct bc_detect *detect, const struct line *line, uint64_t at)
{
	struct groups groups = {.text = line->text};
	bc_vec_push(&detect->hits, make_hit(detect, detect->reset, &groups, at));
}

static bool check_reset(
	struct bc_detect *detect, const struct line *line, bool is_banner, bool *is_replay)
{
	uint64_t at = 0;
	enum reset reset = bc_resets_line(&detect->resets, line, is_banner, &at);
	*is_replay = reset == RESET_REPLAY;
	if (reset != RESET_YES)
		return false;
	for (size_t i = 0; i < MAX_REPORTS; i++)
		close_report(detect, &detect->reports[i]);
	bool was_announced = detect->resets.is_announced;
	detect->resets.is_announced = false;
	if (was_announced || !detect->reset || detect->hits.len == BC_DETECT_HITS)
		return false;
	add_reset(detect, line, at);
	return true;
}

void bc_detect_output(struct bc_detect *detect, const char *data, size_t len, uint64_t number)
{
	struct line line = {.number = number, .phase = BC_PHASE_SHELL};
	(void)bc_line_parse(data, len < MAX_LINE ? len : MAX_LINE, &line);
	bc_aside_line(&detect->aside, &detect->resets, &line);
}

void bc_detect_end_output(struct bc_detect *detect)
{
	detect->aside.is_open = false;
}

bool bc_detect_was_no_output(struct bc_detect *detect)
{
	bool was_reset = detect->aside.is_open && detect->aside.at;
	detect->aside.is_open = false;
	if (!was_reset || detect->resets.is_announced || !detect->reset ||
		detect->hits.len == BC_DETECT_HITS)
		return false;
	add_reset(detect, &(struct line){.text = ""}, detect->aside.at);
	return true;
}

/* With printk.time=0 the lines before the command line was read still have stamps, all of them zero: on
 * an early console the kernel's lines lose their stamps, and that does not make them userspace's. */
static void follow_stamps(struct bc_detect *detect, const struct line *line)
{
	if (line->has_stamp) {
		detect->has_stamps = true;
		detect->unstamped = 0;
		return;
	}
	bool is_early = line->phase == BC_PHASE_KERNEL && detect->resets.newest_us == 0;
	if (is_early && line->len && ++detect->unstamped >= 4)
		detect->has_stamps = false;
}

bool bc_detect_line_of(struct bc_detect *detect, const char *data, size_t len, uint64_t number,
	enum bc_phase_id phase, enum bc_author author)
{
	uint64_t found[BC_SCAN_WORDS] = {0};
	struct line line = {.number = number, .phase = phase, .text = data};
	if (len > MAX_LINE)
		len = MAX_LINE;
	line.len = len;
	if (author != BC_AUTHOR_USER) {
		(void)bc_line_parse(data, len, &line);
		follow_stamps(detect, &line);
	}
	bool any = bc_scan_find(detect->scan, line.text, line.len, found);
	bool is_user = author == BC_AUTHOR_USER || (detect->has_stamps && !line.has_stamp);
	/* Behind a prompt, a record of the kernel is still the kernel's. */
	if (is_user && any && author == BC_AUTHOR_UNKNOWN && bc_line_embedded(data, len, &line))
		is_user = false;
	bool is_banner = any && is_set(found, detect->banner_id) && line.len &&
		(line.text[0] == 'L' || line.text[0] == 'B') && !is_user;
	if (any && is_set(found, detect->console_id))
		detect->resets.console_line = number;
	if (any && is_set(found, detect->restart_id) && !is_user)
		detect->resets.is_announced = true;
	bool is_replay = false, is_news = false;
	if (!is_user) {
		detect->kernel_lines++;
		is_news = check_reset(detect, &line, is_banner, &is_replay);
		if (is_replay)
			return is_news;
		keep_message(detect, &line);
	}
	bc_facts_line(detect->facts, &line, is_user, any ? found : NULL);
	struct report *open = is_user ? NULL : report_of(detect, &line);
	if (open)
		feed_report(detect, open, &line);
	if (any)
		is_news |= judge(detect, &line, is_user, found);
	if (line.len && phase <= BC_PHASE_KERNEL) {
		size_t n = line.len < sizeof(detect->previous) ? line.len
							       : sizeof(detect->previous) - 1;
		memcpy(detect->previous, line.text, n);
		detect->previous[n] = '\0';
	}
	return is_news;
}

void bc_detect_reset(struct bc_detect *detect)
{
	detect->resets = (struct resets){0};
	for (size_t i = 0; i < MAX_REPORTS; i++)
		close_report(detect, &detect->reports[i]);
}
