#include "wire/field.h"

#include <string.h>

#define FIELD_NUMBER_MAX ((1u << 29) - 1)
/* Of a tag and of a length; protobuf-c refuses longer ones too. */
#define PREFIX_BYTES_MAX 5

size_t fast_varint_read(const uint8_t *data, size_t bytes, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes && i < FAST_VARINT_BYTES_MAX; i++) {
		if (i == FAST_VARINT_BYTES_MAX - 1 && data[i] > 1) {
			return 0; /* more than 64 bits */
		}
		value |= (uint64_t)(data[i] & 0x7f) << (7 * i);
		if (data[i] < 0x80) {
			*out = value;
			return i + 1;
		}
	}
	return 0;
}

size_t fast_varint_bytes(uint64_t value)
{
	size_t bytes = 1;

	while (value >= 0x80) {
		value >>= 7;
		bytes++;
	}
	return bytes;
}

size_t fast_varint_write(uint64_t value, uint8_t *out)
{
	size_t bytes = 0;

	while (value >= 0x80) {
		out[bytes++] = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	out[bytes++] = (uint8_t)value;
	return bytes;
}

static uint64_t little_endian_read(const uint8_t *data, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = bytes; i > 0; i--) {
		value = value << 8 | data[i - 1];
	}
	return value;
}

static void cursor_skip(struct fast_cursor *cursor, size_t bytes)
{
	cursor->next += bytes;
	cursor->left -= bytes;
}

static bool field_fail(const char **reason, const char *sentence)
{
	*reason = sentence;
	return false;
}

static bool field_read_fixed(struct fast_cursor *cursor, size_t bytes, struct fast_field *out,
			     const char **reason)
{
	if (cursor->left < bytes) {
		return field_fail(reason, "a field is cut off");
	}
	out->value = little_endian_read(cursor->next, bytes);
	cursor_skip(cursor, bytes);
	return true;
}

static bool field_read_varint(struct fast_cursor *cursor, size_t bytes_max, uint64_t *out,
			      const char **reason)
{
	size_t bytes = fast_varint_read(cursor->next, cursor->left, out);

	if (bytes == 0 || bytes > bytes_max) {
		return field_fail(reason, "a number is cut off or too long");
	}
	cursor_skip(cursor, bytes);
	return true;
}

static bool field_read_bytes(struct fast_cursor *cursor, struct fast_field *out,
			     const char **reason)
{
	uint64_t bytes;

	if (!field_read_varint(cursor, PREFIX_BYTES_MAX, &bytes, reason)) {
		return false;
	}
	if (bytes > cursor->left) {
		return field_fail(reason, "a field is longer than what it is in");
	}
	out->data = cursor->next;
	out->bytes = (size_t)bytes;
	cursor_skip(cursor, out->bytes);
	return true;
}

bool fast_field_read(struct fast_cursor *cursor, struct fast_field *out, const char **reason)
{
	uint64_t tag;

	if (!field_read_varint(cursor, PREFIX_BYTES_MAX, &tag, reason)) {
		return false;
	}
	if (tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX) {
		return field_fail(reason, "a field number is out of range");
	}
	out->number = (uint32_t)(tag >> 3);
	out->wire_type = (enum fast_wire_type)(tag & 7);
	switch (out->wire_type) {
	case FAST_WIRE_VARINT:
		return field_read_varint(cursor, FAST_VARINT_BYTES_MAX, &out->value, reason);
	case FAST_WIRE_FIXED64:
		return field_read_fixed(cursor, 8, out, reason);
	case FAST_WIRE_BYTES:
		return field_read_bytes(cursor, out, reason);
	case FAST_WIRE_FIXED32:
		return field_read_fixed(cursor, 4, out, reason);
	default:
		return field_fail(reason, "a field has a wire type that is not used");
	}
}

/* Bytes of the character at data, 0 when it is none (RFC 3629: no surrogates, nothing overlong). */
static size_t character_bytes(const uint8_t *data, size_t bytes)
{
	static const struct {
		uint8_t first_min, first_max, bytes, second_min, second_max;
	} forms[] = {
		{0x01, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf},
		{0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
		{0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
		{0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf},
		{0xf4, 0xf4, 4, 0x80, 0x8f},
	};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (data[0] < forms[i].first_min || data[0] > forms[i].first_max) {
			continue;
		}
		if (bytes < forms[i].bytes ||
		    (forms[i].bytes > 1 &&
		     (data[1] < forms[i].second_min || data[1] > forms[i].second_max))) {
			return 0;
		}
		for (size_t k = 2; k < forms[i].bytes; k++) {
			if (data[k] < 0x80 || data[k] > 0xbf) {
				return 0;
			}
		}
		return forms[i].bytes;
	}
	return 0;
}

/* Whether eight bytes are all plain ASCII and none is zero. */
static bool word_is_plain(const uint8_t *data)
{
	uint64_t word;

	memcpy(&word, data, sizeof word);
	return ((word | (word - 0x0101010101010101u)) & 0x8080808080808080u) == 0;
}

size_t fast_text_valid_bytes(const uint8_t *data, size_t bytes)
{
	size_t i = 0;

	while (i < bytes) {
		if (bytes - i >= 8 && word_is_plain(data + i)) {
			i += 8;
			continue;
		}
		size_t step = character_bytes(data + i, bytes - i);
		if (step == 0) {
			break;
		}
		i += step;
	}
	return i;
}
