/* connect/headers.h - HTTP's headers as metadata, and metadata as headers. */
#ifndef FAST_CONNECT_HEADERS_H
#define FAST_CONNECT_HEADERS_H

#include "json/writer.h"
#include <fast/client.h>
#include <microhttpd.h>

/* What a request's headers say for the call. Zeroed memory is valid and empty. */
struct fast_call_headers {
	struct fast_metadata_entry entries[FAST_METADATA_MAX];
	struct fast_metadata metadata;
	struct fast_trace trace;
	bool has_trace;
	struct fast_arena *arena; /* borrowed: where what is not text as it stands lies */
	const char *error;        /* a static sentence; NULL: all is well */
	bool has_no_room;
};

/* Reads those that are metadata: not what HTTP and Connect have for themselves, nor what metadata
 * cannot hold. Strings live as long as the connection's request and the arena. INVALID_ARGUMENT or
 * RESOURCE_EXHAUSTED, with error. */
FAST_MUST_CHECK enum fast_status fast_headers_read(struct MHD_Connection *http,
						   struct fast_arena *arena,
						   struct fast_call_headers *out);

/* Adds each entry as a header with prefix before its name. False: no memory. */
bool fast_headers_add(struct MHD_Response *response, const char *prefix,
		      const struct fast_metadata *metadata);

/* Writes {"key":["value",...]}. */
void fast_headers_write(struct fast_writer *writer, const struct fast_metadata *metadata);

#endif
