#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <bootcheck/base/mem.h>
#include <bootcheck/base/text.h>
#include <bootcheck/run/record.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/json.h>

#define MAX_UARTS 8
#define CONSOLE	  (-1)

struct bc_record {
	char *dir;
	int log, cast;
	int uarts[MAX_UARTS];
	/* serial.order: who spoke when, from the first byte of another port on. */
	int order;
	int speaker;	 /* a port, or CONSOLE */
	uint64_t spoken; /* bytes of the speaker's that are not written down yet */
	char held[4];	 /* the beginning of a UTF-8 sequence whose end has not come yet */
	size_t held_len;
};

static int create(const char *dir, const char *name)
{
	BC_AUTO_FREE char *path = bc_path_join(dir, name);
	return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0666);
}

struct bc_record *bc_record_new(const char *dir, const char *title, struct bc_err *err)
{
	struct bc_record *r = bc_calloc(1, sizeof(*r));
	r->dir = bc_strdup(dir);
	for (int i = 0; i < MAX_UARTS; i++)
		r->uarts[i] = -1;
	r->order = -1;
	r->speaker = CONSOLE;
	r->log = create(dir, "console.log");
	r->cast = create(dir, "console.cast");
	if (r->log < 0 || r->cast < 0) {
		(void)bc_fail(err, BC_E_IO, errno, "cannot write the recording in %s", dir);
		bc_record_free(r);
		return NULL;
	}
	BC_AUTO_JSON *head = bc_json_new_object();
	bc_json_set_int(head, "version", 2);
	bc_json_set_int(head, "width", 80);
	bc_json_set_int(head, "height", 24);
	bc_json_set_int(head, "timestamp", (int64_t)time(NULL));
	bc_json_set_string(head, "title", title);
	BC_AUTO(bc_buf) text = {0};
	bc_json_print(head, false, &text);
	bc_buf_addc(&text, '\n');
	BC_IGNORE(bc_fs_write_all(r->cast, text.data, text.len, NULL));
	return r;
}

/* Bytes at the end of data that begin a UTF-8 sequence which is not complete. */
static size_t incomplete(const char *data, size_t len)
{
	for (size_t n = 1; n <= 3 && n <= len; n++) {
		unsigned char b = (unsigned char)data[len - n];
		if ((b & 0xc0) == 0x80)
			continue;
		size_t need = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : b >= 0xc2 ? 2 : 1;
		return need > n ? n : 0;
	}
	return 0;
}

/* JSON's string escapes; bytes that are no UTF-8 become U+FFFD. */
static void add_json(struct bc_buf *out, const char *data, size_t len)
{
	for (size_t i = 0; i < len;) {
		unsigned char b = (unsigned char)data[i];
		int n = bc_utf8_next(data + i, len - i, NULL);
		if (!n) {
			bc_buf_adds(out, "\\ufffd");
			i++;
			continue;
		}
		if (b == '"' || b == '\\')
			bc_buf_addf(out, "\\%c", b);
		else if (b == '\r')
			bc_buf_adds(out, "\\r");
		else if (b == '\n')
			bc_buf_adds(out, "\\n");
		else if (b < 0x20 || b == 0x7f)
			bc_buf_addf(out, "\\u%04x", b);
		else
			bc_buf_add(out, data + i, (size_t)n);
		i += (size_t)n;
	}
}

static void add_event(struct bc_record *r, uint64_t ns, char kind, const char *data, size_t len)
{
	BC_AUTO(bc_buf) line = {0};
	bc_buf_addf(&line, "[%llu.%06u, \"%c\", \"", (unsigned long long)(ns / 1000000000u),
		(unsigned)(ns % 1000000000u / 1000u), kind);
	add_json(&line, data, len);
	bc_buf_adds(&line, "\"]\n");
	BC_IGNORE(bc_fs_write_all(r->cast, line.data, line.len, NULL));
}

static void write_order(struct bc_record *r)
{
	char line[64];
	int n = r->speaker == CONSOLE
		? snprintf(line, sizeof(line), "console %llu\n", (unsigned long long)r->spoken)
		: snprintf(line, sizeof(line), "uart%d %llu\n", r->speaker,
			  (unsigned long long)r->spoken);
	if (r->spoken && r->order >= 0)
		BC_IGNORE(bc_fs_write_all(r->order, line, (size_t)n, NULL));
	r->spoken = 0;
}

static void note_speaker(struct bc_record *r, int speaker, size_t len)
{
	if (speaker != r->speaker) {
		if (r->order < 0)
			r->order = create(r->dir, "serial.order");
		write_order(r);
		r->speaker = speaker;
	}
	r->spoken += len;
}

void bc_record_output(struct bc_record *r, uint64_t ns, const char *data, size_t len)
{
	note_speaker(r, CONSOLE, len);
	BC_IGNORE(bc_fs_write_all(r->log, data, len, NULL));
	BC_AUTO(bc_buf) piece = {0};
	if (r->held_len) {
		bc_buf_add(&piece, r->held, r->held_len);
		bc_buf_add(&piece, data, len);
		data = piece.data;
		len = piece.len;
		r->held_len = 0;
	}
	size_t rest = incomplete(data, len);
	memcpy(r->held, data + len - rest, rest);
	r->held_len = rest;
	if (len > rest)
		add_event(r, ns, 'o', data, len - rest);
}

void bc_record_input(struct bc_record *r, uint64_t ns, const char *data, size_t len)
{
	add_event(r, ns, 'i', data, len);
}

void bc_record_uart(struct bc_record *r, int uart, const char *data, size_t len)
{
	if (uart < 0 || uart >= MAX_UARTS)
		return;
	note_speaker(r, uart, len);
	if (r->uarts[uart] < 0) {
		char name[32];
		snprintf(name, sizeof(name), "uart%d.log", uart);
		r->uarts[uart] = create(r->dir, name);
	}
	if (r->uarts[uart] >= 0)
		BC_IGNORE(bc_fs_write_all(r->uarts[uart], data, len, NULL));
}

void bc_record_free(struct bc_record *r)
{
	if (!r)
		return;
	write_order(r);
	if (r->order >= 0)
		close(r->order);
	if (r->log >= 0)
		close(r->log);
	if (r->cast >= 0)
		close(r->cast);
	for (int i = 0; i < MAX_UARTS; i++)
		if (r->uarts[i] >= 0)
			close(r->uarts[i]);
	free(r->dir);
	free(r);
}
