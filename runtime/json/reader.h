/* json/reader.h - JSON text to a tree that keeps numbers as they were written. */
#ifndef FAST_JSON_READER_H
#define FAST_JSON_READER_H

#include "base/arena.h"
#include <fast/json.h>

enum fast_json_kind {
	FAST_JSON_NULL,
	FAST_JSON_FALSE,
	FAST_JSON_TRUE,
	FAST_JSON_NUMBER,
	FAST_JSON_STRING,
	FAST_JSON_ARRAY,
	FAST_JSON_OBJECT,
};

struct fast_json_node {
	struct fast_json_node *next;  /* behind it in its array or object */
	struct fast_json_node *first; /* of an array or object */
	size_t count;                 /* in an array or object */
	const char *name;             /* as the member of an object; has no zero byte */
	const char *text;             /* of a number as written, of a string without escapes */
	size_t bytes;                 /* of text, which has a zero byte behind it */
	enum fast_json_kind kind;
};

/* Reads RFC 8259's JSON: UTF-8 without surrogates of one half, each name once, nothing behind the
 * value. Gives *out, which lives in the arena. INVALID_ARGUMENT, RESOURCE_EXHAUSTED: error says why
 * and where, in FAST_JSON_ERROR_BYTES_MAX bytes. */
FAST_MUST_CHECK enum fast_status fast_json_read(const char *text, size_t bytes,
						struct fast_arena *arena,
						struct fast_json_node **out, char *error);

/* "a number": what a node is, for sentences. */
const char *fast_json_kind_name(enum fast_json_kind kind);

#endif
