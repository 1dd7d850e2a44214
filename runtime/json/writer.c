#include "json/writer.h"

#include "wire/field.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITER_BYTES_MIN 256

void fast_writer_fini(struct fast_writer *writer)
{
	free(writer->data);
	*writer = (struct fast_writer){0};
}

char *fast_writer_take(struct fast_writer *writer)
{
	char *data;

	fast_writer_add(writer, "", 0);
	data = writer->failed ? NULL : writer->data;
	if (data != NULL) {
		writer->data = NULL;
	}
	fast_writer_fini(writer);
	return data;
}

static bool writer_grow(struct fast_writer *writer, size_t bytes)
{
	size_t capacity = writer->capacity == 0 ? WRITER_BYTES_MIN : writer->capacity;
	char *data;

	if (writer->failed || bytes > FAST_JSON_BYTES_MAX - writer->bytes) {
		writer->failed = true;
		return false;
	}
	while (capacity <= writer->bytes + bytes) {
		capacity *= 2;
	}
	if (capacity == writer->capacity) {
		return true;
	}
	data = realloc(writer->data, capacity);
	if (data == NULL) {
		writer->failed = true;
		return false;
	}
	writer->data = data;
	writer->capacity = capacity;
	return true;
}

void fast_writer_add(struct fast_writer *writer, const char *text, size_t bytes)
{
	if (!writer_grow(writer, bytes)) {
		return;
	}
	if (bytes > 0) {
		memcpy(writer->data + writer->bytes, text, bytes);
	}
	writer->bytes += bytes;
	writer->data[writer->bytes] = '\0';
}

void fast_writer_print(struct fast_writer *writer, const char *format, ...)
{
	va_list args;
	int bytes;

	va_start(args, format);
	bytes = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (bytes < 0 || !writer_grow(writer, (size_t)bytes)) {
		writer->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(writer->data + writer->bytes, (size_t)bytes + 1, format, args);
	va_end(args);
	writer->bytes += (size_t)bytes;
}

static void writer_line(struct fast_writer *writer)
{
	if (writer->indent) {
		fast_writer_add(writer, "\n", 1);
		for (unsigned i = 0; i < writer->depth; i++) {
			fast_writer_add(writer, "  ", 2);
		}
	}
}

/* What stands between two values. */
static void writer_part(struct fast_writer *writer)
{
	if (writer->follows_name) {
		writer->follows_name = false;
		return;
	}
	if (writer->has_part) {
		fast_writer_add(writer, ",", 1);
	}
	if (writer->depth > 0) {
		writer_line(writer);
	}
	writer->has_part = true;
}

void fast_writer_open(struct fast_writer *writer, char bracket)
{
	writer_part(writer);
	fast_writer_add(writer, &bracket, 1);
	writer->depth++;
	writer->has_part = false;
}

void fast_writer_close(struct fast_writer *writer, char bracket)
{
	writer->depth--;
	if (writer->has_part) {
		writer_line(writer);
	}
	fast_writer_add(writer, &bracket, 1);
	writer->has_part = true;
}

static void writer_quote(struct fast_writer *writer, const char *text, size_t bytes)
{
	static const char specials[] = "\"\\\b\f\n\r\t", escapes[] = "\"\\bfnrt";
	size_t done = 0;

	for (size_t i = 0; i < bytes; i++) {
		unsigned char c = (unsigned char)text[i];
		const char *special = c == '\0' ? NULL : strchr(specials, c);

		if (c >= 0x20 && c != 0x7f && special == NULL) {
			continue;
		}
		fast_writer_add(writer, text + done, i - done);
		done = i + 1;
		if (special != NULL) {
			fast_writer_print(writer, "\\%c", escapes[special - specials]);
		} else {
			fast_writer_print(writer, "\\u%04x", c);
		}
	}
	fast_writer_add(writer, text + done, bytes - done);
}

void fast_writer_string(struct fast_writer *writer, const char *text, size_t bytes)
{
	writer_part(writer);
	fast_writer_add(writer, "\"", 1);
	while (bytes > 0) {
		size_t valid = fast_text_valid_bytes((const uint8_t *)text, bytes);

		writer_quote(writer, text, valid);
		text += valid;
		bytes -= valid;
		if (bytes > 0) {
			fast_writer_add(writer, "\xef\xbf\xbd", 3);
			text++;
			bytes--;
		}
	}
	fast_writer_add(writer, "\"", 1);
}

void fast_writer_name(struct fast_writer *writer, const char *name)
{
	fast_writer_string(writer, name, strlen(name));
	fast_writer_add(writer, writer->indent ? ": " : ":", writer->indent ? 2 : 1);
	writer->follows_name = true;
}

void fast_writer_word(struct fast_writer *writer, const char *word)
{
	writer_part(writer);
	fast_writer_add(writer, word, strlen(word));
}
