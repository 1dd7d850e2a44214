#include "client/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_BYTES_FIRST 128u
#define TEXT_CUT_MARK    "…"

static bool text_reserve(struct text *text, size_t more)
{
	size_t capacity = text->capacity == 0 ? TEXT_BYTES_FIRST : text->capacity;
	char *data;

	if (text->failed || more >= TEXT_BYTES_MAX - text->bytes) {
		text->failed = true;
		return false;
	}
	while (capacity <= text->bytes + more) {
		capacity *= 2;
	}
	if (capacity == text->capacity) {
		return true;
	}
	data = realloc(text->data, capacity);
	if (data == NULL) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->capacity = capacity;
	return true;
}

static void text_add_bytes(struct text *text, const char *bytes, size_t count)
{
	if (!text_reserve(text, count)) {
		return;
	}
	memcpy(text->data + text->bytes, bytes, count);
	text->bytes += count;
	text->data[text->bytes] = '\0';
}

void text_fini(struct text *text)
{
	free(text->data);
	*text = (struct text){0};
}

void text_clear(struct text *text)
{
	text->bytes = 0;
	text->failed = false;
	if (text->data != NULL) {
		text->data[0] = '\0';
	}
}

const char *text_chars(const struct text *text)
{
	return text->data == NULL ? "" : text->data;
}

void text_add(struct text *text, const char *format, ...)
{
	va_list args;
	int bytes;

	va_start(args, format);
	bytes = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(bytes >= 0);
	if (!text_reserve(text, (size_t)bytes)) {
		return;
	}

	va_start(args, format);
	vsnprintf(text->data + text->bytes, (size_t)bytes + 1, format, args);
	va_end(args);
	text->bytes += (size_t)bytes;
}

/* Bytes of the well-formed, printable code point at chars; 0: it is none. */
static size_t code_point_bytes(const unsigned char *chars)
{
	size_t bytes = chars[0] < 0x80 ? 1 : chars[0] >= 0xf0 ? 4 : chars[0] >= 0xe0 ? 3 : 2;
	bool overlong = chars[0] == 0xe0 ? chars[1] < 0xa0 : chars[0] == 0xf0 && chars[1] < 0x90;
	bool control = chars[0] < 0x20 || chars[0] == 0x7f || (chars[0] == 0xc2 && chars[1] < 0xa0);

	if (control || (chars[0] >= 0x80 && chars[0] < 0xc2) || chars[0] > 0xf4 || overlong) {
		return 0;
	}
	for (size_t i = 1; i < bytes; i++) {
		if ((chars[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return bytes;
}

void text_add_clean(struct text *text, const char *foreign)
{
	while (*foreign != '\0') {
		size_t bytes = code_point_bytes((const unsigned char *)foreign);

		text_add_bytes(text, bytes == 0 ? "?" : foreign, bytes == 0 ? 1 : bytes);
		foreign += bytes == 0 ? 1 : bytes;
	}
}

void text_add_spaces(struct text *text, size_t count)
{
	while (count-- > 0) {
		text_add_bytes(text, " ", 1);
	}
}

void text_trim(struct text *text)
{
	while (text->bytes > 0 && text->data[text->bytes - 1] == ' ') {
		text->data[--text->bytes] = '\0';
	}
}

size_t text_width(const char *chars)
{
	size_t width = 0;

	for (; *chars != '\0'; chars++) {
		width += ((unsigned char)*chars & 0xc0) != 0x80;
	}
	return width;
}

void text_cut(struct text *text, size_t from, size_t columns)
{
	size_t width = 0;
	size_t kept = from;

	assert(from <= text->bytes);
	if (columns == 0 || text_width(text_chars(text) + from) <= columns) {
		return;
	}
	for (size_t i = from; i < text->bytes; i++) {
		if (((unsigned char)text->data[i] & 0xc0) != 0x80 && width++ == columns - 1) {
			kept = i;
			break;
		}
	}
	text->bytes = kept;
	text->data[kept] = '\0';
	text_add_bytes(text, TEXT_CUT_MARK, strlen(TEXT_CUT_MARK));
}
