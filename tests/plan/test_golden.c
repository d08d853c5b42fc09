/* fixtures/plan/bad/NAME.yaml raises the check NAME (up to "--") and no other, rendered as in
 * NAME.expect. fixtures/plan/good/NAME.yaml has no finding and gives the cases of NAME.json.
 * BC_GOLDEN_UPDATE=1 rewrites both. */
#include <unistd.h>

#include <bootcheck/plan/checks.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/json.h>

#include "plan_test.h"

static void compare(const char *path, const struct bc_buf *text)
{
	struct bc_err err = {0};
	const char *update = getenv("BC_GOLDEN_UPDATE");
	if (update && *update == '1')
		ck_assert_msg(bc_fs_write(path, text->data, text->len, &err), "%s", err.message);
	BC_AUTO(bc_buf) want = {0};
	ck_assert_msg(bc_fs_read(path, 1 << 20, &want, &err), "%s", err.message);
	ck_assert_msg(want.len == text->len && memcmp(want.data, text->data, want.len) == 0,
		"%s differs; now:\n%s", path, text->data);
}

static char *beside(const char *yaml, const char *suffix)
{
	return bc_asprintf("%.*s%s", (int)(strlen(yaml) - strlen(".yaml")), yaml, suffix);
}

static void check_bad(const char *path, struct bc_strs *seen)
{
	struct bc_plan_options options = fake_options();
	BC_AUTO(bc_diag) diag = {0};
	struct bc_err err = {0};
	char *paths[] = {(char *)(uintptr_t)path};
	struct bc_plan *plan = bc_plan_load(paths, 1, &options, &diag, &err);
	ck_assert_msg(plan != NULL, "%s: %s", path, err.message);
	BC_AUTO_FREE char *name = beside(bc_path_base(path), "");
	char *variant = strstr(name, "--");
	if (variant)
		*variant = '\0';
	const struct bc_check_info *info = bc_check_find(name);
	ck_assert_msg(info != NULL, "%s is not named after a check", path);
	BC_AUTO(bc_buf) text = {0};
	bc_diag_render(&diag, &text, false, bc_plan_line, plan);
	ck_assert_msg(diag.len > 0, "%s has no finding", path);
	for (size_t i = 0; i < diag.len; i++) {
		ck_assert_msg(strcmp(diag.items[i]->check, name) == 0, "%s raises %s:\n%s", path,
			diag.items[i]->check, text.data);
		ck_assert_int_eq(diag.items[i]->severity, info->severity);
	}
	/* Only a warning leaves the case in the plan. */
	ck_assert_msg((plan->len > 0) == (info->severity == BC_SEV_WARNING), "%s: %zu cases", path,
		plan->len);
	BC_AUTO_FREE char *expect = beside(path, ".expect");
	compare(expect, &text);
	bc_strs_add(seen, name);
	bc_plan_free(plan);
}

static void list_yaml(const char *dir, struct bc_strs *paths)
{
	BC_AUTO(bc_strs) names = {0};
	struct bc_err err = {0};
	ck_assert_msg(bc_fs_list(dir, &names, &err), "%s", err.message);
	for (size_t i = 0; i < names.len; i++)
		if (bc_has_suffix(names.items[i], ".yaml"))
			bc_strs_addf(paths, "%s/%s", dir, names.items[i]);
	ck_assert_uint_gt(paths->len, 0);
}

START_TEST(bad_cases)
{
	BC_AUTO(bc_strs) paths = {0}, seen = {0};
	ck_assert_int_eq(chdir(BC_SOURCE_DIR "/fixtures/plan"), 0);
	list_yaml("bad", &paths);
	for (size_t i = 0; i < paths.len; i++)
		check_bad(paths.items[i], &seen);
	/* These need more than one file; test_load.c has them. */
	bc_strs_add(&seen, "duplicate-id");
	bc_strs_add(&seen, "unreadable");
	/* These need files that are built; test_memory.c has them. */
	bc_strs_add(&seen, "kernel-overlap");
	bc_strs_add(&seen, "kernel-too-large");
	for (const struct bc_check_info *c = bc_checks; c->id; c++)
		ck_assert_msg(bc_strs_has(&seen, c->id), "no bad case for [%s]", c->id);
}
END_TEST

