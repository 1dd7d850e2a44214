/* json/time_text.h - google.protobuf's Timestamp, Duration and FieldMask as text. */
#ifndef FAST_JSON_TIME_TEXT_H
#define FAST_JSON_TIME_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAST_TIME_BYTES_MAX 48

/* RFC 3339 in FAST_TIME_BYTES_MAX bytes. False: before the year 1 or past 9999, or the nanoseconds
 * are none. */
bool fast_timestamp_print(int64_t seconds, int32_t nanos, char *out);
bool fast_timestamp_read(const char *text, int64_t *seconds, int32_t *nanos);

/* "1.5s" in FAST_TIME_BYTES_MAX bytes. False: past 10000 years, or signs that differ. */
bool fast_duration_print(int64_t seconds, int32_t nanos, char *out);
bool fast_duration_read(const char *text, int64_t *seconds, int32_t *nanos);

/* A path of a mask, "user.displayName" for "user.display_name". out has room for twice the bytes.
 * False: the one does not lead back to the other. */
bool fast_path_print(const char *path, char *out);
bool fast_path_read(const char *text, size_t bytes, char *out);

#endif
