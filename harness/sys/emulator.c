/* Asks a QEMU what it can do, once: starting one takes 0.15 s, reading the kept answer 0.1 ms. */
#include <ctype.h>
#include <strings.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include <bootcheck/base/text.h>
#include <bootcheck/sys/emulator.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>
#include <bootcheck/sys/json.h>
#include <bootcheck/sys/proc.h>

#define ASK_TIMEOUT_MS 20000
#define MAX_OUTPUT     (1 << 20)
#define MAX_ENTRIES    4096
#define MAX_NAME       128
#define MAX_SUMMARY    512
#define CACHE_FORMAT   1 /* raise it when the parsers learn something new */

static void release_lists(struct bc_emulator *e)
{
	bc_vec_each (m, &e->machines) {
		free(m->name);
		free(m->summary);
		free(m->alias_of);
	}
	bc_vec_each (c, &e->cpus) {
		free(c->name);
		free(c->summary);
	}
	free(e->machines.items);
	free(e->cpus.items);
}

void bc_emulator_release(struct bc_emulator *e)
{
	release_lists(e);
	free(e->path);
	free(e->name);
	free(e->arch);
	free(e->version);
	free(e->package);
	*e = (struct bc_emulator){0};
}

/* Parsers */

/* Takes the next line off *text, without blanks at its ends; NULL at the end. The caller frees. */
static char *next_line(const char **text)
{
	const char *p = *text;
	if (!*p)
		return NULL;
	size_t n = strcspn(p, "\n");
	*text = p + n + (p[n] == '\n');
	while (n && isspace((unsigned char)*p)) {
		p++;
		n--;
	}
	while (n && isspace((unsigned char)p[n - 1]))
		n--;
	return bc_strndup(p, n < MAX_NAME + MAX_SUMMARY ? n : MAX_NAME + MAX_SUMMARY);
}

static bool is_name(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("._-+", text[i]))
			return false;
	return len > 0 && len <= MAX_NAME;
}

bool bc_emulator_parse_version(struct bc_emulator *e, const char *text)
{
	static const char intro[] = "QEMU emulator version ";
	const char *p = strstr(text, intro);
	if (!p)
		return false;
	p += sizeof(intro) - 1;
	size_t n = strcspn(p, " \r\n");
	if (!is_name(p, n))
		return false;
	free(e->version);
	free(e->package);
	e->version = bc_strndup(p, n);
	p += n + strspn(p + n, " ");
	size_t rest = *p == '(' ? strcspn(p + 1, ")\r\n") : 0;
	e->package = bc_strndup(p + (rest > 0), rest < MAX_SUMMARY ? rest : MAX_SUMMARY);
	return true;
}

/* Takes "(text…)" off the end of a summary if it begins so; what stands behind text goes to *rest. */
static bool take_mark(char *summary, const char *text, char **rest)
{
	size_t len = strlen(summary);
	if (!len || summary[len - 1] != ')')
		return false;
	char *open = strrchr(summary, '(');
	if (!open || !bc_has_prefix(open + 1, text))
		return false;
	const char *value = open + 1 + strlen(text);
	size_t n = (size_t)(summary + len - 1 - value);
	if (rest)
		*rest = bc_strndup(value, n);
	else if (n)
		return false;
	while (open > summary && open[-1] == ' ')
		open--;
	*open = '\0';
	return true;
}

void bc_emulator_parse_machines(struct bc_emulator *e, const char *text)
{
	for (char *line; (line = next_line(&text)); free(line)) {
		size_t n = strcspn(line, " \t");
		/* The heading is the only line that ends in a colon. */
		if (!is_name(line, n) || bc_has_suffix(line, ":") || e->machines.len == MAX_ENTRIES)
			continue;
		struct bc_emulator_machine m = {.name = bc_strndup(line, n),
			.summary = bc_strdup(line + n + strspn(line + n, " \t"))};
		for (bool found = true; found;) {
			found = false;
			if (!m.is_default && take_mark(m.summary, "default", NULL))
				found = m.is_default = true;
			else if (!m.is_deprecated && take_mark(m.summary, "deprecated", NULL))
				found = m.is_deprecated = true;
			else if (!m.alias_of)
				found = take_mark(m.summary, "alias of ", &m.alias_of);
		}
		bc_vec_push(&e->machines, m);
	}
}

