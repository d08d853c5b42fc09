/* results.json; docs/results.schema.json describes it. */
#include <bootcheck/report/report.h>
#include <bootcheck/report/text.h>
#include <bootcheck/sys/json.h>

#define FORMAT_VERSION 1

static void set_count(struct bc_json *object, const char *key, uint64_t value)
{
	if (value && value <= INT64_MAX)
		bc_json_set_int(object, key, (int64_t)value);
}

static void set_strings(struct bc_json *object, const char *key, const struct bc_strs *list)
{
	struct bc_json *array = bc_json_new_array();
	for (size_t i = 0; i < list->len; i++)
		bc_json_append(array, bc_json_new_string(list->items[i]));
	bc_json_set(object, key, array);
}

/* Names come from outside: what is no UTF-8 in a key becomes '?'. */
static void set_property(struct bc_json *object, const struct bc_property *p)
{
	BC_AUTO(bc_buf) key = {0};
	(void)bc_columns_cut(&key, p->name, 1000, true);
	bc_json_set(object, key.data ? key.data : "", bc_json_new_string(p->value));
}

#define properties_of(list)                                                                        \
	({                                                                                         \
		struct bc_json *object_ = bc_json_new_object();                                    \
		bc_vec_each (p_, list)                                                             \
			set_property(object_, p_);                                                 \
		object_;                                                                           \
	})

static struct bc_json *phases_of(const struct bc_attempt *a)
{
	struct bc_json *array = bc_json_new_array();
	bc_vec_each (p, &a->phases) {
		struct bc_json *phase = bc_json_new_object();
		bc_json_set_string(phase, "name", p->name);
		bc_json_set_int(phase, "start_ms", (int64_t)(p->start_ms & INT64_MAX));
		bc_json_set_int(phase, "length_ms", (int64_t)(p->length_ms & INT64_MAX));
		bc_json_append(array, phase);
	}
	return array;
}

/* [[offset, length], …] in console.log. */
static struct bc_json *healed_of(const struct bc_attempt *a)
{
	struct bc_json *array = bc_json_new_array();
	bc_vec_each (piece, &a->healed) {
		struct bc_json *pair = bc_json_new_array();
		bc_json_append(pair, bc_json_new_int((int64_t)(piece->offset & INT64_MAX)));
		bc_json_append(pair, bc_json_new_int((int64_t)(piece->len & INT64_MAX)));
		bc_json_append(array, pair);
	}
	return array;
}

static struct bc_json *attempt_of(const struct bc_attempt *a)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set_string(json, "verdict", bc_verdict_name(a->verdict));
	if (a->kind != BC_KIND_NONE)
		bc_json_set_string(json, "kind", bc_kind_name(a->kind));
	bc_json_set_string(json, "title", a->title);
	bc_json_set_string(json, "detector", a->detector);
	bc_json_set_string(json, "error_code", a->error_code);
	bc_json_set_string(json, "hint", a->hint);
	set_count(json, "step", (uint64_t)(a->step > 0 ? a->step : 0));
	set_count(json, "line", (uint64_t)(a->line > 0 ? a->line : 0));
	set_count(json, "duration_ms", a->duration_ms);
	set_count(json, "verdict_ms", a->verdict_ms);
	bc_json_set_string(json, "dir", a->dir);
	bc_json_set_string(json, "excerpt", a->excerpt);
	if (a->phases.len)
		bc_json_set(json, "phases", phases_of(a));
	if (a->healed.len)
		bc_json_set(json, "healed", healed_of(a));
	if (a->properties.len)
		bc_json_set(json, "properties", properties_of(&a->properties));
	return json;
}

static struct bc_json *result_of(const struct bc_result *r)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set(json, "id", bc_json_new_string(r->id ? r->id : ""));
	bc_json_set_string(json, "name", r->name);
	bc_json_set_string(json, "file", r->file);
	bc_json_set_string(json, "summary", r->summary);
	set_strings(json, "labels", &r->labels);
	bc_json_set_string(json, "verdict", bc_verdict_name(bc_report_verdict(r)));
	bc_json_set_bool(json, "flaky", r->is_flaky);
	bc_json_set_bool(json, "done", r->is_done);
	struct bc_json *attempts = bc_json_new_array();
	bc_vec_each (a, &r->attempts)
		bc_json_append(attempts, attempt_of(a));
	bc_json_set(json, "attempts", attempts);
	return json;
}

static struct bc_json *counts_of(const struct bc_run *run)
{
	struct bc_counts n = bc_run_count(run);
	struct bc_json *json = bc_json_new_object();
	bc_json_set_int(json, "pass", (int64_t)n.pass);
	bc_json_set_int(json, "fail", (int64_t)n.fail);
	bc_json_set_int(json, "known", (int64_t)n.known);
	bc_json_set_int(json, "skip", (int64_t)n.skip);
	bc_json_set_int(json, "error", (int64_t)n.error);
	bc_json_set_int(json, "flaky", (int64_t)n.flaky);
	return json;
}

void bc_report_json(const struct bc_run *run, struct bc_buf *out)
{
	BC_AUTO_JSON *json = bc_json_new_object();
	bc_json_set_int(json, "bootcheck", FORMAT_VERSION);
	bc_json_set(json, "run", bc_json_new_string(run->id ? run->id : ""));
	bc_json_set_string(json, "version", run->version);
	bc_json_set_string(json, "host", run->host);
	bc_json_set_string(json, "started", run->started);
	bc_json_set_int(json, "duration_ms", (int64_t)(run->duration_ms & INT64_MAX));
	bc_json_set_bool(json, "finished", run->is_finished);
	bc_json_set_int(json, "exit_code", bc_run_exit_code(run));
	bc_json_set(json, "counts", counts_of(run));
	bc_json_set(json, "properties", properties_of(&run->properties));
	struct bc_json *results = bc_json_new_array();
	bc_vec_each (r, &run->results)
		bc_json_append(results, result_of(r));
	bc_json_set(json, "results", results);
	bc_json_print(json, true, out);
	bc_buf_addc(out, '\n');
}
