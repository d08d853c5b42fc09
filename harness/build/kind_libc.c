/* The shared C library of a cross compiler, for programs that are not static. */
#include <bootcheck/base/text.h>
#include <bootcheck/build/kbuild.h>
#include <bootcheck/build/recipes.h>
#include <bootcheck/build/tools.h>
#include <bootcheck/sys/fs.h>

/* What a program of a C library may ask for: those that the compiler has are taken. Since glibc 2.34 most of
 * them are empty, for programs that were linked before. */
static const char *const usual[] = {"libc.so.6", "libm.so.6", "libresolv.so.2", "libpthread.so.0",
	"libdl.so.2", "librt.so.1", "libutil.so.1", "libnss_files.so.2", "libnss_dns.so.2"};
/* The dynamic linkers, and where programs look for theirs. */
static const struct {
	const char *name, *dir;
} linkers[] = {
	{"ld-linux.so.3", "lib"},
	{"ld-linux-armhf.so.3", "lib"},
	{"ld-linux-aarch64.so.1", "lib"},
	{"ld-linux.so.2", "lib"},
	{"ld-linux-x86-64.so.2", "lib64"},
	{"ld-linux-riscv64-lp64d.so.1", "lib"},
	{"ld64.so.2", "lib64"},
	{"ld64.so.1", "lib"},
	{"ld.so.1", "lib"},
};

static const struct bc_field fields[] = {
	{"cross_compile", &bc_shape_text,
		"CROSS_COMPILE of the compiler, such as arm-linux-gnueabi-; Debian's cross "
		"compiler "
		"of the machine's architecture when not given.",
		false, NULL},
	{"libs", &bc_shape_texts, "Further libraries of the compiler, such as libgcc_s.so.1.",
		false, NULL},
	{0},
};
static const struct bc_shape head = {.type = BC_T_OBJECT, .fields = fields};
const struct bc_variant bc_variant_libc = {
	.tag = "libc",
	.doc = "The shared C library that a cross compiler links with, and its dynamic linker, in "
	       "`lib/`. Gives a tree.",
	.head = &head,
};

struct search {
	struct bc_node *node;
	const struct bc_resolver *resolver;
	bool is_new;	     /* what the compiler said before does not count */
	struct bc_buf state; /* lines "to<TAB>from" */
};

/* Adds the file to state, and its sum to the fields. */
static enum bc_resolved add(struct search *s, const char *dir, const char *name, struct bc_err *err)
{
	BC_AUTO_FREE char *path = NULL, *to = bc_path_join(dir, name);
	char hex[BC_DIGEST_HEX];
	enum bc_resolved done = bc_tool_library(
		s->resolver, bc_node_get(s->node, "cross_compile"), name, s->is_new, &path, err);
	if (done != BC_RESOLVE_DONE || !path)
		return done;
	if (!bc_pathsum(s->resolver->cache_dir, path, hex, err))
		return BC_RESOLVE_FAILED;
	bc_node_set(s->node, to, hex);
	bc_buf_addf(&s->state, "%s\t%s\n", to, path);
	return done;
}

static enum bc_resolved add_all(struct search *s, struct bc_err *err)
{
	const struct bc_node *node = s->node;
	const struct bc_value *libs = bc_value_get(bc_value_get(node->params, "libc"), "libs"),
			      *lib;
	enum bc_resolved done = BC_RESOLVE_DONE;
	for (size_t i = 0; i < BC_LEN(linkers) && done == BC_RESOLVE_DONE; i++)
		done = add(s, linkers[i].dir, linkers[i].name, err);
	if (done == BC_RESOLVE_DONE && !s->state.len) {
		(void)bc_fail(err, BC_E_MISSING, 0, "%sgcc has no dynamic linker",
			bc_node_get(node, "cross_compile"));
		(void)bc_err_hint(err, "install the C library for it, such as libc6-armel-cross");
		return BC_RESOLVE_FAILED;
	}
	for (size_t i = 0; i < BC_LEN(usual) && done == BC_RESOLVE_DONE; i++)
		done = add(s, "lib", usual[i], err);
	for (size_t i = 0; (lib = bc_value_at(libs, i)) && done == BC_RESOLVE_DONE; i++) {
		size_t before = s->state.len;
		done = add(s, "lib", lib->text, err);
		if (done != BC_RESOLVE_DONE || s->state.len > before)
			continue;
		(void)bc_fail(err, BC_E_MISSING, 0, "%sgcc has no %s",
			bc_node_get(node, "cross_compile"), lib->text);
		return BC_RESOLVE_FAILED;
	}
	return done;
}

static enum bc_resolved resolve(
	struct bc_node *node, const struct bc_resolver *resolver, struct bc_err *err)
{
	struct search s = {.node = node, .resolver = resolver};
	struct bc_err why = {0};
	enum bc_resolved done = add_all(&s, &why);
	/* Libraries may have been installed since, without a change to the compiler. */
	if (done == BC_RESOLVE_FAILED && why.code == BC_E_MISSING) {
		s.is_new = true;
		bc_buf_clear(&s.state);
		done = add_all(&s, &why);
	}
	if (done == BC_RESOLVE_DONE) {
		free(node->state);
		node->state = bc_buf_take(&s.state);
	}
	bc_buf_release(&s.state);
	if (done == BC_RESOLVE_FAILED && err)
		*err = why;
	return done;
}

static bool copy(struct bc_job *job, char *line, struct bc_err *err)
{
	char *from = strchr(line, '\t');
	*from++ = '\0';
	BC_AUTO_FREE char *to = bc_path_join(job->out_dir, line);
	BC_AUTO_FREE char *dir = bc_path_dir(to);
	struct bc_entry e = {.path = line, .mode = 0755};
	bc_job_entry(job, &e);
	bc_job_log(job, "%s from %s", line, from);
	return bc_fs_mkdirs(dir, 0755, err) && bc_copy_file(from, to, err);
}

static bool build(struct bc_job *job, struct bc_err *err)
{
	BC_AUTO_FREE char *state = bc_strdup(job->node->state);
	char *rest = state, *line;
	while ((line = strsep(&rest, "\n")))
		if (*line && !copy(job, line, err))
			return false;
	return true;
}

static const struct bc_node_kind kind_libc = {
	.name = "libc",
	.version = "1",
	.resolve = resolve,
	.build = build,
};

static struct bc_node *plan(
	struct bc_planner *planner, const struct bc_value *params, struct bc_err *err)
{
	const struct bc_value *map = bc_value_get(params, "libc"), *lib;
	BC_AUTO_FREE char *arch = NULL, *cross = NULL, *id = NULL;
	BC_AUTO(bc_buf) names = {0};
	for (size_t i = 0; (lib = bc_value_at(bc_value_get(map, "libs"), i)); i++) {
		bc_buf_addf(&names, " %s", lib->text);
		if (strchr(lib->text, '/') || *lib->text == '.' || !*lib->text) {
			(void)bc_planner_fail(
				err, lib->loc, "'%s' is no library's file name", lib->text);
			return NULL;
		}
	}
	if (!bc_kbuild_tools(bc_planner_case(planner)->machine.arch, map, &arch, &cross, err))
		return NULL;
	struct bc_node *node = bc_node_new(&kind_libc, params->loc);
	node->params = bc_value_share(params);
	bc_node_set(node, "cross_compile", cross);
	bc_node_title(node, "libc of %sgcc", cross);
	id = bc_asprintf("%s%s", cross, names.data ? names.data : "");
	return bc_planner_add_as(planner, node, id);
}

const struct bc_recipe bc_recipe_libc = {.variant = &bc_variant_libc, .plan = plan};
