#include "json/reader.h"

#include "wire/field.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const char *begin;
	const char *at;
	const char *end;
	struct fast_arena *arena;
	enum fast_status status;
	char *error;
};

const char *fast_json_kind_name(enum fast_json_kind kind)
{
	static const char *const names[] = {
		[FAST_JSON_NULL] = "null",        [FAST_JSON_FALSE] = "false",
		[FAST_JSON_TRUE] = "true",        [FAST_JSON_NUMBER] = "a number",
		[FAST_JSON_STRING] = "a string",  [FAST_JSON_ARRAY] = "a list",
		[FAST_JSON_OBJECT] = "an object",
	};

	return names[kind];
}

/* False always. Says what is wrong, and at which line and column. */
static bool reader_refuse(struct reader *reader, const char *format, ...) FAST_PRINTF(2, 3);
static bool reader_refuse(struct reader *reader, const char *format, ...)
{
	size_t line = 1, column = 1;
	va_list args;
	int used;

	for (const char *c = reader->begin; c < reader->at; c++) {
		column = *c == '\n' ? 1 : column + 1;
		line += *c == '\n';
	}
	used = snprintf(reader->error, FAST_JSON_ERROR_BYTES_MAX, "line %zu, column %zu: ", line,
			column);
	va_start(args, format);
	vsnprintf(reader->error + used, FAST_JSON_ERROR_BYTES_MAX - (size_t)used, format, args);
	va_end(args);
	reader->status = FAST_INVALID_ARGUMENT;
	return false;
}

static bool reader_exhausted(struct reader *reader)
{
	snprintf(reader->error, FAST_JSON_ERROR_BYTES_MAX, "the text takes too much memory");
	reader->status = FAST_RESOURCE_EXHAUSTED;
	return false;
}

static void skip_space(struct reader *reader)
{
	while (reader->at < reader->end && strchr(" \t\n\r", *reader->at) != NULL &&
	       *reader->at != '\0') {
		reader->at++;
	}
}

static bool reader_sees(const struct reader *reader, char c)
{
	return reader->at < reader->end && *reader->at == c;
}

/* The four digits at `at`; -1: they are not there. */
static int read_hex(const struct reader *reader, const char *at)
{
	int value = 0;

	if (reader->end - at < 4) {
		return -1;
	}
	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		char lower = at[i] >= 'A' && at[i] <= 'F' ? (char)(at[i] - 'A' + 'a') : at[i];
		const char *digit = lower == '\0' ? NULL : strchr(digits, lower);

		if (digit == NULL) {
			return -1;
		}
		value = value * 16 + (int)(digit - digits);
	}
	return value;
}

static size_t put_utf8(char *out, unsigned code)
{
	static const unsigned marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = bytes; i-- > 1; code >>= 6) {
		out[i] = (char)(0x80 | (code & 63));
	}
	out[0] = (char)(marks[bytes] | code);
	return bytes;
}

