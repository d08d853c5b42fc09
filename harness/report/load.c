#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/report/index.h>
#include <bootcheck/report/load.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/json.h>

#define PIECE ((size_t)1 << 18) /* bytes read at once */

/* What is known of a case besides its struct bc_result of the same index. */
struct progress {
	struct {
		BC_VEC(int); /* the number of each attempt, ascending */
	} numbers;
	int running;		/* the attempt that began and has no outcome yet, 0 = none */
	struct bc_attempt open; /* what the journal tells of it */
};

struct loader {
	struct bc_run run;
	struct bc_index ids;
	struct {
		BC_VEC(struct progress);
	} cases;
	bool has_start;
	int line;
	int broken;	    /* number of a line that does not parse, 0 = none */
	struct bc_err why;  /* of the broken line */
	uint64_t first, ns; /* of the first and the newest line */
};

static void loader_cleanup(struct loader *l)
{
	bc_run_release(&l->run);
	bc_index_release(&l->ids);
	bc_vec_each (p, &l->cases) {
		free(p->numbers.items);
		bc_attempt_release(&p->open);
	}
	free(l->cases.items);
}

static uint64_t get_u64(const struct bc_json *object, const char *key)
{
	int64_t value = bc_json_get_int(object, key, 0);
	return value > 0 ? (uint64_t)value : 0;
}

static int get_count(const struct bc_json *object, const char *key)
{
	uint64_t value = get_u64(object, key);
	return value < INT_MAX ? (int)value : INT_MAX;
}

static char *get_text(const struct bc_json *object, const char *key)
{
	return bc_strdup(bc_json_get_string(object, key, NULL));
}

static void replace(char **text, const char *with)
{
	if (!with)
		return;
	free(*text);
	*text = bc_strdup(with);
}

static void add_property(void *ctx, const char *key, struct bc_json *value)
{
	struct bc_attempt *a = ctx;
	const char *text = bc_json_string(value);
	if (text)
		bc_property_add(&a->properties, key, text);
}

/* A folder that leaves the run's is none of it. */
static char *get_dir(const struct bc_json *object)
{
	const char *dir = bc_json_get_string(object, "dir", NULL);
	return dir && bc_path_is_inside(dir) ? bc_strdup(dir) : NULL;
}

static void read_attempt(const struct bc_json *json, struct bc_attempt *a)
{
	*a = (struct bc_attempt){
		.title = get_text(json, "title"),
		.detector = get_text(json, "detector"),
		.excerpt = get_text(json, "excerpt"),
		.hint = get_text(json, "hint"),
		.error_code = get_text(json, "error_code"),
		.step = get_count(json, "step"),
		.line = get_count(json, "line"),
		.duration_ms = get_u64(json, "duration_ms"),
		.verdict_ms = get_u64(json, "verdict_ms"),
		.dir = get_dir(json),
	};
	/* A verdict of a later version decides nothing here. */
	if (!bc_verdict_parse(bc_json_get_string(json, "verdict", ""), &a->verdict))
		a->verdict = BC_ERROR;
	if (a->verdict == BC_ERROR && !a->error_code)
		a->error_code = bc_strdup(bc_code_name(BC_E_INTERNAL));
	if (!bc_kind_parse(bc_json_get_string(json, "kind", "none"), &a->kind))
		a->kind = BC_KIND_NONE;
	const struct bc_json *phases = bc_json_get(json, "phases");
	for (size_t i = 0; i < bc_json_len(phases); i++) {
		const struct bc_json *p = bc_json_at(phases, i);
		const char *name = bc_json_get_string(p, "name", NULL);
		if (name)
			bc_vec_push(&a->phases,
				((struct bc_phase){bc_strdup(name), get_u64(p, "start_ms"),
					get_u64(p, "length_ms")}));
	}
	const struct bc_json *properties = bc_json_get(json, "properties");
	if (bc_json_is_object(properties))
		bc_json_each(properties, add_property, a);
}

