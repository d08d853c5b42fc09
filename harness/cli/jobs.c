#include <bootcheck/cli/emulators.h>
#include <bootcheck/cli/jobs.h>
#include <bootcheck/serve/services.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>

static bool resolve(const struct bc_case *c, struct bc_build *build, const char *text, char **path,
	struct bc_err *err)
{
	if (!text)
		return true;
	*path = bc_build_path(build, c, text, err);
	return *path != NULL;
}

struct option_ref {
	struct bc_build *build;
	const struct bc_case *c;
	struct bc_err *err;
	char *path;
};

static const char *option_path(void *ctx, const char *name, const char *member)
{
	struct option_ref *r = ctx;
	BC_AUTO_FREE char *ref =
		bc_asprintf("${%s%s%s}", name, member ? ":" : "", member ? member : "");
	free(r->path);
	r->path = bc_build_path(r->build, r->c, ref, r->err);
	return r->path;
}

/* A QEMU option is text in which references become paths. */
static bool add_option(const struct bc_case *c, struct bc_build *build, const char *text,
	struct bc_files *files, struct bc_err *err)
{
	struct option_ref r = {build, c, err, NULL};
	char *expanded = bc_refs_expand(text, option_path, &r);
	free(r.path);
	if (!expanded)
		return false;
	bc_vec_push(&files->options, expanded);
	return true;
}

/* A tree of the store comes with its listing; a file, and a folder of the host, is what the disk says. */
static bool add_export(const struct bc_case *c, struct bc_build *build,
	const struct bc_nfs_export *x, struct bc_files *files, struct bc_err *err)
{
	struct bc_export out = {0};
	BC_AUTO_FREE char *path = bc_build_path(build, c, x->ref, err);
	if (!path)
		return false;
	if (!bc_fs_is_dir(path) ||
		!bc_build_listing(build, path, &out.root, &out.listing, &out.below)) {
		out.root = bc_strdup(path);
		out.below = bc_strdup("");
	}
	out.at = bc_strdup(x->at);
	bc_vec_push(&files->nfs, out);
	return true;
}

bool bc_jobs_files(
	const struct bc_case *c, struct bc_build *build, struct bc_files *files, struct bc_err *err)
{
	const struct bc_boot *boot = &c->boot;
	bool ok = resolve(c, build, boot->kernel, &files->kernel, err) &&
		resolve(c, build, boot->dtb, &files->dtb, err) &&
		resolve(c, build, boot->initrd, &files->initrd, err) &&
		resolve(c, build, boot->bios, &files->bios, err) &&
		resolve(c, build, c->machine.net.tftp, &files->tftp, err);
	for (size_t i = 0; ok && i < c->machine.net.nfs.len; i++)
		ok = add_export(c, build, &c->machine.net.nfs.items[i], files, err);
	for (size_t i = 0; ok && i < boot->drives.len; i++) {
		char *path = NULL;
		ok = resolve(c, build, boot->drives.items[i].file, &path, err);
		if (ok)
			bc_vec_push(&files->drives, path);
	}
	for (size_t i = 0; ok && i < c->machine.options.len; i++)
		ok = add_option(c, build, c->machine.options.items[i], files, err);
	return ok;
}

/* The emulator is here and knows the machine and CPU. One that does not answer is left to the boot, whose
 * error says more. */
static bool has_machine(struct bc_emulators *emulators, const struct bc_case *c, struct bc_err *err)
{
	if (bc_emulators_check(emulators, c, err))
		return true;
	if (err->code == BC_E_MISSING && !err->hint[0])
		(void)bc_err_hint(err, "`bootcheck machines` lists the emulators that are here");
	return err->code != BC_E_MISSING && err->code != BC_E_CASE;
}

static bool has_services(const struct bc_case *c, struct bc_err *err)
{
	return !bc_services_wanted(c) || bc_services_check(c, err);
}

static void refuse(struct bc_job *job)
{
	bool is_cut_off = job->c->needs_network && job->why.code == BC_E_NET;
	job->state = job->why.code == BC_E_MISSING || is_cut_off ? BC_JOB_SKIP : BC_JOB_ERROR;
}

static struct bc_result *find_done(struct bc_run *done, const char *id)
{
	for (size_t i = 0; done && i < done->results.len; i++)
		if (done->results.items[i].is_done && strcmp(done->results.items[i].id, id) == 0)
			return &done->results.items[i];
	return NULL;
}

bool bc_jobs_make(const struct bc_plan *plan, struct bc_build *build, struct bc_run *done,
	struct bc_jobs *jobs, struct bc_err *err)
{
	bool has_work = false;
	BC_AUTO(bc_emulators) emulators = {0};
	for (size_t i = 0; i < plan->len; i++) {
		struct bc_job job = {.c = plan->items[i], .state = BC_JOB_READY};
		struct bc_result *previous = find_done(done, job.c->id);
		if (previous) {
			job.state = BC_JOB_DONE;
			job.previous = previous;
		} else if (!has_machine(&emulators, job.c, &job.why) ||
			!has_services(job.c, &job.why) ||
			!bc_build_add_case(build, job.c, &job.why)) {
			refuse(&job);
		} else {
			has_work = true;
		}
		bc_vec_push(jobs, job);
	}
	if (has_work && !bc_build_run(build, err))
		return false;
	bc_vec_each (job, jobs)
		if (job->state == BC_JOB_READY &&
			!bc_jobs_files(job->c, build, &job->files, &job->why))
			refuse(job);
	return true;
}

void bc_jobs_release(struct bc_jobs *jobs)
{
	bc_vec_each (job, jobs) {
		bc_files_release(&job->files);
		bc_strs_release(&job->warnings);
	}
	free(jobs->items);
	*jobs = (struct bc_jobs){0};
}