static void set_texts(struct bc_json *to, const char *key, const struct bc_strs *list)
{
	struct bc_json *json = bc_json_new_array();
	for (size_t i = 0; i < list->len; i++)
		bc_json_append(json, bc_json_new_string(list->items[i]));
	bc_json_set(to, key, json);
}

/* Absolute paths inside of the fixtures differ from tree to tree. */
static void set_path(struct bc_json *to, const char *key, const char *text)
{
	const char *root = BC_SOURCE_DIR "/fixtures/plan";
	BC_AUTO(bc_buf) out = {0};
	for (const char *at; text && (at = strstr(text, root)); text = at + strlen(root)) {
		bc_buf_add(&out, text, (size_t)(at - text));
		bc_buf_adds(&out, "ROOT");
	}
	if (text)
		bc_buf_adds(&out, text);
	bc_json_set_string(to, key, out.data);
}

static void set_value(struct bc_json *to, const char *key, const struct bc_value *value)
{
	BC_AUTO(bc_buf) text = {0};
	bc_value_print(value, &text);
	set_path(to, key, text.data);
}

static struct bc_json *dump_machine(const struct bc_machine *m)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set_string(json, "arch", m->arch);
	bc_json_set_string(json, "model", m->model);
	bc_json_set_string(json, "cpu", m->cpu);
	bc_json_set_int(json, "cpus", m->cpus);
	bc_json_set_int(json, "memory", (int64_t)m->memory_bytes);
	bc_json_set_int(json, "uarts", m->uarts);
	bc_json_set_int(json, "console", m->console);
	bc_json_set_string(json, "qemu", m->qemu);
	set_texts(json, "options", &m->options);
	bc_json_set_string(json, "net", m->net.mode == BC_NET_USER ? "user" : "none");
	bc_json_set_bool(json, "restrict", m->net.is_restricted);
	bc_json_set_string(json, "nic", m->net.model);
	bc_json_set_string(json, "tftp", m->net.tftp);
	if (m->net.tftp_server == BC_TFTP_TFTPD)
		bc_json_set_string(json, "tftp-server", "tftpd");
	set_texts(json, "forwards", &m->net.forwards);
	return json;
}

static struct bc_json *dump_boot(const struct bc_boot *boot)
{
	struct bc_json *json = bc_json_new_object(), *drives = bc_json_new_array();
	set_path(json, "kernel", boot->kernel);
	set_path(json, "dtb", boot->dtb);
	set_path(json, "initrd", boot->initrd);
	set_path(json, "bios", boot->bios);
	bc_json_set_string(json, "cmdline", boot->cmdline);
	for (size_t i = 0; i < boot->drives.len; i++) {
		struct bc_json *drive = bc_json_new_object();
		bc_json_set_string(drive, "file", boot->drives.items[i].file);
		bc_json_set_string(drive, "interface", boot->drives.items[i].interface);
		bc_json_set_string(drive, "format", boot->drives.items[i].format);
		bc_json_set_int(drive, "index", boot->drives.items[i].index);
		bc_json_append(drives, drive);
	}
	bc_json_set(json, "drives", drives);
	return json;
}

