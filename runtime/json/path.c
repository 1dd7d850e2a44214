#include "json/path.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Of a path; what is longer is cut, so that the sentence fits behind it. */
#define PATH_BYTES_MAX 256

static void path_add(char *text, const char *part, size_t bytes)
{
	size_t used = strlen(text);

	snprintf(text + used, PATH_BYTES_MAX - used, "%.*s", (int)bytes, part);
}

/* Recursion is as deep as the text. */
static void path_print(const struct fast_path *path, char *text)
{
	char index[32];

	if (path == NULL) {
		return;
	}
	path_print(path->up, text);
	if (path->name != NULL) {
		path_add(text, ".", text[0] == '\0' ? 0 : 1);
		path_add(text, path->name, strlen(path->name));
	} else if (path->key != NULL) {
		path_add(text, "[\"", 2);
		path_add(text, path->key, strlen(path->key));
		path_add(text, "\"]", 2);
	} else {
		snprintf(index, sizeof index, "[%zu]", path->index);
		path_add(text, index, strlen(index));
	}
}

void fast_path_error(const struct fast_path *path, char *error, const char *format, ...)
{
	char text[PATH_BYTES_MAX] = "";
	va_list args;
	int used;

	path_print(path, text);
	used = snprintf(error, FAST_JSON_ERROR_BYTES_MAX, "%s%s", text,
			text[0] == '\0' ? "" : ": ");
	va_start(args, format);
	vsnprintf(error + used, FAST_JSON_ERROR_BYTES_MAX - (size_t)used, format, args);
	va_end(args);
}