/* An escape of the form \uXXXX, or two of them; at stands on the u. */
static bool read_unicode(struct reader *reader, char *out, size_t *used)
{
	int code = read_hex(reader, reader->at + 1), low;

	if (code < 0) {
		return reader_refuse(reader, "\\u needs four hexadecimal digits");
	}
	if (code >= 0xdc00 && code <= 0xdfff) {
		return reader_refuse(reader, "\\u%04x is half of a character", (unsigned)code);
	}
	reader->at += 5;
	if (code >= 0xd800 && code <= 0xdbff) {
		low = reader->end - reader->at >= 6 && memcmp(reader->at, "\\u", 2) == 0
			      ? read_hex(reader, reader->at + 2)
			      : -1;
		if (low < 0xdc00 || low > 0xdfff) {
			return reader_refuse(reader, "\\u%04x is half of a character",
					     (unsigned)code);
		}
		reader->at += 6;
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	*used += put_utf8(out + *used, (unsigned)code);
	return true;
}

static bool read_escape(struct reader *reader, char *out, size_t *used)
{
	static const char escapes[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *escape;

	reader->at++;
	if (reader_sees(reader, 'u')) {
		return read_unicode(reader, out, used);
	}
	escape = reader->at < reader->end && *reader->at != '\0' ? strchr(escapes, *reader->at)
								 : NULL;
	if (escape == NULL) {
		return reader_refuse(reader, "no such escape");
	}
	out[(*used)++] = values[escape - escapes];
	reader->at++;
	return true;
}

/* at stands on the opening quote. The text takes no more bytes than its quotation. */
static bool read_string(struct reader *reader, const char **out, size_t *bytes)
{
	const char *close = ++reader->at;
	char *text;

	while (close < reader->end && *close != '"') {
		close += *close == '\\' && close + 1 < reader->end ? 2 : 1;
	}
	if (close >= reader->end) {
		return reader_refuse(reader, "a string does not end");
	}
	text = fast_arena_alloc(reader->arena, (size_t)(close - reader->at) + 1);
	if (text == NULL) {
		return reader_exhausted(reader);
	}
	*bytes = 0;
	while (reader->at < close) {
		if (*reader->at == '\\') {
			if (!read_escape(reader, text, bytes)) {
				return false;
			}
		} else if ((unsigned char)*reader->at < 0x20) {
			return reader_refuse(reader, "a string has a control character");
		} else {
			text[(*bytes)++] = *reader->at++;
		}
	}
	text[*bytes] = '\0';
	reader->at++;
	*out = text;
	return true;
}

static size_t digits_at(const struct reader *reader)
{
	size_t count = 0;

	while (reader->at + count < reader->end && reader->at[count] >= '0' &&
	       reader->at[count] <= '9') {
		count++;
	}
	return count;
}

static bool read_number(struct reader *reader, struct fast_json_node *node)
{
	const char *begin = reader->at;
	size_t digits;

	reader->at += reader_sees(reader, '-');
	digits = digits_at(reader);
	if (digits == 0 || (digits > 1 && reader_sees(reader, '0'))) {
		return reader_refuse(reader, "this is no JSON value");
	}
	reader->at += digits;
	if (reader_sees(reader, '.')) {
		reader->at++;
		digits = digits_at(reader);
		if (digits == 0) {
			return reader_refuse(reader, "a number has no digit behind its point");
		}
		reader->at += digits;
	}
	if (reader_sees(reader, 'e') || reader_sees(reader, 'E')) {
		reader->at++;
		reader->at += reader_sees(reader, '+') || reader_sees(reader, '-');
		digits = digits_at(reader);
		if (digits == 0) {
			return reader_refuse(reader, "a number has no digit in its exponent");
		}
		reader->at += digits;
	}
	node->kind = FAST_JSON_NUMBER;
	node->bytes = (size_t)(reader->at - begin);
	node->text = fast_arena_copy(reader->arena, begin, node->bytes);
	return node->text != NULL || reader_exhausted(reader);
}

static bool read_word(struct reader *reader, struct fast_json_node *node)
{
	static const struct {
		const char *word;
		enum fast_json_kind kind;
	} words[] = {
		{"null", FAST_JSON_NULL}, {"true", FAST_JSON_TRUE}, {"false", FAST_JSON_FALSE}};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t bytes = strlen(words[i].word);

		if ((size_t)(reader->end - reader->at) >= bytes &&
		    memcmp(reader->at, words[i].word, bytes) == 0) {
			node->kind = words[i].kind;
			reader->at += bytes;
			return true;
		}
	}
	return read_number(reader, node);
}

static int name_compare(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

static bool names_check(struct reader *reader, const struct fast_json_node *object)
{
	const char **names;
	size_t i = 0;

	if (object->count < 2) {
		return true;
	}
	names = fast_arena_alloc(reader->arena, object->count * sizeof *names);
	if (names == NULL) {
		return reader_exhausted(reader);
	}
	for (const struct fast_json_node *member = object->first; member != NULL;
	     member = member->next) {
		names[i++] = member->name;
	}
	qsort(names, i, sizeof *names, name_compare);
	while (--i > 0) {
		if (strcmp(names[i - 1], names[i]) == 0) {
			return reader_refuse(reader, "the object has \"%.64s\" twice", names[i]);
		}
	}
	return true;
}

static bool read_name(struct reader *reader, const char **name)
{
	size_t bytes;

	if (!reader_sees(reader, '"')) {
		return reader_refuse(reader, "a name in quotes is missing");
	}
	if (!read_string(reader, name, &bytes)) {
		return false;
	}
	if (strlen(*name) != bytes) {
		return reader_refuse(reader, "a name has a zero byte");
	}
	skip_space(reader);
	if (!reader_sees(reader, ':')) {
		return reader_refuse(reader, "the ':' behind a name is missing");
	}
	reader->at++;
	return true;
}

static bool read_value(struct reader *reader, struct fast_json_node *node, unsigned depth);

/* A list or an object; at stands on its bracket. */
static bool read_parts(struct reader *reader, struct fast_json_node *node, unsigned depth)
{
	bool is_object = *reader->at++ == '{';
	char close = is_object ? '}' : ']';
	struct fast_json_node **end = &node->first;

	node->kind = is_object ? FAST_JSON_OBJECT : FAST_JSON_ARRAY;
	if (depth >= FAST_JSON_DEPTH_MAX) {
		return reader_refuse(reader, "the text nests deeper than %d", FAST_JSON_DEPTH_MAX);
	}
	skip_space(reader);
	while (!reader_sees(reader, close)) {
		struct fast_json_node *part = fast_arena_alloc(reader->arena, sizeof *part);

		if (part == NULL) {
			return reader_exhausted(reader);
		}
		*part = (struct fast_json_node){.kind = FAST_JSON_NULL};
		if (node->count > 0) {
			if (!reader_sees(reader, ',')) {
				return reader_refuse(reader, "a ',' or '%c' is missing", close);
			}
			reader->at++;
			skip_space(reader);
		}
		if ((is_object && !read_name(reader, &part->name)) ||
		    !read_value(reader, part, depth + 1)) {
			return false;
		}
		*end = part;
		end = &part->next;
		node->count++;
		skip_space(reader);
	}
	reader->at++;
	return !is_object || names_check(reader, node);
}

static bool read_value(struct reader *reader, struct fast_json_node *node, unsigned depth)
{
	skip_space(reader);
	if (reader->at == reader->end) {
		return reader_refuse(reader, "the text ends where a value is missing");
	}
	switch (*reader->at) {
	case '{':
	case '[':
		return read_parts(reader, node, depth);
	case '"':
		node->kind = FAST_JSON_STRING;
		return read_string(reader, &node->text, &node->bytes);
	default:
		return read_word(reader, node);
	}
}

enum fast_status fast_json_read(const char *text, size_t bytes, struct fast_arena *arena,
				struct fast_json_node **out, char *error)
{
	struct reader reader = {
		.begin = text, .at = text, .end = text + bytes, .arena = arena, .error = error};
	struct fast_json_node *node = NULL;
	size_t valid;

	if (bytes > FAST_JSON_BYTES_MAX) {
		reader_exhausted(&reader);
		return reader.status;
	}
	valid = fast_text_valid_bytes((const uint8_t *)text, bytes);
	if (valid != bytes) {
		reader.at = text + valid;
		reader_refuse(&reader, "the text is not UTF-8");
		return reader.status;
	}
	node = fast_arena_alloc(arena, sizeof *node);
	if (node == NULL) {
		reader_exhausted(&reader);
		return reader.status;
	}
	*node = (struct fast_json_node){.kind = FAST_JSON_NULL};
	if (!read_value(&reader, node, 0)) {
		return reader.status;
	}
	skip_space(&reader);
	if (reader.at != reader.end) {
		reader_refuse(&reader, "something stands behind the value");
		return reader.status;
	}
	*out = node;
	return FAST_OK;
}