/* The case called id, new ones behind those of the plan; NULL over the bound. */
static struct bc_result *find_case(struct loader *l, const char *id)
{
	size_t at = bc_index_add(&l->ids, id);
	if (at >= BC_JOURNAL_MAX_CASES)
		return NULL;
	if (at == l->run.results.len) {
		bc_vec_push(&l->run.results, ((struct bc_result){.id = bc_strdup(id)}));
		bc_vec_push(&l->cases, ((struct progress){0}));
	}
	return &l->run.results.items[at];
}

static struct progress *progress_of(struct loader *l, const struct bc_result *r)
{
	return &l->cases.items[r - l->run.results.items];
}

static bool too_many(struct bc_err *err, const char *what, int max)
{
	return bc_fail(err, BC_E_LIMIT, 0, "more than %d %s", max, what);
}

static bool take_cases(struct loader *l, const struct bc_json *cases, struct bc_err *err)
{
	for (size_t i = 0; i < bc_json_len(cases); i++) {
		const struct bc_json *c = bc_json_at(cases, i);
		const char *id = bc_json_get_string(c, "id", NULL);
		if (!id)
			continue;
		struct bc_result *r = find_case(l, id);
		if (!r)
			return too_many(err, "cases", BC_JOURNAL_MAX_CASES);
		replace(&r->name, bc_json_get_string(c, "name", NULL));
		replace(&r->file, bc_json_get_string(c, "file", NULL));
		replace(&r->summary, bc_json_get_string(c, "summary", NULL));
		bc_strs_release(&r->labels);
		const struct bc_json *labels = bc_json_get(c, "labels");
		for (size_t k = 0; k < bc_json_len(labels); k++)
			if (bc_json_string(bc_json_at(labels, k)))
				bc_strs_add(&r->labels, bc_json_string(bc_json_at(labels, k)));
	}
	return true;
}

static void add_run_property(void *ctx, const char *key, struct bc_json *value)
{
	struct bc_run *run = ctx;
	const char *text = bc_json_string(value);
	if (!text)
		return;
	bc_vec_each (p, &run->properties) {
		if (strcmp(p->name, key) == 0) {
			replace(&p->value, text);
			return;
		}
	}
	if (run->properties.len < 1000)
		bc_property_add(&run->properties, key, text);
}

static bool on_run_start(struct loader *l, const struct bc_json *json, struct bc_err *err)
{
	struct bc_run *run = &l->run;
	replace(&run->id, bc_json_get_string(json, "run", NULL));
	replace(&run->version, bc_json_get_string(json, "version", NULL));
	replace(&run->host, bc_json_get_string(json, "host", NULL));
	if (!run->started) /* a run that was taken up again began when it first began */
		run->started = get_text(json, "started");
	const struct bc_json *properties = bc_json_get(json, "properties");
	if (bc_json_is_object(properties))
		bc_json_each(properties, add_run_property, run);
	l->has_start = true;
	run->is_finished = false;
	return take_cases(l, bc_json_get(json, "cases"), err);
}

static bool on_run_end(struct loader *l, const struct bc_json *json, struct bc_err *err)
{
	(void)err;
	l->run.is_finished = true;
	l->run.duration_ms = get_u64(json, "duration_ms");
	return true;
}

static bool on_case_start(struct loader *l, struct bc_result *r, const struct bc_json *json)
{
	struct progress *p = progress_of(l, r);
	int number = get_count(json, "attempt");
	p->running = number ? number : 1;
	bc_attempt_release(&p->open);
	p->open.dir = get_dir(json);
	return true;
}

static bool on_phase(struct loader *l, struct bc_result *r, const struct bc_json *json)
{
	struct bc_attempt *open = &progress_of(l, r)->open;
	const char *name = bc_json_get_string(json, "phase", NULL);
	uint64_t ms = get_u64(json, "ms");
	if (!name || open->phases.len >= 1000)
		return true;
	if (open->phases.len) {
		struct bc_phase *last = &open->phases.items[open->phases.len - 1];
		last->length_ms = ms > last->start_ms ? ms - last->start_ms : 0;
	}
	bc_vec_push(&open->phases, ((struct bc_phase){bc_strdup(name), ms, 0}));
	return true;
}

