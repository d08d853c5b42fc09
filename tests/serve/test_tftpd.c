/* in.tftpd around a boot: the real one where it is installed, and small scripts in its place that behave
 * badly. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <bootcheck/base/text.h>
#include <bootcheck/serve/services.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/host.h>

#include "../check_main.h"

#define NOBODY	 65534
#define LIMIT_MS 20000

static struct rig {
	char *dir, *served, *logs, *bin;
	struct bc_loop *loop;
	struct bc_timer *limit;
	struct bc_case c;
	struct bc_files files;
	struct bc_services *services;
	int ready, failed;
	bool goes_on; /* after ready() */
	struct bc_err err;
} rig;

static void on_ready(void *ctx)
{
	(void)ctx;
	rig.ready++;
	if (!rig.goes_on)
		bc_loop_stop(rig.loop);
}

static void on_failed(void *ctx, const struct bc_err *err)
{
	(void)ctx;
	rig.failed++;
	rig.err = *err;
	bc_loop_stop(rig.loop);
}

static void on_limit(void *ctx)
{
	(void)ctx;
	bc_loop_stop(rig.loop);
}

static void put(const char *dir, const char *name, const char *text, mode_t mode)
{
	BC_AUTO_FREE char *path = bc_path_join(dir, name);
	struct bc_err err;
	ck_assert_msg(bc_fs_write(path, text, strlen(text), &err), "%s", err.message);
	ck_assert_int_eq(chmod(path, mode), 0);
}

static char *folder(const char *name)
{
	char *path = bc_path_join(rig.dir, name);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	return path;
}

/* False where the host has no in.tftpd or allows no namespace; the reason is printed. */
static bool begin(void)
{
	struct bc_err err = {0};
	rig = (struct rig){.dir = bc_fs_temp_dir(NULL, "bc-tftpd-", &err)};
	ck_assert_msg(rig.dir != NULL, "%s", err.message);
	ck_assert_int_eq(chmod(rig.dir, 0755), 0);
	rig.served = folder("served");
	rig.logs = folder("logs");
	rig.bin = folder("bin");
	put(rig.served, "uImage", "not much of a kernel", 0644);
	put(rig.served, "empty", "", 0644);
	rig.c.machine.net.tftp = rig.served;
	rig.c.machine.net.tftp_server = BC_TFTP_TFTPD;
	rig.files.tftp = rig.served;
	rig.loop = bc_loop_new();
	rig.limit = bc_timer_new(rig.loop, on_limit, NULL);
	if (bc_services_check(&rig.c, &err))
		return true;
	ck_assert_int_eq(err.code, BC_E_MISSING);
	fprintf(stderr, "not looked at: %s\n", err.message);
	return false;
}

/* Runs until ready(), failed() or the limit. */
static void run(void)
{
	bc_timer_start(rig.limit, LIMIT_MS);
	bc_loop_run(rig.loop);
	bc_timer_stop(rig.limit);
}

static void start(void)
{
	rig.services = bc_services_new(&(struct bc_services_options){.loop = rig.loop,
		.c = &rig.c,
		.files = &rig.files,
		.dir = rig.logs,
		.ready = on_ready,
		.failed = on_failed});
	ck_assert(!rig.ready && !rig.failed);
	run();
}

static void end(void)
{
	bc_services_free(rig.services);
	bc_timer_close(rig.limit);
	bc_loop_free(rig.loop);
	BC_IGNORE(bc_fs_remove(rig.dir, NULL));
	free(rig.dir);
	free(rig.served);
	free(rig.logs);
	free(rig.bin);
	/* Neither the server nor a child of it is left for us to wait for. */
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

/* Puts a script before the real one. */
static void replace(const char *script)
{
	put(rig.bin, "in.tftpd", script, 0755);
	BC_AUTO_FREE char *path = bc_asprintf("%s:%s", rig.bin, getenv("PATH"));
	setenv("PATH", path, 1);
}

static char *logged(void)
{
	BC_AUTO(bc_buf) text = {0};
	BC_AUTO_FREE char *path = bc_path_join(rig.logs, "tftp.log");
	struct bc_err err;
	ck_assert_msg(bc_fs_read(path, 1 << 20, &text, &err), "%s", err.message);
	return bc_buf_take(&text);
}

static void serves(void)
{
	if (!begin())
		return;
	start();
	ck_assert_msg(
		rig.ready == 1 && !rig.failed, "%d %d: %s", rig.ready, rig.failed, rig.err.message);
	BC_AUTO_FREE char *log = logged();
	ck_assert_msg(strstr(log, "filename uImage"), "%s", log);
	size_t count;
	ck_assert_ptr_nonnull(bc_services_enter(rig.services, &count));
	/* Nothing of the check is left behind. */
	BC_AUTO_FREE char *probe = bc_path_join(rig.logs, ".probe");
	ck_assert(!bc_fs_exists(probe));
	end();
}

START_TEST(serves_as_it_is)
{
	serves();
}
END_TEST

START_TEST(serves_as_an_ordinary_user)
{
	if (getuid() != 0)
		return; /* the test above was that */
	pid_t pid = fork();
	if (pid == 0) {
		if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)
			_exit(3);
		/* As after exec: otherwise /proc/self is root's. */
		prctl(PR_SET_DUMPABLE, 1);
		serves();
		_exit(0);
	}
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
}
END_TEST

