#include <check.h>
#include <dirent.h>
#include <string.h>

#include <bootcheck/base/buf.h>
#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/run/detect.h>

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

/* The phases as far as these recordings need them. */
static enum bc_phase_id phase_after(enum bc_phase_id phase, const char *line)
{
	static const struct {
		const char *text;
		enum bc_phase_id phase;
	} marks[] = {
		{"U-Boot 20", BC_PHASE_LOADER},
		{"Uncompressing Linux", BC_PHASE_DECOMPRESSOR},
		{"Linux version ", BC_PHASE_KERNEL},
		{"Booting Linux on physical", BC_PHASE_KERNEL},
		{" as init process", BC_PHASE_INIT},
		{"built-in shell (ash)", BC_PHASE_SHELL},
	};
	for (size_t i = 0; i < BC_LEN(marks); i++)
		if (strstr(line, marks[i].text) && marks[i].phase > phase)
			phase = marks[i].phase;
	return phase;
}

/* Takes out what moves a cursor; NUL too. */
static size_t clean(char *line, size_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		if (line[i] == '\x1b' && i + 1 < len && line[i + 1] == '[') {
			for (i += 2; i < len && (line[i] < '@' || line[i] > '~'); i++)
				;
		} else if (line[i] && line[i] != '\r') {
			line[n++] = line[i];
		}
	}
	line[n] = '\0';
	return n;
}

static struct bc_detect *replay(const char *path)
{
	struct bc_detect *detect = bc_detect_new(NULL);
	enum bc_phase_id phase = BC_PHASE_NONE;
	char *line = NULL;
	size_t cap = 0;
	uint64_t number = 0;
	FILE *f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	for (ssize_t n; (n = getline(&line, &cap, f)) > 0;) {
		size_t len = (size_t)n - (line[n - 1] == '\n');
		len = clean(line, len);
		phase = phase_after(phase, line);
		(void)bc_detect_line(detect, line, len, ++number, phase);
	}
	free(line);
	fclose(f);
	return detect;
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
	}
	return bc_buf_take(&out);
}

/* Every recording of fixtures/consoles with what is found in it; BC_GOLDEN_UPDATE=1 rewrites. */
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
		struct bc_detect *detect = replay(log);
		BC_AUTO_FREE char *got = describe(detect);
		bc_detect_free(detect);
		if (getenv("BC_GOLDEN_UPDATE")) {
			FILE *f = fopen(expect, "w");
			ck_assert_ptr_nonnull(f);
			fputs(got, f);
			fclose(f);
			continue;
		}
		char want[16384] = "";
		FILE *f = fopen(expect, "r");
		if (f) {
			want[fread(want, 1, sizeof(want) - 1, f)] = '\0';
			fclose(f);
		}
		if (!f || strcmp(want, got) != 0) {
			fprintf(stderr, "%s: expected\n%sgot\n%s", e->d_name, want, got);
			bad++;
		}
	}
	closedir(dir);
	ck_assert_int_gt(seen, 0);
	ck_assert_int_eq(bad, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("detect");
	TCase *tc = tcase_create("detect");
	tcase_add_test(tc, test_examples);
	tcase_add_test(tc, test_recordings);
	suite_add_tcase(suite, tc);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
