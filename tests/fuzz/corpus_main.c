/* Runs each file of the folders or files named on the command line through a fuzz target once. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return perror(path), 1;
	char *data = malloc(1 << 22);
	size_t n = data ? fread(data, 1, 1 << 22, f) : 0;
	fclose(f);
	/* A copy of the exact size lets the sanitizers see one byte too far. */
	uint8_t *exact = malloc(n ? n : 1);
	if (n && exact)
		memcpy(exact, data, n);
	free(data);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0, seen = 0;
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		if (!dir) {
			failed |= run_file(argv[i]);
			seen++;
			continue;
		}
		for (struct dirent *e; (e = readdir(dir));) {
			char path[4096];
			struct stat st;
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
				failed |= run_file(path);
				seen++;
			}
		}
		closedir(dir);
	}
	printf("%d inputs\n", seen);
	return failed || !seen;
}
