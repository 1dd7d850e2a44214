#include "page/names.h"

#include "page/ucum.h"

#include <fast/metric.h>
#include <fast/plugin.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define QUOTED_BYTES_MAX 64

/* What a kind of name is made of. */
struct alphabet {
	bool hyphen;
	bool reserved; /* "sys." and "upload" belong to the node */
	const char *hint;
};

static const struct alphabet item_alphabet = {
	.reserved = true,
	.hint = "use [a-z0-9_] parts joined by dots",
};
static const struct alphabet plugin_alphabet = {
	.hyphen = true,
	.hint = "use [a-z0-9_-] parts joined by dots",
};

const char *fast_quote(const char *text, char *out)
{
	size_t i = 0;

	for (; text[i] != '\0' && i < QUOTED_BYTES_MAX; i++) {
		out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	}
	memcpy(out + i, text[i] == '\0' ? "" : "...", text[i] == '\0' ? 1 : 4);
	return out;
}

/* Writes `what "name": ` and then the rest. */
FAST_PRINTF(5, 6)
static enum fast_status refuse(char *reason, size_t reason_bytes, const char *what,
			       const char *name, const char *format, ...)
{
	char quoted[FAST_QUOTE_BYTES];
	va_list args;
	int used = snprintf(reason, reason_bytes, "%s \"%s\": ", what, fast_quote(name, quoted));

	if (used >= 0 && (size_t)used < reason_bytes) {
		va_start(args, format);
		(void)vsnprintf(reason + used, reason_bytes - (size_t)used, format, args);
		va_end(args);
	}
	return FAST_INVALID_ARGUMENT;
}

static bool is_allowed(const struct alphabet *alphabet, char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
	       (c == '-' && alphabet->hyphen);
}

/* Names the offending character as a person would. */
static const char *character_describe(char c, char *out, size_t out_bytes)
{
	if (c >= 'A' && c <= 'Z') {
		(void)snprintf(out, out_bytes, "upper case '%c'", c);
	} else if (c == ' ') {
		(void)snprintf(out, out_bytes, "a space");
	} else if (c > ' ' && c <= '~') {
		(void)snprintf(out, out_bytes, "'%c'", c);
	} else {
		(void)snprintf(out, out_bytes, "0x%02x", (unsigned char)c);
	}
	return out;
}

static enum fast_status name_check(const struct alphabet *alphabet, const char *what,
				   const char *name, size_t max, char *reason, size_t reason_bytes)
{
	char character[24];
	size_t bytes = name == NULL ? 0 : strnlen(name, max + 1);

	if (bytes == 0) {
		return refuse(reason, reason_bytes, what, "", "the name is empty; %s",
			      alphabet->hint);
	}
	if (bytes > max) {
		return refuse(reason, reason_bytes, what, name,
			      "the name is %zu bytes long; at most %zu", strlen(name), max);
	}
	for (size_t i = 0; i < bytes; i++) {
		bool part_begins = i == 0 || name[i - 1] == '.';

		if (name[i] == '.' && (part_begins || i + 1 == bytes)) {
			return refuse(reason, reason_bytes, what, name,
				      "empty part at byte %zu; %s", part_begins ? i : i + 1,
				      alphabet->hint);
		}
		if (name[i] != '.' && !is_allowed(alphabet, name[i])) {
			return refuse(reason, reason_bytes, what, name, "%s at byte %zu; %s",
				      character_describe(name[i], character, sizeof character), i,
				      alphabet->hint);
		}
	}
	if (alphabet->reserved && strncmp(name, "sys.", 4) == 0) {
		return refuse(reason, reason_bytes, what, name,
			      "names that begin with \"sys.\" are the node's own; begin with "
			      "another part");
	}
	if (alphabet->reserved && strcmp(name, "upload") == 0) {
		return refuse(reason, reason_bytes, what, name,
			      "the name is reserved for uploaded files; choose another, such as "
			      "\"uploads\"");
	}
	return FAST_OK;
}

enum fast_status fast_name_check(const char *what, const char *name, size_t max, char *reason,
				 size_t reason_bytes)
{
	return name_check(&item_alphabet, what, name, max, reason, reason_bytes);
}

enum fast_status fast_plugin_name_check(const char *name, char *reason, size_t reason_bytes)
{
	return name_check(&plugin_alphabet, "plugin", name, FAST_PLUGIN_NAME_BYTES_MAX, reason,
			  reason_bytes);
}

enum fast_status fast_unit_check(const char *what, const char *name, const char *unit, char *reason,
				 size_t reason_bytes)
{
	char quoted[FAST_QUOTE_BYTES];
	size_t bytes = unit == NULL ? 0 : strlen(unit);

	if (unit == NULL || bytes > FAST_METRIC_UNIT_BYTES_MAX) {
		return refuse(reason, reason_bytes, what, name,
			      "unit of %zu bytes; use a UCUM code of at most %d, such as \"By\"",
			      bytes, FAST_METRIC_UNIT_BYTES_MAX);
	}
	for (size_t i = 0; i < bytes; i++) {
		if (unit[i] <= ' ' || unit[i] > '~') {
			return refuse(reason, reason_bytes, what, name,
				      "unit \"%s\" at byte %zu; use a UCUM code, visible ASCII "
				      "without spaces, such as \"By\"",
				      fast_quote(unit, quoted), i);
		}
	}
	if (!fast_ucum_valid(unit)) {
		return refuse(reason, reason_bytes, what, name,
			      "unit \"%s\" is not UCUM; use \"s\", \"By\", \"Cel\", "
			      "\"{frame}/s\" and the like",
			      fast_quote(unit, quoted));
	}
	return FAST_OK;
}

/* Bytes of the UTF-8 sequence that begins here; 0: there is none. */
static size_t utf8_sequence(const unsigned char *bytes, size_t count)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = bytes[0];
	size_t length = lead < 0x80             ? 1
			: (lead & 0xe0) == 0xc0 ? 2
			: (lead & 0xf0) == 0xe0 ? 3
			: (lead & 0xf8) == 0xf0 ? 4
						: 0;

	if (length <= 1 || length > count) {
		return length <= count ? length : 0;
	}
	uint32_t point = lead & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80) {
			return 0;
		}
		point = point << 6 | (bytes[i] & 0x3fu);
	}
	bool surrogate = point >= 0xd800 && point <= 0xdfff;
	return point < least[length] || point > 0x10ffff || surrogate ? 0 : length;
}

bool fast_utf8_valid(const char *bytes, size_t count)
{
	size_t length;

	for (size_t i = 0; i < count; i += length) {
		length = utf8_sequence((const unsigned char *)bytes + i, count - i);
		if (length == 0) {
			return false;
		}
	}
	return true;
}

enum fast_status fast_text_check(const char *what, const char *name, const char *field,
				 const char *text, size_t max, char *reason, size_t reason_bytes)
{
	size_t bytes = text == NULL ? 0 : strlen(text);

	if (text == NULL || bytes > max) {
		return refuse(reason, reason_bytes, what, name, "%s of %zu bytes; at most %zu",
			      field, bytes, max);
	}
	if (!fast_utf8_valid(text, bytes)) {
		return refuse(reason, reason_bytes, what, name, "%s is not UTF-8", field);
	}
	for (size_t i = 0; i < bytes; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
			return refuse(reason, reason_bytes, what, name,
				      "%s has a control character at byte %zu; use one line", field,
				      i);
		}
	}
	return FAST_OK;
}
