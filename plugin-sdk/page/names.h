/* page/names.h - what names, units and texts may look like. The plugin checks them to tell its
 * author, fastd checks them again since it trusts no plugin: by the same functions.
 *
 * Each returns OK, or INVALID_ARGUMENT with a sentence in reason, cut to fit: what is wrong and
 * what would be right. NULL texts are refused. `what` is "metric", "param" or the like, name its
 * name. */
#ifndef FAST_PAGE_NAMES_H
#define FAST_PAGE_NAMES_H

#include <fast/status.h>

/* A sentence about a name of 64 bytes fits. */
#define FAST_REASON_BYTES 384

/* [a-z0-9_] parts joined by dots, at most max bytes; "sys." and "upload" are reserved. */
FAST_MUST_CHECK enum fast_status fast_name_check(const char *what, const char *name, size_t max,
						 char *reason, size_t reason_bytes);

/* [a-z0-9_-] parts joined by dots, at most 64 bytes. */
FAST_MUST_CHECK enum fast_status fast_plugin_name_check(const char *name, char *reason,
							size_t reason_bytes);

/* A UCUM code of at most 16 bytes, or none. */
FAST_MUST_CHECK enum fast_status fast_unit_check(const char *what, const char *name,
						 const char *unit, char *reason,
						 size_t reason_bytes);

/* UTF-8 without control characters, at most max bytes. field: "help", "version". */
FAST_MUST_CHECK enum fast_status fast_text_check(const char *what, const char *name,
						 const char *field, const char *text, size_t max,
						 char *reason, size_t reason_bytes);

/* Whether the bytes are UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool fast_utf8_valid(const char *bytes, size_t count);

/* Copies text for use within quotes in a sentence: at most 64 bytes, whatever is not visible ASCII
 * as
 * '?', and "..." where it was cut. out holds FAST_QUOTE_BYTES. Gives out. */
#define FAST_QUOTE_BYTES 68
const char *fast_quote(const char *text, char *out);

#endif
