/* wire/field.h - reads protobuf's wire format field by field. For wire/ alone. */
#ifndef FAST_WIRE_FIELD_H
#define FAST_WIRE_FIELD_H

#include <fast/status.h>

enum fast_wire_type {
	FAST_WIRE_VARINT = 0,
	FAST_WIRE_FIXED64 = 1,
	FAST_WIRE_BYTES = 2,
	FAST_WIRE_FIXED32 = 5,
};

#define FAST_VARINT_BYTES_MAX 10

struct fast_field {
	uint32_t number;
	enum fast_wire_type wire_type;
	uint64_t value;      /* VARINT, FIXED64, FIXED32 */
	const uint8_t *data; /* BYTES */
	size_t bytes;
};

struct fast_cursor {
	const uint8_t *next; /* may be NULL when nothing is left */
	size_t left;
};

/* Reads one field and moves the cursor behind it; something must be left. False: malformed, *reason
 * is a static sentence. */
FAST_MUST_CHECK bool fast_field_read(struct fast_cursor *cursor, struct fast_field *out,
				     const char **reason);

/* Bytes of the number at data: 0 when it is cut off or longer than a number can be. */
size_t fast_varint_read(const uint8_t *data, size_t bytes, uint64_t *out);
size_t fast_varint_bytes(uint64_t value);
/* Returns the bytes written: fast_varint_bytes(). */
size_t fast_varint_write(uint64_t value, uint8_t *out);

/* Length of the longest prefix that is UTF-8 without a zero byte and ends with a whole character.
 */
size_t fast_text_valid_bytes(const uint8_t *data, size_t bytes);

#endif
