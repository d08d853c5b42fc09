#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include <bootcheck/base/text.h>
#include <bootcheck/build/cache.h>
#include <bootcheck/cli/cli.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/json.h>

enum { KEY_JSON = 256, KEY_SIZE };

struct args {
	const char *verb;
	bool is_json, is_dry, has_size;
	uint64_t size;
};

static const struct argp_option options[] = {
	{"size", KEY_SIZE, "SIZE", 0, "gc: what may stay, such as 20G", 0},
	{"dry-run", 'n', NULL, 0, "gc: remove nothing, say what would go", 0},
	{"json", KEY_JSON, NULL, 0, "Print JSON", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *args = state->input;
	switch (key) {
	case KEY_JSON:
		args->is_json = true;
		return 0;
	case 'n':
		args->is_dry = true;
		return 0;
	case KEY_SIZE:
		args->has_size = true;
		/* "0" needs no unit, and means that nothing stays. */
		if (!bc_size_parse(arg, &args->size))
			argp_error(state, "--size takes a size with a unit, such as 20G, not '%s'",
				arg);
		return 0;
	case ARGP_KEY_ARG:
		if (args->verb)
			argp_error(state, "one of list, gc and verify");
		args->verb = arg;
		return 0;
	case ARGP_KEY_END:
		if (!args->verb)
			argp_error(state, "list, gc or verify?");
		if ((args->has_size || args->is_dry) && strcmp(args->verb, "gc") != 0)
			argp_error(state, "--size and --dry-run go with gc");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "list|gc|verify",
	.doc = "Looks after the store of artifacts: `list` shows what is in it, `gc` removes what "
	       "was not used for the longest time until the rest is small enough, `verify` reads "
	       "every artifact and puts aside what is damaged, so that it is built again.\v"
	       "gc also removes apt's lists, sums of sources, logs and records that were not used "
	       "for 30 days.\n"
	       "Without --size, gc leaves $BOOTCHECK_CACHE_SIZE, or 40G. Folders of objects and "
	       "the "
	       "compiler's cache count too.\n"
	       "Exit status: 0; 1 when verify found damage; 2 for wrong usage; 3 when the cache is "
	       "in use or cannot be read; 130 when interrupted.\n\n"
	       "Examples:\n"
	       "  bootcheck cache list\n"
	       "  bootcheck cache gc --size 10G --dry-run\n"
	       "  bootcheck cache verify\n"
	       "  bootcheck cache list --json | jq '.items[] | select(.kind == \"linux\")'\n",
};

static volatile sig_atomic_t is_interrupted;

static void on_signal(int signum)
{
	(void)signum;
	is_interrupted = 1;
}

static void format_use(int64_t sec, char out[32])
{
	time_t t = (time_t)sec;
	struct tm tm;
	snprintf(out, 32, "never");
	if (sec > 0 && localtime_r(&t, &tm))
		strftime(out, 32, "%Y-%m-%d %H:%M", &tm);
}

static struct bc_json *item_json(const struct bc_cache_item *item)
{
	struct bc_json *json = bc_json_new_object();
	bc_json_set_string(json, "name", item->name);
	bc_json_set_string(json, "kind", item->kind);
	bc_json_set_string(json, "title", item->title);
	bc_json_set_string(json, "path", item->path);
	bc_json_set_int(json, "bytes", (int64_t)item->bytes);
	bc_json_set_int(json, "files", (int64_t)item->files);
	bc_json_set_int(json, "used", item->used_sec);
	return json;
}

static void print_item(const struct bc_cache_item *item)
{
	char size[32], used[32];
	BC_AUTO(bc_buf) title = {0};
	bc_size_format(item->bytes, size, sizeof(size));
	format_use(item->used_sec, used);
	bc_escape_text(&title, item->title, strlen(item->title), false);
	/* A key is told by its first twelve digits, everywhere. */
	bool is_key = strlen(item->name) == 64;
	printf("%10s  %-16s  %.*s  %s\n", size, used, is_key ? 12 : 64, item->name,
		title.data ? title.data : "");
}

static struct bc_json *notes_json(const struct bc_cache_note notes[BC_CACHE_NOTES])
{
	struct bc_json *json = bc_json_new_object();
	for (size_t i = 0; i < BC_CACHE_NOTES; i++)
		bc_json_set_int(json, notes[i].name, (int64_t)notes[i].bytes);
	return json;
}

static void print_notes(const struct bc_cache_note notes[BC_CACHE_NOTES])
{
	BC_AUTO(bc_buf) text = {0};
	for (size_t i = 0; i < BC_CACHE_NOTES; i++) {
		char size[32];
		bc_size_format(notes[i].bytes, size, sizeof(size));
		bc_buf_addf(&text, "%s%s/ %s", i ? ", " : "", notes[i].name, size);
	}
	printf("besides: %s\n", text.data);
}

static int list(const struct args *args, const char *dir)
{
	struct bc_err err = {0};
	BC_AUTO(bc_cache) cache = {0};
	struct bc_cache_note notes[BC_CACHE_NOTES];
	char size[32];
	if (!bc_cache_list(dir, &cache, &err))
		return bc_cli_error(&err);
	bc_cache_notes_list(dir, notes);
	if (args->is_json) {
		BC_AUTO_JSON *json = bc_json_new_object();
		struct bc_json *items = bc_json_new_array();
		BC_AUTO(bc_buf) out = {0};
		bc_vec_each (item, &cache)
			bc_json_append(items, item_json(item));
		bc_json_set_string(json, "cache", dir);
		bc_json_set_int(json, "bytes", (int64_t)cache.bytes);
		bc_json_set(json, "items", items);
		bc_json_set(json, "besides", notes_json(notes));
		bc_json_print(json, true, &out);
		printf("%s\n", out.data);
		return BC_EXIT_OK;
	}
	if (cache.len)
		printf("%10s  %-16s  %s\n", "size", "last used", "what");
	bc_vec_each (item, &cache)
		print_item(item);
	bc_size_format(cache.bytes, size, sizeof(size));
	printf("%zu items, %s in %s\n", cache.len, size, dir);
	print_notes(notes);
	return BC_EXIT_OK;
}

static bool wanted_size(const struct args *args, uint64_t *size)
{
	const char *text = getenv("BOOTCHECK_CACHE_SIZE");
	*size = args->has_size ? args->size : BC_CACHE_SIZE;
	if (args->has_size || !text || !*text || bc_size_parse(text, size))
		return true;
	fprintf(stderr, "bootcheck: BOOTCHECK_CACHE_SIZE is no size: '%s'; 40G is one\n", text);
	return false;
}

static int gc(const struct args *args, const char *dir)
{
	struct bc_err err = {0};
	BC_AUTO(bc_cache) kept = {0};
	BC_AUTO(bc_cache) gone = {0};
	char freed[32], rest[32];
	uint64_t size;
	if (!wanted_size(args, &size))
		return BC_EXIT_USAGE;
	if (!bc_cache_shrink(dir, size, args->is_dry, &kept, &gone, &err))
		return bc_cli_error(&err);
	if (args->is_json) {
		BC_AUTO_JSON *json = bc_json_new_object();
		struct bc_json *items = bc_json_new_array();
		BC_AUTO(bc_buf) out = {0};
		bc_vec_each (item, &gone)
			bc_json_append(items, item_json(item));
		bc_json_set_bool(json, "dry_run", args->is_dry);
		bc_json_set_int(json, "freed", (int64_t)gone.bytes);
		bc_json_set_int(json, "bytes", (int64_t)kept.bytes);
		bc_json_set(json, "removed", items);
		bc_json_set_int(json, "freed_besides", (int64_t)gone.note_bytes);
		bc_json_print(json, true, &out);
		printf("%s\n", out.data);
		return BC_EXIT_OK;
	}
	bc_vec_each (item, &gone)
		print_item(item);
	bc_size_format(gone.bytes, freed, sizeof(freed));
	bc_size_format(kept.bytes, rest, sizeof(rest));
	printf("%s %zu items, %s; %zu stay, %s\n", args->is_dry ? "would remove" : "removed",
		gone.len, freed, kept.len, rest);
	if (gone.note_bytes) {
		bc_size_format(gone.note_bytes, freed, sizeof(freed));
		printf("%s %s of lists, sums, logs and records that were not used for 30 days\n",
			args->is_dry ? "would remove" : "removed", freed);
	}
	return BC_EXIT_OK;
}

struct damages {
	const struct args *args;
	struct bc_json *list, *made;
};

static void on_damage(void *ctx, const struct bc_cache_item *item, const char *why)
{
	struct damages *d = ctx;
	if (d->args->is_json) {
		struct bc_json *json = item_json(item);
		bc_json_set_string(json, "why", why);
		bc_json_append(d->list, json);
		return;
	}
	BC_AUTO(bc_buf) text = {0};
	bc_escape_text(&text, item->title, strlen(item->title), false);
	bc_buf_adds(&text, ": ");
	bc_escape_text(&text, why, strlen(why), false);
	printf("damaged  %.12s  %s\n", item->name, text.data);
}

static void on_made(void *ctx, const char *key, const char *title)
{
	struct damages *d = ctx;
	if (d->args->is_json) {
		struct bc_json *json = bc_json_new_object();
		bc_json_set_string(json, "name", key);
		bc_json_set_string(json, "title", title);
		bc_json_append(d->made, json);
		return;
	}
	BC_AUTO(bc_buf) text = {0};
	bc_escape_text(&text, title, strlen(title), false);
	printf("made of  %.12s  %s\n", key, text.data ? text.data : "");
}

static int verify(const struct args *args, const char *dir)
{
	struct bc_err err = {0};
	struct damages damages = {
		.args = args, .list = bc_json_new_array(), .made = bc_json_new_array()};
	struct bc_cache_check check = {.cancelled = (const volatile int *)&is_interrupted,
		.on_damage = on_damage,
		.on_made = on_made,
		.ctx = &damages};
	BC_AUTO_JSON *json = bc_json_new_object();
	bool ok = bc_cache_verify(dir, &check, &err);
	bc_json_set(json, "damaged", damages.list);
	bc_json_set(json, "made_of_them", damages.made);
	if (!ok)
		return bc_cli_error(&err);
	if (args->is_json) {
		BC_AUTO(bc_buf) out = {0};
		bc_json_set_int(json, "checked", (int64_t)check.checked);
		bc_json_print(json, true, &out);
		printf("%s\n", out.data);
	} else {
		printf("%zu artifacts checked, %zu damaged", check.checked, check.damaged);
		if (check.made)
			printf(" and %zu made from %s", check.made,
				check.damaged == 1 ? "it" : "them");
		printf("%s\n",
			check.damaged ? "; they are in quarantine/ and will be built again" : "");
	}
	return check.damaged ? BC_EXIT_FAILED : BC_EXIT_OK;
}

static int run(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(const struct args *args, const char *dir);
	} verbs[] = {{"list", list}, {"gc", gc}, {"verify", verify}};
	struct args args = {0};
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	struct bc_err err = {0};
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	BC_AUTO_FREE char *dir = bc_fs_cache_dir();
	if (!bc_fs_mkdirs(dir, 0755, &err))
		return bc_cli_error(&err);
	for (size_t i = 0; i < BC_LEN(verbs); i++)
		if (strcmp(args.verb, verbs[i].name) == 0)
			return verbs[i].run(&args, dir);
	fprintf(stderr, "bootcheck: cache has list, gc and verify, not '%s'\n", args.verb);
	return BC_EXIT_USAGE;
}

const struct bc_command_line bc_cmd_cache = {
	.name = "cache",
	.summary = "list, shrink or verify the store of artifacts",
	.run = run,
};
