#include "json/number.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t fast_base64_bytes(size_t bytes)
{
	return (bytes + 2) / 3 * 4;
}

void fast_base64_print(const uint8_t *data, size_t bytes, char *out)
{
	for (size_t i = 0; i < bytes; i += 3) {
		size_t left = bytes - i;
		uint32_t group = (uint32_t)data[i] << 16;

		group |= left > 1 ? (uint32_t)data[i + 1] << 8 : 0;
		group |= left > 2 ? data[i + 2] : 0;
		*out++ = digits[group >> 18];
		*out++ = digits[group >> 12 & 63];
		*out++ = left > 1 ? digits[group >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[group & 63] : '=';
	}
	*out = '\0';
}

static int digit_value(char c)
{
	const char *digit;

	if (c == '-' || c == '_') { /* the alphabet of URLs */
		return c == '-' ? 62 : 63;
	}
	digit = c == '\0' ? NULL : strchr(digits, c);
	return digit == NULL ? -1 : (int)(digit - digits);
}

bool fast_base64_read(const char *text, size_t bytes, uint8_t *out, size_t *used)
{
	size_t padding = 0;
	uint32_t group = 0;

	while (padding < 2 && bytes > padding && text[bytes - 1 - padding] == '=') {
		padding++;
	}
	if (padding > 0 && bytes % 4 != 0) {
		return false;
	}
	bytes -= padding;
	if (bytes % 4 == 1) {
		return false;
	}
	*used = 0;
	for (size_t i = 0; i < bytes; i++) {
		int value = digit_value(text[i]);

		if (value < 0) {
			return false;
		}
		group = group << 6 | (uint32_t)value;
		if (i % 4 > 0) { /* each digit but the first of four completes a byte */
			out[(*used)++] = (uint8_t)(group >> (6 - 2 * (i % 4)));
		}
	}
	return true;
}
