/* Text: units, names, escapes, UTF-8, suggestions. No locale. */
#ifndef BOOTCHECK_BASE_TEXT_H
#define BOOTCHECK_BASE_TEXT_H

#include <bootcheck/base/buf.h>

/* "64M" → bytes. Units: B (or none only for "0"), K, M, G, T = powers of 1024; "KiB" etc. are taken
 * too. False without a unit, for garbage, or above INT64_MAX. */
bool bc_size_parse(const char *text, uint64_t *bytes) BC_MUST_CHECK;
/* "20s" → milliseconds. Units: ms, s, min, h. A fraction ("1.5s") is fine. */
bool bc_duration_parse(const char *text, uint64_t *ms) BC_MUST_CHECK;
/* A whole decimal, 0x hexadecimal or 0 octal number with nothing around it. */
bool bc_number_parse(const char *text, int64_t *value) BC_MUST_CHECK;
/* "1.9 s", "850 ms", "2 min 03 s" into out. */
void bc_duration_format(uint64_t ms, char *out, size_t size);
/* "64 MiB" into out. */
void bc_size_format(uint64_t bytes, char *out, size_t size);

/* The candidate closest to word (optimal string alignment distance ≤ a third of its length + 1,
 * case ignored), or NULL. candidates ends with NULL. */
const char *bc_suggest(const char *word, const char *const *candidates);

/* Length in bytes (1–4) of the valid UTF-8 sequence at data, 0 if there is none. *codepoint may be
 * NULL. Rejects surrogates, overlong forms and values over U+10FFFF. */
int bc_utf8_next(const char *data, size_t len, uint32_t *codepoint);
/* Appends data for a terminal or a text report: valid printable UTF-8 and tab as they are, other
 * bytes as \xNN, newline kept if keep_newline. Nothing that moves a cursor passes. */
void bc_escape_text(struct bc_buf *out, const char *data, size_t len, bool keep_newline);
/* Appends text quoted for /bin/sh, for a person to copy; no quotes where none are needed. */
void bc_escape_shell(struct bc_buf *out, const char *text);
/* An argv as one line for a person to copy. */
void bc_escape_argv(struct bc_buf *out, char *const *argv);
/* Maps text to a file name of [A-Za-z0-9._=,+-]; other bytes become '-'; at most 120 bytes, longer
 * ones end in a hash. Never empty, ".", ".." or starting with '.' or '-'. */
char *bc_file_name(const char *text) BC_MUST_CHECK;
/* True if text starts with prefix. */
bool bc_has_prefix(const char *text, const char *prefix);
/* True if text ends with suffix. */
bool bc_has_suffix(const char *text, const char *suffix);
/* Hexadecimal lower-case of len bytes into out[2 * len + 1]. */
void bc_hex(const void *data, size_t len, char *out);

/* a/b with one slash between; b absolute gives b. The caller frees. */
char *bc_path_join(const char *a, const char *b) BC_MUST_CHECK;
/* The folder part of path ("." if none). The caller frees. */
char *bc_path_dir(const char *path) BC_MUST_CHECK;
/* Pointer to the last component inside path. */
const char *bc_path_base(const char *path);
/* Lexical normalisation: no "//", ".", inner ".."; keeps leading "../". The caller frees. */
char *bc_path_normal(const char *path) BC_MUST_CHECK;
/* True for a relative path that stays inside: not absolute, no ".." component, not empty. */
bool bc_path_is_inside(const char *path);
/* False when the target of a symbolic link at path (relative, as bc_path_is_inside() wants it) is absolute, or climbs
 * above the folder that path starts from, as far as the text tells. */
bool bc_path_link_is_inside(const char *path, const char *target);

#endif
