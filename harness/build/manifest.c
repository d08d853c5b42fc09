/* The JSON texts of the store: manifests of entries, and records of what a name was built from. */
#include <unistd.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/store.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/json.h>

#define RECORD_MAX ((size_t)4 << 20)

void bc_manifest_release(struct bc_manifest *m)
{
	free(m->key);
	free(m->kind);
	free(m->title);
	free(m->output);
	free(m->created);
	free(m->top);
	for (size_t i = 0; i < m->inputs.len; i++)
		free(m->inputs.items[i]);
	free(m->inputs.items);
	*m = (struct bc_manifest){0};
}

static bool is_key(const char *text)
{
	return strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

bool bc_manifest_parse(
	const char *text, size_t len, struct bc_manifest *manifest, struct bc_err *err)
{
	BC_AUTO_JSON *json = bc_json_parse(text, len, err);
	if (!json)
		return false;
	const char *key = bc_json_get_string(json, "key", "");
	const char *output = bc_json_get_string(json, "output", "");
	int64_t size = bc_json_get_int(json, "size", -1),
		files = bc_json_get_int(json, "files", -1);
	if (bc_json_get_int(json, "version", 0) != 1 || !is_key(key) ||
		!bc_path_is_inside(output) || size < 0 || files < 0)
		return bc_fail(err, BC_E_FORMAT, 0, "not a manifest of the store");
	BC_AUTO(bc_manifest) m = {.size_bytes = (uint64_t)size, .files = (uint64_t)files};
	m.key = bc_strdup(key);
	m.output = bc_strdup(output);
	m.kind = bc_strdup(bc_json_get_string(json, "kind", ""));
	m.title = bc_strdup(bc_json_get_string(json, "title", ""));
	m.created = bc_strdup(bc_json_get_string(json, "created", ""));
	m.top = bc_strdup(bc_json_get_string(json, "top", ""));
	const struct bc_json *inputs = bc_json_get(json, "inputs");
	for (size_t i = 0; i < bc_json_len(inputs); i++) {
		const struct bc_json *input = bc_json_at(inputs, i);
		bc_vec_push(&m.inputs, bc_strdup(bc_json_get_string(input, "label", "")));
		bc_vec_push(&m.inputs, bc_strdup(bc_json_get_string(input, "title", "")));
		bc_vec_push(&m.inputs, bc_strdup(bc_json_get_string(input, "key", "")));
	}
	*manifest = m;
	m = (struct bc_manifest){0};
	return true;
}

/* The number behind a label, as the manifest is printed; -1 when there is none. */
static int64_t number_at(const char *text, const char *label)
{
	const char *at = strstr(text, label);
	return at && at[strlen(label)] >= '0' && at[strlen(label)] <= '9'
		? strtoll(at + strlen(label), NULL, 10)
		: -1;
}

/* The text behind a label; NULL when there is none, or it is not as it was before it was printed. */
static char *text_at(const char *text, const char *label)
{
	const char *at = strstr(text, label);
	size_t n = at ? strcspn(at + strlen(label), "\"\\") : 0;
	return at && at[strlen(label) + n] == '"' ? bc_strndup(at + strlen(label), n) : NULL;
}

bool bc_manifest_glance(const char *text, struct bc_manifest *manifest)
{
	BC_AUTO_FREE char *output = text_at(text, "\"output\": \"");
	int64_t size = number_at(text, "\"size\": "), files = number_at(text, "\"files\": ");
	if (number_at(text, "\"version\": ") != 1 || !output || !bc_path_is_inside(output) ||
		size < 0 || files < 0)
		return false;
	*manifest = (struct bc_manifest){.output = BC_TAKE(output),
		.top = text_at(text, "\"top\": \""),
		.size_bytes = (uint64_t)size,
		.files = (uint64_t)files};
	return true;
}

void bc_record_release(struct bc_record *record)
{
	free(record->key);
	for (size_t i = 0; i < record->fields.len; i++)
		free(record->fields.items[i]);
	free(record->fields.items);
	*record = (struct bc_record){0};
}

static char *record_path(const struct bc_store *store, const char *name)
{
	char hex[BC_DIGEST_HEX];
	struct bc_digest *digest = bc_digest_new();
	bc_digest_field(digest, "name", name);
	bc_digest_end(digest, hex);
	return bc_asprintf("%s/names/%s.json", bc_store_dir(store), hex);
}

/* `names/newest`: the sum of all names and keys that the last run looked at, as long as no record was written since. */
static char *newest_path(const struct bc_store *store)
{
	return bc_asprintf("%s/names/newest", bc_store_dir(store));
}

bool bc_store_remembers_all(const struct bc_store *store, const char *sum)
{
	BC_AUTO_FREE char *path = newest_path(store);
	BC_AUTO(bc_buf) text = {.max = BC_DIGEST_HEX};
	return bc_fs_read(path, BC_DIGEST_HEX, &text, NULL) && text.data &&
		strcmp(text.data, sum) == 0;
}

void bc_store_remember_all(const struct bc_store *store, const char *sum)
{
	BC_AUTO_FREE char *path = newest_path(store);
	BC_IGNORE(bc_fs_write_unsynced(path, sum, strlen(sum), NULL));
}

static void add_pair(void *ctx, const char *key, struct bc_json *value)
{
	struct bc_record *record = ctx;
	const char *text = bc_json_string(value);
	bc_vec_push(&record->fields, bc_strdup(key));
	bc_vec_push(&record->fields, bc_strdup(text ? text : ""));
}

bool bc_store_recall(const struct bc_store *store, const char *name, struct bc_record *record)
{
	BC_AUTO_FREE char *path = record_path(store, name);
	BC_AUTO(bc_buf) text = {.max = RECORD_MAX};
	if (!bc_fs_read(path, RECORD_MAX, &text, NULL) || !text.data)
		return false;
	BC_AUTO_JSON *json = bc_json_parse(text.data, text.len, NULL);
	const char *key = bc_json_get_string(json, "key", "");
	if (!json || !is_key(key))
		return false;
	struct bc_record r = {.key = bc_strdup(key)};
	const struct bc_json *fields = bc_json_get(json, "fields");
	if (fields && bc_json_is_object(fields))
		bc_json_each(fields, add_pair, &r);
	*record = r;
	return true;
}

/* The key stands in the text as it was printed; in any other string of it the quotes would be escaped. A text that
 * was damaged elsewhere is found when somebody recalls it. */
bool bc_store_remembers(const struct bc_store *store, const char *name, const char *key)
{
	BC_AUTO_FREE char *path = record_path(store, name);
	BC_AUTO_FREE char *wanted = bc_asprintf("\"key\": \"%s\"", key);
	BC_AUTO(bc_buf) text = {.max = RECORD_MAX};
	return bc_fs_read(path, RECORD_MAX, &text, NULL) && text.data &&
		memmem(text.data, text.len, wanted, strlen(wanted));
}

void bc_store_remember(
	const struct bc_store *store, const char *name, const struct bc_record *record)
{
	BC_AUTO_FREE char *path = record_path(store, name);
	BC_AUTO_FREE char *newest = newest_path(store);
	unlink(newest);
	BC_AUTO_JSON *json = bc_json_new_object();
	struct bc_json *fields = bc_json_new_object();
	bc_json_set_string(json, "name", name);
	bc_json_set_string(json, "key", record->key);
	for (size_t i = 0; i + 1 < record->fields.len; i += 2)
		bc_json_set_string(fields, record->fields.items[i], record->fields.items[i + 1]);
	bc_json_set(json, "fields", fields);
	BC_AUTO(bc_buf) text = {.max = RECORD_MAX};
	bc_json_print(json, true, &text);
	if (!text.overflow && !bc_fs_write_unsynced(path, text.data, text.len, NULL))
		return;
}
