/* A journal of any bytes: it loads or is refused, and what loads can be reported. */
#include <unistd.h>

#include <bootcheck/report/load.h>
#include <bootcheck/report/report.h>
#include <bootcheck/sys/fs.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *folder;

static void remove_folder(void)
{
	struct bc_err err;
	(void)!bc_fs_remove(folder, &err);
	free(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bc_err err;
	if (!size)
		return 0;
	if (!folder) {
		folder = bc_fs_temp_dir(
			bc_fs_is_dir("/dev/shm") ? "/dev/shm" : NULL, "fuzz-journal-", &err);
		if (!folder)
			abort();
		atexit(remove_folder);
	}
	BC_AUTO_FREE char *path = bc_asprintf("%s/events.jsonl", folder);
	FILE *f = fopen(path, "wbe");
	if (!f || fwrite(data, 1, size, f) != size || fclose(f) != 0)
		abort();
	BC_AUTO(bc_run) run = {0};
	if (!bc_report_load(folder, &run, &err))
		return 0;
	BC_AUTO(bc_buf) xml = {0}, text = {0};
	if (!bc_report_junit(&run, NULL, &xml, &err))
		abort();
	bc_report_summary(&run, false, &text);
	if (memchr(text.data ? text.data : "", '\033', text.len))
		abort();
	return 0;
}
