#include <check.h>
#include <dirent.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bootcheck/base/buf.h>
#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/run/console.h>
#include <bootcheck/run/detect.h>
#include <bootcheck/run/phase.h>

#include "../pieces.h"

static enum bc_phase_id phase_for(const struct bc_detector *d)
{
	for (unsigned p = BC_PHASE_LOADER; d->phases && p <= BC_PHASE_OFF; p++)
		if (d->phases & 1u << p)
			return (enum bc_phase_id)p;
	return BC_PHASE_KERNEL;
}

static bool saw(struct bc_detect *detect, const char *id)
{
	for (size_t i = 0; i < bc_detect_count(detect); i++)
		if (strcmp(bc_detect_hit(detect, i)->detector->id, id) == 0)
			return true;
	for (size_t i = 0; i < bc_detect_notes(detect); i++)
		if (strcmp(bc_detect_note(detect, i)->detector->id, id) == 0)
			return true;
	return false;
}

static bool fires(const struct bc_detector *d, const char *text, bool is_stamped)
{
	struct bc_detect *detect = bc_detect_new(NULL);
	BC_AUTO_FREE char *line = bc_asprintf("%s%s", is_stamped ? "[    1.234567] " : "", text);
	(void)bc_detect_line(detect, line, strlen(line), 1, phase_for(d));
	bool yes = saw(detect, d->id);
	bc_detect_free(detect);
	return yes;
}

START_TEST(test_examples)
{
	int bad = 0;
	for (const struct bc_detector *const *d = bc_detector_list(); *d; d++) {
		if ((*d)->flags & BC_DETECT_BY_SESSION)
			continue;
		if (strcmp((*d)->id, "unexpected-reset") == 0)
			continue;
		const char *what = NULL;
		if (!fires(*d, (*d)->example, false))
			what = "misses its example";
		else if ((*d)->flags & BC_DETECT_KERNEL && !fires(*d, (*d)->example, true))
			what = "misses its example behind a time stamp";
		else if (!(*d)->unlike || fires(*d, (*d)->unlike, false))
			what = "takes what is none";
		if (what)
			fprintf(stderr, "%s %s\n", (*d)->id, what);
		bad += what != NULL;
	}
	ck_assert_int_eq(bad, 0);
}
END_TEST

struct boot {
	struct bc_console console;
	struct bc_detect *detect;
	enum bc_phase_id phase;
};

static void on_line(void *ctx, const struct bc_console_line *line)
{
	struct boot *boot = ctx;
	(void)bc_detect_line(boot->detect, line->data, line->len, line->number, boot->phase);
	boot->phase = bc_phase_after(boot->phase, line);
}

static char *read_file(const char *path, size_t *len)
{
	BC_AUTO(bc_buf) data = {0};
	FILE *f = fopen(path, "rb");
	if (!f)
		return perror(path), abort(), NULL;
	char chunk[65536];
	for (size_t n; (n = fread(chunk, 1, sizeof(chunk), f)) > 0;)
		bc_buf_add(&data, chunk, n);
	fclose(f);
	*len = data.len;
	return bc_buf_take(&data);
}

#define SEEDS	   3  /* of each recording's random pieces */
#define RANDOM_MAX 80 /* bytes */

static const struct cut whole = {"whole", 0, 0};

static struct bc_detect *replay(const char *path, struct cut cut)
{
	size_t len;
	BC_AUTO_FREE char *data = read_file(path, &len);
	struct boot boot = {.detect = bc_detect_new(NULL)};
	bc_console_init(&boot.console, on_line, &boot);
	for (size_t at = 0, n; at < len; at += n) {
		n = next_piece(&cut, len - at);
		/* A copy: the sanitizers see who keeps a piece that was pushed before. */
		char *piece = bc_strndup(data + at, n);
		bc_console_push(&boot.console, piece, n);
		free(piece);
	}
	bc_console_finish(&boot.console);
	bc_console_release(&boot.console);
	return boot.detect;
}

static char *describe(const struct bc_detect *detect)
{
	BC_AUTO(bc_buf) out = {0};
	for (size_t i = 0; i < bc_detect_count(detect); i++) {
		const struct bc_hit *h = bc_detect_hit(detect, i);
		bc_buf_addf(&out, "%llu-%llu %s%s %s\n", (unsigned long long)h->line,
			(unsigned long long)h->last, h->detector->id, h->is_fatal ? "!" : "",
			h->title);
		if (h->function || h->place)
			bc_buf_addf(&out, "  at: %s %s\n", h->function ? h->function : "-",
				h->place ? h->place : "-");
		if (h->hint && h->detector->hint)
			bc_buf_addf(&out, "  hint: %s\n", h->hint);
	}
	for (size_t i = 0; i < bc_detect_notes(detect); i++) {
		const struct bc_hit *h = bc_detect_note(detect, i);
		bc_buf_addf(&out, "note %llu %s x%llu %s\n", (unsigned long long)h->line,
			h->detector->id, (unsigned long long)h->count, h->title);
		if (h->hint && h->detector->hint)
			bc_buf_addf(&out, "  hint: %s\n", h->hint);
	}
	return bc_buf_take(&out);
}

