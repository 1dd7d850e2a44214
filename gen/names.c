#include "names.h"

#include <assert.h>
#include <string.h>

/* Words that no member can have: keywords of C and C++, and macros that are always there. */
static const char *const reserved_words[] = {
	"alignas",   "alignof",      "and",           "and_eq",       "asm",
	"auto",      "bitand",       "bitor",         "bool",         "break",
	"case",      "catch",        "char",          "char16_t",     "char32_t",
	"char8_t",   "class",        "co_await",      "co_return",    "co_yield",
	"compl",     "concept",      "const",         "const_cast",   "consteval",
	"constexpr", "constinit",    "continue",      "decltype",     "default",
	"delete",    "do",           "double",        "dynamic_cast", "else",
	"enum",      "errno",        "explicit",      "export",       "extern",
	"false",     "float",        "for",           "friend",       "goto",
	"if",        "inline",       "int",           "linux",        "long",
	"mutable",   "namespace",    "new",           "noexcept",     "not",
	"not_eq",    "nullptr",      "operator",      "or",           "or_eq",
	"private",   "protected",    "public",        "register",     "reinterpret_cast",
	"requires",  "restrict",     "return",        "short",        "signed",
	"sizeof",    "static",       "static_assert", "static_cast",  "stderr",
	"stdin",     "stdout",       "struct",        "switch",       "template",
	"this",      "thread_local", "throw",         "true",         "try",
	"typedef",   "typeid",       "typename",      "typeof",       "typeof_unqual",
	"union",     "unix",         "unsigned",      "using",        "virtual",
	"void",      "volatile",     "wchar_t",       "while",        "xor",
	"xor_eq",
};

/* Not <ctype.h>: names are ASCII whatever the locale says. */
static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char to_lower(char c)
{
	return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static char to_upper(char c)
{
	return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

/* Each dot becomes the separator; an underscore goes before a capital that follows none. */
static char *snake_dotted(struct pool *pool, const char *name, const char *separator)
{
	size_t separator_bytes = strlen(separator);
	char *out = pool_alloc(pool, strlen(name) * 2 + 1, 1);
	bool was_upper = true; /* no underscore in front */
	size_t length = 0;

	assert(separator_bytes <= 2);
	if (out == NULL) {
		return NULL;
	}
	for (; *name != '\0'; name++) {
		if (*name == '.') {
			memcpy(out + length, separator, separator_bytes);
			length += separator_bytes;
			was_upper = true;
			continue;
		}
		if (is_upper(*name) && !was_upper) {
			out[length++] = '_';
		}
		out[length++] = to_lower(*name);
		was_upper = is_upper(*name);
	}
	return out;
}

char *names_snake(struct pool *pool, const char *name)
{
	return snake_dotted(pool, name, "");
}

char *names_symbol(struct pool *pool, const char *full_name)
{
	return snake_dotted(pool, full_name, "__");
}

char *names_prefix(struct pool *pool, const char *full_name)
{
	return snake_dotted(pool, full_name, "_");
}

char *names_type(struct pool *pool, const char *full_name)
{
	char *out = pool_alloc(pool, strlen(full_name) * 2 + 1, 1);
	bool next_is_upper = true;
	size_t length = 0;

	if (out == NULL) {
		return NULL;
	}
	for (; *full_name != '\0'; full_name++) {
		if (*full_name == '.') {
			out[length++] = '_';
			out[length++] = '_';
			next_is_upper = true;
		} else if (*full_name == '_') {
			next_is_upper = true;
		} else {
			out[length++] = next_is_upper ? to_upper(*full_name) : *full_name;
			next_is_upper = false;
		}
	}
	return out;
}

bool names_is_reserved(const char *name)
{
	for (size_t i = 0; i < sizeof reserved_words / sizeof *reserved_words; i++) {
		if (strcmp(reserved_words[i], name) == 0) {
			return true;
		}
	}
	return false;
}

char *names_member(struct pool *pool, const char *name)
{
	return pool_printf(pool, "%s%s", name, names_is_reserved(name) ? "_" : "");
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);
	size_t end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

char *names_stem(struct pool *pool, const char *path)
{
	static const char *const ends[] = {".protodevel", ".proto"};
	size_t length = strlen(path);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		if (ends_with(path, ends[i])) {
			length -= strlen(ends[i]);
			break;
		}
	}
	return pool_printf(pool, "%.*s", (int)length, path);
}

char *names_guard(struct pool *pool, const char *path)
{
	static const char digits[] = "0123456789abcdef";
	char *out = pool_alloc(pool, strlen(path) * 3 + 1, 1);
	size_t length = 0;

	if (out == NULL) {
		return NULL;
	}
	for (; *path != '\0'; path++) {
		unsigned char byte = (unsigned char)*path;

		if (is_upper(*path) || is_lower(*path) || is_digit(*path)) {
			out[length++] = *path;
		} else {
			out[length++] = '_';
			out[length++] = digits[byte >> 4];
			out[length++] = digits[byte & 15];
		}
	}
	return out;
}

bool names_is_dotted(const char *name)
{
	bool first = true; /* of an identifier */

	for (; *name != '\0'; name++) {
		if (*name == '.' && !first) {
			first = true;
		} else if (is_upper(*name) || is_lower(*name) || *name == '_' ||
			   (is_digit(*name) && !first)) {
			first = false;
		} else {
			return false;
		}
	}
	return !first;
}
