#include "prof/small.h"

#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool small_read(char *out, size_t out_bytes, const char *root, const char *format, ...)
{
	char path[SMALL_PATH_BYTES_MAX];
	size_t bytes = 0;
	ssize_t got = 0;
	va_list args;
	int used = snprintf(path, sizeof path, "%s", root);
	int fd;

	out[0] = '\0';
	if (used < 0 || used >= (int)sizeof path) {
		return false;
	}
	va_start(args, format);
	used += vsnprintf(path + used, sizeof path - (size_t)used, format, args);
	va_end(args);
	if (used >= (int)sizeof path) {
		return false;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	while (bytes + 1 < out_bytes && (got = read(fd, out + bytes, out_bytes - 1 - bytes)) > 0) {
		bytes += (size_t)got;
	}
	close(fd);
	out[bytes] = '\0';
	return got >= 0;
}

double small_field(const char *text, const char *key)
{
	size_t bytes = strlen(key);

	for (const char *line = text; line != NULL && *line != '\0';) {
		if (strncmp(line, key, bytes) == 0 && strchr(" \t:", line[bytes]) != NULL) {
			const char *at = line + bytes + strspn(line + bytes, " \t:");
			char *end;
			double number = strtod(at, &end);

			return end == at ? NAN : number;
		}
		line = strchr(line, '\n');
		line = line == NULL ? NULL : line + 1;
	}
	return NAN;
}

double small_number(const char *root, const char *path)
{
	char text[64];
	char *end;
	double number;

	if (!small_read(text, sizeof text, root, "%s", path)) {
		return NAN;
	}
	number = strtod(text, &end);
	return end == text ? NAN : number;
}
