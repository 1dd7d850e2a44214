#include "connect/gzip.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define WINDOW_GZIP  (MAX_WBITS + 16) /* zlib's way to say: with gzip's head and tail */
#define MEMORY_LEVEL 8
#define PIECE_BYTES  4096
#define GROWTH       4 /* of what is unpacked, at first */

/* zlib's own would not be seen by tests that fail allocations. */
static void *zlib_alloc(void *arg, unsigned count, unsigned bytes)
{
	(void)arg;
	return calloc(count, bytes);
}

static void zlib_free(void *arg, void *memory)
{
	(void)arg;
	free(memory);
}

/* Whether parameters, from ";" on, say q=0: "not this one". */
static bool is_refused(const char *parameters, size_t bytes)
{
	const char *q = memmem(parameters, bytes, "q=", 2);

	return q != NULL && strtod(q + 2, NULL) <= 0;
}

bool fast_gzip_is_accepted(const char *list)
{
	while (list != NULL && *list != '\0') {
		size_t bytes;
		size_t name;

		list += strspn(list, ", \t");
		bytes = strcspn(list, ",");
		name = strcspn(list, ",; \t");
		if (name == strlen("gzip") && strncasecmp(list, "gzip", name) == 0) {
			return !is_refused(list + name, bytes - name);
		}
		list += bytes;
	}
	return false;
}

void fast_gzip_add(struct fast_writer *out, const void *data, size_t bytes)
{
	z_stream stream = {.zalloc = zlib_alloc, .zfree = zlib_free};
	char piece[PIECE_BYTES];
	int result = Z_OK;

	if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, WINDOW_GZIP, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		out->failed = true;
		return;
	}
	stream.next_in = (Bytef *)(uintptr_t)data;
	stream.avail_in = (unsigned)bytes; /* of messages, and far below its limit */
	while (result == Z_OK) {
		stream.next_out = (Bytef *)piece;
		stream.avail_out = sizeof piece;
		result = deflate(&stream, Z_FINISH);
		fast_writer_add(out, piece, sizeof piece - stream.avail_out);
	}
	deflateEnd(&stream);
	out->failed = out->failed || result != Z_STREAM_END;
}

/* Makes room for more, but never for more than one byte beyond the limit. */
static bool grow(uint8_t **memory, size_t *capacity, size_t bytes_max)
{
	size_t wanted = *capacity * 2 < bytes_max + 1 ? *capacity * 2 : bytes_max + 1;
	uint8_t *grown = realloc(*memory, wanted);

	if (grown != NULL) {
		*memory = grown;
		*capacity = wanted;
	}
	return grown != NULL;
}

/* Unpacks until the end, or until *memory has more than bytes_max bytes. */
static enum fast_status unpack(z_stream *stream, size_t bytes_max, uint8_t **memory,
			       size_t capacity)
{
	for (;;) {
		size_t used = stream->total_out;
		int result;

		if (used > bytes_max) {
			return FAST_OUT_OF_RANGE;
		}
		if (used == capacity && !grow(memory, &capacity, bytes_max)) {
			return FAST_RESOURCE_EXHAUSTED;
		}
		stream->next_out = *memory + used;
		stream->avail_out = (unsigned)(capacity - used);
		result = inflate(stream, Z_NO_FLUSH);
		if (result == Z_STREAM_END) {
			return stream->total_out > bytes_max ? FAST_OUT_OF_RANGE
			       : stream->avail_in > 0        ? FAST_INVALID_ARGUMENT
							     : FAST_OK;
		}
		if (result == Z_MEM_ERROR) {
			return FAST_RESOURCE_EXHAUSTED;
		}
		if (result != Z_OK || (stream->avail_in == 0 && stream->avail_out > 0)) {
			return FAST_INVALID_ARGUMENT;
		}
	}
}

enum fast_status fast_gunzip(const void *data, size_t bytes, size_t bytes_max, uint8_t **out,
			     size_t *out_bytes)
{
	z_stream stream = {.zalloc = zlib_alloc, .zfree = zlib_free};
	size_t capacity = bytes * GROWTH < bytes_max ? bytes * GROWTH + 1 : bytes_max + 1;
	enum fast_status status;
	uint8_t *memory = malloc(capacity);

	if (memory == NULL || inflateInit2(&stream, WINDOW_GZIP) != Z_OK) {
		free(memory);
		return FAST_RESOURCE_EXHAUSTED;
	}
	stream.next_in = (Bytef *)(uintptr_t)data;
	stream.avail_in = (unsigned)bytes;
	status = unpack(&stream, bytes_max, &memory, capacity);
	inflateEnd(&stream);
	if (status != FAST_OK) {
		free(memory);
		return status;
	}
	*out = memory;
	*out_bytes = stream.total_out;
	return FAST_OK;
}