/* Ends with the others when it is told to; that is no failure, and the port is free again. */
START_TEST(is_stopped_on_purpose)
{
	if (!begin())
		return;
	start();
	ck_assert_int_eq(rig.ready, 1);
	ck_assert(!bc_services_stop(rig.services, "nfs"));
	ck_assert(bc_services_stop(rig.services, "tftp"));
	ck_assert(bc_services_stop(rig.services, "tftp"));
	bc_timer_start(rig.limit, 300);
	bc_loop_run(rig.loop);
	ck_assert_int_eq(rig.failed, 0);
	end();
}
END_TEST

START_TEST(dies_at_once)
{
	if (!begin())
		return;
	replace("#!/bin/sh\nexit 7\n");
	start();
	ck_assert(!rig.ready && rig.failed == 1);
	ck_assert_int_eq(rig.err.code, BC_E_COMMAND);
	ck_assert_str_eq(rig.err.message,
		"the tftp server: in.tftpd ended with exit status 7 during the boot");
	end();
}
END_TEST

START_TEST(dies_during_the_boot)
{
	if (!begin())
		return;
	rig.goes_on = true;
	BC_AUTO_FREE char *real = bc_host_find("in.tftpd");
	BC_AUTO_FREE char *script =
		bc_asprintf("#!/bin/sh\nexec 8<&0\n%s \"$@\" <&8 &\nsleep 1\nexit 3\n", real);
	replace(script);
	start();
	ck_assert_msg(rig.ready == 1 && rig.failed == 1, "%d %d: %s", rig.ready, rig.failed,
		rig.err.message);
	ck_assert_msg(strstr(rig.err.message, "in.tftpd"), "%s", rig.err.message);
	ck_assert_msg(strstr(rig.err.message, "it last said: RRQ from 127.0.0.1 filename uImage"),
		"%s", rig.err.message);
	end();
}
END_TEST

START_TEST(serves_other_bytes)
{
	if (!begin())
		return;
	BC_AUTO_FREE char *other = folder("other");
	put(other, "uImage", "an older kernel", 0644);
	BC_AUTO_FREE char *real = bc_host_find("in.tftpd");
	BC_AUTO_FREE char *script =
		bc_asprintf("#!/bin/sh\nexec %s -v -u root -s %s\n", real, other);
	replace(script);
	start();
	ck_assert(!rig.ready && rig.failed == 1);
	ck_assert_msg(rig.err.code == BC_E_CHECKSUM, "%s", rig.err.message);
	ck_assert_str_eq(rig.err.hint, "tftp.log in the case's folder has what in.tftpd said");
	end();
}
END_TEST

START_TEST(has_nothing_to_serve)
{
	if (!begin())
		return;
	BC_AUTO_FREE char *empty = folder("nothing");
	rig.files.tftp = empty;
	start();
	ck_assert(!rig.ready && rig.failed == 1);
	ck_assert_int_eq(rig.err.code, BC_E_CASE);
	ck_assert_ptr_nonnull(strstr(rig.err.message, "there is no file to serve"));
	end();
}
END_TEST

/* Others than the smallest file are looked at, too: the guest is not to blame for them. */
START_TEST(has_what_is_closed)
{
	if (!begin())
		return;
	put(rig.served, "zImage", "a kernel for few, longer than the other", 0640);
	start();
	ck_assert(!rig.ready && rig.failed == 1);
	ck_assert_int_eq(rig.err.code, BC_E_CASE);
	BC_AUTO_FREE char *want =
		bc_asprintf("the tftp server: the server may not read %s/zImage: Permission denied",
			rig.served);
	ck_assert_str_eq(rig.err.message, want);
	end();
}
END_TEST

