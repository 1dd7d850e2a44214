/* json/path.h - where in a message something is wrong. */
#ifndef FAST_JSON_PATH_H
#define FAST_JSON_PATH_H

#include <fast/json.h>

/* One step, on the stack of the function that took it. */
struct fast_path {
	const struct fast_path *up; /* NULL: the message itself */
	const char *name;           /* a field; NULL: a list's element or a map's value */
	const char *key;            /* of a map; NULL: a list's element */
	size_t index;
};

/* Writes "params[2].value: " and the sentence, in FAST_JSON_ERROR_BYTES_MAX bytes. */
void fast_path_error(const struct fast_path *path, char *error, const char *format, ...)
	FAST_PRINTF(3, 4);

#endif