static void dump_lists(const struct bc_case *c, struct bc_json *json)
{
	struct bc_json *artifacts = bc_json_new_object(), *steps = bc_json_new_array(),
		       *rejects = bc_json_new_array(), *known = bc_json_new_array();
	for (size_t i = 0; i < c->artifacts.len; i++)
		set_value(artifacts, c->artifacts.items[i].name, c->artifacts.items[i].params);
	for (size_t i = 0; i < c->steps.len; i++) {
		struct bc_json *step = bc_json_new_object();
		bc_json_set_string(step, "kind", c->steps.items[i].kind);
		set_value(step, "params", c->steps.items[i].params);
		bc_json_set_int(step, "limit", (int64_t)c->steps.items[i].limit_ms);
		bc_json_set_int(step, "line", c->steps.items[i].loc.line);
		bc_json_append(steps, step);
	}
	for (size_t i = 0; i < c->rejects.len; i++) {
		struct bc_json *reject = bc_json_new_object();
		bc_json_set_string(reject, "pattern", c->rejects.items[i].pattern);
		bc_json_set_int(reject, "stream", (int64_t)c->rejects.items[i].stream);
		bc_json_append(rejects, reject);
	}
	for (size_t i = 0; i < c->known.len; i++) {
		struct bc_json *entry = bc_json_new_object();
		bc_json_set_string(entry, "pattern", c->known.items[i].pattern);
		bc_json_set_string(entry, "reason", c->known.items[i].reason);
		bc_json_set_string(entry, "until", c->known.items[i].until);
		bc_json_append(known, entry);
	}
	bc_json_set(json, "artifacts", artifacts);
	bc_json_set(json, "steps", steps);
	bc_json_set(json, "reject", rejects);
	bc_json_set(json, "known", known);
}

static struct bc_json *dump(const struct bc_case *c)
{
	struct bc_json *json = bc_json_new_object(), *cell = bc_json_new_object(),
		       *limits = bc_json_new_object();
	bc_json_set_string(json, "id", c->id);
	bc_json_set_string(json, "name", c->name);
	bc_json_set_string(json, "summary", c->summary);
	bc_json_set_string(json, "file", c->file);
	set_path(json, "root", c->root);
	bc_json_set_int(json, "line", c->loc.line);
	set_texts(json, "labels", &c->labels);
	for (size_t i = 0; i + 1 < c->cell.len; i += 2)
		bc_json_set_string(cell, c->cell.items[i], c->cell.items[i + 1]);
	bc_json_set(json, "cell", cell);
	bc_json_set(json, "machine", dump_machine(&c->machine));
	bc_json_set(json, "boot", dump_boot(&c->boot));
	bc_json_set_int(limits, "boot", (int64_t)c->limits.boot);
	bc_json_set_int(limits, "silence", (int64_t)c->limits.silence);
	bc_json_set_int(limits, "total", (int64_t)c->limits.total);
	bc_json_set_int(limits, "step", (int64_t)c->limits.step);
	bc_json_set(json, "limits", limits);
	dump_lists(c, json);
	set_texts(json, "detect_off", &c->detect_off);
	bc_json_set_bool(json, "detect_none", c->detect_none);
	bc_json_set_string(json, "prompt", c->prompt);
	bc_json_set_string(json, "verdict", bc_verdict_name(c->outcome.verdict));
	bc_json_set_string(json, "kind", bc_kind_name(c->outcome.kind));
	bc_json_set_string(json, "title", c->outcome.title);
	return json;
}

static void check_good(const char *path)
{
	struct bc_plan_options options = fake_options();
	BC_AUTO(bc_diag) diag = {0};
	struct bc_err err = {0};
	char *paths[] = {(char *)(uintptr_t)path};
	struct bc_plan *plan = bc_plan_load(paths, 1, &options, &diag, &err);
	ck_assert_msg(plan != NULL, "%s: %s", path, err.message);
	BC_AUTO(bc_buf) text = {0};
	bc_diag_render(&diag, &text, false, bc_plan_line, plan);
	ck_assert_msg(diag.len == 0, "%s", text.data);
	BC_AUTO_JSON *json = bc_json_new_array();
	for (size_t i = 0; i < plan->len; i++)
		bc_json_append(json, dump(plan->items[i]));
	bc_json_print(json, true, &text);
	bc_buf_addc(&text, '\n');
	BC_AUTO_FREE char *expect = beside(path, ".json");
	compare(expect, &text);
	bc_plan_free(plan);
}

START_TEST(good_cases)
{
	BC_AUTO(bc_strs) paths = {0};
	ck_assert_int_eq(chdir(BC_SOURCE_DIR "/fixtures/plan"), 0);
	list_yaml("good", &paths);
	for (size_t i = 0; i < paths.len; i++)
		check_good(paths.items[i]);
}
END_TEST

CHECK_MAIN("golden", bad_cases, good_cases)