START_TEST(has_an_empty_file_alone)
{
	if (!begin())
		return;
	BC_AUTO_FREE char *only = folder("only");
	put(only, "empty", "", 0644);
	rig.files.tftp = only;
	start();
	ck_assert_msg(
		rig.ready == 1 && !rig.failed, "%d %d: %s", rig.ready, rig.failed, rig.err.message);
	end();
}
END_TEST

/* In a user namespace that may hold no further PID namespace. */
START_TEST(is_given_no_pids)
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		struct bc_err err = {0};
		unsigned user = getuid();
		if (unshare(CLONE_NEWUSER) != 0)
			_exit(77);
		prctl(PR_SET_DUMPABLE, 1);
		int map = open("/proc/self/uid_map", O_WRONLY);
		char line[64];
		int n = snprintf(line, sizeof(line), "0 %u 1", user);
		if (map < 0 || write(map, line, (size_t)n) != n)
			_exit(77);
		int limit = open("/proc/sys/user/max_pid_namespaces", O_WRONLY);
		if (limit < 0 || write(limit, "0", 1) != 1)
			_exit(77);
		rig.c.machine.net.tftp = (char *)"x";
		rig.c.machine.net.tftp_server = BC_TFTP_TFTPD;
		if (bc_services_check(&rig.c, &err) || err.code != BC_E_MISSING)
			_exit(1);
		fprintf(stderr, "%s; %s\n", err.message, err.hint);
		_exit(strstr(err.message, "namespace") || strstr(err.message, "installed") ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77),
		"status %x", (unsigned)status);
}
END_TEST

START_TEST(is_not_installed)
{
	if (!begin())
		return;
	struct bc_err err;
	setenv("PATH", "/nowhere/sbin", 1);
	ck_assert(!bc_services_check(&rig.c, &err));
	ck_assert_int_eq(err.code, BC_E_MISSING);
	ck_assert_str_eq(err.message, "in.tftpd is not installed");
	ck_assert_str_eq(err.hint, "apt-get install tftpd-hpa");
	start();
	ck_assert(!rig.ready && rig.failed == 1 && rig.err.code == BC_E_MISSING);
	end();
}
END_TEST

START_TEST(is_not_needed)
{
	struct bc_case c = {.machine.net.tftp = NULL};
	struct bc_err err;
	ck_assert(!bc_services_wanted(&c));
	ck_assert(bc_services_check(&c, &err));
	c.machine.net.tftp = (char *)"folder"; /* QEMU's own server */
	ck_assert(!bc_services_wanted(&c));
}
END_TEST

/* The namespace, the server and its children end with this process, however it ends. */
START_TEST(no_orphans)
{
	if (!begin())
		return;
	int fds[2];
	ck_assert_int_eq(pipe(fds), 0);
	BC_AUTO_FREE char *alive = bc_path_join(rig.dir, "alive");
	ck_assert_int_eq(mkfifo(alive, 0666), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		/* Held open by the server, too: the pipe ends with the last of them. */
		BC_AUTO_FREE char *real = bc_host_find("in.tftpd");
		BC_AUTO_FREE char *script = bc_asprintf(
			"#!/bin/sh\nexec 8<&0 9>%s/alive\n%s \"$@\" <&8 &\nwait\n", rig.dir, real);
		replace(script);
		start();
		if (rig.ready != 1)
			_exit(1);
		BC_IGNORE(write(fds[1], "r", 1) == 1);
		pause();
	}
	close(fds[1]);
	int fd = open(alive, O_RDONLY | O_CLOEXEC);
	char c;
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fds[0], &c, 1), 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	/* The script, the server that it started, and any child of that, all hold the FIFO. */
	ck_assert_int_eq(read(fd, &c, 1), 0);
	close(fd);
	close(fds[0]);
	end();
}
END_TEST

CHECK_MAIN("tftpd", serves_as_it_is, serves_as_an_ordinary_user, is_stopped_on_purpose,
	dies_at_once, dies_during_the_boot, serves_other_bytes, has_nothing_to_serve,
	has_what_is_closed, has_an_empty_file_alone, is_given_no_pids, is_not_installed,
	is_not_needed, no_orphans)
