/* connect/gzip.h - gzip, whole messages at a time, and who takes it. */
#ifndef FAST_CONNECT_GZIP_H
#define FAST_CONNECT_GZIP_H

#include "json/writer.h"

/* What is shorter stays as it is. */
#define FAST_GZIP_BYTES_MIN 256

/* Whether a list such as "br, gzip;q=0.5" has gzip, and not with q=0. NULL: no. */
bool fast_gzip_is_accepted(const char *list);

/* Appends data, compressed, to out; fails as writing to it does. */
void fast_gzip_add(struct fast_writer *out, const void *data, size_t bytes);

/* Gives in *out, which the caller frees, what was compressed; it stops beyond bytes_max.
 * INVALID_ARGUMENT: it is not gzip, or not whole. OUT_OF_RANGE: there is more than bytes_max.
 * RESOURCE_EXHAUSTED: no memory. */
FAST_MUST_CHECK enum fast_status fast_gunzip(const void *data, size_t bytes, size_t bytes_max,
					     uint8_t **out, size_t *out_bytes);

#endif
