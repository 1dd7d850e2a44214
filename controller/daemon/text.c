#include "daemon/text.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 512

void text_init(struct text *text, size_t bytes_max)
{
	assert(bytes_max > 0);
	*text = (struct text){.bytes_max = bytes_max};
}

void text_fini(struct text *text)
{
	free(text->bytes);
	text->bytes = NULL;
	text->count = 0;
	text->capacity = 0;
}

/* Makes room for count bytes more and the zero byte. */
static bool text_reserve(struct text *text, size_t count)
{
	size_t needed, capacity;
	char *bytes;

	if (text->failed) {
		return false;
	}
	if (count > text->bytes_max - text->count) {
		text->failed = true;
		return false;
	}
	needed = text->count + count + 1;
	if (needed <= text->capacity) {
		return true;
	}
	capacity = text->capacity == 0 ? FIRST_BYTES : text->capacity;
	while (capacity < needed) {
		capacity *= 2;
	}
	bytes = realloc(text->bytes, capacity);
	if (bytes == NULL) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->capacity = capacity;
	return true;
}

void text_add_bytes(struct text *text, const char *more, size_t count)
{
	if (!text_reserve(text, count)) {
		return;
	}
	memcpy(text->bytes + text->count, more, count);
	text->count += count;
	text->bytes[text->count] = '\0';
}

void text_add(struct text *text, const char *more)
{
	text_add_bytes(text, more, strlen(more));
}

void text_format(struct text *text, const char *format, ...)
{
	va_list args, again;
	int count;

	va_start(args, format);
	va_copy(again, args);
	count = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (count < 0) {
		text->failed = true;
	} else if (text_reserve(text, (size_t)count)) {
		vsnprintf(text->bytes + text->count, (size_t)count + 1, format, again);
		text->count += (size_t)count;
	}
	va_end(again);
}

char *text_of_number(double value, char *out)
{
	if (isnan(value)) {
		return memcpy(out, "NaN", sizeof "NaN");
	}
	if (isinf(value)) {
		return memcpy(out, value > 0 ? "+Inf" : "-Inf", sizeof "+Inf");
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, TEXT_NUMBER_BYTES_MAX, "%.*g", digits, value);
		if (strtod(out, NULL) == value) {
			break;
		}
	}
	return out;
}

void text_number(struct text *text, double value)
{
	char number[TEXT_NUMBER_BYTES_MAX];

	text_add(text, text_of_number(value, number));
}
