/* The emulator's command line of a recorded boot, for the bare reader:
 *   bench_argv events.jsonl PIPE
 * prints the arguments, each ended by a NUL, without QMP, with the guest's memory in no file of ours, and with the
 * serial port on the FIFOs PIPE. */
#include <bootcheck/base/text.h>
#include <bootcheck/sys/fs.h>
#include <bootcheck/sys/json.h>

static const char *arg_at(const struct bc_json *argv, size_t i)
{
	const char *text = bc_json_string(bc_json_at(argv, i));
	return text ? text : "";
}

static void print(const struct bc_json *argv, const char *pipe)
{
	for (size_t i = 0; i < bc_json_len(argv); i++) {
		const char *arg = arg_at(argv, i), *value = arg_at(argv, i + 1);
		bool is_qmp = (strcmp(arg, "-chardev") == 0 && strstr(value, "id=qmp")) ||
			strcmp(arg, "-mon") == 0;
		bool is_memory =
			strcmp(arg, "-object") == 0 && strstr(value, "mem-path=/proc/self/fd/");
		if (is_qmp || is_memory) {
			i++;
			continue;
		}
		if (strcmp(arg, "-chardev") == 0) {
			printf("%s%cpipe,id=uart0,path=%s%c", arg, 0, pipe, 0);
			i++;
			continue;
		}
		static const char backend[] = ",memory-backend=guest";
		const char *cut = strstr(arg, backend);
		if (cut)
			printf("%.*s%s%c", (int)(cut - arg), arg, cut + sizeof(backend) - 1, 0);
		else
			printf("%s%c", arg, 0);
	}
}

int main(int argc, char **argv)
{
	BC_AUTO(bc_buf) text = {0};
	struct bc_err err;
	if (argc != 3 || !bc_fs_read(argv[1], 1 << 24, &text, &err)) {
		fprintf(stderr, "usage: bench_argv events.jsonl PIPE\n");
		return 2;
	}
	for (const char *p = text.data; p && *p;) {
		size_t n = strcspn(p, "\n");
		BC_AUTO_JSON *line = bc_json_parse(p, n, &err);
		if (line && strcmp(bc_json_get_string(line, "kind", ""), "spawn") == 0) {
			print(bc_json_get(line, "argv"), argv[2]);
			return 0;
		}
		p += n + (p[n] == '\n');
	}
	return 1;
}