void bc_emulator_parse_cpus(struct bc_emulator *e, const char *text)
{
	/* Some targets put their own name before each entry, MIPS also quotes it. */
	static const char *const families[] = {"x86 ", "PowerPC ", "MIPS ", "s390 ", "Sparc "};
	for (char *line; (line = next_line(&text)); free(line)) {
		const char *p = line;
		if (bc_has_prefix(line, "Recognized ")) {
			free(line);
			return; /* flags follow, not processors */
		}
		if (!*line || bc_has_suffix(line, ":"))
			continue;
		for (size_t i = 0; i < BC_LEN(families); i++) {
			if (!bc_has_prefix(p, families[i]))
				continue;
			p += strlen(families[i]);
			p += strspn(p, " ");
			break;
		}
		bool quoted = *p == '\'';
		size_t n = quoted ? strcspn(++p, "'") : strcspn(p, " \t");
		if (!is_name(p, n) || e->cpus.len == MAX_ENTRIES)
			continue;
		const char *rest = p + n + (quoted && p[n] == '\'');
		struct bc_emulator_cpu c = {
			.name = bc_strndup(p, n), .summary = bc_strdup(rest + strspn(rest, " \t"))};
		bc_vec_push(&e->cpus, c);
	}
}

/* Asking */

/* What the program printed on stderr, one line of it, for an error message. */
static void complain(const char *path, int fd, struct bc_err *err)
{
	char said[400];
	ssize_t n = pread(fd, said, sizeof(said) - 1, 0);
	if (err->code == BC_E_COMMAND && n > 0) {
		said[n] = '\0';
		said[strcspn(said, "\r\n")] = '\0';
		(void)bc_err_hint(err, "%s says: %s", path, said);
	}
}

