/* The texts of the case files of one load, each read and parsed once. */
#ifndef BOOTCHECK_PLAN_FILES_H
#define BOOTCHECK_PLAN_FILES_H

#include <bootcheck/plan/lint.h>

#define BC_FILE_MAX_BYTES ((size_t)1 << 20)
/* The YAML scanner needs time that grows with the square of the empty lines in one scalar. */
#define BC_FILE_MAX_LINES 20000

struct bc_plan_file {
	char *path;	/* as shown in findings; places point to this very string */
	char *absolute; /* normalised */
	struct bc_buf text;
	struct {
		BC_VEC(size_t); /* byte offsets of the lines' starts */
	} lines;
	struct bc_value
		*root;	   /* NULL: it could not be read or does not parse, the findings say so */
	struct bc_err err; /* code is not BC_E_NONE when it could not be read */
	bool is_case;	   /* a path of the command line led here, not only `use:` */
};

struct bc_plan_files {
	BC_VEC(struct bc_plan_file *);
	bool is_closed; /* nothing is read from the file system */
};

/* Never NULL; the caller frees with bc_files_free(). */
struct bc_plan_files *bc_files_new(void) BC_MUST_CHECK;
void bc_files_free(struct bc_plan_files *files);

/* The file at path, read and parsed when it was not yet. Its YAML findings go to lint; a file that
 * cannot be read has `err` set and no finding. Never NULL; owned by lint->files. */
struct bc_plan_file *bc_files_open(struct bc_lint *lint, const char *path);
/* As bc_files_open with the text given (it is copied). */
struct bc_plan_file *bc_files_add(
	struct bc_lint *lint, const char *name, const char *data, size_t len);
/* The file that a place points into, NULL when it is none of these. */
const struct bc_plan_file *bc_files_of(const struct bc_plan_files *files, struct bc_loc loc);

/* The place of the bytes start..end (end not included; the span stops at the end of the line). */
struct bc_loc bc_file_loc(const struct bc_plan_file *file, size_t start, size_t end);
/* A line (1-based) without its line end; NULL out of range. */
const char *bc_file_line(const struct bc_plan_file *file, int line, size_t *len);
/* The place of byte `at` of a scalar's text within the source, looking through quotes; the place of
 * the whole scalar when the text is not written there as it is (folded lines, variables). */
struct bc_loc bc_file_inside(
	const struct bc_plan_files *files, const struct bc_value *scalar, size_t at);

#endif
