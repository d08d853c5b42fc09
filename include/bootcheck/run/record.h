/* What a boot leaves on disk while it runs: raw bytes and an asciicast. */
#ifndef BOOTCHECK_RUN_RECORD_H
#define BOOTCHECK_RUN_RECORD_H

#include <bootcheck/base/err.h>

struct bc_record;

/* Opens dir/console.log and dir/console.cast (asciicast v2), and dir/uart<N>.log for other ports as they
 * speak, with dir/serial.order, which says in lines `console BYTES` and `uart<N> BYTES` in which order the
 * ports spoke. title goes into the cast's header. BC_E_IO. */
struct bc_record *bc_record_new(
	const char *dir, const char *title, struct bc_err *err) BC_MUST_CHECK;
/* Console output at a time since the start. Failures are kept; nothing stops a boot here. */
void bc_record_output(struct bc_record *record, uint64_t now_ns, const char *data, size_t len);
/* What was typed (an "i" event of the cast). */
void bc_record_input(struct bc_record *record, uint64_t now_ns, const char *data, size_t len);
/* Bytes of another UART. */
void bc_record_uart(struct bc_record *record, int uart, const char *data, size_t len);
/* Closes; NULL is fine. */
void bc_record_free(struct bc_record *record);

#endif