static bool on_typed(struct loader *l, struct bc_result *r, const struct bc_json *json)
{
	struct bc_attempt *open = &progress_of(l, r)->open;
	if (open->dialog.len < 1000)
		bc_vec_push(&open->dialog,
			((struct bc_exchange){.step = get_count(json, "step"),
				.kind = get_text(json, "name"),
				.typed = get_text(json, "text"),
				.status = -1,
				.ms = get_u64(json, "ms")}));
	return true;
}

static bool on_answer(struct loader *l, struct bc_result *r, const struct bc_json *json)
{
	struct bc_attempt *open = &progress_of(l, r)->open;
	int step = get_count(json, "step");
	for (size_t i = open->dialog.len; i-- > 0;) {
		struct bc_exchange *e = &open->dialog.items[i];
		if (e->step != step)
			continue;
		replace(&e->output, bc_json_get_string(json, "output", NULL));
		int64_t status = bc_json_get_int(json, "status", -1);
		e->status = status >= 0 && status <= 255 ? (int)status : -1;
		break;
	}
	return true;
}

static bool on_healed(struct loader *l, struct bc_result *r, const struct bc_json *json)
{
	struct bc_attempt *open = &progress_of(l, r)->open;
	const struct bc_json *list = bc_json_get(json, "bytes");
	for (size_t i = 0; i < bc_json_len(list) && open->healed.len < 10000; i++) {
		const struct bc_json *piece = bc_json_at(list, i);
		int64_t offset = bc_json_int(bc_json_at(piece, 0), -1),
			len = bc_json_int(bc_json_at(piece, 1), -1);
		if (offset >= 0 && len > 0)
			bc_vec_push(&open->healed,
				((struct bc_piece){(uint64_t)offset, (uint64_t)len}));
	}
	return true;
}

/* Puts the attempt in its place by number; one of the same number is replaced. */
static bool keep_attempt(struct progress *p, struct bc_result *r, int number, struct bc_attempt *a)
{
	size_t at = p->numbers.len;
	if (at && number <= p->numbers.items[at - 1]) {
		size_t low = 0, high = at;
		while (low < high) {
			size_t mid = low + (high - low) / 2;
			if (p->numbers.items[mid] < number)
				low = mid + 1;
			else
				high = mid;
		}
		at = low;
		if (p->numbers.items[at] == number) {
			bc_attempt_release(&r->attempts.items[at]);
			r->attempts.items[at] = *a;
			return true;
		}
	}
	if (p->numbers.len >= BC_JOURNAL_MAX_ATTEMPTS)
		return false;
	size_t behind = p->numbers.len - at;
	bc_vec_push(&p->numbers, 0);
	bc_vec_push(&r->attempts, (struct bc_attempt){0});
	memmove(p->numbers.items + at + 1, p->numbers.items + at, behind * sizeof(int));
	memmove(r->attempts.items + at + 1, r->attempts.items + at,
		behind * sizeof(struct bc_attempt));
	p->numbers.items[at] = number;
	r->attempts.items[at] = *a;
	return true;
}

static bool on_attempt(struct loader *l, struct bc_result *r, const struct bc_json *json)
{
	struct progress *p = progress_of(l, r);
	const struct bc_json *result = bc_json_get(json, "result");
	if (!bc_json_is_object(result))
		return true;
	int number = get_count(json, "attempt");
	if (!number)
		number = p->running	 ? p->running
			: p->numbers.len ? p->numbers.items[p->numbers.len - 1]
					 : 1;
	struct bc_attempt a;
	read_attempt(result, &a);
	if (!a.dir && number == p->running)
		a.dir = BC_TAKE(p->open.dir);
	if (number == p->running) {
		a.dialog.items = p->open.dialog.items;
		a.dialog.len = p->open.dialog.len;
		a.dialog.cap = p->open.dialog.cap;
		memset(&p->open.dialog, 0, sizeof(p->open.dialog));
		a.healed.items = p->open.healed.items;
		a.healed.len = p->open.healed.len;
		a.healed.cap = p->open.healed.cap;
		memset(&p->open.healed, 0, sizeof(p->open.healed));
	}
	p->running = 0;
	bc_attempt_release(&p->open);
	if (keep_attempt(p, r, number, &a))
		return true;
	bc_attempt_release(&a);
	return false;
}

