#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/file.h>

#include <bootcheck/run/journal.h>
#include <bootcheck/sys/clock.h>
#include <bootcheck/sys/fs.h>

struct bc_journal {
	int fd;
	bool has_failed;
	struct bc_err err;
};

struct bc_journal *bc_journal_new(const char *dir, struct bc_err *err)
{
	BC_AUTO_FREE char *path = bc_asprintf("%s/events.jsonl", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0)
		return bc_fail_null(err, BC_E_IO, errno, "cannot write the journal %s", path);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		close(fd);
		(void)bc_fail(err, BC_E_USAGE, 0, "another run writes to %s", dir);
		(void)bc_err_hint(err, "wait for its end, or give this one a folder of its own");
		return NULL;
	}
	/* A run that was killed may have left half a line: it must not swallow the next one. */
	off_t size = lseek(fd, 0, SEEK_END);
	char last = '\n';
	if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n' &&
		!bc_fs_write_all(fd, "\n", 1, err)) {
		close(fd);
		return NULL;
	}
	struct bc_journal *j = bc_calloc(1, sizeof(*j));
	j->fd = fd;
	return j;
}

void bc_journal_free(struct bc_journal *j)
{
	if (!j)
		return;
	close(j->fd);
	free(j);
}

struct bc_json *bc_journal_line(const char *kind, const char *case_id, int attempt)
{
	struct bc_json *line = bc_json_new_object();
	bc_json_set_int(line, "ns", (int64_t)bc_clock_ns());
	bc_json_set_string(line, "kind", kind);
	bc_json_set_string(line, "case", case_id);
	if (attempt)
		bc_json_set_int(line, "attempt", attempt);
	return line;
}

void bc_journal_write(struct bc_journal *j, struct bc_json *line)
{
	BC_AUTO(bc_buf) text = {0};
	bc_json_print(line, false, &text);
	bc_json_free(line);
	bc_buf_addc(&text, '\n');
	struct bc_err err;
	if (!bc_fs_write_all(j->fd, text.data, text.len, &err) && !j->has_failed) {
		j->has_failed = true;
		j->err = err;
		(void)bc_err_prefix(&j->err, "events.jsonl");
	}
}

const struct bc_err *bc_journal_error(const struct bc_journal *j)
{
	return j->has_failed ? &j->err : NULL;
}

static struct bc_json *phases_json(const struct bc_attempt *a)
{
	struct bc_json *list = bc_json_new_array();
	bc_vec_each (p, &a->phases) {
		struct bc_json *item = bc_json_new_object();
		bc_json_set_string(item, "name", p->name);
		bc_json_set_int(item, "start_ms", (int64_t)p->start_ms);
		bc_json_set_int(item, "length_ms", (int64_t)p->length_ms);
		bc_json_append(list, item);
	}
	return list;
}

struct bc_json *bc_journal_attempt(const struct bc_attempt *a)
{
	struct bc_json *json = bc_json_new_object(), *properties = bc_json_new_object();
	bc_json_set_string(json, "verdict", bc_verdict_name(a->verdict));
	if (a->kind != BC_KIND_NONE)
		bc_json_set_string(json, "kind", bc_kind_name(a->kind));
	bc_json_set_string(json, "title", a->title);
	bc_json_set_string(json, "detector", a->detector);
	bc_json_set_string(json, "excerpt", a->excerpt);
	bc_json_set_string(json, "hint", a->hint);
	bc_json_set_string(json, "error_code", a->error_code);
	if (a->step)
		bc_json_set_int(json, "step", a->step);
	if (a->line)
		bc_json_set_int(json, "line", a->line);
	bc_json_set_int(json, "duration_ms", (int64_t)a->duration_ms);
	bc_json_set_int(json, "verdict_ms", (int64_t)a->verdict_ms);
	bc_json_set_string(json, "dir", a->dir);
	bc_json_set(json, "phases", phases_json(a));
	bc_vec_each (p, &a->properties)
		bc_json_set_string(properties, p->name, p->value);
	bc_json_set(json, "properties", properties);
	return json;
}
