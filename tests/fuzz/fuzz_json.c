/* JSON from outside: whatever parses, prints, and the print parses to the same print. */
#include <bootcheck/sys/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bc_err err;
	BC_AUTO_JSON *json = bc_json_parse((const char *)data, size, &err);
	if (!json)
		return 0;
	BC_AUTO(bc_buf) first = {0}, second = {0};
	bc_json_print(json, false, &first);
	BC_AUTO_JSON *again = bc_json_parse(first.data, first.len, &err);
	if (!again)
		abort();
	bc_json_print(again, false, &second);
	if (first.len != second.len || memcmp(first.data, second.data, first.len) != 0)
		abort();
	(void)bc_json_get_string(json, "a", NULL);
	(void)bc_json_len(json);
	return 0;
}
