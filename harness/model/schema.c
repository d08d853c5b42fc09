#include <bootcheck/model/schema.h>

const struct bc_shape bc_shape_text = {.type = BC_T_TEXT}, bc_shape_name = {.type = BC_T_NAME},
		      bc_shape_bool = {.type = BC_T_BOOL}, bc_shape_size = {.type = BC_T_SIZE},
		      bc_shape_duration = {.type = BC_T_DURATION},
		      bc_shape_date = {.type = BC_T_DATE},
		      bc_shape_pattern = {.type = BC_T_PATTERN}, bc_shape_ref = {.type = BC_T_REF},
		      bc_shape_any = {.type = BC_T_ANY},
		      bc_shape_texts = {.type = BC_T_LIST, .item = &bc_shape_text},
		      bc_shape_refs = {.type = BC_T_LIST, .item = &bc_shape_ref},
		      bc_shape_patterns = {.type = BC_T_LIST, .item = &bc_shape_pattern},
		      bc_shape_uint = {.type = BC_T_INT, .min = 0, .max = INT32_MAX};