/* What stands in a recording's .expect, NULL if it has none. */
static char *read_expected(const char *path)
{
	size_t len;
	return access(path, R_OK) == 0 ? read_file(path, &len) : NULL;
}

/* True if a recording, cut like this, holds what is wanted; otherwise says what it holds. */
static bool finds(const char *path, struct cut cut, const char *want)
{
	struct bc_detect *detect = replay(path, cut);
	BC_AUTO_FREE char *got = describe(detect);
	bc_detect_free(detect);
	if (want && strcmp(want, got) == 0)
		return true;
	fprintf(stderr, "%s, %s (seed %u): expected\n%sgot\n%s", path, cut.name, cut.seed,
		want ? want : "a file\n", got);
	return false;
}

static void update(const char *log, const char *expect)
{
	struct bc_detect *detect = replay(log, whole);
	BC_AUTO_FREE char *got = describe(detect);
	FILE *f = fopen(expect, "w");
	ck_assert_ptr_nonnull(f);
	fputs(got, f);
	fclose(f);
	bc_detect_free(detect);
}

/* Every recording of fixtures/consoles with what is found in it, however its bytes come;
 * BC_GOLDEN_UPDATE=1 rewrites. */
START_TEST(test_recordings)
{
	static const char folder[] = BC_SOURCE_DIR "/fixtures/consoles";
	int bad = 0, seen = 0;
	DIR *dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		if (!bc_has_suffix(e->d_name, ".log"))
			continue;
		seen++;
		BC_AUTO_FREE char *log = bc_asprintf("%s/%s", folder, e->d_name);
		BC_AUTO_FREE char *expect = bc_asprintf(
			"%s/%.*s.expect", folder, (int)strlen(e->d_name) - 4, e->d_name);
		if (getenv("BC_GOLDEN_UPDATE"))
			update(log, expect);
		BC_AUTO_FREE char *want = read_expected(expect);
		bad += !finds(log, whole, want);
		bad += !finds(log, (struct cut){"byte by byte", 1, 0}, want);
		for (uint32_t seed = 1; seed <= SEEDS; seed++)
			bad += !finds(log, (struct cut){"in pieces", RANDOM_MAX, seed}, want);
	}
	closedir(dir);
	ck_assert_int_gt(seen, 0);
	ck_assert_int_eq(bad, 0);
}
END_TEST

/* How fast: the detectors alone over the lines of a file, repeated to 200 MB. */
static void bench(const char *path)
{
	size_t len, total = 0;
	BC_AUTO_FREE char *data = read_file(path, &len);
	struct bc_detect *detect = bc_detect_new(NULL);
	struct timespec start, end;
	uint64_t number = 0;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	while (len && total < 200000000) {
		bc_detect_reset(detect);
		for (size_t at = 0; at < len;) {
			const char *eol = memchr(data + at, '\n', len - at);
			size_t n = eol ? (size_t)(eol - data) - at : len - at;
			size_t cr = n && data[at + n - 1] == '\r';
			(void)bc_detect_line(detect, data + at, n - cr, ++number, BC_PHASE_KERNEL);
			at += n + 1;
		}
		total += len;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	double seconds =
		(double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	printf("%.0f MB/s, %.2f ns/byte, %zu hits\n", (double)total / seconds / 1e6,
		seconds * 1e9 / (double)total, bc_detect_count(detect));
	bc_detect_free(detect);
}

/* Without arguments the tests; FILE… prints what is found in recordings, --bench FILE the speed. */
int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--bench") == 0)
		return bench(argv[2]), 0;
	for (int i = 1; i < argc; i++) {
		struct bc_detect *detect = replay(argv[i], whole);
		BC_AUTO_FREE char *text = describe(detect);
		printf("== %s\n%s", argv[i], text);
		bc_detect_free(detect);
	}
	if (argc > 1)
		return 0;
	Suite *suite = suite_create("detect");
	TCase *tc = tcase_create("detect");
	tcase_set_timeout(tc, 60); /* Check's own 4 s are not enough on a busy host */
	tcase_add_test(tc, test_examples);
	tcase_add_test(tc, test_recordings);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
