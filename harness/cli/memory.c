#include <bootcheck/base/text.h>
#include <bootcheck/cli/memory.h>
#include <bootcheck/sys/disk.h>
#include <bootcheck/sys/extfs.h>
#include <bootcheck/sys/fs.h>

#define MAX_LOADED ((size_t)256 << 20)
#define MAX_ENV	   ((size_t)1 << 20)
#define MAX_LOADER ((size_t)256 << 10) /* around the environment, which is smaller */

/* A file of the folder that the TFTP server has. */
static bool read_tftp(
	struct bc_build *build, const struct bc_case *c, const char *name, struct bc_buf *out)
{
	name += strspn(name, "/");
	if (!c->machine.net.tftp || !bc_path_is_inside(name))
		return false;
	BC_AUTO_FREE char *dir = bc_build_path(build, c, c->machine.net.tftp, NULL);
	BC_AUTO_FREE char *path = dir ? bc_path_join(dir, name) : NULL;
	return path && bc_fs_read(path, MAX_LOADED, out, NULL);
}

/* A file that bootcheck's own NFS server has, at the longest of the exports' paths that leads to it. */
static bool read_nfs(
	struct bc_build *build, const struct bc_case *c, const char *name, struct bc_buf *out)
{
	const struct bc_nfs_export *best = NULL;
	size_t best_len = 0;
	BC_AUTO_FREE char *wanted = bc_asprintf("/%s", name + strspn(name, "/"));
	for (size_t i = 0; i < c->machine.net.nfs.len; i++) {
		const struct bc_nfs_export *e = &c->machine.net.nfs.items[i];
		size_t n = strlen(e->at);
		n -= n && e->at[n - 1] == '/';
		if (strncmp(wanted, e->at, n) != 0 || (wanted[n] && wanted[n] != '/') ||
			(best && n < best_len))
			continue;
		best = e;
		best_len = n;
	}
	if (!best)
		return false;
	const char *rest = wanted + best_len + strspn(wanted + best_len, "/");
	BC_AUTO_FREE char *root = bc_build_path(build, c, best->ref, NULL);
	if (!root || (*rest && !bc_path_is_inside(rest)))
		return false;
	BC_AUTO_FREE char *path = *rest ? bc_path_join(root, rest) : bc_strdup(root);
	return bc_fs_read(path, MAX_LOADED, out, NULL);
}

/* QEMU's drives of one kind count in the order of the case. */
static const struct bc_drive *drive_of(const struct bc_case *c, const struct bc_memory_file *file)
{
	const char *wanted = strcmp(file->interface, "mmc") == 0 ? "sd" : file->interface;
	int n = 0;
	for (size_t i = 0; i < c->boot.drives.len; i++)
		if (strcmp(c->boot.drives.items[i].interface, wanted) == 0 && n++ == file->device)
			return &c->boot.drives.items[i];
	return NULL;
}

static bool read_disk(struct bc_build *build, const struct bc_case *c,
	const struct bc_memory_file *file, struct bc_buf *out)
{
	const struct bc_drive *drive = drive_of(c, file);
	BC_AUTO_FREE char *path = drive ? bc_build_path(build, c, drive->file, NULL) : NULL;
	uint64_t offset = 0;
	if (!path || (file->part && !bc_disk_partition(path, file->part, &offset, NULL)))
		return false;
	bool ok = bc_extfs_read(path, offset, file->path, MAX_LOADED, out, NULL);
	/* Without a partition U-Boot takes the first one, if the disk has any. */
	if (!ok && !file->part && bc_disk_partition(path, 1, &offset, NULL))
		ok = bc_extfs_read(path, offset, file->path, MAX_LOADED, out, NULL);
	return ok;
}

static bool read_file(struct bc_build *build, const struct bc_case *c,
	const struct bc_memory_file *file, struct bc_buf *out)
{
	switch (file->source) {
	case BC_MEMORY_TFTP:
		return read_tftp(build, c, file->path, out);
	case BC_MEMORY_DISK:
		return file->interface && read_disk(build, c, file, out);
	case BC_MEMORY_NFS:
		return read_nfs(build, c, file->path, out);
	}
	return false;
}

static bool look(void *ctx, const struct bc_case *c, const struct bc_memory_file *file,
	struct bc_bootimage *image)
{
	BC_AUTO(bc_buf) data = {.max = MAX_LOADED + 1};
	if (!read_file(ctx, c, file, &data))
		return false;
	bc_bootimage_parse(data.data ? data.data : "", data.len, data.len, file->inside, image);
	return true;
}

static bool script(
	void *ctx, const struct bc_case *c, const struct bc_memory_file *file, struct bc_buf *out)
{
	BC_AUTO(bc_buf) data = {.max = MAX_LOADED + 1};
	const char *text;
	size_t len;
	if (!read_file(ctx, c, file, &data) ||
		!bc_bootimage_script(data.data ? data.data : "", data.len, &text, &len))
		return false;
	bc_buf_add(out, text, len);
	return true;
}

static bool text(void *ctx, const struct bc_case *c, const char *ref, struct bc_buf *out)
{
	BC_AUTO_FREE char *path = bc_build_path(ctx, c, ref, NULL);
	return path && bc_fs_read(path, MAX_ENV, out, NULL);
}

static bool loader(
	void *ctx, const struct bc_case *c, const void *mark, size_t len, struct bc_buf *out)
{
	const char *ref = c->boot.bios ? c->boot.bios : c->boot.kernel;
	BC_AUTO_FREE char *path = ref ? bc_build_path(ctx, c, ref, NULL) : NULL;
	return path && bc_fs_read_around(path, mark, len, MAX_LOADER, out);
}

void bc_cli_memory_read(const struct bc_plan *plan, const struct bc_case *c, struct bc_build *build,
	struct bc_memory *memory)
{
	struct bc_memory_store store = {look, script, text, loader, build};
	bc_memory_read(c, plan->files, &store, memory);
}

/* A finding as one line: the message and what helps. */
static char *one_line(const struct bc_finding *f)
{
	BC_AUTO(bc_buf) out = {.max = 2000};
	bc_buf_adds(&out, f->message);
	if (f->hint)
		bc_buf_addf(&out, "; %s", f->hint);
	return bc_buf_take(&out);
}

void bc_cli_memory_warn(const struct bc_plan *plan, struct bc_build *build, struct bc_jobs *jobs)
{
	bc_vec_each (job, jobs) {
		BC_AUTO(bc_memory) memory = {0};
		BC_AUTO(bc_diag) diag = {0};
		if (job->state != BC_JOB_READY)
			continue;
		bc_cli_memory_read(plan, job->c, build, &memory);
		bc_memory_check(&memory, &diag);
		for (size_t i = 0; i < diag.len; i++)
			bc_vec_push(&job->warnings, one_line(diag.items[i]));
	}
}
