/* The one seam to libfyaml: the text of a file to a tree of values. */
#ifndef BOOTCHECK_PLAN_YAML_H
#define BOOTCHECK_PLAN_YAML_H

#include <bootcheck/plan/files.h>

#define BC_YAML_MAX_DEPTH 64
#define BC_YAML_MAX_NODES 100000
#define BC_YAML_MAX_KEYS  1000 /* of one map */

/* Parses file->text (UTF-8, one document) into a tree; every node and key has its place. Plain `${…}`
 * is text also inside of {flow: maps}. Whatever is wrong becomes findings: [yaml], [tab], [not-utf8],
 * [bad-character], [too-big], [too-deep], [duplicate-key], [multi-document], [complex-key],
 * [yaml-feature], [empty-file], and the warning [hash-comment]. NULL when any of them is an error. The caller frees. */
struct bc_value *bc_yaml_parse(struct bc_lint *lint, const struct bc_plan_file *file) BC_MUST_CHECK;

#endif