static bool ask(
	const char *path, const char *a, const char *b, struct bc_buf *out, struct bc_err *err)
{
	char *argv[] = {(char *)(uintptr_t)path, (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL};
	BC_AUTO_FD log = memfd_create("emulator", MFD_CLOEXEC);
	struct bc_command command = {
		.argv = argv, .output = out, .log_fd = log, .timeout_ms = ASK_TIMEOUT_MS};
	struct bc_err why;
	bc_buf_clear(out);
	if (bc_command_run(&command, NULL, &why)) {
		if (!out->data)
			bc_buf_adds(out, "");
		return true;
	}
	complain(path, log, &why);
	if (err)
		*err = why;
	return false;
}

static bool ask_all(const char *path, struct bc_emulator *e, struct bc_err *err)
{
	BC_AUTO(bc_buf) out = {.max = MAX_OUTPUT};
	if (!ask(path, "-version", NULL, &out, err))
		return false;
	if (!bc_emulator_parse_version(e, out.data))
		return bc_fail(
			err, BC_E_FORMAT, 0, "%s does not answer -version as QEMU does", path);
	if (!ask(path, "-M", "help", &out, err))
		return false;
	bc_emulator_parse_machines(e, out.data);
	if (!e->machines.len)
		return bc_fail(err, BC_E_FORMAT, 0, "%s -M help lists no machine", path);
	if (!ask(path, "-cpu", "help", &out, err))
		return false;
	bc_emulator_parse_cpus(e, out.data);
	return true;
}

/* Keeping */

static struct bc_json *to_json(const struct bc_emulator *e, const char *key)
{
	struct bc_json *o = bc_json_new_object(), *machines = bc_json_new_array(),
		       *cpus = bc_json_new_array();
	bc_vec_each (m, &e->machines) {
		struct bc_json *item = bc_json_new_object();
		bc_json_set_string(item, "name", m->name);
		bc_json_set_string(item, "summary", m->summary);
		bc_json_set_string(item, "alias_of", m->alias_of);
		bc_json_set_bool(item, "default", m->is_default);
		bc_json_set_bool(item, "deprecated", m->is_deprecated);
		bc_json_append(machines, item);
	}
	bc_vec_each (c, &e->cpus) {
		struct bc_json *item = bc_json_new_object();
		bc_json_set_string(item, "name", c->name);
		bc_json_set_string(item, "summary", c->summary);
		bc_json_append(cpus, item);
	}
	bc_json_set_string(o, "key", key);
	bc_json_set_string(o, "version", e->version);
	bc_json_set_string(o, "package", e->package);
	bc_json_set(o, "machines", machines);
	bc_json_set(o, "cpus", cpus);
	return o;
}

static char *copy_member(const struct bc_json *object, const char *key)
{
	return bc_strdup(bc_json_get_string(object, key, ""));
}

/* False when the kept answer is about another program, or is no answer. */
static bool from_json(const struct bc_json *o, const char *key, struct bc_emulator *e)
{
	const struct bc_json *machines = bc_json_get(o, "machines"), *cpus = bc_json_get(o, "cpus");
	if (strcmp(bc_json_get_string(o, "key", ""), key) != 0 || !bc_json_len(machines))
		return false;
	e->version = copy_member(o, "version");
	e->package = copy_member(o, "package");
	for (size_t i = 0; i < bc_json_len(machines) && i < MAX_ENTRIES; i++) {
		const struct bc_json *item = bc_json_at(machines, i);
		struct bc_emulator_machine m = {.name = copy_member(item, "name"),
			.summary = copy_member(item, "summary"),
			.alias_of = bc_strdup(bc_json_get_string(item, "alias_of", NULL)),
			.is_default = bc_json_get_bool(item, "default", false),
			.is_deprecated = bc_json_get_bool(item, "deprecated", false)};
		bc_vec_push(&e->machines, m);
	}
	for (size_t i = 0; i < bc_json_len(cpus) && i < MAX_ENTRIES; i++) {
		const struct bc_json *item = bc_json_at(cpus, i);
		struct bc_emulator_cpu c = {
			.name = copy_member(item, "name"), .summary = copy_member(item, "summary")};
		bc_vec_push(&e->cpus, c);
	}
	return true;
}

static bool read_kept(const char *file, const char *key, struct bc_emulator *e)
{
	BC_AUTO(bc_buf) text = {.max = MAX_OUTPUT * 2};
	struct bc_err ignored;
	if (!bc_fs_exists(file) || !bc_fs_read(file, MAX_OUTPUT * 2, &text, &ignored) || !text.len)
		return false;
	BC_AUTO_JSON *json = bc_json_parse(text.data, text.len, &ignored);
	return json && from_json(json, key, e);
}

/* A cache that cannot be written only costs time. */
static void keep(const char *dir, const char *file, const char *key, const struct bc_emulator *e)
{
	struct bc_err ignored;
	BC_AUTO(bc_buf) text = {0};
	BC_AUTO_JSON *json = to_json(e, key);
	bc_json_print(json, false, &text);
	if (bc_fs_mkdirs(dir, 0777, &ignored))
		(void)!bc_fs_write(file, text.data, text.len, &ignored);
}

bool bc_emulator_load(
	const char *path, const char *cache_dir, struct bc_emulator *out, struct bc_err *err)
{
	struct stat st;
	BC_AUTO_FREE char *full = bc_host_find(path);
	const char *package = bc_host_package(path);
	if (!full || stat(full, &st) != 0) {
		(void)bc_fail(err, BC_E_MISSING, 0, "%s is not installed", path);
		return package && bc_err_hint(err, "apt-get install %s", package);
	}
	BC_AUTO_FREE char *base = cache_dir ? bc_strdup(cache_dir) : bc_fs_cache_dir();
	BC_AUTO_FREE char *dir = bc_path_join(base, "emulators");
	BC_AUTO_FREE char *name = bc_file_name(full);
	BC_AUTO_FREE char *file = bc_asprintf("%s/%s.json", dir, name);
	BC_AUTO_FREE char *key = bc_asprintf("%d %s %lld %lld.%09ld %lld.%09ld %llu", CACHE_FORMAT,
		full, (long long)st.st_size, (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		(long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec, (unsigned long long)st.st_ino);
	BC_AUTO(bc_emulator) e = {0};
	if (!read_kept(file, key, &e)) {
		if (!ask_all(full, &e, err))
			return false;
		keep(dir, file, key, &e);
	}
	e.path = bc_strdup(full);
	e.name = bc_strdup(bc_path_base(full));
	e.arch = bc_strdup(bc_has_prefix(e.name, "qemu-system-") ? e.name + 12 : e.name);
	*out = e;
	e = (struct bc_emulator){0};
	return true;
}

/* Questions */

static bool unknown(const struct bc_emulator *e, const char *what, const char *name,
	struct bc_strs *names, const char *list, struct bc_err *err)
{
	const char *near = bc_suggest(name, (const char *const *)bc_strs_argv(names));
	(void)bc_fail(err, BC_E_CASE, 0, "%s %s has no %s '%s'", e->name, e->version, what, name);
	if (near)
		return bc_err_hint(err, "did you mean '%s'?", near);
	return bc_err_hint(err, "`bootcheck machines %s%s` lists them", e->arch, list);
}

bool bc_emulator_check_machine(const struct bc_emulator *e, const char *model, struct bc_err *err)
{
	BC_AUTO_FREE char *name = bc_strndup(model, strcspn(model, ","));
	BC_AUTO(bc_strs) names = {0};
	bc_vec_each (m, &e->machines) {
		if (strcmp(m->name, name) == 0)
			return true;
		bc_strs_add(&names, m->name);
	}
	return unknown(e, "machine", name, &names, "", err);
}

bool bc_emulator_check_cpu(const struct bc_emulator *e, const char *cpu, struct bc_err *err)
{
	BC_AUTO_FREE char *name = bc_strndup(cpu, strcspn(cpu, ","));
	BC_AUTO(bc_strs) names = {0};
	bool is_ppc = bc_has_prefix(e->arch, "ppc");
	size_t hex = strspn(name, "0123456789abcdefABCDEF");
	/* A target whose list could not be read is left to QEMU's own judgement. */
	if (strcmp(name, "host") == 0 || !e->cpus.len || (is_ppc && hex == 8 && !name[8]))
		return true;
	bc_vec_each (c, &e->cpus) {
		if ((is_ppc ? strcasecmp(c->name, name) : strcmp(c->name, name)) == 0)
			return true;
		bc_strs_add(&names, c->name);
	}
	return unknown(e, "CPU", name, &names, " --cpus", err);
}
