#include <bootcheck/base/mem.h>
#include <bootcheck/serve/service.h>
#include <bootcheck/sys/host.h>

extern const struct bc_service_kind bc_service_tftpd, bc_service_nfs;

static const struct bc_service_kind *const kinds[] = {
	&bc_service_tftpd,
	&bc_service_nfs,
	NULL,
};

const char *const bc_service_names[] = {
	"tftp",
	"nfs",
	NULL,
};

/* One server of the boot. */
struct running {
	const struct bc_service_kind *kind;
	struct bc_services *owner;
	void *service; /* NULL once stopped */
	bool is_ready;
};

struct bc_services {
	struct bc_services_options o;
	struct bc_netns *ns;
	struct {
		BC_VEC(struct running *);
	} all;
	struct bc_timer *tell; /* brings ready() and failed() out of whatever is going on */
	struct bc_err err;     /* a code: it has failed */
	bool is_told;	       /* ready() was called */
};

bool bc_services_wanted(const struct bc_case *c)
{
	for (const struct bc_service_kind *const *k = kinds; *k; k++)
		if ((*k)->is_needed(c))
			return true;
	return false;
}

void bc_services_programs(const struct bc_case *c, struct bc_strs *programs)
{
	for (const struct bc_service_kind *const *k = kinds; *k; k++)
		if ((*k)->is_needed(c) && (*k)->program && !bc_strs_has(programs, (*k)->program))
			bc_strs_add(programs, (*k)->program);
}

bool bc_services_want_netns(const struct bc_case *c)
{
	for (const struct bc_service_kind *const *k = kinds; *k; k++)
		if ((*k)->is_needed(c) && (*k)->needs_netns(c))
			return true;
	return false;
}

static bool told(const struct bc_err *failure, struct bc_err *err)
{
	if (failure->code && err)
		*err = *failure;
	return !failure->code;
}

/* Asked once: a case may come in hundreds of cells. */
static bool check_namespaces(bool has_pids, struct bc_err *err)
{
	static struct bc_err net_failure, pids_failure;
	static bool is_known;
	if (!is_known) {
		struct bc_netns *ns = bc_netns_new(&net_failure);
		is_known = true;
		if (ns)
			BC_IGNORE(bc_netns_check_pids(ns, &pids_failure));
		bc_netns_free(ns);
	}
	return told(&net_failure, err) && (!has_pids || told(&pids_failure, err));
}

bool bc_services_check_netns(struct bc_err *err)
{
	return check_namespaces(false, err);
}

static bool want_pids(const struct bc_case *c)
{
	for (const struct bc_service_kind *const *k = kinds; *k; k++)
		if ((*k)->is_needed(c) && (*k)->has_own_pids)
			return true;
	return false;
}

bool bc_services_check(const struct bc_case *c, struct bc_err *err)
{
	BC_AUTO(bc_strs) programs = {0};
	bc_services_programs(c, &programs);
	bc_vec_each (name, &programs) {
		BC_AUTO_FREE char *path = bc_host_find(*name);
		if (path)
			continue;
		const char *package = bc_host_package(*name);
		(void)bc_fail(err, BC_E_MISSING, 0, "%s is not installed", *name);
		return package ? bc_err_hint(err, "apt-get install %s", package) : false;
	}
	return !bc_services_want_netns(c) || check_namespaces(want_pids(c), err);
}

static void fail(struct bc_services *s, const struct bc_err *err)
{
	if (s->err.code)
		return;
	s->err = *err;
	bc_timer_start(s->tell, 0);
}

static void on_ready(void *ctx)
{
	struct running *r = ctx;
	r->is_ready = true;
	bc_timer_start(r->owner->tell, 0);
}

static void on_failed(void *ctx, const struct bc_err *err)
{
	struct running *r = ctx;
	struct bc_err named = *err;
	(void)bc_err_prefix(&named, "the %s server", r->kind->name);
	fail(r->owner, &named);
}

static void on_tell(void *ctx)
{
	struct bc_services *s = ctx;
	if (s->err.code) {
		s->o.failed(s->o.ctx, &s->err);
		return;
	}
	bc_vec_each (r, &s->all)
		if (!(*r)->is_ready)
			return;
	if (s->is_told)
		return;
	s->is_told = true;
	s->o.ready(s->o.ctx);
}

static bool start(struct bc_services *s, const struct bc_service_kind *kind, struct bc_err *err)
{
	struct running *r = bc_calloc(1, sizeof(*r));
	r->kind = kind;
	r->owner = s;
	bc_vec_push(&s->all, r);
	struct bc_service_env env = {.loop = s->o.loop,
		.c = s->o.c,
		.files = s->o.files,
		.dir = s->o.dir,
		.ns = s->ns,
		.ready = on_ready,
		.failed = on_failed,
		.ctx = r};
	r->service = kind->start(&env, err);
	if (!r->service)
		return bc_err_prefix(err, "the %s server", kind->name);
	return true;
}

static bool start_all(struct bc_services *s, struct bc_err *err)
{
	if (bc_services_want_netns(s->o.c)) {
		s->ns = bc_netns_new(err);
		if (!s->ns)
			return false;
	}
	for (const struct bc_service_kind *const *k = kinds; *k; k++)
		if ((*k)->is_needed(s->o.c) && !start(s, *k, err))
			return false;
	return true;
}

struct bc_services *bc_services_new(const struct bc_services_options *options)
{
	struct bc_services *s = bc_calloc(1, sizeof(*s));
	struct bc_err err = {0};
	s->o = *options;
	s->tell = bc_timer_new(s->o.loop, on_tell, s);
	if (start_all(s, &err))
		bc_timer_start(s->tell, 0);
	else
		fail(s, &err);
	return s;
}

const int *bc_services_enter(const struct bc_services *s, size_t *count)
{
	*count = 0;
	return s && s->ns ? bc_netns_fds(s->ns, count) : NULL;
}

static void end(struct running *r)
{
	if (!r->service)
		return;
	r->kind->stop(r->service);
	r->kind->free(r->service);
	r->service = NULL;
}

bool bc_services_stop(struct bc_services *s, const char *name)
{
	bool found = false;
	bc_vec_each (r, &s->all) {
		if (strcmp((*r)->kind->name, name) != 0)
			continue;
		end(*r);
		found = true;
	}
	return found;
}

void bc_services_free(struct bc_services *s)
{
	if (!s)
		return;
	bc_vec_each (r, &s->all) {
		end(*r);
		free(*r);
	}
	free(s->all.items);
	bc_timer_close(s->tell);
	bc_netns_free(s->ns);
	free(s);
}

void bc_services_by_hand(const struct bc_case *c, const struct bc_files *files, struct bc_buf *out)
{
	if (bc_services_want_netns(c))
		bc_buf_adds(out,
			"# The servers and QEMU run in a network namespace, which ends with them; "
			"this "
			"needs root.\n"
			"if [ \"$1\" != --inside ]; then\n"
			"\texec unshare --net --pid --fork --kill-child sh \"$0\" --inside \"$@\"\n"
			"fi\n"
			"shift\n"
			"ip link set lo up\n");
	for (const struct bc_service_kind *const *k = kinds; *k; k++)
		if ((*k)->is_needed(c) && (*k)->by_hand)
			(*k)->by_hand(c, files, out);
}
