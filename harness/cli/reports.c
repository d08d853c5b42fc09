#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sys/random.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/cli/reports.h>
#include <bootcheck/report/report.h>
#include <bootcheck/sys/fs.h>

bool bc_cli_print(const struct bc_buf *text, struct bc_err *err)
{
	fflush(stdout);
	return !text->len || bc_fs_write_all(STDOUT_FILENO, text->data, text->len, err);
}

char *bc_cli_github_guard(bool begin)
{
	static char word[33];
	const char *actions = getenv("GITHUB_ACTIONS");
	if (!actions || strcmp(actions, "true") != 0)
		return NULL;
	if (!word[0]) {
		unsigned char random[16];
		if (getrandom(random, sizeof(random), 0) != sizeof(random))
			abort();
		bc_hex(random, sizeof(random), word);
	}
	return begin ? bc_asprintf("::stop-commands::%s\n", word) : bc_asprintf("::%s::\n", word);
}

bool bc_cli_print_guest(const struct bc_buf *text, struct bc_err *err)
{
	BC_AUTO_FREE char *begin = bc_cli_github_guard(true);
	BC_AUTO_FREE char *end = bc_cli_github_guard(false);
	if (!begin || !text->len)
		return bc_cli_print(text, err);
	BC_AUTO(bc_buf) guarded = {0};
	bc_buf_adds(&guarded, begin);
	bc_buf_add(&guarded, text->data, text->len);
	bc_buf_adds(&guarded, text->data[text->len - 1] == '\n' ? "" : "\n");
	bc_buf_adds(&guarded, end);
	return bc_cli_print(&guarded, err);
}

static bool write_in(
	const struct bc_run *run, const char *name, const struct bc_buf *text, struct bc_err *err)
{
	BC_AUTO_FREE char *path = bc_path_join(run->dir, name);
	if (text->overflow)
		return bc_fail(err, BC_E_LIMIT, 0, "%s grew over its limit", path);
	return bc_fs_write(path, text->data, text->len, err);
}

bool bc_cli_reports_write(const struct bc_run *run, struct bc_err *err)
{
	BC_AUTO(bc_buf) junit = {0};
	BC_AUTO(bc_buf) json = {0};
	BC_AUTO(bc_buf) html = {0};
	bc_report_json(run, &json);
	bc_report_html(run, &html);
	return bc_report_junit(run, NULL, &junit, err) && write_in(run, "junit.xml", &junit, err) &&
		write_in(run, "results.json", &json, err) &&
		write_in(run, "index.html", &html, err);
}

bool bc_cli_reports_junit(
	const struct bc_run *run, const char *file, const char *base, struct bc_err *err)
{
	bool is_stdout = strcmp(file, "-") == 0;
	BC_AUTO_FREE char *dir = bc_path_dir(is_stdout ? "./-" : file);
	BC_AUTO(bc_buf) text = {0};
	if (!bc_report_junit(run, base ? base : dir, &text, err))
		return false;
	if (is_stdout)
		return bc_cli_print(&text, err); /* goes into a file, by a redirection */
	return bc_fs_mkdirs(dir, 0777, err) && bc_fs_write(file, text.data, text.len, err);
}

bool bc_cli_reports_github(const struct bc_run *run, bool print_summary, struct bc_err *err)
{
	BC_AUTO(bc_buf) annotations = {0};
	BC_AUTO(bc_buf) summary = {0};
	bc_report_github(run, &annotations, &summary);
	if (!bc_cli_print(&annotations, err))
		return false;
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	if (!path || !*path)
		return !print_summary || bc_cli_print_guest(&summary, err);
	BC_AUTO_FD fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return bc_fail(err, BC_E_IO, errno, "cannot open %s", path);
	return bc_fs_write_all(fd, summary.data, summary.len, err);
}
