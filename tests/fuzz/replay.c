/* Runs a fuzz target once over each file of a folder: the kept corpus as a regression test. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define REPLAY_BYTES_MAX      (1u << 22)
#define REPLAY_PATH_BYTES_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int replay_file(const char *path)
{
	uint8_t *data;
	size_t bytes;
	FILE *file = fopen(path, "rb");

	if (file == NULL) {
		perror(path);
		return 1;
	}
	data = malloc(REPLAY_BYTES_MAX);
	if (data == NULL) {
		fclose(file);
		return 1;
	}
	bytes = fread(data, 1, REPLAY_BYTES_MAX, file);
	fclose(file);
	LLVMFuzzerTestOneInput(data, bytes);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	char path[REPLAY_PATH_BYTES_MAX];
	const struct dirent *entry;
	unsigned count = 0;
	int failed = 0;
	DIR *folder;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return 2;
	}
	folder = opendir(argv[1]);
	if (folder == NULL) {
		perror(argv[1]);
		return 1;
	}
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.') {
			continue;
		}
		snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
		failed |= replay_file(path);
		count++;
	}
	closedir(folder);
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("%u inputs replayed\n", count);
	return failed || count == 0;
}
