#include "writer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one output file may take. */
#define WRITER_BYTES_MAX    ((size_t)256 << 20)
#define WRITER_BYTE_COLUMNS 6 /* "0x00, " */

static bool writer_reserve(struct writer *writer, size_t more)
{
	size_t capacity = writer->capacity == 0 ? 4096 : writer->capacity;
	char *text;

	if (writer->failed || more >= WRITER_BYTES_MAX - writer->length) {
		writer->failed = true;
		return false;
	}
	while (capacity < writer->length + more + 1) {
		capacity *= 2;
	}
	if (capacity == writer->capacity) {
		return true;
	}
	text = realloc(writer->text, capacity);
	if (text == NULL) {
		writer->failed = true;
		return false;
	}
	writer->text = text;
	writer->capacity = capacity;
	return true;
}

static void writer_put(struct writer *writer, const char *text, size_t length)
{
	if (!writer_reserve(writer, length)) {
		return;
	}
	memcpy(writer->text + writer->length, text, length);
	writer->length += length;
	writer->text[writer->length] = '\0';
}

void writer_printf(struct writer *writer, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	assert(length >= 0);

	if (!writer_reserve(writer, (size_t)length)) {
		return;
	}
	va_start(arguments, format);
	(void)vsnprintf(writer->text + writer->length, (size_t)length + 1, format, arguments);
	va_end(arguments);
	writer->length += (size_t)length;
}

const char *writer_text_keep(struct writer *writer, const char *text)
{
	if (text == NULL) {
		writer->failed = true;
		return "";
	}
	return text;
}

static void writer_indent(struct writer *writer, unsigned indent)
{
	for (unsigned i = 0; i < indent; i++) {
		writer_put(writer, "\t", 1);
	}
}

/* Up to this column, by tabs as far as they go. */
static void writer_align(struct writer *writer, size_t column)
{
	writer_indent(writer, (unsigned)(column / WRITER_TAB_COLUMNS));
	for (size_t i = 0; i < column % WRITER_TAB_COLUMNS; i++) {
		writer_put(writer, " ", 1);
	}
}

/* Fills lines from column on, which is where every following line begins too. */
static void list_fill(struct writer *writer, size_t column, const char *const *items,
		      size_t item_count, const char *tail)
{
	size_t used = column;

	for (size_t i = 0; i < item_count; i++) {
		bool last = i + 1 == item_count;
		size_t length = strlen(items[i]) + (last ? strlen(tail) : 1);

		if (i > 0 && used + 1 + length > WRITER_COLUMNS_MAX) {
			writer_put(writer, "\n", 1);
			writer_align(writer, column);
			used = column;
		} else if (i > 0) {
			writer_put(writer, " ", 1);
			used++;
		}
		writer_printf(writer, "%s%s", items[i], last ? tail : ",");
		used += length;
	}
	writer_put(writer, "\n", 1);
}

/* Writes the type without the blank that may end it. */
static void type_line(struct writer *writer, const char *type)
{
	size_t length = strlen(type);

	writer_put(writer, type, length > 0 && type[length - 1] == ' ' ? length - 1 : length);
	writer_put(writer, "\n", 1);
}

void writer_list(struct writer *writer, unsigned indent, const char *type, const char *name,
		 const char *const *items, size_t item_count, const char *tail)
{
	size_t column = indent * WRITER_TAB_COLUMNS + strlen(type) + strlen(name);
	size_t longest = 0;

	assert(item_count > 0);
	for (size_t i = 0; i < item_count; i++) {
		size_t length = strlen(items[i]) + (i + 1 == item_count ? strlen(tail) : 1);

		longest = length > longest ? length : longest;
	}

	writer_indent(writer, indent);
	if (column > WRITER_COLUMNS_MAX && type[0] != '\0') {
		type_line(writer, type);
		type = "";
		column = strlen(name);
	}
	writer_printf(writer, "%s%s", type, name);
	if (column + longest > WRITER_COLUMNS_MAX) {
		column = (indent + 1) * WRITER_TAB_COLUMNS;
		writer_put(writer, "\n", 1);
		writer_align(writer, column);
	}
	list_fill(writer, column, items, item_count, tail);
}

void writer_pair(struct writer *writer, unsigned indent, const char *left, const char *right)
{
	writer_indent(writer, indent);
	writer_printf(writer, "%s", left);
	if (indent * WRITER_TAB_COLUMNS + strlen(left) + 1 + strlen(right) > WRITER_COLUMNS_MAX) {
		writer_put(writer, "\n", 1);
		writer_indent(writer, indent + 1);
	} else {
		writer_put(writer, " ", 1);
	}
	writer_printf(writer, "%s\n", right);
}

void writer_bytes(struct writer *writer, const uint8_t *bytes, size_t size)
{
	/* clang-format takes as many columns as fit, then evens them out over the lines. */
	size_t columns = (WRITER_COLUMNS_MAX - WRITER_TAB_COLUMNS) / WRITER_BYTE_COLUMNS;
	size_t lines = (size + columns - 1) / columns;

	if (lines > 0) {
		columns = (size + lines - 1) / lines;
	}
	for (size_t i = 0; i < size; i++) {
		writer_printf(writer, "%s0x%02x,", i % columns == 0 ? "\t" : " ", bytes[i]);
		if (i % columns == columns - 1 || i + 1 == size) {
			writer_put(writer, "\n", 1);
		}
	}
}

/* Neither a single word nor a comment counts: nobody breaks them. */
static bool line_is_too_long(const char *line, size_t length)
{
	size_t columns = 0;
	size_t indent = strspn(line, "\t ");

	if (line[indent] == '*' || strncmp(line + indent, "/*", 2) == 0 ||
	    indent + strcspn(line + indent, " \n") == length) {
		return false;
	}
	for (size_t i = 0; i < length; i++) {
		columns += line[i] == '\t' ? WRITER_TAB_COLUMNS - columns % WRITER_TAB_COLUMNS : 1;
	}
	return columns > WRITER_COLUMNS_MAX;
}

void writer_settle(struct writer *writer)
{
	static const char off[] = "/* clang-format off */\n";
	size_t first = 0;
	bool is_too_long = false;

	for (size_t at = 0; at < writer->length && !is_too_long;) {
		size_t length = strcspn(writer->text + at, "\n");
		is_too_long = line_is_too_long(writer->text + at, length);
		at += length + 1;
		first = first == 0 ? at : first;
	}
	if (!is_too_long || first > writer->length || !writer_reserve(writer, sizeof off)) {
		return;
	}
	memmove(writer->text + first + strlen(off), writer->text + first,
		writer->length + 1 - first);
	memcpy(writer->text + first, off, strlen(off));
	writer->length += strlen(off);
}

void writer_fini(struct writer *writer)
{
	free(writer->text);
	pool_fini(&writer->pool);
	*writer = (struct writer){0};
}
