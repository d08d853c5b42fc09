/* Any bytes as console.records: what is read is bounded and in order, and comes out again as it went in. */
#include <stdlib.h>

#include <bootcheck/run/records.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t take(struct bc_records *records, struct bc_buf *out, uint64_t at)
{
	struct bc_console_ring ring = bc_records_ring(records);
	struct bc_console_record r;
	size_t count = 0;
	if (bc_records_reach(records, at))
		bc_records_begin(out, at);
	for (; ring.next(ring.ctx, &r); count++)
		bc_records_add(out, at, &r);
	bc_records_level(out, at, ring.level(ring.ctx));
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BC_AUTO(bc_buf) out = {0}, again = {0};
	struct bc_records *records = bc_records_parse((const char *)data, size);
	uint64_t before = 0;
	size_t count = 0, same = 0;
	for (uint64_t at; (at = bc_records_next(records)) != UINT64_MAX; before = at) {
		if (at < before)
			abort();
		count += take(records, &out, at);
	}
	bc_records_free(records);
	records = bc_records_parse(out.data ? out.data : "", out.len);
	for (uint64_t at; (at = bc_records_next(records)) != UINT64_MAX;)
		same += take(records, &again, at);
	bc_records_free(records);
	if (count != same || out.len != again.len ||
		(out.len && memcmp(out.data, again.data, out.len) != 0))
		abort();
	return 0;
}
