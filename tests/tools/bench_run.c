/* Runs a program and prints what it took, its own processor time apart from its children's:
 *   bench_run [--memory] PROGRAM ARG…
 * With --memory the peak is sampled from /proc/PID/status, which costs time: use it in a run of its own.
 * stdout and stderr of the program are dropped. Exit status: the program's. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/wait.h>

static double ms_of(clockid_t clock)
{
	struct timespec t;
	if (clock_gettime(clock, &t) != 0)
		return -1;
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static long peak_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = -1;
	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	FILE *f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

int main(int argc, char **argv)
{
	int with_memory = argc > 1 && strcmp(argv[1], "--memory") == 0;
	char **program = argv + 1 + with_memory;
	if (!program[0]) {
		fprintf(stderr, "usage: bench_run [--memory] PROGRAM ARG...\n");
		return 2;
	}
	double begin = ms_of(CLOCK_MONOTONIC);
	pid_t pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execvp(program[0], program);
		_exit(127);
	}
	long peak = -1;
	siginfo_t info = {0};
	/* The dead process is left in place until its clock has been read. */
	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | (with_memory ? WNOHANG : 0)) ==
			0 &&
		!info.si_pid) {
		long now = peak_kib(pid);
		peak = now > peak ? now : peak;
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
	double end = ms_of(CLOCK_MONOTONIC);
	clockid_t clock;
	double cpu = clock_getcpuclockid(pid, &clock) == 0 ? ms_of(clock) : -1;
	int status = 0;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	printf("%.3f %.3f %ld\n", end - begin, cpu, peak);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