static bool on_case_end(struct loader *l, struct bc_result *r, const struct bc_json *json)
{
	(void)l;
	if (!bc_verdict_parse(bc_json_get_string(json, "verdict", ""), &r->verdict))
		r->verdict = r->attempts.len ? bc_result_last(r)->verdict : BC_ERROR;
	r->is_flaky = bc_json_get_bool(json, "flaky", false);
	r->is_done = true;
	return true;
}

static const struct {
	const char *kind;
	bool (*run)(struct loader *l, const struct bc_json *json, struct bc_err *err);
	/* False: too many attempts. */
	bool (*one_case)(struct loader *l, struct bc_result *r, const struct bc_json *json);
} handlers[] = {
	{.kind = "run-start", .run = on_run_start},
	{.kind = "case-start", .one_case = on_case_start},
	{.kind = "phase", .one_case = on_phase},
	{.kind = "typed", .one_case = on_typed},
	{.kind = "answer", .one_case = on_answer},
	{.kind = "healed", .one_case = on_healed},
	{.kind = "attempt", .one_case = on_attempt},
	{.kind = "case-end", .one_case = on_case_end},
	{.kind = "run-end", .run = on_run_end},
};

static bool handle(struct loader *l, const struct bc_json *json, struct bc_err *err)
{
	const char *kind = bc_json_get_string(json, "kind", "");
	const char *id = bc_json_get_string(json, "case", NULL);
	for (size_t i = 0; i < BC_LEN(handlers); i++) {
		if (strcmp(handlers[i].kind, kind) != 0)
			continue;
		if (handlers[i].run)
			return handlers[i].run(l, json, err);
		if (!id)
			return true;
		struct bc_result *r = find_case(l, id);
		if (!r)
			return too_many(err, "cases", BC_JOURNAL_MAX_CASES);
		if (!handlers[i].one_case(l, r, json))
			return too_many(err, "attempts of one case", BC_JOURNAL_MAX_ATTEMPTS);
	}
	return true;
}

/* Takes one line without its newline. A line that does not parse is an error once a line follows that
 * does not begin a run: only the end of what one process wrote can be torn. */
static bool take_line(struct loader *l, const char *data, size_t len, struct bc_err *err)
{
	l->line++;
	if (strspn(data, " \t\r") == len)
		return true;
	struct bc_err why = {0};
	BC_AUTO_JSON *json = bc_json_parse(data, len, &why);
	if (json && !bc_json_is_object(json))
		(void)bc_fail(&why, BC_E_FORMAT, 0, "not a JSON object");
	bool is_good = json && bc_json_is_object(json);
	bool is_start = is_good && strcmp(bc_json_get_string(json, "kind", ""), "run-start") == 0;
	if (l->broken && !is_start) {
		if (err) {
			*err = l->why;
			err->line = l->broken;
		}
		return false;
	}
	l->broken = is_good ? 0 : l->line;
	l->why = why;
	if (!is_good)
		return true;
	l->ns = get_u64(json, "ns");
	if (!l->first)
		l->first = l->ns;
	if (handle(l, json, err))
		return true;
	if (err)
		err->line = l->line;
	return false;
}

/* Takes the whole lines of text and drops them from it. */
static bool take_lines(struct loader *l, struct bc_buf *text, struct bc_err *err)
{
	size_t from = 0;
	for (char *end;
		from < text->len && (end = memchr(text->data + from, '\n', text->len - from));) {
		*end = '\0';
		size_t n = (size_t)(end - text->data) - from;
		if (n > BC_JOURNAL_MAX_LINE)
			break;
		if (!take_line(l, text->data + from, n, err))
			return false;
		from += n + 1;
	}
	bc_buf_drop(text, from);
	if (text->len <= BC_JOURNAL_MAX_LINE)
		return true;
	(void)bc_fail(err, BC_E_LIMIT, 0, "a line of more than %zu bytes", BC_JOURNAL_MAX_LINE);
	return bc_err_at(err, NULL, l->line + 1, 0);
}

