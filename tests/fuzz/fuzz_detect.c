/* Detectors: any bytes as lines, any order of phases. */
#include <stdint.h>
#include <string.h>

#include <bootcheck/run/detect.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bc_detect *detect = bc_detect_new(NULL);
	enum bc_phase_id phase = BC_PHASE_NONE;
	const char *p = (const char *)data, *end = p + size;
	uint64_t number = 0;
	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((eol ? eol : end) - p);
		/* A first byte below 8 sets the phase. */
		if (len && *p >= 0 && *p <= BC_PHASE_OFF) {
			phase = (enum bc_phase_id) * p++;
			len--;
		}
		if (number % 97 == 96)
			bc_detect_reset(detect);
		(void)bc_detect_line(detect, p, len, ++number, phase);
		p += len + (eol != NULL);
	}
	for (size_t i = 0; i < bc_detect_count(detect); i++) {
		const struct bc_hit *hit = bc_detect_hit(detect, i);
		if (!hit->title || hit->last < hit->line || strlen(hit->title) > 4000)
			__builtin_trap();
	}
	for (size_t i = 0; i < bc_detect_notes(detect); i++)
		if (!bc_detect_note(detect, i)->title)
			__builtin_trap();
	bc_detect_free(detect);
	return 0;
}
