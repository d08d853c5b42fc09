/* How fast a recorded console is read: the parser, the phases and all detectors, as a boot's session
 * drives them, over the given recordings repeated to 200 MB:
 *   bench_console LOG…
 * prints MB/s (a million bytes), ns per line, and what was found. */
#include <time.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/run/console.h>
#include <bootcheck/run/detect.h>
#include <bootcheck/run/phase.h>
#include <bootcheck/sys/fs.h>

#define TOTAL_BYTES 200000000u
#define PIECE	    65536u /* what one read of a full pipe gives */

struct bench {
	struct bc_console console;
	struct bc_detect *detect;
	enum bc_phase_id phase;
	uint64_t lines, hits;
};

/* Processor time: on a busy host the wall clock would tell of the others. */
static uint64_t cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void on_line(void *ctx, const struct bc_console_line *line)
{
	struct bench *b = ctx;
	b->lines++;
	b->phase = bc_phase_after(b->phase, line);
	b->hits += bc_detect_line(b->detect, line->data, line->len, line->number, b->phase);
}

/* The recordings one after the other, again and again; ends receives where each one ends. */
static void fill(struct bc_buf *log, int count, char **paths, size_t *ends)
{
	struct bc_err err;
	BC_AUTO(bc_buf) all = {0};
	for (int i = 0; i < count; i++) {
		if (!bc_fs_read(paths[i], 1 << 24, &all, &err)) {
			fprintf(stderr, "bench_console: %s\n", err.message);
			exit(2);
		}
		ends[i] = all.len;
	}
	while (all.len && log->len < TOTAL_BYTES)
		bc_buf_add(log, all.data, all.len);
}

static void push(struct bench *b, const char *data, size_t len)
{
	for (size_t at = 0; at < len; at += PIECE)
		bc_console_push(&b->console, data + at, len - at < PIECE ? len - at : PIECE);
}

int main(int argc, char **argv)
{
	BC_AUTO(bc_buf) log = {.max = TOTAL_BYTES + (32u << 20)};
	if (argc < 2) {
		fprintf(stderr, "usage: bench_console LOG...\n");
		return 2;
	}
	size_t *ends = bc_calloc((size_t)argc, sizeof(*ends));
	fill(&log, argc - 1, argv + 1, ends);
	struct bench b = {.detect = bc_detect_new(NULL)};
	bc_console_init(&b.console, on_line, &b);
	uint64_t start = cpu_ns();
	for (size_t round = 0; round < log.len; round += ends[argc - 2]) {
		for (int i = 0; i < argc - 1; i++) {
			size_t from = i ? ends[i - 1] : 0;
			push(&b, log.data + round + from, ends[i] - from);
			/* The next boot begins as after a reset. */
			bc_console_reset_stamps(&b.console);
			bc_detect_reset(b.detect);
			b.phase = BC_PHASE_NONE;
		}
	}
	bc_console_finish(&b.console);
	uint64_t ns = cpu_ns() - start;
	printf("%.1f %.1f %llu %llu\n", (double)log.len * 1e3 / (double)ns,
		(double)ns / (double)b.lines, (unsigned long long)b.lines,
		(unsigned long long)b.hits);
	free(ends);
	bc_console_release(&b.console);
	bc_detect_free(b.detect);
	return 0;
}