static void interrupt(struct bc_result *r, struct progress *p)
{
	struct bc_attempt *a = &p->open;
	r->verdict = BC_ERROR;
	r->is_flaky = false;
	/* The run could still say so itself: no second attempt was made. */
	const struct bc_attempt *last = r->attempts.len ? bc_result_last(r) : NULL;
	if (!p->running && last && last->error_code && strcmp(last->error_code, "cancelled") == 0)
		return;
	a->verdict = BC_ERROR;
	a->title = bc_strdup("interrupted before a verdict");
	a->error_code = bc_strdup("interrupted");
	bc_vec_push(&r->attempts, *a);
	*a = (struct bc_attempt){0};
}

static bool finish(struct loader *l, const char *dir, struct bc_run *run, struct bc_err *err)
{
	if (!l->has_start) {
		(void)bc_fail(err, BC_E_FORMAT, 0, "the journal has no run-start");
		return bc_err_at(err, NULL, 1, 0);
	}
	bc_vec_each (r, &l->run.results) {
		if (!r->name)
			r->name = bc_strdup(r->id);
		if (!r->is_done)
			interrupt(r, progress_of(l, r));
		else if (!r->attempts.len)
			bc_vec_push(&r->attempts, ((struct bc_attempt){.verdict = r->verdict}));
	}
	if (!l->run.is_finished)
		l->run.duration_ms = l->ns > l->first ? (l->ns - l->first) / 1000000 : 0;
	if (!l->run.id)
		l->run.id = bc_strdup(bc_path_base(dir));
	l->run.dir = bc_strdup(dir);
	*run = l->run;
	l->run = (struct bc_run){0};
	return true;
}

static bool load_fd(struct loader *l, int fd, struct bc_err *err)
{
	BC_AUTO(bc_buf) text = {.max = BC_JOURNAL_MAX_LINE + 2 * PIECE};
	for (size_t total = 0;;) {
		char *room = bc_buf_reserve(&text, PIECE);
		ssize_t n = read(fd, room, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return bc_fail(err, BC_E_IO, errno, "cannot read");
		if (n == 0)
			break;
		total += (size_t)n;
		text.len += (size_t)n;
		if (total > BC_JOURNAL_MAX_BYTES)
			return bc_fail(
				err, BC_E_LIMIT, 0, "more than %zu bytes", BC_JOURNAL_MAX_BYTES);
		if (!take_lines(l, &text, err))
			return false;
	}
	if (!text.len)
		return true;
	text.data[text.len] = '\0';
	return take_line(l, text.data, text.len, err);
}

bool bc_report_load(const char *dir, struct bc_run *run, struct bc_err *err)
{
	__attribute__((cleanup(loader_cleanup))) struct loader l = {0};
	BC_AUTO_FREE char *path = bc_path_join(dir, "events.jsonl");
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	BC_AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		int why = errno;
		(void)bc_fail(err, BC_E_IO, why, "cannot open %s", path);
		if (why == ENOENT || why == ENOTDIR)
			(void)bc_err_hint(err,
				"a run's folder holds the journal events.jsonl; "
				"`bootcheck run` makes one below reports/");
		return false;
	}
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return bc_fail(err, BC_E_IO, 0, "%s is not a file", path);
	struct bc_err why = {0};
	if (load_fd(&l, fd, &why) && finish(&l, dir, run, &why))
		return true;
	if (err) {
		*err = why;
		(void)bc_err_at(err, path, why.line, why.col);
	}
	return false;
}

bool bc_report_parse(
	const char *dir, const char *data, size_t len, struct bc_run *run, struct bc_err *err)
{
	__attribute__((cleanup(loader_cleanup))) struct loader l = {0};
	BC_AUTO(bc_buf) text = {0};
	if (len > BC_JOURNAL_MAX_BYTES)
		return bc_fail(err, BC_E_LIMIT, 0, "more than %zu bytes", BC_JOURNAL_MAX_BYTES);
	bc_buf_add(&text, data, len);
	return take_lines(&l, &text, err) &&
		(!text.len || take_line(&l, text.data, text.len, err)) && finish(&l, dir, run, err);
}
