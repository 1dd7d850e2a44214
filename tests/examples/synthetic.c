#include "synthetic.h"

#include <tests/support/harness.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void synthetic_folder(char *folder)
{
	snprintf(folder, SYNTHETIC_PATH_BYTES, "/tmp/street-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
}

void synthetic_path(const char *folder, const char *name, char *path)
{
	int length = snprintf(path, SYNTHETIC_PATH_BYTES, "%s/%s", folder, name);

	assert_in_range(length, 1, SYNTHETIC_PATH_BYTES - 1);
}

void synthetic_remove(const char *folder)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;

	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] != '.') {
			assert_int_equal(unlinkat(dirfd(directory), entry->d_name, 0), 0);
		}
	}
	closedir(directory);
	assert_int_equal(rmdir(folder), 0);
}

size_t synthetic_files(const char *folder, const char *suffix)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)) != NULL) {
		size_t length = strlen(entry->d_name);
		size_t end = strlen(suffix);

		count += length >= end && strcmp(entry->d_name + length - end, suffix) == 0;
	}
	closedir(directory);
	return count;
}

static int luma_at(size_t x, size_t y, size_t frame)
{
	size_t left = SYNTHETIC_WALKER_LEFT + SYNTHETIC_STEP * frame;
	int inside = x >= left && x < left + SYNTHETIC_WALKER_WIDTH && y >= SYNTHETIC_WALKER_TOP &&
		     y < SYNTHETIC_WALKER_TOP + SYNTHETIC_WALKER_HEIGHT;

	return inside ? 40 : 140;
}

void synthetic_clip(const char *path, size_t frames, const char *colour_space)
{
	FILE *file = fopen(path, "wb");
	size_t pixels = (size_t)SYNTHETIC_WIDTH * SYNTHETIC_HEIGHT;
	size_t chroma = strncmp(colour_space, "444", 3) == 0 ? 2 * pixels : pixels / 2;

	assert_non_null(file);
	fprintf(file, "YUV4MPEG2 W%d H%d F10:1 C%s\n", SYNTHETIC_WIDTH, SYNTHETIC_HEIGHT,
		colour_space);
	for (size_t frame = 0; frame < frames; frame++) {
		fputs("FRAME\n", file);
		for (size_t i = 0; i < pixels; i++) {
			putc(luma_at(i % SYNTHETIC_WIDTH, i / SYNTHETIC_WIDTH, frame), file);
		}
		for (size_t i = 0; i < chroma; i++) {
			putc(128, file);
		}
	}
	assert_int_equal(fclose(file), 0);
}

void synthetic_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_not_equal(fputs(text, file), EOF);
	assert_int_equal(fclose(file), 0);
}
