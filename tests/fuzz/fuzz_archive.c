/* Any bytes as an archive, unpacked into a temporary folder: nothing may appear outside of it. */
#include <fcntl.h>
#include <unistd.h>

#include <bootcheck/sys/archive.h>
#include <bootcheck/sys/fs.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *scratch; /* one folder for the whole program: a run has millions of inputs */

static void remove_scratch(void)
{
	(void)!bc_fs_remove(scratch, NULL);
	free(scratch);
}

static void setup(void)
{
	if (scratch)
		return;
	scratch = bc_fs_temp_dir(NULL, "fuzz-archive-", NULL);
	if (!scratch)
		abort();
	atexit(remove_scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	setup();
	BC_AUTO(bc_strs) names = {0};
	BC_AUTO_FREE char *file = bc_asprintf("%s/archive", scratch);
	BC_AUTO_FREE char *cage = bc_asprintf("%s/cage", scratch);
	BC_AUTO_FREE char *dir = bc_asprintf("%s/cage/out", scratch);
	{
		BC_AUTO_FD fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0 || !bc_fs_write_all(fd, data, size, NULL))
			abort();
	}
	if (!bc_fs_mkdirs(dir, 0755, NULL))
		abort();
	struct bc_extract extract = {
		.archive = file, .dir = dir, .max_bytes = 1 << 20, .max_entries = 1000};
	struct bc_err err = {0};
	bool ok = bc_archive_extract(&extract, &err);
	if (!ok && (err.code == BC_E_NONE || !err.message[0]))
		abort();
	/* Beside `out` and `archive` nothing may have come up. */
	if (!bc_fs_list(cage, &names, NULL) || names.len != 1)
		abort();
	bc_strs_release(&names);
	if (!bc_fs_list(scratch, &names, NULL) || names.len != 2)
		abort();
	if (!bc_fs_remove(cage, NULL))
		abort();
	return 0;
}
