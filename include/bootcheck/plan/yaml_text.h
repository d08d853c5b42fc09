/* What is done to a file's bytes before and after the YAML scanner sees them. */
#ifndef BOOTCHECK_PLAN_YAML_TEXT_H
#define BOOTCHECK_PLAN_YAML_TEXT_H

#include <bootcheck/plan/files.h>

/* A text in which the braces of every ${name} are characters that YAML takes for letters. */
struct bc_yaml_text {
	struct bc_buf encoded;
	struct {
		BC_VEC(size_t); /* offsets in encoded of these characters, ascending */
	} moved;
};

/* [too-big], [not-utf8] or [bad-character]; false after one of them. An empty file is fine. */
bool bc_yaml_text_check(struct bc_lint *lint, const struct bc_plan_file *file) BC_MUST_CHECK;
/* Fills text (zeroed) from a file's bytes. Released by bc_yaml_text_release(). */
void bc_yaml_encode(struct bc_yaml_text *text, const struct bc_buf *file);
/* The braces put back. The caller frees. */
char *bc_yaml_decode(const char *text, size_t len) BC_MUST_CHECK;
/* An offset in text->encoded as one in the file. */
size_t bc_yaml_original(const struct bc_yaml_text *text, size_t at);
void bc_yaml_text_release(struct bc_yaml_text *text);

#endif
