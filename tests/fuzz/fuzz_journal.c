/* Bytes as events.jsonl, through the loader and every report. */
#include <bootcheck/report/load.h>
#include <bootcheck/report/report.h>
#include <bootcheck/sys/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BC_AUTO(bc_run) run = {0};
	struct bc_err err = {0};
	if (!bc_report_parse("/nonexistent", (const char *)data, size, &run, &err)) {
		if (!err.code || !err.message[0])
			abort();
		return 0;
	}
	BC_AUTO(bc_buf) out = {0};
	BC_AUTO(bc_buf) other = {0};
	if (!bc_report_junit(&run, NULL, &out, &err))
		abort();
	/* What no report may pass on: XML 1.0 has no word for it. */
	for (size_t i = 0; i < out.len; i++)
		if ((unsigned char)out.data[i] < 0x20 && !strchr("\t\n\r", out.data[i]))
			abort();
	bc_buf_clear(&out);
	bc_report_tap(&run, &out);
	bc_report_summary(&run, false, &out);
	bc_report_github(&run, &out, &other);
	bc_report_html(&run, &other);
	if (out.len && memchr(out.data, '\033', out.len))
		abort();
	bc_buf_clear(&out);
	bc_report_json(&run, &out);
	BC_AUTO_JSON *json = bc_json_parse(out.data, out.len, &err);
	if (!json)
		abort();
	return 0;
}
